"""Writes and reads the rows that say who changed what, when (law 12)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Event


def record(
    session: Session,
    *,
    subject: tuple[str, int],
    name: str,
    by: Actor,
    now: dt.datetime,
    campaign_id: int | None,
    moved: tuple[str | None, str | None] = (None, None),
    detail: dict[str, Any] | None = None,
) -> Event:
    """Add one event to the transaction of the change it tells of and return it.

    `subject` is (kind, id), `moved` the state before and after, `now` an aware UTC instant,
    `detail` JSON values only.
    """
    event = Event(
        campaign_id=campaign_id,
        subject_kind=subject[0],
        subject_id=subject[1],
        name=name,
        from_state=moved[0],
        to_state=moved[1],
        by=by.name,
        user_id=by.user_id,
        at=now,
        detail=detail or {},
    )
    session.add(event)
    return event


def history(session: Session, kind: str, subject_id: int) -> Sequence[Event]:
    """Return every event of one thing, oldest first."""
    return session.scalars(
        sa.select(Event)
        .where(Event.subject_kind == kind, Event.subject_id == subject_id)
        .order_by(Event.id)
    ).all()
