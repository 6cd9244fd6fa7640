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


def record_many(
    session: Session,
    happened: Sequence[tuple[int, int | None, tuple[str | None, str | None], dict[str, Any]]],
    *,
    kind: str,
    name: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Write one event for each of many things of one `kind`, in one go.

    `happened` lists (its id, campaign id, (state before, after), detail); the rest is as `record`
    says.
    """
    if not happened:
        return
    shared = {"subject_kind": kind, "name": name, "by": by.name, "user_id": by.user_id, "at": now}
    rows = [
        {
            **shared,
            "subject_id": subject_id,
            "campaign_id": campaign_id,
            "from_state": was,
            "to_state": becomes,
            "detail": detail,
        }
        for subject_id, campaign_id, (was, becomes), detail in happened
    ]
    # Past the ORM: nobody asks for their numbers.
    session.connection().execute(_INSERT, rows)


_INSERT = sa.insert(Event)


def history(session: Session, kind: str, subject_id: int) -> Sequence[Event]:
    """Return every event of one thing, oldest first."""
    return session.scalars(
        sa.select(Event)
        .where(Event.subject_kind == kind, Event.subject_id == subject_id)
        .order_by(Event.id)
    ).all()
