"""A large fictional directory, written in bulk: people, seats, bodies, ways to reach, letters."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import signing
from outreach.accounts import audit
from outreach.accounts.models import (
    Actor,
    Campaign,
    Member,
    Mode,
    Role,
    Sender,
    SenderKind,
    User,
    Voice,
)
from outreach.database import Database
from outreach.directory.models import (
    Area,
    Confidence,
    ContactDetail,
    ContactKind,
    Jurisdiction,
    Membership,
    Office,
    Organization,
    OrganizationKind,
    Person,
    Post,
    Publicity,
    Source,
    Target,
)
from outreach.directory.spelling import search_key
from outreach.directory.ways import bits
from outreach.letters.models import Audience, Letter, LetterKind, Mailing, Template, TemplateVersion
from outreach.petitions.models import Ask, Demand, Origin, Petition

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
TODAY = NOW.date()
AT_ONCE = 5_000
GIVEN = [
    "Maria",
    "Anna",
    "Jan",
    "José",
    "Zoë",
    "Łukasz",
    "Søren",
    "Олена",
    "Катерина",
    "Νίκος",
    "მარიამ",
    "محمد",
    "Günther",
    "Ivo",
    "Li",
]
PARTS = [
    "ba",
    "ko",
    "mi",
    "ra",
    "ten",
    "shi",
    "vo",
    "lu",
    "na",
    "der",
    "kel",
    "zim",
    "pa",
    "tro",
    "gan",
    "is",
    "el",
    "dor",
    "fin",
    "wa",
    "sy",
    "щер",
    "бак",
    "ενα",
]
TONGUES = ["en", "de", "fr", "pl", "es", "pt", "uk", "el", "ka", "ar"]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows of each kind there will be."""

    people: int
    memberships: int
    contacts: int
    organizations: int
    letters: int

    @classmethod
    def of(cls, people: int) -> Counts:
        """The proportions of 150,000 people: 250,000 seats, 300,000 ways, 25,000 bodies."""
        return cls(people, people * 5 // 3, people * 2, max(60, people // 6), people // 15)

    def __str__(self) -> str:
        return (
            f"{self.people:,} people, {self.memberships:,} memberships, {self.contacts:,} ways,"
            f" {self.organizations:,} bodies, {self.letters:,} letters"
        )


def fill(database: Database, counts: Counts) -> dict[str, Any]:
    """Write the directory and a campaign; return the ids and names that pages are asked with."""
    chance = random.Random(7)
    with database.writing() as session:
        places = _places(session)
        bodies = list(_bodies(chance, counts.organizations, places))
        _insert(session, Organization, bodies)
        _insert(session, Area, _areas(places))
        session.add(Source(slug="a-list", name="A list"))
        session.flush()
        _insert(session, Post, _posts(bodies))
        seats = list(_seats(session, chance, counts, bodies))
        _insert(session, ContactDetail, _ways(chance, counts))
        _insert(session, ContactDetail, _ways_of_posts(bodies))
        known = _campaign(session)
        _letters(session, known, seats, counts.letters)
        known |= _asked(bodies, seats)
        _continue_numbers(session)
    _settle(database)
    return known


def _settle(database: Database) -> None:
    """Do what a database does by itself in the minutes after much was written."""
    if database.url.get_backend_name() == "sqlite":
        with contextlib.closing(database.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("ANALYZE")
            connection.commit()
            # What was written waits beside the file until somebody moves it there.
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connected:
        connected.exec_driver_sql("VACUUM ANALYZE")


def _insert(session: Session, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    some: list[dict[str, Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == AT_ONCE:
            session.execute(sa.insert(table), some)
            some = []
    if some:
        session.execute(sa.insert(table), some)


def _continue_numbers(session: Session) -> None:
    """Let PostgreSQL's own numbers go on behind ours."""
    if session.get_bind().dialect.name == "postgresql":
        for table in (
            Organization,
            Area,
            Person,
            Membership,
            ContactDetail,
            Office,
            Target,
            Letter,
        ):
            name = table.__tablename__
            session.execute(
                sa.text(f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}) + 1)")
            )


def _name(chance: random.Random, parts: int) -> str:
    return "".join(chance.choice(PARTS) for _ in range(parts)).title()


def _places(session: Session) -> list[str]:
    letters = "ABCDEFGHIJKLMNOP"
    codes = [first + second for first in letters for second in letters][:250]
    _insert(
        session,
        Jurisdiction,
        (
            {
                "code": code,
                "kind": "state",
                "name": f"Land {code}",
                "languages": [TONGUES[n % len(TONGUES)], "en"],
                "publicity": Publicity.UNKNOWN,
                "publicity_confidence": Confidence.UNKNOWN,
                "rec_confidence": Confidence.UNKNOWN,
                "recess_confidence": Confidence.UNKNOWN,
                "designation": {"authority": "the Council", "instrument": "the Act"},
                "tools": [],
                "precedents": [],
                "notes": [],
            }
            for n, code in enumerate(codes)
        ),
    )
    return codes


def _bodies(chance: random.Random, number: int, places: list[str]) -> Iterator[dict[str, Any]]:
    """Of each eight in one place: a chamber, a ministry, three committees, three parties."""
    kinds = ["chamber", "ministry", *["committee"] * 3, *["party"] * 3]
    for n in range(number):
        kind = OrganizationKind(kinds[n % 8])
        place = places[(n // 8) % len(places)]
        title = {"party": "Alliance", "committee": "Committee on"}.get(kind.value, kind.value)
        name = f"{title} {_name(chance, 3)} {_name(chance, 2)}"
        yield {
            "id": n + 1,
            "slug": f"body-{n}",
            "jurisdiction_code": place,
            "kind": kind,
            "name": name,
            "names": {},
            "confidence": Confidence.HIGH,
            "search_key": search_key(name),
        }


def _areas(places: list[str]) -> Iterator[dict[str, Any]]:
    for n in range(2_000):
        place = places[n % len(places)]
        yield {"id": n + 1, "jurisdiction_code": place, "name": f"District {n}"}


def _posts(bodies: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A minister in each ministry; the posts have their own addresses."""
    for body in bodies[1::8]:
        yield {
            "id": body["id"],
            "organization_id": body["id"],
            "role": "minister",
            "label": "Minister",
            "labels": {},
            "confidence": Confidence.HIGH,
        }


def _seats(
    session: Session, chance: random.Random, counts: Counts, bodies: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Write people, their seats, their places in committees, desks and targets; yield targets."""
    eights = max(1, len(bodies) // 8)
    people, held, desks, rows = [], [], [], []
    for n in range(1, counts.people + 1):
        eighth = chance.randrange(eights) * 8
        body, party = bodies[eighth], bodies[eighth + 5 + n % 3]
        name = f"{chance.choice(GIVEN)} {_name(chance, chance.randint(2, 4))}"
        key = search_key(name)
        ended = TODAY - dt.timedelta(days=n % 900 + 1) if n % 20 == 0 else None
        role = "member_upper" if n % 4 == 0 else "member_lower"
        people.append(
            {"id": n, "name": name, "family_name": name.split()[1], "names": {}, "search_key": key}
        )
        held.append(
            {
                "id": n,
                "person_id": n,
                "organization_id": body["id"],
                "role": role,
                "on_behalf_of_id": party["id"],
                "end_on": ended,
                "source_id": 1,
                "area_id": n % 2_000 + 1,
            }
        )
        desks.append({"id": n, "key": f"email:desk{n}@office.example", "name": body["name"]})
        rows.append(
            {
                "id": n,
                "membership_id": n,
                "office_id": n,
                "body_id": body["id"],
                "jurisdiction_code": body["jurisdiction_code"],
                "group_id": party["id"],
                "role": role,
                "name": name,
                "language": TONGUES[n % 10],
                "source_id": 1,
                "search_key": f"{key} {body['search_key']} {party['search_key']}",
                "channel": None if n % 15 == 0 else "email",
                "ways": bits(_kinds(n, counts.people)),
                "ended_on": ended,
                "verified_until": _until(n),
            }
        )
    for n in range(counts.people + 1, counts.memberships + 1):
        person = chance.randint(1, counts.people)
        committee = bodies[chance.randrange(eights) * 8 + 2 + n % 3]
        held.append(
            {
                "id": n,
                "person_id": person,
                "organization_id": committee["id"],
                "role": "member",
                "on_behalf_of_id": None,
                "end_on": None,
                "source_id": 1,
                "area_id": None,
            }
        )
    for table, some in ((Person, people), (Membership, held), (Office, desks), (Target, rows)):
        _insert(session, table, some)
    yield from rows


def _until(n: int) -> dt.date | None:
    if n % 3 == 0:
        return None
    return TODAY + dt.timedelta(days=n % 200 - 60)


def _other_kind(n: int) -> ContactKind:
    """What the second way of somebody is."""
    kinds = (ContactKind.PHONE, ContactKind.FORM, ContactKind.URL, ContactKind.PHONE)
    return kinds[n % len(kinds)]


def _kinds(person: int, people: int) -> list[ContactKind]:
    """The kinds of ways that work; see `_ways`."""
    mail = [] if person % 15 == 0 else [ContactKind.EMAIL]
    return [*mail, _other_kind(person + people)]


def _ways(chance: random.Random, counts: Counts) -> Iterator[dict[str, Any]]:
    """An address for each person, and a phone, form or link for another."""
    for n in range(1, counts.contacts + 1):
        person = (n - 1) % counts.people + 1
        first = n <= counts.people
        kind = "email" if first else _other_kind(n)
        until = _until(person) if first else None
        yield {
            "person_id": person,
            "kind": kind,
            "value": f"desk{n}@office.example",
            "normalised": f"desk{n}@office.example",
            "source": "made up",
            "seen_on": TODAY,
            "verified_on": until and min(TODAY, until) - dt.timedelta(days=30),
            "verified_by": until and "bench",
            "personal": chance.random() < 0.01,
            "state": "withdrawn" if first and person % 15 == 0 else "ok",
        }


def _ways_of_posts(bodies: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """An address for every second minister, and one for the other ministries themselves."""
    for turn, body in enumerate(bodies[1::8]):
        yield {
            "post_id": None if turn % 2 else body["id"],
            "organization_id": body["id"] if turn % 2 else None,
            "kind": "email",
            "value": f"ministry{body['id']}@office.example",
            "normalised": f"ministry{body['id']}@office.example",
            "source": "made up",
            "seen_on": TODAY,
        }


def _campaign(session: Session) -> dict[str, Any]:
    campaign = Campaign(
        slug="lists",
        title="Lists",
        short_title="Lists",
        summary="",
        goal=75_000,
        created_at=NOW,
        mode=Mode.REHEARSAL,
    )
    user = User(
        email="olga@people.example",
        name="Olga",
        active=True,
        fs_uniquifier=signing.new_token(),
        created_at=NOW,
    )
    session.add_all([campaign, user])
    session.flush()
    by = Actor("bench")
    audit.record(session, subject=("source", 1), name="read", by=by, now=NOW, campaign_id=None)
    session.add(Member(campaign_id=campaign.id, user_id=user.id, role=Role.ORGANISER))
    petition = Petition(
        campaign_id=campaign.id,
        slug="petition",
        title="A petition",
        author="Somebody",
        written="2020",
        summary="",
        credit={},
    )
    template = Template(
        campaign_id=campaign.id,
        slug="first",
        name="A letter",
        kind=LetterKind.FIRST,
        roles=["member_lower"],
        asks=["A"],
    )
    sender = Sender(
        campaign_id=campaign.id,
        kind=SenderKind.ORGANISATION,
        voice=Voice.WE,
        name="An association",
        postal_address="1 Street",
        data_notice={},
        from_address="a@example.example",
        imprint="1 Street",
    )
    audience = Audience(campaign_id=campaign.id, name="Everybody", filters={}, by="Olga", at=NOW)
    session.add_all([petition, template, sender, audience])
    session.flush()
    demand = Demand(
        campaign_id=campaign.id,
        petition_id=petition.id,
        code="D",
        text="Do it.",
        origin=Origin.PETITION,
        kind="declaratory",
        wording={},
    )
    version = TemplateVersion(
        template_id=template.id,
        language="en",
        number=1,
        subject="A",
        body="B",
        author="shipped",
        at=NOW,
    )
    mailing = Mailing(
        campaign_id=campaign.id,
        template_id=template.id,
        sender_id=sender.id,
        audience_id=audience.id,
        name="A mailing",
        left_out=[],
        by="Olga",
        at=NOW,
    )
    session.add_all([demand, version, mailing])
    session.flush()
    ask = Ask(
        campaign_id=campaign.id,
        demand_id=demand.id,
        code="A",
        origin=Origin.EDITORIAL,
        kind="question",
        text="Ask.",
        roles=["member_lower"],
        jurisdictions=[],
    )
    session.add(ask)
    session.flush()
    return {
        "campaign": campaign.id,
        "user": user.id,
        "version": version.id,
        "ask": ask.id,
        "mailing": mailing.id,
        "sender": sender.id,
        "audience": audience.id,
    }


def _letters(
    session: Session, known: dict[str, Any], seats: list[dict[str, Any]], number: int
) -> None:
    """Letters to the first of the targets, a third of them sent and some of those answered."""
    rows = []
    for seat in seats[:number]:
        n = seat["id"]
        sent = n % 3 == 0
        rows.append(
            {
                "id": n,
                "campaign_id": known["campaign"],
                "mailing_id": known["mailing"],
                "template_version_id": known["version"],
                "sender_id": known["sender"],
                "target_id": n,
                "office_id": n,
                "ask_id": known["ask"],
                "kind": LetterKind.FIRST,
                "state": "sent" if sent else "draft",
                "rehearsal": True,
                "code": f"C{n:07}",
                "language": "en",
                "channel": "email",
                "address": f"desk{n}@office.example",
                "recipient": seat["name"],
                "envelope": seat["name"],
                "subject": "A question",
                "text": "Dear Member",
                "author": "Olga",
                "made_at": NOW,
                "seal": "0" * 64 if sent else None,
                "approved_at": NOW if sent else None,
                "sent_at": NOW if sent else None,
                "answered_on": TODAY if n % 30 == 0 else None,
            }
        )
    _insert(session, Letter, rows)


def _asked(bodies: list[dict[str, Any]], seats: list[dict[str, Any]]) -> dict[str, Any]:
    """What the pages ask for: a body, a committee, a party, a place, an uncommon name."""
    return {
        "body": bodies[0]["id"],
        "committee": bodies[2]["id"],
        "party": bodies[5]["id"],
        "place": bodies[0]["jurisdiction_code"],
        "area": 7,
        "source": 1,
        "rare": "trokel",
    }
