"""Composing and mailings in a real browser: nothing too wide, nothing axe objects to."""

from __future__ import annotations

import pytest

from outreach.accounts.models import Campaign
from outreach.database import Database
from outreach.letters import drafting, making
from tests import make
from tests.browser import Browser
from tests.conftest import NOW
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)
from tests.web.conftest import Client
from tests.web.test_mailings import House, made

BODY = """We write to you about people who were taken from the street by men without badges.

{% if variant == 'a' %}Nobody in your chamber has asked the government about it this year, although
it would cost a minute and a sheet of paper.{% else %}Many of those who vote for you have family on
the other side of the border, and they read what is said in your chamber about it.{% endif %}

Please ask the government what it will do, and tell us what it answers."""


@pytest.fixture
def pages(
    sam: Client, database: Database, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Addresses by name: composing, a mailing with a newer text, one in the making, an edit."""
    house = House(database, campaign)
    house.version(BODY)
    house.members(4)
    with database.writing() as session:
        for n in range(5):
            make.target(session, name=f"Polish {n}", language="pl")
        desk = make.office(session, key="email:info@gov.xx", name="info@gov.xx")
        for name in ("One Example", "Other Example"):
            make.target(session, name=name, office=desk)
    browser = Browser(sam)
    mailing = made(browser, house, desks="one")
    edited = house.letters()[1]
    browser.get("letters.letter", letter_id=edited.id)
    browser.follow("Edit")
    words = edited.text.replace("Please ask", "Would you please ask")
    browser.press("Save the letter", text=words)
    house.version(BODY + " Thank you.", number=3)
    house.members(making.AT_ONCE + 15)
    large = made(browser, house, desks="one")
    monkeypatch.setattr(drafting, "STEP", 20)
    making.work(database, now=lambda: NOW, worker="test")
    return {
        "compose": f"/letters/new?audience={house.audience_id}&look=yes",
        "mailing": mailing,
        "mailing-in-the-making": large,
        "newer-text": f"/letters/{edited.id}/newer",
    }


@pytest.mark.long
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_pages_of_mailings_fit_and_are_accessible(
    window: Open, pages: dict[str, str], size: str
) -> None:
    page = window("sam", size=size)
    for name, address in pages.items():
        page.goto(address)
        page.evaluate("document.querySelectorAll('main details').forEach(e => e.open = true)")
        assert_no_sideways_scroll(page)
        assert_accessible(page)
        take_picture(page, f"{name}-{size}")
