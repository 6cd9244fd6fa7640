"""How a fact stands today, in one word, and the task to check it before its day passes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import tasks
from outreach.accounts.models import CLOCK, Actor, Campaign, Task, TaskKind
from outreach.petitions.models import Fact, FactState, Use
from outreach.words import Sentence

# So long before its day a fact is somebody's task.
DAYS_AHEAD = 14
SUBJECT = "fact"


class Standing(StrEnum):
    """How a fact stands: its use, its state and its day to be checked, as one list."""

    OK = "ok"
    CAVEAT = "caveat"
    OVERDUE = "overdue"
    STALE = "stale"
    DISPUTED = "disputed"
    AVOID = "avoid"
    WITHDRAWN = "withdrawn"


# What stops every letter that quotes the fact.
STOPPING = frozenset(Standing) - {Standing.OK, Standing.CAVEAT}


def standing(fact: Fact, *, today: dt.date) -> Standing:
    """Return how `fact` stands on `today`: the hardest of what is said of it."""
    if fact.use is Use.AVOID:
        return Standing.AVOID
    if fact.state is not FactState.CURRENT:
        return Standing(fact.state.value)
    if fact.review_by is not None and fact.review_by < today:
        return Standing.OVERDUE
    return Standing(fact.use.value)


def due(session: Session, *, now: dt.datetime) -> Sequence[tuple[Campaign, Fact]]:
    """Return the facts to be checked within `DAYS_AHEAD` days that are nobody's task yet."""
    waiting = sa.select(Task.subject_id).where(Task.subject_kind == SUBJECT, Task.done_at.is_(None))
    rows = session.execute(
        sa.select(Campaign, Fact)
        .join(Fact, Fact.campaign_id == Campaign.id)
        .where(
            Fact.review_by <= (now + dt.timedelta(days=DAYS_AHEAD)).date(),
            Fact.use != Use.AVOID,
            Fact.state != FactState.WITHDRAWN,
            Fact.id.not_in(waiting),
        )
        .order_by(Fact.review_by, Fact.id)
    )
    return [(campaign, fact) for campaign, fact in rows]


def open_due(session: Session, *, now: dt.datetime) -> int:
    """Open a task for each fact that is `due`; return how many.

    Whoever sets a new day closes it: see `settled`.
    """
    found = due(session, now=now)
    for campaign, fact in found:
        tasks.open_task(
            session,
            campaign_id=campaign.id,
            kind=TaskKind.OTHER,
            subject=(SUBJECT, fact.id),
            title=str(Sentence("Check fact %(code)s: does it still hold?", code=fact.code)),
            due_on=fact.review_by,
            rehearsal=campaign.rehearsing,
            now=now,
            by=CLOCK,
        )
    return len(found)


def settled(session: Session, fact: Fact, *, by: Actor, now: dt.datetime) -> None:
    """Close the task to check `fact` once its day lies far enough ahead, or it is out of use."""
    far = fact.review_by is None or fact.review_by > now.date() + dt.timedelta(days=DAYS_AHEAD)
    if far or fact.use is Use.AVOID or fact.state is FactState.WITHDRAWN:
        tasks.finish_about(session, (SUBJECT, fact.id), by=by, now=now)
