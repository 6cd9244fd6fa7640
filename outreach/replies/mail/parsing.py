"""Reads a message: who wrote what to whom, in answer to what, with which files. No database.

`read` never raises for what the bytes are, and is done in bounded time and memory: what is too
deep, too many or too long stays in the original, and a sentence says so.
"""

from __future__ import annotations

import datetime as dt
import email.message
import email.utils
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from outreach.replies.mail import mime
from outreach.replies.mail.attachments import Attachment, attachment_of, unwrapped
from outreach.replies.mail.authenticity import Check, checks_in
from outreach.replies.mail.charsets import decoded
from outreach.replies.mail.mime import Part, Taken, clean
from outreach.replies.mail.plain_text import text_of
from outreach.replies.mail.quoting import cut
from outreach.replies.mail.reports import Report, report_in
from outreach.replies.mail.tnef import Bag, opened
from outreach.words import N_, Sentence

MOST_TEXT = 400_000
MOST_ADDRESSES = 200
# A thread may be long, and ours anywhere in it.
MOST_IDS = 30_000
MOST_MESSAGES_WITHIN = 10
MOST_MAILS_DEEP = 5
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,500})>|([^\s<>,;]{1,400}@[^\s<>,;]{1,250})")
# Some programs call their HTML plain text.
_MARKUP = re.compile(r"\s*(?:<!doctype html|<html|<body|<div\b[^>]*>|<p\b[^>]*>)", re.IGNORECASE)
_WRAPPED = ("application/ms-tnef", "application/vnd.ms-tnef")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")

EMPTY = N_("There is nothing in it.")
NO_TEXT = N_("It has no text.")
HTML_ONLY = N_("It has no plain text; what is shown was made from its HTML.")
WRONG_CHARSET = N_("Its letters are written in another code than it says; we guessed which.")
TEXT_CUT = N_("Its text is too long; the end is only in the original.")
OUTLOOK_BAG = N_("Outlook wrapped it into winmail.dat; its text and files were taken out of that.")
TORN_BAG = N_(
    "Outlook wrapped it into winmail.dat, which is damaged; ask them to send the files again."
)
TWO_SENDERS = N_("It names more than one sender; look at the headers.")
NO_DATE = N_("The day it was written can't be read.")


@dataclass(frozen=True, slots=True)
class Address:
    """A name, perhaps empty, and an address with its domain in small letters."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What follows the last @."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Mail:
    """A message as it was read. Identifiers are without angle brackets; `date` is aware UTC.

    `text` is everything it says, `reading` without the quoted letter and the signature, `quoted`
    what was cut off below. `html` is as it came: never show it but through `showing.harmless`.
    """

    message_id: str
    date: dt.datetime | None
    subject: str
    from_: Address
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    # Where the mail systems on the way brought it: Delivered-To, X-Original-To, Envelope-To.
    delivered_to: tuple[str, ...]
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    auto_submitted: str
    precedence: str
    list_id: str
    # "" for the empty return path of machines, None where none was kept.
    return_path: str | None
    content_language: str
    checks: tuple[Check, ...]
    text: str
    reading: str
    quoted: str
    signature: str
    html: str
    attachments: tuple[Attachment, ...]
    messages: tuple[Mail, ...]
    report: Report | None
    problems: tuple[Sentence, ...]
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str:
        """Return the first header called `name`, or nothing."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")


def read(raw: bytes, *, ours: str = "") -> Mail:
    """Return the message that `raw` is (RFC 5322, 2045 and what is really sent).

    `ours` is the address our letter was sent from, which helps to find where it is quoted. Never
    raises; what went wrong is in `problems`.
    """
    taken = Taken()
    if b"\r" in raw[:2_000] and b"\n" not in raw[:20_000]:
        # Old Macs end lines with CR alone.
        raw = raw.replace(b"\r", b"\n")
    root = mime.take_apart(raw, taken)
    if not raw.strip():
        taken.note(EMPTY)
    return _mail(root, taken, ours)


def _mail(root: Part, taken: Taken, ours: str, level: int = 0) -> Mail:
    head = root.headers
    parts = list(root.walk())
    bags = _bags(parts, taken)
    text, html = _texts(parts, list(bags.values()), taken)
    found = cut(text, ours)
    from_, written = _addresses(head, "From"), _date(mime.header(head, "Date"))
    _note_oddities(head, written, taken)
    within = [one.inner[0] for one in parts if mime.is_message(one) and one.inner]
    within = within[:MOST_MESSAGES_WITHIN] if level < MOST_MAILS_DEEP else []
    return Mail(
        message_id=next(iter(_ids(mime.header(head, "Message-ID"))), ""),
        date=written,
        subject=mime.header(head, "Subject")[:1_000],
        from_=from_[0] if from_ else Address("", ""),
        sender=next(iter(_addresses(head, "Sender")), None),
        reply_to=_addresses(head, "Reply-To"),
        to=_addresses(head, "To"),
        cc=_addresses(head, "Cc"),
        delivered_to=_delivered(head),
        in_reply_to=_ids(mime.header(head, "In-Reply-To")),
        references=_ids(mime.header(head, "References")),
        auto_submitted=mime.header(head, "Auto-Submitted").lower(),
        precedence=mime.header(head, "Precedence").lower(),
        list_id=mime.header(head, "List-Id"),
        return_path=_return_path(head),
        content_language=_language(head),
        checks=checks_in(mime.all_of(head, "Authentication-Results")),
        text=text,
        reading=found.reading,
        quoted=found.quoted,
        signature=found.signature,
        html=html,
        attachments=_files(parts, bags),
        messages=tuple(_mail(one, taken, ours, level + 1) for one in within),
        report=report_in(root, parts),
        problems=tuple(taken.problems),
        headers=_shown_headers(head),
    )


def _note_oddities(head: email.message.Message, written: dt.datetime | None, taken: Taken) -> None:
    if len(mime.all_of(head, "From")) > 1:
        taken.note(TWO_SENDERS)
    if written is None and mime.header(head, "Date"):
        taken.note(NO_DATE)


def _bags(parts: Sequence[Part], taken: Taken) -> dict[int, Bag]:
    """{id of a part: what Outlook wrapped into it}; a damaged one stays among the files too."""
    found = {}
    for part in parts:
        if part.kind not in _WRAPPED and part.filename.lower() != "winmail.dat":
            continue
        bag = opened(part.body()[0])
        if bag is not None:
            found[id(part)] = bag
        if bag is not None or part.kind in _WRAPPED:
            taken.note(OUTLOOK_BAG if bag and bag.whole else TORN_BAG)
    return found


def _texts(parts: Sequence[Part], bags: Sequence[Bag], taken: Taken) -> tuple[str, str]:
    """The message's text and its HTML: of each set of alternatives the plain one, if it says
    anything (RFC 2046 §5.1.4 lets us choose what we can show best). What Outlook wrapped is read
    where nothing else says anything.
    """
    plain, html = [], []
    for part in parts:
        if part.inner or not _is_body(part):
            continue
        if part.kind == "text/html":
            html.append(_text(part, taken))
        elif part.kind.startswith("text/") and part.kind not in ("text/calendar", "text/rtf"):
            text = _text(part, taken)
            plain.append(text_of(text) if _MARKUP.match(text) else text)
    if not any(one.strip() for one in [*plain, *html]):
        plain, html = [_lines(bag.text) for bag in bags], [bag.html for bag in bags if bag.html]
    text = "\n\n".join(one.strip("\n") for one in plain if one.strip())
    markup = "\n".join(html)
    if not text.strip() and markup.strip():
        text = text_of(markup)
        taken.note(HTML_ONLY)
    if not text.strip():
        taken.note(NO_TEXT)
    if len(text) > MOST_TEXT:
        taken.note(TEXT_CUT)
    return text[:MOST_TEXT], markup[: 2 * MOST_TEXT]


def _is_body(part: Part) -> bool:
    return part.kind.startswith("text/") and part.disposition != "attachment" and not part.filename


def _text(part: Part, taken: Taken) -> str:
    data, whole = part.body()
    if not whole:
        taken.note(mime.BROKEN_CODE)
    text, right = decoded(data[: 4 * MOST_TEXT], part.charset)
    if not right:
        taken.note(WRONG_CHARSET)
    return _lines(text)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _files(parts: Sequence[Part], bags: Mapping[int, Bag]) -> tuple[Attachment, ...]:
    leaves = [one for one in parts if mime.is_message(one) or not (one.inner or _is_body(one))]
    found: list[Attachment] = []
    for part in (one for one in leaves if one.kind != "message/delivery-status"):
        bag = bags.get(id(part))
        if bag is None or not bag.whole:
            found.append(attachment_of(part, len(found) + 1))
        for file in bag.files if bag else ():
            found.append(unwrapped(file, len(found) + 1))
    return tuple(found)


def _addresses(head: email.message.Message, name: str) -> tuple[Address, ...]:
    # Encoded words are read last: what they hide must not become an address (RFC 2047 §5).
    values = [re.sub(r"\r?\n[ \t]*", " ", one) for one in mime.as_sent(head, name, most=5)]
    found = []
    for encoded, address in _pairs(values)[:MOST_ADDRESSES]:
        called = mime.readable(encoded)
        local, at, domain = clean(address).rpartition("@")
        if at or address:
            found.append(Address(called[:300], f"{local}{at}{domain.lower()}"[:320]))
    return tuple(found)


def _pairs(values: Sequence[str]) -> list[tuple[str, str]]:
    """Names and addresses; where the library finds none, what stands in angle brackets."""
    try:
        pairs = [one for one in email.utils.getaddresses(values) if "@" in one[1]]
    except Exception:
        # It gives up on some nonsense (a hundred open brackets), and says so in different ways.
        pairs = []
    rough = re.compile(r'([^<>,;]{0,300})<([^<>\s]{1,320})>|([^\s<>,;"]{1,64}@[^\s<>,;"]{1,255})')
    return pairs or [
        (name.strip(' "'), address or bare)
        for value in values
        for name, address, bare in rough.findall(value[:5_000])
    ]


def _delivered(head: email.message.Message) -> tuple[str, ...]:
    values = [
        address.address
        for name in ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
        for address in _addresses(head, name)
    ]
    return tuple(dict.fromkeys(values))


def _ids(value: str) -> tuple[str, ...]:
    found = [one or other for one, other in _MESSAGE_ID.findall(value)]
    return tuple(dict.fromkeys(found))[:MOST_IDS]


def _date(value: str) -> dt.datetime | None:
    try:
        when = email.utils.parsedate_to_datetime(value)
        when = when if when.tzinfo else when.replace(tzinfo=dt.UTC)
        when = when.astimezone(dt.UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return when if 1980 <= when.year <= 2100 else None


def _return_path(head: email.message.Message) -> str | None:
    values = mime.all_of(head, "Return-Path", most=1)
    return values[0].strip().strip("<>").strip() if values else None


def _language(head: email.message.Message) -> str:
    found = _LANGUAGE.match(mime.header(head, "Content-Language"))
    return found[0] if found else ""


def _shown_headers(head: email.message.Message) -> tuple[tuple[str, str], ...]:
    rows = [(clean(str(name))[:100], value) for name, value in head.raw_items()][:150]
    return tuple((name, mime.readable(str(value))[:2_000]) for name, value in rows)
