"""From the list to adding by hand: the country, its bodies, what is there already."""

from __future__ import annotations

import datetime as dt

import pytest

from outreach.database import Database
from outreach.directory.models import Organization, OrganizationKind
from outreach.web.directory import unreachable
from tests import make
from tests.browser import Browser
from tests.conftest import NOW
from tests.web.conftest import Client


@pytest.fixture
def bodies(database: Database) -> dict[str, int]:
    """A country with a chamber that has many names, two ministries that decide, and a party."""
    with database.writing() as session:
        law = {"authority": "Ministry of Finance; Ministry of the Interior", "has_list": "yes"}
        make.jurisdiction(session, "GR", name="Greece", designation=law, languages=["el"])
        made = {
            name: make.organization(
                session, jurisdiction_code="GR", name=name, kind=kind, names=names or {}
            )
            for name, kind, names in (
                ("Parliament", OrganizationKind.CHAMBER, {"el": "Βουλή", "pl": "Parlament Grecji"}),
                ("Ministry of Finance", OrganizationKind.MINISTRY, None),
                ("Ministry of the Interior", OrganizationKind.MINISTRY, None),
                ("Sample Party", OrganizationKind.PARTY, None),
            )
        }
        make.target(
            session,
            name="Ada Gone",
            body=made["Parliament"],
            jurisdiction_code="GR",
            ended_on=NOW.date() - dt.timedelta(days=9),
        )
        return {name: body.id for name, body in made.items()}


def test_the_list_leads_to_adding_somebody(
    sam: Client, vera: Client, bodies: dict[str, int]
) -> None:
    assert "Add by hand" not in Browser(vera).get("directory.index")
    browser = Browser(sam)
    browser.get("directory.index")
    page = browser.follow("Add by hand")
    assert page.heading == "Where do they sit?"
    page = browser.get("directory.where_to_add", jurisdiction="GR")
    assert "Ministry of Finance" in page
    assert "Sample Party" not in page
    page = browser.follow("Add a person to Ministry of Finance")
    assert page.heading == "Add a person to Ministry of Finance"
    assert "Greece" in page


def test_a_body_is_found_by_any_of_its_names(
    sam: Client, vera: Client, bodies: dict[str, int]
) -> None:
    def found(name: str) -> list[str]:
        query = {"jurisdiction": "GR", "name": name}
        answer = sam.get("/directory/likely-bodies", query_string=query)
        return [one["name"] for one in answer.get_json()["people"]]

    assert found("minist fin") == ["Ministry of Finance"]
    assert found("vouli") == found("ΒΟΥΛΗ") == ["Parliament"]
    assert found("fi") == found("nothing like it") == []
    assert vera.get("/directory/likely-bodies?name=finance").status_code == 403


def test_a_country_shows_its_houses_in_its_own_language(
    sam: Client, bodies: dict[str, int]
) -> None:
    page = Browser(sam).get("directory.jurisdiction", code="GR")
    assert "Βουλή" in page
    assert "Parlament Grecji" not in page
    assert "1 party or group" in page
    assert "Add a person to Sample Party" not in page


def test_whoever_left_is_one_step_away(sam: Client, bodies: dict[str, int]) -> None:
    browser = Browser(sam)
    page = browser.get("directory.index", q="Ada Gone")
    assert "Nobody fits" in page
    page = browser.follow("Look among those who left office")
    assert "1 target fits." in page


def test_the_work_list_has_pages(
    sam: Client, bodies: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unreachable, "SHOWN", 1)
    browser = Browser(sam)
    assert "1 to 1 of 2" in browser.get("directory.unreachable")
    first = browser.buttons()
    assert "2 to 2 of 2" in browser.follow("Next")
    assert browser.buttons() != first
    at = str(bodies["Ministry of the Interior"])
    assert "Save, next Ministry of the Interior" in browser.get("directory.unreachable", at=at)


def test_a_country_says_in_which_house_the_people_we_have_sit(
    sam: Client, database: Database, bodies: dict[str, int]
) -> None:
    with database.writing() as session:
        house = session.get_one(Organization, bodies["Parliament"])
        make.target(session, name="Bela Stays", body=house, jurisdiction_code="GR")
    browser = Browser(sam)
    browser.get("directory.jurisdiction", code="GR")
    page = browser.follow("1 in the directory")
    assert "Bela Stays" in page
    assert "Ada Gone" not in page
