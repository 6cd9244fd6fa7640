"""Remarks on passages of a letter: where they stand, when they are settled."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Event
from outreach.errors import BadInput
from outreach.letters import editing, moving, remarks
from outreach.letters.earlier import since_last
from outreach.letters.lifecycle import State
from tests import make
from tests.browser import counted_queries

TEXT = "Dear Ida,\n\nPlease ask the council.\nIn writing.\n\nYours,\n\nAda"


@pytest.fixture
def letter(session, campaign, sam):
    mine = {"author": "Sam", "author_id": sam.user_id, "made_by_id": sam.user_id}
    return make.letter(session, campaign, state=State.REVIEW, text=TEXT, **mine)


def returned(session, letter, by, now, passage, words="Which council?"):
    moving.make(session, letter, "return", by=by, now=now, reason=words, passage=passage)
    return remarks.remarks_on(session, letter)[-1]


def edited(session, letter, by, now, text):
    editing.edit(
        session,
        letter,
        subject=letter.subject,
        text=text,
        seen=editing.fingerprint(letter),
        by=by,
        now=now,
    )


def test_a_return_leaves_a_remark_on_its_passage(session, letter, olga, now):
    remark = returned(session, letter, olga, now, "ask  the\ncouncil")
    assert (remark.passage, remark.words, remark.by) == (
        "ask the council",
        "Which council?",
        "Olga",
    )
    event = session.scalars(sa.select(Event).where(Event.name == "return")).one()
    assert event.detail["reason"] == "Which council?"
    assert event.detail["passage"] == "ask  the\ncouncil"
    assert letter.state is State.DRAFT


def test_a_passage_keeps_the_line_ends_of_the_letter(session, letter, olga, now):
    remark = returned(session, letter, olga, now, "council. In writing.")
    assert remark.passage == "council.\nIn writing."


def test_words_that_do_not_stand_there_are_refused_and_nothing_moves(session, letter, olga, now):
    with pytest.raises(BadInput) as refused:
        returned(session, letter, olga, now, "ask the parliament")
    assert refused.value.field == "passage"
    assert letter.state is State.REVIEW
    assert remarks.remarks_on(session, letter) == []


def test_changing_the_passage_settles_it_and_submitting_the_rest(session, letter, sam, olga, now):
    council = returned(session, letter, olga, now, "ask the council.")
    whole = remarks.note(session, letter, passage="", words="Too dry.", by=olga, now=now)
    edited(session, letter, sam, now, TEXT.replace("Yours", "Sincerely"))
    assert (council.settled_by, whole.settled_by) == (None, None)
    edited(session, letter, sam, now, TEXT.replace("council", "Council of Ministers"))
    assert (council.settled_by, whole.settled_by) == ("Sam", None)
    moving.make(session, letter, "submit", by=sam, now=now)
    assert (whole.settled_at, whole.settled_by) == (now, "Sam")


# -- what they had before --------------------------------------------------------------------------


def sent(session, campaign, target, when, text, **values):
    values = {"state": State.SENT, "sent_at": when, "made_at": when} | values
    return make.letter(session, campaign, target=target, text=text, **values)


def test_a_letter_is_compared_with_the_last_its_person_got(session, campaign, now):
    ida = make.person(session, "Ida Example")
    before = make.target(session, person=ida)
    target = make.target(session, person=ida)
    stranger = make.target(session)
    march, may = (now - dt.timedelta(days=days) for days in (90, 40))
    sent(session, campaign, before, march, "Dear Ida,\n\nOld.\n\nYours")
    last = sent(
        session, campaign, before, may, "Dear Ida,\n\nFirst.\n\nSame.\n\nRef. AAA", code="AAA"
    )
    sent(session, campaign, stranger, now, "Dear you,\n\nOther.")
    sent(session, campaign, target, now, "Dear Ida,\n\nRehearsed.", rehearsal=not last.rehearsal)
    letter = make.letter(
        session,
        campaign,
        target=target,
        text="Dear Ida,\n\nSecond.\n\nSame.\n\nNew.\n\nRef. BBB",
        code="BBB",
    )
    first = make.letter(session, campaign, text="Dear you,")
    since = since_last(session, [letter, first, last])
    assert since[letter.id].last is last
    assert since[letter.id].same_language
    assert since[letter.id].changed == 2
    said = [["".join(p.text for p in b)] for b in since[letter.id].comparison.differing]
    assert said == [["First.Second."], ["New."]]
    assert first.id not in since
    assert since[last.id].last.text.startswith("Dear Ida,\n\nOld.")


def test_a_letter_in_another_language_is_not_compared(session, campaign, now):
    target = make.target(session)
    sent(session, campaign, target, now, "Guten Tag", language="de")
    letter = make.letter(session, campaign, target=target, text="Dear Ida")
    assert not since_last(session, [letter])[letter.id].same_language


def test_words_beside_letters_cost_the_same_for_many(session, campaign, now):
    target = make.target(session)
    sent(session, campaign, target, now, "Dear Ida")
    letters = [make.letter(session, campaign, target=target) for _ in range(5)]
    with counted_queries(session.get_bind(), at_most=2):
        assert len(since_last(session, letters)) == 5
