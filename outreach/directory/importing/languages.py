"""Languages by tag or by name, in the languages that lists are written in (CLDR, via Babel)."""

from __future__ import annotations

import functools
import re

from babel import Locale

from outreach.directory.spelling import fold

# The languages whose names of countries and languages are understood.
LOCALES = ("en", "fr", "de", "es", "it", "pt", "pl", "nl", "sv", "fi", "cs", "uk", "ru", "el", "ja")


@functools.cache
def _by_name() -> dict[str, str]:
    found: dict[str, str] = {}
    for locale in LOCALES:
        for tag, name in Locale(locale).languages.items():
            if "_" not in tag:
                found.setdefault(fold(name), tag)
    return found


@functools.lru_cache(maxsize=1024)
def language_tag(value: str) -> str:
    """Return the BCP 47 tag of a tag or of a language's name ("français" → fr), else ""."""
    plain = value.strip()
    if re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", plain):
        first, _, rest = plain.replace("_", "-").partition("-")
        if first.lower() in Locale("en").languages:
            return f"{first.lower()}-{rest}" if rest else first.lower()
    return _by_name().get(fold(plain), "")
