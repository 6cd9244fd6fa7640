"""Several targets of one selection behind one desk: who they are, and the two ways to write there.

One desk has one open ask at a time (law 7), and rests between two letters. So either one of them is
written to for all, or each is asked something else and the letters go one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.models import Office, Target
from outreach.letters.models import LetterKind, Template

# Rows asked for with one statement; SQLite takes at most 32,766 values.
_AT_ONCE = 5_000


class SharedDesk(StrEnum):
    """What becomes of several targets that one desk reads for."""

    ONE = "one"
    IN_TURN = "in_turn"


@dataclass(frozen=True, slots=True)
class Sharing:
    """A desk and the targets of a selection, two or more, whose letters are read there."""

    desk: str
    names: Sequence[str]


def shared_desks(
    session: Session, template: Template, target_ids: Sequence[int]
) -> Sequence[Sharing]:
    """Return the desks that several of the targets share, as far as `template` is for them.

    Only first letters ask, so only they can ask the same desk twice. Sorted as the ids are.
    """
    if template.kind is not LetterKind.FIRST:
        return []
    behind: dict[int, list[tuple[str, str]]] = {}
    for some in _some(target_ids):
        rows = session.execute(
            sa.select(Target.office_id, Office.name, Target.name)
            .join(Office, Office.id == Target.office_id)
            .where(
                Target.id.in_(some),
                Target.role.in_(template.roles),
                Target.channel.is_not(None),
            )
            .order_by(Target.jurisdiction_code, Target.role, Target.name, Target.id)
        )
        for office_id, desk, name in rows:
            behind.setdefault(office_id, []).append((desk, name))
    return [
        Sharing(several[0][0], [name for _desk, name in several])
        for several in behind.values()
        if len(several) > 1
    ]


def _some(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
