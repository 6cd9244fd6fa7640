"""A table for spreadsheets: a row for each seat of today, with the best way of each kind.

Somebody without a seat has one row, somebody with three has three of one `id`, and a body that can
be reached itself has one too. A table can't carry: seats that are over, a second address of a kind,
what an address is for, names in other scripts, former names, who has no form of address, numbers
other than Wikidata's, bodies nobody sits in that have no way to be reached.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.directory.exporting.reading import (
    Reading,
    prefix_of,
    ranked,
    title_of,
    written_day,
)
from outreach.directory.identity import Identifier
from outreach.directory.importing.sheets.cells import ACTIVE
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    Membership,
    Organization,
    Person,
    Target,
)
from outreach.directory.offices import ORGANIZATION_ROLE, USABLE, best_of
from outreach.directory.queries import in_order
from outreach.directory.syncing.models import SourceRecord

# In the words that our own reader of tables knows, so that a corrected file goes back in.
COLUMNS = (
    "id",  # person/12 or organization/7
    "name",
    "honorific",
    "given_name",
    "family_name",
    "postnominal",
    "title",  # "Minister of Health", "Chairwoman"
    "role",  # one of our own words: minister, member_lower, committee_chair …
    "organization",
    "parent",  # what the organization stands in
    "area",
    "party",
    "jurisdiction",
    "language",  # BCP 47, the one we write in
    "email",
    "form",
    "address",
    "phone",
    "fax",
    "website",
    "twitter",
    "facebook",
    "instagram",
    "social",  # of any other network
    "verified_on",  # the day a person checked the way we write by
    "start_date",
    "end_date",
    "wikidata",
    "source",  # name, attribution, licence and its terms; several with "; "
)
_WAYS = {
    "email": ContactKind.EMAIL,
    "form": ContactKind.FORM,
    "address": ContactKind.POSTAL,
    "phone": ContactKind.PHONE,
    "fax": ContactKind.FAX,
    "website": ContactKind.URL,
}
_NETWORKS = ("twitter", "facebook", "instagram")


@dataclass(frozen=True, slots=True)
class _Row:
    """What one row is about: a seat, somebody without one, or a body."""

    person: Person | None = None
    held: Membership | None = None
    body: Organization | None = None
    target: Target | None = None

    @property
    def post_id(self) -> int | None:
        return self.held.post_id if self.held else None


def rows_as_csv(reading: Reading) -> Iterator[str]:
    """Yield the table in pieces: UTF-8 with a mark, so that Excel reads it as such.

    Targets asked for come in the order of a list, everybody else in the order they came in.
    """
    yield "\ufeff" + _written([COLUMNS])
    if reading.chosen is not None:
        ordered = in_order(reading.chosen).with_only_columns(Target.id)
        for ids in reading.pages(ordered):
            yield _written(_page(reading, _of_targets(reading, ids)))
        return
    for ids in reading.pages(reading.people().order_by(Person.id)):
        yield _written(_page(reading, _of_people(reading, ids)))
    for ids in reading.pages(reading.desks().order_by(Organization.id)):
        yield _written(_page(reading, _of_bodies(reading, ids)))


def cell(value: str) -> str:
    """Return `value` so that no spreadsheet takes it for a formula.

    An apostrophe goes in front, which our own reader of tables takes away again.
    https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{value}" if value.lstrip("'").startswith(ACTIVE) else value


def _written(rows: Iterable[tuple[str, ...]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([cell(value) for value in row])
    return buffer.getvalue()


def _of_targets(reading: Reading, ids: list[int]) -> list[_Row]:
    found = reading.session.scalars(
        sa.select(Target)
        .where(Target.id.in_(ids))
        .options(
            joinedload(Target.membership).options(
                *(joinedload(Membership.person), joinedload(Membership.post)),
                joinedload(Membership.area),
            ),
            joinedload(Target.body),
        )
    )
    targets = {one.id: one for one in found}
    return [
        _Row(one.membership.person, one.membership, None, one)
        if one.membership
        else _Row(None, None, one.body, one)
        for one in (targets[number] for number in ids if number in targets)
    ]


def _of_people(reading: Reading, ids: list[int]) -> list[_Row]:
    people = reading.session.scalars(
        sa.select(Person).where(Person.id.in_(ids)).order_by(Person.id)
    ).all()
    seats = reading.seats_of(ids)
    numbers = [one.id for several in seats.values() for one in several]
    targets = _targets(reading, Target.membership_id, numbers)
    rows: list[_Row] = []
    for person in people:
        held = seats.get(person.id, [])
        rows += [_Row(person, one, None, targets.get(one.id)) for one in held]
        rows += [] if held else [_Row(person)]
    return rows


def _of_bodies(reading: Reading, ids: list[int]) -> list[_Row]:
    bodies = reading.session.scalars(
        sa.select(Organization).where(Organization.id.in_(ids)).order_by(Organization.id)
    ).all()
    targets = _targets(reading, Target.organization_id, ids)
    return [_Row(None, None, body, targets.get(body.id)) for body in bodies]


def _targets(
    reading: Reading, column: sa.SQLColumnExpression[int | None], ids: list[int]
) -> dict[int | None, Target]:
    rows = reading.session.execute(sa.select(column, Target).where(column.in_(ids)))
    return {row[0]: row[1] for row in rows}


def _page(reading: Reading, rows: list[_Row]) -> Iterator[tuple[str, ...]]:
    people = {one.person.id for one in rows if one.person}
    bodies = {one.body.id for one in rows if one.body}
    posts = {one.post_id for one in rows if one.post_id is not None}
    ways = reading.contacts(ContactDetail.person_id, people)
    of_posts = reading.contacts(ContactDetail.post_id, posts)
    of_bodies = reading.contacts(ContactDetail.organization_id, bodies)
    known = reading.identifiers(Identifier.person_id, people)
    bodies_known = reading.identifiers(Identifier.organization_id, bodies)
    told = reading.sources(SourceRecord.person_id, people)
    bodies_told = reading.sources(SourceRecord.organization_id, bodies)
    for one in rows:
        if one.body:
            found, schemes = of_bodies.get(one.body.id, []), bodies_known.get(one.body.id, {})
            sources = bodies_told.get(one.body.id, set())
        else:
            number = one.person.id if one.person else 0
            found = ranked([*ways.get(number, []), *of_posts.get(one.post_id or 0, [])])
            schemes, sources = known.get(number, {}), told.get(number, set())
        yield _row(reading, one, found, schemes.get("wikidata", ""), sources)


def _row(
    reading: Reading, row: _Row, ways: list[ContactDetail], wikidata: str, told: set[int]
) -> tuple[str, ...]:
    usable = [one for one in ways if one.state in USABLE]
    best = {
        column: next((one for one in usable if one.kind is kind), None)
        for column, kind in _WAYS.items()
    }
    for one in reversed([one for one in usable if one.kind is ContactKind.SOCIAL]):
        best[one.label if one.label in _NETWORKS else "social"] = one
    used = [one for one in best.values() if one]
    written_by = best_of(usable, only=row.target.channel if row.target else None)
    values = {
        "verified_on": str(written_by.verified_on or "") if written_by else "",
        "wikidata": wikidata,
        "source": "; ".join(map(str, reading.named(told, used, [row.held] if row.held else []))),
    }
    values |= {column: one.value for column, one in best.items() if one}
    if row.person:
        values |= _of_person(row.person)
        values["language"] = row.person.reading_language or ""
    if row.held:
        values |= _of_seat(reading, row.held)
    if row.body:
        values |= _of_body(reading, row.body)
    if row.target:
        values["language"] = row.target.language
    return tuple(values.get(column, "") for column in COLUMNS)


def _of_person(person: Person) -> dict[str, str]:
    return {
        "id": f"person/{person.id}",
        "name": person.name,
        "honorific": prefix_of(person),
        "given_name": person.given_name,
        "family_name": person.family_name,
        "postnominal": person.postnominal,
    }


def _of_seat(reading: Reading, held: Membership) -> dict[str, str]:
    path = reading.path(held.organization_id)
    group = reading.bodies.get(held.on_behalf_of_id or 0)
    return {
        "title": title_of(held),
        "role": held.role.value,
        "organization": path[-1].name,
        "parent": path[-2].name if len(path) > 1 else "",
        "area": held.area.name if held.area else "",
        "party": group.name if group else "",
        "jurisdiction": path[-1].jurisdiction,
        "start_date": written_day(held.start_on, held.start_precision),
        "end_date": written_day(held.end_on, held.end_precision),
    }


def _of_body(reading: Reading, body: Organization) -> dict[str, str]:
    path = reading.path(body.id)
    return {
        "id": f"organization/{body.id}",
        "name": body.name,
        "role": ORGANIZATION_ROLE.value,
        "organization": body.name,
        "parent": path[-2].name if len(path) > 1 else "",
        "jurisdiction": body.jurisdiction_code,
    }
