"""How pages show sentences, days, instants, numbers, languages and words, in the reader's way."""

from __future__ import annotations

import datetime as dt
import re
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError, dates, numbers
from flask import Flask
from flask_babel import get_locale, gettext
from markupsafe import Markup

from outreach.letters.directions import LATIN_RUN, is_right_to_left
from outreach.letters.hypertext import paragraphs_of
from outreach.web import access, words_for
from outreach.words import Language, Sentence

# A tag or a character reference: what no reader reads letter by letter.
_TAG = re.compile(r"(<[^>]*>|&[#\w]+;)")


def register(app: Flask) -> None:
    """Make every filter of this file known to the pages of `app`."""
    for filter_ in (
        say,
        day,
        known_day,
        instant,
        local_time,
        number,
        language_name,
        country_name,
        word,
        label,
        as_html,
        isolated,
        direction,
    ):
        app.jinja_env.filters[filter_.__name__] = filter_


def say(words: Sentence | StrEnum | str | None) -> str:
    """Return `words` in the reader's language, with its values written in the reader's way.

    Whole numbers get the reader's separators and days are written out; pass a year or an
    identifier as text to have it printed as it is.
    """
    if words is None or words == "":
        return ""
    if isinstance(words, StrEnum):
        return word(words)
    if not isinstance(words, Sentence):
        return str(gettext(words))
    text = str(gettext(words.text))
    if not words.values:
        return text
    return text % {
        name: value if re.search(rf"%\({name}\)[^s]", text) else _value(value)
        for name, value in words.values.items()
    }


def day(value: dt.date | None) -> str:
    """Return a date, or the day of a UTC instant in the campaign's zone, written out."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        value = value.astimezone(_campaign_zone())
    return dates.format_date(value, format="long", locale=_locale())


def known_day(text: str) -> str:
    """Return a day given as 2020, 2020-12 or 2020-12-01 written out; other text as it is."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        try:
            return day(dt.date.fromisoformat(text))
        except ValueError:
            return text
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        month = dt.date.fromisoformat(text + "-01")
        return dates.format_skeleton("yMMMM", month, locale=_locale())
    return text


def instant(value: dt.datetime | None) -> str:
    """Return a UTC instant in the campaign's time zone, written out with the zone's name."""
    return "" if value is None else _written(value, _campaign_zone())


def local_time(value: dt.datetime | None, zone: str) -> str:
    """Return a UTC instant as the clocks in `zone` (an IANA name) show it."""
    return "" if value is None else _written(value, _zone(zone))


def number(value: float | None) -> str:
    """Return a number with the reader's separators."""
    return "" if value is None else _decimal(value, _locale())


# A table of the world writes hundreds of numbers and languages, most of them again and again.
@lru_cache(maxsize=4096, typed=True)
def _decimal(value: float, locale: Locale) -> str:
    return str(numbers.format_decimal(value, locale=locale))


def language_name(code: str | None) -> str:
    """Return what the reader calls the language `code` (BCP 47), or the code itself."""
    return _language(code, _locale()) if code else ""


@lru_cache(maxsize=4096)
def _language(code: str, locale: Locale) -> str:
    try:
        found = Locale.parse(code, sep="-").get_display_name(locale)
    except (UnknownLocaleError, ValueError):
        return code
    return found or code


def country_name(code: str | None) -> str:
    """Return what the reader calls the country `code` (ISO 3166-1 alpha-2 or EU), or the code."""
    if not code:
        return ""
    return str(_locale().territories.get(code, code))


def word(member: StrEnum | None) -> str:
    """Return the reader's word for one member of one of our enumerations."""
    return "" if member is None else str(gettext(words_for.word_for(member)))


def label(member: StrEnum | None) -> str:
    """Return the reader's word for a member where it stands alone, with a capital first letter."""
    text = word(member)
    return text[:1].upper() + text[1:]


def direction(language: str) -> str:
    """Return the direction a language is written in, as HTML's `dir` takes it."""
    return "rtl" if is_right_to_left(language) else "ltr"


def isolated(html: Markup, language: str) -> Markup:
    """Return escaped words for a sheet in `language`: there a name in Latin letters, a number or an
    address keeps its own direction inside a line that runs from right to left."""
    if not is_right_to_left(language):
        return html
    parts = _TAG.split(str(html))
    parts[::2] = [LATIN_RUN.sub(lambda run: f"<bdi>{run[0]}</bdi>", part) for part in parts[::2]]
    return Markup("".join(parts))  # escaped before; only <bdi> was added, outside of tags


def as_html(text: str) -> Markup:
    """Return a letter's words as its HTML part shows them."""
    return Markup(paragraphs_of(text))  # every word of it escaped there


def _value(value: object) -> object:
    if isinstance(value, Sentence | StrEnum):
        return say(value)
    if isinstance(value, Language):
        return language_name(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, dt.datetime):
        return instant(value)
    return day(value) if isinstance(value, dt.date) else value


def _written(value: dt.datetime, zone: ZoneInfo) -> str:
    local, locale = value.astimezone(zone), _locale()
    return " ".join(
        (
            dates.format_date(local, format="long", locale=locale) + ",",
            dates.format_time(local, format="short", locale=locale),
            dates.get_timezone_name(local, width="short", locale=locale),
        )
    )


def _campaign_zone() -> ZoneInfo:
    held = access.membership()
    return _zone(held[1].timezone) if held else ZoneInfo("UTC")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _locale() -> Locale:
    return get_locale() or Locale("en", "GB")
