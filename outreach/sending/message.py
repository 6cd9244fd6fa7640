"""The letter as it travels: RFC 5322 bytes around the approved words, and nothing about us.

The body is `letter.text`, byte for byte; `carries` proves it by reading the bytes back. A campaign
may add the same words as HTML beside it (RFC 2046 §5.1.4, multipart/alternative).
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
import unicodedata
from email import message_from_bytes, policy
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

import idna

from outreach.accounts.models import Sender
from outreach.errors import BadInput
from outreach.letters import hypertext
from outreach.letters.models import Letter
from outreach.words import Sentence

REHEARSAL_HEADER = "X-Outreach-Rehearsal"
# RFC 5321 §4.5.3.1.6: 1,000 octets with the line end.
LONGEST_LINE = 998
# RFC 5322 §3.2.3 (dot-atom); what else a mailbox may hold needs quoting nobody expects.
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


def new_message_id(from_address: str) -> str:
    """Return a random msg-id (RFC 5322 §3.6.4, no angle brackets) of the sender's own domain.

    Says nothing of host, process, letter or hour. Raises BadInput for what is no address.
    """
    return f"{secrets.token_hex(16)}@{wire_address(from_address).domain}"


def build(
    letter: Letter,
    sender: Sender,
    *,
    message_id: str,
    date: dt.datetime,
    rehearsal: bool,
    html: bool = False,
) -> bytes:
    """Return the whole message (CRLF), ready for the wire; `date` is an aware instant.

    `html` adds the words as HTML, after the plain text.

    Adds only the envelope to what was approved, and names no client or host. Raises BadInput when
    a header would hold a control character, an address can't travel, or the bytes read back would
    differ from the approved words by a single one.
    """
    for part in (letter.subject, letter.recipient, letter.language, sender.name, message_id):
        _refuse_control(part)
    headers = [
        ("From", _mailbox("From", sender.name, wire_address(sender.from_address))),
        ("To", _mailbox("To", letter.recipient, wire_address(letter.address))),
        ("Subject", _folded("Subject", letter.subject)),
        ("Date", format_datetime(date.astimezone(dt.UTC).replace(microsecond=0))),
        ("Message-ID", f"<{message_id}>"),
    ]
    if sender.reply_to:
        replies = _mailbox("Reply-To", sender.name, wire_address(sender.reply_to))
        headers.append(("Reply-To", replies))
    headers.append(("Content-Language", letter.language))
    if rehearsal:
        headers.append((REHEARSAL_HEADER, "yes"))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    written = head.encode("ascii") + _body(letter, html=html).as_bytes()
    _refuse_other_words(written, letter)
    return written


def _body(letter: Letter, *, html: bool) -> EmailMessage:
    body = EmailMessage(policy=policy.SMTP)
    body.set_content(letter.text, charset="utf-8", cte=_encoding(letter.text))
    if html:
        words = hypertext.html_of(letter.text, letter.language)
        body.add_alternative(words, subtype="html", charset="utf-8", cte="quoted-printable")
    return body


def _folded(name: str, value: str) -> str:
    # The newer header classes lose blanks between long encoded words in Python 3.11; this one
    # keeps them.
    charset = "us-ascii" if value.isascii() else "utf-8"
    return Header(value, charset, header_name=name, maxlinelen=76).encode(linesep="\r\n")


def _mailbox(header: str, name: str, address: Address) -> str:
    if name.isascii():
        return formataddr((name, address.addr_spec))
    return f"{_folded(header, name)} <{address.addr_spec}>"


def wire_address(address: str) -> Address:
    """Return `address` with its domain in ASCII (IDNA 2008).

    Raises BadInput (field `address`) for what can't be written to as it stands.
    """
    _refuse_control(address)
    local, at, domain = address.strip().rpartition("@")
    problem = Sentence("“%(address)s” is not an address a letter can go to.", address=address)
    if not at or not _LOCAL_PART.fullmatch(local):
        raise BadInput(problem, field="address")
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii").lower()
    except idna.IDNAError as error:
        raise BadInput(problem, field="address") from error
    return Address(username=local, domain=ascii_domain)


def words_of(message: bytes) -> str:
    """Return the plain text of `message` with `\\n` line ends, decoded from the wire."""
    return _part(message, "text/plain")


def html_in(message: bytes) -> str:
    """Return the HTML part of `message` with `\\n` line ends, or '' when it has none."""
    return _part(message, "text/html")


def _part(message: bytes, kind: str) -> str:
    parsed = message_from_bytes(message, policy=policy.SMTP)
    part = next((one for one in parsed.walk() if one.get_content_type() == kind), None)
    raw = part.get_payload(decode=True) if part is not None else None
    return raw.decode("utf-8").replace("\r\n", "\n") if isinstance(raw, bytes) else ""


def carries(message: bytes, text: str) -> bool:
    """Return whether the body of `message` is exactly `text`, byte for byte; its HTML part too.

    A message ends its last line (RFC 5322 §2.3), so one line end is added if `text` lacks it.
    """
    html = html_in(message)
    if html and hypertext.words_in(html) != text.strip("\n"):
        return False
    return words_of(message) == (text if text.endswith("\n") else f"{text}\n")


def headers_of(message: bytes) -> list[tuple[str, str]]:
    """Return the headers of `message` in their order, decoded for reading."""
    parsed = message_from_bytes(message, policy=policy.SMTP)
    return [(name, str(value)) for name, value in parsed.items()]


def _encoding(text: str) -> str:
    """Plain ASCII in short lines travels as it is; everything else as quoted-printable."""
    plain = text.isascii() and all(
        len(line) <= LONGEST_LINE and line == line.rstrip() for line in text.split("\n")
    )
    return "7bit" if plain else "quoted-printable"


def _refuse_control(text: str) -> None:
    """A line end in a header is somebody else's header."""
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in text):
        raise BadInput(
            Sentence("A name, subject or address holds a line break or an invisible control mark.")
        )


def _refuse_other_words(written: bytes, letter: Letter) -> None:
    parsed = message_from_bytes(written, policy=policy.SMTP)
    same = (
        carries(written, letter.text)
        and str(parsed["Subject"]) == letter.subject
        and parsed["To"].addresses[0].display_name == letter.recipient
    )
    if not same:
        raise BadInput(
            Sentence("The message would not say exactly what was approved, so it was not made.")
        )
