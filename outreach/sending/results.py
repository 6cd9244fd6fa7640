"""Keeps what came of an attempt: one transaction each, letter and attempt together."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit, tasks
from outreach.accounts.models import CLOCK, Campaign, TaskKind
from outreach.database import Database
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import desks, refusals
from outreach.sending.models import Attempt, Outcome
from outreach.sending.postman import LASTING, Refusal


def delivered(database: Database, attempt_id: int, words: str, *, now: dt.datetime) -> None:
    """Keep that the postman took the message; also when the answer came after the lease."""
    with database.writing() as session:
        attempt, letter = _lock(session, attempt_id)
        was = attempt.outcome
        _end(attempt, Outcome.DELIVERED, words, now)
        expected = {Outcome.RUNNING: State.SENDING, Outcome.UNKNOWN: State.UNKNOWN}.get(was)
        if letter.state is expected:
            moving.make(
                session, letter, "deliver", by=CLOCK, now=now, sent_at=attempt.data_at or now
            )
            if was is Outcome.UNKNOWN:
                tasks.finish_about(session, ("letter", letter.id), by=CLOCK, now=now)
        else:
            _late(session, letter, words, now)


def not_taken(
    database: Database, attempt_id: int, words: str, *, refusal: Refusal, now: dt.datetime
) -> None:
    """Keep that the message certainly was not taken: failed, or put back for another try.

    What else follows from it (an address, an account, a domain) is in `refusals`.
    """
    with database.writing() as session:
        attempt, letter = _lock(session, attempt_id)
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


def never_began(database: Database, attempt_id: int, words: str, *, now: dt.datetime) -> None:
    """Put a claimed letter back whose bytes never went; nothing if that is no longer so."""
    with database.writing() as session:
        attempt, letter = _lock(session, attempt_id)
        if attempt.outcome is Outcome.RUNNING and attempt.data_at is None:
            _put_back(session, attempt, letter, words, now)


def lost_sight(database: Database, attempt_id: int, words: str, *, now: dt.datetime) -> None:
    """Keep that nobody knows whether the message went; a person settles it."""
    with database.writing() as session:
        attempt, letter = _lock(session, attempt_id)
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
    session: Session, attempt: Attempt, letter: Letter, words: str, now: dt.datetime
) -> None:
    """Back on the schedule, for a while later but still inside its own window."""
    _end(attempt, Outcome.PUT_BACK, words, now)
    window: dict[str, Any] = {}
    if letter.send_before is not None and letter.send_before > now:
        delays = session.get_one(Campaign, letter.campaign_id).retry_minutes
        minutes = delays[min(attempt.number, len(delays)) - 1]
        again = now + dt.timedelta(minutes=minutes)
        window["send_after"] = min(again, letter.send_before - dt.timedelta(seconds=1))
    moving.make(session, letter, "put_back", by=CLOCK, now=now, reason=words, **window)
    free_desk_of(session, attempt, letter)


def _late(session: Session, letter: Letter, words: str, now: dt.datetime) -> None:
    """An answer that came after somebody else settled the letter is kept for the history."""
    audit.record(
        session,
        subject=("letter", letter.id),
        name="late_answer",
        by=CLOCK,
        now=now,
        campaign_id=letter.campaign_id,
        detail={"words": words},
    )
