"""What is marked about answers and messages, in a real browser: lists, conversation, message."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import pytest

from outreach.accounts.models import Actor, Campaign
from outreach.database import Database
from outreach.letters.models import Letter
from outreach.petitions.models import Position
from outreach.replies.models import ReplyKind, Way
from outreach.replies.receiving import inbox, intake
from tests import make
from tests.replies.consequences.test_filing import log
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)
from tests.web.desk_world import sent_letter

pytestmark = [pytest.mark.long, pytest.mark.browser]
WORDS = "I will table the question."


@pytest.fixture
def office(database: Database, campaign: Campaign, people: dict[str, Actor]) -> int:
    """The desk of a letter whose answer one person has read."""
    number = sent_letter(database, campaign, "Jānis Ozoliņš", "7K4-Q2M")
    with database.writing() as session:
        session.get_one(Campaign, campaign.id).second_reader = True
        letter = session.get_one(Letter, number)
        values = {"stance": Position.SUPPORT, "quote": WORDS, "text": WORDS}
        log(session, letter, people["vera"], kind=ReplyKind.SUPPORTIVE, **values)
        return letter.office_id


@pytest.fixture
def nobodys(database: Database) -> int:
    """A message of no campaign, with another message in it."""
    inner, outer = EmailMessage(), EmailMessage()
    inner["From"], inner["Subject"] = "Ida Example <ida@office.example>", "What she wrote"
    inner["Date"] = make.NOW
    inner.set_content("These are the words within. " * 12)
    outer["From"], outer["Subject"] = "Secretary <secretary@office.example>", "See below"
    outer.set_content("For you.")
    outer.add_attachment(inner)
    with database.writing() as session:
        raw = outer.as_bytes(policy=SMTP)
        number = inbox.keep(session, raw, way=Way.PIPE, campaign=None, now=make.NOW).id
    intake.read_new(database, now=make.NOW)
    return number


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_what_is_marked_is_seen(window: Open, office: int, nobodys: int, size: str) -> None:
    page = window("olga", "/inbox", size=size)
    for name, path, seen in (
        ("inbox", "/inbox", "one reader"),
        ("desk", f"/desks/{office}", "one reader"),
        ("letter", "/letters/1", "one reader"),
        ("board", "/board/answers", "one reader"),
        ("message", f"/inbox/mail/{nobodys}", "A message within it"),
        ("messages", "/inbox/mail", "organisers only"),
    ):
        page.goto(path)
        page.get_by_text(seen, exact=True).first.wait_for()
        assert_no_sideways_scroll(page)
        assert_accessible(page)
        take_picture(page, f"marks-{name}-{size}")
