"""What Outlook wraps into winmail.dat: the text and the files of a message ([MS-OXTNEF]).

Of the libraries one reads it at all: last released in 2021, it takes a hostile count at its word
and goes round for hours, and cuts zero bytes off the end of files. The format is small and closed.
"""

from __future__ import annotations

import mimetypes
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from outreach.replies.mail.charsets import decoded
from outreach.replies.mail.rich_text import unpacked, words_in

SIGNATURE = b"\x78\x9f\x3e\x22"
MOST_FILES = 100
# §2.1.3.2: what attributes are called; of the message, then of the file that was begun last.
_BODY, _MESSAGE, _CODE_PAGE = 0x800C, 0x9003, 0x9007
_BEGINS, _TITLE, _DATA, _MORE = 0x9002, 0x8010, 0x800F, 0x9005
# [MS-OXPROPS]: PidTagBody, PidTagRtfCompressed, PidTagHtml; PidTagAttach…: long name, name, type,
# data.
_P_BODY, _P_RTF, _P_HTML = 0x1000, 0x1009, 0x1013
_P_LONG_NAME, _P_NAME, _P_TYPE, _P_DATA = 0x3707, 0x3704, 0x370E, 0x3701
_FIXED = {2: 4, 3: 4, 4: 4, 0xA: 4, 0xB: 4, 5: 8, 6: 8, 7: 8, 0x14: 8, 0x40: 8, 0x48: 16}
_STRING, _UNICODE, _OBJECT, _BINARY = 0x1E, 0x1F, 0x0D, 0x102


@dataclass(slots=True)
class Packed:
    """A file out of the bag: what it is called, its media type, its bytes."""

    name: str = ""
    media_type: str = ""
    data: bytes = b""


@dataclass(slots=True)
class Bag:
    """What lay in it; `text` and `html` are empty where there is none.

    Not `whole` is what is damaged, or holds nothing at all.
    """

    text: str = ""
    html: str = ""
    files: list[Packed] = field(default_factory=list)
    whole: bool = True


class _Cut(Exception):
    """It ends before it should."""


def opened(data: bytes) -> Bag | None:
    """Return what is in a winmail.dat, or None when it is none. Never raises.

    Of a damaged one comes what stands before the damage.
    """
    if not data.startswith(SIGNATURE):
        return None
    bag, rich, code_page = Bag(), b"", ""
    try:
        for kind, value in _attributes(data):
            if kind == _CODE_PAGE and len(value) >= 4:
                code_page = f"cp{struct.unpack_from('<I', value)[0]}"
            elif kind == _BODY:
                bag.text = _text(value, code_page)
            elif kind == _MESSAGE:
                rich = _read_message(bag, value, code_page) or rich
            elif kind == _BEGINS:
                _begin_file(bag)
            elif bag.files:
                _read_file(bag.files[-1], kind, value, code_page)
    except _Cut:
        bag.whole = False
    if rich and not bag.text.strip():
        bag.text = words_in(unpacked(rich))
    bag.files = [one for one in bag.files if one.data]
    bag.whole &= bool(bag.text.strip() or bag.html or bag.files)
    return bag


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each attribute by its name (§2.1.3): level, name, kind, length, value, checksum."""
    at = 6
    while at < len(data):
        if at + 9 > len(data):
            raise _Cut
        name, _kind, length = struct.unpack_from("<HHI", data, at + 1)
        at += 9
        if at + length > len(data):
            raise _Cut
        yield name, data[at : at + length]
        at += length + 2


def _begin_file(bag: Bag) -> None:
    """Of too many files the bag is not whole: then it stays among the files itself."""
    if len(bag.files) == MOST_FILES:
        raise _Cut
    bag.files.append(Packed())


def _read_message(bag: Bag, value: bytes, code_page: str) -> bytes:
    """Read the properties of the message; return its rich text, still packed."""
    rich = b""
    for name, kind, data in _properties(value):
        if name == _P_BODY:
            bag.text = _said(kind, data, code_page) or bag.text
        elif name == _P_HTML:
            bag.html = _said(kind, data, "")
        elif name == _P_RTF:
            rich = data
    return rich


def _read_file(file: Packed, kind: int, value: bytes, code_page: str) -> None:
    if kind == _TITLE:
        file.name = file.name or _text(value, code_page)
    elif kind == _DATA:
        file.data = value
    elif kind == _MORE:
        for name, of, data in _properties(value):
            if name == _P_LONG_NAME or (name == _P_NAME and not file.name):
                file.name = _said(of, data, code_page)
            elif name == _P_TYPE:
                file.media_type = _said(of, data, code_page).lower()
            elif name == _P_DATA and of == _BINARY:
                file.data = file.data or data
            elif name == _P_DATA and of == _OBJECT:
                # Behind the id of its interface: a message in a message, or something embedded.
                file.data = file.data or data[16:]
    if not file.media_type:
        file.media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Each property as name, type and first value (§2.1.3.4)."""
    number, at = _number(data, 0)
    for _ in range(number):
        head, at = _number(data, at)
        kind, name = head & 0xFFFF, head >> 16
        if name >= 0x8000:
            at = _after_name(data, at)
        several = bool(kind & 0x1000)
        kind &= 0xEFFF
        varies = kind in (_STRING, _UNICODE, _OBJECT, _BINARY)
        times = 1
        if several or varies:
            times, at = _number(data, at)
        first = b""
        for time in range(times):
            if varies:
                length, at = _number(data, at)
            elif kind in _FIXED:
                length = _FIXED[kind]
            else:
                raise _Cut
            if at + length > len(data):
                raise _Cut
            first = data[at : at + length] if time == 0 else first
            at += length + -length % 4
        yield name, kind, first


def _after_name(data: bytes, at: int) -> int:
    """Where a property goes on behind its own name: a number, or words."""
    by_words, at = _number(data, at + 16)
    length, at = _number(data, at)
    return at + length + -length % 4 if by_words else at


def _number(data: bytes, at: int) -> tuple[int, int]:
    if at + 4 > len(data):
        raise _Cut
    return struct.unpack_from("<I", data, at)[0], at + 4


def _said(kind: int, data: bytes, code_page: str) -> str:
    if kind == _UNICODE:
        return data.decode("utf-16-le", "replace").rstrip("\0")
    return _text(data, code_page)


def _text(data: bytes, code_page: str) -> str:
    return decoded(data.rstrip(b"\0"), code_page)[0]
