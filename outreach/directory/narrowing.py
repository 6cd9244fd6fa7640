"""The conditions that a selection of targets is narrowed by, each one filter.

What is rare is found from its own side: a committee of thirty is thirty rows however large the
directory is. What many have is looked up along with counting, by primary key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

import sqlalchemy as sa
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

# A check that ends within so many days is worth renewing now.
SOON = dt.timedelta(days=30)


class AddressCheck(StrEnum):
    """How it stands with the check of the way we write by."""

    CHECKED = "checked"
    SOON = "soon"
    EXPIRED = "expired"
    NEVER = "never"
    PERSONAL = "personal"


def in_body(ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """Whether a target sits in one of the bodies, or in a part of one (two steps down)."""
    parts = sa.select(Organization.id).where(Organization.parent_id.in_(ids))
    within = aliased(Organization)
    deeper = sa.select(within.id).where(within.parent_id.in_(parts))
    return sa.or_(Target.body_id.in_(ids), Target.body_id.in_(parts), Target.body_id.in_(deeper))


def sits_in(ids: Sequence[int], today: dt.date) -> sa.ColumnElement[bool]:
    """Whether the person sits in one of these bodies today, beside the seat written to."""
    seat, besides = aliased(Membership), aliased(Membership)
    return Target.membership_id.in_(
        sa.select(seat.id)
        .join(besides, besides.person_id == seat.person_id)
        .where(
            besides.organization_id.in_(ids),
            sa.or_(besides.end_on.is_(None), besides.end_on > today),
            sa.or_(besides.start_on.is_(None), besides.start_on <= today),
        )
    )


def of_group(ids: Sequence[int], today: dt.date) -> sa.ColumnElement[bool]:
    """Whether the seat is held for one of these groups or parties, or the person is a member."""
    return sa.or_(Target.group_id.in_(ids), sits_in(ids, today))


def of_area(ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """Whether the seat is that of one of these constituencies."""
    return Target.membership_id.in_(sa.select(Membership.id).where(Membership.area_id.in_(ids)))


def from_source(ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """Whether one of these sources gave the seat."""
    return sa.exists().where(Membership.id == Target.membership_id, Membership.source_id.in_(ids))


def of_kind(kinds: Sequence[OrganizationKind]) -> sa.ColumnElement[bool]:
    """Whether the target sits in a body of one of these kinds."""
    return sa.exists().where(Organization.id == Target.body_id, Organization.kind.in_(kinds))


def has_way(kinds: Sequence[ContactKind], *, each: bool = False) -> sa.ColumnElement[bool]:
    """Whether a way of one of these kinds works, of the person, the post or the body.

    `each`: looked up target by target, which finds the first page of many at once and counts
    slowly; else all that have one are found first.
    """
    if each:
        return _reached_each(ContactDetail.kind.in_(kinds))
    return _reached_by(ContactDetail.kind.in_(kinds))


def checked_as(checks: Sequence[AddressCheck], today: dt.date) -> sa.ColumnElement[bool]:
    """Whether the check of the way we write by stands in one of these ways."""
    until = Target.verified_until
    told: dict[AddressCheck, sa.ColumnElement[bool]] = {
        AddressCheck.CHECKED: until >= today,
        AddressCheck.SOON: until.between(today, today + SOON),
        AddressCheck.EXPIRED: until < today,
        AddressCheck.NEVER: sa.and_(until.is_(None), Target.channel.is_not(None)),
    }
    conditions = [told[check] for check in checks if check in told]
    if AddressCheck.PERSONAL in checks:
        conditions.append(
            _reached_by(ContactDetail.personal.is_(True), ContactDetail.verified_on.is_(None))
        )
    return sa.or_(*conditions)


def _reached_by(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether a usable contact detail with these `conditions` leads to the target."""
    usable = (ContactDetail.state.in_(USABLE), *conditions)
    seats = sa.select(Membership.id)
    return sa.or_(
        Target.membership_id.in_(
            seats.join(ContactDetail, ContactDetail.person_id == Membership.person_id).where(
                *usable
            )
        ),
        Target.membership_id.in_(
            seats.join(ContactDetail, ContactDetail.post_id == Membership.post_id).where(*usable)
        ),
        Target.organization_id.in_(
            sa.select(ContactDetail.organization_id).where(
                ContactDetail.organization_id.is_not(None), *usable
            )
        ),
    )


def _reached_each(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """The same, looked up from the target's side."""
    usable = (ContactDetail.state.in_(USABLE), *conditions)
    seat = Membership.id == Target.membership_id
    return sa.or_(
        sa.exists().where(seat, ContactDetail.person_id == Membership.person_id, *usable),
        sa.exists().where(seat, ContactDetail.post_id == Membership.post_id, *usable),
        sa.exists().where(ContactDetail.organization_id == Target.organization_id, *usable),
    )
