"""Letters that were scheduled in one act are taken off the schedule again in one act.

The act is known by the events that it left: one person, one instant, one after the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.accounts.models import Actor, Event
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter


@dataclass(frozen=True, slots=True)
class Act:
    """Letters that were scheduled together, by the ids of the first and the last event of it."""

    first: int
    last: int


def act_of(session: Session, letters: Sequence[Letter]) -> Act | None:
    """Return the act that has just scheduled `letters`, in that order; None when there is none."""
    if not letters:
        return None
    newest = sa.select(sa.func.max(Event.id)).where(
        Event.subject_kind == "letter", Event.name == "schedule"
    )
    ends = (letters[0].id, letters[-1].id)
    first, last = (session.scalar(newest.where(Event.subject_id == one)) for one in ends)
    return Act(first, last) if first and last else None


def still_scheduled(session: Session, campaign_id: int, act: Act) -> int:
    """Return how many letters of `act` wait for the time that it gave them."""
    query = _waiting(session, campaign_id, act, Letter.id)
    return session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0


def take_back(session: Session, campaign_id: int, act: Act, *, by: Actor, now: dt.datetime) -> int:
    """Take what still waits of `act` off the schedule; return how many letters.

    They are approved, without a time. What left, or was given another time since, stays.
    """
    letters = session.scalars(_waiting(session, campaign_id, act, Letter)).all()
    return len(letters) - len(moving.make_many(session, letters, "unschedule", by=by, now=now))


def _waiting(session: Session, campaign_id: int, act: Act, what: Any) -> sa.Select[Any]:
    """Select `what` of the letters of `act` that nobody gave another time since."""
    later = aliased(Event)
    touched = sa.exists().where(
        later.subject_kind == "letter",
        later.subject_id == Letter.id,
        later.id > Event.id,
        later.name.in_(("schedule", "move")),
    )
    first = session.get(Event, act.first)
    return (
        sa.select(what)
        .join(Event, sa.and_(Event.subject_kind == "letter", Event.subject_id == Letter.id))
        .where(
            Event.id.between(act.first, act.last),
            Event.name == "schedule",
            Event.at == (first.at if first else None),
            Event.by == (first.by if first else None),
            Letter.campaign_id == campaign_id,
            Letter.state == State.SCHEDULED,
            ~touched,
        )
        .order_by(Letter.id)
    )
