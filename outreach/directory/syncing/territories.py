"""Countries a list names that the directory has not seeded: their rows, from the CLDR."""

from __future__ import annotations

from typing import Any

import babel
from babel.core import get_global

from outreach.directory.models import Confidence, Jurisdiction, Publicity
from outreach.directory.syncing.bodies import UNKNOWN

_MOST_LANGUAGES = 4
# Where the CLDR counts who speaks a language rather than what parliament and offices write.
_WRITTEN = {"PY": ["es", "gn"], "SN": ["fr", "wo"], "UG": ["en", "sw"]}
# Tags that name the same language twice: `no` is Bokmål and Nynorsk together.
_TOGETHER = {"no": "nb"}


def languages(code: str) -> list[str]:
    """Return up to four official languages of the country of `code` (ISO 3166), most used first.

    One that is official only in fact counts where no official one is used by more: English in New
    Zealand, but not Swiss German. A language is named once, in the script that most write.
    """
    country = code[:2]
    if country in _WRITTEN:
        return [*_WRITTEN[country]]
    known: dict[str, dict[str, Any]] = get_global("territory_languages").get(country, {})
    used = {tag: entry.get("population_percent", 0) for tag, entry in known.items()}
    by_law = [tag for tag in known if known[tag].get("official_status") == "official"]
    most = max((used[tag] for tag in by_law), default=0)
    in_fact = [
        tag
        for tag in known
        if known[tag].get("official_status") == "de_facto_official" and used[tag] > most
    ]
    found: dict[str, str] = {}
    for tag in sorted([*by_law, *in_fact], key=lambda one: used[one], reverse=True):
        language = tag.partition("_")[0]
        found.setdefault(_TOGETHER.get(language, language), tag.replace("_", "-"))
    return list(found.values())[:_MOST_LANGUAGES] or ["en"]


def jurisdiction(code: str) -> Jurisdiction:
    """Return a row for `code` (ISO 3166-1 or -2) with what the CLDR knows of it and no more."""
    country = code[:2]
    names = babel.Locale("en").territories
    zones: list[str] = get_global("territory_zones").get(country, [])
    if code == UNKNOWN:
        kind, name = "unknown", "Unknown country"
    elif "-" in code:
        kind, name = "subdivision", f"{names.get(country, country)}: {code.partition('-')[2]}"
    else:
        kind, name = "country", str(names.get(country, code))
    return Jurisdiction(
        code=code,
        kind=kind,
        name=name,
        eu_member=False,
        timezone=zones[0] if len(zones) == 1 else None,
        languages=languages(code),
        publicity=Publicity.UNKNOWN,
        publicity_basis="",
        publicity_confidence=Confidence.UNKNOWN,
        recess="",
        recess_confidence=Confidence.UNKNOWN,
        designation={},
        tools=[],
        precedents=[],
        notes=[],
    )
