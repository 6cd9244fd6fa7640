"""The clock of a desk, where a country has several."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest

from outreach.directory.zones import Zone, _countries, seat_zone, zone_of


@pytest.mark.parametrize(
    ("code", "area", "zone"),
    [
        ("US", "WA-1", "America/Los_Angeles"),
        ("US", "HI", "Pacific/Honolulu"),
        ("US", "Alaska", "America/Anchorage"),
        ("US", "California's 12th", "America/Los_Angeles"),
        ("US", "Virginia 3", "America/New_York"),
        ("US", "Virgin Islands", "America/St_Thomas"),
        ("US-AZ", "House district 21", "America/Phoenix"),
        ("CA", "Colombie-Britannique", "America/Vancouver"),
        ("AU", "Western Australia", "Australia/Perth"),
        ("FR", "Guadeloupe (1re circonscription)", "America/Guadeloupe"),
    ],
)
def test_a_part_of_a_country_has_its_own_clock(code: str, area: str, zone: str) -> None:
    found = zone_of(code, None, area)
    assert found.name == zone
    assert not found.assumed
    assert str(found.why).startswith("the clock of ")


@pytest.mark.parametrize("area", ["", "Springfield", "ZZ-3"])
def test_what_nobody_knows_is_the_capital_and_said_to_be_assumed(area: str) -> None:
    found = zone_of("US", "America/New_York", area)
    assert (found.name, found.assumed) == ("America/New_York", True)
    assert "capital" in str(found.why) and area in str(found.why)


def test_where_there_is_one_clock_there_is_nothing_to_say() -> None:
    assert zone_of("EE", "Europe/Tallinn", "Tartu") == Zone("Europe/Tallinn")
    assert zone_of("FR", "Europe/Paris", "Paris (3e)") == Zone("Europe/Paris")
    assert zone_of("EU", "Europe/Brussels", "Poland") == Zone("Europe/Brussels")
    # A country a list brought, of which nothing was entered.
    assert zone_of("LK", None).name == "Asia/Colombo"
    assert zone_of("ZX", None) == zone_of("ZX", None, "x")
    assert zone_of("ZX", None).assumed


def test_every_zone_of_the_file_exists() -> None:
    zones = {country.seat for country in _countries().values()}
    zones |= {part.zone for country in _countries().values() for part in country.parts.values()}
    assert zones <= available_timezones()
    assert len(_countries()["US"].parts) == 56
    assert len(_countries()["CA"].parts) == 13
    assert len(_countries()["AU"].parts) == 8
    assert str(seat_zone("PACE")) == "Europe/Paris"
