"""A whole year of the real clock: no letter outside the hours of its desk, in any jurisdiction."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach import clock
from outreach.config import shipped
from outreach.directory.models import Area, ContactDetail, Membership, Target
from outreach.directory.zones import zone_of
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import timetable
from outreach.sending.hours import Place, rest_on
from tests import make
from tests.sending.conftest import EVERYBODY, FakePostman, Watch, sendable

# Parts of countries with several clocks, beside every jurisdiction there is.
AREAS = (("US", "HI-1"), ("US", "AK-0"), ("US", "California"), ("CA", "Alberta"), ("AU", "Perth"))
BEGINS = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


def desks() -> list[tuple[str, str, str]]:
    """(code, seat's zone, area) of every desk of this test."""
    found = []
    for path in sorted((shipped("contacts") / "jurisdictions").glob("*.yaml")):
        said = dict(re.findall(r"^(code|timezone): (\S+)$", path.read_text("utf-8"), re.MULTILINE))
        found.append((said["code"], said["timezone"], ""))
    seats = {code: zone for code, zone, _area in found}
    return found + [(code, seats[code], area) for code, area in AREAS]


def letter_to(session, campaign, version, code: str, seat: str, area: str, number: int) -> Letter:
    make.jurisdiction(session, code, timezone=seat)
    box = f"desk{number}@office{number}.example"
    to = make.target(session, jurisdiction_code=code, address=box)
    if area:
        held = session.get_one(Membership, to.membership_id)
        row = session.scalar(sa.select(Area).where(Area.name == area))
        if row is None:
            row = Area(jurisdiction_code=code, name=area)
            session.add(row)
            session.flush()
        held.area_id = row.id
    return sendable(session, campaign, target=to, address=box, version=version)


@pytest.mark.long
def test_a_year_of_ticks_sends_nothing_outside_its_window(empty_sqlite) -> None:
    """Every 37 days letters to every desk are planned, then the tick runs: whenever one is due, and
    in between at hours when nobody reads. (`test_hours` looks at every day of the year.)
    """
    database, wanted = empty_sqlite, desks()
    assert len({code for code, _seat, _area in wanted}) >= 30
    with database.writing() as session:
        campaign = make.campaign(session)
        version = make.template_version(session, campaign, read_by="Nora", read_on=BEGINS.date())
        campaign_id, version_id = campaign.id, version.id
    watch, postman, number = Watch(BEGINS), FakePostman(), 0
    while watch() < BEGINS + dt.timedelta(days=365):
        with database.writing() as session:
            campaign = session.get_one(type(campaign), campaign_id)
            shared = session.get_one(type(version), version_id)
            made = []
            for code, seat, area in wanted:
                number += 1
                made.append(letter_to(session, campaign, shared, code, seat, area, number).id)
            session.execute(sa.update(ContactDetail).values(verified_on=watch().date()))
            there = joinedload(Letter.target).joinedload(Target.jurisdiction)
            query = sa.select(Letter).where(Letter.id.in_(made)).options(there)
            letters = session.scalars(query).all()
            timetable.schedule_at_good_hours(
                session, letters, send_after=watch(), by=EVERYBODY, now=watch()
            )
        planned = watch()
        while (due := next_due(database)) is not None:
            for at in (due - dt.timedelta(hours=7), due + dt.timedelta(minutes=number % 5)):
                watch.now = max(watch(), at)
                clock.tick(database, postman, now=watch, worker="a")
        watch.now = planned + dt.timedelta(days=37)
    judged(database, len(postman.taken))


def next_due(database) -> dt.datetime | None:
    """When the next scheduled letter may go."""
    with database.reading() as session:
        return session.scalar(
            sa.select(sa.func.min(Letter.send_after)).where(Letter.state == State.SCHEDULED)
        )


def judged(database, taken: int) -> None:
    """Every letter that went was in the morning of a working day of its own desk."""
    with database.reading() as session:
        rows = session.execute(
            sa.select(Letter.sent_at, Target.jurisdiction_code, Area.name.label("area"))
            .join(Target, Target.id == Letter.target_id)
            .join(Membership, Membership.id == Target.membership_id)
            .outerjoin(Area, Area.id == Membership.area_id)
            .where(Letter.state == State.SENT)
        ).all()
        missed = session.scalars(sa.select(Letter).where(Letter.state == State.MISSED)).all()
    seats = {code: seat for code, seat, _area in desks()}
    offsets: dict[str, set[dt.timedelta | None]] = {}
    sent = Counter[str]()
    for row in rows:
        code = row.jurisdiction_code
        zone = zone_of(code, seats[code], row.area or "")
        local = row.sent_at.astimezone(ZoneInfo(zone.name))
        assert dt.time(8) <= local.time() < dt.time(11), (code, row.area, local)
        assert rest_on(Place(code, zone.info), local.date()) is None, (code, local)
        offsets.setdefault(zone.name, set()).add(local.utcoffset())
        sent[row.area or code] += 1
    assert len(rows) == taken > 400
    # Ticks 47 minutes apart miss the last minutes of some mornings: then nothing goes late.
    assert len(missed) < len(rows)
    assert min(sent.values()) >= 5
    # Both sides of the change of the clock were seen.
    assert offsets["Europe/Berlin"] == {dt.timedelta(hours=1), dt.timedelta(hours=2)}
    assert len(offsets["Pacific/Honolulu"]) == 1
