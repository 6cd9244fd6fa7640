"""Adds bodies, and whole lists of people that somebody pastes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.directory.duplicates import likely_of_many, tell_apart
from outreach.directory.models import (
    Confidence,
    ContactDetail,
    ContactKind,
    ContactState,
    Membership,
    Organization,
    OrganizationKind,
    Person,
    Post,
    Target,
    TargetRole,
)
from outreach.directory.offices import normalised
from outreach.directory.pasting import Line
from outreach.directory.people import NewPerson, add_person, seat
from outreach.directory.spelling import fold, romanisations, search_key
from outreach.directory.verification import add_contact
from outreach.errors import BadInput
from outreach.words import Sentence

BY_HAND = "added by hand"
# Bodies that a list of choices holds.
PARENTS = 500


def add_body(
    session: Session,
    *,
    jurisdiction: str,
    kind: OrganizationKind,
    name: str,
    names: Mapping[str, str] | None = None,
    parent: Organization | None = None,
    by: Actor,
    now: dt.datetime,
) -> Organization:
    """Add a body to a jurisdiction and return it; `names` are {BCP 47 code: name}.

    Raises BadInput with the field for a missing name, one that is there already, or a parent
    elsewhere.
    """
    name = " ".join(name.split())
    if not name:
        raise BadInput(Sentence("Write the name."), "name")
    if parent is not None and parent.jurisdiction_code != jurisdiction:
        raise BadInput(Sentence("That body belongs to another country."), "parent")
    spelt = {code: text for code, text in (names or {}).items() if text}
    body = Organization(
        slug=_slug(session, jurisdiction, name),
        jurisdiction_code=jurisdiction,
        parent_id=parent.id if parent else None,
        kind=kind,
        name=name,
        names=spelt,
        confidence=Confidence.HIGH,
        source=BY_HAND,
        search_key=search_key(name, *spelt.values()),
    )
    _refuse_a_second(session, body)
    session.add(body)
    session.flush()
    _record_body(session, body, by=by, now=now)
    return body


def _record_body(session: Session, body: Organization, *, by: Actor, now: dt.datetime) -> None:
    record(
        session,
        subject=("organization", body.id),
        name="added",
        by=by,
        now=now,
        campaign_id=None,
        detail={
            "name": body.name,
            "kind": body.kind.value,
            "jurisdiction": body.jurisdiction_code,
        },
    )


def _refuse_a_second(session: Session, body: Organization) -> None:
    same = sa.select(Organization.id).where(
        Organization.jurisdiction_code == body.jurisdiction_code,
        Organization.parent_id == body.parent_id,
        Organization.search_key == body.search_key,
        Organization.ended_on.is_(None),
    )
    if session.scalar(same) is not None:
        raise BadInput(Sentence("This body is in the directory already."), "name")


def possible_parents(session: Session, jurisdiction: str) -> list[tuple[int, str]]:
    """Return (id, name) of the bodies that others are parts of, by name: no parties, no groups."""
    rows = session.execute(
        sa.select(Organization.id, Organization.name)
        .where(
            Organization.jurisdiction_code == jurisdiction,
            Organization.kind.not_in((OrganizationKind.PARTY, OrganizationKind.GROUP)),
            Organization.ended_on.is_(None),
        )
        .order_by(Organization.name, Organization.id)
        .limit(PARENTS)
    )
    return [(row[0], row[1]) for row in rows]


def _slug(session: Session, jurisdiction: str, name: str) -> str:
    latin = next((text for text in (fold(name), *romanisations(name)) if text.isascii()), "")
    plain = re.sub(r"[^a-z0-9]+", "-", latin)[:80].strip("-") or "body"
    stem = f"{jurisdiction.lower()}/{plain}"
    taken = set(
        session.scalars(sa.select(Organization.slug).where(Organization.slug.startswith(stem)))
    )
    number, slug = 1, stem
    while slug in taken:
        number += 1
        slug = f"{stem}-{number}"
    return slug


def look_up(session: Session, body: Organization, lines: Sequence[Line]) -> None:
    """Write to each usable line of a list whom we have that it may mean; one query."""
    usable = [line for line in lines if line.usable]
    found = likely_of_many(
        session, [[line.name] for line in usable], jurisdiction=body.jurisdiction_code
    )
    for line, near in zip(usable, found, strict=True):
        line.likely = near


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a list is from: in words, and the link of its page or nothing."""

    source: str
    url: str = ""


def add_list(
    session: Session,
    body: Organization,
    lines: Sequence[Line],
    *,
    role: TargetRole,
    origin: Origin,
    anyway: Collection[int] = (),
    same: Mapping[int, int] | None = None,
    by: Actor,
    now: dt.datetime,
) -> list[Target]:
    """Add the usable `lines` of a list to `body` and return their targets.

    A line that may mean somebody we have is left out unless its number is in `anyway` (another
    person, remembered) or in `same` ({line: person id}: gets the seat and the addresses). Raises
    BadInput for a list without a source, before anything is added.
    """
    if not origin.source.strip():
        raise BadInput(Sentence("Say where you have it from."), "source")
    made = []
    for line in lines:
        one = _person_of(session, line, anyway, same or {})
        if not line.usable or (line.likely and one is None and line.number not in anyway):
            continue
        if one is not None:
            target = seat(session, one, body, role=role, label=line.label, by=by, now=now)
            _add_ways(session, one, line, origin, by=by, now=now)
        else:
            target = _add_new(session, body, line, role, origin, by=by, now=now)
        made.append(target)
    return made


def _person_of(
    session: Session, line: Line, anyway: Collection[int], same: Mapping[int, int]
) -> Person | None:
    """The person we have whom a line means, when somebody said so and it is one of the likely."""
    number = same.get(line.number)
    if line.number in anyway or number not in {near.person_id for near in line.likely}:
        return None
    return session.get(Person, number)


def _add_new(
    session: Session,
    body: Organization,
    line: Line,
    role: TargetRole,
    origin: Origin,
    *,
    by: Actor,
    now: dt.datetime,
) -> Target:
    new = NewPerson(
        name=line.name, given=line.given, family=line.family, title_prefix=line.title[:60]
    )
    target = add_person(session, body, new, role=role, post=None, by=by, now=now, label=line.label)
    person = person_of(session, target)
    _add_ways(session, person, line, origin, by=by, now=now)
    for near in line.likely:
        tell_apart(session, person.id, near.person_id, by=by, now=now)
    return target


def person_of(session: Session, target: Target) -> Person:
    """Return the person behind the target of a membership."""
    held = session.get_one(Membership, target.membership_id)
    return session.get_one(Person, held.person_id)


def _add_ways(
    session: Session, person: Person, line: Line, origin: Origin, *, by: Actor, now: dt.datetime
) -> None:
    """Add the addresses of a line that the person doesn't have yet."""
    rows = session.execute(
        sa.select(ContactDetail.kind, ContactDetail.normalised).where(
            ContactDetail.person_id == person.id, ContactDetail.state != ContactState.WITHDRAWN
        )
    )
    there = {(kind, key) for kind, key in rows}
    for kind, value in line.ways:
        if (kind, normalised(kind, value)) not in there:
            add_by_hand(session, person, kind, value, origin, by=by, now=now)
            there.add((kind, normalised(kind, value)))


def add_by_hand(
    session: Session,
    owner: Person | Post | Organization,
    kind: ContactKind,
    value: str,
    origin: Origin,
    *,
    by: Actor,
    now: dt.datetime,
) -> ContactDetail:
    """Add a way to reach `owner` that a person of ours typed. Raises BadInput with the field."""
    detail = add_contact(
        session,
        owner,
        kind=kind,
        value=value,
        source=origin.source,
        source_url=origin.url,
        by=by,
        now=now,
    )
    detail.by_hand = True
    session.flush()
    return detail
