"""On paper, and by keyboard on a phone: what a person gets who has no mouse or no screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from outreach.accounts.models import TaskKind
from outreach.accounts.tasks import open_task
from outreach.letters.lifecycle import State
from tests import make
from tests.web.browser_fixtures import Open, take_picture

COVERED = """() => {
  const it = document.activeElement, box = it.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + 6, box.top + Math.min(box.height / 2, 20));
  return it !== document.body && !(top && (it.contains(top) || top.contains(it)));
}"""


@pytest.mark.browser
def test_a_printed_letter_is_the_letter_alone(window: Open, database, campaign) -> None:
    with database.writing() as session:
        letter = make.letter(session, campaign, state=State.APPROVED).id
    page = window("olga", f"/letters/{letter}")
    page.emulate_media(media="print")
    take_picture(page, "letter-on-paper")
    expect(page.locator(".sheet-text")).to_be_visible()
    expect(page.locator(".band-rehearsal")).to_be_visible()
    for ours in ("h1", ".column-side", ".action-bar", ".rail", ".quote-mark", ".sheet-head dt"):
        for found in page.locator(ours).all():
            expect(found).to_be_hidden()


@pytest.mark.browser
def test_the_bars_of_a_phone_hide_no_focus(window: Open, database, campaign, people, now) -> None:
    with database.writing() as session:
        for number in range(12):
            open_task(
                session,
                campaign_id=campaign.id,
                kind=TaskKind.FIND_ADDRESS,
                subject=("target", number),
                title=f"Find an address, number {number}",
                due_on=None,
                rehearsal=True,
                now=now,
                by=people["sam"],
            )
    page = window("vera", "/inbox", size="phone")
    page.locator("summary", has_text="Show all").click()
    page.get_by_role("searchbox").focus()
    for _ in range(16):
        page.keyboard.press("Tab")
        # It may be scrolled to with the next picture only.
        for _wait in range(100):
            if not page.evaluate(COVERED):
                break
            page.wait_for_timeout(50)
        else:
            pytest.fail(page.evaluate("document.activeElement.outerHTML"))
