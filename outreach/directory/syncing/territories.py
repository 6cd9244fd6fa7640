"""Countries a list names that the directory has not seeded: their rows, from the CLDR."""

from __future__ import annotations

import babel
from babel.core import get_global

from outreach.directory.languages_read import official_languages
from outreach.directory.models import Confidence, Jurisdiction, Publicity
from outreach.directory.syncing.bodies import UNKNOWN


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
        languages=official_languages(code),
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
