"""Which letter does an answer belong to? Understands codes, names and countries as people type."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

import sqlalchemy as sa
from babel import Locale, UnknownLocaleError
from sqlalchemy.orm import Session

from outreach.directory.models import Jurisdiction, Target
from outreach.directory.queries import found_by
from outreach.directory.spelling import fold
from outreach.letters.models import Letter
from outreach.signing import CODE_ALPHABET

# What people write for each other when they copy a code from paper, most often by far.
_ALIKE = ("8B", "5S", "2Z", "6G", "DQ0O", "J1IL7", "VUY")
# The word our letters put before the code, in any language they are written in.
_REFERENCE = re.compile(r"^\W*r[eé]f\b\W*", re.IGNORECASE)
# What people call a country and no list of names does.
_CALLED = {
    "GB": "uk great britain großbritannien england",
    "US": "usa america",
    "EU": "europe",
    "CZ": "czech republic",
}
# The languages a campaign's people know countries in, besides each country's own.
_SPOKEN = ("en", "de", "fr", "ru", "be", "uk", "pl")
# A shorter word means a country only when it is the whole of its code or nickname.
_SHORTEST = 3


def code_variants(text: str) -> list[str]:
    """Return the codes `text` can mean: as typed first, then with letters mistaken for others.

    Case, spaces, hyphens and the “Ref.” before it don't matter. Empty when `text` is no code.
    """
    plain = re.sub(r"[\W_]+", "", _REFERENCE.sub("", text)).upper()
    if "%" in text or len(plain) != 6 or not plain.isascii() or not plain.isalnum():
        return []
    choices = [_meant_by(char) for char in plain]
    variants = {"".join(it) for it in itertools.product(*choices)} | {plain}
    return [f"{it[:3]}-{it[3:]}" for it in sorted(variants, key=lambda it: (it != plain, it))]


def _meant_by(char: str) -> str:
    """The letters of a code that somebody who typed `char` may have read."""
    alike = next((group for group in _ALIKE if char in group), char)
    return "".join(it for it in alike if it in CODE_ALPHABET) or char


def meant_by(session: Session, text: str) -> sa.ColumnElement[bool]:
    """Return the condition on Letter joined to Target under which `text` means the letter.

    Either the code, or every word a part of the name, the desk or the country it went to.
    """
    rows = session.execute(sa.select(Jurisdiction.code, Jurisdiction.name, Jurisdiction.languages))
    countries = [(code, _names(code, name, languages)) for code, name, languages in rows]
    words = []
    for word in fold(text).split():
        codes = [code for code, names in countries if _called(word, code, names)]
        words.append(sa.or_(Target.jurisdiction_code.in_(codes), sa.and_(*found_by(word))))
    meant = [sa.and_(*words)] if words else [sa.false()]
    variants = code_variants(text)
    return sa.or_(*meant, Letter.code.in_(variants)) if variants else meant[0]


def _names(code: str, name: str, languages: Iterable[str]) -> set[str]:
    """Return the folded words by which a country is known, here and there."""
    known = [name, _CALLED.get(code, "")]
    for language in {*_SPOKEN, *languages}:
        try:
            known.append(Locale.parse(language, sep="-").territories.get(code, ""))
        except (UnknownLocaleError, ValueError):
            continue
    return {word for each in known for word in fold(each).split()}


def _called(word: str, code: str, names: set[str]) -> bool:
    if word == code.casefold() or word in names:
        return True
    return len(word) >= _SHORTEST and any(name.startswith(word) for name in names)
