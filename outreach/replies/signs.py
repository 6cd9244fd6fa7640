"""What a message says of the letter it answers, read once and without a database."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from outreach.directory.spelling import fold, romanisations
from outreach.replies.hosts import body_of, host_of
from outreach.replies.models import CLUE_LENGTH
from outreach.replies.subjects import bare_subject

# So much of a message is looked at: a letter and its quotations are far shorter.
_MOST_TEXT = 200_000
_MOST_WORDS = 2000
_MOST_FOUND = 50
# Two groups as our codes have them, with whatever dash somebody's program made of the hyphen.
_CODE = re.compile(r"(?<![\w-])([0-9A-Z]{3,4})[-‐‑–—]([0-9A-Z]{3,4})(?![\w-])", re.I)
# Spelt apart or together only where the word for it stands before.
_AFTER_REF = re.compile(r"\br[eé]f\w*[^\w\n]{1,5}([0-9A-Z]{3})[ .]?([0-9A-Z]{3})(?!\w)", re.I)
_ADDRESS = re.compile(r"[\w.+=-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_SUBJECT_LINE = re.compile(
    r"^[\s>*|]*(?:subject|betreff|objet|oggetto|asunto|assunto|onderwerp|temat|тема|ämne|předmět"
    r"|tárgy|emne|teema|temats?|tema|θέμα)\s*\*?\s*[:：]\s*(.+)$",
    re.I | re.M,
)


@dataclass(frozen=True)
class Signs:
    """The signs of one message.

    recipients  every address it was sent or delivered to
    references  msg-ids without brackets: In-Reply-To, then References from the newest, then those
                that a bounce or a forwarded message names
    senders     (name, address) of From, Sender and Reply-To
    text        all its words: subject not included, quotations and forwarded messages included
    at          when it came (aware UTC)
    own         addresses that are ours: they say nothing of who wrote
    """

    recipients: tuple[str, ...]
    references: tuple[str, ...]
    senders: tuple[tuple[str, str], ...]
    subject: str
    text: str
    at: dt.datetime
    own: frozenset[str] = frozenset()

    @cached_property
    def folded(self) -> str:
        """All its words, folded, with one blank between."""
        return " ".join(fold(self.text[:_MOST_TEXT]).split())

    @cached_property
    def words(self) -> frozenset[str]:
        """Its different words and those of the senders' names, folded; Latin spellings too."""
        names = " ".join(name for name, _ in self.senders)
        own = f"{fold(names)} {self.folded}".split()
        latin = (word for spelt in romanisations(names) for word in spelt.split())
        return frozenset([*dict.fromkeys([*latin, *own])][:_MOST_WORDS])

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """What looks like one of our codes, in capitals with a hyphen."""
        whole = f"{self.subject}\n{self.text[:_MOST_TEXT]}"
        found = [*_CODE.findall(whole), *_AFTER_REF.findall(whole)]
        return tuple(dict.fromkeys(f"{a}-{b}".upper() for a, b in found))[:_MOST_FOUND]

    @cached_property
    def from_addresses(self) -> tuple[str, ...]:
        """The addresses it came from, in small letters."""
        return tuple(dict.fromkeys(self._foreign(address for _, address in self.senders)))

    @cached_property
    def named_addresses(self) -> tuple[str, ...]:
        """The addresses it came from or went to, and those its text names; ours left out."""
        named = _ADDRESS.findall(self.text[:_MOST_TEXT])[:_MOST_FOUND]
        every = [*self.from_addresses, *self._foreign([*self.recipients, *named])]
        return tuple(dict.fromkeys(every))[:_MOST_FOUND]

    @cached_property
    def bodies(self) -> frozenset[str]:
        """The hosts' own parts of `named_addresses`, as `hosts.body_of` gives them."""
        found = (body_of(host_of(address)) for address in self.named_addresses)
        return frozenset(body for body in found if body)

    @cached_property
    def subjects(self) -> frozenset[str]:
        """Its subject and those it quotes, without what answering put before them."""
        quoted = _SUBJECT_LINE.findall(self.text[:_MOST_TEXT])[:_MOST_FOUND]
        found = (bare_subject(one)[:CLUE_LENGTH] for one in (self.subject, *quoted))
        return frozenset(one for one in found if one)

    def _foreign(self, addresses: object) -> Iterator[str]:
        for address in addresses:  # type: ignore[attr-defined]
            plain = str(address).strip().strip("<>").lower()
            if "@" in plain and plain not in self.own:
                yield plain[:CLUE_LENGTH]
