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


def accepted_count(session: Session, value: int = 62_001, *, days_ago: int = 2) -> int:
    """An accepted reading of the petition, read `days_ago` before now; its id."""
    reading = counts.add_reading(
        session,
        petition=session.scalars(sa.select(Petition)).one(),
        value=value,
        page_url="https://www.change.org/p/example",
        read_on=NOW.date() - dt.timedelta(days=days_ago),
        by=OLGA,
        now=NOW,
    )
    return counts.accept(session, reading, by=OLGA, now=NOW).id


def recipient(session: Session, role: TargetRole, language: str) -> Target:
    """A made-up woman in that role in a country that reads `language` (or in the EU)."""
    place = PLACES[language]
    body = _body(session, role, place)
    if role is TargetRole.MINISTRY:
        session.add(_email(f"body{body.id}@office.example", organization_id=body.id))
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
    # A desk of her own.
    session.add(_email(f"ida{person.id}@office.example", person_id=person.id))
    held = Membership(person_id=person.id, organization_id=body.id, role=role)
    session.add(held)
    return add_target(session, membership=held)


def _email(address: str, **owner: int) -> ContactDetail:
    return ContactDetail(
        kind=ContactKind.EMAIL,
        value=address,
        normalised=address,
        source="made for a test",
        **owner,
    )


# Where each language of the built-in letters is read.
PLACES = {
    "en": "gb",
    "de": "de",
    "fr": "fr",
    "es": "es",
    "it": "it",
    "nl": "nl",
    "pl": "pl",
    "cs": "cz",
    "uk": "ua",
    "sv": "se",
    "en-US": "us",
}
_LOWER = {
    "gb": "house-of-commons",
    "de": "bundestag",
    "fr": "national-assembly",
    "es": "congress-of-deputies",
    "it": "chamber-of-deputies",
    "nl": "house-of-representatives",
    "pl": "sejm",
    "cz": "chamber-of-deputies",
    "ua": "verkhovna-rada",
    "se": "riksdag",
    "us": "house-of-representatives",
}
_UPPER = {"gb": "house-of-lords", "de": "federal-council"}
_GOVERNMENT = {"de": "chancellery"}


def _body(session: Session, role: TargetRole, place: str) -> Organization:
    if role is TargetRole.MEP:
        slug = "eu/european-parliament"
    elif role is TargetRole.COMMITTEE_CHAIR:
        return _committee(session, place)
    else:
        slug = f"{place}/{_named(role, place)}"
    return session.scalars(sa.select(Organization).where(Organization.slug == slug)).one()


def _named(role: TargetRole, place: str) -> str:
    if role in (TargetRole.MINISTER, TargetRole.MINISTRY):
        return "foreign-affairs"
    if role is TargetRole.HEAD_OF_GOVERNMENT:
        return _GOVERNMENT.get(place, "government")
    if role is TargetRole.MEMBER_UPPER:
        return _UPPER.get(place, "senate")
    return _LOWER[place]


def _committee(session: Session, place: str) -> Organization:
    known = session.scalars(
        sa.select(Organization).where(Organization.slug == f"test/committee-{place}")
    ).one_or_none()
    if known is not None:
        return known
    committee = Organization(
        slug=f"test/committee-{place}",
        jurisdiction_code=place.upper(),
        kind=OrganizationKind.COMMITTEE,
        name="Foreign Affairs Committee",
        names={
            "de": "Auswärtiger Ausschuss",
            "fr": "commission des affaires étrangères",
            "es": "Comisión de Asuntos Exteriores",
            "it": "Commissione Affari esteri",
            "nl": "vaste commissie voor Buitenlandse Zaken",
            "pl": "Komisja Spraw Zagranicznych",
            "cs": "zahraniční výbor",
            "uk": "Комітет з питань зовнішньої політики",
            "sv": "utrikesutskottet",
        },
        confidence=Confidence.HIGH,
    )
    session.add(committee)
    session.flush()
    return committee
