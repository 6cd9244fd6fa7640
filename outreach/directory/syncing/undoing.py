"""Takes an import back as one: what it added goes, what it changed is as it was.

What somebody has used since stays: a person with a letter, an address somebody checked. The report
names them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Event
from outreach.database import Database
from outreach.directory.identity import Identifier, NotSame
from outreach.directory.models import (
    Area,
    ContactDetail,
    Membership,
    Office,
    Organization,
    Person,
    Post,
    Target,
)
from outreach.directory.offices import settle_target
from outreach.directory.syncing import fading, runs
from outreach.directory.syncing.bulk import chunks, update
from outreach.directory.syncing.columns import keep_out
from outreach.directory.syncing.models import (
    Effect,
    ImportChange,
    ImportConflict,
    ImportRun,
    RunState,
    SourceRecord,
    StagedRow,
)
from outreach.directory.syncing.planning import plain
from outreach.errors import MoveRefused
from outreach.schema import Base
from outreach.words import N_, Sentence

# Rows go in this order: each is referred to by those before it.
_ORDER: tuple[Any, ...] = (
    ImportConflict,
    NotSame,
    SourceRecord,
    Target,
    ContactDetail,
    Identifier,
    Membership,
    Post,
    Person,
    Area,
    Organization,
    Office,
)
# Tables whose rows mean that something of ours hangs on the row, so that it stays.
_OURS = frozenset({"import_change", "staged_row"})
_WRITTEN = (RunState.APPLIED, RunState.UNDOING)
STAYS = N_("This stays, because letters or work by hand hang on it.")


def undo(database: Database, run_id: int, *, by: Actor, now: dt.datetime) -> dict[str, int]:
    """Take the run back in one transaction; return {"removed", "restored", "stayed": number}.

    Raises MoveRefused for the reason that `refusal` gives.
    """
    with database.writing() as session:
        # What hangs on a row must not appear between looking for it and taking the row away.
        keep_out(session)
        run = session.get_one(ImportRun, run_id, with_for_update=True)
        _refuse(session, run)
        restored = _restore(session, run)
        # What a value put back does to lists is worked out before rows go.
        touched = _targets_touched(session, run)
        fading.unsee(session, run, _range(run, ContactDetail))
        removed, stayed = _remove(session, run)
        left = session.scalars(sa.select(Target.id).where(Target.id.in_(touched))).all()
        for part in chunks(left):
            settle_target(session, part)
            session.expunge_all()
        run = session.get_one(ImportRun, run_id)
        run.undone_at = now
        run.worker = run.lease_until = None
        run.step = ""
        counts = {"removed": removed, "restored": restored, "stayed": stayed}
        run.counts = {**run.counts, "undone": counts}
        runs.move(session, run, RunState.UNDONE, by=by, now=now, **counts)
        return counts


def ask(session: Session, run: ImportRun, *, by: Actor, now: dt.datetime) -> None:
    """Let a worker take `run` back. Raises MoveRefused for the reason that `refusal` gives."""
    session.refresh(run, with_for_update=True)
    if run.state is RunState.UNDOING:
        raise MoveRefused(Sentence("Somebody was faster: this import is being undone."))
    _refuse(session, run)
    run.problem, run.step, run.done, run.total = "", "undo", 0, 0
    runs.move(session, run, RunState.UNDOING, by=by, now=now)


def asked_by(session: Session, run_id: int) -> Actor:
    """Return who asked for `run_id` to be undone."""
    asked = session.scalars(
        sa.select(Event)
        .where(
            Event.subject_kind == "import_run",
            Event.subject_id == run_id,
            Event.to_state == RunState.UNDOING.value,
        )
        .order_by(Event.id.desc())
        .limit(1)
    ).one()
    return Actor(asked.by, asked.user_id)


def _refuse(session: Session, run: ImportRun) -> None:
    if (why := refusal(session, run)) is not None:
        raise MoveRefused(why)


def refusal(session: Session, run: ImportRun) -> Sentence | None:
    """Return why `run` can't be undone now, or None when it can.

    It must have been written, and no later run of its source after it: that one goes first. What
    stays because something hangs on it is no reason: the report names it.
    """
    if run.state not in _WRITTEN or run.applied_at is None:
        return Sentence("This import was not written, so there is nothing to undo.")
    later = session.scalar(
        sa.select(sa.func.max(ImportRun.id)).where(
            ImportRun.source_id == run.source_id,
            ImportRun.state.in_(_WRITTEN),
            sa.or_(
                ImportRun.applied_at > run.applied_at,
                sa.and_(ImportRun.applied_at == run.applied_at, ImportRun.id > run.id),
            ),
        )
    )
    if later is None:
        return None
    return Sentence(
        "Import %(later)s of the same list came after it. Undo that first.", later=later
    )


def _restore(session: Session, run: ImportRun) -> int:
    """Put back what the run changed, except where somebody has changed it since."""
    tables = {model.__tablename__: model for model in _ORDER}
    restored = 0
    for name, model in tables.items():
        changes = session.execute(
            sa.select(ImportChange.row_id, ImportChange.columns).where(
                ImportChange.run_id == run.id, ImportChange.table == name
            )
        ).all()
        for part in chunks(changes):
            restored += _restore_some(session, model.__table__, part)
    return restored


def _restore_some(session: Session, table: sa.Table, changes: Iterable[Any]) -> int:
    wanted = {row[0]: row[1] for row in changes}
    names = sorted({name for columns in wanted.values() for name in columns})
    rows = session.execute(
        sa.select(table.c.id, *(table.c[name] for name in names)).where(table.c.id.in_(wanted))
    ).mappings()
    back = []
    for row in rows:
        columns = {
            name: _value(table.c[name], before)
            for name, (before, after) in wanted[row["id"]].items()
            if plain(row[name]) == after
        }
        if columns:
            back.append((row["id"], columns))
    update(session, table, back)
    return len(back)


def _value(column: sa.Column[Any], value: Any) -> Any:
    """Return a JSON value as its column wants it."""
    if value is None or not isinstance(value, str):
        return value
    if isinstance(column.type, sa.Date):
        return dt.date.fromisoformat(value)
    if isinstance(column.type, sa.Enum) and column.type.enum_class is not None:
        return column.type.enum_class(value)
    return value


def _targets_touched(session: Session, run: ImportRun) -> set[int]:
    changed = {
        name: sa.select(ImportChange.row_id).where(
            ImportChange.run_id == run.id, ImportChange.table == name
        )
        for name in ("person", "membership", "contact_detail", "target")
    }
    people, posts, bodies = (
        sa.select(owner).where(
            sa.or_(
                ContactDetail.id.in_(changed["contact_detail"]),
                ContactDetail.id.between(*_range(run, ContactDetail)),
            ),
            owner.is_not(None),
        )
        for owner in (ContactDetail.person_id, ContactDetail.post_id, ContactDetail.organization_id)
    )
    held = sa.or_(
        Membership.person_id.in_(changed["person"]),
        Membership.id.in_(changed["membership"]),
        Membership.person_id.in_(people),
        Membership.post_id.in_(posts),
    )
    found = set(
        session.scalars(
            sa.select(Target.id).join(Membership, Membership.id == Target.membership_id).where(held)
        )
    )
    of_bodies = sa.or_(Target.id.in_(changed["target"]), Target.organization_id.in_(bodies))
    return found | set(session.scalars(sa.select(Target.id).where(of_bodies)))


def _range(run: ImportRun, model: Any) -> tuple[int, int]:
    first, last = run.inserted.get(model.__tablename__, (0, -1))
    return first, last


def _remove(session: Session, run: ImportRun) -> tuple[int, int]:
    """Delete the rows of the run nobody has used since; return how many people went and stayed."""
    ranges = {model.__tablename__: _range(run, model) for model in _ORDER}
    kept = _kept(session, run, ranges)
    for model in _ORDER:
        first, last = ranges[model.__tablename__]
        if last < first:
            continue
        stays = kept[model.__tablename__]
        session.execute(
            sa.delete(model.__table__).where(
                model.id.between(first, last), *([model.id.not_in(stays)] if stays else [])
            )
        )
    _say_who_stays(session, run, kept["person"])
    first, last = ranges["person"]
    return max(0, last - first + 1) - len(kept["person"]), len(kept["person"])


def _kept(
    session: Session, run: ImportRun, ranges: dict[str, tuple[int, int]]
) -> dict[str, set[int]]:
    """Return {table: numbers of its new rows that stay}.

    What is used stays; with a person who stays, everything of theirs; with that, where they sit.
    """
    kept: dict[str, set[int]] = {}
    for model in _ORDER:
        kept[model.__tablename__] = _used(session, model, ranges, kept, run)
    for model, owner, owners in (
        (Membership, Membership.person_id, "person"),
        (ContactDetail, ContactDetail.person_id, "person"),
        (Identifier, Identifier.person_id, "person"),
        (SourceRecord, SourceRecord.person_id, "person"),
        (Target, Target.membership_id, "membership"),
    ):
        for part in chunks(sorted(kept[owners])):
            theirs = sa.select(model.id).where(
                owner.in_(part), model.id.between(*ranges[model.__tablename__])
            )
            kept[model.__tablename__] |= set(session.scalars(theirs))
    for model in (Post, Area, Organization, Office):
        kept[model.__tablename__] |= _used(session, model, ranges, kept, run)
    while parents := _parents(session, kept["organization"], ranges["organization"]):
        kept["organization"] |= parents
    return kept


def _parents(session: Session, bodies: set[int], wanted: tuple[int, int]) -> set[int]:
    found: set[int] = set()
    for part in chunks(sorted(bodies)):
        found |= set(
            session.scalars(
                sa.select(Organization.parent_id).where(
                    Organization.id.in_(part), Organization.parent_id.between(*wanted)
                )
            )
        )
    return {number for number in found if number is not None} - bodies


def _used(
    session: Session,
    model: Any,
    ranges: dict[str, tuple[int, int]],
    kept: dict[str, set[int]],
    run: ImportRun,
) -> set[int]:
    """Return the numbers of new rows of `model` that somebody uses.

    Used is what a row outside the run refers to, what a row that stays refers to, what a person
    changed since, and an address somebody checked.
    """
    name = model.__tablename__
    first, last = ranges[name]
    if last < first:
        return set()
    used: set[int] = set()
    for table in Base.metadata.tables.values():
        if table.name in _OURS:
            continue
        for key in table.foreign_keys:
            if key.column.table.name == name and table.name != name:
                used |= _referred(session, table, key.parent, (first, last), ranges, kept)
    used |= set(
        session.scalars(
            sa.select(Event.subject_id).where(
                Event.subject_kind == name,
                Event.subject_id.between(first, last),
                Event.at >= run.applied_at,
            )
        )
    )
    if model is ContactDetail:
        checked = ContactDetail.verified_on.is_not(None)
        of_run = ContactDetail.id.between(first, last)
        used |= set(session.scalars(sa.select(ContactDetail.id).where(of_run, checked)))
    return used


def _referred(
    session: Session,
    table: sa.Table,
    column: sa.Column[Any],
    wanted: tuple[int, int],
    ranges: dict[str, tuple[int, int]],
    kept: dict[str, set[int]],
) -> set[int]:
    """Return the numbers in `wanted` that rows of `table` refer to which will still be there."""
    query = sa.select(column).where(column.between(*wanted)).distinct()
    first, last = ranges.get(table.name, (0, -1))
    if last >= first:
        outside = sa.or_(table.c.id < first, table.c.id > last)
        stays = kept.get(table.name, set())
        query = query.where(sa.or_(outside, table.c.id.in_(stays)) if stays else outside)
    return set(session.scalars(query))


def _say_who_stays(session: Session, run: ImportRun, people: set[int]) -> None:
    for part in chunks(sorted(people)):
        for number, name in session.execute(
            sa.select(Person.id, Person.name).where(Person.id.in_(part))
        ):
            session.add(
                StagedRow(
                    run_id=run.id,
                    effect=Effect.REMARK,
                    about="person",
                    key="",
                    name=name,
                    place="",
                    person_id=number,
                    detail=[{"words": STAYS, "values": {}}],
                    payload=None,
                )
            )
