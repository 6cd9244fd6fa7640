"""Takes the bytes of a message apart, whatever they are, in bounded time and memory.

The standard library's parser keeps a generator for each level of nesting and asks every one of
them about every line: 900 levels stop it, 200 levels in a large message hold it up for minutes.
This one cuts from the outside in, looks at each level once, and stops at limits. Headers are the
standard library's, read one block at a time.
"""

from __future__ import annotations

import binascii
import email.message
import email.parser
import email.policy
import quopri
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.header import decode_header
from typing import Any

from outreach.replies.mail.charsets import decoded
from outreach.words import N_, Sentence

# More than any mail program writes; what lies deeper stays in the original.
MOST_LEVELS = 220
MOST_PARTS = 300
# Bytes looked at in all levels together: depth times size is what hostile mail makes large.
MOST_WORK = 1_000_000_000
MOST_HEAD = 64_000
MOST_VALUE = 20_000
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:")
_BASE64 = string.ascii_letters.encode() + b"0123456789+/"
_PARSER = email.parser.BytesHeaderParser(policy=email.policy.compat32)

DEEP = N_("Parts lie too deep in one another; the innermost were left closed.")
MANY = N_("It has too many parts; the last ones were left closed.")
LONG_HEAD = N_("Its headers are too long; the rest of them was left out.")
BROKEN_CODE = N_("A part was damaged on its way; what could be read is shown.")


@dataclass(slots=True)
class Part:
    """One part: its headers and where its body lies in `raw`. A leaf has no `inner` parts.

    `inner` are the parts of a multipart, or the one message in a message/rfc822.
    """

    headers: email.message.Message
    raw: memoryview
    level: int
    # The media type in small letters; text/plain where there is none (RFC 2045 §5.2), and for
    # parts in one that can't be cut.
    kind: str
    inner: list[Part] = field(default_factory=list)

    @property
    def disposition(self) -> str:
        """`inline`, `attachment` or nothing (RFC 2183), in small letters."""
        return str(_safely(self.headers.get_content_disposition, "") or "").lower()

    @property
    def charset(self) -> str:
        """The charset it says it is in, as it says it."""
        return str(_safely(lambda: self.headers.get_param("charset"), "") or "")

    @property
    def filename(self) -> str:
        """What the writer called it, as readable text."""
        return readable(str(_safely(self.headers.get_filename, "") or ""))

    def body(self) -> tuple[bytes, bool]:
        """Return the body with its transfer encoding undone, and whether it was whole."""
        return undone(bytes(self.raw), header(self.headers, "Content-Transfer-Encoding"))

    def walk(self) -> Iterator[Part]:
        """Give this part and all within it, in their order; not into messages within."""
        yield self
        if not is_message(self):
            for one in self.inner:
                yield from one.walk()


def is_message(part: Part) -> bool:
    """Return whether a part holds a whole message (RFC 2046 §5.2.1)."""
    return part.kind in ("message/rfc822", "message/global")


@dataclass(slots=True)
class Taken:
    """What is counted while a message is taken apart, and what went wrong."""

    parts: int = 0
    work: int = 0
    problems: list[Sentence] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Note a problem once."""
        if Sentence(text) not in self.problems:
            self.problems.append(Sentence(text))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of bytes that is looked at where it lies, without a copy."""

    source: bytes
    start: int
    end: int

    def view(self) -> memoryview:
        return memoryview(self.source)[self.start : self.end]

    def __len__(self) -> int:
        return self.end - self.start


def take_apart(raw: bytes, taken: Taken) -> Part:
    """Return the message as a tree of parts. Never raises for what the bytes are."""
    return _part(Span(raw, 0, len(raw)), 0, taken)


def _part(span: Span, level: int, taken: Taken, default: str = "text/plain") -> Part:
    headers, body = _headers(span, taken, whole=level == 0)
    headers.set_default_type(default)
    kind = str(_safely(headers.get_content_type, "application/octet-stream"))
    part = Part(headers, body.view(), level, kind)
    taken.parts += 1
    taken.work += len(body)
    if part.kind.startswith("multipart/"):
        boundary = _safely(headers.get_boundary, None)
        pieces = list(_pieces(body, boundary)) if boundary else []
        inner = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
        for piece in _allowed(pieces, level, taken):
            if taken.parts >= MOST_PARTS:
                taken.note(MANY)
                break
            part.inner.append(_part(piece, level + 1, taken, inner))
        part.kind = kind if part.inner else "text/plain"
    elif is_message(part) and _allowed([body], level, taken):
        code = header(headers, "Content-Transfer-Encoding").lower()
        if code in ("base64", "quoted-printable"):
            data = part.body()[0]
            body = Span(data, 0, len(data))
        part.inner.append(_part(body, level + 1, taken))
    return part


def _allowed(pieces: list[Span], level: int, taken: Taken) -> list[Span]:
    if pieces and (level >= MOST_LEVELS or taken.work > MOST_WORK):
        taken.note(DEEP)
        return []
    return pieces


def _headers(span: Span, taken: Taken, *, whole: bool) -> tuple[email.message.Message, Span]:
    """Read the block of headers at the beginning; what has none is all body."""
    source, start, end = span.source, span.start, span.end
    beginning = source[start : min(start + MOST_HEAD, end)]
    if whole and beginning.startswith((b"From ", b">From ")):
        start += beginning.find(b"\n") + 1
        beginning = source[start : min(start + MOST_HEAD, end)]
    if beginning.startswith((b"\n", b"\r\n")):
        return _PARSER.parsebytes(b""), Span(source, source.find(b"\n", start) + 1, end)
    if not _HEADER.match(beginning):
        return _PARSER.parsebytes(b""), Span(source, start, end)
    blank = _BLANK_LINE.search(source, start, end)
    head_end, body = (blank.start(), blank.end()) if blank else (end, end)
    head = source[start:head_end]
    if len(head) > MOST_HEAD:
        taken.note(LONG_HEAD)
        head = _short_lines(head)
    return _PARSER.parsebytes(head), Span(source, body, end)


def _short_lines(head: bytes) -> bytes:
    """The headers of a head that is too long, each cut short; as many as there is room for."""
    lines = re.split(rb"\r?\n(?![ \t])", head)
    room, kept = MOST_HEAD, []
    for line in lines:
        kept.append(line[:2_000])
        room -= len(kept[-1])
        if room < 0:
            break
    return b"\n".join(kept)


def _pieces(span: Span, boundary: str) -> Iterator[Span]:
    """Cut a multipart's body at its boundary (RFC 2046 §5.1.1); the last may lack its end."""
    text, end = span.source, span.end
    mark = b"--" + boundary.encode("utf-8", "surrogateescape")
    start, at = -1, text.find(mark, span.start, end)
    while at >= 0:
        line_end = text.find(b"\n", at, end)
        line_end = line_end if line_end >= 0 else end
        after = text[at + len(mark) : min(line_end, at + len(mark) + 80)].strip()
        if (at == span.start or text[at - 1 : at] == b"\n") and after in (b"", b"--"):
            if start >= 0:
                yield Span(text, start, _line_before(text, at, start))
            start = min(line_end + 1, end)
            if after == b"--":
                return
        at = text.find(mark, at + len(mark), end)
    if 0 <= start < end:
        yield Span(text, start, end)


def _line_before(text: bytes, at: int, start: int) -> int:
    """The end of a piece: the line end before the boundary belongs to the boundary."""
    at -= 1
    if at > start and text[at - 1 : at] == b"\r":
        at -= 1
    return max(at, start)


def undone(body: bytes, code: str) -> tuple[bytes, bool]:
    """Return `body` without its transfer encoding (RFC 2045 §6), and whether it was whole."""
    code = code.strip().lower()
    if code == "quoted-printable":
        return quopri.decodestring(body), True
    if code == "base64":
        return _from_base64(body)
    if code in ("x-uuencode", "uuencode", "x-uue"):
        return _from_uuencoded(body)
    return body, True


def _from_base64(body: bytes) -> tuple[bytes, bool]:
    strange = body.translate(None, _BASE64 + b" \t\r\n")
    known = body.translate(None, bytes(set(range(256)) - set(_BASE64)))
    whole = not strange.strip(b"=") and len(known) % 4 != 1
    known = known[:-1] if len(known) % 4 == 1 else known
    return binascii.a2b_base64(known + b"=" * (-len(known) % 4)), whole


def _from_uuencoded(body: bytes) -> tuple[bytes, bool]:
    lines = body.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith(b"begin ")]
    if not starts:
        return body, False
    made = []
    for line in lines[starts[0] + 1 :]:
        if line.strip() in (b"end", b"`", b""):
            break
        try:
            made.append(binascii.a2b_uu(line))
        except binascii.Error:
            return b"".join(made), False
    return b"".join(made), True


def header(headers: email.message.Message, name: str) -> str:
    """Return the first header called `name` as readable text of one line; nothing where none."""
    values = all_of(headers, name)
    return values[0] if values else ""


def all_of(headers: email.message.Message, name: str, most: int = 50) -> list[str]:
    """Return every header called `name` as readable text of one line, at most `most`."""
    return [readable(value) for value in as_sent(headers, name, most)]


def as_sent(headers: email.message.Message, name: str, most: int = 50) -> list[str]:
    """Return every header called `name` as it was sent, its encoded words unread."""
    wanted = name.lower()
    found = [str(value) for key, value in headers.raw_items() if key.lower() == wanted]
    return [value[:MOST_VALUE] for value in found[:most]]


def _safely(read: Callable[[], Any], otherwise: Any) -> Any:
    """What the standard library reads out of a header, or `otherwise` where it trips over it."""
    try:
        return read()
    except Exception:
        return otherwise


def readable(value: str) -> str:
    """Return a header's value as text: encoded words read (RFC 2047), on one line, no controls."""
    value = re.sub(r"\r?\n[ \t]*", " ", value[:MOST_VALUE])
    if "=?" in value:
        value = _words(value)
    else:
        value = decoded(value.encode("utf-8", "surrogateescape"), "")[0]
    return clean(value)


def _words(value: str) -> str:
    try:
        pieces = decode_header(value)
    except Exception:
        # Broken code in an encoded word: shown as it came.
        return decoded(value.encode("utf-8", "surrogateescape"), "")[0]
    read = []
    for piece, charset in pieces:
        data = piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else piece
        read.append(decoded(data, charset or "")[0])
    return "".join(read)


def clean(text: str) -> str:
    """Return text on one line, without control marks, lone surrogates and marks that turn text."""
    text = text.encode("utf-8", "replace").decode()
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+", " ", text)
    return " ".join(text.split())
