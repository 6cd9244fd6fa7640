"""Takes apart e-mail addresses that a list has run together, and repairs look-alike letters."""

from __future__ import annotations

import functools
import re

import phonenumbers

from outreach.directory.free_mail import provider_at_start

_GENERIC = ("com", "org", "net", "gov", "edu", "int", "info", "mil", "biz", "coop", "eu")
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "go", "gob", "gov", "gouv", "govt", "org"})
_SECOND_LEVEL |= {"net", "parliament", "parlamento", "parl", "senate", "assembly", "or", "mil"}
# Letters of Cyrillic and Greek that look like a Latin one (Unicode's confusables, UTS 39).
_LOOK_ALIKES = dict(
    zip("авеѕіјкмнорсԁтухһԛԝАВЕЅІЈКМНОРСТУХ", "abesijkmhopcdtyxhqwABESIJKMHOPCTYX", strict=True)
) | dict(zip("οαειкνυρχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oaeiknupxABEZHIKMNOPTYX", strict=True))
_TABLE = str.maketrans(_LOOK_ALIKES)
_LOCAL = re.compile(r"[\w.+'-]*\w", re.ASCII)


def latin(address: str) -> str:
    """Return `address` with look-alike letters made Latin, or unchanged.

    Only an address that is Latin for the rest and whose every other letter has a look-alike is
    repaired: `пошта@приклад.укр` is a real address and stays.
    """
    if address.isascii() or not re.search("[A-Za-z]", address):
        return address
    repaired = address.translate(_TABLE)
    return repaired if repaired.isascii() else address


def apart(part: str) -> list[str] | None:
    """Return the addresses run together in `part`, `a@x.orgbo@y.org` → a@x.org, bo@y.org.

    None when it can't be told where one ends and the next begins.
    """
    pieces = part.split("@")
    if len(pieces) == 2:
        return [part]
    if not pieces[-1]:
        return None
    found, local = [], pieces[0]
    for middle in pieces[1:-1]:
        cut = _cut(middle, pieces[-1])
        if cut is None:
            return None
        domain, rest = cut
        found.append(f"{local}@{domain}")
        local = rest
    return [*found, f"{local}@{pieces[-1]}"]


def _cut(middle: str, last: str) -> tuple[str, str] | None:
    """Part "y.orgbo" into domain and the next one's local part, when there is only one way."""
    same = last if middle.casefold().startswith(last.casefold()) else ""
    known = max(same, provider_at_start(middle), key=len)
    rest = middle[len(known) :].lstrip(".-_")
    if known and _LOCAL.fullmatch(rest):
        return middle[: len(known)], rest
    ways = _ways(middle, last.casefold().rpartition(".")[2])
    return ways[0] if len(ways) == 1 else None


def _ways(middle: str, last_ending: str) -> list[tuple[str, str]]:
    """Return every way to part `middle` after an ending that domains have."""
    labels = middle.split(".")
    ways = []
    for index in range(1, len(labels)):
        ending = _ending(labels[index].casefold(), labels[index - 1].casefold(), last_ending)
        if not ending:
            continue
        domain = ".".join([*labels[:index], labels[index][: len(ending)]])
        rest = ".".join([labels[index][len(ending) :], *labels[index + 1 :]]).lstrip(".-_")
        if _LOCAL.fullmatch(rest) and all(labels[:index]):
            ways.append((domain, rest))
    return ways


def _ending(label: str, before: str, last_ending: str) -> str:
    """Return the domain ending `label` begins with, or "".

    A country's two letters count only with a sign that they are one: two letters begin any word.
    """
    for ending in sorted(_GENERIC, key=len, reverse=True):
        if label.startswith(ending):
            return ending
    country = label[:2]
    if country in _countries() and (
        label == country or before in _SECOND_LEVEL or country == last_ending
    ):
        return country
    return ""


@functools.cache
def _countries() -> frozenset[str]:
    return frozenset(code.lower() for code in phonenumbers.SUPPORTED_REGIONS) | {"uk", "eu"}
