"""Which language somebody is written to in, when nobody said what they read: one rule for all.

What a person or a list said counts before anything worked out here, and nothing here is stored with
the person: a later word is never held against a guess.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from babel.core import get_global
from sqlalchemy.orm import Session

from outreach.directory.importing.countries import country_code
from outreach.directory.models import Jurisdiction, Target

# Its members come from countries, and read the languages of those.
UNION = "EU"
_MOST_LANGUAGES = 4
# Where the CLDR counts who speaks a language rather than what parliament and offices write.
_WRITTEN = {"PY": ["es", "gn"], "SN": ["fr", "wo"], "UG": ["en", "sw"]}
# Tags that name the same language twice: `no` is Bokmål and Nynorsk together.
_TOGETHER = {"no": "nb"}


def official_languages(code: str) -> list[str]:
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


class Languages:
    """What offices read, by jurisdiction: as the directory says, else as the CLDR does."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, list[str]] | None = None

    def official(self, code: str) -> list[str]:
        """Return the languages of a jurisdiction, preferred first. One query for all together."""
        if self._known is None:
            rows = self._session.execute(sa.select(Jurisdiction.code, Jurisdiction.languages))
            self._known = {row[0]: row[1] for row in rows}
        if code not in self._known:
            self._known[code] = official_languages(code)
        return self._known[code]

    def read_by(self, said: str | None, *, jurisdiction: str, area: str = "") -> str:
        """Return the language to write in to somebody who sits in a body of `jurisdiction`.

        `said` is what somebody or a list says they read; it counts. Else it is the official
        language, if there is one, of the country a member of the European Parliament was elected
        in (`area`), else the first of the jurisdiction's: whether there is a text in it, and what
        to do when there is none, is asked when letters are drafted.
        """
        if said:
            return said
        if jurisdiction == UNION and (country := country_code(area)):
            spoken = self.official(country)
            if len(spoken) == 1:
                return spoken[0]
        return next(iter(self.official(jurisdiction)), "en")

    def of(self, target: Target) -> str:
        """Return the language to write in to `target`, its membership and their person loaded."""
        held = target.membership
        return self.read_by(
            held.person.reading_language if held else None,
            jurisdiction=target.jurisdiction_code,
            area=held.area.name if held and held.area else "",
        )
