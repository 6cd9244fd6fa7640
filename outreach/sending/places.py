"""Where the desks of letters are: the clock each lives by, and the days it rests."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory import calendar
from outreach.directory.calendar import CalendarEntry
from outreach.directory.models import Area, Jurisdiction, Membership, Target
from outreach.directory.zones import zone_of
from outreach.letters.models import Letter
from outreach.sending.desks import AT_ONCE
from outreach.sending.hours import Place, Rest


class Addressed(Protocol):
    """A letter, or a row of one, of which only its target matters here."""

    @property
    def target_id(self) -> int:
        """To whom it goes."""
        ...


def places_of(
    session: Session, letters: Iterable[Addressed], *, after: dt.datetime
) -> dict[int, Place]:
    """Return {target id: where its desk is}, with the days of rest from a day before `after` on.

    One chamber's recess is not the other's.
    """
    rows = _targets(session, {letter.target_id for letter in letters})
    entered = _entered(session, {row.jurisdiction_code for row in rows}, after)
    rests: dict[tuple[str, int], tuple[Rest, ...]] = {}
    found: dict[int, Place] = {}
    for row in rows:
        code, body = row.jurisdiction_code, row.body_id
        if (code, body) not in rests:
            rests[code, body] = tuple(_rest(one) for one in entered[code] if _holds(one, body))
        zone = zone_of(code, row.timezone, row.area or "")
        found[row.id] = Place(code, zone.info, rests[code, body], zone.why)
    return found


def place_of(session: Session, letter: Letter, *, after: dt.datetime) -> Place:
    """Return where the desk of one letter is."""
    return places_of(session, [letter], after=after)[letter.target_id]


def _targets(session: Session, ids: Collection[int]) -> list[Any]:
    """Rows of (id, jurisdiction_code, body_id, timezone, area)."""
    columns = (Target.id, Target.jurisdiction_code, Target.body_id, Jurisdiction.timezone)
    query = (
        sa.select(*columns, Area.name.label("area"))
        .join(Jurisdiction, Jurisdiction.code == Target.jurisdiction_code)
        .outerjoin(Membership, Membership.id == Target.membership_id)
        .outerjoin(Area, Area.id == Membership.area_id)
    )
    ordered = sorted(ids)
    parts = (ordered[n : n + AT_ONCE] for n in range(0, len(ordered), AT_ONCE))
    return [row for part in parts for row in session.execute(query.where(Target.id.in_(part)))]


def _entered(
    session: Session, codes: Collection[str], after: dt.datetime
) -> dict[str, list[CalendarEntry]]:
    found: dict[str, list[CalendarEntry]] = defaultdict(list)
    for entry in calendar.entries(session, codes, after=after.date() - dt.timedelta(days=1)):
        if entry.kind in calendar.RESTING:
            found[entry.jurisdiction_code].append(entry)
    return found


def _holds(entry: CalendarEntry, body_id: int) -> bool:
    return entry.organization_id in (None, body_id)


def _rest(entry: CalendarEntry) -> Rest:
    return Rest(entry.starts_on, entry.ends_on, entry.name, entry.kind, entry.organization_id)
