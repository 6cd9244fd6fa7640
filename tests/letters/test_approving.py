"""Approving many letters of a mailing after a sample, and who approved which words."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Event
from outreach.database import Database
from outreach.directory.models import Publicity
from outreach.errors import MoveRefused, NotAllowed, NotFound, Refused
from outreach.letters import approving, editing, moving, sampling
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Mailing
from outreach.letters.reviewing import ApprovalRound, ApprovedAs
from outreach.letters.sealing import seal_of, seals_of
from tests import make
from tests.letters.review_world import in_review


@pytest.fixture
def mailing(session, campaign, sam):
    letter = in_review(session, campaign, sam, 6)[0]
    return session.get_one(Mailing, letter.mailing_id)


def letters_of(session, mailing):
    return session.scalars(
        sa.select(Letter).where(Letter.mailing_id == mailing.id).order_by(Letter.id)
    ).all()


def begun(session, mailing, olga, now):
    return approving.begin(session, mailing, by=olga, now=now)


def read_all(session, one, olga):
    """Open every letter of the sample and go through the table."""
    for letter_id in one.sample:
        letter = session.get_one(Letter, letter_id)
        approving.note_opened(session, letter, seal_of(session, letter), by=olga)
    approving.note_shown(session, one, seals_of(session, approving.letters_of(session, one)))


def close(session, one, olga, now, *, public_known=False):
    return approving.close(session, one, public_known=public_known, by=olga, now=now)


def approve(session, one, olga, now):
    ids = close(session, one, olga, now)
    return approving.approve_some(session, one, ids, by=olga, now=now)


# -- the sample ------------------------------------------------------------------------------------


def made(number, text, *, language="en", variant="a", version=1):
    return Letter(
        id=number,
        text=text,
        language=language,
        variant=variant,
        template_version_id=version,
        customised_at=None,
    )


def test_the_sample_is_the_longest_the_shortest_the_oddest_and_one_of_every_kind():
    usual = [made(number, "Dear A,\n\nSame words here.\n\nYours") for number in range(1, 8)]
    longest = made(8, "Dear A,\n\nSame words here.\n\nYours, and many more words than all others")
    shortest = made(9, "Dear A,")
    odd = made(10, "Dear Z,\n\nOther words now.\n\nBest")
    german = made(11, "Sehr geehrte Frau A,\n\nWorte.", language="de", version=2)
    other = made(12, "Dear A,\n\nSame words here.\n\nYours", variant="b")
    letters = [*usual, longest, shortest, odd, german, other]
    ids = [letter.id for letter in sampling.sample_of(letters)]
    assert ids == [8, 9, 10, 11, 12]
    assert [letter.id for letter in sampling.sample_of(letters[::-1])] == ids


def test_a_text_is_read_by_the_letter_most_like_the_others():
    letters = [
        made(1, "Dear A,\n\nOwn words.\n\nYours"),
        made(2, "Dear B,\n\nSame.\n\nYours"),
        made(3, "Dear B,\n\nSame.\n\nYours"),
        made(4, "Guten Tag,", language="de", version=2),
    ]
    texts = sampling.texts_of(letters)
    assert [(text.language, len(text.letters), text.commonest.id) for text in texts] == [
        ("en", 3, 2),
        ("de", 1, 4),
    ]


# -- who is part of it -----------------------------------------------------------------------------


def test_edited_failing_and_own_letters_are_left_out_and_named(
    session, campaign, mailing, sam, olga, now
):
    first, second, third, *rest = letters_of(session, mailing)
    first.customised_at = now
    second.text = second.text.replace("Please", "Shame on you. Please")
    third.author_id = olga.user_id
    session.flush()
    found = approving.candidates(session, mailing, by=olga, now=now)
    assert [letter.id for letter in found.letters] == [letter.id for letter in rest]
    why = {one.letter.id: " ".join(map(str, one.reasons)) for one in found.left_out}
    assert "Changed by hand" in why[first.id]
    assert "threat or an insult" in why[second.id]
    assert "You wrote its words" in why[third.id]
    one = begun(session, mailing, olga, now)
    assert set(one.seals) == {str(letter.id) for letter in rest}


def test_without_four_eyes_own_letters_are_part_of_it(session, campaign, mailing, now):
    campaign.four_eyes, campaign.self_approval_under = False, "we are two people only"
    one = make.olga(session, campaign)
    for letter in letters_of(session, mailing):
        letter.author_id = one.user_id
    assert len(approving.candidates(session, mailing, by=one, now=now).letters) == 6


def test_only_organisers_begin_and_only_with_letters(session, campaign, mailing, sam, olga, now):
    with pytest.raises(NotAllowed):
        approving.begin(session, mailing, by=sam, now=now)
    for letter in letters_of(session, mailing):
        letter.customised_at = now
    session.flush()
    with pytest.raises(Refused, match="Read each by itself"):
        approving.begin(session, mailing, by=olga, now=now)


# -- what has to be seen first ---------------------------------------------------------------------


def test_nothing_is_approved_before_sample_and_table_were_seen(session, mailing, olga, now):
    one = begun(session, mailing, olga, now)
    with pytest.raises(Refused) as refused:
        close(session, one, olga, now)
    said = " ".join(map(str, refused.value.reasons))
    assert "more of the sample" in said
    assert "6 rows are left" in said
    read_all(session, one, olga)
    assert close(session, one, olga, now) == [x.id for x in letters_of(session, mailing)]


def test_a_letter_opened_by_somebody_else_is_not_read(session, campaign, mailing, olga, now):
    one = begun(session, mailing, olga, now)
    ada = make.ada(session, campaign)
    read_all(session, one, ada)
    letters = approving.letters_of(session, one)
    assert {letter.id for letter in approving.unread(one, letters)} == set(one.sample)
    with pytest.raises(NotFound):
        approving.this_round(session, one.id, by=ada)


def test_a_sample_that_changed_has_to_be_opened_again(session, mailing, olga, now):
    one = begun(session, mailing, olga, now)
    read_all(session, one, olga)
    letter = session.get_one(Letter, one.sample[0])
    letter.address = "other@office.example"
    session.flush()
    approving.note_shown(session, one, seals_of(session, approving.letters_of(session, one)))
    assert approving.unread(one, approving.letters_of(session, one)) == [letter]


def test_where_strangers_read_has_to_be_acknowledged(session, campaign, sam, olga, now):
    make.jurisdiction(session, "SE", publicity=Publicity.HIGH)
    first = in_review(session, campaign, sam, 3, jurisdiction_code="SE")[0]
    mailing = session.get_one(Mailing, first.mailing_id)
    one = begun(session, mailing, olga, now)
    read_all(session, one, olga)
    with pytest.raises(Refused) as refused:
        close(session, one, olga, now)
    assert [str(reason) for reason in refused.value.reasons] == [
        "Say that you know which of them strangers may read."
    ]
    ids = close(session, one, olga, now, public_known=True)
    outcome = approving.approve_some(session, one, ids, by=olga, now=now)
    approving.tell(session, one, mailing, outcome, by=olga, now=now)
    session.flush()
    told = session.scalars(sa.select(Event).where(Event.name == "approved_together")).one()
    assert (told.detail["public"], told.detail["approved"]) == ({"SE": 3}, 3)


# -- approving -------------------------------------------------------------------------------------


def test_every_letter_says_whether_it_was_read(session, mailing, olga, now):
    one = begun(session, mailing, olga, now)
    read_all(session, one, olga)
    assert approve(session, one, olga, now).moved == 6
    for letter in letters_of(session, mailing):
        read = letter.id in one.sample
        assert letter.approved_as is (ApprovedAs.READ if read else ApprovedAs.SAMPLED)
        assert (letter.state, letter.approval_round_id) == (State.APPROVED, one.id)
        assert letter.seal == one.seals[str(letter.id)] == seal_of(session, letter)
    assert {letter.approved_as for letter in letters_of(session, mailing)} == set(ApprovedAs)
    event = session.scalars(
        sa.select(Event).where(Event.name == "approve").order_by(Event.id.desc()).limit(1)
    ).one()
    assert (event.detail["round"], len(event.detail["seal"])) == (one.id, 64)


def test_one_letter_read_by_itself_says_so(session, mailing, olga, now):
    letter = letters_of(session, mailing)[0]
    moving.make(session, letter, "approve", by=olga, now=now, seen=seal_of(session, letter))
    assert (letter.approved_as, letter.approval_round_id) == (ApprovedAs.READ, None)


def test_what_changed_meanwhile_stays_and_is_named(session, campaign, mailing, olga, sam, now):
    one = begun(session, mailing, olga, now)
    read_all(session, one, olga)
    rest = [x for x in letters_of(session, mailing) if x.id not in one.sample]
    moved, returned = rest[0], rest[1]
    moved.address = "elsewhere@office.example"
    moving.make(session, returned, "return", by=olga, now=now, reason="Wrong day.")
    outcome = approve(session, one, olga, now)
    assert outcome.moved == 4
    why = {refusal.letter.id: str(refusal.reasons[0]) for refusal in outcome.refused}
    assert "no longer the one we know" in why[moved.id]
    assert "is now “draft”" in why[returned.id]
    assert (moved.state, returned.state) == (State.REVIEW, State.DRAFT)


def test_other_words_than_those_shown_are_not_approved(session, mailing, olga, now):
    one = begun(session, mailing, olga, now)
    read_all(session, one, olga)
    letter = next(x for x in letters_of(session, mailing) if x.id not in one.sample)
    letter.subject = "Another question"
    session.flush()
    (refusal,) = approve(session, one, olga, now).refused
    assert refusal.letter is letter
    assert "was changed since you opened it" in str(refusal.reasons[0])


def test_a_round_ends_once(session, mailing, olga, now):
    one = begun(session, mailing, olga, now)
    read_all(session, one, olga)
    close(session, one, olga, now)
    with pytest.raises(MoveRefused, match="approved already"):
        close(session, one, olga, now)


def test_two_approvers_of_one_mailing_approve_each_letter_once(
    session, campaign, mailing, olga, now
):
    ada = make.ada(session, campaign)
    hers, his = begun(session, mailing, olga, now), begun(session, mailing, ada, now)
    read_all(session, hers, olga)
    read_all(session, his, ada)
    ids, others = close(session, hers, olga, now), close(session, his, ada, now)
    first = approving.approve_some(session, hers, ids[:4], by=olga, now=now)
    second = approving.approve_some(session, his, others, by=ada, now=now)
    last = approving.approve_some(session, hers, ids[4:], by=olga, now=now)
    assert (first.moved, second.moved, last.moved) == (4, 2, 0)
    by = [letter.approved_by for letter in letters_of(session, mailing)]
    assert by == ["Olga"] * 4 + ["Ada"] * 2
    assert session.scalar(sa.select(sa.func.count()).where(Event.name == "approve")) == 6


def test_a_typo_fix_voids_the_approval_and_the_log_says_why(session, mailing, olga, sam, now):
    letter = letters_of(session, mailing)[0]
    moving.make(session, letter, "approve", by=olga, now=now)
    seal, later = letter.seal, now + dt.timedelta(hours=1)
    moving.make(session, letter, "revise", by=sam, now=later, reason="A typo.")
    editing.edit(
        session,
        letter,
        subject=letter.subject,
        text=letter.text.replace("Please", "Kindly"),
        seen=editing.fingerprint(letter),
        by=sam,
        now=later,
    )
    assert (letter.state, letter.seal, letter.approved_as) == (State.DRAFT, None, None)
    revised, edited = session.scalars(
        sa.select(Event).where(Event.subject_id == letter.id).order_by(Event.id.desc()).limit(2)
    ).all()[::-1]
    assert revised.detail == {"reason": "A typo.", "void": seal, "void_by": "Olga"}
    assert "Please" in edited.detail["before"]["text"]


def test_letters_too_much_alike_need_a_reason(session, mailing, olga, now):
    letter = letters_of(session, mailing)[0]
    letter.alike = 97
    session.flush()
    with pytest.raises(Refused, match="too much like another one"):
        moving.make(session, letter, "approve", by=olga, now=now)
    found = approving.candidates(session, mailing, by=olga, now=now)
    assert letter.id not in {one.id for one in found.letters}
    because = "Two ministers of one coalition, asked the same on purpose."
    moving.make(session, letter, "approve", by=olga, now=now, alike_because=because)
    assert (letter.state, letter.alike_because) == (State.APPROVED, because)
    event = session.scalars(sa.select(Event).where(Event.name == "approve")).one()
    assert (event.detail["alike"], event.detail["alike_because"]) == (97, because)


def test_rounds_are_read_anew(session, mailing, olga, now):
    """What a round holds survives the session: JSON that is changed in place is never written."""
    one = begun(session, mailing, olga, now)
    read_all(session, one, olga)
    session.flush()
    session.expire_all()
    again = session.scalars(sa.select(ApprovalRound)).one()
    assert all(again.seals.values())
    assert len(again.opened) == len(again.sample)


# -- at the same moment ----------------------------------------------------------------------------


def at_once(*runners: Callable[[], None]) -> list[str]:
    """Run each in its own thread from the same moment; what each came to."""
    barrier, results = threading.Barrier(len(runners)), []

    def run(act: Callable[[], None]) -> None:
        barrier.wait()
        try:
            act()
        except MoveRefused as error:
            results.append(str(error))
        else:
            results.append("ended")

    threads = [threading.Thread(target=run, args=(act,)) for act in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


def ready(session, campaign, by, mailing_id, now):
    one = begun(session, session.get_one(Mailing, mailing_id), by, now)
    read_all(session, one, by)
    return one.id


def ends(database, round_id, by, now):
    """As the door does it: the round is ended first, then its letters are approved in steps."""

    def act():
        with database.writing() as session:
            ids = close(session, session.get_one(ApprovalRound, round_id), by, now)
        for start in range(0, len(ids), 2):
            with database.writing() as session:
                one = session.get_one(ApprovalRound, round_id)
                approving.approve_some(session, one, ids[start : start + 2], by=by, now=now)

    return act


def test_one_round_ended_twice_at_once_and_two_rounds_at_once(database: Database, now):
    with database.writing() as session:
        campaign = make.campaign(session)
        sam, olga, ada = (getattr(make, who)(session, campaign) for who in ("sam", "olga", "ada"))
        mailing_id = in_review(session, campaign, sam, 6)[0].mailing_id
        hers = ready(session, campaign, olga, mailing_id, now)
        his = ready(session, campaign, ada, mailing_id, now)
    results = at_once(
        ends(database, hers, olga, now),
        ends(database, hers, olga, now),
        ends(database, his, ada, now),
    )
    assert results == ["These letters were approved already.", "ended", "ended"]
    with database.reading() as session:
        letters = session.scalars(sa.select(Letter).order_by(Letter.id)).all()
        assert {letter.state for letter in letters} == {State.APPROVED}
        approvals = session.scalars(sa.select(Event).where(Event.name == "approve")).all()
        assert sorted(event.subject_id for event in approvals) == [one.id for one in letters]
        rounds = {"Olga": hers, "Ada": his}
        assert all(rounds[one.approved_by] == one.approval_round_id for one in letters)
