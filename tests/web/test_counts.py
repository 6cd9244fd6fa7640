"""The signature count in the browser: entered, fetched, fallen, flapping, in two pages."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign
from outreach.database import Database
from outreach.letters import making
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Quotation, Template
from outreach.petitions import counts, milestones, page_rules
from outreach.petitions.models import Petition, Reading, ReadingState
from outreach.petitions.pages import Milestone, MilestoneState, Page, PageRule
from outreach.petitions.sources import fetching
from outreach.web import petitions_pages
from tests import make
from tests.browser import Browser, counted_queries
from tests.conftest import NOW
from tests.letters.setting import Setting
from tests.petitions.places import SLUG, Places, change_page
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)
from tests.web.conftest import Client

EN, FR = "https://petition.example/en", "https://petition.example/fr"
DAY = NOW.date() - dt.timedelta(days=30)


class House:
    """The campaign with a petition, its people, and a template whose letters say the count."""

    def __init__(self, database: Database, campaign: Campaign, people: dict[str, Actor]) -> None:
        self.database, self.campaign_id, self.people = database, campaign.id, people
        self.day = DAY
        with database.writing() as session:
            self.petition_id = make.petition(session, campaign).id

    def counted(self, *values: int, url: str = EN) -> None:
        """The page shows `values`, a day after the other; an organiser accepts what is held."""
        for value in values:
            self.day += dt.timedelta(days=1)
            with self.database.writing() as session:
                reading = counts.add_reading(
                    session,
                    petition=session.get_one(Petition, self.petition_id),
                    value=value,
                    page_url=url,
                    read_on=self.day,
                    by=self.people["sam"],
                    now=NOW,
                )
                if reading.state is ReadingState.HELD:
                    counts.accept(session, reading, by=self.people["olga"], now=NOW)

    def page(self, url: str, rule: PageRule = PageRule.POOL) -> int:
        """A page of the petition; its number."""
        with self.database.writing() as session:
            petition = session.get_one(Petition, self.petition_id)
            page = page_rules.page_of(session, petition, url)
            wanted = page_rules.Settings(rule=rule)
            page_rules.change_page(session, page, wanted, by=self.people["olga"], now=NOW)
            return page.id

    def letters(self, *names: str, state: State = State.DRAFT, **values: Any) -> list[int]:
        """Letters that quote the count of today, in one mailing."""
        with self.database.writing() as session:
            campaign = session.get_one(Campaign, self.campaign_id)
            count = counts.current_count(session, campaign.id, NOW.date())
            assert count is not None
            words = counts.careful_sentence(count, "en")
            mailing = None
            made = []
            for name in names:
                letter = make.letter(
                    session,
                    campaign,
                    state=state,
                    target=make.target(session, name=name),
                    text=f"Dear {name},\n\n{words}\n\nYours,",
                    quotations=[Quotation(reading_id=one.id, text=words) for one in count.readings],
                    **({"mailing": mailing} if mailing else {}),
                    **values,
                )
                session.flush()
                mailing = session.get_one(make.Mailing, letter.mailing_id)
                made.append(letter.id)
            return made


@pytest.fixture
def house(database: Database, campaign: Campaign, people: dict[str, Actor]) -> House:
    return House(database, campaign, people)


@pytest.fixture(scope="module")
def server() -> Iterator[Places]:
    places = Places()
    yield places
    places.close()


@pytest.fixture
def places(server: Places, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A server of petition pages, which the application may reach by its public name."""
    server.answers.clear()
    monkeypatch.setattr(petitions_pages, "_wire", server.wire)
    return server


def row(session: Session, kind: Any) -> Any:
    found = session.scalars(sa.select(kind)).one()
    session.expunge(found)
    return found


def test_a_count_by_hand_is_said_in_each_language_with_its_day(
    house: House, sam: Client, olga: Client, database: Database
) -> None:
    """Scenario 8."""
    staff, organiser = Browser(sam), Browser(olga)
    staff.get("petitions.new_reading")
    staff.press("Enter this count", value=62_001, page_url=EN, read_on="2026-03-02")
    organiser.get("petitions.readings")
    page = organiser.press("Accept 62,001")

    assert "As of 2 March 2026, more than 62,000 people had signed the petition." in page
    assert "Bis zum 2. März 2026 hatten mehr als 62.000 Menschen" in page
    assert "Au 2 mars 2026, plus de 62" in page
    with database.writing() as session:
        setting = Setting(session, NOW)
        session.execute(sa.update(Reading).values(campaign_id=setting.campaign.id))
        session.execute(sa.update(Page).values(campaign_id=setting.campaign.id))
        setting.version.body = "{{ signatures }} {{ signatures_exact }}"
        setting.version.language = "de"
        (letter,), _ = setting.drafts(
            make.target(session, name="Ida", role=make.TargetRole.MEMBER_LOWER),
            fallback_language="de",
        )
        assert "mehr als 62.000 Menschen" in letter.text
        assert "hatten 62.001 Menschen" in letter.text
        quoted = session.scalars(sa.select(Quotation.reading_id)).all()
        assert len(quoted) == 1, "one reading, in two sentences"


def test_an_unreachable_page_keeps_the_last_good_count_with_its_age(
    house: House, sam: Client, olga: Client, database: Database, places: Places
) -> None:
    """Scenario 9: a login wall, then “0 have signed”; nothing says 0."""
    url = places.page(f"/p/{SLUG}", change_page(62_001))
    browser = Browser(sam)
    browser.get("petitions.new_page")
    page = browser.press("Try to read it", page_url=url, adapter="change_org")
    assert "nothing was kept." in page and "Count: 62,001." in page
    with database.reading() as session:
        assert session.scalars(sa.select(Page)).all() == []
    browser.press("Save", page_url=url, adapter="change_org", every_hours="24", name="English")
    browser.get("petitions.readings")
    page = browser.press("Fetch now")
    assert "Read: 62,001. It waits: It is the first reading of this page." in page
    Browser(olga).get("petitions.readings")
    organiser = Browser(olga)
    organiser.get("petitions.readings")
    organiser.press("Accept 62,001")
    (letter_id,) = house.letters("Ida", state=State.REVIEW)

    places.page(f"/p/{SLUG}", "<html><form><input type='password'></form></html>")
    browser.get("petitions.readings")
    page = browser.press("Fetch now")
    assert "English can't be read since" in page
    assert "The server shows a sign-in page in place of the petition." in page
    assert "The last good count stays; it is of today." in page
    places.page(f"/p/{SLUG}", change_page(0))
    with places.wire() as wire:
        fetching.fetch_due(database, now=NOW + dt.timedelta(days=61), wire=wire)

    later = NOW + dt.timedelta(days=61)
    with database.reading() as session:
        assert set(session.scalars(sa.select(Reading.value))) == {62_001}
    organiser.client.application.extensions["outreach"] = replaced(organiser, later)
    page = organiser.get("petitions.readings")
    assert "The page says that 0 have signed" in page
    assert "it is 61 days old" in page and "Too old to print" in page
    page = organiser.get("letters.letter", letter_id=letter_id)
    assert "The number is 61 days old" in page
    page = organiser.press("Approve")
    assert "The number in this letter can't be said." in page
    with database.reading() as session:
        assert session.get_one(Letter, letter_id).state is State.REVIEW


def replaced(browser: Browser, instant: dt.datetime) -> Any:
    """The installation with another day on its clock."""
    made = browser.client.application.extensions["outreach"]
    return type(made)(made.settings, made.database, lambda: instant)


def test_an_accepted_fall_marks_what_has_not_left_and_lets_it_be_drawn_anew(
    house: House, sam: Client, olga: Client, database: Database
) -> None:
    """Scenario 10."""
    house.counted(62_001)
    first, second = house.letters("Ida", "Jan")
    (approved,) = house.letters("Kim", state=State.APPROVED)
    with database.writing() as session:
        mailing_id = session.get_one(Letter, first).mailing_id
        session.add(
            Milestone(
                campaign_id=house.campaign_id,
                value=62_000,
                state="done",
                reached_at=NOW,
                decided_by="Olga",
                decided_at=NOW,
            )
        )
    browser = Browser(sam)
    browser.get("petitions.new_reading")
    page = browser.press("Enter this count", value=61_400, page_url=EN, read_on="2026-03-01")
    assert "It fell: the last accepted count is 62,001." in page
    assert "Number changed" not in browser.get("letters.mailing", mailing_id=mailing_id)
    organiser = Browser(olga)
    organiser.get("petitions.readings")
    organiser.press("Accept 61,400")

    words = "Number changed: this letter rests on 62,001 signatures, and the count is 61,400."
    for letter_id in (first, second, approved):
        assert words in browser.get("letters.letter", letter_id=letter_id)
    page = browser.get("letters.mailing", mailing_id=mailing_id)
    assert words in page and "2 letters that have not left say it" in page
    assert "Draw 2 drafts anew with the number of today" in browser.buttons()
    with database.reading() as session:
        assert session.get_one(Letter, approved).state is State.APPROVED, "held when it is to go"
        assert row(session, Milestone).state is MilestoneState.DONE, "no milestone is un-sent"


def test_a_flapping_count_proposes_follow_ups_exactly_once(
    house: House, sam: Client, olga: Client, vera: Client, database: Database
) -> None:
    """Scenario 11: 74,990, 75,010, 74,995, 75,020."""
    organiser = Browser(olga)
    page = organiser.get("petitions.edit_milestones")
    assert "These fit the goal of 75,000" in page
    page = organiser.press("Save", values="62,500\n75 000\nmany", status=422)
    assert "“many” is no whole number." in page
    page = organiser.press("Save", values="75 000")
    assert "75,000" in page and "ahead" in page
    house.counted(62_001)
    house.letters("Ida", "Jan", state=State.SENT)
    for value in (67_000, 72_000, 74_990, 75_010, 74_995, 75_020, 74_990, 75_030):
        house.counted(value)
    with database.reading() as session:
        milestone_id = row(session, Milestone).id
    page = organiser.get("petitions.milestone", milestone_id=milestone_id)
    assert page.heading == "75,000 signatures: who should hear of it?"
    assert "Ida" in page and "Jan" in page and "62,001" in page
    assert "more than 62,000 people had signed" in page
    Browser(vera).get(f"/petition/milestones/{milestone_id}", status=403)
    assert "To write to them you need a letter that follows another one" in page

    with database.writing() as session:
        campaign = session.get_one(Campaign, house.campaign_id)
        version = make.template_version(session, campaign, subject="More", body="{{ signatures }}")
        session.get_one(Template, version.template_id).kind = LetterKind.REMINDER
        make.sender(session, campaign)
    organiser.get("petitions.milestone", milestone_id=milestone_id)
    page = organiser.press("Draft letters to these 2")
    assert "The drafts are being made." in page
    while making.work(database, now=lambda: NOW, worker="test"):
        pass
    with database.reading() as session:
        drafts = session.scalars(sa.select(Letter).where(Letter.kind == LetterKind.REMINDER)).all()
        assert {one.recipient for one in drafts} == {"Ida", "Jan"}
        assert all(one.state is State.DRAFT and one.follows_id for one in drafts)
    house.counted(75_040, 75_050)
    page = organiser.get("petitions.milestone", milestone_id=milestone_id)
    assert "Settled by Olga" in page and "Draft letters" not in page
    assert "who was told a lower number" in organiser.follow("Look at its letters")
    with database.reading() as session:
        rows = milestones.milestones_of(session, house.campaign_id)
        assert [one.state for one in rows] == [MilestoneState.DONE]


def test_an_organiser_tells_nobody(house: House, olga: Client, database: Database) -> None:
    with database.writing() as session:
        session.add(
            Milestone(campaign_id=house.campaign_id, value=5, state="reached", reached_at=NOW)
        )
    browser = Browser(olga)
    browser.get("petitions.readings")
    page = browser.follow("5")
    assert "Nobody to tell" in page
    browser.press("Tell nobody")
    with database.reading() as session:
        assert row(session, Milestone).state is MilestoneState.DONE


def test_two_pages_of_one_pool_and_what_every_draft_would_say_if_they_added(
    house: House, sam: Client, olga: Client, database: Database
) -> None:
    """Scenario 12."""
    house.counted(62_001)
    house.counted(62_002, url=FR)
    house.letters("Ida")
    french = house.page(FR)
    organiser = Browser(olga)
    page = organiser.get("petitions.readings")
    assert "62,002 people had signed" in page

    organiser.get("petitions.edit_page", page_id=french)
    page = organiser.press("Save", rule="add")

    assert "This changes the number. Look, then save." in page
    assert "Now it is 62,002. Then it would be 124,003." in page
    assert "What every draft would now say" in page
    assert "more than 124,000 people had signed the petition." in page
    assert "mehr als 124.000 Menschen" in page, "behind “In the other languages”"
    assert "1 letter that has not left quotes a count. No letter would be stopped" in page
    with database.reading() as session:
        assert session.get_one(Page, french).rule is PageRule.POOL, "looking changes nothing"
    page = organiser.press("Save it so")
    assert "124,003 people had signed" in page
    # Back again: now the letters of the higher number would be stopped.
    house.letters("Jan")
    organiser.get("petitions.edit_page", page_id=french)
    page = organiser.press("Save", rule="exclude")
    assert "Then it would be 62,001." in page
    assert "2 of them would be stopped, because they say more than the number then." in page
    # Staff reads how it counts, and can't change it.
    page = Browser(sam).get("petitions.edit_page", page_id=french)
    assert "An organiser can change that." in page


def test_a_try_says_what_came_instead(house: House, sam: Client, places: Places) -> None:
    url = places.page("/page", "<html><p>0 have signed</p></html>")
    browser = Browser(sam)
    browser.get("petitions.new_page")
    page = browser.press(
        "Try to read it", page_url=url, adapter="css_selector", selector="p", status=200
    )
    assert "there was no count" in page and "0 have signed" in page
    page = browser.press("Try to read it", page_url=url, adapter="")
    assert "there is nothing to try" in page
    page = browser.press("Try to read it", page_url="nowhere", adapter="change_org")
    assert "beginning with https://" in page
    page = browser.press("Save", page_url="nowhere", adapter="change_org", status=422)
    assert "Give the page's full address, beginning with https://." in page
    browser.press("Save", page_url=url, adapter="json_path", path="data.count", every_hours="6")
    page = browser.get("petitions.readings")
    assert "A server that answers with JSON" in page.words or "JSON" in page


def test_a_file_of_counts(house: House, sam: Client, database: Database) -> None:
    browser = Browser(sam)
    browser.get("petitions.upload_readings")

    def send(text: str) -> Any:
        return sam.send(
            "/petition/readings/file",
            {
                "petition": str(house.petition_id),
                "page_url": EN,
                "file": (io.BytesIO(text.encode()), "counts.csv"),
            },
            content_type="multipart/form-data",
            follow_redirects=True,
        )

    answer = send("2026-01-01,50000\nyesterday,50001\n")
    assert answer.status_code == 422
    assert "line 2: “yesterday” is no day" in answer.text
    with database.reading() as session:
        assert session.scalars(sa.select(Reading)).all() == []
    answer = send("2026-01-01,50000\n2026-01-02,50001\n")
    assert "2 counts added, 2 of them wait; 0 were known." in answer.text


def test_the_history_is_a_chart_with_held_marks_and_a_table(
    app: Flask, house: House, sam: Client
) -> None:
    house.counted(50_000, 52_000, 54_000)
    browser = Browser(sam)
    browser.get("petitions.new_reading")
    browser.press("Enter this count", value=10, page_url=EN, read_on="2026-03-02")
    with counted_queries(app.extensions["outreach"].database.engine, at_most=16):
        page = browser.get("petitions.readings")
    assert "How the number grew" in page
    html = page.page.html
    assert html.count('class="chart-dot"') == 4 and html.count('class="chart-held"') == 2
    assert "3 numbers counted, 1 held" in html
    assert "a count that is held" in page
    assert "Counts that were decided" in page


@pytest.mark.long
@pytest.mark.parametrize(("size", "theme"), [("desk", "light"), ("phone", "dark")])
def test_the_pages_of_the_count_in_a_real_browser(
    house: House, window: Open, database: Database, size: str, theme: str
) -> None:
    for values in ((50_000, 52_400, 52_900, 54_000, 57_800), (60_100, 61_000, 62_001)):
        house.counted(*values)
    house.counted(62_000 + 10, url=FR)
    paper = house.page("https://petition.example/paper", PageRule.ADD)
    with database.writing() as session:
        petition = session.get_one(Petition, house.petition_id)
        for value, day in ((61_400, 2), (75_000, 3)):
            counts.add_reading(
                session,
                petition=petition,
                value=value,
                page_url=EN,
                read_on=dt.date(2026, 3, day),
                by=house.people["sam"],
                now=NOW,
            )
        page = session.get_one(Page, paper)
        page.adapter, page.failed_at = "json_path", NOW
        page.failure = {"text": "The server did not answer in time.", "values": {}}
        session.add(
            Milestone(campaign_id=house.campaign_id, value=62_500, state="reached", reached_at=NOW)
        )
        milestone = session.scalars(sa.select(Milestone)).one().id
    house.letters("Ida", "Jan", state=State.SENT)
    shown = window("olga", "/petition/readings", size=size, theme=theme)
    addresses = {
        "counts": "/petition/readings",
        "counts-page": f"/petition/pages/{paper}",
        "counts-file": "/petition/readings/file",
        "counts-milestones": "/petition/milestones",
        "counts-milestone": f"/petition/milestones/{milestone}",
    }
    for name, address in addresses.items():
        shown.goto(address)
        assert_accessible(shown)
        assert_no_sideways_scroll(shown)
        take_picture(shown, f"{name}-{size}-{theme}")
    shown.goto(addresses["counts-page"])
    shown.get_by_label("not counted").check()
    with shown.expect_navigation():
        shown.get_by_role("button", name="Save", exact=True).click()
    assert_accessible(shown)
    assert_no_sideways_scroll(shown)
    take_picture(shown, f"counts-rule-{size}-{theme}")
