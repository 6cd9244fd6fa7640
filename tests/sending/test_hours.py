"""The good hours of desks in many countries, across a year, both changes of the clock included."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from outreach.config import shipped
from outreach.directory.calendar import EntryKind
from outreach.sending.hours import Hours, Place, Rest, good_windows, is_good, rest_on

LONDON = Place("GB", ZoneInfo("Europe/London"))
TALLINN = Place("EE", ZoneInfo("Europe/Tallinn"))
JERUSALEM = Place("IL", ZoneInfo("Asia/Jerusalem"))
BRUSSELS = Place("EU", ZoneInfo("Europe/Brussels"))


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


def days(place: Place, after: dt.datetime, before: dt.datetime, hours: Hours | None = None):
    found = good_windows(place, hours or Hours(), after=after, before=before)
    return [window.begins.astimezone(place.zone).date() for window in found]


def test_a_plain_week_is_tuesday_to_thursday_in_the_morning() -> None:
    found = list(good_windows(LONDON, Hours(), after=utc(2026, 3, 2), before=utc(2026, 3, 9)))
    assert [(w.begins, w.ends) for w in found] == [
        (utc(2026, 3, day, 8), utc(2026, 3, day, 11)) for day in (3, 4, 5)
    ]


def test_a_holiday_makes_another_day_the_first_of_its_week() -> None:
    # 24 February is Estonia's Independence Day; in 2026 a Tuesday. Monday is then the first day.
    assert rest_on(TALLINN, dt.date(2026, 2, 24)) is not None
    assert "Independence Day" in str(rest_on(TALLINN, dt.date(2026, 2, 24)))
    assert days(TALLINN, utc(2026, 2, 23), utc(2026, 2, 28)) == [
        dt.date(2026, 2, 25),
        dt.date(2026, 2, 26),
    ]


def test_a_week_from_sunday_to_thursday() -> None:
    assert str(rest_on(JERUSALEM, dt.date(2026, 3, 6))) == "weekend"
    assert rest_on(JERUSALEM, dt.date(2026, 3, 8)) is None
    assert days(JERUSALEM, utc(2026, 3, 6), utc(2026, 3, 13)) == [
        dt.date(2026, 3, day) for day in (9, 10, 11)
    ]


def test_a_recess_rests_until_its_last_day() -> None:
    recess = Rest(dt.date(2026, 7, 20), dt.date(2026, 9, 1), "summer recess", EntryKind.RECESS)
    house = Place("GB", LONDON.zone, (recess,))
    assert str(rest_on(house, dt.date(2026, 9, 1))) == "summer recess until 2026-09-01"
    assert rest_on(house, dt.date(2026, 9, 2)) is None
    assert days(house, utc(2026, 7, 21), utc(2026, 9, 4))[0] == dt.date(2026, 9, 3)


def test_an_institution_of_the_union_keeps_the_days_of_its_seat() -> None:
    # Belgium's national day.
    assert "National Day" in str(rest_on(BRUSSELS, dt.date(2026, 7, 21)))


@pytest.mark.parametrize("begins", [dt.date(2026, 3, 24), dt.date(2026, 10, 20)])
def test_the_change_of_the_clock_shifts_nobody(begins: dt.date) -> None:
    after = dt.datetime.combine(begins, dt.time(), dt.UTC)
    for window in good_windows(LONDON, Hours(), after=after, before=after + dt.timedelta(days=14)):
        local = window.begins.astimezone(LONDON.zone)
        assert (local.hour, local.minute) == (8, 0)
        assert window.ends.astimezone(LONDON.zone).hour == 11


def test_a_window_that_has_begun_is_cut_and_a_short_week_has_no_middle() -> None:
    half = list(
        good_windows(LONDON, Hours(), after=utc(2026, 3, 3, 9, 30), before=utc(2026, 3, 3, 10))
    )
    assert [(w.begins, w.ends) for w in half] == [(utc(2026, 3, 3, 9, 30), utc(2026, 3, 3, 10))]
    # Christmas 2025: Monday to Wednesday work, Thursday and Friday rest.
    assert is_good(LONDON, Hours(), dt.date(2025, 12, 23))
    assert not is_good(LONDON, Hours(), dt.date(2025, 12, 22))
    closed = Rest(dt.date(2025, 12, 24), dt.date(2025, 12, 24), "closed", EntryKind.CLOSED)
    short = Place("GB", LONDON.zone, (closed,))
    assert is_good(short, Hours(), dt.date(2025, 12, 22))


def test_all_working_days_where_somebody_asks_for_them() -> None:
    whole = Hours(dt.time(9), dt.time(17), first=True, last=True)
    assert len(days(LONDON, utc(2026, 3, 2), utc(2026, 3, 9), whole)) == 5


PLACES = sorted((shipped("contacts") / "jurisdictions").glob("*.yaml"))


@pytest.mark.parametrize("path", PLACES, ids=lambda path: path.stem)
def test_a_year_in_every_jurisdiction_has_only_good_hours(path: Path) -> None:
    text = path.read_text("utf-8")
    said = dict(re.findall(r"^(code|timezone): (\S+)$", text, re.MULTILINE))
    place = Place(said["code"], ZoneInfo(said["timezone"]))
    found = list(good_windows(place, Hours(), after=utc(2027, 1, 1), before=utc(2028, 1, 1)))
    assert 120 <= len(found) <= 160
    for window in found:
        begins, ends = window.begins.astimezone(place.zone), window.ends.astimezone(place.zone)
        assert begins.date() == ends.date()
        assert dt.time(8) <= begins.time() < ends.time() <= dt.time(11)
        assert rest_on(place, begins.date()) is None
