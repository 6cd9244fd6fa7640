"""The clock a desk lives by: where a country has several, that of the part it stands for.

The parts stand in `contacts/zones.yaml`. What is not known is never guessed: then it is the clock
of the capital, and it is said that this is assumed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel.core import get_global
from pydantic import BaseModel, ConfigDict, field_validator

from outreach import datafile
from outreach.config import shipped
from outreach.directory.calendar import SEATS
from outreach.words import Sentence

# "WA-1", "CA 12", "NSW": the code of a part, and perhaps the number of a district in it.
_CODED = re.compile(r"([A-Z]{2,3})(?:[-\s]*\d+)?$")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Part(_Strict):
    zone: str
    names: list[str]

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        ZoneInfo(zone)
        return zone


class _Country(_Strict):
    seat: str
    # Every part that isn't listed keeps the clock of the capital.
    elsewhere: Literal["seat", ""] = ""
    parts: dict[str, _Part] = {}


class _File(_Strict):
    checked_on: str
    source: str
    countries: dict[str, _Country]


@dataclass(frozen=True, slots=True)
class Zone:
    """A clock, and, where a country has several, why this one; `assumed`: nobody knows better."""

    name: str
    why: Sentence | None = None
    assumed: bool = False

    @property
    def info(self) -> ZoneInfo:
        """The zone to count with."""
        return ZoneInfo(self.name)


def zone_of(code: str, seat: str | None, area: str = "") -> Zone:
    """Return the clock of a desk in jurisdiction `code` (ISO 3166-1 or -2) that stands for `area`.

    `seat` is the zone (IANA) of the jurisdiction's capital, where the directory knows it; `area` is
    a constituency as a list wrote it.
    """
    country, _, part = code.partition("-")
    known = _countries().get(country)
    if code in SEATS or known is None:
        return Zone(seat) if seat else _guessed(country)
    found = known.parts.get(part) if part else _part(known, area)
    if found is not None:
        why = Sentence("the clock of %(area)s", area=found.names[0])
        return Zone(found.zone, why)
    if known.elsewhere:
        return Zone(seat or known.seat)
    why = (
        Sentence("the clock of the capital: where %(area)s lies is not known", area=area)
        if area
        else Sentence("the clock of the capital, for want of a constituency")
    )
    return Zone(seat or known.seat, why, assumed=True)


@cache
def seat_zone(code: str) -> ZoneInfo:
    """Return the clock of the capital of jurisdiction `code`; UTC where nobody knows it."""
    country = SEATS.get(code, code).partition("-")[0]
    known = _countries().get(country)
    return ZoneInfo(known.seat) if known else _guessed(country).info


def _guessed(country: str) -> Zone:
    """The one zone of a country that has only one (CLDR), else UTC: assumed either way."""
    country = SEATS.get(country, country)
    zones: list[str] = get_global("territory_zones").get(country, [])
    if len(zones) == 1:
        return Zone(zones[0])
    return Zone("UTC", Sentence("nobody entered a time zone for this place"), assumed=True)


def _part(country: _Country, area: str) -> _Part | None:
    """The part that a constituency lies in: named, or the code of the part with a number."""
    coded = _CODED.match(area.strip())
    if coded:
        return country.parts.get(coded[1])
    wanted = area.casefold()
    for part in country.parts.values():
        for name in part.names:
            if re.match(rf"{re.escape(name.casefold())}(?!\w|[ -]+[^\W\d])", wanted):
                return part
    return None


@cache
def _countries() -> dict[str, _Country]:
    path = shipped("contacts") / "zones.yaml"
    return datafile.read(path, _File, name="zones.yaml").countries
