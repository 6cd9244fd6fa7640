"""Forms of address and letters of other scripts, in a real browser."""

from __future__ import annotations

import pytest

from outreach.accounts.models import Campaign
from outreach.database import Database
from outreach.directory.models import TargetRole
from tests import make
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)

pytestmark = pytest.mark.long


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_forms_of_address_can_be_read_anywhere(
    window: Open, database: Database, campaign: Campaign, size: str
) -> None:
    with database.writing() as session:
        target = make.target(session, role=TargetRole.MINISTER, jurisdiction_code="UA")
        make.letter(session, campaign, language="uk", target=target)
    for name, path in (("list", ""), ("uk", "/uk"), ("it", "/it")):
        page = window("olga", f"/directory/forms-of-address{path}", size=size)
        take_picture(page, f"greetings-{name}-{size}")
        assert_no_sideways_scroll(page)
        assert_accessible(page)


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_hebrew_letter_runs_from_right_to_left_with_latin_names_whole(
    window: Open, database: Database, campaign: Campaign, size: str
) -> None:
    text = "שלום רב,\n\nכתבה לנו Ada Example (Human Rights House), ביום 1.3.2021.\n\nבכבוד רב"
    with database.writing() as session:
        number = make.letter(session, campaign, language="he", text=text, subject="פנייה").id
    page = window("sam", f"/letters/{number}", size=size)
    take_picture(page, f"hebrew-{size}")
    sheet = page.locator(".sheet-text").first
    assert sheet.evaluate("one => getComputedStyle(one).direction") == "rtl"
    # The closing bracket stands right of the opening one: the name was not torn apart.
    name = sheet.locator("bdi").first
    assert name.inner_text() == "Ada Example (Human Rights House)"
    assert page.evaluate("getComputedStyle(document.body).direction") == "ltr"
    assert_no_sideways_scroll(page)
