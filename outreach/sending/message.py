"""The letter as it travels: RFC 5322 bytes around the approved words, and nothing about us.

The body is `letter.text`, byte for byte; `carries` proves it by reading the bytes back. A campaign
may add the same words as HTML beside it (RFC 2046 §5.1.4, multipart/alternative).
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import re
import secrets
import unicodedata
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import Header, decode_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import HeaderParser
from email.utils import format_datetime, formataddr, parseaddr

import idna

from outreach.accounts.models import Sender
from outreach.errors import BadInput
from outreach.letters import hypertext
from outreach.letters.models import Letter
from outreach.words import Sentence

REHEARSAL_HEADER = "X-Outreach-Rehearsal"
# Lines of quoted-printable end at 76 (RFC 2045 §6.7); the library would go on to 78.
WRITTEN = policy.SMTP.clone(max_line_length=76)
# RFC 5321 §4.5.3.1.6: 1,000 octets with the line end.
LONGEST_LINE = 998
NOT_THE_SAME = Sentence("The message would not say exactly what was approved, so it was not made.")
# RFC 5322 §3.2.3 (dot-atom), with the letters of other scripts (RFC 6531 §3.3); what else a mailbox
# may hold needs quoting nobody expects.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
# What stands between the angle brackets of a msg-id (§3.6.4), as programs really write it.
MESSAGE_ID = re.compile(r"[!-;=?-~]{1,250}")
_LOCAL_PART = re.compile(rf"{_ATOM}(\.{_ATOM})*")


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
    reply_to: str = "",
) -> bytes:
    """Return the whole message (CRLF), ready for the wire; `date` is an aware instant.

    `html` adds the words as HTML, after the plain text; `reply_to` stands in the place of the
    sender's own.

    Adds only the envelope to what was approved, and names no client or host. Raises BadInput when
    a header would hold a control character, an address can't travel, or the bytes read back would
    differ from the approved words by a single one.
    """
    headers = _headers(letter, sender, message_id, date, rehearsal, reply_to)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    body = _body(letter, boundary(message_id) if html else "")
    # Beyond ASCII there are only addresses that ask for SMTPUTF8 (RFC 6532 §3.2).
    written = head.encode("utf-8") + body.as_bytes()
    _refuse_other_words(written, letter)
    return written


def _headers(
    letter: Letter,
    sender: Sender,
    message_id: str,
    date: dt.datetime,
    rehearsal: bool,
    reply_to: str,
) -> list[tuple[str, str]]:
    for part in (letter.subject, letter.recipient, letter.language, sender.name, message_id):
        refuse_control(part)
    headers = [
        ("From", _mailbox("From", sender.name, wire_address(sender.from_address))),
        ("To", _mailbox("To", letter.recipient, wire_address(letter.address))),
        ("Subject", folded("Subject", letter.subject)),
        ("Date", written_date(date)),
        ("Message-ID", f"<{message_id}>"),
        *answering(letter),
    ]
    if reply_to or sender.reply_to:
        answers = wire_address(reply_to or sender.reply_to)
        headers.append(("Reply-To", _mailbox("Reply-To", sender.name, answers)))
    headers.append(("Content-Language", letter.language))
    return [*headers, (REHEARSAL_HEADER, "yes")] if rehearsal else headers


def answering(letter: Letter) -> list[tuple[str, str]]:
    """Return the headers that name the messages `letter` answers (RFC 5322 §3.6.4), if any.

    Raises BadInput for what is no msg-id: it was read out of somebody else's message.
    """
    if not letter.in_reply_to:
        return []
    before = (letter.refers_to or letter.in_reply_to).split(" ")
    if not all(MESSAGE_ID.fullmatch(one) for one in (letter.in_reply_to, *before)):
        raise BadInput(NOT_THE_SAME)
    # A line each: nothing has to be folded within.
    lines = "\r\n ".join(f"<{one}>" for one in before)
    return [("In-Reply-To", f"<{letter.in_reply_to}>"), ("References", lines)]


def _body(letter: Letter, line: str) -> EmailMessage:
    """The plain text; with `line` between the two, HTML as well."""
    body = EmailMessage(policy=WRITTEN)
    body.set_content(letter.text, charset="utf-8", cte=encoding(letter.text))
    if line:
        words = hypertext.html_of(letter.text, letter.language)
        body.add_alternative(words, subtype="html", charset="utf-8", cte="quoted-printable")
        body.set_boundary(line)
    return body


def written_date(date: dt.datetime) -> str:
    """Return an aware instant as RFC 5322 writes it, in UTC: nothing of where the sender sits."""
    return _in_words(date.astimezone(dt.UTC).replace(microsecond=0))


@functools.lru_cache(maxsize=16)
def _in_words(date: dt.datetime) -> str:
    return format_datetime(date)


def boundary(message_id: str) -> str:
    """Return the line that parts plain text and HTML: stands in neither, tells nothing."""
    return f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}"


def folded(name: str, value: str) -> str:
    """Return the value of an unstructured header, in lines; other scripts as encoded words."""
    # The newer header classes lose blanks between long encoded words in Python 3.11; this one
    # keeps them.
    charset = "us-ascii" if value.isascii() else "utf-8"
    return Header(value, charset, header_name=name, maxlinelen=76).encode(linesep="\r\n")


def _mailbox(header: str, name: str, address: Address) -> str:
    if name.isascii():
        return named(name, address.addr_spec)
    return f"{folded(header, name)} <{address.addr_spec}>"


def named(name: str, address: str) -> str:
    """Return a mailbox (RFC 5322 §3.4) with an ASCII name; its address may be of any script."""
    # The library takes ASCII only, and quotes by the name alone.
    return f"{formataddr((name, ''))[:-1]}{address}>" if name else address


@functools.lru_cache(maxsize=4096)
def wire_address(address: str) -> Address:
    """Return `address` with its domain in ASCII (IDNA 2008), its local part as it stands.

    Only some servers take a local part beyond ASCII. Raises BadInput (field `address`) for what
    can't be written to as it stands.
    """
    refuse_control(address)
    local, at, domain = address.strip().rpartition("@")
    try:
        if at and local.isprintable() and _LOCAL_PART.fullmatch(local):
            return Address(username=local, domain=_ascii_domain(domain))
    except idna.IDNAError:
        pass
    problem = Sentence("“%(address)s” is not an address a letter can go to.", address=address)
    raise BadInput(problem, field="address")


@functools.lru_cache(maxsize=4096)
def _ascii_domain(domain: str) -> str:
    return idna.encode(domain, uts46=True).decode("ascii").lower()


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
    head = message.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    return [(name, decoded(value)) for name, value in HeaderParser().parsestr(head).items()]


def decoded(value: str) -> str:
    """Return the value of a header as it is read: lines joined, encoded words decoded (RFC 2047).

    The newer header classes put a blank between the encoded words of a long name (Python 3.11);
    these functions don't.
    """
    value = value.replace("\r\n", "").replace("\n", "")
    if not value.isascii():
        # Only an address stands in a header of ours as it is (RFC 6532 §3.2).
        words, mark, address = value.rpartition(" <")
        return f"{decoded(words)}{mark}{address}" if words.isascii() else value
    try:
        return "".join(
            part.decode(charset or "ascii") if isinstance(part, bytes) else part
            for part, charset in decode_header(value)
        )
    except (LookupError, ValueError, MessageError):
        # Looks like an encoded word and is none: it is shown as it stands.
        return value


def encoding(text: str) -> str:
    """Return how `text` travels: plain ASCII in short lines as it is, else quoted-printable."""
    plain = text.isascii() and all(
        len(line) <= LONGEST_LINE and line == line.rstrip() for line in text.split("\n")
    )
    return "7bit" if plain else "quoted-printable"


def refuse_control(text: str) -> None:
    """Raise BadInput for a control mark: a line end in a header is somebody else's header."""
    if text.isprintable():
        return
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in text):
        raise BadInput(
            Sentence("A name, subject or address holds a line break or an invisible control mark.")
        )


def _refuse_other_words(written: bytes, letter: Letter) -> None:
    said = dict(headers_of(written))
    same = (
        carries(written, letter.text)
        and said["Subject"] == letter.subject
        and is_for(said["To"], letter)
    )
    if not same:
        raise BadInput(NOT_THE_SAME)


def is_for(said: str, letter: Letter) -> bool:
    """Return whether a decoded To names the recipient of `letter` and nobody else."""
    address = wire_address(letter.address).addr_spec
    if not letter.recipient.isascii():
        return said == f"{letter.recipient} <{address}>"
    return parseaddr(said) == (letter.recipient, address)
