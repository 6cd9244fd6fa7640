"""Whole stories about when letters go, told through the pages and the clock's own tick."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.accounts import audit
from outreach.accounts.models import CLOCK, Campaign, Event, Member, Mode, Role
from outreach.directory import calendar
from outreach.directory.calendar import EntryKind
from outreach.directory.models import Office
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from tests import make
from tests.sending.conftest import EVERYBODY, FakePostman, Watch, sendable
from tests.sending.test_canary import alike

ZONES = {"GB": "Europe/London", "EE": "Europe/Tallinn", "IL": "Asia/Jerusalem"}
FRENCH = "FR"


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


@pytest.fixture
def live_campaign(database, campaign, now) -> int:
    """The campaign of the pages, live since before, with a mail account; its id."""
    with database.writing() as session:
        make.greetings_read(session)
        here = session.get_one(Campaign, campaign.id)
        here.mode, here.live_at = Mode.LIVE, now - dt.timedelta(days=30)
        make.mail_account(session, here)
        return here.id


def one_letter(database, campaign_id: int, **values) -> int:
    with database.writing() as session:
        return sendable(session, session.get_one(Campaign, campaign_id), **values).id


# -- 140 letters for "Tuesday morning" --------------------------------------------------------


@pytest.fixture
def mailing(database, campaign, now) -> list[int]:
    """140 approved letters of one mailing to four countries; a recess in one of them."""
    with database.writing() as session:
        here = session.get_one(Campaign, campaign.id)
        first = sendable(session, here)
        ids = [first.id]
        for code, zone in {**ZONES, FRENCH: "Europe/Paris"}.items():
            make.jurisdiction(session, code, timezone=zone)
            bodies = [make.organization(session, jurisdiction_code=code) for _ in range(2)]
            for n in range(35 - (code == "GB")):
                box = f"{code}{n}@office{n % 3}.example"
                values = {"jurisdiction_code": code, "body": bodies[n % 2], "address": box}
                to = make.target(session, **values)
                letter = sendable(session, here, target=to, address=box, **alike(session, first))
                ids.append(letter.id)
        calendar.add_entry(
            session,
            jurisdiction_code=FRENCH,
            kind=EntryKind.RECESS,
            name="Winter recess",
            starts_on=dt.date(2026, 2, 23),
            ends_on=dt.date(2026, 4, 5),
            by=EVERYBODY,
            now=now,
        )
        return ids


@pytest.mark.long
def test_140_letters_for_tuesday_morning(app_at, olga, mailing, database) -> None:
    """Each has its own local time; holiday, Sunday week, recess and the clock's change count."""
    app_at(utc(2026, 2, 20, 12))
    chosen = {"when": "good", "send_after": "2026-02-24T00:00"}
    page = olga.send("/mailings/1/schedule", chosen, follow_redirects=True).text
    assert "140 letters scheduled." in page
    with database.reading() as session:
        rows = session.scalars(sa.select(Letter).where(Letter.id.in_(mailing[1:]))).all()
        days: dict[str, Counter[dt.date]] = {}
        codes = dict(session.execute(sa.text("select id, jurisdiction_code from target")).all())
        for letter in rows:
            code = codes[letter.target_id]
            zone = ZoneInfo({**ZONES, FRENCH: "Europe/Paris"}[code])
            begins = letter.send_after.astimezone(zone)
            assert dt.time(8) <= begins.time() < dt.time(11), (code, begins)
            assert letter.send_before.astimezone(zone).time() == dt.time(11)
            days.setdefault(code, Counter())[begins.date()] += 1
            words = letter.send_because
            assert ("Independence Day" in words) is (code == "EE"), words
            assert ("Winter recess until 2026-04-05" in words) is (code == FRENCH), words
    assert min(days["GB"]) == dt.date(2026, 2, 24)
    # Tuesday the 24th is a holiday in Estonia; in Israel people work from Sunday to Thursday.
    assert min(days["EE"]) == dt.date(2026, 2, 25)
    assert {day.weekday() for day in days["IL"]} <= {0, 1, 2}
    # Easter Monday is the 6th; and it is summer time there since 29 March.
    assert min(days[FRENCH]) > dt.date(2026, 4, 6)
    assert max(count for some in days.values() for count in some.values()) <= 40
    page = olga.get(f"/letters/{mailing[-1]}").text
    assert "Why at this minute" in page and "Winter recess until 2026-04-05" in page
    assert "What would change it" in page


# -- the server was off for three days ----------------------------------------------------------


def test_nothing_goes_at_two_in_the_morning_after_three_days_off(
    app_at, olga, database, campaign, now
) -> None:
    ids = [one_letter(database, campaign.id) for _ in range(3)]
    for letter_id in ids:
        olga.send(f"/letters/{letter_id}/schedule", {"when": "good"})
    watch, postman = Watch(utc(2026, 3, 10, 2)), FakePostman()
    done = clock.tick(database, postman, now=watch, worker="a")
    assert (done.missed, postman.taken) == (3, [])
    app_at(watch())
    page = olga.get("/outbox").text
    assert "missed" in page
    assert "3" in olga.get("/").text
    page = olga.send("/outbox/missed", {"when": "good"}, follow_redirects=True).text
    assert "3 letters scheduled." in page
    clock.tick(database, postman, now=watch, worker="a")
    assert postman.taken == []
    with database.reading() as session:
        letters = session.scalars(sa.select(Letter).where(Letter.id.in_(ids))).all()
        assert {letter.state for letter in letters} == {State.SCHEDULED}
        assert all(letter.send_after > watch() for letter in letters)
        named = session.scalars(sa.select(Event.name).where(Event.subject_kind == "letter")).all()
        watch.now = max(letter.send_after for letter in letters) + dt.timedelta(minutes=1)
    assert Counter(named) == {"schedule": 6, "miss": 3}
    # And it can be undone, one by one, before it goes.
    olga.send(f"/letters/{ids[0]}/unschedule")
    clock.tick(database, postman, now=watch, worker="a")
    assert len(postman.taken) == 2


# -- another campaign of the house wrote yesterday ------------------------------------------------


@pytest.fixture
def wrote_yesterday(database, live_campaign, now) -> tuple[int, int]:
    """(a letter of ours, the other campaign) to a desk that the other wrote to on Monday."""
    with database.writing() as session:
        other = make.campaign(session, mode=Mode.LIVE, live_at=now)
        ours = sendable(session, session.get_one(Campaign, live_campaign))
        office = session.get_one(Office, ours.office_id)
        theirs = make.letter(
            session,
            other,
            state=State.SENT,
            sent_at=now - dt.timedelta(days=1),
            rehearsal=False,
            subject="A secret of theirs",
            recipient="Somebody else",
        )
        theirs.office_id = office.id
        audit.record(
            session,
            subject=("letter", theirs.id),
            name="deliver",
            by=CLOCK,
            now=now,
            campaign_id=other.id,
        )
        office.quiet_until = now + dt.timedelta(days=6)
        return ours.id, other.id


def test_who_belongs_to_one_campaign_learns_the_day_and_no_more(
    olga, wrote_yesterday, database
) -> None:
    letter_id, other = wrote_yesterday
    page = olga.get(f"/letters/{letter_id}").text
    assert "Another campaign of this house wrote to this desk on 2 March 2026." in page
    assert "until 9 March 2026" in page
    assert "See what was written" not in page
    page = olga.send(f"/letters/{letter_id}/schedule", {"when": "good"}, follow_redirects=True).text
    assert "the desk rests until" in page
    with database.reading() as session:
        letter = session.get_one(Letter, letter_id)
        assert letter.send_after > utc(2026, 3, 9, 9)
        desk = letter.office_id
    assert olga.get(f"/desks/{desk}?campaign={other}").status_code == 404


def test_who_belongs_to_both_gets_the_thread(olga, people, wrote_yesterday, database) -> None:
    letter_id, other = wrote_yesterday
    with database.writing() as session:
        user_id = people["olga"].user_id
        session.add(Member(campaign_id=other, user_id=user_id, role=Role.ORGANISER))
        desk = session.get_one(Letter, letter_id).office_id
    page = olga.get(f"/letters/{letter_id}").text
    address = f"/desks/{desk}?campaign={other}"
    assert "See what was written" in page and address in page
    page = olga.get(address)
    assert page.status_code == 200
    assert "another campaign you belong to" in page.text and "sent" in page.text
