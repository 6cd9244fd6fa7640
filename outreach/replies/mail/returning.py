"""When is an absent reader back? Read from the text of an automatic answer, in many languages.

Month names are CLDR's (babel). A day without a year is the one nearest to the mail's own day; one
that is past already says nothing.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from babel import Locale

# Nobody is away for longer who says so in an automatic answer.
LONGEST = dt.timedelta(days=400)
MOST_TEXT = 8_000
_LOCALES = (
    *("en", "de", "es", "fr", "it", "nl", "pl", "uk", "ru", "be", "pt", "ar", "ar_LB", "sv", "nb"),
    *("da", "fi", "et", "lv", "lt", "cs", "sk", "sl", "hu", "ro", "bg", "el", "tr", "he", "ka"),
)
# They are back on the day that is named.
_BACK = re.compile(
    r"\b(?:back|return\w*|(?<!not )(?<!un)available(?= (?:again|from|on))|resume\w*|again"
    r"|zurück\w*|wieder|rückkehr|erreichbar ab|retour|rentr\w+|reviendr\w+|revenir|de nouveau"
    r"|à nouveau|regres\w+|reincorpor\w+|incorporar\w+|vuelv\w+|volver\w*|vuelta|nuevamente"
    r"|de nuevo"
    r"|rientr\w+|torner\w+|ritorn\w+|nuovamente|di nuovo|terug\w*|weer|wrac\w+|wróc\w+|powr\w+"
    r"|ponownie|з[ -]?поверн\w+|поверн\w+|поверта\w+|знову|буду (?:на|доступн)|верн\w+|возвра\w+"
    r"|снова|вярн\w+|вярта\w+"
    r"|зноў|regress\w+|volt\w+|retorn\w+|novamente|åter\w*|tillbaka|tilbage|tilbake|igen|igjen"
    r"|palaan|takaisin|jälleen|tagasi|naasen|atgriez\w+|atpakaļ|grįš\w+|grįžt\w+|vrát\w+|zpět|opět"
    r"|návrat\w*|späť|opäť|nazaj|vrn\w+|visszat\w+|vissza\w*|ismét|revin|reven\w+|înapoi|връщ\w+"
    r"|върн\w+|отново|επιστρ\w+|dön\w+|tekrar)"
    r"|(?:س?[أن]?عود|عودت|العودة|مجدد|أرجع|חוזר|אחזור|אשוב|დავბრუნ|戻)",
    re.IGNORECASE,
)
# They are away up to this day and on it.
_AWAY_TO = re.compile(
    r"\b(?:until|till|through|thru|up to|bis|jusqu['’]?(?:au|à)?|hasta|fino|sino|tot|t/m|do"
    r"|do dnia|до|по"
    r"|да|até|till och med|t\.?\s?o\.?\s?m|fram till|indtil|til og med|til|asti|saakka|kuni|līdz"
    r"|iki|până|-ig|μέχρι|έως|kadar)\b|(?:حتى|לغاية|עד|إلى|まで)",
    re.IGNORECASE,
)
# The end of a stretch: “1 to 7 September”, “du 1er au 7”, “1.–7.9.”.
_STRETCH = re.compile(
    r"\d\S{0,8}[^\d\n]{0,18}?(?:\b(?:to|au|al|a|bis|do|по|до|e|–)|[-–—])\s*\w{0,3}\s*$", re.I
)
_NOT = re.compile(r"\b(?:not|nicht|erst|pas|no|non|niet|nie|не|não|inte|ikke|ei)\b", re.IGNORECASE)
_ARTICLES = frozenset(
    (
        "the and including incl inclusive zum dem den einschließlich inklusive voraussichtlich le "
        "la el al il lo l d de en met inclusief dnia dn włącznie i och med dagen e o a p g os ao "
        "τις την στις του των w"
    )
    .casefold()
    .split()
)
_SENTENCE_END = re.compile(r"[!?\n;]|[^\W\d_]{3,}\.\s")


@dataclass(frozen=True, slots=True)
class _Found:
    """A day as it stands in a text."""

    day: dt.date
    start: int
    end: int


def back_on(text: str, written_on: dt.date) -> dt.date | None:
    """Return the day the writer says to be back, None when the text names none to come.

    `written_on` is the day of the mail. Where only “until” is said, it is that day: languages and
    people differ on whether it is the last one away. A day of return counts before one away.
    """
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", text[:MOST_TEXT])
    back, away = [], []
    days = list(_days(text, written_on))
    for number, found in enumerate(days):
        earliest = days[number - 1].end if number else 0
        latest = days[number + 1].start if number + 1 < len(days) else len(text)
        sort = _sort(text, found, earliest, latest)
        if sort == "back":
            back.append(found.day)
        elif sort == "away":
            away.append(found.day)
    latest_of = [max(some) for some in (back, away) if some]
    return next((day for day in latest_of if day >= written_on), None)


def _sort(text: str, found: _Found, earliest: int, latest: int) -> str:
    """Whether a day is one of return or the last away, by the words of its sentence around it."""
    before = _since_sentence(text[max(earliest, found.start - 90) : found.start])
    after = _SENTENCE_END.split(text[found.end : min(latest, found.end + 70)])[0]
    back = list(_BACK.finditer(before))
    near = [one for one in _AWAY_TO.finditer(before) if _governs(before[one.end() :])]
    if back and (not near or _NOT.search(before)):
        # “I will not return until 8 September” is the day of the return.
        return "back"
    if near:
        return "away"
    if _STRETCH.search(text[max(0, found.start - 40) : found.start]):
        return "away"
    return "back" if _BACK.search(after) and not _AWAY_TO.search(after) else ""


def _governs(between: str) -> bool:
    """Whether nothing but an article or a weekday stands between “until” and the day."""
    words = re.findall(r"[^\W\d_]+", between.casefold())
    return all(word in _weekdays() or word in _ARTICLES for word in words)


def _since_sentence(text: str) -> str:
    ends = list(_SENTENCE_END.finditer(text))
    return text[ends[-1].end() :] if ends else text


def _days(text: str, written_on: dt.date) -> Iterator[_Found]:
    for match in _pattern().finditer(text):
        part = match.groupdict()
        month = _months().get((part["name"] or part["name_first"] or "").casefold().rstrip("."))
        day = int(part["day"] or part["day_after"] or part["d"] or part["iso_d"] or 0)
        year = int(
            part["year"]
            or part["year_first"]
            or part["year_after"]
            or part["y"]
            or part["iso_y"]
            or 0
        )
        number = int(part["m"] or part["iso_m"] or 0)
        pairs = [(month or number, day)]
        if part["sep"] == "/":
            # Americans put the month first; whichever is possible and near counts.
            pairs.append((day, number))
        near = [one for pair in pairs if (one := _near(*pair, year, written_on))]
        if near:
            upcoming = [one for one in near if one > written_on]
            yield _Found(min(upcoming or near), match.start(), match.end())


def _near(month: int, day: int, year: int, written_on: dt.date) -> dt.date | None:
    """The day meant, if there is one within reach of the mail's day."""
    if year:
        years = [year + 2000 if year < 100 else year]
    else:
        years = [written_on.year - 1, written_on.year, written_on.year + 1]
    days = []
    for one in years:
        try:
            days.append(dt.date(one, month, day))
        except ValueError:
            continue
    if not days:
        return None
    nearest = min(days, key=lambda one: abs(one - written_on))
    return nearest if abs(nearest - written_on) <= LONGEST else None


# Languages that decline the month after a day: so many letters of its name may be others (-1:
# letters are added).
_INFLECTED = {"lv": 2, "lt": 2, "et": -1, "fi": -1, "hu": -1, "tr": -1, "ka": 1, "be": 1}


@functools.lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """{name in small letters, without a dot: month}, of every language we read."""
    names: dict[str, int] = {"sept": 9, "juin": 6}
    for code in _LOCALES:
        ending = _INFLECTED.get(code, 0)
        months = Locale.parse(code).months
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[form][width].items():
                    plain = name.casefold().rstrip(".")
                    if len(plain) > 2 and not plain.isdigit():
                        names.setdefault(plain, number)
                    if ending and width == "wide":
                        names.setdefault(plain[:-ending] if ending > 0 else plain, number)
    return names


@functools.lru_cache(maxsize=1)
def _weekdays() -> frozenset[str]:
    """Every word of a weekday's name, in every language we read."""
    found: set[str] = set()
    for code in _LOCALES:
        days = Locale.parse(code).days
        widths = itertools.product(("format", "stand-alone"), ("wide", "abbreviated"))
        for form, width in widths:
            for name in days[form][width].values():
                found.update(re.findall(r"[^\W\d_]+", name.casefold()))
    return frozenset(found)


@functools.lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, _months()), key=len, reverse=True))
    return re.compile(
        r"(?<![\d.])(?:"
        r"(?P<iso_y>20\d\d)-(?P<iso_m>\d\d)-(?P<iso_d>\d\d)"
        r"|(?P<d>\d{1,2})\s?(?P<sep>[./-])\s?(?P<m>\d{1,2})(?:\s?[./-]\s?(?P<y>20\d\d"
        r"|\d\d))?(?![\d:])"
        r"|(?:(?P<year_first>20\d\d)\. ?(?:gada |m\. )?)?(?P<day>\d{1,2})(?:\.|st|nd|rd|th|er|º|ª"
        r"|°|-?го|-?е|-?га|:?a|:?e|\.?\s?an)?"
        rf"\s*(?:of |de |d['’]|del |dnia )?\s*(?P<name>{names})(?P<rest>[^\W\d_]{{0,4}})\b\.?"
        r"(?:,?\s*(?:de |del |of )?(?P<year>20\d\d))?"
        rf"|\b(?P<name_first>{names})\.?\s+(?:the )?(?P<day_after>\d{{1,2}})(?:st|nd|rd|th|\.)?"
        r"(?:,?\s*(?P<year_after>20\d\d))?(?![\d:])"
        r")",
        re.IGNORECASE,
    )
