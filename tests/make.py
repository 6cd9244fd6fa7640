"""Builders: everything has a default, a test states only what matters to it.

Each adds to the session, flushes and returns the row. People have names and parts: Ada is admin,
Olga organiser, Sam staff, Vera volunteer.
"""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from sqlalchemy.orm import Session

from outreach import signing
from outreach.accounts.models import (
    Actor,
    Campaign,
    MailAccount,
    Member,
    Role,
    Security,
    Sender,
    SenderKind,
    Task,
    TaskKind,
    User,
    Voice,
)
from outreach.config import shipped
from outreach.directory.demonstration import seed_demonstration
from outreach.directory.identity import SalutationReading
from outreach.directory.models import (
    Confidence,
    ContactDetail,
    ContactKind,
    Jurisdiction,
    Membership,
    Office,
    Organization,
    OrganizationKind,
    Person,
    Publicity,
    Target,
    TargetRole,
)
from outreach.directory.salutation_blocks import blocks
from outreach.directory.salutation_readings import readings
from outreach.directory.seeding import seed_directory
from outreach.directory.spelling import search_key
from outreach.letters.lifecycle import SEALED, State
from outreach.letters.models import (
    Letter,
    LetterKind,
    Mailing,
    Template,
    TemplateVersion,
)
from outreach.petitions.models import Ask, Demand, Fact, Origin, Petition, Precision, Use
from tests.conftest import NOW

_numbers = itertools.count(1)


def _keep(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def directory(session: Session) -> None:
    """The directory that ships, with its fictional people."""
    by = Actor("operator")
    seed_directory(session, shipped("contacts"), now=NOW, by=by)
    seed_demonstration(session, shipped("contacts"), now=NOW, by=by)


def campaign(session: Session, **values: Any) -> Campaign:
    n = next(_numbers)
    values = {
        "slug": f"campaign-{n}",
        "title": f"Campaign {n}",
        "short_title": f"Campaign {n}",
        "summary": "What we want.",
        "goal": 75_000,
        # A test of a second reader asks for one.
        "second_reader": False,
        "created_at": NOW,
    } | values
    return _keep(session, Campaign(**values))


def user(session: Session, name: str, campaign: Campaign, role: Role) -> Actor:
    """A person with a membership, as the actor they are."""
    person = _keep(
        session,
        User(
            email=f"{name.lower()}-{next(_numbers)}@people.example",
            name=name,
            password=None,
            active=True,
            fs_uniquifier=signing.new_token(),
            created_at=NOW,
        ),
    )
    _keep(session, Member(campaign_id=campaign.id, user_id=person.id, role=role))
    return Actor(name=name, user_id=person.id, role=role)


def ada(session: Session, campaign: Campaign) -> Actor:
    return user(session, "Ada", campaign, Role.ADMIN)


def olga(session: Session, campaign: Campaign) -> Actor:
    return user(session, "Olga", campaign, Role.ORGANISER)


def sam(session: Session, campaign: Campaign) -> Actor:
    return user(session, "Sam", campaign, Role.STAFF)


def vera(session: Session, campaign: Campaign) -> Actor:
    return user(session, "Vera", campaign, Role.VOLUNTEER)


def sender(session: Session, campaign: Campaign, **values: Any) -> Sender:
    values = {
        "campaign_id": campaign.id,
        "kind": SenderKind.ORGANISATION,
        "voice": Voice.WE,
        "name": f"Example Association {next(_numbers)}",
        "postal_address": "1 Example Street\n00000 Example Town",
        "from_address": "letters@association.example",
        "imprint": "Example Association, 1 Example Street, Example Town",
        "data_notice": {"en": "We keep your office, our letters and your answers."},
    } | values
    return _keep(session, Sender(**values))


def mail_account(session: Session, campaign: Campaign, **values: Any) -> MailAccount:
    """A server on this machine that takes the campaign's letters without a password."""
    n = next(_numbers)
    values = {
        "campaign_id": campaign.id,
        "name": f"Account {n}",
        "position": n,
        "host": "127.0.0.1",
        "port": 2525,
        "security": Security.NONE,
        "hello": "association.example",
    } | values
    return _keep(session, MailAccount(**values))


def jurisdiction(session: Session, code: str = "XX", **values: Any) -> Jurisdiction:
    found = session.get(Jurisdiction, code)
    if found:
        return found
    values = {
        "code": code,
        "kind": "state",
        "name": f"Country {code}",
        "timezone": "Europe/Berlin",
        "languages": ["en"],
        "publicity": Publicity.UNKNOWN,
        "publicity_confidence": Confidence.UNKNOWN,
        "recess_confidence": Confidence.UNKNOWN,
        "designation": {"authority": "the Council of Ministers", "instrument": "the Listing Act"},
        "tools": [],
        "precedents": [],
        "notes": [],
    } | values
    return _keep(session, Jurisdiction(**values))


def organization(session: Session, **values: Any) -> Organization:
    n = next(_numbers)
    code = values.pop("jurisdiction_code", "XX")
    jurisdiction(session, code)
    values = {
        "slug": f"body-{n}",
        "jurisdiction_code": code,
        "kind": OrganizationKind.CHAMBER,
        "name": f"Chamber {n}",
        "names": {},
        "confidence": Confidence.HIGH,
    } | values
    values.setdefault("search_key", search_key(values["name"], *values["names"].values()))
    return _keep(session, Organization(**values))


def person(session: Session, name: str = "", **values: Any) -> Person:
    name = name or f"Person {next(_numbers)}"
    values = {"name": name, "family_name": name.split()[-1], "names": {}} | values
    return _keep(session, Person(**values))


def contact(session: Session, owner: Any, **values: Any) -> ContactDetail:
    """A verified e-mail address of a person, post or organization."""
    value = values.pop("value", f"desk{next(_numbers)}@office.example")
    values = {
        f"{type(owner).__name__.lower()}_id": owner.id,
        "kind": ContactKind.EMAIL,
        "value": value,
        "normalised": value.lower(),
        "source": "made for a test",
        "seen_on": NOW.date(),
        "verified_on": NOW.date(),
        "verified_by": "Sam",
    } | values
    return _keep(session, ContactDetail(**values))


def office(session: Session, **values: Any) -> Office:
    n = next(_numbers)
    values = {"key": f"email:desk{n}@office.example", "name": f"Desk {n}"} | values
    return _keep(session, Office(**values))


def target(session: Session, **values: Any) -> Target:
    """A member of a chamber with a verified address (`address=None`: none) and an office."""
    address = values.pop("address", f"desk{next(_numbers)}@office.example")
    code = values.pop("jurisdiction_code", "XX")
    role = values.pop("role", TargetRole.MEMBER_LOWER)
    who = values.pop("person", None) or person(session, values.pop("name", ""))
    body = values.pop("body", None) or organization(session, jurisdiction_code=code)
    held = _keep(
        session,
        Membership(person_id=who.id, organization_id=body.id, role=role),
    )
    if address:
        contact(session, who, value=address)
    values = {
        "membership_id": held.id,
        "office_id": (values.pop("office", None) or office(session)).id,
        "jurisdiction_code": code,
        "body_id": body.id,
        "role": role,
        "name": who.name,
        "search_key": who.name.lower(),
        "language": "en",
        "channel": ContactKind.EMAIL if address else None,
    } | values
    return _keep(session, Target(**values))


def petition(session: Session, campaign: Campaign, **values: Any) -> Petition:
    values = {
        "campaign_id": campaign.id,
        "slug": f"petition-{next(_numbers)}",
        "title": "A petition",
        "author": "StopHvalt",
        "written": "December 2020",
        "summary": "What it says.",
        "credit": {"en": "Text and demands: StopHvalt petition, December 2020"},
    } | values
    return _keep(session, Petition(**values))


def ask(session: Session, campaign: Campaign, **values: Any) -> Ask:
    n = next(_numbers)
    demand = _keep(
        session,
        Demand(
            campaign_id=campaign.id,
            petition_id=petition(session, campaign).id,
            code=f"D{n}",
            origin=Origin.PETITION,
            kind="declaratory",
            text="Recognise it.",
            wording={"en": "to recognise it"},
        ),
    )
    values = {
        "campaign_id": campaign.id,
        "demand_id": demand.id,
        "code": f"A{n}",
        "origin": Origin.EDITORIAL,
        "kind": "question",
        "text": "Ask the government in writing.",
        "roles": [TargetRole.MEMBER_LOWER.value],
        "jurisdictions": [],
    } | values
    return _keep(session, Ask(**values))


def fact(session: Session, campaign: Campaign, **values: Any) -> Fact:
    values = {
        "campaign_id": campaign.id,
        "code": f"R{next(_numbers)}",
        "origin": Origin.EDITORIAL,
        "statement": "People were arrested.",
        "figure": 37_000,
        "qualifier": "over",
        "unit": "people",
        "as_of": dt.date(2021, 1, 1),
        "as_of_precision": Precision.YEAR,
        "source_title": "A report",
        "source_publisher": "An office",
        "use": Use.OK,
        "wording": {"en": "More than {figure} people were arrested."},
        "citation": {"en": "An office, A report"},
    } | values
    return _keep(session, Fact(**values))


def template_version(session: Session, campaign: Campaign, **values: Any) -> TemplateVersion:
    template = values.pop("template", None) or _keep(
        session,
        Template(
            campaign_id=campaign.id,
            slug=f"template-{next(_numbers)}",
            name="A letter",
            kind=LetterKind.FIRST,
            roles=[TargetRole.MEMBER_LOWER.value],
            asks=[],
        ),
    )
    values = {
        "template_id": template.id,
        "language": "en",
        "number": 1,
        "subject": "A question",
        "body": "Please ask the government.",
        "author": "shipped",
        "at": NOW,
    } | values
    return _keep(session, TemplateVersion(**values))


def greetings_read(session: Session) -> None:
    """Native speakers have read every form of address."""
    read = readings(session)
    session.add_all(
        SalutationReading(
            language=name,
            role=role,
            digest=form.digest,
            read_by="Nora",
            read_on=NOW.date(),
            by="Olga",
            at=NOW,
        )
        for name, block in blocks().items()
        for role, form in block.roles.items()
        if (name, role) not in read
    )
    session.flush()


def letter(session: Session, campaign: Campaign, **values: Any) -> Letter:
    """A letter in any state; a sealed state gets the seal and window it needs."""
    state = values.get("state", State.DRAFT)
    to = values.pop("target", None) or target(session)
    version = values.pop("version", None) or template_version(session, campaign)
    mailing = values.pop("mailing", None) or _keep(
        session,
        Mailing(
            campaign_id=campaign.id,
            template_id=version.template_id,
            sender_id=(values.pop("sender", None) or sender(session, campaign)).id,
            name="A mailing",
            left_out=[],
            by="Sam",
            at=NOW,
        ),
    )
    values = (
        {
            "campaign_id": campaign.id,
            "mailing_id": mailing.id,
            "template_version_id": version.id,
            "sender_id": mailing.sender_id,
            "target_id": to.id,
            "office_id": to.office_id,
            "ask_id": (values.pop("ask", None) or ask(session, campaign)).id,
            "kind": LetterKind.FIRST,
            "rehearsal": campaign.rehearsing,
            "code": signing.new_code(),
            "language": "en",
            "channel": ContactKind.EMAIL,
            "address": "desk@office.example",
            "recipient": to.name,
            "envelope": to.name,
            "subject": "A question",
            "text": "Dear Member,\n\nPlease ask the government.\n\nYours sincerely,\nExample",
            "author": "Sam",
            "made_at": NOW,
        }
        | _needed(state)
        | values
    )
    return _keep(session, Letter(**values))


def _needed(state: State) -> dict[str, Any]:
    """The columns that the table's constraints ask of a letter in `state`."""
    values: dict[str, Any] = {}
    if state in SEALED:
        values |= {"seal": "0" * 64, "approved_at": NOW, "approved_by": "Olga"}
    if state in (State.SCHEDULED, State.SENDING):
        values |= {"send_after": NOW, "send_before": NOW + dt.timedelta(hours=8)}
    if state in (State.SENT, State.BOUNCED):
        values |= {"sent_at": NOW}
    return values


def task(session: Session, campaign: Campaign, *, subject: tuple[str, int], **values: Any) -> Task:
    """An open task about `subject` (kind, id)."""
    return _keep(
        session,
        Task(
            **{
                "campaign_id": campaign.id,
                "kind": TaskKind.OTHER,
                "subject_kind": subject[0],
                "subject_id": subject[1],
                "title": "Look at it",
                "rehearsal": campaign.rehearsing,
                "created_at": NOW,
            }
            | values
        ),
    )
