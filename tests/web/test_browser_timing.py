"""Pages about when letters go, in a real browser: nothing too wide, nothing axe objects to."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Campaign, Mode
from outreach.directory import calendar
from outreach.directory.calendar import EntryKind
from outreach.directory.models import Area, Membership
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import timetable
from tests import make
from tests.sending.conftest import EVERYBODY, sendable
from tests.sending.test_canary import alike
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)


@pytest.fixture
def pages(olga, database, campaign, now) -> dict[str, str]:
    """Addresses by name: a mailing held back, letters scheduled, a calendar with a meeting."""
    with database.writing() as session:
        make.greetings_read(session)
        here = session.get_one(Campaign, campaign.id)
        here.mode, here.live_at = Mode.LIVE, now
        make.mail_account(session, here)
        make.jurisdiction(session, "US", name="United States", timezone="America/New_York")
        first = sendable(session, here)
        shared = alike(session, first)
        made = [first, *(sendable(session, here, **shared) for _ in range(24))]
        timetable.schedule_many(session, made, send_after=now, by=EVERYBODY, now=now)
        for letter in made[:5]:
            letter.state, letter.sent_at = State.SENT, now - dt.timedelta(hours=30)
        for letter in made[:3]:
            letter.state, letter.reason = State.BOUNCED, "550 5.1.1 <desk> no such user here"
        calendar.add_entry(
            session,
            jurisdiction_code="US",
            kind=EntryKind.EVENT,
            name="Committee on Foreign Affairs meets",
            starts_on=dt.date(2026, 3, 19),
            by=EVERYBODY,
            now=now,
        )
        to = make.target(session, jurisdiction_code="US", address="hi@office.zz")
        held = session.get_one(Membership, to.membership_id)
        area = Area(jurisdiction_code="US", name="HI-1")
        session.add(area)
        session.flush()
        held.area_id = area.id
        hawaii = sendable(session, here, target=to, address="hi@office.zz").id
        meeting = sendable(
            session,
            here,
            target=make.target(session, jurisdiction_code="US", address="m@office.zz"),
            address="m@office.zz",
        ).id
        waiting, approved = (
            made[9].id,
            sendable(session, here, target=to, address="hi@office.zz").id,
        )
        mailing = first.mailing_id
    olga.send(f"/letters/{hawaii}/schedule", {"when": "good"})
    chosen = {"when": "event", "event": "1", "event_days": "-2"}
    olga.send(f"/letters/{meeting}/schedule", chosen)
    with database.reading() as session:
        left = session.scalars(sa.select(Letter.state).where(Letter.id.in_((hawaii, meeting))))
        assert set(left) == {State.SCHEDULED}
    return {
        "mailing-held-back": f"/mailings/{mailing}",
        "letter-hawaii": f"/letters/{hawaii}",
        "letter-meeting": f"/letters/{meeting}",
        "letter-waiting": f"/letters/{waiting}",
        "letter-to-schedule": f"/letters/{approved}",
        "calendar-tied": "/directory/jurisdictions/US/calendar",
        "settings-times": "/campaign",
    }


@pytest.mark.long
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_pages_of_time_fit_and_are_accessible(
    window: Open, pages: dict[str, str], size: str
) -> None:
    for name, address in pages.items():
        page = window("ada" if name.startswith("settings") else "olga", size=size)
        page.goto(address)
        page.evaluate("document.querySelectorAll('main details').forEach(e => e.open = true)")
        assert_no_sideways_scroll(page)
        assert_accessible(page)
        take_picture(page, f"{name}-{size}")
