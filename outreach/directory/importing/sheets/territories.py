"""Countries by code or by name in the languages that lists are written in (CLDR, through Babel)."""

from __future__ import annotations

import functools
import re

from babel import Locale

from outreach.directory.importing.sheets.headers import folded

# The languages whose names of countries and languages are understood.
LOCALES = ("en", "fr", "de", "es", "it", "pt", "pl", "nl", "sv", "fi", "cs", "uk", "ru", "el", "ja")
# Codes in use that are not ISO 3166's, and names that CLDR writes otherwise.
_ALSO = {
    "uk": "GB",
    "el": "GR",
    "great britain": "GB",
    "england": "GB",
    "czech republic": "CZ",
    "slovak republic": "SK",
    "russian federation": "RU",
    "united states of america": "US",
    "usa": "US",
    "republic of moldova": "MD",
    "turkey": "TR",
    "macedonia": "MK",
    "the netherlands": "NL",
    "european union": "EU",
    "tschechische republik": "CZ",
    "republik moldau": "MD",
}
_ISO_CODE = re.compile(r"[A-Za-z]{2}(?:-[A-Za-z0-9]{1,3})?")


@functools.cache
def _by_name() -> dict[str, str]:
    found: dict[str, str] = {}
    for locale in LOCALES:
        for code, name in Locale(locale).territories.items():
            if len(code) == 2 and code not in ("ZZ", "XA", "XB", "UN", "EZ", "QO"):
                found.setdefault(folded(name), code)
    return {**found, **_ALSO}


@functools.cache
def _english() -> dict[str, str]:
    return {code: name for code, name in Locale("en").territories.items() if len(code) == 2}


@functools.lru_cache(maxsize=4096)
def country_code(value: str) -> str:
    """Return the ISO 3166 code ("GR", "US-CA", "EU") of a code or a country's name, else ""."""
    plain = folded(value)
    if plain in _ALSO:
        return _ALSO[plain]
    if _ISO_CODE.fullmatch(value.strip()):
        code = value.strip().upper()
        return code if code[:2] in _english() else ""
    return _by_name().get(plain, "")


@functools.lru_cache(maxsize=4096)
def country_name(value: str) -> str:
    """Return a country's English name for its code or name in any of our languages; else `value`.

    Sources write one country in many ways: `gr`, Greece, Griechenland.
    """
    return _english().get(country_code(value), value)


@functools.cache
def _languages() -> dict[str, str]:
    found: dict[str, str] = {}
    for locale in LOCALES:
        for tag, name in Locale(locale).languages.items():
            if "_" not in tag:
                found.setdefault(folded(name), tag)
    return found


@functools.lru_cache(maxsize=1024)
def language_tag(value: str) -> str:
    """Return the BCP 47 tag of a tag or a language's name, else ""."""
    plain = value.strip()
    if re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", plain):
        first, _, rest = plain.replace("_", "-").partition("-")
        if first.lower() in Locale("en").languages:
            return f"{first.lower()}-{rest}" if rest else first.lower()
    return _languages().get(folded(plain), "")
