"""What got stuck: letters whose window passed, and attempts whose worker is gone."""

from __future__ import annotations

import datetime as dt
import logging

import sqlalchemy as sa

from outreach.accounts.models import CLOCK
from outreach.database import Database
from outreach.errors import MoveRefused
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import results
from outreach.sending.models import Attempt, Outcome
from outreach.sending.outbox import Counts, Verdict

log = logging.getLogger(__name__)


def miss_overdue(database: Database, *, now: dt.datetime) -> int:
    """Take letters whose window passed off the schedule (law 9); return how many.

    They go only after somebody confirmed a new window.
    """
    with database.reading() as session:
        overdue = session.scalars(
            sa.select(Letter.id).where(Letter.state == State.SCHEDULED, Letter.send_before <= now)
        ).all()
    missed = 0
    for letter_id in overdue:
        try:
            with database.writing() as session:
                letter = session.get_one(Letter, letter_id, with_for_update=True)
                ends = letter.send_before
                if letter.state is State.SCHEDULED and ends is not None and ends <= now:
                    moving.make(session, letter, "miss", by=CLOCK, now=now)
                    missed += 1
        except MoveRefused:
            continue
    return missed


def sweep(database: Database, *, now: dt.datetime) -> Counts:
    """Settle attempts whose worker is gone (its lease ended); return how many came to what.

    With the note that bytes were about to go nobody knows (`unknown`); without it they never
    went, and the letter is put back.
    """
    counts: Counts = dict.fromkeys(Verdict, 0)
    with database.reading() as session:
        ended = session.execute(
            sa.select(Attempt.id, Attempt.data_at)
            .where(Attempt.outcome == Outcome.RUNNING, Attempt.lease_until <= now)
            .order_by(Attempt.id)
        ).all()
    for attempt_id, data_at in ended:
        try:
            counts[_sweep_one(database, attempt_id, began=data_at is not None, now=now)] += 1
        except Exception as error:
            log.error("attempt %s: %s", attempt_id, type(error).__name__)
            counts[Verdict.ERROR] += 1
    return counts


def _sweep_one(database: Database, attempt_id: int, *, began: bool, now: dt.datetime) -> Verdict:
    if began:
        results.lost_sight(database, attempt_id, "the worker stopped while sending", now=now)
        return Verdict.UNKNOWN
    results.never_began(database, attempt_id, "the worker stopped", now=now)
    return Verdict.PUT_BACK
