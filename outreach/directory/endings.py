"""Dissolutions, elections, reshuffles and mergers: all seats of a body end on one day.

The seats get the ending as their reason; `shelf_life` lets the checks of their addresses end with
them. What that means for letters is in `sending/consequences.py`, which calls this.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts.audit import record
from outreach.accounts.models import Actor, Event
from outreach.directory.models import (
    ContactDetail,
    ContactState,
    Membership,
    Organization,
    OrganizationKind,
    Target,
    TargetRole,
)
from outreach.directory.offices import settle_days
from outreach.directory.shelf_life import Ending
from outreach.errors import BadInput, NotFound, Refused
from outreach.words import Sentence

ENDED, UNDONE = "seats_ended", "ending_undone"
# Roles that a reshuffle can move; a head of state and the ambassadors stay.
RESHUFFLED = frozenset(
    {TargetRole.HEAD_OF_GOVERNMENT, TargetRole.MINISTER, TargetRole.COMMISSIONER}
)
_GOVERNING = frozenset({OrganizationKind.GOVERNMENT, OrganizationKind.MINISTRY})
# Bodies that live on when the one they belong to ends.
_LIVE_ON = frozenset({OrganizationKind.PARTY, OrganizationKind.AUTHORITY})


@dataclass(frozen=True, slots=True)
class Plan:
    """What would end: the body with its committees and groups, its seats, their addresses."""

    body: Organization
    kind: Ending
    on: dt.date
    # The body itself is gone for good, not only its members.
    gone: bool
    # Ids of the body and of what belongs to it.
    bodies: Sequence[int]
    seats: Sequence[Membership]
    # How many addresses of posts and of persons were checked and have to be checked anew.
    post_addresses: int
    person_addresses: int

    @property
    def seat_ids(self) -> list[int]:
        """The numbers of the seats that end."""
        return [seat.id for seat in self.seats]


def plan(
    session: Session,
    body: Organization,
    *,
    kind: Ending,
    on: dt.date,
    gone: bool = False,
    leaving: Collection[int] | None = None,
) -> Plan:
    """Return what an ending of `body` on day `on` would end; nothing is changed.

    `leaving`: of a reshuffle, only the seats with these ids; None for all. A day to come is
    allowed: the seats end then.
    """
    bodies = _with_parts(session, body)
    query = (
        sa.select(Membership)
        .where(
            Membership.organization_id.in_(bodies),
            sa.or_(Membership.end_on.is_(None), Membership.end_on > on),
            sa.or_(Membership.start_on.is_(None), Membership.start_on <= on),
        )
        .options(joinedload(Membership.person), joinedload(Membership.post))
        .order_by(Membership.id)
    )
    if kind is Ending.RESHUFFLE:
        query = query.where(Membership.role.in_(RESHUFFLED))
    seats = [seat for seat in session.scalars(query) if leaving is None or seat.id in leaving]
    posts = _addresses(session, ContactDetail.post_id, {seat.post_id for seat in seats}, on)
    people = _addresses(session, ContactDetail.person_id, {seat.person_id for seat in seats}, on)
    return Plan(body, kind, on, gone, bodies, seats, posts, people)


def end(session: Session, wanted: Plan, *, by: Actor, now: dt.datetime) -> Event:
    """End what `wanted` says and return the event, which remembers how it was.

    `sending.consequences.end_body` calls this and holds the letters. Raises BadInput (field `on`)
    when there is nothing to end.
    """
    if not wanted.seats and not wanted.gone:
        raise BadInput(Sentence("Nobody holds a seat there on that day, so nothing ends."), "on")
    journal: dict[str, Any] = {
        "kind": wanted.kind.value,
        "on": wanted.on.isoformat(),
        "seats": [_as_it_was(seat) for seat in wanted.seats],
        "bodies": _close(session, wanted) if wanted.gone else [],
        "addresses": wanted.post_addresses + wanted.person_addresses,
    }
    for seat in wanted.seats:
        seat.end_on, seat.end_precision = wanted.on, "day"
        seat.end_reason = wanted.kind.value
    session.flush()
    _settle(session, wanted.seats, wanted.bodies if wanted.gone else [])
    return record(
        session,
        subject=("organization", wanted.body.id),
        name=ENDED,
        by=by,
        now=now,
        campaign_id=None,
        detail=journal,
    )


def undo(session: Session, event: Event, *, by: Actor, now: dt.datetime) -> int:
    """Give back the seats that `event` ended and return how many; a mistaken entry.

    A seat that somebody changed since stays as it is. Raises Refused when it was undone before.
    """
    if event.id in _undone(session, event.subject_id):
        raise Refused(Sentence("This was taken back already."))
    kind, on = event.detail["kind"], dt.date.fromisoformat(event.detail["on"])
    before = {row[0]: row for row in event.detail["seats"]}
    seats = [
        seat
        for seat in _seats(session, list(before))
        if seat.end_on == on and seat.end_reason == kind
    ]
    for seat in seats:
        _id, end_on, precision, reason = before[seat.id]
        seat.end_on = dt.date.fromisoformat(end_on) if end_on else None
        seat.end_precision, seat.end_reason = precision, reason
    closed = event.detail["bodies"]
    for body in session.scalars(sa.select(Organization).where(Organization.id.in_(closed))):
        body.ended_on = None
    session.flush()
    _settle(session, seats, closed)
    record(
        session,
        subject=("organization", event.subject_id),
        name=UNDONE,
        by=by,
        now=now,
        campaign_id=None,
        detail={"event": event.id, "seats": len(seats)},
    )
    return len(seats)


def endings_of(session: Session, body: Organization) -> Sequence[tuple[Event, bool]]:
    """Return the endings entered for `body`, newest first, each with whether it was undone."""
    undone = _undone(session, body.id)
    rows = session.scalars(_events(body.id).where(Event.name == ENDED).order_by(Event.id.desc()))
    return [(event, event.id in undone) for event in rows]


def ending_by_id(session: Session, body: Organization, event_id: int) -> Event:
    """Return one ending of `body`. Raises NotFound."""
    event = session.scalar(_events(body.id).where(Event.name == ENDED, Event.id == event_id))
    if event is None:
        raise NotFound(Sentence("There is no such entry."))
    return event


def _undone(session: Session, body_id: int) -> set[int]:
    rows = session.scalars(_events(body_id).where(Event.name == UNDONE))
    return {event.detail["event"] for event in rows}


def _events(body_id: int) -> sa.Select[Event]:
    return sa.select(Event).where(Event.subject_kind == "organization", Event.subject_id == body_id)


def _with_parts(session: Session, body: Organization) -> list[int]:
    """The ids of `body` and of what ends with it: chambers, committees, groups, ministries."""
    stays = _LIVE_ON if body.kind in _GOVERNING else _LIVE_ON | _GOVERNING
    rows = session.execute(
        sa.select(Organization.id, Organization.parent_id).where(
            Organization.jurisdiction_code == body.jurisdiction_code,
            Organization.kind.not_in(stays),
        )
    ).all()
    found = [body.id]
    for number in found:
        found += [row.id for row in rows if row.parent_id == number and row.id not in found]
    return found


def _addresses(
    session: Session,
    column: sa.SQLColumnExpression[int | None],
    owners: set[int | None],
    on: dt.date,
) -> int:
    """How many addresses of `owners` were checked before the day `on`."""
    ids, total = sorted(owner for owner in owners if owner is not None), 0
    for start in range(0, len(ids), 1000):
        total += (
            session.scalar(
                sa.select(sa.func.count(ContactDetail.id)).where(
                    column.in_(ids[start : start + 1000]),
                    ContactDetail.verified_on < on,
                    ContactDetail.state != ContactState.WITHDRAWN,
                )
            )
            or 0
        )
    return total


def _as_it_was(seat: Membership) -> list[Any]:
    ended = seat.end_on.isoformat() if seat.end_on else None
    return [seat.id, ended, seat.end_precision, seat.end_reason]


def _close(session: Session, wanted: Plan) -> list[int]:
    """Give the bodies the day they are gone from, and return the ids of those that had none."""
    rows = session.scalars(
        sa.select(Organization).where(
            Organization.id.in_(wanted.bodies), Organization.ended_on.is_(None)
        )
    ).all()
    for row in rows:
        row.ended_on = wanted.on
    return [row.id for row in rows]


def _seats(session: Session, ids: Sequence[int]) -> list[Membership]:
    found: list[Membership] = []
    for start in range(0, len(ids), 1000):
        some = ids[start : start + 1000]
        found += session.scalars(sa.select(Membership).where(Membership.id.in_(some)))
    return found


def _settle(session: Session, seats: Sequence[Membership], bodies: Sequence[int]) -> None:
    """Bring every target of these people and posts in step: their addresses are shared."""
    people = sorted({seat.person_id for seat in seats})
    posts = sorted({seat.post_id for seat in seats if seat.post_id is not None})
    ids: set[int] = set(session.scalars(sa.select(Target.id).where(Target.body_id.in_(bodies))))
    for column, owners in ((Membership.person_id, people), (Membership.post_id, posts)):
        for start in range(0, len(owners), 1000):
            ids |= set(
                session.scalars(
                    sa.select(Target.id)
                    .join(Membership, Membership.id == Target.membership_id)
                    .where(column.in_(owners[start : start + 1000]))
                )
            )
    settle_days(session, sorted(ids))
