"""What ships loads, twice is once, edits stay, and a broken file is named with its line."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor
from outreach.config import shipped
from outreach.database import Database
from outreach.directory import demonstration, seeding
from outreach.directory.models import (
    Area,
    Confidence,
    ContactDetail,
    ContactKind,
    Jurisdiction,
    Membership,
    Organization,
    OrganizationKind,
    Person,
    Post,
    Target,
    TargetRole,
)
from outreach.directory.queries import TargetFilter, targets, with_list
from outreach.directory.salutations import salutation_of
from outreach.errors import BadFile
from tests import make
from tests.conftest import NOW, Once

CONTACTS = shipped("contacts")
BY = Actor("operator")
LETTERS = ("en", "de", "fr")


@pytest.fixture
def seeded(database: Database, once: Once) -> Iterator[Session]:
    once(database, "directory", make.directory)
    with database.session(writes=True) as session:
        yield session
        session.rollback()


def test_twice_is_once_and_edits_stay(seeded: Session) -> None:
    place = seeded.get_one(Jurisdiction, "LT")
    place.publicity_basis = "asked them"
    rows = seeded.scalar(sa.select(sa.func.count(Organization.id)))
    again = seeding.seed_directory(seeded, CONTACTS, now=NOW, by=BY)
    people = demonstration.seed_demonstration(seeded, CONTACTS, now=NOW, by=BY)
    assert again.total() == 0
    assert people == seeded.scalar(sa.select(sa.func.count(Target.id)))
    assert rows == seeded.scalar(sa.select(sa.func.count(Organization.id)))
    assert seeded.get_one(Jurisdiction, "LT").publicity_basis == "asked them"


def test_every_jurisdiction_has_what_a_campaign_asks(seeded: Session) -> None:
    places = seeded.scalars(sa.select(Jurisdiction)).all()
    assert len(places) == 43
    for place in places:
        assert place.timezone
        assert place.languages
        assert place.tools
        bodies = seeded.scalars(
            sa.select(Organization).where(Organization.jurisdiction_code == place.code)
        ).all()
        kinds = {body.kind for body in bodies}
        assert {OrganizationKind.PARLIAMENT, OrganizationKind.CHAMBER} <= kinds
        assert kinds & {
            OrganizationKind.GOVERNMENT,
            OrganizationKind.MINISTRY,
            OrganizationKind.AUTHORITY,
        }
        words = place.designation
        assert set(words["confidence"]) == {
            "has_list",
            "authority",
            "instrument",
            "mechanism",
            "state_organ_possible",
        }
        # A letter names an instrument only where we are sure of it.
        if words["cite"]:
            assert words["confidence"]["instrument"] in ("high", "medium"), place.code
            assert words["instrument"]
        if words["authority_in"]:
            assert words["confidence"]["authority"] in ("high", "medium"), place.code


def test_nothing_real_is_reachable_and_no_holder_is_named(seeded: Session) -> None:
    assert not seeded.scalar(sa.select(sa.func.count(Person.id)).where(~Person.demonstration))
    for detail in seeded.scalars(sa.select(ContactDetail)):
        if detail.kind is ContactKind.EMAIL:
            assert detail.value.endswith((".example", "@example.org"))
        if detail.kind is ContactKind.FORM:
            assert ".example/" in detail.value
    assert not seeded.scalar(sa.select(sa.func.count(Target.id)).where(~Target.demonstration))


def everybody(session: Session) -> Sequence[Target]:
    """Every target with what addressing them needs."""
    return session.scalars(sa.select(Target).options(*with_list())).all()


def test_the_demonstration_has_every_kind_of_target(seeded: Session) -> None:
    rows = everybody(seeded)
    assert len([row for row in rows if row.channel]) >= 60
    assert len({row.jurisdiction_code for row in rows}) >= 20
    assert len({row.language for row in rows}) >= 10
    assert {row.channel for row in rows} == {
        ContactKind.EMAIL,
        ContactKind.FORM,
        ContactKind.POSTAL,
        None,
    }
    desks = [row.office_id for row in rows]
    assert sorted(desks.count(desk) for desk in set(desks))[-3:] == [1, 2, 2]
    roles = {row.role for row in rows}
    assert {
        TargetRole.MINISTER,
        TargetRole.MEMBER_LOWER,
        TargetRole.MEMBER_UPPER,
        TargetRole.MEP,
        TargetRole.COMMITTEE_CHAIR,
        TargetRole.MINISTRY,
    } <= roles
    assert {row.membership.person.form_of_address for row in rows if row.membership} == {
        "m",
        "f",
        "x",
    }
    assert 80 in {len(label) for label in seeded.scalars(sa.select(Post.label))}
    for typed in ("lukasz zolc", "Щербак", "shcherbak", "ypodeigmatiou", "nour", "d'arcy"):
        assert len(seeded.scalars(targets(TargetFilter(q=typed), today=NOW.date())).all()) == 1, (
            typed
        )


def test_every_target_is_addressed_without_a_gap(seeded: Session) -> None:
    for row in everybody(seeded):
        for language in LETTERS:
            said = salutation_of(row, language)
            for text in (said.opening, said.closing, said.envelope):
                assert text.strip(), (row.name, language)
                assert "{" not in text
                assert "None" not in text
                assert "  " not in text
            assert " ," not in said.opening
            assert said.confidence is not Confidence.UNKNOWN


def test_the_demonstration_goes_as_it_came(seeded: Session) -> None:
    bodies = seeded.scalar(
        sa.select(sa.func.count(Organization.id)).where(~Organization.demonstration)
    )
    gone = demonstration.remove_demonstration(seeded)
    assert gone >= 26
    for table in (Target, Person, ContactDetail):
        assert seeded.scalar(sa.select(sa.func.count()).select_from(table)) == 0
    assert seeded.scalar(sa.select(sa.func.count(Organization.id))) == bodies
    assert demonstration.seed_demonstration(seeded, CONTACTS, now=NOW, by=BY) == gone


def test_an_area_stays_when_the_demonstration_goes_as_long_as_somebody_sits_for_it(
    seeded: Session,
) -> None:
    area = seeded.scalars(
        sa.select(Membership.area_id).where(Membership.area_id.is_not(None)).limit(1)
    ).one()
    target = make.target(seeded, name="Somebody real")
    held = seeded.get_one(Membership, target.membership_id)
    held.area_id = area
    demonstration.remove_demonstration(seeded)
    assert seeded.get(Area, area) is not None
    assert seeded.get_one(Membership, held.id).area_id == area


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("timezone: Europe/Vilnius", "timezone: Europe/Wilno", 6, "Europe/Wilno"),
        ("eu_member: true", "eu_member: maybe", 5, "eu_member"),
        ("kind: state", "knid: state", 1, "knid"),
        ("  - P-LT-2022\n", "  - P-LT-9999\n", None, "P-LT-9999"),
    ],
)
def test_a_broken_file_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int | None, words: str
) -> None:
    folder = tmp_path / "contacts"
    shutil.copytree(CONTACTS, folder)
    path = folder / "jurisdictions" / "lt.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadFile) as refused:
        seeding.read_jurisdictions(folder)
    assert refused.value.file == "jurisdictions/lt.yaml"
    assert refused.value.line
    if line and "knid" not in new:
        assert refused.value.line == line
    assert words in str(refused.value) or "kind" in str(refused.value)
