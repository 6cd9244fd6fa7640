"""Keeps what came of attempts, each together with its letter; of a batch in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit, tasks
from outreach.accounts.models import CLOCK, Campaign, Event, TaskKind
from outreach.database import Database, is_away
from outreach.errors import OutreachError
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.schema import each_text
from outreach.sending import desks, refusals
from outreach.sending.models import Attempt, Outcome
from outreach.sending.postman import LASTING, Answer, Fate, Refusal

# Kept with a letter whose turn did not come.
STOPPED = "sending was stopped before its turn"


@dataclass(frozen=True, slots=True)
class Result:
    """What a postman answered about one attempt. `letter` is as it was when it was claimed."""

    letter: Letter
    attempt_id: int
    # When its bytes were about to go.
    data_at: dt.datetime
    answer: Answer


class Changed(Exception):
    """An attempt or a letter is not as its worker left it: each has to be kept by itself."""


def keep(database: Database, results: Sequence[Result], *, now: dt.datetime) -> None:
    """Keep what came of letters that were handed over together: in one transaction.

    Where that fails, because somebody settled one of them meanwhile or two workers met, each is
    kept by itself; one that can't be stops no other, and is raised in the end.
    """
    if not results:
        return
    taken = [one for one in results if one.answer.fate is Fate.TAKEN]
    others = [one for one in results if one.answer.fate is not Fate.TAKEN]
    try:
        with database.writing() as session:
            keep_delivered(session, taken, now=now)
            for one in sorted(others, key=lambda one: one.letter.id):
                _keep_one(session, one, now)
    except (Changed, OutreachError, sa.exc.DBAPIError):
        _keep_each(database, results, now)


def _keep_each(database: Database, results: Sequence[Result], now: dt.datetime) -> None:
    failed: Exception | None = None
    for one in results:
        try:
            with database.writing() as session:
                _keep_one(session, one, now)
        except Exception as error:
            if is_away(error):
                # For the others as well.
                raise
            failed = error
    if failed is not None:
        raise failed


def keep_delivered(session: Session, results: Sequence[Result], *, now: dt.datetime) -> None:
    """Keep that all of these were taken, in a few statements.

    Raises Changed when one of them is no longer as it was: then nothing may be kept.
    """
    if not results:
        return
    sent = {one.letter.id: {"sent_at": one.data_at} for one in results}
    letters = [one.letter for one in results]
    if moving.make_many(session, letters, "deliver", by=CLOCK, now=now, each=sent):
        raise Changed
    words = {one.attempt_id: one.answer.words for one in results}
    kept = session.connection().execute(_TAKEN, {"words": words, "now": now})
    if cast("sa.CursorResult[Any]", kept).rowcount != len(results):
        raise Changed


_WORDS = each_text("words")
_TAKEN = (
    sa.update(Attempt)
    .where(Attempt.id == _WORDS.c.number, Attempt.outcome == Outcome.RUNNING)
    .values(
        outcome=Outcome.DELIVERED,
        server_words=_WORDS.c.text,
        ended_at=sa.bindparam("now"),
    )
)


def _keep_one(session: Session, result: Result, now: dt.datetime) -> None:
    answer = result.answer
    attempt, letter = _lock(session, result.attempt_id)
    if answer.fate is Fate.TAKEN:
        _delivered(session, attempt, letter, answer.words, now)
    elif answer.fate is Fate.NOT_TAKEN:
        refusal = answer.refusal or Refusal.LATER
        _not_taken(session, attempt, letter, answer.words, refusal, now)
    elif answer.fate is Fate.UNKNOWN:
        _lost_sight(session, attempt, letter, answer.words, now)
    elif attempt.outcome is Outcome.RUNNING:
        _put_back(session, attempt, letter, answer.words or STOPPED, now, later=False)


def delivered(database: Database, attempt_id: int, words: str, *, now: dt.datetime) -> None:
    """Keep that the postman took the message; also when the answer came after the lease."""
    with database.writing() as session:
        attempt, letter = _lock(session, attempt_id)
        _delivered(session, attempt, letter, words, now)


def never_began(
    database: Database, attempt_ids: Sequence[int], words: str, *, now: dt.datetime
) -> None:
    """Put claimed letters back whose bytes never went; nothing where that is no longer so."""
    with database.writing() as session:
        for attempt_id in attempt_ids:
            attempt, letter = _lock(session, attempt_id)
            if attempt.outcome is Outcome.RUNNING and attempt.data_at is None:
                _put_back(session, attempt, letter, words, now)


def not_writable(database: Database, attempt_id: int, words: str, *, now: dt.datetime) -> None:
    """Hold a claimed letter that can't be made into a message: it needs a person."""
    with database.writing() as session:
        attempt, letter = _lock(session, attempt_id)
        if attempt.outcome is Outcome.RUNNING and attempt.data_at is None:
            _put_back(session, attempt, letter, words, now)
            moving.make(session, letter, "hold", by=CLOCK, now=now, reason=words)


def lost_sight(database: Database, attempt_id: int, words: str, *, now: dt.datetime) -> None:
    """Keep that nobody knows whether the message went; a person settles it."""
    with database.writing() as session:
        attempt, letter = _lock(session, attempt_id)
        _lost_sight(session, attempt, letter, words, now)


def _delivered(
    session: Session, attempt: Attempt, letter: Letter, words: str, now: dt.datetime
) -> None:
    was = attempt.outcome
    if was is Outcome.DELIVERED:
        # It was kept, and only the answer to that commit was lost.
        return
    _end(attempt, Outcome.DELIVERED, words, now)
    expected = {Outcome.RUNNING: State.SENDING, Outcome.UNKNOWN: State.UNKNOWN}.get(was)
    if letter.state is not expected:
        _late(session, letter, words, now)
        return
    moving.make(session, letter, "deliver", by=CLOCK, now=now, sent_at=attempt.data_at or now)
    if was is Outcome.UNKNOWN:
        tasks.finish_about(session, ("letter", letter.id), by=CLOCK, now=now)


def _not_taken(
    session: Session,
    attempt: Attempt,
    letter: Letter,
    words: str,
    refusal: Refusal,
    now: dt.datetime,
) -> None:
    """Failed, or put back for another try; what else follows from it is in `refusals`."""
    if attempt.outcome is not Outcome.RUNNING:
        _late(session, letter, words, now)
        return
    attempt.refusal = refusal
    refusals.follow(session, attempt, letter, words, now=now)
    if refusal not in LASTING:
        _put_back(session, attempt, letter, words, now)
        return
    _end(attempt, Outcome.REFUSED, words, now)
    moving.make(session, letter, "fail", by=CLOCK, now=now, reason=words)
    free_desk_of(session, attempt, letter)


def _lost_sight(
    session: Session, attempt: Attempt, letter: Letter, words: str, now: dt.datetime
) -> None:
    if attempt.outcome is not Outcome.RUNNING:
        return
    _end(attempt, Outcome.UNKNOWN, words, now)
    moving.make(session, letter, "lose_sight", by=CLOCK, now=now, reason=words)
    tasks.open_task(
        session,
        campaign_id=letter.campaign_id,
        kind=TaskKind.SETTLE_UNKNOWN,
        subject=("letter", letter.id),
        title=f"Find out whether it went: {letter.recipient} ({letter.code})",
        due_on=now.date(),
        rehearsal=letter.rehearsal,
        now=now,
        by=CLOCK,
    )


def last_attempt(session: Session, letter_id: int) -> Attempt | None:
    """Return the newest try to send a letter, if there was one."""
    return session.scalar(
        sa.select(Attempt)
        .where(Attempt.letter_id == letter_id)
        .order_by(Attempt.number.desc())
        .limit(1)
    )


def free_desk_of(session: Session, attempt: Attempt, letter: Letter) -> None:
    """Let the desk rest no longer for a letter that certainly did not reach it."""
    if attempt.rehearsal:
        return
    campaign = session.get_one(Campaign, letter.campaign_id)
    desks.free_desk(
        session,
        letter.office_id,
        cooling_days=campaign.cooling_days,
        code=desks.code_of(session, letter.target_id),
        taken_at=attempt.started_at,
    )


def _lock(session: Session, attempt_id: int) -> tuple[Attempt, Letter]:
    """Letter first, then attempt: worker and sweeper take their locks in the same order."""
    letter_id = session.scalars(sa.select(Attempt.letter_id).where(Attempt.id == attempt_id)).one()
    letter = session.get_one(Letter, letter_id, with_for_update=True)
    return session.get_one(Attempt, attempt_id, with_for_update=True), letter


def _end(attempt: Attempt, outcome: Outcome, words: str, now: dt.datetime) -> None:
    attempt.outcome = outcome
    attempt.server_words = words
    attempt.ended_at = now


def _put_back(
    session: Session,
    attempt: Attempt,
    letter: Letter,
    words: str,
    now: dt.datetime,
    *,
    later: bool = True,
) -> None:
    """Back on the schedule, for a while later but still inside its own window.

    Not `later`: as soon as it may, because nothing was tried.
    """
    _end(attempt, Outcome.PUT_BACK, words, now)
    window: dict[str, Any] = {}
    if later and letter.send_before is not None and letter.send_before > now:
        delays = session.get_one(Campaign, letter.campaign_id).retry_minutes
        minutes = delays[min(attempt.number, len(delays)) - 1]
        again = now + dt.timedelta(minutes=minutes)
        window["send_after"] = min(again, letter.send_before - dt.timedelta(seconds=1))
    moving.make(session, letter, "put_back", by=CLOCK, now=now, reason=words, **window)
    free_desk_of(session, attempt, letter)


def _late(session: Session, letter: Letter, words: str, now: dt.datetime) -> None:
    """An answer that came after somebody else settled the letter is kept for the history, once."""
    told = sa.select(Event.detail).where(
        Event.subject_kind == "letter", Event.subject_id == letter.id, Event.name == "late_answer"
    )
    if {"words": words} in session.scalars(told).all():
        return
    audit.record(
        session,
        subject=("letter", letter.id),
        name="late_answer",
        by=CLOCK,
        now=now,
        campaign_id=letter.campaign_id,
        detail={"words": words},
    )
