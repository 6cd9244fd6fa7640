"""Imports in a real browser: a person's own spreadsheet goes in as it is, with and without script.

The clock works beside the browser, as it does in an installation.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Page, expect

from outreach import work
from outreach.database import Database
from outreach.directory.models import OrganizationKind, Person
from tests import make
from tests.conftest import NOW
from tests.directory.importing.made_by_hand import made_by_hand
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def at_work(app: Flask) -> Iterator[None]:
    """The clock's own part for imports, in a thread."""
    made, stop = app.extensions["outreach"], threading.Event()

    def run() -> None:
        while not stop.wait(0.1):
            work.import_waiting(made.database, made.settings.home, now=lambda: NOW, worker="w")

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stop.set()
    thread.join()


def looked_at(page: Page, name: str) -> None:
    """The page is for everybody, on a desk and on a phone; a picture for who wants to look."""
    page.set_viewport_size({"width": 1280, "height": 900})
    assert_accessible(page)
    take_picture(page, f"imports-{name}-desk")
    page.set_viewport_size({"width": 360, "height": 780})
    assert_no_sideways_scroll(page)
    take_picture(page, f"imports-{name}-phone")
    page.set_viewport_size({"width": 1280, "height": 900})


def bring(page: Page, file: Path) -> None:
    page.goto("/directory/imports")
    page.locator("main").get_by_role("link", name="Import a list").first.click()
    page.get_by_label("File or zip of files").set_input_files(file)
    page.get_by_role("button", name="Read the file").click()


@pytest.mark.long
def test_a_spreadsheet_made_by_a_person_goes_in_as_it_is(
    window: Open, at_work: None, tmp_path: Path, database: Database
) -> None:
    page = window("sam", "/directory/imports/new")
    looked_at(page, "new")
    bring(page, made_by_hand(tmp_path / "Lista posłów.xlsx"))
    expect(page.get_by_role("heading", level=1)).to_have_text("What do the columns mean?")
    expect(page.get_by_label("E-mail / Poczta elektroniczna / Пошта holds")).to_be_visible()
    page.get_by_label("Country or assembly").select_option(label="Poland")
    looked_at(page, "columns")
    page.get_by_role("button", name="Read it this way").click()
    # The page comes to the preview by itself.
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("What would change?")
    looked_at(page, "preview")
    page.get_by_role("link", name="3 new", exact=True).click()
    expect(page.get_by_text("Łucja Zmyślona-Żółć")).to_be_visible()
    looked_at(page, "rows")
    page.go_back()
    page.get_by_role("button", name="Apply 3 new").click()
    expect(heading).to_have_text("What was changed")
    looked_at(page, "report")
    page.goto("/directory?q=lucja+zmyslona")
    page.locator("main").get_by_role("link", name="Łucja Zmyślona-Żółć").click()
    expect(page.locator("main")).to_contain_text("lucja.zmyslona@sejm.example")
    expect(page.locator("main")).to_contain_text("22 555 01 01")


@pytest.mark.long
def test_without_a_script_the_pages_show_how_far_it_is(
    window: Open, at_work: None, tmp_path: Path, database: Database
) -> None:
    with database.writing() as session:
        house = make.organization(session, name="Example House", kind=OrganizationKind.CHAMBER)
        make.target(session, name="Łukasz Żółć", body=house, jurisdiction_code="XX")
    file = tmp_path / "members.csv"
    file.write_text(
        "id,name,chamber,email\n"
        "1,Lukasz Zolc,Example House,lz@house.example\n"
        "2,Ann Example,Example House,ann@house.example\n",
        "utf-8",
    )
    page = window("sam", "/directory/imports", java_script_enabled=False)
    bring(page, file)
    page.get_by_label("Country or assembly").select_option("XX")
    page.get_by_role("button", name="Read it this way").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("What would change?")
    page.get_by_role("link", name="Decide who is who").click()
    expect(page.get_by_text("Łukasz Żółć")).to_be_visible()
    # Axe and measuring need a script of their own.
    looked_at(window("sam", page.url), "proposals")
    page.get_by_role("button", name="The same Lukasz Zolc").click()
    page.get_by_role("link", name="members.csv").click()
    page.get_by_role("button", name="Apply 1 new, 1 decided").click()
    expect(heading).to_have_text("What was changed")
    with database.reading() as session:
        assert len(session.scalars(sa.select(Person.id)).all()) == 2
    page.get_by_text("Undo this import").first.click()
    page.get_by_role("button", name="Undo this import").click()
    expect(page.locator("main")).to_contain_text("was taken back")
    page.goto("/directory/imports")
    looked_at(window("sam", page.url), "list")
