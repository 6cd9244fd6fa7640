"""Whom we must not write to, and why; it holds for every campaign of the installation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    Office,
    Suppression,
    SuppressionScope,
    Target,
)
from outreach.directory.offices import contacts_of, normalised, office_key
from outreach.errors import BadInput
from outreach.schema import among, asked
from outreach.words import Sentence


def suppress(
    session: Session,
    *,
    scope: SuppressionScope,
    value: str,
    reason: str,
    by: Actor,
    now: dt.datetime,
) -> Suppression:
    """Stop every letter to an e-mail address, or to the office with the key `value`.

    Returns the row, the standing one if there is one. Raises BadInput without a reason, for what is
    no address, or for an office nobody knows.
    """
    if not reason.strip():
        raise BadInput(Sentence("Say why nobody may write there."), "reason")
    if scope is SuppressionScope.ADDRESS:
        value = normalised(ContactKind.EMAIL, value)
    elif session.scalar(sa.select(Office.id).where(Office.key == value)) is None:
        raise BadInput(Sentence("There is no such desk."), "value")
    standing = session.scalar(
        sa.select(Suppression).where(Suppression.scope == scope, Suppression.value == value)
    )
    if standing is not None:
        return standing
    row = Suppression(scope=scope, value=value, reason=reason.strip(), by=by.name, at=now)
    session.add(row)
    session.flush()
    _record(session, row, "suppressed", reason=row.reason, by=by, now=now)
    return row


def lift(
    session: Session, suppression: Suppression, *, reason: str, by: Actor, now: dt.datetime
) -> None:
    """Allow writing again; the row goes, its history stays. Raises BadInput without a reason."""
    if not reason.strip():
        raise BadInput(Sentence("Say why they may be written to again."), "reason")
    _record(session, suppression, "lifted", reason=reason.strip(), by=by, now=now)
    session.delete(suppression)
    session.flush()


def suppression_of(session: Session, target: Target) -> Suppression | None:
    """Return what forbids writing to `target`: its office or one of its addresses, else None."""
    found = suppressions_of(session, target)
    return found[0] if found else None


def suppressions_of(session: Session, target: Target) -> Sequence[Suppression]:
    """Return everything that forbids writing to `target`, oldest first."""
    return forbidding(session, contacts_of(session, target), offices=[target.office_id])


@dataclass(frozen=True, slots=True)
class Reach:
    """What one letter would reach: everything known of its target, its desks, its address."""

    details: Sequence[ContactDetail]
    # Keys of offices.
    desks: Collection[str]
    address: str = ""


def forbidding(
    session: Session,
    details: Iterable[ContactDetail],
    *,
    offices: Collection[int],
    address: str = "",
) -> Sequence[Suppression]:
    """Return what forbids writing to the desks `offices`, to `address`, or by way of `details`.

    `details` are everything known of a target. What a person withdrew was wrong and forbids
    nothing; what a list replaced was theirs: who objected there objects under a new address too.
    """
    desks = session.scalars(sa.select(Office.key).where(Office.id.in_(offices))).all()
    return forbidding_each(session, [Reach(list(details), desks, address)])[0]


_FORBIDDING = (
    sa.select(Suppression)
    .where(
        sa.or_(
            sa.and_(
                Suppression.scope == SuppressionScope.ADDRESS,
                # Objections with a tag are few: which mailbox they mean is found out below.
                sa.or_(among(Suppression.value, "boxes", str), Suppression.value.contains("+")),
            ),
            sa.and_(
                Suppression.scope == SuppressionScope.OFFICE,
                among(Suppression.value, "desks", str),
            ),
        )
    )
    .order_by(Suppression.id)
)

_ANY_FORBIDDING = _FORBIDDING.with_only_columns(Suppression.id).order_by(None).limit(1)


def forbidding_each(session: Session, reaches: Sequence[Reach]) -> list[Sequence[Suppression]]:
    """Return for each of `reaches`, in their order, what `forbidding` says; in one query."""
    wanted = [(_boxes(reach), _desks(reach)) for reach in reaches]
    boxes = {box for mine, _ in wanted for box in mine}
    desks = {desk for _, mine in wanted for desk in mine}
    told = {"boxes": boxes, "desks": desks}
    # Nearly always nobody objected, and that is told at half the cost.
    some = asked(session, _ANY_FORBIDDING, told)
    found = session.scalars(_FORBIDDING, told).all() if some else ()
    meant = [
        (row, row.scope is SuppressionScope.ADDRESS, _mailbox(row.value), row.value)
        for row in found
    ]
    return [
        [row for row, box, at, key in meant if (at in mine if box else key in own)]
        for mine, own in wanted
    ]


def _boxes(reach: Reach) -> set[str]:
    """The mailboxes that `reach` comes to, without tags."""
    boxes = {
        _mailbox(detail.normalised)
        for detail in reach.details
        if detail.kind is ContactKind.EMAIL and not _was_wrong(detail)
    }
    if "@" in reach.address:
        # Reading an address by its rules takes long; one that we know was read before.
        known = (one.normalised for one in reach.details if one.value == reach.address)
        boxes.add(_mailbox(next(known, "") or _box(reach.address)))
    return boxes


def _desks(reach: Reach) -> set[str]:
    """The desks that `reach` comes to, and those of addresses that a list replaced."""
    left = (
        office_key(detail)
        for detail in reach.details
        if detail.state is ContactState.WITHDRAWN and not _was_wrong(detail)
    )
    return {*reach.desks, *left}


def _was_wrong(detail: ContactDetail) -> bool:
    return detail.state is ContactState.WITHDRAWN and detail.unseen_since is None


def _box(address: str) -> str:
    try:
        return normalised(ContactKind.EMAIL, address)
    except BadInput:
        return address.strip().casefold()


def _mailbox(address: str) -> str:
    """One mailbox, whatever follows a plus in its address (RFC 5233: sub-addressing)."""
    local, at, domain = address.rpartition("@")
    return (local.partition("+")[0] or local) + at + domain


def _record(
    session: Session,
    suppression: Suppression,
    name: str,
    *,
    reason: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    record(
        session,
        subject=("suppression", suppression.id),
        name=name,
        by=by,
        now=now,
        campaign_id=None,
        detail={"scope": suppression.scope.value, "value": suppression.value, "reason": reason},
    )
