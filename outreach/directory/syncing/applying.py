"""Writes a prepared import: everything or nothing, in one short transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Event
from outreach.database import Database
from outreach.directory.models import Jurisdiction, Organization
from outreach.directory.offices import settle_target
from outreach.directory.syncing import fading, runs, territories
from outreach.directory.syncing.bulk import (
    chunks,
    count_anew,
    insert_ready,
    lay_ready,
    update,
)
from outreach.directory.syncing.columns import COLUMNS, keep_out
from outreach.directory.syncing.models import ImportRun, RunState
from outreach.directory.syncing.planning import Plan, first_numbers
from outreach.directory.syncing.preparing import Preparation
from outreach.directory.syncing.staging import saying
from outreach.errors import MoveRefused
from outreach.words import Sentence

# How often a plan is drawn anew because somebody edited the directory meanwhile.
TRIES = 5
# Events about these mean that the directory is no longer as the plan found it.
WATCHED = (
    *("person", "contact_detail", "target", "organization", "membership", "source"),
    "import_run",
)


class _Moved(Exception):
    """Somebody changed the directory between plan and writing."""


def apply(
    database: Database,
    run_id: int,
    *,
    now: Callable[[], dt.datetime],
    progress: Callable[[str, int, int], None],
    by: Actor,
) -> None:
    """Write the run `run_id`, which was confirmed, and put it into the state applied.

    The rows are worked out and laid ready beforehand, outside any write transaction; that only
    inserts and sets. It is tried again when somebody edited the directory meanwhile. Raises
    MoveRefused when that never ends, or the run is not confirmed.
    """
    for _attempt in range(TRIES):
        with database.reading() as session:
            run = session.get_one(ImportRun, run_id)
            if run.state is not RunState.CONFIRMED:
                raise MoveRefused(Sentence("This import is not waiting to be written."))
            seen = _newest_event(session)
            preparation = Preparation(
                session, run, saying(session, run), now=now(), progress=progress
            )
            plan = preparation.go()
        with database.connection() as connection:
            for rows in plan.rows.values():
                lay_ready(connection, rows)
            progress("write", 0, 0)
            try:
                with database.writing(over=connection) as session:
                    _write(session, run_id, plan, preparation.jurisdictions, seen, by=by, now=now())
            except _Moved:
                continue
        return
    raise MoveRefused(
        Sentence("The directory is being edited all the time; try again in a quiet minute.")
    )


def _write(
    session: Session,
    run_id: int,
    plan: Plan,
    jurisdictions: set[str],
    seen: tuple[int, int],
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    # New plans must not see a row appear between their numbers and their insertion.
    keep_out(session)
    run = session.get_one(ImportRun, run_id, with_for_update=True)
    if run.state is not RunState.CONFIRMED:
        raise MoveRefused(Sentence("Somebody else is writing this import."))
    fading.refuse_outdated(session, run)
    if _newest_event(session) != seen or plan.first != first_numbers(session):
        raise _Moved
    for code in sorted(jurisdictions):
        if session.get(Jurisdiction, code) is None:
            session.add(territories.jurisdiction(code))
    session.flush()
    for model in COLUMNS:
        insert_ready(session, plan.rows[model])
        if model is Organization and len(plan.rows[model]):
            count_anew(session, plan.rows[model].table)
    for model, changes in plan.updates.items():
        update(session, model.__table__, changes)
    for part in chunks(sorted(plan.settle)):
        settle_target(session, part)
        session.expunge_all()
    run = session.get_one(ImportRun, run_id)
    fading.see_again(session, run)
    run.inserted = plan.inserted()
    run.counts = {**run.counts, "written": dict(plan.counts)}
    run.applied_at = now
    runs.move(session, run, RunState.APPLIED, by=by, now=now, **plan.counts)


def _newest_event(session: Session) -> tuple[int, int]:
    """The newest event and how many there are: one begun earlier may be committed later."""
    query = sa.select(sa.func.max(Event.id), sa.func.count())
    newest, number = session.execute(query.where(Event.subject_kind.in_(WATCHED))).one()
    return newest or 0, number
