"""Selects targets by what the directory knows, and reads them with what lists and pages show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session, defer, joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from outreach.database import remembered
from outreach.directory import narrowing
from outreach.directory.models import (
    ContactKind,
    Jurisdiction,
    Membership,
    Office,
    Organization,
    OrganizationKind,
    Post,
    Target,
    TargetRole,
)
from outreach.directory.narrowing import AddressCheck
from outreach.directory.spelling import fold, romanisations, shared_part
from outreach.errors import NotFound
from outreach.schema import holds, one_of
from outreach.words import Sentence

PER_PAGE = 50
# So many rows are counted by fetching their ids, which then needn't be searched a second time.
_FEW = 5_000
# Counting what a search finds stops here: nobody turns so many pages, and each key is a look.
MOST_FOUND = 20_000
# Who types more words than this has pasted something else than a name.
_MOST_WORDS = 8
# Later than any end; printed nowhere.
_NEVER = dt.date(9999, 12, 31)
_NOTHING = Sentence("This target is not in the directory.")


class Sort(StrEnum):
    """What a list of targets is sorted by."""

    PLACE = "place"
    NAME = "name"
    ROLE = "role"
    CHECKED = "checked"


class TargetFilter(BaseModel):
    """What a selection of targets asks for; an empty list or None asks nothing.

    Several values of one filter widen it, several filters narrow it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: str = ""
    jurisdictions: tuple[str, ...] = ()
    roles: tuple[TargetRole, ...] = ()
    # Kinds of the body a target sits in.
    kinds: tuple[OrganizationKind, ...] = ()
    # Ids of bodies, with what belongs to them: a parliament takes in its chambers.
    bodies: tuple[int, ...] = ()
    # Ids of committees or other bodies the person sits in today besides.
    committees: tuple[int, ...] = ()
    # Ids of groups or parties: the seat is held for it, or the person is a member.
    groups: tuple[int, ...] = ()
    # Ids of constituencies.
    areas: tuple[int, ...] = ()
    # Ids of the sources that gave the seat.
    sources: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()
    # The way we write by.
    channels: tuple[ContactKind, ...] = ()
    # Has a way of one of these kinds that works, be it the best or not.
    ways: tuple[ContactKind, ...] = ()
    reachable: bool | None = None
    # Whether a person checked the way we write by, and that check holds today.
    verified: bool | None = None
    checks: tuple[AddressCheck, ...] = ()
    demonstration: bool | None = None
    # Whether the post is held today; None for both.
    current: bool | None = True


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `page` counts from 1; `total` counts all rows of the selection.

    With `more` there are more than that: they were counted so far and no further.
    """

    rows: Sequence[Target] = field(repr=False)
    total: int
    page: int
    per_page: int
    more: bool = False

    @property
    def pages(self) -> int:
        """The number of pages, at least one."""
        return max(1, -(-self.total // self.per_page))


def targets(wanted: TargetFilter, *, today: dt.date) -> sa.Select[Target]:
    """Return the Select of the targets that `wanted` asks for on the day `today`, unsorted.

    Nobody is in it twice; a person found to be another one has no seat left to be found by (see
    `joining`). Other rooms narrow it with `.where(...)`; sort with `in_order`, count with
    `number_of`.
    """
    # The search first: it holds for few, and what comes after it is then asked of few.
    query = sa.select(Target).where(*found_by(wanted.q))
    for column, values in (
        (Target.jurisdiction_code, wanted.jurisdictions),
        (Target.role, wanted.roles),
        (Target.source_id, wanted.sources),
        (Target.language, wanted.languages),
        (Target.channel, wanted.channels),
    ):
        if values:
            query = query.where(column.in_(values))
    for narrowed, ids in (
        (narrowing.in_body, wanted.bodies),
        (narrowing.of_area, wanted.areas),
    ):
        if ids:
            query = query.where(narrowed(ids))
    if wanted.committees:
        query = query.where(narrowing.sits_in(wanted.committees, today))
    if wanted.groups:
        query = query.where(narrowing.of_group(wanted.groups, today))
    if wanted.kinds:
        query = query.where(narrowing.of_kind(wanted.kinds))
    if wanted.ways:
        query = query.where(narrowing.reached_by(wanted.ways))
    return _held_and_checked(query, wanted, today)


def _held_and_checked(
    query: sa.Select[Target], wanted: TargetFilter, today: dt.date
) -> sa.Select[Target]:
    if wanted.reachable is not None:
        query = query.where(
            Target.channel.is_not(None) if wanted.reachable else Target.channel.is_(None)
        )
    if wanted.verified is not None:
        query = query.where(
            Target.verified_until >= today
            if wanted.verified
            else sa.or_(Target.verified_until.is_(None), Target.verified_until < today)
        )
    if wanted.checks:
        query = query.where(narrowing.checked_as(wanted.checks, today))
    if wanted.demonstration is not None:
        query = query.where(Target.demonstration == wanted.demonstration)
    if wanted.current is not None:
        query = query.where(held_on(today) if wanted.current else Target.ended_on <= today)
    return query


def held_on(today: dt.date) -> sa.ColumnElement[bool]:
    """Return the condition that a target is in office on `today`; its end may be known already."""
    # Not as two conditions: SQLite would look each row up in an index of its own.
    return sa.func.coalesce(Target.ended_on, _NEVER) > today


def found_by(text: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions under which a target is found by `text`: see `found_in`."""
    return found_in(Target.search_key, text)


def found_in(key: Any, text: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions under which the column `key` holds `text`, one for each of its words.

    A word is looked for in its own script and in every Latin spelling we know, anywhere in the
    name. Empty text finds everybody; text without a letter or digit finds nobody.
    """
    conditions = []
    for word in text.split()[:_MOST_WORDS]:
        spellings = dict.fromkeys((fold(word), *romanisations(word)))
        found = [_holds(key, spelling) for spelling in spellings if spelling]
        # Every key is looked through for it, so it is worth it only where it spares other looks.
        shared = shared_part(word) if len(found) > 1 else ""
        if len(shared) > 1:
            conditions.append(sa.and_(_holds(key, shared), sa.or_(*found)))
        elif found:
            conditions.append(sa.or_(*found))
    if text.strip() and not conditions:
        return [sa.false()]
    return conditions


def _holds(key: Any, spelling: str) -> sa.ColumnElement[bool]:
    """Whether a key holds every part of a word: "d'arcy-smith" has two."""
    return sa.and_(*(holds(key, part) for part in spelling.split()))


def in_order(query: sa.Select[Any], sort: Sort = Sort.PLACE) -> sa.Select[Any]:
    """Return `query` of targets in the order of a list; by default jurisdiction, role, name."""
    return query.order_by(*_order(sort, Target))


def _order(sort: Sort, row: Any) -> tuple[Any, ...]:
    columns: dict[Sort, tuple[Any, ...]] = {
        Sort.PLACE: (row.jurisdiction_code, row.role, row.name),
        Sort.NAME: (row.name,),
        Sort.ROLE: (row.role, row.name),
        # Who has waited longest for a check stands first.
        Sort.CHECKED: (row.verified_until.asc().nulls_first(),),
    }
    return (*columns[sort], row.id)


def count(session: Session, query: sa.Select[Any]) -> int:
    """Return how many rows `query` selects."""
    unsorted = query.order_by(None).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(unsorted)) or 0


def page_of(
    session: Session,
    query: sa.Select[Target],
    *,
    page: int = 1,
    per_page: int = PER_PAGE,
    sort: Sort = Sort.PLACE,
    total: int | None = None,
    narrowed: bool = False,
    most: int | None = None,
    question: tuple[Hashable, ...],
) -> Page:
    """Return one page of an unsorted Select of targets with all that lists show; two queries,
    four for a selection that holds many, fewer when it was looked at a moment ago.

    A page before the first is the first, one after the last is the last. `total` when it was
    counted already; `narrowed`: few may fit, and reading in order would read everything; `most`:
    nobody needs to count further, nor to turn further pages. `question`: what `query` asks for
    and of whom, on which day (see `database.remembered`).
    """
    few = None
    if narrowed and (total is None or total <= _FEW):
        few = few_of(session, query, question, sort=sort)
        total = total if few is None else len(few)
    if total is None:
        total = remembered(
            session, (*question, "all", most), lambda: number_of(session, query, most=most)
        )
    more = most is not None and total > most
    total = total if most is None else min(total, most)
    page = min(max(1, page), max(1, -(-total // per_page)))
    # Ids first, then what stands around them: a late page skips ids, not joins.
    place = ((page - 1) * per_page, per_page)
    here = few[place[0] : sum(place)] if few is not None else None
    here = _ids(session, query, sort, place, question) if here is None else here
    rows = session.scalars(
        in_order(sa.select(Target).where(Target.id.in_(here)), sort).options(*with_row())
    ).all()
    return Page(rows=rows, total=total, page=page, per_page=per_page, more=more)


def _ids(
    session: Session,
    query: sa.Select[Target],
    sort: Sort,
    place: tuple[int, int],
    question: tuple[Hashable, ...],
) -> Sequence[int]:
    """The ids of the rows at `place`: how many stand before them, how many there may be."""
    ids = in_order(query.with_only_columns(Target.id), sort).offset(place[0]).limit(place[1])
    return remembered(session, (*question, sort, *place), lambda: session.scalars(ids).all())


def few_of(
    session: Session,
    query: sa.Select[Target],
    question: tuple[Hashable, ...],
    *,
    most: int = _FEW,
    sort: Sort | None = None,
) -> Sequence[int] | None:
    """Return the ids of a selection of at most `most`, not to be searched again; else None.

    In no order without `sort`; `question` as in `page_of`.
    """
    some = query.with_only_columns(Target.id).limit(most + 1)
    # Ordered as they are found, and not asked for once more.
    if sort is not None:
        told = (Target.jurisdiction_code, Target.role, Target.name, Target.verified_until)
        found = some.add_columns(*told).subquery()
        some = sa.select(found.c.id).order_by(*_order(sort, found.c))
    ids = remembered(session, (*question, "few", most, sort), lambda: session.scalars(some).all())
    return ids if len(ids) <= most else None


def these(ids: Sequence[int]) -> sa.Select[Target]:
    """Return the Select of the targets with these ids, unsorted; of ids that `few_of` gave."""
    return sa.select(Target).where(one_of(Target.id, ids))


def number_of(session: Session, query: sa.Select[Target], *, most: int | None = None) -> int:
    """Return how many targets an unsorted Select of them holds, without carrying their columns.

    One more than `most` when there are more than that.
    """
    if most is not None:
        some = query.with_only_columns(sa.literal(1), maintain_column_froms=True).limit(most + 1)
        return session.scalar(sa.select(sa.func.count()).select_from(some.subquery())) or 0
    # Not of a column, which PostgreSQL would fetch: so it reads the narrowest index that will do.
    rows = query.with_only_columns(sa.func.count(), maintain_column_froms=True)
    return session.scalar(rows) or 0


def target_page(
    session: Session,
    wanted: TargetFilter,
    *,
    today: dt.date,
    page: int = 1,
    per_page: int = PER_PAGE,
    sort: Sort = Sort.PLACE,
) -> Page:
    """Return one page of the targets `wanted`, as `page_of` does."""
    return page_of(
        session,
        targets(wanted, today=today),
        page=page,
        per_page=per_page,
        sort=sort,
        # These are found through sets that cost more than a reading in order saves.
        narrowed=wanted != TargetFilter() and not (wanted.ways or wanted.kinds),
        most=MOST_FOUND if wanted.q else None,
        question=("targets", wanted, today),
    )


def with_list() -> tuple[ExecutableOption, ...]:
    """Return the options that load what a row of a list or the address of a letter needs."""
    return (
        joinedload(Target.membership).options(
            joinedload(Membership.person),
            joinedload(Membership.post),
            joinedload(Membership.area),
        ),
        joinedload(Target.body),
        joinedload(Target.group),
        joinedload(Target.office),
        joinedload(Target.jurisdiction),
    )


def with_letter() -> tuple[ExecutableOption, ...]:
    """Return the options that load what `with_list` does, for many letters at once.

    What many share is read once, not with every row: a country's laws and tools are long.
    """
    return (
        joinedload(Target.membership).options(
            joinedload(Membership.person),
            selectinload(Membership.post),
            selectinload(Membership.area),
        ),
        joinedload(Target.office),
        selectinload(Target.body),
        selectinload(Target.group),
        selectinload(Target.jurisdiction),
    )


def with_row() -> tuple[ExecutableOption, ...]:
    """Return the options that load what a row of a list shows, and not the laws of a country."""
    return (
        defer(Target.search_key),
        joinedload(Target.membership)
        .load_only(Membership.post_id)
        .options(joinedload(Membership.post).load_only(Post.label)),
        joinedload(Target.body).load_only(Organization.name),
        joinedload(Target.group).load_only(Organization.name),
        joinedload(Target.office).load_only(Office.name),
        joinedload(Target.jurisdiction).load_only(Jurisdiction.name),
    )


def target_with_everything(session: Session, target_id: int) -> Target:
    """Return one target with person, post, body, group, office and jurisdiction loaded.

    Raises NotFound.
    """
    target = session.scalar(sa.select(Target).where(Target.id == target_id).options(*with_list()))
    if target is None:
        raise NotFound(_NOTHING)
    return target
