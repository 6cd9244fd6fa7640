"""Reads what an export writes, a page at a time, without what must not leave."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import phonenumbers
import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.directory.exporting.provenance import Credit, credit_of
from outreach.directory.identity import Identifier
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    Membership,
    Organization,
    OrganizationKind,
    Person,
    Source,
    Suppression,
    SuppressionScope,
    Target,
)
from outreach.directory.offices import office_key
from outreach.directory.syncing.models import SourceRecord

PAGE = 500
Numbers = sa.Select[int] | sa.Select[int | None]
Ids = Numbers | list[int]
# A column that names an owner; where rows are asked for by it, it is never empty.
Owner = sa.SQLColumnExpression[Any]
_KINDS = list(ContactKind)
_STATES = list(ContactState)
_MOBILE = re.compile(r"\b(?:mobile|cell|cellular|handy|móvil|portable)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class BodyName:
    """What every export needs of a body that somebody sits in."""

    id: int
    name: str
    kind: OrganizationKind
    jurisdiction: str
    parent_id: int | None


class Reading:
    """One export: whom it holds, and its pages."""

    def __init__(
        self,
        session: Session,
        targets: sa.Select[Target] | None,
        *,
        today: dt.date,
        private: bool,
    ) -> None:
        self.session, self.today, self.private = session, today, private
        # None: everybody in the directory, whether we can write to them or not.
        self.chosen = targets

    def ids(self, column: sa.SQLColumnExpression[int | None]) -> sa.Select[int | None]:
        """Return the Select of one column of the targets asked for, unsorted."""
        if self.chosen is None:
            raise ValueError("nobody chose targets: this export is about everybody")
        chosen = self.chosen.with_only_columns(Target.id)
        return sa.select(column).where(Target.id.in_(chosen), column.is_not(None))

    def people(self) -> Numbers:
        """Return the ids of the people: those asked for, else everybody who isn't made up."""
        query = sa.select(Person.id)
        if self.chosen is not None:
            held = sa.select(Membership.person_id)
            return query.where(
                Person.id.in_(held.where(Membership.id.in_(self.ids(Target.membership_id))))
            )
        return query.where(Person.demonstration.is_(False), Person.merged_into_id.is_(None))

    def seats(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions of the seats told beside a person: of the targets, else today's."""
        if self.chosen is not None:
            return [Membership.id.in_(self.ids(Target.membership_id))]
        return [
            sa.or_(Membership.start_on.is_(None), Membership.start_on <= self.today),
            sa.or_(Membership.end_on.is_(None), Membership.end_on > self.today),
        ]

    def desks(self) -> Numbers:
        """Return the ids of the bodies written to as themselves: asked for, else all that can be.

        Without targets asked for these are the bodies of today that are a target or have a way to
        be reached; the others are named where somebody sits in them.
        """
        if self.chosen is not None:
            return self.ids(Target.organization_id)
        reached = sa.exists().where(ContactDetail.organization_id == Organization.id)
        listed = sa.exists().where(Target.organization_id == Organization.id)
        return sa.select(Organization.id).where(
            Organization.demonstration.is_(False),
            sa.or_(Organization.ended_on.is_(None), Organization.ended_on > self.today),
            sa.or_(reached, listed),
        )

    def seats_of(self, people: Iterable[int]) -> dict[int, list[Membership]]:
        """Return {person: seats to tell, with post and area}, of the persons with these ids."""
        found: dict[int, list[Membership]] = {}
        query = (
            sa.select(Membership)
            .where(Membership.person_id.in_(people), *self.seats())
            .options(joinedload(Membership.post), joinedload(Membership.area))
            .order_by(Membership.id)
        )
        for one in self.session.scalars(query):
            found.setdefault(one.person_id, []).append(one)
        return found

    def pages(self, wanted: Ids) -> Iterator[list[int]]:
        """Yield the ids of a list or of a Select, 500 at a time; only numbers are held at once."""
        found: Iterable[int | None] = (
            self.session.scalars(wanted) if isinstance(wanted, sa.Select) else wanted
        )
        ids = [number for number in found if number is not None]
        for start in range(0, len(ids), PAGE):
            yield ids[start : start + PAGE]

    @functools.cached_property
    def credits(self) -> dict[int, Credit]:
        """{source id: how it is named}."""
        return {source.id: credit_of(source) for source in self.session.scalars(sa.select(Source))}

    @functools.cached_property
    def bodies(self) -> dict[int, BodyName]:
        """{id: name and parent} of all bodies: a few columns of some thousand rows."""
        columns = sa.select(
            Organization.id,
            Organization.name,
            Organization.kind,
            Organization.jurisdiction_code,
            Organization.parent_id,
        )
        return {row.id: BodyName(*row) for row in self.session.execute(columns)}

    def path(self, body_id: int) -> list[BodyName]:
        """Return a body and what it stands in, the largest first."""
        found: list[BodyName] = []
        number: int | None = body_id
        while number in self.bodies and self.bodies[number] not in found:
            found.append(self.bodies[number])
            number = found[-1].parent_id
        return found[::-1]

    @functools.cached_property
    def _suppressed(self) -> frozenset[tuple[SuppressionScope, str]]:
        rows = self.session.execute(sa.select(Suppression.scope, Suppression.value))
        return frozenset((row.scope, row.value) for row in rows)

    def shown(self, details: Iterable[ContactDetail]) -> list[ContactDetail]:
        """Return the details that may leave, the best first."""
        return ranked(one for one in details if self._may_leave(one))

    def _may_leave(self, one: ContactDetail) -> bool:
        if one.state is ContactState.WITHDRAWN:
            return False
        if (SuppressionScope.ADDRESS, one.normalised) in self._suppressed:
            return False
        if (SuppressionScope.OFFICE, office_key(one)) in self._suppressed:
            return False
        return self.private or not (one.personal or one.purpose == "personal" or is_mobile(one))

    def contacts(self, column: Owner, ids: Collection[int]) -> dict[int, list[ContactDetail]]:
        """Return {owner: details that may leave} for one of the columns that name an owner."""
        found: dict[int, list[ContactDetail]] = {}
        if not ids:
            return found
        query = sa.select(column, ContactDetail).where(column.in_(set(ids)))
        for owner, detail in self.session.execute(query):
            found.setdefault(owner, []).append(detail)
        return {owner: self.shown(details) for owner, details in found.items()}

    def identifiers(self, column: Owner, ids: Collection[int]) -> dict[int, dict[str, str]]:
        """Return {owner: {scheme: value}}."""
        found: dict[int, dict[str, str]] = {}
        if not ids:
            return found
        query = (
            sa.select(column, Identifier.scheme, Identifier.value)
            .where(column.in_(set(ids)))
            .order_by(Identifier.id)
        )
        for owner, scheme, value in self.session.execute(query):
            found.setdefault(owner, {}).setdefault(scheme, value)
        return found

    def sources(self, column: Owner, ids: Collection[int]) -> dict[int, set[int]]:
        """Return {owner: ids of the sources that tell of it}."""
        found: dict[int, set[int]] = {}
        if not ids:
            return found
        query = sa.select(column, SourceRecord.source_id).where(column.in_(set(ids)))
        for owner, source in self.session.execute(query):
            found.setdefault(owner, set()).add(source)
        return found

    def named(
        self,
        sources: Iterable[int],
        details: Sequence[ContactDetail],
        seats: Sequence[Membership] = (),
    ) -> list[Credit]:
        """Return the credits of what is written of one person or body."""
        ids = {*sources, *(one.source_id for one in details), *(one.source_id for one in seats)}
        return [self.credits[one] for one in sorted(ids - {None}, key=str) if one is not None]


def ranked(details: Iterable[ContactDetail]) -> list[ContactDetail]:
    """Return `details`, the best of each kind first."""
    return sorted(details, key=_rank)


def is_mobile(one: ContactDetail) -> bool:
    """Tell whether a telephone is one somebody carries about."""
    if one.kind is not ContactKind.PHONE:
        return False
    return _MOBILE.search(one.label) is not None or _is_mobile(one.value)


@functools.lru_cache(maxsize=20_000)
def _is_mobile(value: str) -> bool:
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE


def written_day(value: dt.date | None, precision: str) -> str:
    """Return a day as exactly as it is known: "2012", "2012-05", "2012-05-31", or ""."""
    if value is None:
        return ""
    return value.isoformat()[: {"year": 4, "month": 7}.get(precision, 10)]


def title_of(held: Membership) -> str:
    """Return what somebody is called in a seat: the post's name, else the source's words."""
    return held.post.label if held.post else held.label


def prefix_of(person: Person) -> str:
    """Return what stands before a name: "Hon. Dr."."""
    return " ".join(filter(None, (person.honorific, person.title_prefix)))


def _rank(one: ContactDetail) -> tuple[int, int, int, int]:
    return (_KINDS.index(one.kind), _STATES.index(one.state), one.position, one.id)
