"""The built-in campaign, directory, demonstration and letters, loaded once into an SQLite file."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign, Role, Sender, SenderKind, Voice
from outreach.config import shipped
from outreach.database import Database
from outreach.directory.demonstration import seed_demonstration
from outreach.directory.models import (
    Confidence,
    ContactDetail,
    ContactKind,
    FormOfAddress,
    Membership,
    Organization,
    OrganizationKind,
    Person,
    Target,
    TargetRole,
)
from outreach.directory.offices import add_target
from outreach.directory.seeding import seed_directory
from outreach.letters import loading
from outreach.letters.models import Template
from outreach.petitions import counts
from outreach.petitions.models import Petition
from outreach.petitions.seeding import BUILTIN, seed_campaign
from tests.conftest import NOW

OLGA = Actor("Olga", 2, Role.ORGANISER)
LETTERS = shipped("templates") / "letters"


def build(path: Path) -> None:
    """Make the database file that every test of this kind copies."""
    database = Database(f"sqlite:///{path}")
    database.migrate()
    with database.writing() as session:
        seed_directory(session, shipped("contacts"), now=NOW, by=OLGA)
        seed_demonstration(session, shipped("contacts"), now=NOW, by=OLGA)
        campaign = seed_campaign(session, BUILTIN, now=NOW, by=OLGA)
        loading.load_files(session, campaign, LETTERS, now=NOW, by=OLGA)
        for voice, name in ((Voice.WE, "Example Association"), (Voice.I, "Ina Example")):
            session.add(_sender(campaign, voice, name))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


@contextmanager
def opened(source: Path, folder: Path) -> Iterator[Session]:
    """Give a session in a copy of the world."""
    copy = folder / "world.sqlite"
    shutil.copy(source, copy)
    database = Database(f"sqlite:///{copy}")
    with database.session(writes=True) as session:
        yield session
        session.rollback()
    database.close()


def _sender(campaign: Campaign, voice: Voice, name: str) -> Sender:
    organisation = voice is Voice.WE
    return Sender(
        campaign_id=campaign.id,
        kind=SenderKind.ORGANISATION if organisation else SenderKind.PERSON,
        voice=voice,
        name=name,
        role_line="Olga Organiser, for the campaign" if organisation else "",
        postal_address="1 Example Street\n00000 Example Town",
        from_address="letters@association.example",
        imprint=f"{name}, 1 Example Street, Example Town",
        data_notice={},
    )


def campaign(session: Session) -> Campaign:
    return session.scalars(sa.select(Campaign)).one()


def sender(session: Session, voice: Voice = Voice.WE) -> Sender:
    return session.scalars(sa.select(Sender).where(Sender.voice == voice)).one()


def template(session: Session, slug: str) -> Template:
    return session.scalars(sa.select(Template).where(Template.slug == slug)).one()


def accepted_count(session: Session, value: int = 62_001) -> int:
    """An accepted reading of the petition, read two days before now; its id."""
    reading = counts.add_reading(
        session,
        petition=session.scalars(sa.select(Petition)).one(),
        value=value,
        page_url="https://www.change.org/p/example",
        read_on=NOW.date() - dt.timedelta(days=2),
        by=OLGA,
        now=NOW,
    )
    return counts.accept(session, reading, by=OLGA, now=NOW).id


def recipient(session: Session, role: TargetRole, language: str) -> Target:
    """A made-up woman in that role in the United Kingdom, Germany or France (or the EU)."""
    place = {"en": "gb", "de": "de", "fr": "fr"}[language]
    body = _body(session, role, place)
    if role is TargetRole.MINISTRY:
        session.add(_email(organization_id=body.id))
        return add_target(session, organization=body)
    person = Person(
        name="Ida Example",
        given_name="Ida",
        family_name="Example",
        names={"en-GB-x-title": "Example", "en-GB-x-formal": "The Baroness Example"},
        form_of_address=FormOfAddress.F,
        form_of_address_basis="made up",
        reading_language=language,
    )
    session.add(person)
    session.flush()
    session.add(_email(person_id=person.id))
    held = Membership(person_id=person.id, organization_id=body.id, role=role)
    session.add(held)
    return add_target(session, membership=held)


def _email(**owner: int) -> ContactDetail:
    return ContactDetail(
        kind=ContactKind.EMAIL,
        value="ida@office.example",
        normalised="ida@office.example",
        source="made for a test",
        **owner,
    )


_BODIES = {
    TargetRole.MINISTER: ("foreign-affairs", "foreign-affairs", "foreign-affairs"),
    TargetRole.MINISTRY: ("foreign-affairs", "foreign-affairs", "foreign-affairs"),
    TargetRole.HEAD_OF_GOVERNMENT: ("government", "chancellery", "government"),
    TargetRole.MEMBER_LOWER: ("house-of-commons", "bundestag", "national-assembly"),
    TargetRole.MEMBER_UPPER: ("house-of-lords", "federal-council", "senate"),
    TargetRole.PARTY_GROUP_LEADER: ("house-of-commons", "bundestag", "national-assembly"),
}


def _body(session: Session, role: TargetRole, place: str) -> Organization:
    if role is TargetRole.MEP:
        slug = "eu/european-parliament"
    elif role is TargetRole.COMMITTEE_CHAIR:
        return _committee(session, place)
    else:
        slug = f"{place}/{_BODIES[role][('gb', 'de', 'fr').index(place)]}"
    return session.scalars(sa.select(Organization).where(Organization.slug == slug)).one()


def _committee(session: Session, place: str) -> Organization:
    committee = Organization(
        slug=f"test/committee-{place}",
        jurisdiction_code=place.upper(),
        kind=OrganizationKind.COMMITTEE,
        name="Foreign Affairs Committee",
        names={"de": "Auswärtiger Ausschuss", "fr": "commission des affaires étrangères"},
        confidence=Confidence.HIGH,
    )
    session.add(committee)
    session.flush()
    return committee
