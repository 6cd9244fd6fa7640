"""Whom we must not write to, and why; it holds for every campaign of the installation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.directory.models import (
    ContactKind,
    ContactState,
    Office,
    Suppression,
    SuppressionScope,
    Target,
)
from outreach.directory.offices import contacts_of, normalised
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
    """Return everything that forbids writing to `target`, oldest first.

    An address that is no longer used by the target forbids nothing.
    """
    keys = [
        detail.normalised
        for detail in contacts_of(session, target)
        if detail.kind is ContactKind.EMAIL and detail.state is not ContactState.WITHDRAWN
    ]
    office = sa.select(Office.key).where(Office.id == target.office_id).scalar_subquery()
    return session.scalars(
        sa.select(Suppression)
        .where(
            sa.or_(
                sa.and_(Suppression.scope == SuppressionScope.ADDRESS, Suppression.value.in_(keys)),
                sa.and_(
                    Suppression.scope == SuppressionScope.OFFICE,
                    Suppression.value == office,
                ),
            )
        )
        .order_by(Suppression.id)
    ).all()


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
