"""Prints numbers and days the way a language prints them. Only what letters need; no words of ours.

Formats come from the Unicode locale data (CLDR) through Babel: 62,001 in English, 62.001 in
German, 62 001 with a narrow no-break space in French.
"""

from __future__ import annotations

import datetime as dt

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from outreach.errors import Refused
from outreach.petitions.models import Precision
from outreach.words import Sentence

# Plain English means the day before the month, plain Portuguese that of Portugal: most of our
# readers are in Europe.
_HOME = {"en": "en_GB", "pt": "pt_PT"}
# Where four digits stand together (CLDR's minimumGroupingDigits is 2; Babel doesn't read it).
_FOUR_TOGETHER = frozenset({"bg", "es", "et", "hu", "it", "it_CH", "lv", "pl", "pt_PT"})
# CLDR's group for numbers that are no sums of money; Babel has the one for money.
_GROUPS = {"de_AT": "\xa0"}
# How the first day of a month is written; the locale data say a plain 1.
_FIRST = {"fr": "1er", "it": "1\u00ba"}


def number(value: int, language: str) -> str:
    """Return `value` with the digit groups of `language` (a BCP 47 code).

    Raises Refused for a language whose format we don't know.
    """
    locale = _locale(language)
    if abs(value) < 10_000 and str(locale) in _FOUR_TOGETHER:
        return str(value)
    printed = str(format_decimal(value, locale=locale))
    if str(locale) in _GROUPS:
        printed = printed.replace(str(locale.number_symbols["latn"]["group"]), _GROUPS[str(locale)])
    return printed


def day(date: dt.date, precision: Precision, language: str) -> str:
    """Return `date` written out in `language`, no more exactly than `precision`.

    Raises Refused for a language whose format we don't know.
    """
    locale = _locale(language)
    if precision is Precision.YEAR:
        return str(date.year)
    if precision is Precision.MONTH:
        # “marzo de 2021”, “2021 m. kovas”: more than month and year side by side.
        return _with_year_word(str(format_skeleton("yMMMM", date, locale=locale)), locale)
    written = str(format_date(date, "long", locale=locale))
    if date.day == 1 and locale.language in _FIRST:
        return _FIRST[locale.language] + written.removeprefix("1")
    return _with_year_word(written, locale)


def _with_year_word(written: str, locale: Locale) -> str:
    """Polish letters write “2 marca 2021 r.”, Ukrainian ones “року” in full; CLDR doesn't."""
    if locale.language == "pl":
        return f"{written}\N{NO-BREAK SPACE}r."
    if locale.language == "uk":
        return written.replace("\N{NARROW NO-BREAK SPACE}р.", "\N{NO-BREAK SPACE}року")
    return written


def base(language: str) -> str:
    """Return the language of a BCP 47 code without country and script: `en-US` is `en`."""
    return language.replace("_", "-").split("-")[0].lower()


def in_language(texts: dict[str, str], language: str) -> str | None:
    """Return the text for `language`, else for its base language, else None. Never another one."""
    return texts.get(language) or texts.get(base(language)) or None


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(_HOME.get(language, language.replace("-", "_")))
    except (UnknownLocaleError, ValueError) as error:
        raise Refused(
            Sentence(
                "We don't know how “%(language)s” writes numbers and dates. "
                "Choose another language for this letter.",
                language=language,
            )
        ) from error
