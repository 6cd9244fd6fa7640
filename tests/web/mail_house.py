"""A campaign whose letters really went out and whose mail comes in, for stories told through pages.

Letters leave by the clock's tick, over a line to a server on loopback; what comes in is laid into
the campaign's Maildir and taken by what the clock does every few seconds.
"""

from __future__ import annotations

import datetime as dt
import email
import itertools
from collections.abc import Callable, Iterator
from email.message import EmailMessage, Message
from email.policy import SMTP
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.accounts.models import Campaign, Mode
from outreach.config import Settings
from outreach.database import Database
from outreach.directory.models import ContactDetail
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.replies.models import Incoming
from outreach.sending.capture import CapturePostman
from outreach.sending.ways import Ways
from outreach.signing import Vault
from tests import make
from tests.sending.conftest import sendable
from tests.sending.scripted import Scripted

_numbers = itertools.count(1)


@pytest.fixture
def house(
    app: Flask,
    database: Database,
    campaign: Campaign,
    settings: Settings,
    app_at: Callable[[dt.datetime], None],
) -> Iterator[House]:
    """The campaign of the test, live, with its mail server."""
    with Scripted() as server:
        yield House(database, campaign, settings, app_at, server)


class House:
    """One campaign between its outbox and its mailbox."""

    def __init__(
        self,
        database: Database,
        campaign: Campaign,
        settings: Settings,
        app_at: Callable[[dt.datetime], None],
        server: Scripted,
    ) -> None:
        self.database, self.campaign_id = database, campaign.id
        self.slug, self.home, self.server = campaign.slug, settings.home, server
        self.vault = Vault(settings.secret_key)
        self.ways = Ways(CapturePostman(settings.home / "captured"), self.vault)
        self.now, self._app_at = make.NOW, app_at
        with database.writing() as session:
            make.greetings_read(session)
            live = session.get_one(Campaign, campaign.id)
            live.mode, live.live_at = Mode.LIVE, make.NOW
            make.mail_account(session, live, port=server.port, reply_tags=True)

    def at(self, instant: dt.datetime) -> None:
        """Move the clock of the application and of everything else."""
        self.now = instant
        self._app_at(instant)

    def sends(self, name: str, address: str, *, ends: State = State.SENT, **values: Any) -> int:
        """A letter that leaves at the next tick and `ends` like this; its number."""
        with self.database.writing() as session:
            campaign = session.get_one(Campaign, self.campaign_id)
            to = values.pop("target", None) or make.target(session, name=name, address=address)
            signs = make.sender(session, campaign, from_address="letters@campaign.zz")
            if not values.get("code"):
                values["code"] = f"C{next(_numbers):02}-XYZ"
            values = {
                "target": session.merge(to),
                "recipient": name,
                "address": address,
                "sender": signs,
                "state": State.SCHEDULED,
                "send_after": self.now,
                "send_before": self.now + dt.timedelta(days=2),
                "subject": "The listing of those responsible",
                "text": f"Dear {name},\n\nWill you table a question to the minister before the "
                f"summer?\n\nYours sincerely,\nExample\n\n{values['code']}",
            } | values
            number = sendable(session, campaign, **values).id
        self.tick()
        assert self.letter(number).state is ends
        return number

    def tick(self) -> None:
        """What the clock does every few seconds."""
        with self.ways:
            clock.tick(self.database, self.ways, now=lambda: self.now, worker="w", home=self.home)

    def sent(self, number: int) -> Message:
        """The bytes of a letter as they left, as a message."""
        code = self.letter(number).code
        found = [raw for _, raw in self.server.taken if code in _text(raw)]
        return email.message_from_bytes(found[-1])

    def comes(self, raw: bytes | EmailMessage) -> Incoming:
        """Lay a message into the Maildir, let the clock take it in; what became of it."""
        folder = self.home / "maildir" / self.slug
        for name in ("new", "cur", "tmp"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        data = raw if isinstance(raw, bytes) else raw.as_bytes(policy=SMTP)
        (folder / "new" / f"{next(_numbers)}.x").write_bytes(data)
        clock.take_in(self.database, now=lambda: self.now, home=self.home, vault=self.vault)
        with self.database.reading() as session:
            row = session.scalars(sa.select(Incoming).order_by(Incoming.id.desc()).limit(1)).one()
            session.expunge(row)
        return row

    def letter(self, number: int) -> Letter:
        """The letter as it is now."""
        with self.database.reading() as session:
            row = session.get_one(Letter, number)
            session.expunge(row)
        return row

    def count(self, of: type) -> int:
        """How many rows there are of a kind."""
        with self.database.reading() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(of)) or 0

    def contact(self, value: str) -> ContactDetail:
        """An address of the directory as it is now."""
        with self.database.reading() as session:
            row = session.scalars(
                sa.select(ContactDetail).where(ContactDetail.value == value)
            ).one()
            session.expunge(row)
        return row


def _text(raw: bytes) -> str:
    message = email.message_from_bytes(raw)
    parts = [part for part in message.walk() if part.get_content_type() == "text/plain"]
    return "\n".join(part.get_payload(decode=True).decode() for part in parts)


def answer(
    words: str,
    *,
    to: str = "letters@campaign.zz",
    who: str = "Ida Example <ida@office.zz>",
    subject: str = "Re: The listing of those responsible",
    on: dt.datetime = make.NOW,
    **heads: str,
) -> EmailMessage:
    """A message as people write it."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = who, to, subject
    made["Date"] = on
    made["Message-ID"] = f"<answer-{next(_numbers)}@office.zz>"
    for name, value in heads.items():
        made[name.replace("_", "-")] = value
    made.set_content(words)
    return made
