"""What a number is about: which campaign, which day, live or rehearsed, narrowed how far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.overview.phases import Phase
from outreach.petitions.models import Position


@dataclass(frozen=True, slots=True)
class Scope:
    """One reader's question. `today` is a day of the campaign's zone, `since` a UTC instant.

    Live and rehearsed things are never in one number. Empty values don't narrow.
    """

    campaign_id: int
    today: dt.date
    since: dt.datetime
    rehearsal: bool
    user_id: int | None = None
    phase: Phase | None = None
    jurisdiction: str = ""
    ask_id: int | None = None
    position: Position | None = None


def number(session: Session, rows: sa.Select[Any]) -> int:
    """Return how many things `rows` selects: the number that opens this list."""
    return session.scalar(_count_of(rows)) or 0


def several_numbers(session: Session, lists: Mapping[str, sa.Select[Any]]) -> dict[str, int]:
    """Return {name: how many things its list holds}, in one query."""
    columns = [_count_of(rows).scalar_subquery().label(name) for name, rows in lists.items()]
    counted = session.execute(sa.select(*columns)).one()
    return dict(zip(lists, counted, strict=True))


def _count_of(rows: sa.Select[Any]) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(rows.order_by(None).subquery())
