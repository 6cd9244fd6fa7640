"""Writes and reads the rows that say who changed what, when (law 12)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Event
from outreach.schema import each


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
    alike: dict[tuple[Any, ...], tuple[list[int], dict[str, Any]]] = {}
    for subject_id, campaign_id, moved, detail in happened:
        key = campaign_id, moved, json.dumps(detail, sort_keys=True)
        alike.setdefault(key, ([], detail))[0].append(subject_id)
    for (campaign_id, (was, becomes), _), (ids, detail) in alike.items():
        told = {"ids": ids, "campaign": campaign_id, "kind": kind, "name": name}
        told |= {"was": was, "becomes": becomes, "by": by.name, "user": by.user_id}
        # Past the ORM: nobody asks for their numbers.
        session.connection().execute(_INSERT, told | {"now": now, "detail": detail})


def _told(name: str, column: Any) -> Any:
    return sa.bindparam(name, type_=column.type).label(f"told_{name}")


_IDS = each("ids")
# Events that differ in their subject only: one statement, however many.
_INSERT = sa.insert(Event).from_select(
    [
        *("subject_id", "campaign_id", "subject_kind", "name", "from_state", "to_state"),
        *("by", "user_id", "at", "detail"),
    ],
    sa.select(
        _IDS.c.value,
        _told("campaign", Event.campaign_id),
        _told("kind", Event.subject_kind),
        _told("name", Event.name),
        _told("was", Event.from_state),
        _told("becomes", Event.to_state),
        _told("by", Event.by),
        _told("user", Event.user_id),
        _told("now", Event.at),
        _told("detail", Event.detail),
    ),
)


def history(session: Session, kind: str, subject_id: int) -> Sequence[Event]:
    """Return every event of one thing, oldest first."""
    return session.scalars(
        sa.select(Event)
        .where(Event.subject_kind == kind, Event.subject_id == subject_id)
        .order_by(Event.id)
    ).all()
