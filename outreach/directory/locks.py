"""Locks on fields: what a person of ours has settled, no import changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.directory.identity import FieldLock
from outreach.directory.models import Person
from outreach.errors import BadInput
from outreach.words import Sentence

# Columns of Person that an import writes and a person can lock.
LOCKABLE = (
    "name",
    "given_name",
    "family_name",
    "title_prefix",
    "honorific",
    "postnominal",
    "names",
    "form_of_address",
    "reading_language",
)


def locked(session: Session, person_id: int) -> frozenset[str]:
    """Return the locked fields of a person: columns, `contact:<id>`, `membership:<id>`."""
    query = sa.select(FieldLock.field).where(FieldLock.person_id == person_id)
    return frozenset(session.scalars(query))


def lock(session: Session, person: Person, field: str, *, by: Actor, now: dt.datetime) -> None:
    """Keep every import from changing `field` of `person`; does nothing when it is locked.

    Raises BadInput for what is no field.
    """
    if field not in LOCKABLE and field.split(":")[0] not in ("contact", "membership"):
        raise BadInput(Sentence("There is no such field."), "field")
    if field in locked(session, person.id):
        return
    session.add(FieldLock(person_id=person.id, field=field, by=by.name, at=now))
    _record(session, person, "locked", field, by=by, now=now)


def unlock(session: Session, person: Person, field: str, *, by: Actor, now: dt.datetime) -> None:
    """Let imports change `field` of `person` again; does nothing when it isn't locked."""
    query = sa.select(FieldLock).where(FieldLock.person_id == person.id, FieldLock.field == field)
    row = session.scalar(query)
    if row is not None:
        session.delete(row)
        session.flush()
        _record(session, person, "unlocked", field, by=by, now=now)


def set_locks(
    session: Session, person: Person, wanted: Collection[str], *, by: Actor, now: dt.datetime
) -> None:
    """Lock exactly the columns `wanted` of `person`; locks on seats and addresses stay."""
    for field in LOCKABLE:
        (lock if field in wanted else unlock)(session, person, field, by=by, now=now)


def _record(
    session: Session, person: Person, name: str, field: str, *, by: Actor, now: dt.datetime
) -> None:
    record(
        session,
        subject=("person", person.id),
        name=name,
        by=by,
        now=now,
        campaign_id=None,
        detail={"field": field},
    )
