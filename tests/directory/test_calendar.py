"""Calendars of houses: days by hand, from a calendar file, and the holidays nobody has to enter."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Event
from outreach.directory import calendar
from outreach.directory.calendar import CalendarEntry, EntryKind
from outreach.errors import BadFile, BadInput, NotFound
from tests import make

ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//House//EN
BEGIN:VEVENT
UID:week-27@house.example
SUMMARY:Summer recess
DTSTART;VALUE=DATE:20260706
DTEND;VALUE=DATE:20260905
END:VEVENT
BEGIN:VEVENT
UID:meeting@house.example
SUMMARY:Committee
  meets
DTSTART:20260512T120000Z
DTEND:20260512T140000Z
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


@pytest.fixture
def taken(session, now):
    """Return a function that imports a file for one jurisdiction."""
    code = make.jurisdiction(session, "XA").code
    olga = make.olga(session, make.campaign(session))

    def take(text: str | bytes = ICS) -> tuple[int, int, int]:
        data = text.encode() if isinstance(text, str) else text
        return calendar.import_ics(
            session,
            data,
            file="house.ics",
            jurisdiction_code=code,
            kind=EntryKind.RECESS,
            source="https://house.example/calendar",
            remove=lambda number: calendar.remove_entry(session, number, by=olga, now=now),
            by=olga,
            now=now,
        )

    return take


def test_a_file_brings_its_days_once_and_moves_what_moved(session, taken) -> None:
    assert taken() == (2, 0, 0)
    recess, meeting = session.scalars(sa.select(CalendarEntry).order_by(CalendarEntry.id))
    # The end of whole days is the day after the last.
    assert (recess.starts_on, recess.ends_on) == (dt.date(2026, 7, 6), dt.date(2026, 9, 4))
    assert (meeting.starts_on, meeting.ends_on) == (dt.date(2026, 5, 12), dt.date(2026, 5, 12))
    assert meeting.name == "Committee meets"
    assert taken() == (0, 0, 0)
    assert taken(ICS.replace("20260905", "20260912")) == (0, 1, 0)
    session.refresh(recess)
    assert recess.ends_on == dt.date(2026, 9, 11)


@pytest.mark.parametrize(
    "text",
    [
        "not a calendar",
        b"\x00\xff\xfe",
        "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    ],
)
def test_a_file_that_is_none_is_said_and_nothing_is_kept(session, taken, text) -> None:
    with pytest.raises(BadFile, match=r"house\.ics"):
        taken(text)
    assert session.scalars(sa.select(CalendarEntry)).all() == []


def test_days_by_hand_are_checked_and_can_be_taken_out(session, now) -> None:
    olga = make.olga(session, make.campaign(session))
    place = {"jurisdiction_code": make.jurisdiction(session, "XB").code, "by": olga, "now": now}
    day = dt.date(2026, 5, 12)
    with pytest.raises(BadInput, match="Say what it is"):
        calendar.add_entry(session, kind=EntryKind.CLOSED, name=" ", starts_on=day, **place)
    before = day - dt.timedelta(days=1)
    with pytest.raises(BadInput, match="before the first"):
        calendar.add_entry(
            session, kind=EntryKind.CLOSED, name="x", starts_on=day, ends_on=before, **place
        )
    entry = calendar.add_entry(
        session, kind=EntryKind.CLOSED, name="Office moves", starts_on=day, **place
    )
    assert entry.ends_on == day
    assert list(calendar.entries(session, ["XB"], after=day)) == [entry]
    assert calendar.entries(session, ["XB"], after=day + dt.timedelta(days=1)) == []
    calendar.remove_entry(session, entry.id, by=olga, now=now)
    with pytest.raises(NotFound):
        calendar.remove_entry(session, entry.id, by=olga, now=now)
    told = session.scalars(sa.select(Event.name).where(Event.subject_kind == "calendar_entry"))
    assert list(told) == ["days_added", "days_removed"]


def test_holidays_of_a_part_of_a_country_and_of_none() -> None:
    # Saint Andrew's Day is a holiday of Scotland, not of England.
    day = dt.date(2026, 11, 30)
    assert calendar.holiday("GB-SCT", day) is not None
    assert calendar.holiday("GB-ENG", day) is None
    assert calendar.holiday("ZZ", day) is None
    assert calendar.weekend("ZZ") == {5, 6}
    assert calendar.weekend("IL") == {4, 5}
