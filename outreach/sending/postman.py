"""What every way out has in common: it takes finished bytes and says what became of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol


class TransportError(Exception):
    """The message was certainly not taken. `permanent` says that trying again is pointless.

    `words` are the server's own. Whatever else goes wrong once the bytes are on their way leaves
    the letter `unknown`: only who knows that nothing was delivered may raise this.
    """

    def __init__(self, words: str, *, permanent: bool) -> None:
        super().__init__(words)
        self.words = words
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where a message goes, beside the message. `at` is its Date (aware UTC)."""

    message_id: str
    sender: str
    recipient: str
    rehearsal: bool
    at: dt.datetime


class Postman(Protocol):
    """A way out. `name` is kept with every attempt."""

    name: str

    def takes(self, *, rehearsal: bool) -> bool:
        """Return whether this way is meant for a rehearsal, or for letters that really leave."""
        ...

    def deliver(self, message: bytes, envelope: Envelope) -> str:
        """Hand over `message` and return the server's last words.

        Raises TransportError when it certainly was not taken.
        """
        ...
