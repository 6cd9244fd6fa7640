"""Whom we must not write to, and why; it holds for every campaign of the installation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

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
    known = [detail for detail in details if not _was_wrong(detail)]
    boxes = {detail.normalised for detail in known if detail.kind is ContactKind.EMAIL}
    if "@" in address:
        boxes.add(_box(address))
    left = [office_key(one) for one in known if one.state is ContactState.WITHDRAWN]
    value = Suppression.value
    desks = sa.or_(value.in_(sa.select(Office.key).where(Office.id.in_(offices))), value.in_(left))
    same = sa.or_(*(_same_box(box) for box in sorted(boxes))) if boxes else sa.false()
    return session.scalars(
        sa.select(Suppression)
        .where(
            sa.or_(
                sa.and_(Suppression.scope == SuppressionScope.ADDRESS, same),
                sa.and_(Suppression.scope == SuppressionScope.OFFICE, desks),
            )
        )
        .order_by(Suppression.id)
    ).all()


def _was_wrong(detail: ContactDetail) -> bool:
    return detail.state is ContactState.WITHDRAWN and detail.unseen_since is None


def _box(address: str) -> str:
    try:
        return normalised(ContactKind.EMAIL, address)
    except BadInput:
        return address.strip().casefold()


def _same_box(address: str) -> sa.ColumnElement[bool]:
    """One mailbox, whatever follows a plus in either address (RFC 5233: sub-addressing)."""
    local, _at, domain = address.rpartition("@")
    local, end = local.partition("+")[0] or local, f"@{domain}"
    tagged = sa.and_(
        Suppression.value.startswith(f"{local}+", autoescape=True),
        Suppression.value.endswith(end, autoescape=True),
    )
    return sa.or_(Suppression.value.in_({address, local + end}), tagged)


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
