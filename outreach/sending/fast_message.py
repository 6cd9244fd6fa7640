"""The same message as `message.build`, byte for byte, put together without the library's objects.

What is plain is written straight away; whatever is not goes through the library's own functions.
The words are read back all the same before a message is given out.
"""

from __future__ import annotations

import binascii
import datetime as dt
import functools
import re
from email.charset import Charset
from email.quoprimime import body_encode
from email.utils import parseaddr

from outreach.accounts.models import Sender
from outreach.errors import BadInput
from outreach.letters import hypertext
from outreach.letters.models import Letter
from outreach.sending.message import (
    NOT_THE_SAME,
    REHEARSAL_HEADER,
    answering,
    boundary,
    decoded,
    encoding,
    folded,
    named,
    refuse_control,
    wire_address,
    written_date,
)

_LINE = 76
_UTF8 = Charset("utf-8")
_WORD = "=?utf-8?"
# What stands in a header as it is: words of printable ASCII (no =) with one blank between.
_PLAIN = re.compile(r"[!-<>-~]+( [!-<>-~]+)*")
# … and in a name, where some marks ask for quotes, and a few more inside them.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9',-]+( [A-Za-z0-9',-]+)*")
_QUOTED = re.compile(r'"([A-Za-z0-9\'.,:;()&/-]+(?: [A-Za-z0-9\'.,:;()&/-]+)*)" <([^<>]*)>')
_ODD = re.compile(rb"=(?:20|09|2E|00|\n=..\n)")
# A line that the C function breaks before its last mark, which may have fitted.
_LONE = re.compile(rb"=\n(=[0-9A-F]{2}\n)")
_FITS = 73


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
    head = _head(letter, sender, message_id, date, rehearsal, reply_to)
    text = letter.text
    how = encoding(text)
    kind, plain = _kind("plain", how), _body(text, how)
    if not html:
        head += [*kind, "MIME-Version: 1.0"]
        return b"\r\n".join(("\r\n".join(head).encode("utf-8"), b"", plain))
    page = hypertext.html_of(text, letter.language)
    if hypertext.words_in(page) != text.strip("\n"):
        raise BadInput(NOT_THE_SAME)
    line = boundary(message_id)
    head += ["MIME-Version: 1.0", "Content-Type: multipart/alternative;", f' boundary="{line}"']
    head += ["", f"--{line}", *kind, "", ""]
    other = [f"--{line}", *_kind("html", "quoted-printable"), "MIME-Version: 1.0", "", ""]
    return b"".join(
        (
            "\r\n".join(head).encode("utf-8"),
            plain,
            "\r\n".join(["", *other]).encode("ascii"),
            _body(page, "quoted-printable"),
            f"\r\n--{line}--\r\n".encode("ascii"),
        )
    )


def _head(
    letter: Letter,
    sender: Sender,
    message_id: str,
    date: dt.datetime,
    rehearsal: bool,
    reply_to: str,
) -> list[str]:
    """The headers about the letter, those of its body apart."""
    for part in (letter.subject, letter.recipient, letter.language, sender.name, message_id):
        refuse_control(part)
    head = [
        f"From: {_own('From', sender.name, sender.from_address)}",
        f"To: {_mailbox('To', letter.recipient, letter.address)}",
        f"Subject: {_subject(letter.subject)}",
        f"Date: {written_date(date)}",
        f"Message-ID: <{message_id}>",
        *(f"{name}: {value}" for name, value in answering(letter)),
    ]
    if reply_to:
        head.append(f"Reply-To: {_mailbox('Reply-To', sender.name, reply_to)}")
    elif sender.reply_to:
        head.append(f"Reply-To: {_own('Reply-To', sender.name, sender.reply_to)}")
    head.append(f"Content-Language: {letter.language}")
    return [*head, f"{REHEARSAL_HEADER}: yes"] if rehearsal else head


def _kind(kind: str, how: str) -> list[str]:
    return [f'Content-Type: text/{kind}; charset="utf-8"', f"Content-Transfer-Encoding: {how}"]


def _body(text: str, how: str) -> bytes:
    """`text` as it travels, with CRLF after every line. Raises BadInput if it read otherwise."""
    if "\r" in text:
        # It would arrive as another line end.
        raise BadInput(NOT_THE_SAME)
    lines = text.removesuffix("\n").split("\n")
    if how == "7bit":
        return "\r\n".join([*lines, ""]).encode("ascii")
    return b"".join(map(_quoted_line, lines))


@functools.lru_cache(maxsize=1024)
def _quoted_line(line: str) -> bytes:
    """One line as it travels; most stand in every letter of a mailing."""
    wanted = line.encode("utf-8") + b"\n"
    written = _quoted(wanted)
    if binascii.a2b_qp(written) != wanted:
        raise BadInput(NOT_THE_SAME)
    return written.replace(b"\n", b"\r\n")


def _quoted(whole: bytes) -> bytes:
    """Quoted-printable (RFC 2045 §6.7) as the library writes it, lines ending in LF.

    The C function differs in blanks before a line end, a dot alone, NUL, and one line in many.
    """
    written = binascii.b2a_qp(whole)
    if not _ODD.search(written):
        return written
    if any(odd in written for odd in (b"=20", b"=09", b"=2E", b"=00")):
        return body_encode(whole.decode("latin-1"), _LINE).encode("ascii")
    return _LONE.sub(_joined, written)


def _joined(lone: re.Match[bytes]) -> bytes:
    begin = lone.string.rfind(b"\n", 0, lone.start()) + 1
    return lone[1] if lone.start() - begin == _FITS else lone[0]


@functools.lru_cache(maxsize=4096)
def _subject(subject: str) -> str:
    if len("Subject: ") + len(subject) <= _LINE and _PLAIN.fullmatch(subject):
        return subject
    return _words("Subject", subject)


@functools.lru_cache(maxsize=256)
def _own(header: str, name: str, address: str) -> str:
    """Our own side of a letter, which repeats."""
    return _mailbox(header, name, address)


def _mailbox(header: str, name: str, address: str) -> str:
    spec = wire_address(address).addr_spec
    if not name.isascii():
        return f"{_words(header, name)} <{spec}>"
    whole = named(name, spec)
    if not _PLAIN_NAME.fullmatch(name):
        read = _QUOTED.fullmatch(whole)
        if (read.groups() if read else parseaddr(decoded(whole))) != (name, spec):
            raise BadInput(NOT_THE_SAME)
    return whole


@functools.lru_cache(maxsize=4096)
def _words(header: str, words: str) -> str:
    """`words` as a header carries them. Raises BadInput if they read otherwise."""
    short = "" if words.isascii() else _UTF8.header_encode(words)
    if short and len(short) <= _LINE - len(f"{header}: "):
        written, read = short, _one_word(short)
    else:
        written = folded(header, words)
        read = decoded(written.lstrip(" \t"))
    if read != words:
        raise BadInput(NOT_THE_SAME)
    return written


def _one_word(written: str) -> str:
    """What one encoded word of UTF-8 (RFC 2047 §2) says."""
    how, _, said = written.removeprefix(_WORD).removesuffix("?=").partition("?")
    raw = binascii.a2b_base64(said) if how == "b" else binascii.a2b_qp(said, header=True)
    return raw.decode("utf-8")
