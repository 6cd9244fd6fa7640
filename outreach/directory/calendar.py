"""When a house sits, rests or meets: dated rows that organisers write or import, beside holidays.

Public holidays and weekends are those of the `holidays` library; what it can't know, a recess, the
days an institution is closed, the day a committee meets, stands here with its source.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from functools import cache
from typing import Any

import holidays
import icalendar
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.accounts import audit
from outreach.accounts.models import Actor
from outreach.directory.models import Organization
from outreach.errors import BadFile, BadInput, NotFound
from outreach.schema import Base, enum
from outreach.words import Sentence

# Assemblies of several countries keep the days of the country they sit in.
SEATS = {"EU": "BE", "PACE": "FR", "OSCE-PA": "DK"}
LONGEST = dt.timedelta(days=366)
MOST_EVENTS = 5_000
MAX_BYTES = 2_000_000


class EntryKind(StrEnum):
    """What happens on the days of an entry."""

    # Nobody reads letters, or the office is closed: letters wait.
    RECESS = "recess"
    CLOSED = "closed"
    # They are there; and a dated occasion to write before or after.
    SITTING = "sitting"
    EVENT = "event"


RESTING = frozenset({EntryKind.RECESS, EntryKind.CLOSED})


class CalendarEntry(Base):
    """Days of one jurisdiction, or of one body in it, with the source that says so."""

    __tablename__ = "calendar_entry"
    __table_args__ = (
        sa.CheckConstraint("ends_on >= starts_on", name="order"),
        sa.UniqueConstraint("jurisdiction_code", "uid"),
        sa.Index("ix_calendar_entry_days", "jurisdiction_code", "ends_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    jurisdiction_code: Mapped[str] = mapped_column(sa.ForeignKey("jurisdiction.code"))
    # Only one chamber or committee; null: every house and office there.
    organization_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    kind: Mapped[EntryKind] = mapped_column(enum(EntryKind, "kind"))
    name: Mapped[str] = mapped_column(sa.String(200))
    # Both days belong to it.
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]
    source: Mapped[str] = mapped_column(default="")
    # The id of an imported event (RFC 5545 §3.8.4.7): a newer file moves it.
    uid: Mapped[str | None] = mapped_column(sa.String(255))
    by: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]

    organization: Mapped[Organization | None] = relationship(lazy="raise")


def entries(session: Session, codes: Collection[str], *, after: dt.date) -> Sequence[CalendarEntry]:
    """Return what is entered for jurisdictions and isn't over before the day `after`, by day."""
    return session.scalars(
        sa.select(CalendarEntry)
        .where(CalendarEntry.jurisdiction_code.in_(codes), CalendarEntry.ends_on >= after)
        .order_by(CalendarEntry.starts_on, CalendarEntry.id)
    ).all()


def holiday(code: str, day: dt.date) -> str | None:
    """Return the name of the public holiday of a jurisdiction on `day`, in English, or None."""
    known = _holidays(code)
    return known.get(day) if known is not None else None


def weekend(code: str) -> frozenset[int]:
    """Return the weekdays (Monday is 0) on which offices of a jurisdiction rest."""
    known = _holidays(code)
    return frozenset(known.weekend) if known is not None else frozenset({5, 6})


def works(code: str, day: dt.date) -> bool:
    """Return whether `day` is a working day there; where nobody knows better, Monday to Friday."""
    return day.weekday() not in weekend(code) and holiday(code, day) is None


@cache
def _holidays(code: str) -> holidays.HolidayBase | None:
    """The library's calendar; a part of a country (ISO 3166-2) has its own where it is known."""
    country, _, part = SEATS.get(code, code).partition("-")
    try:
        return holidays.country_holidays(country, subdiv=part or None, language="en_US")
    except NotImplementedError:
        return holidays.country_holidays(country, language="en_US") if part else None


def add_entry(
    session: Session,
    *,
    jurisdiction_code: str,
    kind: EntryKind,
    name: str,
    starts_on: dt.date,
    ends_on: dt.date | None = None,
    organization_id: int | None = None,
    source: str = "",
    by: Actor,
    now: dt.datetime,
) -> CalendarEntry:
    """Add days to a jurisdiction's calendar; without an end it is one day. Raises BadInput."""
    ends_on = ends_on or starts_on
    _check(name, starts_on, ends_on)
    entry = CalendarEntry(
        jurisdiction_code=jurisdiction_code,
        organization_id=organization_id,
        kind=kind,
        name=name.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        source=source.strip(),
        by=by.name,
        at=now,
    )
    session.add(entry)
    session.flush()
    _tell(session, entry, "days_added", by, now)
    return entry


def change_entry(
    session: Session,
    entry: CalendarEntry,
    *,
    name: str,
    starts_on: dt.date,
    ends_on: dt.date | None = None,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Give days in a calendar another name or other days. Raises BadInput."""
    ends_on = ends_on or starts_on
    _check(name, starts_on, ends_on)
    entry.name, entry.starts_on, entry.ends_on = name.strip(), starts_on, ends_on
    entry.by, entry.at = by.name, now
    session.flush()
    _tell(session, entry, "days_changed", by, now)


def remove_entry(session: Session, entry_id: int, *, by: Actor, now: dt.datetime) -> None:
    """Take days out of a calendar; the event keeps what stood there. Raises NotFound."""
    entry = session.get(CalendarEntry, entry_id)
    if entry is None:
        raise NotFound(Sentence("These days are gone already. Reload the page."))
    _tell(session, entry, "days_removed", by, now)
    session.delete(entry)
    session.flush()


def import_ics(
    session: Session,
    data: bytes,
    *,
    file: str,
    jurisdiction_code: str,
    kind: EntryKind,
    source: str,
    organization_id: int | None = None,
    remove: Callable[[int], None],
    by: Actor,
    now: dt.datetime,
) -> tuple[int, int, int]:
    """Take the events of an iCalendar file (RFC 5545) in; return (new, moved, removed).

    An event that is known by its UID is moved, never doubled; one that repeats is taken once, on
    its first days. A cancelled one (STATUS, RFC 5545 §3.8.1.11) is handed to `remove`, by its id.
    Raises BadFile; then nothing is written.
    """
    found = _events(data, file)
    known = _known(session, jurisdiction_code, [event["uid"] for event in found])
    counts = {"new": 0, "moved": 0, "removed": 0}
    for event in found:
        entry, cancelled = known.get(event["uid"]), event.pop("cancelled")
        if cancelled and entry is not None:
            remove(entry.id)
            counts["removed"] += 1
        if cancelled or (entry is not None and _same(entry, event)):
            continue
        counts["new" if entry is None else "moved"] += 1
        if entry is None:
            entry = CalendarEntry(
                jurisdiction_code=jurisdiction_code, organization_id=organization_id, kind=kind
            )
            session.add(entry)
        for name, value in {**event, "source": source, "by": by.name, "at": now}.items():
            setattr(entry, name, value)
        session.flush()
        _tell(session, entry, "days_imported", by, now)
    return counts["new"], counts["moved"], counts["removed"]


def _same(entry: CalendarEntry, event: dict[str, Any]) -> bool:
    return all(getattr(entry, name) == value for name, value in event.items())


def _known(session: Session, code: str, uids: Sequence[str]) -> dict[str | None, CalendarEntry]:
    rows = session.scalars(
        sa.select(CalendarEntry).where(
            CalendarEntry.jurisdiction_code == code, CalendarEntry.uid.in_(uids)
        )
    )
    return {entry.uid: entry for entry in rows}


def _events(data: bytes, file: str) -> list[dict[str, Any]]:
    """The events of a file as columns; the last one of a UID counts."""
    if len(data) > MAX_BYTES:
        raise BadFile(file, None, Sentence("The file is larger than 2 MB."))
    try:
        calendar = icalendar.Calendar.from_ical(data)
        found = [_event(event, file) for event in calendar.walk("VEVENT")]
    except (ValueError, IndexError, KeyError) as error:
        raise BadFile(
            file, None, Sentence("This is no calendar file (.ics): %(why)s.", why=str(error))
        ) from error
    if not found:
        raise BadFile(file, None, Sentence("There is no event in this calendar."))
    if len(found) > MOST_EVENTS:
        raise BadFile(
            file, None, Sentence("The calendar has more than %(n)s events.", n=MOST_EVENTS)
        )
    return list({event["uid"]: event for event in found}.values())


def _event(event: Any, file: str) -> dict[str, Any]:
    name = " ".join(str(event.get("SUMMARY", "")).split()) or "—"
    begins = event.get("DTSTART")
    if begins is None:
        raise BadFile(file, None, Sentence("The event “%(name)s” has no day.", name=name))
    starts_on = _day(begins.dt)
    ends = event.get("DTEND")
    ends_on = starts_on
    if ends is not None:
        # The end of whole days is the first day after them (RFC 5545 §3.6.1).
        whole = not isinstance(ends.dt, dt.datetime)
        ends_on = max(starts_on, ends.dt - dt.timedelta(days=1) if whole else _day(ends.dt))
    return {
        "uid": (str(event.get("UID", "")) or f"{name}-{starts_on}")[:255],
        "name": name[:200],
        "starts_on": starts_on,
        "ends_on": min(ends_on, starts_on + LONGEST),
        "cancelled": str(event.get("STATUS", "")).upper() == "CANCELLED",
    }


def _day(moment: dt.date | dt.datetime) -> dt.date:
    return moment.date() if isinstance(moment, dt.datetime) else moment


def _check(name: str, starts_on: dt.date, ends_on: dt.date) -> None:
    if not name.strip():
        raise BadInput(Sentence("Say what it is: “summer recess”, “committee meets”."), "name")
    if ends_on < starts_on:
        raise BadInput(Sentence("The last day lies before the first."), "ends_on")
    if ends_on - starts_on > LONGEST:
        raise BadInput(Sentence("That is more than a year. Look at the days again."), "ends_on")


def _tell(session: Session, entry: CalendarEntry, name: str, by: Actor, now: dt.datetime) -> None:
    audit.record(
        session,
        subject=("calendar_entry", entry.id),
        name=name,
        by=by,
        now=now,
        campaign_id=None,
        detail={
            "jurisdiction": entry.jurisdiction_code,
            "kind": entry.kind.value,
            "name": entry.name,
            "days": [entry.starts_on.isoformat(), entry.ends_on.isoformat()],
        },
    )
