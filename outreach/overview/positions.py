"""Where they stand: the latest stance of each target on each ask; asks are never pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.overview.scope import Scope
from outreach.petitions.models import Ask, Position, Stance
from outreach.petitions.stances import standing

# Unknown is what we know nothing of; it is no stance that somebody took.
KNOWN = tuple(position for position in Position if position is not Position.UNKNOWN)


def stances(scope: Scope) -> sa.Select[Stance]:
    """Return the stances that hold, newest first; of one ask or position if asked."""
    rows = standing(scope.campaign_id, rehearsal=scope.rehearsal)
    rows = rows.where(Stance.position.in_(KNOWN))
    if scope.ask_id is not None:
        rows = rows.where(Stance.ask_id == scope.ask_id)
    if scope.position is not None:
        rows = rows.where(Stance.position == scope.position)
    return rows


@dataclass(frozen=True, slots=True)
class Line:
    """One ask and how many targets stand where on it."""

    ask_id: int
    code: str
    text: str
    positions: dict[Position, int]

    @property
    def total(self) -> int:
        """How many targets said where they stand on this ask."""
        return sum(self.positions.values())


def by_ask(session: Session, scope: Scope) -> Sequence[Line]:
    """Return the table of asks and positions, asks in their order; one query over `stances`."""
    inner = stances(scope).order_by(None).with_only_columns(Stance.id)
    counted = session.execute(
        sa.select(Ask.id, Ask.code, Ask.text, Stance.position, sa.func.count())
        .join(Stance, Stance.ask_id == Ask.id)
        .where(Stance.id.in_(inner))
        .group_by(Ask.id, Ask.code, Ask.text, Ask.position, Stance.position)
        .order_by(Ask.position, Ask.id)
    )
    lines: dict[int, Line] = {}
    for ask_id, code, text, position, many in counted:
        line = lines.setdefault(ask_id, Line(ask_id, code, text, dict.fromkeys(KNOWN, 0)))
        line.positions[position] += many
    return list(lines.values())
