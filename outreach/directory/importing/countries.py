"""Tells which country a list is about from what stands around it: folders, division ids."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable

from babel import Locale

from outreach.directory.importing.run_together import FREE_MAIL
from outreach.directory.spelling import fold

# What lists call places, where Babel's English name is another or has none.
_ALSO = {
    "bosnia and herzegovina": "BA",
    "burma": "MM",
    "cape verde": "CV",
    "congo brazzaville": "CG",
    "congo kinshasa": "CD",
    "czech republic": "CZ",
    "democratic republic of the congo": "CD",
    "east timor": "TL",
    "england": "GB-ENG",
    "european union": "EU",
    "federated states of micronesia": "FM",
    "great britain": "GB",
    "hong kong": "HK",
    "ivory coast": "CI",
    "macau": "MO",
    "macedonia": "MK",
    "myanmar": "MM",
    "northern ireland": "GB-NIR",
    "palestine": "PS",
    "republic of ireland": "IE",
    "republic of the congo": "CG",
    "scotland": "GB-SCT",
    "swaziland": "SZ",
    "the bahamas": "BS",
    "the gambia": "GM",
    "trinidad and tobago": "TT",
    "turkey": "TR",
    "uk": "GB",
    "united states of america": "US",
    "usa": "US",
    "wales": "GB-WLS",
}
_SUBDIVISION = r"(?:/(?:state|province|territory|district):([a-z]{1,3})(?=/|$))?"
_OCD = re.compile(rf"ocd-division/country:([a-z]{{2}}(?:-[a-z0-9]{{1,3}})?){_SUBDIVISION}")


@functools.cache
def _codes() -> dict[str, str]:
    names = Locale("en").territories
    found = {_plain(name): code for code, name in names.items() if len(code) == 2}
    return found | _ALSO


def _plain(name: str) -> str:
    words = re.sub(r"[\W_]+", " ", fold(name.replace("&", " and "))).strip()
    return words.replace("st ", "saint ", 1) if words.startswith("st ") else words


def code_of_country(name: str) -> str:
    """Return the ISO 3166 code of an English name ("New_Zealand" → NZ, "Wales" → GB-WLS) or ""."""
    return _codes().get(_plain(name), "") if len(name) > 1 else ""


def name_of_country(code: str) -> str:
    """Return the English name of an ISO 3166-1 code, or the code itself."""
    return str(Locale("en").territories.get(code, code))


def country_of_divisions(ids: Iterable[str]) -> str:
    """Return the country that Open Civic Data division ids have in common, or "".

    Where all stand in one state or province, its ISO 3166-2 code: `country:ca/province:on` → CA-ON.
    https://open-civic-data.readthedocs.io/en/latest/proposals/0002.html
    """
    countries: set[str] = set()
    parts: set[str] = set()
    for one in ids:
        if match := _OCD.match(one):
            countries.add(match[1].upper())
            parts.add((match[2] or "").upper())
    if len(countries) != 1:
        return ""
    country = countries.pop()
    part = parts.pop() if len(parts) == 1 else ""
    return f"{country}-{part}" if part else country


# Endings that are sold to everybody and say nothing of a country.
_WORLDWIDE = frozenset(
    {"co", "io", "me", "tv", "cc", "fm", "am", "ai", "to", "ly", "gg", "eu", "vu"}
)


def country_of_hosts(hosts: Iterable[str]) -> str:
    """Return the country that most hosts of a list belong to (`parliament.go.ke` → KE), or "".

    At least five must, and four of five of those that have a country's ending.
    """
    endings = Counter(
        ending
        for host in hosts
        if (ending := host.rpartition(".")[2].lower().strip())
        and len(ending) == 2
        and ending.isalpha()
        and host.lower() not in FREE_MAIL
    )
    for one in _WORLDWIDE:
        del endings[one]
    if not endings:
        return ""
    (ending, number), *_ = endings.most_common(1)
    if number < 5 or number < 0.8 * endings.total():
        return ""
    code = "GB" if ending == "uk" else ending.upper()
    return code if code in _codes().values() else ""
