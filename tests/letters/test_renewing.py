"""One change of a fact: letters that have not left recover, or carry its new words as drafts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import sqlalchemy as sa

from outreach.accounts import audit
from outreach.accounts.models import Task
from outreach.errors import Refused
from outreach.letters import claims, moving, renewing
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Mailing, Quotation
from outreach.letters.renewing import Fate
from outreach.letters.sealing import seal_of
from outreach.petitions import facts, reviews
from outreach.petitions.facts import FactValues
from outreach.petitions.models import FactState, Precision, Use
from tests import make
from tests.conftest import NOW

TODAY = NOW.date()
GOOD = FactValues(
    statement="People were arrested.",
    use=Use.OK,
    figure=33_000,
    qualifier="over",
    unit="people",
    as_of=dt.date(2020, 12, 1),
    as_of_precision=Precision.MONTH,
    source_title="A report",
    review_by=TODAY + dt.timedelta(days=100),
    wording={"en": "More than {figure} people were arrested."},
    citation={"en": "An office"},
)


def save(session, campaign, by, **changes):
    values = replace(GOOD, **changes)
    return facts.save_fact(
        session, campaign_id=campaign.id, code="R01", values=values, by=by, now=NOW
    )


def letter_with(session, campaign, fact, state=State.DRAFT, **values):
    """A letter that quotes the fact as it reads now, sealed as it stands."""
    said = facts.sentence(fact, "en", today=TODAY)
    text = f"Dear Ida,\n\n{said}\n\nYours sincerely,\nExample"
    letter = make.letter(session, campaign, state=state, text=text, **values)
    session.add(
        Quotation(letter_id=letter.id, fact_id=fact.id, fact_version=fact.version, text=said)
    )
    session.flush()
    if letter.seal:
        letter.seal = seal_of(session, letter)
        session.flush()
    return letter


def test_a_passed_day_blocks_every_letter_and_a_new_day_lets_all_recover(session, campaign, sam):
    fact = save(session, campaign, sam)
    mailing = session.get_one(Mailing, make.letter(session, campaign).mailing_id)
    queued = [
        letter_with(session, campaign, fact, State.SCHEDULED, mailing=mailing) for _ in range(40)
    ]
    late = fact.review_by + dt.timedelta(days=1)

    blocked = claims.problems(session, queued, today=late)
    assert len(blocked) == 40
    assert all("R01 was to be checked by" in str(why[0]) for why in blocked.values())
    assert renewing.outlook(session, fact, today=late).number(Fate.BLOCKED) == 40

    save(session, campaign, sam, review_by=late + dt.timedelta(days=90))
    done = renewing.renew(session, fact, by=sam, now=NOW)

    # The words are the same, so what was approved stands and stays scheduled.
    assert claims.problems(session, queued, today=late) == {}
    assert (done.number(Fate.GOOD), done.number(Fate.RENEWED)) == (40, 0)
    assert {letter.state for letter in queued} == {State.SCHEDULED}
    assert all(letter.seal == seal_of(session, letter) for letter in queued)


def test_where_the_words_change_approvals_are_void_and_the_log_says_why(
    session, campaign, sam, olga
):
    fact = save(session, campaign, sam)
    draft = letter_with(session, campaign, fact)
    in_review = letter_with(session, campaign, fact, State.REVIEW)
    approved = letter_with(session, campaign, fact, State.APPROVED, author_id=olga.user_id)
    gone = letter_with(session, campaign, fact, State.SENT)

    save(session, campaign, sam, figure=33_500)
    done = renewing.renew(session, fact, by=sam, now=NOW)

    assert done.number(Fate.RENEWED) == 3
    assert [one.state for one in (draft, in_review, approved)] == [
        State.DRAFT,
        State.REVIEW,
        State.DRAFT,
    ]
    for letter in (draft, in_review, approved):
        assert "33,500" in letter.text and "33,000" not in letter.text
        # Who changed the number is the author of the words: somebody else approves them.
        assert letter.author_id == sam.user_id
    assert approved.seal is None and approved.approved_by is None
    told = {event.name: event.detail for event in audit.history(session, "letter", approved.id)}
    assert told["revise"]["reason"] == "Fact R01 reads differently now."
    assert "33,000" in told["renewed"]["before"] and "33,500" in told["renewed"]["after"]
    # What left says what it said.
    assert "33,000" in gone.text and gone.state is State.SENT
    assert renewing.renew(session, fact, by=sam, now=NOW).number(Fate.GOOD) == 3


def test_a_letter_is_renewed_by_the_state_it_has_by_now(session, campaign, sam):
    fact = save(session, campaign, sam)
    letter = letter_with(session, campaign, fact, State.SENDING)
    session.execute(
        sa.update(Letter).values(state=State.SCHEDULED).execution_options(synchronize_session=False)
    )
    save(session, campaign, sam, figure=33_500)
    assert letter.state is State.SENDING, "as this session saw it"
    assert renewing.renew(session, fact, by=sam, now=NOW).number(Fate.RENEWED) == 1
    assert letter.state is State.DRAFT, "as it was by then"


def test_nobody_loses_their_own_words_to_who_changes_a_fact(session, campaign, sam, olga):
    fact = save(session, campaign, sam)
    edited = {"author_id": olga.user_id, "author": "Olga", "customised_at": NOW}
    letter = letter_with(session, campaign, fact, **edited)
    save(session, campaign, sam, figure=33_500)
    assert renewing.renew(session, fact, by=sam, now=NOW).number(Fate.RENEWED) == 1
    assert (letter.author_id, letter.author) == (olga.user_id, "Olga")
    moving.make(session, letter, "submit", by=olga, now=NOW)
    with pytest.raises(Refused, match="You wrote these words"):
        moving.make(session, letter, "approve", by=olga, now=NOW)


def test_words_of_ones_own_are_left_to_a_person(session, campaign, sam):
    fact = save(session, campaign, sam)
    letter = letter_with(session, campaign, fact)
    letter.text = "Dear Ida,\n\nMany people were arrested.\n\nYours sincerely,\nExample"
    save(session, campaign, sam, figure=34_000)
    done = renewing.renew(session, fact, by=sam, now=NOW)
    assert done.number(Fate.BY_HAND) == 1
    assert "34,000" not in letter.text


def test_a_letter_held_for_the_fact_is_released_by_an_organiser(session, campaign, sam, olga):
    fact = save(session, campaign, sam)
    held = letter_with(session, campaign, fact, State.HELD, reason="Fact R01 was to be checked.")
    other = letter_with(session, campaign, fact, State.HELD, reason="Their address came back.")
    namesake = letter_with(session, campaign, fact, State.HELD, reason="Fact R011 is stale.")
    save(session, campaign, sam, review_by=TODAY + dt.timedelta(days=300))

    assert renewing.renew(session, fact, by=sam, now=NOW).number(Fate.RELEASED) == 0
    assert renewing.renew(session, fact, by=olga, now=NOW).number(Fate.RELEASED) == 1
    assert (held.state, other.state) == (State.APPROVED, State.HELD)
    assert namesake.state is State.HELD


def test_what_a_person_held_stays_held(session, campaign, sam, olga):
    fact = save(session, campaign, sam)
    letter = letter_with(session, campaign, fact, State.APPROVED)
    reason = "Their office asked about R01: wait for my call."
    moving.make(session, letter, "hold", by=olga, now=NOW, reason=reason)
    assert renewing.renew(session, fact, by=olga, now=NOW).number(Fate.RELEASED) == 0
    assert letter.state is State.HELD


def test_a_disputed_fact_changes_no_words(session, campaign, olga):
    fact = save(session, campaign, olga)
    letter = letter_with(session, campaign, fact, State.APPROVED)
    save(session, campaign, olga, state=FactState.DISPUTED, figure=1)
    assert renewing.renew(session, fact, by=olga, now=NOW).number(Fate.BLOCKED) == 1
    assert letter.state is State.APPROVED and "33,000" in letter.text
    (why,) = claims.problems(session, [letter], today=TODAY)[letter.id]
    assert str(why).startswith("Fact R01 is disputed.")


def test_a_fact_is_a_task_before_its_day_and_once(session, campaign, sam):
    fact = save(session, campaign, sam, review_by=TODAY + dt.timedelta(days=15))
    assert reviews.open_due(session, now=NOW) == 0
    tomorrow = NOW + dt.timedelta(days=1)
    assert reviews.open_due(session, now=tomorrow) == 1
    assert reviews.open_due(session, now=tomorrow) == 0
    task = session.scalars(sa.select(Task)).one()
    assert task.title == "Check fact R01: does it still hold?"
    assert (task.subject_kind, task.subject_id, task.due_on) == ("fact", fact.id, fact.review_by)

    save(session, campaign, sam, review_by=TODAY + dt.timedelta(days=300))
    assert task.done_at is not None


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, "ok"),
        ({"use": Use.CAVEAT}, "caveat"),
        ({"use": Use.AVOID}, "avoid"),
        ({"state": FactState.STALE}, "stale"),
        ({"state": FactState.DISPUTED, "use": Use.CAVEAT}, "disputed"),
        ({"review_by": TODAY - dt.timedelta(days=1)}, "overdue"),
        ({"review_by": TODAY}, "ok"),
    ],
)
def test_how_a_fact_stands_is_one_word(session, campaign, sam, changes, standing):
    fact = save(session, campaign, sam, **changes)
    assert reviews.standing(fact, today=TODAY) == standing
    stopped = facts.refusal(fact, "en", today=TODAY) is not None
    assert stopped == (reviews.standing(fact, today=TODAY) in reviews.STOPPING)


def test_facts_of_one_conflict_are_named_with_what_to_do(session, campaign):
    one = make.fact(session, campaign, code="R01", conflict_group="C-DET")
    two = make.fact(session, campaign, code="R02", conflict_group="C-DET")
    three = make.fact(session, campaign, code="R03", conflict_group="C-PCT")
    resolved = {"C-DET": "Take the later one."}
    assert claims.conflicting([one, three], resolved) == []
    (why,) = claims.conflicting([three, two, one], resolved)
    assert str(why) == "The facts R01, R02 don't go together. Take the later one."
    assert session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 0
