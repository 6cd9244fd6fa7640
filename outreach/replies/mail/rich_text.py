"""The words in Outlook's rich text, without their looks.

Compressed as [MS-OXRTFCP] has it, written in RTF 1.9. Both are read once from left to right, in
time and memory that the length bounds; what is damaged ends the text early and raises nothing.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

MOST = 2_000_000
# [MS-OXRTFCP] §2.1.2.1: what the dictionary begins with.
_BEGINNING = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)",
    re.IGNORECASE,
)
_SIGNS = {
    **dict.fromkeys(("par", "line", "sect", "page", "row", "\n", "\r"), "\n"),
    **dict.fromkeys(("tab", "cell"), "\t"),
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "~": "\xa0",
    "_": "-",
    "{": "{",
    "}": "}",
    "\\": "\\",
}
# Groups that hold no words of the text.
_SILENT = re.compile(
    "(?:font|color|list|listoverride|rsid)tbl|stylesheet|info|pict|object|(?:head|foot)er[lrf]?"
    "|fldinst|themedata|datastore|latentstyles|generator|listtable|listoverridetable"
)
# \\fcharset, where the code page of the whole says otherwise.
_CHARSETS = {
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    134: "gb18030",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}


def unpacked(data: bytes) -> bytes:
    """Return the RTF in a PidTagRtfCompressed; as much as there is of a damaged one."""
    if data[8:12] == b"MELA":
        return data[16 : 16 + MOST]
    if data[8:12] != b"LZFu":
        return b""
    window = bytearray(_BEGINNING.ljust(4096, b" "))
    at, made = len(_BEGINNING), bytearray()
    for start, number in _steps(data):
        if start == at % 4096 or len(made) > MOST:
            break
        for step in range(number if start >= 0 else 1):
            sign = window[(start + step) % 4096] if start >= 0 else number
            window[at % 4096] = sign
            made.append(sign)
            at += 1
    return bytes(made)


def _steps(data: bytes) -> Iterator[tuple[int, int]]:
    """Each step of unpacking: (-1, one byte), or (where in the window, how many bytes)."""
    at = 16
    while at < len(data):
        control, at = data[at], at + 1
        for bit in range(8):
            wide = control >> bit & 1
            if at + wide >= len(data):
                return
            if wide:
                token = data[at] << 8 | data[at + 1]
                yield token >> 4, (token & 15) + 2
            else:
                yield -1, data[at]
            at += 1 + wide


class _Reader:
    """Where one is in a text: what the group one is in says, and what was read so far."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.codec, self.page_said = "cp1252", False
        self.fonts: dict[int, str] = {}
        # Of the group one is in: is it silent, signs to skip after \u, font, is it the font table.
        self.silent, self.skips, self.font, self.table = False, 1, 0, False
        self.outer: list[tuple[bool, int, int, bool]] = []
        self.to_skip = 0
        self.bytes = bytearray()

    def flush(self) -> None:
        codec = self.fonts.get(self.font, self.codec)
        self.made.append(self.bytes.decode(codec, "replace"))
        self.bytes.clear()

    def say(self, sign: str) -> None:
        if not self.silent:
            self.flush()
            self.made.append(sign)

    def take(self, data: bytes) -> None:
        skipped = min(self.to_skip, len(data))
        self.to_skip -= skipped
        if not self.silent:
            self.bytes += data[skipped:]

    def brace(self, mark: bytes) -> None:
        self.flush()
        self.to_skip = 0
        if mark == b"{":
            self.outer.append((self.silent, self.skips, self.font, self.table))
        elif self.outer:
            self.silent, self.skips, self.font, self.table = self.outer.pop()

    def word(self, name: str, number: int | None) -> None:
        if name in _SIGNS:
            self.say(_SIGNS[name])
        elif _SILENT.fullmatch(name):
            self.silent, self.table = True, name == "fonttbl"
        elif name == "ansicpg" and number and not self.page_said:
            # It stands once, in the head; looking a strange one up reads the disk.
            self.page_said = True
            self.codec = _known(f"cp{number}") or self.codec
        elif name == "f" and number is not None:
            self.flush()
            self.font = number
        elif name == "fcharset" and self.table and number in _CHARSETS:
            self.fonts[self.font] = _CHARSETS[number]
        elif name == "uc" and number is not None:
            self.skips = min(max(number, 0), 10)
        elif name == "u" and number is not None:
            self.say(chr(number % 0x10000))
            self.to_skip = self.skips


def words_in(rtf: bytes) -> str:
    """Return the words of a text in RTF, paragraphs on lines of their own; never raises."""
    reader, at = _Reader(), 0
    while (found := _TOKEN.match(rtf, at)) is not None:
        at = found.end()
        name, number, code, sign, mark, plain = found.groups()
        if name is not None:
            value = int(number) if number else None
            if name == b"bin":
                at += max(value or 0, 0)
            else:
                reader.word(name.decode(), value)
        elif code is not None:
            reader.take(bytes.fromhex(code.decode()))
        elif sign == b"*":
            reader.silent = True
        elif sign is not None:
            reader.word(sign.decode("latin-1"), None)
        elif mark is not None:
            reader.brace(mark)
        elif plain is not None:
            reader.take(plain)
    reader.flush()
    # \u gives halves of signs beyond U+FFFF.
    text = "".join(reader.made)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _known(codec: str) -> str:
    try:
        return codecs.lookup(codec).name
    except LookupError:
        return ""
