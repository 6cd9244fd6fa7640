"""What servers say, from the wire to the page (acceptance scenarios 25 and 28)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from outreach.accounts.models import Campaign, Mode
from outreach.config import Settings
from outreach.database import Database
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import outbox
from outreach.sending.capture import CapturePostman
from outreach.sending.ways import Ways
from outreach.signing import Vault
from tests import make
from tests.browser import Browser
from tests.sending.conftest import sendable
from tests.sending.scripted import SILENCE, Scripted
from tests.web.conftest import Client

pytestmark = pytest.mark.long


@pytest.fixture
def server() -> Iterator[Scripted]:
    """A server that says what a test tells it to."""
    with Scripted() as there:
        yield there


class Mailing:
    """A live campaign whose letters go through the scripted server."""

    def __init__(
        self, database: Database, campaign: Campaign, server: Scripted, folder: Path, key: str
    ) -> None:
        self.database, self.campaign_id = database, campaign.id
        self.ways = Ways(CapturePostman(folder), Vault(key))
        with database.writing() as session:
            make.greetings_read(session)
            live = session.get_one(Campaign, campaign.id)
            live.mode, live.live_at = Mode.LIVE, make.NOW
            make.mail_account(session, live, port=server.port)

    def letter(self, address: str, name: str) -> int:
        with self.database.writing() as session:
            campaign = session.get_one(Campaign, self.campaign_id)
            return sendable(
                session,
                campaign,
                state=State.SCHEDULED,
                send_after=make.NOW,
                send_before=make.NOW + dt.timedelta(days=2),
                address=address,
                recipient=name,
            ).id

    def send(self, now: dt.datetime) -> None:
        with self.ways:
            outbox.send_due(self.database, self.ways, now=lambda: now, worker="w")

    def state(self, letter_id: int) -> State:
        with self.database.reading() as session:
            return session.get_one(Letter, letter_id).state


@pytest.fixture
def mailing(
    app: Flask,
    database: Database,
    campaign: Campaign,
    server: Scripted,
    settings: Settings,
    tmp_path: Path,
) -> Mailing:
    return Mailing(database, campaign, server, tmp_path / "captured", settings.secret_key)


@pytest.mark.parametrize(
    ("phase", "said", "state", "task"),
    [
        ("RCPT", b"451 4.7.1 greylisted, come again", State.SCHEDULED, ""),
        ("RCPT", b"550 5.1.1 nobody of this name", State.FAILED, "ida@house.zz"),
        ("RCPT", b"552 5.2.2 this mailbox is full", State.SCHEDULED, ""),
        ("message", SILENCE, State.UNKNOWN, "Find out whether it went"),
    ],
)
def test_the_page_shows_the_server_s_own_words(
    mailing: Mailing,
    server: Scripted,
    olga: Client,
    now: dt.datetime,
    phase: str,
    said: bytes,
    state: State,
    task: str,
) -> None:
    """Acceptance scenario 25."""
    server.says = {phase: said}
    letter_id = mailing.letter("ida@house.zz", "Ida Example")
    mailing.send(now)
    assert mailing.state(letter_id) is state
    words = "No answer to the whole message" if said == SILENCE else said.decode()
    assert words in olga.get(f"/letters/{letter_id}/message").text
    assert words in olga.get(f"/letters/{letter_id}").text
    tasks = Browser(olga).get("replies.inbox")
    assert (task in tasks) if task else ("Ida Example" not in tasks)

    server.says = {}
    mailing.send(now + dt.timedelta(hours=1))
    again = State.SENT if state is State.SCHEDULED else state
    assert mailing.state(letter_id) is again
    assert len(server.heard) == (1 if again in (State.SENT, State.UNKNOWN) else 0)


def test_ten_refusals_in_a_row_stop_that_domain_only(
    mailing: Mailing, server: Scripted, olga: Client, now: dt.datetime
) -> None:
    """Acceptance scenario 28."""
    server.says = {"message": b"550 5.7.1 our filter dislikes this"}
    for number in range(10):
        assert "filter.zz refused" not in Browser(olga).get("replies.inbox")
        refused = mailing.letter(f"desk{number}@filter.zz", f"Desk {number}")
        mailing.send(now + dt.timedelta(seconds=number))
        assert mailing.state(refused) is State.FAILED
    server.says = {}
    waiting = mailing.letter("desk11@filter.zz", "Desk 11")
    other = mailing.letter("desk@elsewhere.zz", "Desk elsewhere")
    later = now + dt.timedelta(minutes=1)
    mailing.send(later)
    assert (mailing.state(waiting), mailing.state(other)) == (State.SCHEDULED, State.SENT)

    browser = Browser(olga)
    assert "filter.zz refused 10 letters in a row" in browser.get("replies.inbox")
    assert "filter.zz" in olga.get(f"/letters/{waiting}").text
    page = browser.get("mail.accounts")
    assert "filter.zz" in page and "our filter dislikes this" in page
    assert "elsewhere.zz" not in page
    assert "Letters go to filter.zz again" in browser.press("Let letters go there again")
    mailing.send(later)
    assert mailing.state(waiting) is State.SENT
    assert "filter.zz refused" not in browser.get("replies.inbox")
