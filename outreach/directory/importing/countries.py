"""Countries by code, by name in the languages that lists are written in, or by what stands around.

Names are those of the CLDR (https://cldr.unicode.org/, through Babel) and what lists write instead.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable

from babel import Locale

from outreach.directory.free_mail import is_free_mail
from outreach.directory.importing.languages import LOCALES
from outreach.directory.spelling import fold

# Codes in use that are not ISO 3166's.
_CODES = {"uk": "GB", "el": "GR"}
# What lists call places, where the CLDR's name is another or has none.
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
    "republic of moldova": "MD",
    "republic of the congo": "CG",
    "republik moldau": "MD",
    "russian federation": "RU",
    "scotland": "GB-SCT",
    "slovak republic": "SK",
    "swaziland": "SZ",
    "the bahamas": "BS",
    "the gambia": "GM",
    "the netherlands": "NL",
    "trinidad and tobago": "TT",
    "tschechische republik": "CZ",
    "turkey": "TR",
    "uk": "GB",
    "united states of america": "US",
    "usa": "US",
    "wales": "GB-WLS",
}
# Regions of the CLDR that are no country: unknown, test data, UN, eurozone, outlying Oceania.
_NO_COUNTRY = frozenset({"ZZ", "XA", "XB", "UN", "EZ", "QO"})
_ISO_CODE = re.compile(r"[A-Za-z]{2}(?:-[A-Za-z0-9]{1,3})?")
_SUBDIVISION = r"(?:/(?:state|province|territory|district):([a-z]{1,3})(?=/|$))?"
_OCD = re.compile(rf"ocd-division/country:([a-z]{{2}}(?:-[a-z0-9]{{1,3}})?){_SUBDIVISION}")


@functools.cache
def _english() -> dict[str, str]:
    return {code: name for code, name in Locale("en").territories.items() if len(code) == 2}


@functools.cache
def _by_name() -> dict[str, str]:
    found: dict[str, str] = {}
    for locale in LOCALES:
        for code, name in Locale(locale).territories.items():
            if len(code) == 2 and code not in _NO_COUNTRY:
                found.setdefault(_plain(name), code)
    return found | _ALSO


def _plain(name: str) -> str:
    """Return folded words; `New_Zealand` and `NewZealand` are two, `St` is Saint, `&` is and."""
    spread = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.replace("&", " and "))
    words = fold(spread.replace("_", " "))
    return words.replace("st ", "saint ", 1) if words.startswith("st ") else words


@functools.lru_cache(maxsize=4096)
def country_named(name: str) -> str:
    """Return the ISO 3166 code of a name ("New_Zealand" → NZ, "Wales" → GB-WLS), or "".

    A code is no name: a folder called `in` or `no` says nothing of India or Norway.
    """
    return _by_name().get(_plain(name), "") if len(name) > 1 else ""


@functools.lru_cache(maxsize=4096)
def country_code(value: str) -> str:
    """Return the ISO 3166 code ("GR", "US-CA", "EU") of a code or a country's name, else ""."""
    written = value.strip()
    if found := _CODES.get(written.lower()):
        return found
    if _ISO_CODE.fullmatch(written):
        code = written.upper()
        return code if code[:2] in _english() else ""
    return country_named(written)


@functools.lru_cache(maxsize=4096)
def country_name(value: str) -> str:
    """Return a country's English name for its code or name in any of our languages; else `value`.

    Sources write one country in many ways: `gr`, Greece, Griechenland.
    """
    return _english().get(country_code(value), value)


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
    {"co", "io", "me", "tv", "cc", "fm", "am", "ai", "to", "ly", "gg", "eu", "vu", "ws"}
)


def country_of_host(host: str) -> str:
    """Return the country that a host's or address's ending means (`house.go.ke` → KE), or ""."""
    ending = host.rpartition(".")[2].lower().strip()
    if len(ending) != 2 or ending in _WORLDWIDE:
        return ""
    code = _CODES.get(ending, ending.upper())
    return code if code in _english() else ""


def country_of_hosts(hosts: Iterable[str]) -> str:
    """Return the country that most hosts of a list belong to (`parliament.go.ke` → KE), or "".

    At least five must, and four of five of those that have a country's ending.
    """
    found = Counter(
        code for host in hosts if (code := country_of_host(host)) and not is_free_mail(host)
    )
    if not found:
        return ""
    (code, number), *_ = found.most_common(1)
    return code if number >= max(5, 0.8 * found.total()) else ""
