"""Takes an address book apart into cards of logical lines, whatever program wrote it.

RFC 6350 (4.0) and RFC 2426 (3.0); of vCard 2.1 its QUOTED-PRINTABLE, bare parameters and CHARSET.
Pictures, sounds and keys are dropped before anything is parsed: they are most of the bytes.
"""

from __future__ import annotations

import io
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from outreach.errors import BadFile
from outreach.words import Sentence

# A line longer than this is a picture or no vCard.
_MAX_LINE = 1_000_000
_MAX_CARD_LINES = 5_000
_MAX_CARD = 4_000_000
_MAX_UTF16 = 50_000_000
_DROPPED = re.compile(rb"(?:[\w-]+\.)?(PHOTO|LOGO|SOUND|KEY|AGENT|X-MS-CARDPICTURE)[;:]", re.I)
_QUOTED = re.compile(rb"(?i);(?:ENCODING=)?QUOTED-PRINTABLE(?=[;:])")
_CHARSET = re.compile(rb'(?i);CHARSET="?([\w-]+)"?')
# Group, name, parameters (whose quoted values may hold a colon), colon.
_HEAD = re.compile(r'(?:[\w-]+\.)?([\w-]+)(?:;(?:"[^"]*"|[^":])*)?:')
# What is to be escaped in a value; in any other property commas and semicolons both are text.
_LISTS = {"N": "", "ADR": "", "ORG": ","}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(slots=True)
class Card:
    """The lines of one card, unfolded and decoded, each with its number in the file."""

    line: int
    lines: list[tuple[int, str]] = field(default_factory=list)
    # Why it can't be read: "open" (no END), "long" (a line or the card), or "".
    broken: str = ""
    # Whether some bytes were no UTF-8 and named no character set.
    guessed: bool = False
    size: int = 0


def cards(file: Path) -> Iterator[Card]:
    """Yield the cards of `file`, broken ones too; what stands between cards is passed over.

    Raises BadFile for UTF-16 of more than 50 MB: it would have to be held at once.
    """
    with file.open("rb") as stream:
        card: Card | None = None
        nested = False
        for number, line in _logical(_as_bytes(stream, file.name)):
            word = line.strip().upper()
            if word == b"BEGIN:VCARD":
                if card and card.lines and card.lines[-1][1].upper().startswith("AGENT"):
                    nested = True
                    continue
                if card:
                    card.broken = card.broken or "open"
                    yield card
                card = Card(number)
            elif word == b"END:VCARD" and nested:
                nested = False
            elif word == b"END:VCARD" and card:
                yield card
                card = None
            elif card and not nested:
                _add(card, number, line)
        if card:
            card.broken = card.broken or "open"
            yield card


def _add(card: Card, number: int, line: bytes) -> None:
    card.size += len(line)
    if card.broken:
        return
    too_many = len(card.lines) > _MAX_CARD_LINES or card.size > _MAX_CARD
    if len(line) > _MAX_LINE or too_many:
        card.broken, card.lines = "long", []
    elif dropped := _DROPPED.match(line):
        # An agent's own card follows on the next lines; the rest is gone for good.
        if dropped[1].upper() == b"AGENT":
            card.lines.append((number, "AGENT:"))
    elif line.strip():
        text, guessed = _decoded(line)
        card.guessed |= guessed
        card.lines.append((number, text))


def _as_bytes(stream: BinaryIO, name: str) -> BinaryIO:
    """Return the stream as bytes of which a line is a line: UTF-16 is written anew."""
    head = stream.read(3)
    stream.seek(0)
    if head[:2] in _UTF16:
        if stream.seek(0, io.SEEK_END) > _MAX_UTF16:
            raise BadFile(name, None, Sentence("It is too large for UTF-16. Save it as UTF-8."))
        stream.seek(0)
        return io.BytesIO(stream.read().decode("utf-16", "replace").encode())
    if head == b"\xef\xbb\xbf":
        stream.seek(3)
    return stream


def _logical(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield (number, line) with folded lines joined, in bytes: a fold may split a letter."""
    number, start, joined = 0, 0, b""
    quoted = False
    while physical := stream.readline(_MAX_LINE + 2):
        number += 1
        line = physical.rstrip(b"\r\n")
        if quoted and joined.endswith(b"=") and len(joined) <= _MAX_LINE:
            joined = joined[:-1] + line
        elif line[:1] in (b" ", b"\t") and joined:
            if len(joined) <= _MAX_LINE and not _DROPPED.match(joined):
                joined += line[1:]
        else:
            if joined:
                yield start, joined
            start, joined = number, line
            head = line.partition(b":")[0] + b":"
            quoted = _QUOTED.search(head) is not None
    if joined:
        yield start, joined


def _decoded(line: bytes) -> tuple[str, bool]:
    """Return a line as text without encodings, and whether its character set was a guess."""
    head, colon, value = line.partition(b":")
    named = _CHARSET.search(head)
    charset = named[1].decode() if named else ""
    head = _CHARSET.sub(b"", head)
    if not _QUOTED.search(head + b":"):
        text, guessed = _text(value, charset)
        start, also = _text(head, charset)
        return f"{start}{colon.decode()}{text}", guessed or also
    head = _QUOTED.sub(b"", head + b":")[:-1]
    parts = [_text(quopri.decodestring(part), charset) for part in value.split(b";")]
    escaped = ";".join(_escaped(text) for text, _ in parts)
    return f"{head.decode('ascii', 'replace')}:{escaped}", any(guess for _, guess in parts)


def whole(line: str) -> str:
    """Return a line whose value is one text with its bare commas and semicolons escaped.

    Many programs write `FN:Casey, Jr.`; vobject would keep what stands before the comma.
    """
    found = _HEAD.match(line)
    if found is None:
        return line
    marks = _LISTS.get(found[1].upper(), ",;")
    return found[0] + re.sub(
        r"(\\.)|([,;])",
        lambda one: one[1] or (f"\\{one[2]}" if one[2] in marks else one[2]),
        line[found.end() :],
    )


def _text(data: bytes, charset: str) -> tuple[str, bool]:
    for name in (charset, "utf-8"):
        try:
            if name:
                return data.decode(name), False
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("cp1252", "replace"), True


def _escaped(text: str) -> str:
    """Return text as a value of 3.0 writes it, so that one parser reads all versions."""
    plain = text.replace("\\;", ";").replace("\\,", ",").replace("\\", "\\\\")
    plain = plain.replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "")
