"""In which language somebody is written to when nobody said: one rule, for hand and import."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.languages_read import Languages
from outreach.directory.models import Area, Membership, Target, TargetRole
from outreach.directory.offices import add_target, settle_target
from tests import make


@pytest.fixture
def languages(session: Session) -> Languages:
    for code, spoken in (
        ("DE", ["de"]),
        ("BE", ["nl", "fr", "de"]),
        ("EU", ["en", "fr", "de"]),
    ):
        make.jurisdiction(session, code, languages=spoken)
    return Languages(session)


@pytest.mark.parametrize(
    ("said", "jurisdiction", "area", "read"),
    [
        ("", "DE", "Berlin-Mitte", "de"),
        ("sv", "DE", "", "sv"),
        ("", "EU", "Germany", "de"),
        ("", "EU", "Österreich", "de"),
        ("", "EU", "Poland", "pl"),
        ("tr", "EU", "Germany", "tr"),
        # Several: the language of the house stands, and drafting asks what to do without a text.
        ("", "EU", "Belgium", "en"),
        ("", "EU", "", "en"),
        ("", "BE", "Antwerpen", "nl"),
        # A constituency that is called like a country is none outside the union.
        ("", "DE", "Poland", "de"),
        ("", "XZ", "", "en"),
    ],
)
def test_what_was_said_counts_then_the_country_of_election(
    languages: Languages, said: str, jurisdiction: str, area: str, read: str
) -> None:
    assert languages.read_by(said, jurisdiction=jurisdiction, area=area) == read


def test_a_member_of_the_european_parliament_reads_what_their_country_does(
    session: Session, languages: Languages
) -> None:
    house = make.organization(session, jurisdiction_code="EU", name="European Parliament")
    area = Area(jurisdiction_code="EU", name="Germany")
    person = make.person(session)
    session.add(area)
    session.flush()
    held = Membership(
        person_id=person.id, organization_id=house.id, role=TargetRole.MEP, area_id=area.id
    )
    session.add(held)
    target = add_target(session, membership=held)
    assert target.language == "de"
    assert person.reading_language is None, "worked out, not said"
    person.reading_language = "fr"
    settle_target(session, target)
    assert target.language == "fr"
    assert session.scalar(sa.select(Target.language)) == "fr"
