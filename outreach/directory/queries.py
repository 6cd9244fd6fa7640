"""Selects targets by what the directory knows, and reads them with what lists and pages show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.sql.base import ExecutableOption

from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    Membership,
    Organization,
    OrganizationKind,
    Target,
    TargetRole,
)
from outreach.directory.offices import USABLE
from outreach.directory.spelling import fold, romanisations
from outreach.errors import NotFound
from outreach.words import Sentence

PER_PAGE = 50
_NOTHING = Sentence("This target is not in the directory.")


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
    # Ids of bodies and of groups or parties.
    bodies: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()
    channels: tuple[ContactKind, ...] = ()
    reachable: bool | None = None
    # Whether the way we write by was ever checked by a person.
    verified: bool | None = None
    demonstration: bool | None = None
    # Whether the post is held today; None for both.
    current: bool | None = True


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `page` counts from 1; `total` counts all rows of the selection."""

    rows: list[Target] = field(repr=False)
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        """The number of pages, at least one."""
        return max(1, -(-self.total // self.per_page))


def targets(wanted: TargetFilter) -> sa.Select[Target]:
    """Return the Select of the targets that `wanted` asks for, unsorted.

    Other rooms narrow it with `.where(...)`; sort with `in_order`, count with `count`.
    """
    query = sa.select(Target)
    for column, values in (
        (Target.jurisdiction_code, wanted.jurisdictions),
        (Target.role, wanted.roles),
        (Target.body_id, wanted.bodies),
        (Target.group_id, wanted.groups),
        (Target.language, wanted.languages),
        (Target.channel, wanted.channels),
    ):
        if values:
            query = query.where(column.in_(values))
    if wanted.kinds:
        of_kind = sa.select(Organization.id).where(Organization.kind.in_(wanted.kinds))
        query = query.where(Target.body_id.in_(of_kind))
    if wanted.reachable is not None:
        query = query.where(
            Target.channel.is_not(None) if wanted.reachable else Target.channel.is_(None)
        )
    if wanted.verified is not None:
        query = query.where(_checked() if wanted.verified else ~_checked())
    if wanted.demonstration is not None:
        query = query.where(Target.demonstration == wanted.demonstration)
    if wanted.current is not None:
        query = query.where(
            Target.ended_on.is_(None) if wanted.current else Target.ended_on.is_not(None)
        )
    return query.where(*found_by(wanted.q))


def found_by(text: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions under which a target is found by `text`, one for each of its words.

    A word is looked for in its own script and in every Latin spelling we know.
    """
    conditions = []
    for word in fold(text).split():
        spellings = (word, *romanisations(word))
        conditions.append(
            sa.or_(*(Target.search_key.contains(word, autoescape=True) for word in spellings))
        )
    return conditions


def in_order(query: sa.Select[Target]) -> sa.Select[Target]:
    """Return `query` in the order lists are read: jurisdiction, role, name."""
    return query.order_by(Target.jurisdiction_code, Target.role, Target.name, Target.id)


def count(session: Session, query: sa.Select[Any]) -> int:
    """Return how many rows `query` selects."""
    unsorted = query.order_by(None).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(unsorted)) or 0


def target_page(
    session: Session, wanted: TargetFilter, *, page: int = 1, per_page: int = PER_PAGE
) -> Page:
    """Return one page of targets with everything a list shows, in two queries.

    A page before the first is the first, one after the last is the last.
    """
    query = targets(wanted)
    total = count(session, query)
    last = max(1, -(-total // per_page))
    page = min(max(1, page), last)
    rows = session.scalars(
        in_order(query).options(*with_list()).limit(per_page).offset((page - 1) * per_page)
    ).all()
    return Page(rows=list(rows), total=total, page=page, per_page=per_page)


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


def target_with_everything(session: Session, target_id: int) -> Target:
    """Return one target with person, post, body, group, office and jurisdiction loaded.

    Raises NotFound.
    """
    target = session.scalar(sa.select(Target).where(Target.id == target_id).options(*with_list()))
    if target is None:
        raise NotFound(_NOTHING)
    return target


def _checked() -> sa.ColumnElement[bool]:
    """A usable detail of the target's own channel that a person has verified."""
    usable = sa.and_(
        ContactDetail.kind == Target.channel,
        ContactDetail.state.in_(USABLE),
        ContactDetail.verified_on.is_not(None),
    )
    of_organization = sa.exists().where(
        ContactDetail.organization_id == Target.organization_id, usable
    )
    of_membership = sa.exists().where(
        Membership.id == Target.membership_id,
        sa.or_(
            ContactDetail.person_id == Membership.person_id,
            ContactDetail.post_id == Membership.post_id,
        ),
        usable,
    )
    return sa.or_(of_organization, of_membership)
