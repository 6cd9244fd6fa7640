"""The main way in a real browser: whom to write to, drafts, approval, capture, answer, board."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from outreach import cli, clock
from outreach.accounts.models import Role
from outreach.app import create_app
from outreach.config import Settings
from outreach.database import Database
from outreach.sending.capture import CapturePostman
from tests.conftest import NOW
from tests.web.browser_fixtures import Windows, assert_no_sideways_scroll, serving, take_picture

QUOTE = "I will put the question before the summer."


@dataclass
class House:
    """A seeded installation that is being served, and its accounts' passwords."""

    database: Database
    settings: Settings
    windows: Windows
    accounts: dict[Role, tuple[str, str]]

    def window(self, role: Role, *, size: str = "desk") -> Page:
        """A window in which the person of this role has signed in by the sign-in page."""
        page = self.windows.open(None, "/sign-in", size=size)
        email, password = self.accounts[role]
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("h1")).not_to_have_text("Sign in")
        return page


@pytest.fixture
def house(sqlite_file: Path, tmp_path: Path, chromium: Browser) -> Iterator[House]:
    shutil.copy(sqlite_file, tmp_path / "outreach.sqlite")
    settings = Settings(
        home=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'outreach.sqlite'}",
        host="127.0.0.1",
        port=8000,
        demo=True,
        secret_key=secrets.token_hex(16),
    )
    database = Database(settings.database_url)
    accounts = {
        role: (email, password) for role, email, password in cli.seed_database(database, demo=True)
    }
    app = create_app(settings, database, now=lambda: NOW)
    with serving(app) as address:
        windows = Windows(chromium, app, database, address)
        yield House(database, settings, windows, accounts)
        windows.close()
    database.close()


@pytest.mark.browser
@pytest.mark.long
def test_from_whom_to_write_to_until_what_they_answered(house: House) -> None:
    staff = house.window(Role.STAFF)
    letter = make_drafts(staff)
    edit_and_submit(staff, letter)
    organiser = house.window(Role.ORGANISER)
    approve_and_schedule(organiser, letter)
    postman = CapturePostman(house.settings.capture)
    clock.tick(house.database, postman, now=lambda: NOW + dt.timedelta(minutes=5), worker="test")
    organiser.goto(letter)
    organiser.get_by_role("link", name="The message as it left").click()
    expect(organiser.locator("main")).to_contain_text("By the way, we met in spring.")
    log_an_answer(house.window(Role.VOLUNTEER, size="phone"), "Placeholder")
    organiser.goto(letter)
    expect(organiser.locator(".page-head")).to_contain_text("answered")
    organiser.locator("a[href^='/answers/']").click()
    expect(organiser.locator("main")).to_contain_text(QUOTE)
    organiser.goto("/board")
    organiser.get_by_role("link", name=re.compile("^1 Known stances")).click()
    expect(organiser.locator("main")).to_contain_text("John Placeholder")


def make_drafts(page: Page) -> str:
    """Save an audience of one house and make its drafts; returns the path of one letter."""
    page.goto("/audiences/new")
    page.get_by_label("Country or assembly").select_option(label="United Kingdom")
    page.get_by_label("Role").select_option(label="Member of parliament, lower house")
    page.get_by_role("button", name="Count").first.click()
    take_picture(page, "way-audience")
    page.get_by_label("Name of the audience").fill("House of Commons")
    page.get_by_role("button", name="Save this audience").click()
    page.get_by_role("link", name=re.compile("^Write to th")).click()
    page.get_by_label("Template").select_option(label="To a member of parliament")
    page.get_by_role("button", name="Show examples").click()
    take_picture(page, "way-examples")
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("^Make ")).click()
    page.goto("/letters?q=Placeholder")
    page.get_by_role("link", name="John Placeholder").click()
    return re.sub(r"^https?://[^/]+", "", page.url)


def edit_and_submit(page: Page, letter: str) -> None:
    """Add a sentence by hand and hand the letter in."""
    page.get_by_role("link", name="Edit the words").click()
    words = page.locator("textarea[name=text]")
    words.fill(words.input_value() + "\n\nBy the way, we met in spring.")
    page.get_by_role("button", name="Save the letter").click()
    expect(page.locator("article.sheet")).to_contain_text("By the way, we met in spring.")
    with page.expect_navigation():
        page.get_by_role("button", name="Submit for approval").click()
    expect(page.locator(".flashes")).not_to_be_empty()


def approve_and_schedule(page: Page, letter: str) -> None:
    """A second person approves it and lets it go as soon as it may."""
    page.goto(letter)
    take_picture(page, "way-approve")
    page.get_by_role("button", name=re.compile("^Approve")).click()
    expect(page.locator(".page-head")).to_contain_text("approved")
    page.locator(".action-bar summary", has_text="Schedule").click()
    page.get_by_label("As soon as the desk allows").check()
    page.get_by_role("button", name="Schedule the letter").click()
    expect(page.locator(".page-head")).to_contain_text("scheduled")


def log_an_answer(page: Page, name: str) -> None:
    """On a phone: find the letter, paste what came, file it."""
    page.goto("/inbox")
    page.get_by_role("searchbox").fill(name)
    page.get_by_role("button", name="Find the letter").click()
    page.get_by_role("button", name="Log an answer").first.click()
    page.get_by_label("What they wrote or said").fill(f"Thank you. {QUOTE}")
    page.get_by_label("What kind of answer is it?").select_option(index=1)
    page.get_by_label("Where do they stand on what we ask?").select_option("support")
    page.get_by_label("The sentence that shows it").fill(QUOTE)
    assert_no_sideways_scroll(page)
    take_picture(page, "way-answer")
    page.get_by_role("button", name="File and next").click()
    expect(page.locator("main")).to_contain_text("Filed")
