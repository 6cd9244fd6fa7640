"""What got stuck: windows that passed, workers that are gone, asks that nobody answers."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import CLOCK, Campaign
from outreach.database import Database, is_away
from outreach.letters import chains, moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind
from outreach.sending import desks, results
from outreach.sending.claiming import Counts, Verdict
from outreach.sending.models import Attempt, Outcome

log = logging.getLogger(__name__)


def miss_overdue(database: Database, *, now: dt.datetime) -> int:
    """Take letters whose window passed off the schedule (law 9); return how many.

    They go only after somebody confirmed a new window.
    """
    with database.reading() as session:
        overdue = session.scalars(
            sa.select(Letter.id).where(Letter.state == State.SCHEDULED, Letter.send_before <= now)
        ).all()

    def miss(session: Session, letter: Letter) -> bool:
        ends = letter.send_before
        if letter.state is not State.SCHEDULED or ends is None or ends > now:
            return False
        moving.make(session, letter, "miss", by=CLOCK, now=now)
        return True

    return _each(database, overdue, miss)


def close_silent_asks(database: Database, *, now: dt.datetime) -> int:
    """Close every ask that nobody answered for the campaign's `ask_closes_days`; return how many.

    Counted in working days from the last letter of the correspondence that left (law 7).
    """
    with database.reading() as session:
        silent = [
            letter_id
            for campaign in session.scalars(sa.select(Campaign))
            for letter_id in _silent(session, campaign, now)
        ]

    def close(session: Session, letter: Letter) -> bool:
        if letter.closed_on is not None:
            return False
        today = session.get_one(Campaign, letter.campaign_id).day_of(now)
        moving.close_silent(session, letter, on=today, by=CLOCK, now=now)
        return True

    return _each(database, silent, close)


def _each(database: Database, ids: Sequence[int], change: Callable[[Session, Letter], bool]) -> int:
    """Change letters one by one under their locks; what one of them refuses stops no other."""
    changed = 0
    for letter_id in ids:
        try:
            with database.writing() as session:
                changed += change(session, session.get_one(Letter, letter_id, with_for_update=True))
        except Exception as error:
            if is_away(error):
                raise
            log.error("letter %s: %s", letter_id, type(error).__name__)
    return changed


def _silent(session: Session, campaign: Campaign, now: dt.datetime) -> list[int]:
    """The first letters of a campaign whose ask is open and whose last letter is too old."""
    # So many working days are at least as many days: every tick asks, and reads nothing younger.
    old = now - dt.timedelta(days=campaign.ask_closes_days)
    reminded = sa.select(Letter.follows_id).where(
        Letter.campaign_id == campaign.id,
        Letter.kind == LetterKind.REMINDER,
        Letter.state != State.WITHDRAWN,
        sa.or_(Letter.sent_at.is_(None), Letter.sent_at >= old),
    )
    firsts = session.scalars(
        sa.select(Letter).where(
            Letter.campaign_id == campaign.id,
            Letter.kind == LetterKind.FIRST,
            Letter.state == State.SENT,
            Letter.closed_on.is_(None),
            Letter.unread_since.is_(None),
            Letter.sent_at < old,
            Letter.id.not_in(reminded),
        )
    )
    whole = chains.letters_of_many(session, {first.id: first for first in firsts})
    codes = desks.codes_of(session, [letters[0].target_id for letters in whole.values()])
    return [
        first_id
        for first_id, letters in whole.items()
        if (left := letters[-1].sent_at) is not None
        and desks.after_working_days(
            campaign.day_of(left), campaign.ask_closes_days, codes[letters[0].target_id]
        )
        < campaign.day_of(now)
    ]


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
    results.never_began(database, [attempt_id], "the worker stopped", now=now)
    return Verdict.PUT_BACK
