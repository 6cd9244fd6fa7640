"""What a message says of the letter it answers, read once and without a database."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from outreach.directory.spelling import fold, romanisations
from outreach.replies.mail.bounces import bounce_in
from outreach.replies.mail.hosts import body_of, host_of
from outreach.replies.mail.parsing import Mail
from outreach.replies.mail.subjects import bare_subject
from outreach.replies.models import CLUE_LENGTH

# So much of a message is looked at: a letter and its quotations are far shorter.
_MOST_TEXT = 200_000
_MOST_WORDS = 2000
_MOST_FOUND = 50
# Two groups as our codes have them, with whatever dash somebody's program made of the hyphen.
_CODE = re.compile(r"(?<![\w-])([0-9A-Z]{3,4})[-‐‑–—]([0-9A-Z]{3,4})(?![\w-])", re.I)
# What offices call a reference, theirs or ours.
_CALLED = (
    "r[eé]f|zeichen|aktenzeichen|kenmerk|znak|sygn|č\\. ?j|číslo|riferimento|protocollo|вих|№|no"
)
# Spelt apart or together only where the word for it stands before.
_APART = re.compile(
    rf"\b(?:{_CALLED})\w*[^\w\n]{{1,5}}([0-9A-Z]{{3,4}})[ .]?([0-9A-Z]{{3,4}})(?!\w)", re.I
)
# In a subject it stands by itself: capitals with a figure among them are no words.
_IN_SUBJECT = re.compile(
    r"(?<![\w-])(?=[A-Z]*\d|[0-9A-Z]{3,4}[ .][A-Z]*\d)([0-9A-Z]{3,4})[ .]([0-9A-Z]{3,4})(?![\w-])"
)
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
    broadcast   a list or newsletter brought it
    own         addresses that are ours: they say nothing of who wrote
    """

    recipients: tuple[str, ...]
    references: tuple[str, ...]
    senders: tuple[tuple[str, str], ...]
    subject: str
    text: str
    at: dt.datetime
    own: frozenset[str] = frozenset()
    # It went to many: what it prints of us proves nothing.
    broadcast: bool = False

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
        apart = [*_APART.findall(whole), *_IN_SUBJECT.findall(self.subject)]
        found = [*_CODE.findall(whole), *apart]
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

    def _foreign(self, addresses: Iterable[str]) -> Iterator[str]:
        for address in addresses:
            plain = address.strip().strip("<>").lower()
            if "@" in plain and plain not in self.own:
                yield plain[:CLUE_LENGTH]


def signs_of(mail: Mail, *, at: dt.datetime, own: frozenset[str] = frozenset()) -> Signs:
    """Return the signs of a message that came at the instant `at`; `own` are our addresses."""
    report, bounce = mail.report, bounce_in(mail)
    about = [one.about_id for one in (report, bounce) if one is not None and one.about_id]
    inner = [one for message in mail.messages for one in _named_in(message)]
    answered = [*mail.in_reply_to, *reversed(mail.references), *about, *inner]
    asked = [one for one in (mail.from_, mail.sender, *mail.reply_to) if one is not None]
    texts = [mail.text, *(f"{it.subject}\n{it.text}" for it in mail.messages)]
    recipients = [*(it.address for it in (*mail.to, *mail.cc)), *mail.delivered_to]
    if report is not None:
        # Whom it was for, and the address that our own letter named for answers.
        texts += [value for _, value in report.about]
        recipients += [it.final or it.original for it in report.recipients]
        recipients += _ADDRESS.findall(report.about_header("Reply-To"))
    return Signs(
        recipients=tuple(dict.fromkeys(recipients)),
        references=tuple(dict.fromkeys(answered)),
        senders=tuple((it.name, it.address) for it in asked),
        subject=mail.subject,
        text="\n".join(texts),
        at=at,
        own=own,
        broadcast=bool(mail.list_id),
    )


def _named_in(mail: Mail) -> Iterator[str]:
    """The msg-ids that a message within names: its own, and what it answers."""
    if mail.message_id:
        yield mail.message_id
    yield from mail.in_reply_to
    yield from reversed(mail.references)
