"""The petition's pages: who sees and changes what, and what they say when there is nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign
from outreach.database import Database
from outreach.petitions import counts, seeding
from outreach.petitions.models import (
    Ask,
    Conflict,
    Demand,
    Fact,
    Measure,
    Objection,
    Petition,
    Reading,
    ReadingState,
    Unit,
)
from tests import make
from tests.browser import Browser, counted_queries
from tests.conftest import Once
from tests.web.conftest import Client

PAGES = [
    "/petition",
    "/petition/facts",
    "/petition/facts?use=avoid",
    "/petition/facts/R02",
    "/petition/facts/F09",
    "/petition/objections",
    "/petition/measures",
    "/petition/readings",
    "/petition/asks",
    "/petition/for-writers",
    "/petition/for-writers?language=de",
]
FORMS = [
    "/petition/demands/D1/edit",
    "/petition/facts/new",
    "/petition/facts/R02/edit",
    "/petition/about/stophvalt-2020/edit",
    "/petition/asks/D2/omon/edit",
    "/petition/names/gubopik/edit",
    "/petition/conflicts/C-DET/edit",
    "/petition/conflicts/new",
    "/petition/objections/O1/edit",
    "/petition/objections/new",
    "/petition/measures/M1/edit",
    "/petition/measures/new",
    "/petition/readings/new",
]
PAGE = "https://petition.example/en"


@pytest.fixture
def campaign(database: Database, now: dt.datetime, once: Once) -> Campaign:
    """The built-in campaign."""

    def seed(session: Session) -> None:
        seeding.seed_campaign(session, seeding.BUILTIN, now=now, by=Actor("operator"))

    once(database, "built-in campaign", seed)
    with database.reading() as session:
        campaign = session.scalars(sa.select(Campaign)).one()
        session.expunge(campaign)
        return campaign


def first(database: Database, model: type, code: str) -> Any:
    with database.reading() as session:
        row = session.scalars(sa.select(model).where(model.code == code)).one()
        session.expunge(row)
        return row


def only_reading(database: Database) -> Reading:
    with database.reading() as session:
        reading = session.scalars(sa.select(Reading)).one()
        session.expunge(reading)
        return reading


def enter(browser: Browser, value: int, **typed: Any) -> Any:
    browser.get("/petition/readings/new")
    return browser.press(
        "Enter this count", value=value, page_url=PAGE, read_on="2026-03-02", **typed
    )


@pytest.mark.parametrize("path", PAGES)
def test_volunteers_read_everything_and_change_nothing(vera: Client, path: str) -> None:
    page = Browser(vera).get(path)

    assert "Edit" not in page
    assert "Enter a count" not in page


@pytest.mark.parametrize("path", FORMS)
def test_forms_are_for_staff(vera: Client, sam: Client, path: str) -> None:
    Browser(vera).get(path, status=403)
    Browser(sam).get(path)


def test_without_a_count_no_page_says_zero(sam: Client) -> None:
    for path in ("/petition", "/petition/readings"):
        page = Browser(sam).get(path)
        assert "No count yet: nobody has read the petition's page" in page
        assert "0 people" not in page
        assert "0 of 75,000" not in page


def test_the_petition_page_tells_goal_and_next_step_apart(vera: Client) -> None:
    page = Browser(vera).get("petitions.index")

    assert page.heading == "What do we ask, and how sure are we?"
    assert "Campaign's goal75,000" in page
    assert "Platform's next step75,000" in page
    assert "Campaign text and demands: StopHvalt petition, December 2020" in page
    assert "in the petition" in page
    assert "ours, not the petition's" in page


def test_a_first_count_is_held_until_an_organiser_accepts_it(
    sam: Client, olga: Client, database: Database
) -> None:
    staff, organiser = Browser(sam), Browser(olga)
    page = enter(staff, 62_001)
    assert "It is the first reading of this page." in page
    assert "An organiser accepts or refuses it." in page
    assert "No count yet" in page

    organiser.get("petitions.index")
    page = organiser.press("Accept 62,001")

    assert "As of 2 March 2026, more than 62,000 people had signed the petition." in page
    assert "Bis zum 2. März 2026 hatten mehr als 62.000 Menschen die Petition unter" in page
    assert "Au 2 mars 2026, plus de 62 000 personnes" in page
    assert "62,001 of 75,000" in page
    reading = only_reading(database)
    assert (reading.by, reading.decided_by) == ("Sam", "Olga")


def test_a_fall_waits_and_the_last_good_count_stays(sam: Client, olga: Client) -> None:
    staff, organiser = Browser(sam), Browser(olga)
    enter(staff, 62_001)
    organiser.get("petitions.readings")
    organiser.press("Accept 62,001")

    page = enter(staff, 61_400)

    assert "It fell: the last accepted count is 62,001." in page
    assert "62,001 people had signed on 2 March 2026." in page
    assert "That is 1 day ago." in page
    organiser.get("petitions.readings")
    page = organiser.press("Refuse this count")
    assert "Refused. It stays in the history" in page
    assert "61,400" in page


def test_zero_is_never_accepted_anywhere(sam: Client, olga: Client, database: Database) -> None:
    enter(Browser(sam), 0)
    organiser = Browser(olga)
    page = organiser.get("petitions.readings")
    assert "0 is never printed" in page
    assert not [button for button in organiser.buttons() if button.startswith("Accept")]

    reading = only_reading(database)
    page = organiser.post(f"/petition/readings/{reading.id}/accept", status=409)

    assert "0 is not a count" in page


def test_staff_never_accept(sam: Client, database: Database) -> None:
    browser = Browser(sam)
    enter(browser, 62_001)
    reading = only_reading(database)
    browser.get("petitions.new_reading")

    browser.post(f"/petition/readings/{reading.id}/accept", status=403)

    assert only_reading(database).state is ReadingState.HELD


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"value": ""}, "Write the count as a whole number"),
        ({"value": "-1"}, "Write the count as a whole number"),
        ({"page_url": "change"}, "beginning with https://"),
        ({"page_url": ""}, "Give the page's full address."),
        ({"read_on": "2026-03-09"}, "This day is still to come."),
    ],
)
def test_a_wrong_count_is_explained_at_its_field(
    sam: Client, typed: dict[str, str], says: str
) -> None:
    browser = Browser(sam)
    browser.get("petitions.new_reading")

    page = browser.press(
        "Enter this count",
        status=422,
        **{"value": "1", "page_url": PAGE, "read_on": "2026-03-02"} | typed,
    )

    assert says in page


def test_a_demand_is_edited_and_keeps_other_languages(sam: Client, database: Database) -> None:
    with database.writing() as session:
        demand = session.scalars(sa.select(Demand).where(Demand.code == "D1")).one()
        demand.wording = {**demand.wording, "lv": "atzīt"}
    browser = Browser(sam)
    browser.get("/petition/demands/D1/edit")

    page = browser.press("Save the demand", text="Say it plainly.", wording_fr="")

    assert "D1 is saved." in page
    demand = first(database, Demand, "D1")
    assert demand.text == "Say it plainly."
    assert {"de", "en"} <= set(demand.wording) and "fr" not in demand.wording
    assert demand.wording["lv"] == "atzīt"


def test_a_fact_is_edited_and_shows_its_history(sam: Client, database: Database) -> None:
    browser = Browser(sam)
    before = first(database, Fact, "R02")
    browser.get("/petition/facts/R02/edit")

    page = browser.press("Save the fact", figure="38000")

    assert "R02 is saved." in page
    assert "More than 38,000 people were arrested" in page
    assert "mehr als 38.000 Menschen" in page
    assert "figure was: 37000" in page
    after = first(database, Fact, "R02")
    assert (after.version, after.figure) == (2, 38_000)
    for name in ("as_of", "as_of_precision", "wording", "citation", "caveat", "conflict_group"):
        assert getattr(after, name) == getattr(before, name), name


@pytest.mark.parametrize("code", ["F04", "F07", "F16", "F09", "R07", "DEF-GDT"])
def test_saving_a_fact_unchanged_changes_nothing(
    sam: Client, database: Database, code: str
) -> None:
    browser = Browser(sam)
    browser.get(f"/petition/facts/{code}/edit")
    browser.press("Save the fact")

    assert first(database, Fact, code).version == 1


def test_of_two_writers_of_one_fact_the_second_is_told(sam: Client, olga: Client) -> None:
    one, other = Browser(sam), Browser(olga)
    one.get("/petition/facts/R02/edit")
    other.get("/petition/facts/R02/edit")
    other.press("Save the fact", figure="38000")

    page = one.press("Save the fact", figure="39000", status=409)

    assert "Somebody changed fact R02 while you were writing" in page


def test_a_new_fact_needs_unit_day_and_source(sam: Client, database: Database) -> None:
    browser = Browser(sam)
    browser.get("petitions.new_fact")
    typed = {"code": "R98", "statement": "People in prison.", "figure": "1100", "use": "ok"}

    assert "A figure needs its unit" in browser.press("Save the fact", status=422, **typed)
    typed |= {"unit": "people"}
    assert "A figure needs the day" in browser.press("Save the fact", status=422, **typed)
    typed |= {"as_of": "December"}
    assert "Write a year, a month or a day" in browser.press("Save the fact", status=422, **typed)
    typed |= {"as_of": "2025-12"}
    assert "Say where this comes from" in browser.press("Save the fact", status=422, **typed)
    typed |= {"source_publisher": "Agencies", "wording_en": "About 1,100 people."}
    assert "Write {figure}" in browser.press("Save the fact", status=422, **typed)
    typed |= {"wording_en": "About {figure} people are in prison.", "citation_en": "Agencies"}
    page = browser.press("Save the fact", **typed)

    assert "About 1,100 people are in prison (as of December 2025; Agencies)." in page
    browser.get("petitions.new_fact")
    again = browser.press("Save the fact", status=422, **typed)
    assert "There is a fact R98 already." in again
    assert first(database, Fact, "R98").version == 1


def test_objections_and_measures_are_edited(sam: Client, database: Database) -> None:
    browser = Browser(sam)
    browser.get("/petition/objections/O4/edit")
    assert "O4 is saved." in browser.press("Save the objection", answer="We don't know.")
    browser.get("/petition/measures/M6/edit")
    assert "M6 is saved." in browser.press("Save the measure", jurisdictions="gb, ca, us")

    assert first(database, Objection, "O4").answer == "We don't know."
    measure = first(database, Measure, "M6")
    assert measure.jurisdictions == ["GB", "CA", "US"]
    assert "United States" in browser.get("petitions.measures")


def test_the_petition_and_its_credit_lines_are_edited(sam: Client, database: Database) -> None:
    browser = Browser(sam)
    browser.get("petitions.index")
    browser.follow("Edit the petition")

    wrong = browser.press("Save the petition", status=422, credit_en="", platform_step="0")
    assert "Write the credit line in English." in wrong
    page = browser.press("Save the petition", credit_en="Text: StopHvalt", platform_step="")

    assert "The petition is saved." in page
    assert "Text: StopHvalt" in page
    with database.reading() as session:
        petition = session.scalars(sa.select(Petition)).one()
        assert petition.platform_step is None
        assert petition.credit.keys() >= {"de", "en", "fr"}


def test_an_ask_is_edited(sam: Client, database: Database) -> None:
    browser = Browser(sam)
    browser.get("/petition/asks/D2/omon/edit")

    typed = {"roles": ["mep", "ambassador"], "eu_members_only": "y"}
    wrong = browser.press("Save the ask", status=422, jurisdictions="QQ", **typed)
    assert "The directory has no jurisdiction QQ." in wrong
    page = browser.press("Save the ask", jurisdictions="")

    assert "D2/omon is saved." in page
    ask = first(database, Ask, "D2/omon")
    assert (ask.roles, ask.eu_members_only) == (["mep", "ambassador"], True)


def test_a_name_is_edited_and_keeps_what_it_is_called_at_home(
    sam: Client, database: Database
) -> None:
    browser = Browser(sam)
    before = first(database, Unit, "omon")
    browser.get("/petition/names/omon/edit")

    page = browser.press("Save the name", names_de="Belarussische OMON", note="")

    assert "omon is saved." in page
    after = first(database, Unit, "omon")
    assert after.names == {**before.names, "de": "Belarussische OMON"}
    assert (after.native, after.expansions) == (before.native, before.expansions)


def test_conflicts_are_edited_and_added(sam: Client, database: Database) -> None:
    browser = Browser(sam)
    browser.get("/petition/conflicts/C-DET/edit")
    page = browser.press("Save the conflict", resolution="Take R02.")
    assert "C-DET is saved." in page
    assert "Take R02." in page

    browser.follow("Add a conflict")
    typed = {"code": "C-NEW", "what": "Two days", "resolution": "Take the later."}
    assert "C-NEW is saved." in browser.press("Save the conflict", **typed)

    assert first(database, Conflict, "C-NEW").explanation == ""
    assert "C-NEW: Two days" in browser.get("petitions.new_fact")


def test_objections_and_measures_are_added_under_a_free_code(sam: Client) -> None:
    browser = Browser(sam)
    browser.get("petitions.objections")
    browser.follow("Add an objection")
    typed = {"code": "O1", "says": "It is late.", "answer": "It is."}
    wrong = browser.press("Save the objection", status=422, **typed)
    assert "O1 is taken already." in wrong
    assert "O8: It is late." in browser.press("Save the objection", code="O8")

    browser.get("petitions.measures")
    browser.follow("Add a measure")
    typed = {"code": "M9", "what": "A ban", "jurisdictions": "us", "taken_on": "2021"}
    assert "A ban" in browser.press("Save the measure", **typed)


def test_another_campaigns_rows_are_not_found(sam: Client, database: Database) -> None:
    with database.writing() as session:
        other = make.campaign(session)
        make.fact(session, other, code="X1")
        petition = make.petition(session, other)
        reading = counts.add_reading(
            session,
            petition=petition,
            value=5,
            page_url=PAGE,
            read_on=None,
            by=make.sam(session, other),
            now=make.NOW,
        )
    browser = Browser(sam)

    browser.get("/petition/facts/X1", status=404)
    assert "petition.example" not in browser.get("petitions.readings")
    Browser(sam).get("/petition/facts/new")
    browser.get("petitions.new_reading")
    browser.post(f"/petition/readings/{reading.id}/refuse", status=403)


@pytest.mark.parametrize("path", ["/petition", "/petition/facts", "/petition/readings"])
def test_pages_ask_the_database_a_fixed_number_of_times(
    sam: Client, database: Database, campaign: Campaign, app: Flask, path: str
) -> None:
    with counted_queries(app.extensions["outreach"].database.engine, at_most=14):
        Browser(sam).get(path)
