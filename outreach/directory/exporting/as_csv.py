"""A table for spreadsheets: one row for each target, with the best way of each kind."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import sqlalchemy as sa

from outreach.directory.exporting.reading import Reading, prefix_of, title_of, written_day
from outreach.directory.identity import Identifier
from outreach.directory.models import ContactDetail, ContactKind, Membership, Target
from outreach.directory.offices import USABLE, contacts_of_many
from outreach.directory.queries import in_order, with_list
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
    "social",
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
    "social": ContactKind.SOCIAL,
}
_ACTIVE = ("=", "+", "-", "@", "\t", "\r")


def rows_as_csv(reading: Reading) -> Iterator[str]:
    """Yield the table in pieces: UTF-8 with a mark, so that Excel reads it as such."""
    yield "\ufeff" + _written([COLUMNS])
    ordered = in_order(reading.targets()).with_only_columns(Target.id)
    for ids in reading.pages(ordered):
        yield _written(_page(reading, ids))


def cell(value: str) -> str:
    """Return `value` so that no spreadsheet takes it for a formula.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{value}" if value.startswith(_ACTIVE) else value


def _written(rows: Iterator[tuple[str, ...]] | list[tuple[str, ...]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([cell(value) for value in row])
    return buffer.getvalue()


def _page(reading: Reading, ids: list[int]) -> Iterator[tuple[str, ...]]:
    found = reading.session.scalars(
        sa.select(Target).where(Target.id.in_(ids)).options(*with_list())
    )
    targets = {one.id: one for one in found}
    rows = [targets[one] for one in ids if one in targets]
    ways = contacts_of_many(reading.session, rows)
    people = {one.membership.person_id for one in rows if one.membership}
    bodies = {one.organization_id for one in rows if one.organization_id is not None}
    wikidata = reading.identifiers(Identifier.person_id, people)
    of_bodies = reading.identifiers(Identifier.organization_id, bodies)
    told = reading.sources(SourceRecord.person_id, people)
    told_of_bodies = reading.sources(SourceRecord.organization_id, bodies)
    for one in rows:
        held = one.membership
        number = held.person_id if held else one.body_id
        yield _row(
            reading,
            one,
            reading.shown(ways[one.id]),
            (wikidata if held else of_bodies).get(number, {}).get("wikidata", ""),
            (told if held else told_of_bodies).get(number, set()),
        )


def _row(
    reading: Reading, target: Target, ways: list[ContactDetail], wikidata: str, told: set[int]
) -> tuple[str, ...]:
    usable = [one for one in ways if one.state in USABLE]
    best = {
        column: next((one for one in usable if one.kind is kind), None)
        for column, kind in _WAYS.items()
    }
    written_by = next((one for one in usable if one.kind is target.channel), None)
    held = target.membership
    path = reading.path(target.body_id)
    used = [one for one in best.values() if one]
    values = {
        "id": f"organization/{target.body_id}",
        "name": target.name,
        "role": target.role.value,
        "organization": target.body.name,
        "parent": path[-2].name if len(path) > 1 else "",
        "party": target.group.name if target.group else "",
        "jurisdiction": target.jurisdiction_code,
        "language": target.language,
        "verified_on": str(written_by.verified_on or "") if written_by else "",
        "wikidata": wikidata,
        "source": "; ".join(map(str, reading.named(told, used, [held] if held else []))),
    }
    values |= {column: one.value for column, one in best.items() if one}
    if held:
        values |= _of_person(held)
    return tuple(values.get(column, "") for column in COLUMNS)


def _of_person(held: Membership) -> dict[str, str]:
    person = held.person
    return {
        "id": f"person/{person.id}",
        "name": person.name,
        "honorific": prefix_of(person),
        "given_name": person.given_name,
        "family_name": person.family_name,
        "postnominal": person.postnominal,
        "title": title_of(held),
        "area": held.area.name if held.area else "",
        "start_date": written_day(held.start_on, held.start_precision),
        "end_date": written_day(held.end_on, held.end_precision),
    }
