"""What a person decides where a hand edit and a source disagree: keep ours, or take theirs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.database import hold
from outreach.directory.models import ContactDetail, ContactState, Membership, Person, Target
from outreach.directory.offices import settle_target
from outreach.directory.syncing.merging import TEXTS
from outreach.directory.syncing.models import ConflictState, ImportConflict, ImportRun
from outreach.directory.verification import withdraw
from outreach.errors import NotFound, Refused
from outreach.words import Sentence

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Open:
    """An open conflict with the person it is about, a page of theirs, and the run that saw it."""

    conflict: ImportConflict
    person: Person
    run: ImportRun
    target_id: int | None


def open_conflicts(session: Session, *, page: int = 1) -> tuple[list[Open], int]:
    """Return one page of the open conflicts, oldest first, and how many there are; two queries."""
    target = (
        sa.select(sa.func.max(Target.id))
        .join(Membership, Membership.id == Target.membership_id)
        .where(Membership.person_id == ImportConflict.person_id)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(ImportConflict, Person, ImportRun, target)
        .join(Person, Person.id == ImportConflict.person_id)
        .join(ImportRun, ImportRun.id == ImportConflict.run_id)
        .where(ImportConflict.state == ConflictState.OPEN)
        .order_by(ImportConflict.id)
        .limit(PER_PAGE)
        .offset((max(1, page) - 1) * PER_PAGE)
    )
    return [Open(row[0], row[1], row[2], row[3]) for row in rows], count(session)


def count(session: Session) -> int:
    """Return how many conflicts wait for a decision."""
    query = sa.select(sa.func.count()).select_from(ImportConflict)
    return session.scalar(query.where(ImportConflict.state == ConflictState.OPEN)) or 0


def conflict_with_id(session: Session, number: int) -> ImportConflict:
    """Return one conflict. Raises NotFound."""
    found = session.get(ImportConflict, number)
    if found is None:
        raise NotFound(Sentence("There is no such question any more."))
    return found


def keep(session: Session, conflict: ImportConflict, *, by: Actor, now: dt.datetime) -> None:
    """Leave what stands; the source is not asked again until it says something else.

    Raises Refused for one that was decided.
    """
    _decide(session, conflict, ConflictState.KEPT, by=by, now=now)


def take(session: Session, conflict: ImportConflict, *, by: Actor, now: dt.datetime) -> None:
    """Put what the source says in the place of ours; an address of ours is withdrawn.

    The source's own address is in the directory since the import, unchecked. Raises Refused for
    one that was decided, or for a field that is something else by now.
    """
    _decide(session, conflict, ConflictState.TAKEN, by=by, now=now)
    person = session.get_one(Person, conflict.person_id)
    if conflict.field.startswith("contact:"):
        detail = session.get(ContactDetail, int(conflict.field.removeprefix("contact:")))
        if detail is not None and detail.state is not ContactState.WITHDRAWN:
            reason = f"its source gives {conflict.theirs} instead"
            withdraw(session, detail, reason=reason, by=by, now=now)
        return
    if conflict.field not in TEXTS:
        raise Refused(Sentence("This can only be changed on the page of the person."))
    if str(getattr(person, conflict.field) or "") != conflict.ours:
        raise Refused(
            Sentence("Somebody changed this since. Look at the person, then keep what stands.")
        )
    setattr(person, conflict.field, conflict.theirs)
    seats = sa.select(Target.id).join(Membership, Membership.id == Target.membership_id)
    settle_target(session, session.scalars(seats.where(Membership.person_id == person.id)).all())


def _decide(
    session: Session,
    conflict: ImportConflict,
    state: ConflictState,
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    hold(session, conflict)
    if conflict.state is not ConflictState.OPEN:
        raise Refused(Sentence("Somebody decided this already."))
    conflict.state = state
    conflict.decided_by, conflict.decided_at = by.name, now
    session.flush()
    record(
        session,
        subject=("person", conflict.person_id),
        name="conflict settled",
        by=by,
        now=now,
        campaign_id=None,
        moved=(ConflictState.OPEN.value, state.value),
        detail={"field": conflict.field, "ours": conflict.ours, "theirs": conflict.theirs},
    )
