"""Letters that hang on a meeting move when it moves, and are held when it does not take place."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.accounts import audit
from outreach.directory import calendar
from outreach.directory.calendar import CalendarEntry, EntryKind
from outreach.directory.models import Target
from outreach.errors import BadInput, NotFound
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import events
from outreach.sending.events import Followed
from tests import make
from tests.sending.conftest import EVERYBODY, sendable

TALLINN = ZoneInfo("Europe/Tallinn")
# A Tuesday; the Monday before Easter is no holiday in Estonia, Good Friday is.
MEETS = dt.date(2026, 4, 7)


@pytest.fixture
def meeting(session, now) -> CalendarEntry:
    make.jurisdiction(session, "EE", timezone="Europe/Tallinn")
    return calendar.add_entry(
        session,
        jurisdiction_code="EE",
        kind=EntryKind.EVENT,
        name="Committee meets",
        starts_on=MEETS,
        by=EVERYBODY,
        now=now,
    )


@pytest.fixture
def letter(session, meeting) -> Letter:
    to = make.target(session, jurisdiction_code="EE", address="d@office.example")
    made = sendable(session, make.campaign(session), target=to, address="d@office.example")
    there = joinedload(Letter.target).joinedload(Target.jurisdiction)
    return session.scalars(sa.select(Letter).where(Letter.id == made.id).options(there)).one()


def scheduled(session, letter, meeting, now, days: int = -2):
    result = events.schedule_by(
        session, [letter], entry_id=meeting.id, offset=days, by=EVERYBODY, now=now
    )
    assert result.letters == [letter]
    return letter


def change(session, meeting, day: dt.date, now) -> Followed:
    return events.change_entry(
        session, meeting, name=meeting.name, starts_on=day, by=EVERYBODY, now=now
    )


def day_of(letter: Letter) -> dt.date:
    local = letter.send_after.astimezone(TALLINN)
    assert 8 <= local.hour < 11
    assert letter.send_before.astimezone(TALLINN).time() == dt.time(11)
    return local.date()


@pytest.mark.parametrize(
    ("days", "day"),
    [
        # Good Friday (3 April) and the weekend are no working days.
        (-2, dt.date(2026, 4, 2)),
        (-1, dt.date(2026, 4, 6)),
        (0, MEETS),
        (3, dt.date(2026, 4, 10)),
    ],
)
def test_working_days_are_counted_from_the_meeting(session, letter, meeting, now, days, day):
    scheduled(session, letter, meeting, now, days)
    assert day_of(letter) == day
    assert (letter.event_id, letter.event_offset) == (meeting.id, days)
    assert "“Committee meets” (7 April 2026)." in letter.send_because


def test_when_the_meeting_moves_the_letter_moves_with_it(session, letter, meeting, now) -> None:
    scheduled(session, letter, meeting, now)
    assert change(session, meeting, dt.date(2026, 4, 16), now) == Followed(moved=1)
    assert day_of(letter) == dt.date(2026, 4, 14)
    event = audit.history(session, "letter", letter.id)[-1]
    assert (event.name, event.by) == ("move", "clock")
    assert event.detail["reason"] == (
        "“Committee meets” moved from 7 April 2026 to 16 April 2026 (Olga)."
    )
    # Another name moves nobody.
    renamed = events.change_entry(
        session, meeting, name="It meets", starts_on=meeting.starts_on, by=EVERYBODY, now=now
    )
    assert renamed == Followed()


@pytest.mark.parametrize("day", [dt.date(2026, 3, 2), dt.date(2026, 3, 4)], ids=["past", "near"])
def test_when_it_moves_too_near_the_letter_is_held(session, letter, meeting, now, day) -> None:
    scheduled(session, letter, meeting, now)
    assert change(session, meeting, day, now) == Followed(held=1)
    assert letter.state is State.HELD
    assert "moved from 7 April 2026 to " in letter.reason and " is over: it was " in letter.reason
    assert (letter.event_id, letter.send_after) == (None, None)


def test_when_it_is_cancelled_the_letter_is_held(session, letter, meeting, now) -> None:
    scheduled(session, letter, meeting, now)
    assert events.tied(session, [meeting.id]) == {meeting.id: 1}
    assert events.remove_entry(session, meeting.id, by=EVERYBODY, now=now) == Followed(held=1)
    assert letter.state is State.HELD
    assert letter.reason == "“Committee meets” on 7 April 2026 does not take place, says Olga."
    assert session.scalars(sa.select(CalendarEntry)).all() == []
    with pytest.raises(NotFound):
        events.remove_entry(session, 99, by=EVERYBODY, now=now)


def test_a_meeting_of_letters_that_went_can_be_taken_out(session, letter, meeting, now) -> None:
    scheduled(session, letter, meeting, now)
    letter.state, letter.sent_at = State.SENT, now
    session.flush()
    assert events.remove_entry(session, meeting.id, by=EVERYBODY, now=now) == Followed()
    session.refresh(letter)
    assert (letter.state, letter.event_id) == (State.SENT, None)


ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//EN
BEGIN:VEVENT
UID:meeting-1@house.example
DTSTART;VALUE=DATE:{day}
SUMMARY:Committee meets
STATUS:{status}
END:VEVENT
END:VCALENDAR
"""


def taken(session, now, day: str, status: str = "CONFIRMED"):
    data = ICS.format(day=day, status=status).replace("\n", "\r\n").encode()
    return events.import_ics(
        session,
        data,
        file="house.ics",
        jurisdiction_code="EE",
        kind=EntryKind.EVENT,
        source="",
        by=EVERYBODY,
        now=now,
    )


def test_a_newer_calendar_file_moves_and_cancels(session, letter, now) -> None:
    assert taken(session, now, "20260407") == ((1, 0, 0), Followed())
    imported = session.scalars(sa.select(CalendarEntry).where(CalendarEntry.uid.is_not(None))).one()
    scheduled(session, letter, imported, now)
    assert taken(session, now, "20260407") == ((0, 0, 0), Followed())
    assert taken(session, now, "20260416") == ((0, 1, 0), Followed(moved=1))
    assert day_of(letter) == dt.date(2026, 4, 14)
    assert taken(session, now, "20260416", "CANCELLED") == ((0, 0, 1), Followed(held=1))
    assert letter.state is State.HELD
    # Nobody enters what is cancelled before we knew of it.
    assert taken(session, now, "20260416", "CANCELLED") == ((0, 0, 0), Followed())


def test_days_of_rest_entered_later_are_counted(session, letter, meeting, now) -> None:
    scheduled(session, letter, meeting, now)
    values = {
        "jurisdiction_code": "EE",
        "kind": EntryKind.CLOSED,
        "name": "closed",
        "starts_on": dt.date(2026, 4, 1),
        "ends_on": dt.date(2026, 4, 2),
    }
    assert events.add_entry(session, values, by=EVERYBODY, now=now) == Followed(moved=1)
    assert day_of(letter) == dt.date(2026, 3, 31)
    closed = session.scalars(sa.select(CalendarEntry).order_by(CalendarEntry.id.desc())).first()
    assert events.remove_entry(session, closed.id, by=EVERYBODY, now=now) == Followed(moved=1)
    assert day_of(letter) == dt.date(2026, 4, 2)


def test_another_time_lets_go_of_the_meeting(session, letter, meeting, now) -> None:
    scheduled(session, letter, meeting, now)
    moving.make(session, letter, "unschedule", by=EVERYBODY, now=now)
    assert (letter.event_id, letter.event_offset) == (None, None)
    assert change(session, meeting, dt.date(2026, 4, 16), now) == Followed()


def test_what_can_not_be_is_said(session, letter, meeting, now) -> None:
    result = events.schedule_by(
        session, [letter], entry_id=meeting.id, offset=-40, by=EVERYBODY, now=now
    )
    assert result.letters == [] and "is over: it was " in str(result.refused[0][1][0])
    with pytest.raises(BadInput, match="At most 60"):
        events.schedule_by(session, [letter], entry_id=meeting.id, offset=61, by=EVERYBODY, now=now)
    with pytest.raises(NotFound):
        events.schedule_by(session, [letter], entry_id=99, offset=1, by=EVERYBODY, now=now)
