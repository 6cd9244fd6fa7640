"""An import says in which language its people are written to, and keeps what a person said."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from outreach.database import Database
from outreach.directory.importing.records import PersonRecord
from outreach.directory.languages_read import official_languages
from outreach.directory.models import OrganizationKind, Person, Target, TargetRole
from tests.directory.syncing.lists import chamber, imported, member, seat


def test_members_of_the_european_parliament_read_what_their_country_does(
    database: Database,
) -> None:
    house = chamber(key="ep", jurisdiction="EU", kind=OrganizationKind.PARLIAMENT, name="EP")

    def mep(key: str, area: str, **values: Any) -> PersonRecord:
        sits = seat(organization="ep", role=TargetRole.MEP, area=area, key=f"{key}-seat")
        return member(key, seats=[sits], **values)

    def read() -> dict[str, str]:
        with database.reading() as session:
            return {
                row[0]: row[1] for row in session.execute(sa.select(Target.name, Target.language))
            }

    meps = [mep("1", "Germany"), mep("2", "Belgium"), mep("3", "Poland", reading_language="en")]
    imported(database, [house, *meps])
    first = official_languages("EU")[0]
    assert read() | {"EP": ""} == {
        "Person 1": "de",
        "Person 2": first,
        "Person 3": "en",
        "EP": "",
    }
    with database.writing() as session:
        person = session.scalars(sa.select(Person).where(Person.name == "Person 1")).one()
        person.reading_language = "sv"
    moved = [mep("1", "Germany", given_name="Pat"), mep("2", "Italy"), meps[2]]
    imported(database, [house, *moved])
    assert (read()["Person 1"], read()["Person 2"]) == ("sv", "it")
