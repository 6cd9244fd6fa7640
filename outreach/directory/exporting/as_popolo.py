"""Popolo JSON as in the specification: arrays of persons, organizations, posts, memberships.

https://www.popoloproject.com/specs/ · `sources` names whose work it is and on what terms.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.directory.exporting.provenance import Credit
from outreach.directory.exporting.reading import (
    Ids,
    Numbers,
    Reading,
    prefix_of,
    title_of,
    written_day,
)
from outreach.directory.identity import Identifier
from outreach.directory.importing.countries import country_name
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    FormOfAddress,
    Membership,
    Organization,
    Person,
    Post,
    Target,
    TargetRole,
)
from outreach.directory.syncing.models import SourceRecord

_TYPES = {ContactKind.POSTAL: "address"}
_GENDERS = {FormOfAddress.M: "male", FormOfAddress.F: "female"}
# In words that readers of Popolo, ours among them, understand.
_ROLES = {
    TargetRole.HEAD_OF_STATE: "President",
    TargetRole.HEAD_OF_GOVERNMENT: "Prime Minister",
    TargetRole.MINISTER: "Minister",
    TargetRole.SPEAKER: "Speaker",
    TargetRole.MEMBER_LOWER: "Member",
    TargetRole.MEMBER_UPPER: "Member of the upper house",
    TargetRole.COMMITTEE_CHAIR: "Chair",
    TargetRole.PARTY_GROUP_LEADER: "Leader",
    TargetRole.MEP: "Member of the European Parliament",
    TargetRole.COMMISSIONER: "Commissioner",
    TargetRole.AMBASSADOR: "Ambassador",
}
Item = dict[str, Any]


def popolo(reading: Reading) -> Iterator[str]:
    """Yield the document in pieces.

    It holds everybody with all their seats, over or not. Popolo has no place for: the language
    somebody reads (kept as `reading_language`), which details are of one door, the day an address
    was checked, how exactly a day is known beyond year and month.
    """
    yield "{"
    used: dict[str, Credit] = {}
    for number, (name, items) in enumerate(
        (
            ("persons", _persons(reading, used)),
            ("organizations", _organizations(reading, used)),
            ("posts", _posts(reading, used)),
            ("memberships", _memberships(reading, used)),
        )
    ):
        yield f'{"," if number else ""}\n"{name}": ['
        between = "\n"
        for item in items:
            yield between + json.dumps(item, ensure_ascii=False)
            between = ",\n"
        yield "\n]"
    sources = [_source(one) for _, one in sorted(used.items())]
    yield f',\n"sources": {json.dumps(sources, ensure_ascii=False)}'
    meta = {"generated_on": reading.today.isoformat()} | _country(reading)
    yield f',\n"meta": {json.dumps(meta, ensure_ascii=False)}\n}}\n'


def _seats(reading: Reading) -> Numbers:
    """The ids of the memberships: of the targets asked for, else of everybody with history."""
    if reading.chosen is not None:
        return reading.ids(Target.membership_id)
    return (
        sa.select(Membership.id)
        .join(Person, Person.id == Membership.person_id)
        .where(Person.demonstration.is_(False), Person.merged_into_id.is_(None))
    )


def _persons(reading: Reading, used: dict[str, Credit]) -> Iterator[Item]:
    for ids in reading.pages(reading.people().order_by(Person.id)):
        people = reading.session.scalars(
            sa.select(Person).where(Person.id.in_(ids)).order_by(Person.id)
        ).all()
        ways = reading.contacts(ContactDetail.person_id, ids)
        known = reading.identifiers(Identifier.person_id, ids)
        told = reading.sources(SourceRecord.person_id, ids)
        for one in people:
            details = ways.get(one.id, [])
            credits = _use(reading.named(told.get(one.id, ()), details), used)
            yield _person(one, reading.private) | _around(known.get(one.id, {}), details, credits)


def _person(one: Person, private: bool) -> Item:
    others = [
        {
            "name": other.get("name"),
            "note": other.get("form", "other"),
            "lang": other.get("language"),
            "start_date": other.get("start"),
            "end_date": other.get("end"),
        }
        for other in one.other_names
    ]
    others += [
        {"name": name, "lang": tag, "note": "multilingual"} for tag, name in one.names.items()
    ]
    return _filled(
        {
            "id": f"person/{one.id}",
            "name": one.name,
            "given_name": one.given_name,
            "family_name": one.family_name,
            "honorific_prefix": prefix_of(one),
            "honorific_suffix": one.postnominal,
            "sort_name": one.sort_name,
            "gender": _GENDERS.get(one.form_of_address, ""),
            "birth_date": one.birth_date if private else "",
            "death_date": one.death_date,
            "reading_language": one.reading_language or "",
            "other_names": [_filled(other) for other in others],
        }
    )


def _organizations(reading: Reading, used: dict[str, Credit]) -> Iterator[Item]:
    for ids in reading.pages(_bodies(reading)):
        found = reading.session.scalars(
            sa.select(Organization).where(Organization.id.in_(ids)).order_by(Organization.id)
        ).all()
        ways = reading.contacts(ContactDetail.organization_id, ids)
        known = reading.identifiers(Identifier.organization_id, ids)
        told = reading.sources(SourceRecord.organization_id, ids)
        for one in found:
            names = [{"name": name, "lang": tag} for tag, name in one.names.items()]
            item = {
                "id": f"organization/{one.id}",
                "name": one.name,
                "classification": one.kind.value,
                "parent_id": f"organization/{one.parent_id}" if one.parent_id else "",
                "jurisdiction": one.jurisdiction_code,
                "dissolution_date": one.ended_on.isoformat() if one.ended_on else "",
                "other_names": names,
            }
            details = ways.get(one.id, [])
            credits = _use(reading.named(told.get(one.id, ()), details), used)
            yield _filled(item) | _around(known.get(one.id, {}), details, credits)


def _bodies(reading: Reading) -> Ids:
    """The ids of the bodies: all, or those the targets name with all they stand in."""
    if reading.chosen is not None:
        return sorted(_with_parents(reading))
    query = sa.select(Organization.id).order_by(Organization.id)
    return query.where(Organization.demonstration.is_(False))


def _with_parents(reading: Reading) -> set[int]:
    seats = Membership.id.in_(_seats(reading))
    named: sa.CompoundSelect[int | None] = sa.union(
        sa.select(Membership.organization_id).where(seats),
        sa.select(Membership.on_behalf_of_id).where(seats),
        reading.ids(Target.organization_id),
    )
    ids = [number for number in reading.session.scalars(named) if number is not None]
    return {one.id for number in ids for one in reading.path(number)}


def _posts(reading: Reading, used: dict[str, Credit]) -> Iterator[Item]:
    held = sa.select(Membership.post_id).where(Membership.id.in_(_seats(reading)))
    query = sa.select(Post.id).order_by(Post.id)
    if reading.chosen is not None:
        query = query.where(Post.id.in_(held))
    else:
        real = sa.select(Organization.id).where(Organization.demonstration.is_(False))
        query = query.where(Post.organization_id.in_(real))
    for ids in reading.pages(query):
        posts = reading.session.scalars(
            sa.select(Post).where(Post.id.in_(ids)).order_by(Post.id)
        ).all()
        ways = reading.contacts(ContactDetail.post_id, ids)
        for one in posts:
            details = ways.get(one.id, [])
            item = {
                "id": f"post/{one.id}",
                "label": one.label,
                "role": _ROLES.get(one.role, "Member"),
                "organization_id": f"organization/{one.organization_id}",
            }
            yield item | _around({}, details, _use(reading.named((), details), used))


def _memberships(reading: Reading, used: dict[str, Credit]) -> Iterator[Item]:
    query = sa.select(Membership.id).where(Membership.id.in_(_seats(reading)))
    for ids in reading.pages(query.order_by(Membership.id)):
        rows = reading.session.scalars(
            sa.select(Membership)
            .where(Membership.id.in_(ids))
            .options(joinedload(Membership.post), joinedload(Membership.area))
            .order_by(Membership.id)
        )
        for one in rows.all():
            _use(reading.named((), (), [one]), used)
            yield _membership(one)


def _membership(one: Membership) -> Item:
    party = one.on_behalf_of_id
    return _filled(
        {
            "id": f"membership/{one.id}",
            "person_id": f"person/{one.person_id}",
            "organization_id": f"organization/{one.organization_id}",
            "post_id": f"post/{one.post_id}" if one.post_id else "",
            "on_behalf_of_id": f"organization/{party}" if party else "",
            "role": _ROLES.get(one.role, "Member"),
            "label": title_of(one),
            "area": {"name": one.area.name} if one.area else {},
            "start_date": written_day(one.start_on, one.start_precision),
            "end_date": written_day(one.end_on, one.end_precision),
            "end_reason": one.end_reason or "",
        }
    )


def _around(known: dict[str, str], details: list[ContactDetail], credits: list[Credit]) -> Item:
    """Return what a person, a body and a post have alike."""
    return _filled(
        {
            "identifiers": [
                {"scheme": scheme, "identifier": value} for scheme, value in known.items()
            ],
            "contact_details": [_detail(one) for one in details],
            "sources": [_filled({"url": one.url, "note": one.slug}) for one in credits],
        }
    )


def _detail(one: ContactDetail) -> Item:
    social = one.kind is ContactKind.SOCIAL
    return _filled(
        {
            "type": (one.label or "url") if social else _TYPES.get(one.kind, one.kind.value),
            "value": one.value,
            "label": "" if social else one.label,
            "note": one.purpose,
        }
    )


def _use(credits: list[Credit], used: dict[str, Credit]) -> list[Credit]:
    used.update((one.slug, one) for one in credits)
    return credits


def _source(one: Credit) -> Item:
    return _filled(
        {
            "id": one.slug,
            "name": one.name,
            "url": one.url,
            "licence": one.licence,
            "attribution": one.attribution,
            "terms": [str(words) for words in one.terms],
        }
    )


def _country(reading: Reading) -> Item:
    """Return the country when all bodies are of one: what a reader can't see in ids of ours."""
    wanted = (number for page in reading.pages(_bodies(reading)) for number in page)
    codes = {reading.bodies[number].jurisdiction for number in wanted}
    return {"country": country_name(codes.pop())} if len(codes) == 1 else {}


def _filled(item: Item) -> Item:
    return {name: value for name, value in item.items() if value}
