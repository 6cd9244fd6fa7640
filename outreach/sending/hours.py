"""The good hours of a desk: when somebody there is likely to read, and why not at other times.

Pure: knows days, zones and calendars, no letter and no database. The rules are those of
`practice`: in the middle of the working week, in the morning, on the clock of the desk; never on a
weekend, a public holiday, in recess or while the office is closed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from outreach.directory import calendar
from outreach.words import N_, Sentence

# Nobody plans further ahead than this.
FURTHEST = dt.timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of a day (on the desk's clock) and which working days of a week are good.

    `first` and `last` tell whether the first and the last working day of a week count too: the
    first is for what came over the weekend, on the last people leave.
    """

    begins: dt.time = dt.time(8)
    ends: dt.time = dt.time(11)
    first: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class Rest:
    """Days, both included, on which nothing is read, and what they are called."""

    starts_on: dt.date
    ends_on: dt.date
    name: str
    kind: calendar.EntryKind
    # Only one body rests; None: every desk there.
    body_id: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a desk is: its jurisdiction, the zone of its clocks, the days it rests."""

    code: str
    zone: ZoneInfo
    rests: Sequence[Rest] = field(default_factory=tuple)
    # Why this clock, where a country has several.
    why: Sentence | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """From one instant (UTC, aware) until another, on one day of the desk."""

    begins: dt.datetime
    ends: dt.datetime


def rest_on(place: Place, day: dt.date) -> Sentence | None:
    """Return why nobody reads letters at `place` on `day`, or None on a working day."""
    if day.weekday() in calendar.weekend(place.code):
        return Sentence(N_("weekend"))
    name = calendar.holiday(place.code, day)
    if name is not None:
        return Sentence(N_("public holiday: %(name)s"), name=name)
    for rest in place.rests:
        if rest.starts_on <= day <= rest.ends_on:
            return Sentence(N_("%(name)s until %(day)s"), name=rest.name, day=rest.ends_on)
    return None


def good_windows(
    place: Place, hours: Hours, *, after: dt.datetime, before: dt.datetime
) -> Iterator[Window]:
    """Yield the good hours of `place` between two instants, the earliest first.

    The hours are read off the desk's own clock on each day, so the change to summer time moves
    nobody. A window that has begun at `after` is cut; one that ends after `before` too.
    """
    day = after.astimezone(place.zone).date()
    last = min(before, after + FURTHEST).astimezone(place.zone).date()
    while day <= last:
        if is_good(place, hours, day):
            window = window_on(place, hours, day)
            cut = Window(max(window.begins, after), min(window.ends, before))
            if cut.begins < cut.ends:
                yield cut
        day += dt.timedelta(days=1)


def is_good(place: Place, hours: Hours, day: dt.date) -> bool:
    """Return whether `day` is a working day of `place` in the part of the week that `hours` want.

    In a week of one or two working days each of them counts: there is no middle.
    """
    if rest_on(place, day) is not None:
        return False
    week = _working_days(place, day)
    if len(week) < 3:
        return True
    if not hours.first and day == week[0]:
        return False
    return hours.last or day != week[-1]


def later_by_working_days(place: Place, start: dt.datetime, days: int) -> dt.datetime:
    """Return the instant `days` working days of `place` after `start`, at the same hour there."""
    local = start.astimezone(place.zone)
    day = working_day(place, local.date(), days)
    return dt.datetime.combine(day, local.time(), place.zone).astimezone(dt.UTC)


def working_day(place: Place, day: dt.date, days: int) -> dt.date:
    """Return the day `days` working days of `place` after `day`, before it when negative.

    It stops looking after 400 days of rest.
    """
    step = dt.timedelta(days=1 if days > 0 else -1)
    left, last = abs(days), day + step * (FURTHEST.days + abs(days))
    while left > 0 and day != last:
        day += step
        left -= rest_on(place, day) is None
    return day


def _working_days(place: Place, day: dt.date) -> list[dt.date]:
    """The days of the week of `day` on which somebody works; the week begins after the weekend."""
    resting = calendar.weekend(place.code)
    begins = day
    while (begins - dt.timedelta(days=1)).weekday() not in resting:
        begins -= dt.timedelta(days=1)
    days = (begins + dt.timedelta(days=n) for n in range(7 - len(resting)))
    return [one for one in days if rest_on(place, one) is None]


def window_on(place: Place, hours: Hours, day: dt.date) -> Window:
    """Return the good hours of `day` on the clock of `place`, whatever day it is."""

    def instant(time: dt.time) -> dt.datetime:
        return dt.datetime.combine(day, time, place.zone).astimezone(dt.UTC)

    return Window(instant(hours.begins), instant(hours.ends))
