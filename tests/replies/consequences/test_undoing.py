"""Undoing an answer takes back what followed from it, and nothing else."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Event, Task
from outreach.directory.models import Suppression, Target
from outreach.errors import NotAllowed, Refused
from outreach.letters.lifecycle import State
from outreach.letters.models import LetterKind
from outreach.petitions import stances
from outreach.petitions.models import Ask, Position, Promise, PromiseState, Stance
from outreach.replies.consequences.filing import undo_answer
from outreach.replies.models import ReplyKind
from tests import make
from tests.replies.consequences.test_filing import TODAY, campaign, letter, log, vera

__all__ = ["campaign", "letter", "vera"]


def test_the_letter_is_unanswered_again(session, letter, vera, now) -> None:
    reply = log(session, letter, vera)
    undo_answer(session, reply, by=vera, now=now)
    assert (letter.answered_on, letter.last_reply_kind, letter.closed_on) == (None, None, None)
    assert reply.undone_at == now
    names = session.scalars(
        sa.select(Event.name).where(Event.subject_kind == "reply").order_by(Event.id)
    ).all()
    assert names == ["logged", "undone"]


def test_what_is_left_still_counts(session, letter, vera, now) -> None:
    log(session, letter, vera, kind=ReplyKind.HOLDING)
    second = log(session, letter, vera, kind=ReplyKind.OPPOSED)
    undo_answer(session, second, by=vera, now=now)
    assert (letter.answered_on, letter.last_reply_kind) == (TODAY, "holding")
    assert letter.closed_on is None


def test_an_answer_that_closed_the_ask_keeps_it_closed(session, letter, vera, now) -> None:
    log(session, letter, vera, kind=ReplyKind.OPPOSED)
    second = log(session, letter, vera, kind=ReplyKind.HOLDING)
    undo_answer(session, second, by=vera, now=now)
    assert letter.last_reply_kind == "opposed"
    assert letter.closed_on == TODAY


def test_the_absence_before_it_holds_again(session, letter, vera, now) -> None:
    first, second = dt.date(2026, 3, 10), dt.date(2026, 3, 20)
    log(session, letter, vera, kind=ReplyKind.OUT_OF_OFFICE, back_on=first)
    reply = log(session, letter, vera, kind=ReplyKind.OUT_OF_OFFICE, back_on=second)
    undo_answer(session, reply, by=vera, now=now)
    # The working day after.
    assert letter.parked_until == first + dt.timedelta(days=1)


def test_nobody_is_away_any_more(session, letter, vera, now) -> None:
    reply = log(session, letter, vera, kind=ReplyKind.OUT_OF_OFFICE, back_on=TODAY)
    undo_answer(session, reply, by=vera, now=now)
    assert letter.parked_until is None


def test_the_stance_before_it_stands_again(session, letter, vera, now) -> None:
    log(session, letter, vera, stance=Position.UNDECIDED, quote="I will table the question")
    reply = log(session, letter, vera, stance=Position.SUPPORT, quote="I support it.")
    undo_answer(session, reply, by=vera, now=now)
    standing = session.scalars(stances.standing(letter.campaign_id, rehearsal=True)).all()
    assert [row.position for row in standing] == [Position.UNDECIDED]
    assert session.scalar(sa.select(sa.func.count()).select_from(Stance)) == 3


def test_the_promise_is_withdrawn(session, letter, vera, now) -> None:
    reply = log(session, letter, vera, promise="Asks", due_on=TODAY)
    undo_answer(session, reply, by=vera, now=now)
    assert session.scalars(sa.select(Promise.state)).one() is PromiseState.WITHDRAWN


def test_its_tasks_are_done_with(session, letter, vera, now) -> None:
    reply = log(session, letter, vera, kind=ReplyKind.REFERRAL)
    undo_answer(session, reply, by=vera, now=now)
    assert session.scalars(sa.select(Task).where(Task.done_at.is_(None))).all() == []


def test_an_organiser_lifts_the_suppression_of_a_slip(session, campaign, letter, now) -> None:
    olga = make.olga(session, campaign)
    reply = log(session, letter, olga, kind=ReplyKind.OBJECTION_DATA)
    undo_answer(session, reply, by=olga, now=now)
    assert session.scalars(sa.select(Suppression)).all() == []


def test_a_volunteer_leaves_the_suppression_to_an_organiser(session, letter, vera, now) -> None:
    reply = log(session, letter, vera, kind=ReplyKind.OBJECTION_DATA)
    undo_answer(session, reply, by=vera, now=now)
    assert len(session.scalars(sa.select(Suppression)).all()) == 2
    assert session.scalars(sa.select(Task.subject_kind).where(Task.done_at.is_(None))).all() == [
        "office"
    ]


def test_an_older_objection_is_not_lifted(session, campaign, letter, vera, now) -> None:
    olga = make.olga(session, campaign)
    log(session, letter, vera, kind=ReplyKind.OBJECTION_DATA)
    reply = log(session, letter, olga, kind=ReplyKind.OBJECTION_DATA)
    undo_answer(session, reply, by=olga, now=now)
    assert len(session.scalars(sa.select(Suppression)).all()) == 2


def test_an_organiser_sets_a_wrong_bounce_right(session, campaign, letter, now) -> None:
    olga = make.olga(session, campaign)
    reply = log(session, letter, olga, kind=ReplyKind.BOUNCE_HARD)
    undo_answer(session, reply, by=olga, now=now)
    assert letter.state is State.SENT


def test_a_volunteer_asks_for_a_wrong_bounce_to_be_set_right(session, letter, vera, now) -> None:
    reply = log(session, letter, vera, kind=ReplyKind.BOUNCE_HARD)
    undo_answer(session, reply, by=vera, now=now)
    assert letter.state is State.BOUNCED
    open_ones = session.scalars(sa.select(Task).where(Task.done_at.is_(None))).all()
    assert [letter.code in task.title for task in open_ones] == [True]


def test_once_is_enough(session, letter, vera, now) -> None:
    reply = log(session, letter, vera)
    undo_answer(session, reply, by=vera, now=now)
    with pytest.raises(Refused):
        undo_answer(session, reply, by=vera, now=now)


def test_what_somebody_else_logged_stays(session, campaign, letter, vera, now) -> None:
    reply = log(session, letter, vera)
    with pytest.raises(NotAllowed):
        undo_answer(session, reply, by=make.sam(session, campaign), now=now)


def test_an_organiser_undoes_any(session, campaign, letter, vera, now) -> None:
    reply = log(session, letter, vera)
    undo_answer(session, reply, by=make.olga(session, campaign), now=now)
    assert letter.answered_on is None


def test_an_answer_to_a_reminder_answers_the_letter_it_reminds_of(
    session, campaign, letter, vera, now
) -> None:
    reminder = make.letter(
        session,
        campaign,
        kind=LetterKind.REMINDER,
        follows_id=letter.id,
        target=session.get_one(Target, letter.target_id),
        ask=session.get_one(Ask, letter.ask_id),
        state=State.SENT,
    )
    reply = log(session, reminder, vera, kind=ReplyKind.OPPOSED)
    assert (letter.answered_on, letter.closed_on) == (TODAY, TODAY)
    undo_answer(session, reply, by=vera, now=now)
    assert (letter.answered_on, letter.closed_on) == (None, None)
    assert (reminder.answered_on, reminder.closed_on) == (None, None)


def test_undoing_the_answer_to_a_reminder_keeps_what_the_first_letter_got(
    session, campaign, letter, vera, now
) -> None:
    log(session, letter, vera, kind=ReplyKind.HOLDING)
    reminder = make.letter(
        session,
        campaign,
        kind=LetterKind.REMINDER,
        follows_id=letter.id,
        target=session.get_one(Target, letter.target_id),
        ask=session.get_one(Ask, letter.ask_id),
        state=State.SENT,
    )
    reply = log(session, reminder, vera, kind=ReplyKind.OPPOSED)
    undo_answer(session, reply, by=vera, now=now)
    assert (letter.last_reply_kind, letter.closed_on) == ("holding", None)
    assert reminder.answered_on is None
