"""Forms of address in the browser: shown as they print, read by somebody, recorded."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Campaign
from outreach.database import Database
from outreach.directory.identity import SalutationReading
from outreach.directory.models import TargetRole
from outreach.directory.salutation_blocks import blocks
from tests import make
from tests.browser import Browser
from tests.conftest import NOW
from tests.web.conftest import Client

PAGE = "directory.forms_of_address_in"


def test_the_language_that_most_letters_wait_for_comes_first(
    sam: Client, database: Database, campaign: Campaign
) -> None:
    with database.writing() as session:
        for role, language in (("minister", "pl"), ("minister", "pl"), ("speaker", "pl")):
            make.letter(
                session,
                campaign,
                language=language,
                target=make.target(session, role=TargetRole(role), jurisdiction_code="PL"),
            )
    browser = Browser(sam)
    page = browser.get("directory.forms_of_address")
    rows = page.words.split("Polish", 1)
    assert "Swedish" in rows[1]
    assert "Swedish" not in rows[0]
    assert rows[1].split()[:3] == ["not", "read", "3"]

    page = browser.follow("Polish")
    # What two letters wait for stands before what one does.
    assert page.words.index("2 unsent letters open so.") < page.words.index("1 unsent letter")
    assert "Szanowna Pani Minister," in page
    assert "Szanowna Pani Minister, Szanowny Panie Ministrze," in page
    assert "‹house, as it follows the office›" in page
    assert "Never the family name in the opening" in page


def test_volunteers_see_the_lines_but_not_the_letters(
    vera: Client, database: Database, campaign: Campaign
) -> None:
    with database.writing() as session:
        target = make.target(session, role=TargetRole.MINISTER, jurisdiction_code="PL")
        make.letter(session, campaign, language="pl", target=target)
    page = Browser(vera).get(PAGE, language="pl")
    assert "unsent letter" not in page
    assert "Szanowna Pani Minister," in page
    assert "An organiser records who read them." in page


def test_an_organiser_records_who_read_them(olga: Client, sam: Client, database: Database) -> None:
    browser = Browser(olga)
    browser.get(PAGE, language="uk")
    page = browser.press("Record who read it", read_by="Олена Приклад", role=["minister"])
    assert "Recorded for 1 office." in page
    assert "Олена Приклад, a native speaker, on " in page

    page = browser.press("Record who read it", read_by="Олена Приклад")
    assert f"Recorded for {len(blocks()['uk'].roles) - 1} offices." in page
    assert "Record who read it" not in page
    with database.reading() as session:
        rows = session.scalars(sa.select(SalutationReading)).all()
        assert {row.role for row in rows} == set(blocks()["uk"].roles)
        assert {(row.read_by, row.by) for row in rows} == {("Олена Приклад", "Olga")}
    # The list says so, and staff may not record.
    assert "Ukrainian read" in Browser(olga).get("directory.forms_of_address").words
    assert sam.send("/directory/forms-of-address/pl", {"read_by": "x"}).status_code == 403


def test_what_can_not_be_recorded_is_said(olga: Client, database: Database) -> None:
    good = {
        "role": "minister",
        "lines_minister": blocks()["pl"].roles[TargetRole.MINISTER].digest,
        "read_by": "Zofia",
        "read_on": NOW.date().isoformat(),
    }
    for wrong, words in (
        ({"read_by": " "}, "Say who read them"),
        ({"read_on": "tomorrow"}, "Give the day they were read"),
        ({"read_on": "2999-01-01"}, "Give the day they were read"),
        ({"role": ""}, "Choose at least one office"),
        ({"lines_minister": "of yesterday"}, "changed since they were shown"),
    ):
        answer = olga.send("/directory/forms-of-address/pl", good | wrong)
        assert answer.status_code == 422
        assert words in answer.get_data(as_text=True)
    assert olga.get("/directory/forms-of-address/xx").status_code == 404
    with database.reading() as session:
        assert not session.scalars(sa.select(SalutationReading)).all()
    assert olga.send("/directory/forms-of-address/pl", good).status_code == 302


@pytest.mark.long
def test_every_language_has_its_page(vera: Client) -> None:
    for name in blocks():
        page = Browser(vera).get(PAGE, language=name)
        assert not {"{", "}"} & set(page.words), name
        assert page.words.count("‹") == page.words.count("›")
        assert "_" not in "".join(page.words.split("‹")[1:])
