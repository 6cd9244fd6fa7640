"""The outbox with something in every part, in a real browser; missed letters confirmed, undone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from outreach import clock
from outreach.accounts.models import Campaign
from outreach.database import Database
from outreach.directory.models import ContactKind
from outreach.letters.lifecycle import State
from outreach.sending.capture import CapturePostman
from outreach.sending.postman import Refusal, TransportError
from tests.sending.conftest import FakePostman, sendable
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)

pytestmark = [pytest.mark.long, pytest.mark.browser]


@pytest.fixture
def outbox(database: Database, campaign: Campaign, tmp_path: Path, now: dt.datetime) -> str:
    """The address of an outbox in which every part holds letters; twelve missed their time."""

    def letters(count: int, **values: Any) -> None:
        with database.writing() as session:
            here = session.get_one(Campaign, campaign.id)
            for _ in range(count):
                sendable(session, here, **values)

    busy = TransportError("451 4.7.1 Greylisted, try again later", refusal=Refusal.LATER)
    for count, postman in (
        (12, CapturePostman(tmp_path / "capture")),
        (2, FakePostman(RuntimeError())),
        (2, FakePostman(TransportError("554 5.7.1 spam", refusal=Refusal.CONTENT))),
        (7, FakePostman(busy)),
    ):
        letters(count, state=State.SCHEDULED)
        clock.tick(database, postman, now=lambda: now, worker="w")
    letters(12, state=State.MISSED)
    letters(2, state=State.HELD, reason="Nobody has checked this address.")
    letters(7)
    letters(3, channel=ContactKind.POSTAL)
    return "/outbox"


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_every_part_fits_folded_and_unfolded(window: Open, outbox: str, size: str) -> None:
    page = window("olga", outbox, size=size)
    expect(page.locator("#leaving details.rest > summary")).to_have_text("2 more")
    take_picture(page, f"outbox-folded-{size}")
    page.evaluate("document.querySelectorAll('main details').forEach(e => e.open = true)")
    assert_no_sideways_scroll(page)
    assert_accessible(page)
    take_picture(page, f"outbox-unfolded-{size}")


def test_missed_letters_are_confirmed_and_undone_on_a_phone(window: Open, outbox: str) -> None:
    page = window("olga", outbox, size="phone")
    page.get_by_role("link", name="12 Missed").click()
    page.locator("#missed summary.btn").click()
    page.get_by_role("button", name="Schedule 12 letters again").click()
    expect(page.locator(".flashes")).to_contain_text("12 letters scheduled.")
    take_picture(page, "outbox-undo-phone")
    assert_accessible(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".flashes")).to_contain_text("12 letters taken off the schedule.")
    expect(page.locator("#missed")).to_have_count(0)
    expect(page.locator("#without-time")).to_be_visible()
