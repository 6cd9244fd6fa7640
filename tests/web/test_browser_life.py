"""The main way, driven in a real Chromium by four people who know nothing but the address.

From "whom do we write to" to "what did they answer": an audience, drafts, one edited letter, a
second person's approval, a send into capture, a logged answer with a stance, the board.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Iterator
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
from tests.web.browser_fixtures import SIZES, serving

ANSWER = "Thank you for your letter. I will put the question to the government in March."
SignIn = Callable[[Role, str], Page]


@pytest.fixture
def home(sqlite_file: Path, tmp_path: Path) -> Settings:
    shutil.copy(sqlite_file, tmp_path / "outreach.sqlite")
    return Settings(
        home=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'outreach.sqlite'}",
        host="127.0.0.1",
        port=8000,
        demo=True,
        secret_key=secrets.token_hex(16),
    )


@pytest.fixture
def database(home: Settings) -> Iterator[Database]:
    database = Database(home.database_url)
    yield database
    database.close()


@pytest.fixture
def signed_in(chromium: Browser, home: Settings, database: Database) -> Iterator[SignIn]:
    """Give a function that opens a window and signs in by the form, as a person does."""
    passwords = {
        role: (email, word) for role, email, word in cli.seed_database(database, demo=True)
    }
    app = create_app(home, database, now=lambda: NOW)
    contexts = []

    with serving(app) as address:

        def open_window(role: Role, size: str) -> Page:
            width, height = SIZES[size]
            context = chromium.new_context(
                viewport={"width": width, "height": height}, base_url=address, locale="en-GB"
            )
            context.set_default_timeout(8000)
            contexts.append(context)
            page = context.new_page()
            page.goto("/")
            email, password = passwords[role]
            page.get_by_label("E-mail address").fill(email)
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name="Sign in").click()
            return page

        yield open_window
        for context in contexts:
            context.close()


@pytest.mark.browser
def test_a_letter_lives_its_whole_life(
    signed_in: SignIn, home: Settings, database: Database
) -> None:
    staff = signed_in(Role.STAFF, "desk")
    letter = write_letters(staff)
    organiser = signed_in(Role.ORGANISER, "desk")
    approve_and_schedule(organiser, letter)
    done = clock.tick(
        database, CapturePostman(home.capture), now=lambda: NOW, worker=clock.new_worker()
    )
    assert sum(done.sent.values()) == 1
    code = read_captured(organiser, letter, home)
    volunteer = signed_in(Role.VOLUNTEER, "phone")
    log_answer(volunteer, code)
    read_board(organiser, letter)


def write_letters(page: Page) -> str:
    """Staff: an audience, drafts, one edited letter, submitted. Returns the letter's path."""
    expect(page).to_have_url(re.compile("/letters$"))
    page.get_by_role("link", name="Choose an audience").click()
    page.get_by_label("Germany").check()
    page.get_by_role("button", name="Count").click()
    page.locator("input[name=name]").fill("Everybody in Germany")
    page.get_by_role("button", name=re.compile("^Save")).click()
    page.get_by_role("link", name=re.compile("^Write to these")).first.click()
    page.get_by_label("Template").select_option(label="To a member of parliament")
    page.get_by_role("button", name="Show examples").click()
    page.get_by_role("button", name=re.compile(r"^Make \d+ drafts$")).click()
    expect(page.get_by_text("Left out, and why")).to_be_visible()
    page.goto("/letters?state=draft")
    page.get_by_role("link", name="Petra Probe").first.click()
    path = re.sub(r"^https?://[^/]+", "", page.url)
    page.get_by_role("link", name="Edit the words").click()
    text = page.locator("#text")
    text.fill(text.input_value().replace("\n\n", "\n\nich lebe in Ihrem Wahlkreis.\n\n", 1))
    page.get_by_role("button", name="Save the letter").click()
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_text("waiting for approval").first).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    return path


def approve_and_schedule(page: Page, path: str) -> None:
    """Organiser: finds it on Today, reads it, approves it, lets it go."""
    expect(page.get_by_role("heading", level=1)).to_have_text("What waits for me today?")
    page.get_by_role("link", name=re.compile("Waiting for approval")).click()
    page.get_by_role("link", name="Petra Probe").first.click()
    assert page.url.endswith(path)
    expect(page.get_by_text("ich lebe in Ihrem Wahlkreis.").first).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    page.locator("summary", has_text="Schedule").click()
    page.get_by_role("button", name="Schedule the letter").click()
    expect(page.get_by_text("scheduled").first).to_be_visible()


def read_captured(page: Page, path: str, home: Settings) -> str:
    """Organiser: reads the message as it would have left; returns the code printed in it."""
    page.goto(path + "/message")
    expect(page.get_by_text("Captured: never left this machine.")).to_be_visible()
    (file,) = home.capture.rglob("*.eml")
    assert b"ich lebe in Ihrem Wahlkreis." in file.read_bytes()
    code = re.search(r"Ref\. (\w{3}-\w{3})", page.inner_text("main"))
    assert code
    return code[1]


def log_answer(page: Page, code: str) -> None:
    """Volunteer, on a phone: finds the letter by its code, badly typed, and logs the answer."""
    expect(page).to_have_url(re.compile("/inbox$"))
    page.get_by_label("Name, country or reference code").fill(code.lower().replace("-", " "))
    page.get_by_role("button", name="Find the letter").click()
    page.get_by_role("button", name="Log an answer").click()
    page.get_by_label("What they wrote or said").fill(ANSWER)
    page.get_by_label("What kind of answer is it?").select_option(label="Yes, they support it")
    page.get_by_label("Where do they stand on what we ask?").select_option(label="support")
    page.get_by_label("The sentence that shows it").fill(
        "I will put the question to the government in March."
    )
    page.get_by_role("button", name="File and next").click()
    expect(page.get_by_text("Filed: Yes, they support it.")).to_be_visible()


def read_board(page: Page, path: str) -> None:
    """Organiser: the letter shows as answered, the board shows answer and stance."""
    page.goto(path)
    expect(page.get_by_text("answered").first).to_be_visible()
    page.goto("/board")
    answers = page.get_by_role("link", name=re.compile("Answers by a person"))
    expect(answers).to_contain_text("1")
    answers.click()
    expect(page.get_by_role("link", name=re.compile("Petra Probe")).first).to_be_visible()
