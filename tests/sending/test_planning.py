"""Which minute each letter gets, across countries, holidays, recesses and changes of the clock."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.directory import calendar
from outreach.directory.calendar import EntryKind
from outreach.directory.models import Organization, Target
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import planning, timetable
from outreach.sending.hours import Hours
from outreach.words import Sentence
from tests import make
from tests.sending.conftest import EVERYBODY, sendable

ZONES = {
    "GB": "Europe/London",
    "EE": "Europe/Tallinn",
    "IL": "Asia/Jerusalem",
    "DE": "Europe/Berlin",
}


@pytest.fixture
def approved(session):
    """Return a function that makes approved letters to desks of one country."""
    campaign = make.campaign(session)
    known: set[str] = set()
    numbers = itertools.count(1)

    def made(code: str, number: int = 1, **values) -> list[Letter]:
        if code not in known:
            make.jurisdiction(session, code, timezone=ZONES[code])
            known.add(code)
        body = values.pop("body", None) or make.organization(session, jurisdiction_code=code)
        ids = []
        for _ in range(number):
            address = f"desk{next(numbers)}@office.example"
            to = make.target(session, jurisdiction_code=code, body=body, address=address)
            ids.append(
                sendable(session, campaign, **{"target": to, "address": address} | values).id
            )
        return list(
            session.scalars(
                sa.select(Letter)
                .where(Letter.id.in_(ids))
                .options(joinedload(Letter.target).joinedload(Target.jurisdiction))
                .order_by(Letter.id)
            )
        )

    return made


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


def plan(session, letters, after, hours=None):
    return planning.slots(session, letters, hours=hours or Hours(), after=after, rests={})


def local(slot, code: str) -> dt.datetime:
    assert isinstance(slot, planning.Slot), slot
    return slot.send_after.astimezone(ZoneInfo(ZONES[code]))


def test_each_letter_has_its_own_local_morning_and_holidays_are_passed_over(
    session, approved
) -> None:
    letters = [*approved("GB", 3), *approved("EE", 3), *approved("IL", 3)]
    # A Saturday; Tuesday the 24th is a holiday in Estonia, and Israel works from Sunday on.
    found = plan(session, letters, utc(2026, 2, 21, 10))
    days = {
        code: {
            local(found[one.id], code).date()
            for one in letters
            if code == one.target.jurisdiction_code
        }
        for code in ("GB", "EE", "IL")
    }
    assert days == {
        "GB": {dt.date(2026, 2, 24)},
        "EE": {dt.date(2026, 2, 25)},
        "IL": {dt.date(2026, 2, 23)},
    }
    for one in letters:
        assert 8 <= local(found[one.id], one.target.jurisdiction_code).hour < 11
    words = str(found[letters[3].id].because)
    assert "public holiday: Independence Day" in words
    assert words.startswith("Wednesday 25 February, ")


def test_planning_again_gives_the_same_minutes_and_they_are_spread(session, approved) -> None:
    letters = approved("GB", 15)
    first = plan(session, letters, utc(2026, 3, 2))
    assert first == plan(session, letters, utc(2026, 3, 2))
    assert len({slot.send_after for slot in first.values()}) > 10


def test_no_more_than_so_many_to_one_body_a_day(session, approved) -> None:
    letters = approved("GB", 45)
    found = plan(session, letters, utc(2026, 3, 2))
    days = Counter(local(slot, "GB").date() for slot in found.values())
    assert days == {
        dt.date(2026, 3, 3): 20,
        dt.date(2026, 3, 4): 20,
        dt.date(2026, 3, 5): 5,
    }
    assert "2 full mornings" in str(found[letters[-1].id].because)


def test_no_more_than_so_many_to_one_mail_domain_an_hour(session, approved, monkeypatch) -> None:
    monkeypatch.setattr(planning, "PER_DOMAIN_AND_HOUR", 5)
    letters = [one for _ in range(3) for one in approved("GB", 8)]
    found = plan(session, letters, utc(2026, 3, 2))
    hours = Counter(slot.send_after.replace(minute=0) for slot in found.values())
    assert max(hours.values()) == 5


def test_what_is_scheduled_already_counts(session, approved) -> None:
    morning = utc(2026, 3, 3, 8)
    window = {"send_after": morning, "send_before": morning + dt.timedelta(hours=2)}
    there = approved("DE", 20, state=State.SCHEDULED, **window)
    body = session.get_one(Organization, there[0].target.body_id)
    (slot,) = plan(session, approved("DE", body=body), utc(2026, 3, 2)).values()
    assert local(slot, "DE").date() == dt.date(2026, 3, 4)


def test_a_recess_of_one_chamber_is_not_the_others(session, approved, now) -> None:
    (resting,), (sitting,) = approved("GB"), approved("GB")
    calendar.add_entry(
        session,
        jurisdiction_code="GB",
        organization_id=resting.target.body_id,
        kind=EntryKind.RECESS,
        name="Easter recess",
        starts_on=dt.date(2026, 3, 1),
        ends_on=dt.date(2026, 3, 12),
        by=EVERYBODY,
        now=now,
    )
    found = plan(session, [resting, sitting], utc(2026, 3, 2))
    assert local(found[sitting.id], "GB").date() == dt.date(2026, 3, 3)
    # A Friday, and the only working day of that week.
    assert local(found[resting.id], "GB").date() == dt.date(2026, 3, 13)
    assert "Easter recess" in str(found[resting.id].because)


def test_a_house_that_rests_for_months_has_no_good_hour(session, approved, now) -> None:
    (letter,) = approved("GB")
    calendar.add_entry(
        session,
        jurisdiction_code="GB",
        kind=EntryKind.CLOSED,
        name="Moved out",
        starts_on=dt.date(2026, 3, 1),
        ends_on=dt.date(2026, 8, 1),
        by=EVERYBODY,
        now=now,
    )
    (why,) = plan(session, [letter], utc(2026, 3, 2)).values()
    assert isinstance(why, Sentence) and "no good hour" in str(why)


def test_the_clock_may_change_between_planning_and_sending(session, approved) -> None:
    letters = approved("GB", 5)
    # Planned in winter for the week after the change to summer time (29 March 2026).
    found = plan(session, letters, utc(2026, 3, 28))
    assert all(8 <= local(slot, "GB").hour < 11 for slot in found.values())
    assert all(7 <= slot.send_after.hour < 10 for slot in found.values())


def test_letters_to_one_desk_keep_its_rest_between_them(session, approved) -> None:
    first, second = approved("GB", 2)
    second.office_id = first.office_id
    rests = {first.campaign_id: 5}
    found = planning.slots(
        session, [first, second], hours=Hours(), after=utc(2026, 3, 2), rests=rests
    )
    assert local(found[first.id], "GB").date() == dt.date(2026, 3, 3)
    assert local(found[second.id], "GB").date() >= dt.date(2026, 3, 10)


def test_a_whole_mailing_is_scheduled_with_a_reason_for_each_minute(session, approved, now) -> None:
    letters = [*approved("GB", 2), *approved("EE", 2, channel=None, address="")]
    result = timetable.schedule_at_good_hours(
        session, letters, send_after=now, by=EVERYBODY, now=now
    )
    # In the order of their minutes, which chance spreads.
    assert sorted(one.id for one in result.letters) == [one.id for one in letters[:2]]
    for one in result.letters:
        assert one.state is State.SCHEDULED
        assert "on their clock" in one.send_because
        assert one.send_before is not None and one.send_after is not None
        assert one.send_before - one.send_after < dt.timedelta(hours=3, minutes=1)
    assert len(result.refused) == 2
