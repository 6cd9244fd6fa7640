"""Fictional targets to try Outreach with; nobody in them exists and no address can be reached."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import datafile
from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.directory.files import BodyCard, ContactCard, DemonstrationFile, PersonCard
from outreach.directory.models import (
    Area,
    Confidence,
    ContactDetail,
    ContactState,
    FormOfAddress,
    Membership,
    Office,
    Organization,
    Person,
    Post,
    Target,
)
from outreach.directory.offices import add_target, normalised, person_key
from outreach.directory.spelling import search_key
from outreach.errors import BadFile
from outreach.words import Sentence

INVENTED = "invented for the demonstration"
_FILE = "demonstration.yaml"


def seed_demonstration(session: Session, folder: Path, *, now: dt.datetime, by: Actor) -> int:
    """Add the fictional targets of `folder`/demonstration.yaml and return how many there are.

    Does nothing but count when one is there already. The directory must have been seeded. Raises
    BadFile, also for a body that nobody knows.
    """
    if session.scalar(sa.select(Target.id).where(Target.demonstration).limit(1)) is None:
        card = datafile.read(folder / _FILE, DemonstrationFile, name=_FILE)
        for body in card.bodies:
            _add_body(session, body, now)
        for person in card.people:
            _add_person(session, person, now)
        record(
            session,
            subject=("directory", 0),
            name="demonstration added",
            by=by,
            now=now,
            campaign_id=None,
            detail={"targets": _count(session)},
        )
    return _count(session)


def remove_demonstration(session: Session) -> int:
    """Take the fictional targets, people and bodies away; return how many targets there were.

    Whatever points at them (letters, stances) must be gone before. Desks nobody uses go too.
    """
    session.flush()
    gone = session.scalars(sa.select(Target.id).where(Target.demonstration)).all()
    people = sa.select(Person.id).where(Person.demonstration)
    bodies = sa.select(Organization.id).where(Organization.demonstration)
    posts = sa.select(Post.id).where(Post.organization_id.in_(bodies))
    desks = session.scalars(sa.select(Target.office_id).where(Target.id.in_(gone))).all()
    areas = session.scalars(
        sa.select(Membership.area_id).where(Membership.person_id.in_(people))
    ).all()
    for statement in (
        sa.delete(Target).where(Target.id.in_(gone)),
        sa.delete(ContactDetail).where(
            ContactDetail.person_id.in_(people)
            | ContactDetail.post_id.in_(posts)
            | ContactDetail.organization_id.in_(bodies)
        ),
        sa.delete(Membership).where(Membership.person_id.in_(people)),
        sa.delete(Area).where(
            Area.id.in_([area for area in areas if area]),
            Area.id.not_in(sa.select(Membership.area_id).where(Membership.area_id.is_not(None))),
        ),
        sa.delete(Post).where(Post.organization_id.in_(bodies)),
        sa.delete(Person).where(Person.demonstration),
        sa.delete(Organization).where(
            Organization.demonstration, Organization.parent_id.is_not(None)
        ),
        sa.delete(Organization).where(Organization.demonstration),
        sa.delete(Office).where(
            Office.id.in_(desks), Office.id.not_in(sa.select(Target.office_id))
        ),
    ):
        session.execute(statement, execution_options={"synchronize_session": False})
    session.expire_all()
    return len(gone)


def _count(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count(Target.id)).where(Target.demonstration)) or 0


def _organization(session: Session, slug: str) -> Organization:
    found = session.scalar(sa.select(Organization).where(Organization.slug == slug))
    if found is None:
        raise BadFile(
            _FILE,
            None,
            Sentence("There is no body “%(slug)s”. Write the slug of one we know.", slug=slug),
        )
    return found


def _add_body(session: Session, card: BodyCard, now: dt.datetime) -> None:
    body = Organization(
        slug=card.slug,
        jurisdiction_code=card.jurisdiction,
        parent_id=_organization(session, card.parent).id if card.parent else None,
        kind=card.kind,
        name=card.name,
        names=card.names,
        confidence=Confidence.HIGH,
        source=INVENTED,
        search_key=search_key(card.name, *card.names.values()),
        demonstration=True,
    )
    session.add(body)
    session.flush()
    for contact in card.contacts:
        session.add(_contact(contact, now, organization_id=body.id))
    if card.target:
        add_target(session, organization=body)


def _add_person(session: Session, card: PersonCard, now: dt.datetime) -> None:
    body = _organization(session, card.body)
    person = Person(
        name=card.name,
        given_name=card.given,
        family_name=card.family,
        title_prefix=card.title_prefix,
        honorific=card.honorific,
        postnominal=card.postnominal,
        names=card.names,
        form_of_address=card.form,
        form_of_address_basis="" if card.form is FormOfAddress.X else INVENTED,
        reading_language=card.reads,
        demonstration=True,
    )
    person.search_key = person_key(person)
    session.add(person)
    session.flush()
    held = Membership(
        person_id=person.id,
        organization_id=body.id,
        post_id=_post(session, body, card).id if card.post else None,
        area_id=_area(session, body, card.area).id if card.area else None,
        on_behalf_of_id=_organization(session, card.group).id if card.group else None,
        role=card.role,
    )
    session.add(held)
    for contact in card.contacts:
        session.add(_contact(contact, now, person_id=person.id))
    add_target(session, membership=held)


def _post(session: Session, body: Organization, card: PersonCard) -> Post:
    query = sa.select(Post).where(
        Post.organization_id == body.id, Post.role == card.role, Post.label == card.post
    )
    found = session.scalar(query)
    if found is None and not body.demonstration:
        raise BadFile(
            _FILE,
            None,
            Sentence(
                "“%(body)s” has no post “%(post)s”. Write the label as its jurisdiction's file "
                "has it.",
                body=card.body,
                post=card.post,
            ),
        )
    if found is None:
        found = Post(
            organization_id=body.id,
            role=card.role,
            label=card.post,
            labels={},
            confidence=Confidence.HIGH,
        )
        session.add(found)
        session.flush()
    return found


def _area(session: Session, body: Organization, name: str) -> Area:
    area = session.scalar(
        sa.select(Area).where(Area.jurisdiction_code == body.jurisdiction_code, Area.name == name)
    )
    if area is None:
        area = Area(jurisdiction_code=body.jurisdiction_code, name=name)
        session.add(area)
        session.flush()
    return area


def _contact(card: ContactCard, now: dt.datetime, **owner: int) -> ContactDetail:
    return ContactDetail(
        **owner,
        kind=card.kind,
        value=card.value,
        normalised=normalised(card.kind, card.value),
        source=INVENTED,
        seen_on=now.date(),
        verified_on=now.date(),
        verified_by="demonstration",
        state=ContactState.OK,
    )
