"""What every way out has in common: it takes finished bytes and says what became of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from outreach.accounts.models import MailAccount, Sender
from outreach.letters.models import Letter


class Refusal(StrEnum):
    """Why a message was not taken, as far as it decides what follows."""

    # Try again: the server is busy, the mailbox is full, the line broke before the message.
    LATER = "later"
    # The same, and nobody answered there at all: another way may be open.
    UNREACHED = "unreached"
    # Nobody is at this address; or our own may not send; or these words are not taken.
    ADDRESS = "address"
    SENDER = "sender"
    CONTENT = "content"
    # We don't get in: certificate, password. No letter is at fault.
    ACCOUNT = "account"


# Trying the same letter again changes nothing about these.
LASTING = frozenset({Refusal.ADDRESS, Refusal.CONTENT})
# These say nothing of the letter: any other one through the same account would hear the same.
OF_THE_ACCOUNT = frozenset({Refusal.UNREACHED, Refusal.SENDER, Refusal.ACCOUNT})


class TransportError(Exception):
    """The message was certainly not taken, for the reason `refusal`.

    `words` are the server's own. Whatever else goes wrong once the bytes are on their way leaves
    the letter `unknown`: only who knows that nothing was delivered may raise this.
    """

    def __init__(self, words: str, *, refusal: Refusal) -> None:
        super().__init__(words)
        self.words = words
        self.refusal = refusal

    @property
    def permanent(self) -> bool:
        """Whether trying the same again is pointless."""
        return self.refusal in LASTING


class Unanswered(Exception):
    """The message may have been taken: its last byte went, and no answer came that says so or not.

    `words` are the last that were heard.
    """

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where a message goes, beside the message. `at` is its Date (aware UTC).

    `account_id` is the mail account it goes through; None for a way that needs none.
    """

    message_id: str
    sender: str
    recipient: str
    rehearsal: bool
    at: dt.datetime
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A letter as it will travel: the very bytes, and where they go."""

    message: bytes
    envelope: Envelope


class Fate(StrEnum):
    """What became of one letter of several that were handed over together."""

    TAKEN = "taken"
    NOT_TAKEN = "not_taken"
    # Its last byte may have gone, and no answer came.
    UNKNOWN = "unknown"
    # No byte of its message went; it may have been announced.
    NOT_BEGUN = "not_begun"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a letter, in the server's own words; `refusal` says why it was not taken."""

    fate: Fate
    words: str = ""
    refusal: Refusal | None = None


class Postman(Protocol):
    """A way out. `name` is kept with every attempt, `together` letters are claimed at a time."""

    name: str
    together: int

    def takes(self, *, rehearsal: bool) -> bool:
        """Return whether this way is meant for a rehearsal, or for letters that really leave."""
        ...

    def write_by(
        self,
        account: MailAccount | None,
        sender: Sender,
        letter: Letter,
        *,
        now: dt.datetime,
        message_id: str = "",
        html: bool = False,
        rehearsal: bool = False,
    ) -> Written:
        """Return `letter` as it leaves by `account` (None: as it is captured), dated `now`.

        `message_id`: "" for a new one. Touches no database. Raises BadInput for what can't be made
        into a message.
        """
        ...

    def deliver(self, message: bytes, envelope: Envelope) -> str:
        """Hand over `message` and return the server's last words.

        Raises TransportError when it certainly was not taken, Unanswered when nobody knows.
        """
        ...

    def deliver_all(
        self, letters: Sequence[Written], *, going: Callable[[], bool]
    ) -> Iterator[Answer]:
        """Hand over several and give one answer for each, in order, as soon as it is known.

        `going` is asked before the first byte of a letter's message goes; once it is False, that
        letter and the rest have not begun. What a server does never raises.
        """
        ...
