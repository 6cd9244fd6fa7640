"""The same message as `message.build`, byte for byte, put together without the library's objects.

What is plain is written straight away; whatever is not goes through the library's own functions.
The words are read back all the same before a message is given out.
"""

from __future__ import annotations

import binascii
import datetime as dt
import functools
import re
from email.quoprimime import body_encode
from email.utils import formataddr, parseaddr

from outreach.accounts.models import Sender
from outreach.errors import BadInput
from outreach.letters import hypertext
from outreach.letters.models import Letter
from outreach.sending.message import (
    NOT_THE_SAME,
    REHEARSAL_HEADER,
    boundary,
    decoded,
    encoding,
    folded,
    refuse_control,
    wire_address,
    written_date,
)

_LINE = 76
# What stands in a header as it is: words of printable ASCII (no =) with one blank between.
_PLAIN = re.compile(r"[!-<>-~]+( [!-<>-~]+)*")
# … and in a name, where some marks ask for quotes.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9',-]+( [A-Za-z0-9',-]+)*")


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
    """Return what `message.build` returns for the same letter; raises the same."""
    for part in (letter.subject, letter.recipient, letter.language, sender.name, message_id):
        refuse_control(part)
    head = [
        f"From: {_mailbox('From', sender.name, sender.from_address)}",
        f"To: {_mailbox('To', letter.recipient, letter.address)}",
        f"Subject: {_subject(letter.subject)}",
        f"Date: {written_date(date)}",
        f"Message-ID: <{message_id}>",
    ]
    if reply_to or sender.reply_to:
        head.append(f"Reply-To: {_mailbox('Reply-To', sender.name, reply_to or sender.reply_to)}")
    head.append(f"Content-Language: {letter.language}")
    if rehearsal:
        head.append(f"{REHEARSAL_HEADER}: yes")
    how = encoding(letter.text)
    plain, kind = _body(letter.text, how), _kind("plain", how)
    if not html:
        return _joined([*head, *kind, "MIME-Version: 1.0", "", plain])
    page = hypertext.html_of(letter.text, letter.language)
    if hypertext.words_in(page) != letter.text.strip("\n"):
        raise BadInput(NOT_THE_SAME)
    other, line = _body(page, "quoted-printable"), boundary(message_id)
    head += ["MIME-Version: 1.0", "Content-Type: multipart/alternative;", f' boundary="{line}"']
    parts = ["", f"--{line}", *kind, "", plain, f"--{line}", *_kind("html", "quoted-printable")]
    return _joined([*head, *parts, "MIME-Version: 1.0", "", other, f"--{line}--", ""])


def _joined(lines: list[str]) -> bytes:
    return "\r\n".join(lines).encode("ascii")


def _kind(kind: str, how: str) -> list[str]:
    return [f'Content-Type: text/{kind}; charset="utf-8"', f"Content-Transfer-Encoding: {how}"]


def _body(text: str, how: str) -> str:
    """`text` as it travels, with CRLF after every line. Raises BadInput if it read otherwise."""
    lines = text.encode("utf-8").splitlines()
    wanted = text if text.endswith("\n") else f"{text}\n"
    whole = b"\n".join(lines) + b"\n"
    if how == "7bit":
        written, read = whole.decode("ascii"), whole
    else:
        written = body_encode(whole.decode("latin-1"), _LINE)
        read = binascii.a2b_qp(written)
    if read != wanted.encode("utf-8"):
        raise BadInput(NOT_THE_SAME)
    return written.replace("\n", "\r\n")


@functools.lru_cache(maxsize=4096)
def _subject(subject: str) -> str:
    if len("Subject: ") + len(subject) <= _LINE and _PLAIN.fullmatch(subject):
        return subject
    return _read_back(folded("Subject", subject), subject)


@functools.lru_cache(maxsize=4096)
def _mailbox(header: str, name: str, address: str) -> str:
    spec = wire_address(address).addr_spec
    if not name.isascii():
        return f"{_read_back(folded(header, name), name)} <{spec}>"
    whole = formataddr((name, spec))
    if not _PLAIN_NAME.fullmatch(name) and parseaddr(decoded(whole)) != (name, spec):
        raise BadInput(NOT_THE_SAME)
    return whole


def _read_back(written: str, meant: str) -> str:
    """Return `written` when a reader takes it for what was `meant`. Raises BadInput."""
    if decoded(written.lstrip(" \t")) != meant:
        raise BadInput(NOT_THE_SAME)
    return written
