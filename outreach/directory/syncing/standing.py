"""Reads what the directory has of people, a few hundred at a time, for the comparison."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Event
from outreach.directory.identity import FieldLock, Identifier
from outreach.directory.models import (
    Area,
    ContactDetail,
    ContactState,
    FormOfAddress,
    Membership,
    Person,
    Post,
    Source,
)
from outreach.directory.syncing.bulk import chunks
from outreach.directory.syncing.merging import TEXTS, Held, Said, Standing, Way
from outreach.directory.syncing.models import SAID, SAID_IN, SourceRecord

# Identifiers that mean one person wherever they stand; any other is a number of its own list.
STRONG = frozenset(
    {
        "wikidata",
        "bioguide",
        "mep",
        "ocd-person",
        "everypolitician",
        "mnis",
        "parlparse",
        "govtrack",
        "lis",
        "icpsr",
        "dip21",
        "vcard",
    }
)

# What a number looks like where that is known; in others there is at least a digit, not only 0.
_FORMS = {
    "wikidata": re.compile(r"Q[1-9]\d*"),
    # Programs that count their cards 1, 2, 3 give ids of no use elsewhere.
    "vcard": re.compile(r".{20,}", re.DOTALL),
}
_NUMBER = re.compile(r".*[1-9].*", re.DOTALL)


def is_strong(scheme: str, value: str) -> bool:
    """Return whether this identifier means one person wherever it stands: "N/A" never does."""
    return scheme in STRONG and bool(_FORMS.get(scheme, _NUMBER).fullmatch(value))


def people(session: Session, ids: Iterable[int]) -> dict[int, Standing]:
    """Return {person id: what stands} of people, with seven queries for every 500."""
    found: dict[int, Standing] = {}
    for part in chunks(sorted(set(ids))):
        found |= _people(session, part)
    return found


def _people(session: Session, ids: Sequence[int]) -> dict[int, Standing]:
    columns = [getattr(Person, name) for name in TEXTS]
    found: dict[int, Standing] = {}
    for row in session.execute(
        sa.select(
            Person.id,
            Person.names,
            Person.other_names,
            Person.extras,
            Person.form_of_address,
            Person.form_of_address_basis,
            *columns,
        ).where(Person.id.in_(ids))
    ):
        form = row[4]
        found[row[0]] = Standing(
            id=row[0],
            texts={name: value or "" for name, value in zip(TEXTS, row[6:], strict=True)},
            names=row[1],
            other_names=row[2],
            extras=row[3],
            gender="" if form is FormOfAddress.X else form.value,
            gender_basis=row[5],
        )
    _add_marks(session, found)
    for person_id, held in memberships(session, Membership.person_id.in_(ids)):
        found[person_id].held.append(held)
    _add_ways(session, found)
    return found


def _add_marks(session: Session, found: dict[int, Standing]) -> None:
    """Add locks, identifiers and what the sources last said."""
    ids = list(found)
    for lock in session.execute(
        sa.select(FieldLock.person_id, FieldLock.field).where(FieldLock.person_id.in_(ids))
    ):
        found[lock[0]].locks.add(lock[1])
    ones: Iterable[Any] = session.execute(
        sa.select(Identifier.person_id, Identifier.scheme, Identifier.value).where(
            Identifier.person_id.in_(ids)
        )
    )
    for one in ones:
        found[one[0]].identifiers.add((one[1], one[2]))
    for said in session.execute(
        sa.select(
            SourceRecord.person_id,
            SourceRecord.source_id,
            Source.rank,
            SAID,
            SourceRecord.key,
            SourceRecord.gone_since.is_not(None),
        )
        .join(Source, Source.id == SourceRecord.source_id)
        .outerjoin(*SAID_IN)
        .where(SourceRecord.person_id.in_(ids))
    ):
        found[said[0]].said.append(Said(*said[1:]))


def memberships(session: Session, condition: sa.ColumnElement[bool]) -> list[tuple[int, Held]]:
    """Return (person id, membership) of every membership that fulfils `condition`, oldest first."""
    rows: Iterable[Any] = session.execute(
        sa.select(
            Membership.person_id,
            Membership.id,
            Membership.organization_id,
            Membership.role,
            Membership.label,
            Area.name,
            Membership.on_behalf_of_id,
            Membership.start_on,
            Membership.end_on,
            Membership.start_precision,
            Membership.end_precision,
            Membership.end_reason,
            Membership.source_id,
            Membership.source_key,
            Membership.post_id,
            Membership.area_id,
            sa.func.coalesce(Post.label, ""),
        )
        .outerjoin(Area, Area.id == Membership.area_id)
        .outerjoin(Post, Post.id == Membership.post_id)
        .where(condition)
        .order_by(Membership.id)
    )
    return [(row[0], _held(row[1:])) for row in rows]


def _held(row: Sequence[Any]) -> Held:
    number, organization, role, label, area, *rest = row
    return Held(number, organization, role, label, area or "", *rest)


_WAY = (
    ContactDetail.id,
    ContactDetail.kind,
    ContactDetail.value,
    ContactDetail.normalised,
    ContactDetail.purpose,
    ContactDetail.label,
    ContactDetail.language,
    ContactDetail.bundle,
    ContactDetail.personal,
    ContactDetail.by_hand,
    ContactDetail.source_id,
    ContactDetail.seen_on,
    ContactDetail.unseen_since,
    ContactDetail.verified_on,
    ContactDetail.state,
    ContactDetail.position,
    ContactDetail.post_id,
)


def _add_ways(session: Session, found: dict[int, Standing]) -> None:
    rows: Iterable[Any] = session.execute(
        sa.select(ContactDetail.person_id, *_WAY)
        .where(ContactDetail.person_id.in_(found))
        .order_by(ContactDetail.state == ContactState.WITHDRAWN, ContactDetail.id)
    )
    lost: dict[int, Standing] = {}
    for row in rows:
        way = Way(*row[1:])
        found[row[0]].ways.append(way)
        if way.state is ContactState.WITHDRAWN and way.unseen_since is not None:
            lost[way.id] = found[row[0]]
    for number in _withdrawn_by_imports(session, lost):
        lost[number].faded.add(number)
    posts: dict[int, list[Standing]] = {}
    for standing in found.values():
        for held in standing.held:
            if held.post_id is not None:
                posts.setdefault(held.post_id, []).append(standing)
    for post_id, several in ways_of_posts(session, posts).items():
        for standing in posts[post_id]:
            standing.ways += several


def _withdrawn_by_imports(session: Session, details: Collection[int]) -> set[int]:
    """Return those of `details`, all withdrawn, that no person withdrew."""
    by_hand: set[int] = set()
    for part in chunks(sorted(details)):
        by_hand |= set(
            session.scalars(
                sa.select(Event.subject_id).where(
                    Event.subject_kind == "contact_detail",
                    Event.subject_id.in_(part),
                    Event.name == "withdrawn",
                )
            )
        )
    return set(details) - by_hand


def ways_of_posts(session: Session, posts: Iterable[int]) -> dict[int, list[Way]]:
    """Return {post id: the post's own contact details}."""
    found: dict[int, list[Way]] = {}
    for part in chunks(sorted(set(posts))):
        rows: Iterable[Any] = session.execute(
            sa.select(*_WAY).where(ContactDetail.post_id.in_(part))
        )
        for row in rows:
            found.setdefault(row.post_id, []).append(Way(*row))
    return found


def ways_of(session: Session, condition: sa.ColumnElement[bool]) -> list[Way]:
    """Return the contact details that fulfil `condition`."""
    rows: Iterable[Any] = session.execute(sa.select(*_WAY).where(condition))
    return [Way(*row) for row in rows]


def joined(session: Session, ids: Iterable[int]) -> dict[int, int]:
    """Return {person: who they were joined into, at last} of those of `ids` who were joined."""
    found: dict[int, int] = {}
    wanted = set(ids)
    while wanted:
        rows: list[Any] = []
        for part in chunks(sorted(wanted)):
            query = sa.select(Person.id, Person.merged_into_id)
            rows += session.execute(
                query.where(Person.id.in_(part), Person.merged_into_id.is_not(None))
            ).all()
        step = {row[0]: row[1] for row in rows}
        found = {number: step.get(kept, kept) for number, kept in found.items()} | {
            number: kept for number, kept in step.items() if number not in found
        }
        wanted = set(step.values())
    return found


def strong_owners(
    session: Session, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Return {(scheme, value): person id} for those strong identifiers one person here has.

    One that two people have tells neither from the other, and is left out.
    """
    by_scheme: dict[str, set[str]] = {}
    for scheme, value in wanted:
        if is_strong(scheme, value):
            by_scheme.setdefault(scheme, set()).add(value)
    found: dict[tuple[str, str], int] = {}
    shared: set[tuple[str, str]] = set()
    for scheme, values in by_scheme.items():
        for part in chunks(sorted(values)):
            rows: Iterable[Any] = session.execute(
                sa.select(Identifier.value, Identifier.person_id).where(
                    Identifier.scheme == scheme,
                    Identifier.value.in_(part),
                    Identifier.person_id.is_not(None),
                )
            )
            for value, person in rows:
                if found.setdefault((scheme, value), person) != person:
                    shared.add((scheme, value))
    return {pair: person for pair, person in found.items() if pair not in shared}
