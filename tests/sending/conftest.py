"""Letters that could really go, and postmen with a small language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign, Mode
from outreach.database import Database
from outreach.letters.lifecycle import SEALED, State
from outreach.letters.models import Letter
from outreach.letters.sealing import seal_of
from outreach.sending import beginning, claiming
from outreach.sending.beginning import Claim
from outreach.sending.claiming import Claimed
from outreach.sending.due import Page
from outreach.sending.plain import Plain
from outreach.sending.postman import Envelope
from tests import make

EVERYBODY = Actor(
    "Olga", hands=frozenset({"author", "approver", "staff", "volunteer", "clock", "inbox"})
)


def live(session: Session, **values: Any) -> Campaign:
    """A live campaign with a mail account; native speakers have read the forms of address."""
    make.greetings_read(session)
    campaign = make.campaign(session, mode=Mode.LIVE, live_at=make.NOW, **values)
    make.mail_account(session, campaign)
    return campaign


def sendable(session: Session, campaign: Campaign, **values: Any) -> Letter:
    """A letter that the gate has nothing against: good address, true seal, read by a native."""
    domain = "office.example" if campaign.rehearsing else "office.zz"
    address = values.pop("address", f"desk{next(make._numbers)}@{domain}")
    target = values.pop("target", None) or make.target(session, address=address)
    if "sender" not in values:
        values["sender"] = make.sender(session, campaign, from_address=f"letters@{domain}")
    if "version" not in values:
        values["version"] = make.template_version(
            session, campaign, read_by="Nora", read_on=make.NOW.date()
        )
    quotes = values.pop("quotes", [])
    letter = make.letter(
        session, campaign, target=target, address=address, **{"state": State.APPROVED} | values
    )
    for quote in quotes:
        quote.letter_id = letter.id
        session.add(quote)
    session.flush()
    if letter.state in SEALED:
        letter.seal = seal_of(session, letter)
        session.flush()
    return letter


class FakePostman(Plain):
    """Keeps what it was given. `answer` is words, or an error to raise; `on_deliver` acts first."""

    def __init__(
        self,
        answer: str | BaseException = "250 ok",
        *,
        for_rehearsal: bool = True,
        on_deliver: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = "fake"
        self.answer = answer
        self.for_rehearsal = for_rehearsal
        self.on_deliver = on_deliver
        self.taken: list[tuple[bytes, Envelope]] = []

    def takes(self, *, rehearsal: bool) -> bool:
        return rehearsal is self.for_rehearsal

    def deliver(self, message: bytes, envelope: Envelope) -> str:
        self.on_deliver()
        if isinstance(self.answer, BaseException):
            raise self.answer
        self.taken.append((message, envelope))
        return self.answer


def claim_all(database: Database, letter_ids: Sequence[int], now: dt.datetime) -> Claimed:
    """Claim these letters of one campaign as a worker does, by a way that takes whatever it is."""
    return claiming.claim(
        database,
        Page(ids=tuple(letter_ids)),
        takes=lambda _rehearsal: True,
        transport="fake",
        now=now,
        worker="w",
    )


def note(database: Database, claimed: Claim, now: dt.datetime) -> set[int] | None:
    """Note that a claimed letter is about to go, as an outbox does."""
    written = FakePostman().write_by(claimed.account, claimed.sender, claimed.letter, now=now)
    return beginning.about_to_go(database, [(claimed, written)], now=now)


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, **delta: int) -> dt.datetime:
        self.now += dt.timedelta(**delta)
        return self.now


@pytest.fixture
def watch(now: dt.datetime) -> Watch:
    """A clock for loops that ask the time more than once."""
    return Watch(now)
