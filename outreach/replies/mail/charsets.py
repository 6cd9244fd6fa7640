"""Bytes as text: by the name they carry, by what they are where the name is missing or wrong."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from outreach.replies.mail.eight_bits import charset_of
from outreach.replies.mail.two_bytes import charset_of_pairs, escaping_charset

# What is looked at to find out; more changes no answer.
SAMPLE = 6_000
# What Windows programs call by another name (WHATWG Encoding §4.2), and what never was one.
_MEANT = {
    "iso-8859-1": "windows-1252",
    "latin1": "windows-1252",
    "latin-1": "windows-1252",
    # What calls itself so and is none says nothing.
    "us-ascii": "",
    "ascii": "",
    "iso-8859-9": "windows-1254",
    "ks_c_5601-1987": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-8-i": "iso-8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "koi8-r": "koi8-u",
    "x-unknown": "",
    "unknown-8bit": "",
    "default": "",
}
# Codes of Python's that read bytes as text and are no charset.
_NO_CHARSET = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape"})
_CYRILLIC = frozenset({"cp1251", "koi8-u", "iso8859-5", "cp866"})
_WESTERN = frozenset({"cp1252", "iso8859-1", "iso8859-15", "ascii"})
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")


def decoded(data: bytes, called: str) -> tuple[str, bool]:
    """Return `data` as text and whether the charset it was `called` was right.

    Never raises; control marks are taken out (NUL is no text on any database). Cyrillic called
    Western European is noticed: letters of the upper half are rare in the one, all in the other.
    """
    name = _known(called)
    right = True
    if not data.isascii() or name.startswith(("utf-16", "utf-32", "utf-7", "iso2022", "hz")):
        text, right = _read(data, name)
    elif escapes := escaping_charset(data):
        text, right = data.decode(escapes, "replace"), False
    else:
        text = data.decode("ascii")
    return _NO_TEXT.sub("", text.encode("utf-8", "replace").decode()), right


def _known(called: str) -> str:
    """The codec for a name somebody gave; nothing for a name nobody knows."""
    name = called.strip().strip("\"'").lower()[:60]
    name = _MEANT.get(name, name)
    try:
        found = codecs.lookup(name).name if name else ""
        # Some make no text of bytes, such as zip and rot13.
        b"ab".decode(found or "ascii", "replace")
    except (LookupError, ValueError):
        return ""
    return "" if found in _NO_CHARSET else found


def _read(data: bytes, name: str) -> tuple[str, bool]:
    strictly = _strictly(data, name) if name else None
    # One word of Chinese within an English sentence is noticed too.
    doubtful = name in _WESTERN | _CYRILLIC and bool(charset_of_pairs(data))
    if name in _WESTERN:
        doubtful = doubtful or _mostly_upper_half(data)
    elif name in _CYRILLIC:
        doubtful = doubtful or _cyrillic(data[:SAMPLE]) not in ("", name)
    if strictly is not None and not doubtful:
        return strictly, True
    if name != "utf-8" and (text := _strictly(data, "utf-8")) is not None:
        return text, not name
    guess = _guess(data[:SAMPLE]) or name or "windows-1252"
    return data.decode(guess, "replace"), False


def _strictly(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (UnicodeError, ValueError):
        return None


def _mostly_upper_half(data: bytes) -> bool:
    sample = data[:SAMPLE]
    high = sum(byte >= 0xC0 for byte in sample)
    letters = sum(chr(byte).isalpha() for byte in sample if byte < 0x80)
    # Words of one's own alphabet stand together; accents stand alone.
    return high > letters or len(re.findall(rb"[\xc0-\xff]{4,}", sample)) > 3


def _guess(sample: bytes) -> str:
    if known := charset_of_pairs(sample) or charset_of(sample):
        return known
    if _mostly_upper_half(sample) and (cyrillic := _cyrillic(sample)):
        return cyrillic
    found = from_bytes(sample).best()
    return found.encoding if found else ""


def _cyrillic(sample: bytes) -> str:
    """windows-1251 or KOI8: small letters are common, and each puts them where the other's
    capitals are. Nothing where the letters most used in Russian and Ukrainian are rare.
    """
    best, most = "", 0.0
    for name in ("cp1251", "koi8-u", "iso8859-5", "cp866"):
        text = sample.decode(name, "replace")
        letters = [sign for sign in text if sign.isalpha() and sign > "\x7f"]
        common = sum(sign in "оаеинтсрвлкі" for sign in letters)
        share = common / max(len(letters), 1)
        if share > most:
            best, most = name, share
    return best if most > 0.45 else ""
