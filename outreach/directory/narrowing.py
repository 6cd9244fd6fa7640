"""The conditions that a selection of targets is narrowed by, each one filter.

What is rare is found from its own side: a committee of thirty is thirty rows however large the
directory is. What many have is looked up along with counting, by primary key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased

from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    Membership,
    Organization,
    OrganizationKind,
    Target,
)
from outreach.directory.offices import USABLE
from outreach.directory.ways import bits

# A check that ends within so many days is worth renewing now.
SOON = dt.timedelta(days=30)
# Earlier than any check; printed nowhere.
_UNCHECKED = dt.date.min


class AddressCheck(StrEnum):
    """How it stands with the check of the way we write by."""

    CHECKED = "checked"
    SOON = "soon"
    EXPIRED = "expired"
    NEVER = "never"
    PERSONAL = "personal"


class OneOfFew(sa.sql.functions.FunctionElement[bool]):
    """Whether a column is one of few values that a query gives, which are found before all else.

    PostgreSQL otherwise plans by what else is asked of a row, and reads all of them for it.
    """

    # No type: SQLite, which has no booleans, would compare one with 1 and look at every row.
    inherit_cache = True


@compiles(OneOfFew)
def _in_few(element: Any, compiler: Any, **said: Any) -> str:
    column, few = (compiler.process(one, **said) for one in element.clauses)
    return f"{column} IN {few}"


@compiles(OneOfFew, "postgresql")
def _any_of_few(element: Any, compiler: Any, **said: Any) -> str:
    column, few = (compiler.process(one, **said) for one in element.clauses)
    return f"{column} = ANY (ARRAY{few})"


def in_body(ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """Whether a target sits in one of the bodies, or in a part of one (two steps down)."""
    parts = sa.select(Organization.id).where(Organization.parent_id.in_(ids))
    within, itself = aliased(Organization), aliased(Organization)
    deeper = sa.select(within.id).where(within.parent_id.in_(parts))
    whole = sa.select(itself.id).where(itself.id.in_(ids))
    return Target.body_id.in_(sa.union_all(whole, parts, deeper))


def sits_in(ids: Sequence[int], today: dt.date) -> sa.ColumnElement[bool]:
    """Whether the person sits in one of these bodies today, beside the seat written to."""
    seat, besides = aliased(Membership), aliased(Membership)
    seats = (
        sa.select(seat.id)
        .join(besides, besides.person_id == seat.person_id)
        .where(
            besides.organization_id.in_(ids),
            sa.or_(besides.end_on.is_(None), besides.end_on > today),
            sa.or_(besides.start_on.is_(None), besides.start_on <= today),
        )
    )
    return OneOfFew(Target.membership_id, seats.scalar_subquery())


def of_group(ids: Sequence[int], today: dt.date) -> sa.ColumnElement[bool]:
    """Whether the seat is held for one of these groups or parties, or the person is a member."""
    of_seat = aliased(Target)
    return Target.id.in_(
        sa.union_all(
            sa.select(of_seat.id).where(of_seat.group_id.in_(ids)),
            sa.select(Target.id).where(sits_in(ids, today)),
        )
    )


def of_area(ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """Whether the seat is that of one of these constituencies."""
    return Target.membership_id.in_(sa.select(Membership.id).where(Membership.area_id.in_(ids)))


def reached_by(ways: Sequence[ContactKind]) -> sa.ColumnElement[bool]:
    """Whether one of `ways` works, of the person, the post or the body itself."""
    return Target.ways.bitwise_and(bits(ways)) != 0


def of_kind(kinds: Sequence[OrganizationKind]) -> sa.ColumnElement[bool]:
    """Whether the target sits in a body of one of these kinds."""
    bodies = sa.select(Organization.id).where(Organization.kind.in_(kinds))
    return _among_all(Target.body_id).in_(bodies)


def checked_as(checks: Sequence[AddressCheck], today: dt.date) -> sa.ColumnElement[bool]:
    """Whether the check of the way we write by stands in one of these ways."""
    # Most targets have or lack a check: no index of its own helps, see `_among_all`.
    until = sa.func.coalesce(Target.verified_until, _UNCHECKED)
    told: dict[AddressCheck, sa.ColumnElement[bool]] = {
        AddressCheck.CHECKED: until >= today,
        AddressCheck.SOON: until.between(today, today + SOON),
        AddressCheck.EXPIRED: sa.and_(until < today, until != _UNCHECKED),
        AddressCheck.NEVER: sa.and_(until == _UNCHECKED, Target.channel.is_not(None)),
    }
    conditions = [told[check] for check in checks if check in told]
    if AddressCheck.PERSONAL in checks:
        conditions.append(_private_and_unchecked())
    return sa.or_(*conditions)


def _private_and_unchecked() -> sa.ColumnElement[bool]:
    """Whether a way to the target looks private and nobody checked it; few are."""
    doubtful: tuple[Any, ...] = (
        ContactDetail.personal,
        ContactDetail.verified_on.is_(None),
        ContactDetail.state.in_(USABLE),
    )
    reached, seat = aliased(Target), aliased(Membership)
    of_seat = sa.select(reached.id).join(seat, seat.id == reached.membership_id)
    return Target.id.in_(
        sa.union_all(
            of_seat.where(seat.person_id.in_(_having(ContactDetail.person_id, *doubtful))),
            of_seat.where(seat.post_id.in_(_having(ContactDetail.post_id, *doubtful))),
            sa.select(reached.id).where(
                reached.organization_id.in_(_having(ContactDetail.organization_id, *doubtful))
            ),
        )
    )


def _having(owner: Any, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The owners, by one of the three columns of a contact detail, that have such a one."""
    return sa.select(owner).where(owner.is_not(None), *conditions)


def _among_all(column: Any) -> sa.ColumnElement[Any]:
    """The column, so written that no index of its own is used.

    What most targets have is counted in one go through an index that holds all that is asked for;
    SQLite would fetch row by row instead.
    """
    return sa.func.coalesce(column, 0)
