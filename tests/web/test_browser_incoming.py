"""The pages of mail that came in, in a real browser, on a desk and on a phone."""

from __future__ import annotations

import pytest

from outreach.accounts.models import Campaign
from outreach.database import Database
from outreach.replies.models import Mailbox
from outreach.words import Sentence
from tests import make
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)
from tests.web.test_incoming import HOSTILE, stored


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_what_came_in_is_read_on_every_screen(
    window: Open, database: Database, campaign: Campaign, size: str
) -> None:
    number = stored(database, campaign)
    stored(database, campaign, b"From: a@office.example\r\nAuto-Submitted: auto-replied\r\n\r\nx")
    with database.writing() as session:
        box = Mailbox(
            campaign_id=campaign.id,
            name="answers@association.example",
            host="imap.provider.example",
            port=993,
            security="tls",
            username="answers",
            trouble=Sentence("The mail server turned us away: %(w)s", w="NO wrong").as_json(),
            trouble_since=make.NOW,
        )
        session.add(box)
        session.flush()
        box_id = box.id
    for path, name in (
        ("/inbox/mail", "list"),
        (f"/inbox/mail/{number}", "message"),
        ("/inbox/mail/add", "add"),
        ("/campaign/mailboxes", "mailboxes"),
        (f"/campaign/mailboxes/{box_id}", "mailbox"),
    ):
        page = window("ada", path, size=size)
        if name == "message":
            page.get_by_text("As they laid it out").click()
            inside = page.frame_locator("iframe")
            inside.locator("td", has_text="cell").wait_for()
            assert inside.locator("a, img, script, form, style").count() == 0
        take_picture(page, f"incoming-{name}-{size}")
        assert_no_sideways_scroll(page)
        if name != "message":
            # What stands in the frame is judged by what may be in it.
            assert_accessible(page)


@pytest.mark.long
@pytest.mark.browser
def test_opening_hostile_mail_asks_nobody_anything(
    window: Open, database: Database, campaign: Campaign
) -> None:
    number = stored(database, campaign, HOSTILE)
    page = window("sam", "/inbox")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page.url.replace("/inbox", f"/inbox/mail/{number}"))
    page.get_by_text("As they laid it out").click()
    page.frame_locator("iframe").locator("td").wait_for()
    assert asked
    assert [url for url in asked if "127.0.0.1" not in url] == []
