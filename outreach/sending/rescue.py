"""What got stuck: windows that passed, workers that are gone, asks that nobody answers."""

from __future__ import annotations

import datetime as dt
import logging

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import CLOCK, Campaign
from outreach.database import Database
from outreach.errors import MoveRefused
from outreach.letters import chains, moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind
from outreach.sending import results
from outreach.sending.desks import after_working_days
from outreach.sending.models import Attempt, Outcome
from outreach.sending.outbox import Counts, Verdict

# Letters younger than this are not even looked at: every tick asks, and silence takes months.
YOUNG = dt.timedelta(days=7)

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


def close_silent_asks(database: Database, *, now: dt.datetime) -> int:
    """Close every ask that nobody answered for the campaign's `ask_closes_days`; return how many.

    Counted in working days from the last letter of the correspondence that left (law 7).
    """
    with database.reading() as session:
        silent = [
            letter.id
            for letter, campaign in session.execute(_open_asks(now))
            if _silent(session, letter, campaign, now)
        ]
    for letter_id in silent:
        with database.writing() as session:
            letter = session.get_one(Letter, letter_id, with_for_update=True)
            if letter.closed_on is None:
                today = session.get_one(Campaign, letter.campaign_id).day_of(now)
                moving.close_silent(session, letter, on=today, by=CLOCK, now=now)
    return len(silent)


def _open_asks(now: dt.datetime) -> sa.Select[Letter, Campaign]:
    """First letters that left and whose ask is open, without those that are surely too young."""
    return (
        sa.select(Letter, Campaign)
        .join(Campaign, Campaign.id == Letter.campaign_id)
        .where(
            Letter.kind == LetterKind.FIRST,
            Letter.state == State.SENT,
            Letter.closed_on.is_(None),
            Letter.sent_at < now - YOUNG,
        )
    )


def _silent(session: Session, first: Letter, campaign: Campaign, now: dt.datetime) -> bool:
    last = chains.letters_of(session, first)[-1]
    if last.sent_at is None:
        return False
    closes = after_working_days(campaign.day_of(last.sent_at), campaign.ask_closes_days)
    return closes < campaign.day_of(now)


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
