"""When is an absent reader back? Read from the text of an automatic answer, in many languages.

Month names are CLDR's (babel). A day without a year is the one nearest to the mail's own day; one
that is past already says nothing.
"""

from __future__ import annotations

import calendar
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
    r"\b(?:back|return\w*|(?<!not )(?<!un)available(?= (?:again|from|on))|resum\w+|again"
    r"|re-?open\w*|first (?:working )?day|next (?:be |in |check\w* |read\w* ){1,2}"
    r"|erster arbeitstag"
    r"|reprend\w+|reprise|revien\w+|rouvr\w+|retom\w+|reanud\w+|reabr\w+|riapr\w+|riprend\w+"
    r"|hervat\w*|heropen\w*|wzn[ao]\w+|віднов\w+|вийду|виходжу|приступ\w+|возобнов\w+|выйду"
    r"|zurück\w*|wieder|rückkehr|erreichbar ab|retour|rentr\w+|reviendr\w+|revenir|de nouveau"
    r"|à nouveau|regres\w+|reincorpor\w+|incorpor\w+|vuelv\w+|volver\w*|vuelta|nuevamente"
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
# They do something from that day on which they can't while they are away.
_FROM = re.compile(
    r"\b(?:from|on|as of|starting|ab|seit|am|(?:à (?:partir|compter)|a part(?:ir|ire)) d[\w’']*|dès"
    r"|desde|dall?[’']?|vanaf|per|od|з|із|зі|с|со|från|fra|fr\.o\.m|alkaen|alates|no|nuo)(?!\w)",
    re.IGNORECASE,
)
_HERE = re.compile(
    r"\b(?:avail\w+|reach\w+|answer\w*|repl[yi]\w*|respon\w+|check\w*|read\w*|deal\w*|attend\w*"
    r"|antwort\w*|beantwort\w*|bearbeit\w*|erreich\w+|lese|melde\w*|joign\w+|dispon\w+|répond\w+|trait\w+"
    r"|atend\w+|atiend\w+|contest\w+|rispond\w+|ricontatt\w+|bereik\w+|beantwoord\w*|aanwezig"
    r"|będę|dostępn\w+|odpow\w+|osiągaln\w+|доступн\w+|відпов\w+|місці|ответ\w+|отвеч\w+)",
    re.IGNORECASE,
)
# The end of a stretch: “1 to 7 September”, “du 1er au 7”, “1.–7.9.”.
_STRETCH = re.compile(
    r"\d\S{0,8}[^\d\n]{0,18}?(?:\b(?:to|au|al|a|bis|do|по|до|e|–)|[-–—])\s*\w{0,3}\s*$", re.I
)
_WEEKDAY_LAST = re.compile(r"\s([^\W\d_]+),?\s*$")
_NOT = re.compile(r"\b(?:not|nicht|erst|pas|no|non|niet|nie|не|não|inte|ikke|ei)\b", re.IGNORECASE)
_ARTICLES = frozenset(
    (
        "the and including incl inclusive zum dem den einschließlich inklusive voraussichtlich le "
        "la el al il lo l d de del día giorno en met inclusief dnia dn włącznie i och med dagen e "
        "o a p g os ao "
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
    named = next((day for day in latest_of if day >= written_on), None)
    return named or (None if latest_of else _weekday(text, written_on))


def _weekday(text: str, written_on: dt.date) -> dt.date | None:
    """The next day of the name that stands close to “back”, where no date is said at all."""
    for found in _weekday_pattern().finditer(text):
        before, after = text[max(0, found.start() - 40) : found.start()], text[found.end() :][:45]
        number = re.match(r"[,.]?\s+(?:den |the |le |el |il |de )?(\d{1,2})", after)
        after = re.split(r"[.!?\n;,]", after, maxsplit=1)[0]
        ends = [one.end() for one in _BACK.finditer(_since_sentence(before))]
        close = ends and len(_since_sentence(before)[ends[-1] :].split()) < 5
        behind = _BACK.search(after)
        if not close and not (behind and len(after[: behind.start()].split()) < 5):
            continue
        if _NOT.search(before) or (number is None and re.search(r"\d", before + after)):
            continue
        wanted = _weekday_numbers()[found[0].casefold()]
        day = written_on + dt.timedelta((wanted - written_on.weekday() - 1) % 7 + 1)
        for later in (day + dt.timedelta(weeks) for weeks in range(0, 57, 7)):
            if number is None or later.day == int(number[1]):
                return later
    return None


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
    said = before + after
    since = any(_governs(before[one.end() :]) for one in _FROM.finditer(before))
    if since and _HERE.search(said) and not _NOT.search(said):
        return "back"
    # “1 to Monday, 7 September” is “1 to 7 September”.
    upto = _WEEKDAY_LAST.sub(_without_weekday, text[max(0, found.start - 50) : found.start])
    if _STRETCH.search(upto):
        return "away"
    return "back" if _BACK.search(after) and not _AWAY_TO.search(after) else ""


def _without_weekday(match: re.Match[str]) -> str:
    return " " if _is_weekday(match[1].casefold()) else match[0]


def _is_weekday(word: str) -> bool:
    """Whether a word in small letters is a weekday's name, perhaps declined."""
    known = _weekdays()
    return word in known or any(
        len(word) > 3 and word[:4] == one[:4] and abs(len(word) - len(one)) < 3 for one in known
    )


def _governs(between: str) -> bool:
    """Whether nothing but an article or a weekday stands between “until” and the day."""
    words = re.findall(r"[^\W\d_]+", between.casefold())
    return all(_is_weekday(word) or word in _ARTICLES for word in words)


def _since_sentence(text: str) -> str:
    ends = list(_SENTENCE_END.finditer(text))
    return text[ends[-1].end() :] if ends else text


def _days(text: str, written_on: dt.date) -> Iterator[_Found]:
    month_first = _month_first(text, written_on)
    for match in _pattern().finditer(text):
        part = match.groupdict()
        if part["whole"]:
            number = _months()[part["whole"].casefold().rstrip(".")]
            if found := _end_of(number, written_on, middle=bool(part["mid"])):
                yield _Found(found, match.start(), match.end())
            continue
        month = _months().get((part["name"] or part["name_first"] or "").casefold().rstrip("."))
        day = int(
            part["day"] or part["day_after"] or part["d"] or part["iso_d"] or part["day_r"] or 0
        )
        year = int(
            part["year"]
            or part["year_first"]
            or part["year_after"]
            or part["y"]
            or part["iso_y"]
            or part["year_r"]
            or 0
        )
        number = int(part["m"] or part["iso_m"] or 0) or _ROMAN.index(part["roman"] or "")
        pairs = [(month or number, day)]
        if part["sep"] == "/":
            # Americans put the month first; whichever is possible and near counts.
            pairs = [(day, number)] if month_first else [*pairs, (day, number)]
        near = [one for pair in pairs if (one := _near(*pair, year, written_on))]
        if near:
            upcoming = [one for one in near if one > written_on]
            yield _Found(min(upcoming or near), match.start(), match.end())


def _month_first(text: str, written_on: dt.date) -> bool:
    """Whether 08/10 is 10 August here: only so are its days all real and in their order."""
    ends = []
    pairs = re.findall(r"(?<![\d./-])(\d{1,2})/(\d{1,2})/(20\d\d|\d\d)(?!\d)", text)
    for first in (True, False):
        days = [
            _near(*((int(a), int(b)) if first else (int(b), int(a))), int(year), written_on)
            for a, b, year in pairs
        ]
        real = [one for one in days if one]
        ends.append(len(real) == len(days) and real == sorted(real))
    return len(pairs) > 1 and ends == [True, False]


def _end_of(month: int, written_on: dt.date, *, middle: bool) -> dt.date | None:
    """The last day of the month that comes next, or its fifteenth."""
    year = written_on.year + (month < written_on.month)
    if middle:
        return _near(month, 15, 0, written_on)
    return dt.date(year, month, calendar.monthrange(year, month)[1])


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


# How Poles and others write months beside a year; the first is none.
_ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
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


# As they stand after “on” where that is another form than the name.
_ON_A_DAY = {"середу": 2, "п’ятницю": 4, "п'ятницю": 4, "среду": 2, "пятницу": 4, "środę": 2}


@functools.lru_cache(maxsize=1)
def _weekday_numbers() -> dict[str, int]:
    """{name of a weekday in small letters: 0 for Monday to 6}, of every language we read."""
    found = dict(_ON_A_DAY)
    for code in _LOCALES:
        for form in ("format", "stand-alone"):
            for number, name in Locale.parse(code).days[form]["wide"].items():
                found.setdefault(name.casefold(), number)
    return found


@functools.lru_cache(maxsize=1)
def _weekday_pattern() -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, _weekday_numbers()), key=len, reverse=True))
    return re.compile(rf"\b(?:{names})\b", re.IGNORECASE)


@functools.lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, _months()), key=len, reverse=True))
    return re.compile(
        r"(?<![\d.])(?:"
        r"(?:(?P<mid>mid|mitte|mi|mediados|metà|medio|połow\w+|середин\w+)|ends?|late|ende"
        r"|fin(?:e|al(?:es)?)?|eind(?:e)?|ko(?:niec|ńc[au])|кінц\w+|кон(?:ец|ц[аеу])|slutet|loppuun)"
        rf"[ -](?:of |d[e’'] ?|av |des monats )?(?P<whole>{names})\b"
        r"|(?P<iso_y>20\d\d)-(?P<iso_m>\d\d)-(?P<iso_d>\d\d)"
        rf"|(?P<day_r>\d{{1,2}})\s(?P<roman>{'|'.join(_ROMAN[:0:-1])})\s(?P<year_r>20\d\d)"
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
