"""Does what an import run waits for: reads, compares, writes it, takes it back. One at a time.

The clock calls `work` from a job of its own, the command line calls `process` and `write` itself.
A worker holds its run by a lease it renews with every step; a run whose lease lapsed is taken up
again from its kept file.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from outreach.accounts.models import Actor
from outreach.database import Database
from outreach.directory.importing import formats
from outreach.directory.importing.opening import Upload, opened
from outreach.directory.importing.registry import Dataset
from outreach.directory.syncing import applying, runs, undoing
from outreach.directory.syncing.models import ImportRun, RunState
from outreach.directory.syncing.staging import Progress, stage
from outreach.errors import BadFile, OutreachError
from outreach.words import N_, Sentence

LEASE = dt.timedelta(minutes=5)
# What a worker has to do with.
BEGUN = (RunState.WAITING, RunState.READING, RunState.CONFIRMED, RunState.UNDOING)
# Progress is written at most this often: every write takes the lock for a moment.
STEP = dt.timedelta(seconds=1)

Now = Callable[[], dt.datetime]
log = logging.getLogger(__name__)


@contextlib.contextmanager
def _seldom_collected() -> Iterator[None]:
    """Let Python look for cycles seldom: the rows of a list live until its end anyhow.

    Without it a quarter of a large import is spent on looking through them again and again.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def work(database: Database, home: Path, *, now: Now, worker: str) -> bool:
    """Take up one run that waits for a worker and bring it to its next stop.

    Returns whether there was one. Kept files lie below `home`. What goes wrong is kept in the run,
    as the sentence a person sees.
    """
    claimed = _claim(database, now=now(), worker=worker)
    if claimed is None:
        return False
    run_id, state, kept_as, name = claimed
    progress = recorded_progress(database, run_id, now=now)
    try:
        if state is RunState.CONFIRMED:
            write(database, run_id, now=now, progress=progress)
        elif state is RunState.UNDOING:
            with database.reading() as session:
                by = undoing.asked_by(session, run_id)
            undoing.undo(database, run_id, by=by, now=now())
        else:
            if not (home / kept_as).exists():
                raise BadFile(name, None, Sentence(_ELSEWHERE))
            with opened(home / kept_as, name) as upload:
                process(database, run_id, upload, now=now, progress=progress)
    except OutreachError as error:
        fail(database, run_id, str(error), now=now(), worker=worker)
    except Exception as error:
        # The message of an unforeseen error may hold a row of the list: only its kind is logged.
        log.exception("import %s failed: %s", run_id, type(error).__name__, exc_info=False)
        fail(database, run_id, f"{_UNFORESEEN} ({type(error).__name__})", now=now(), worker=worker)
    return True


_ELSEWHERE = N_(
    "The uploaded file is not in the home of the worker that took it. With several machines, only "
    "the one that serves the pages imports: start workers elsewhere with --only letters "
    "--only drafts, and upload the list again."
)
_UNFORESEEN = "This list met a mistake of ours; nothing was written. Please tell whoever runs this."


@_seldom_collected()
def process(
    database: Database, run_id: int, upload: Upload, *, now: Now, progress: Progress
) -> None:
    """Read the run's list in `upload`, compare it, and put the run into the state preview.

    Raises BadFile when it can't be read; the run then stays as it was.
    """
    with database.reading() as session:
        run = runs.run_with_source(session, run_id)
        dataset = dataset_of(run, upload)
        by, worker = Actor(run.by, run.user_id), run.worker
    _enter(database, run_id, RunState.READING, by=by, now=now())
    found = stage(
        database,
        run_id,
        formats.format_named(dataset.format).read(dataset),
        now=now,
        progress=progress,
    )
    with database.writing() as session:
        run = runs.run_with_source(session, run_id)
        if (run.state, run.worker) != (RunState.READING, worker):
            return  # discarded meanwhile, or taken up again
        run.counts, run.questions = found["counts"], found["questions"]
        run.worker = run.lease_until = None
        run.step = ""
        runs.move(session, run, RunState.PREVIEW, by=by, now=now())


@_seldom_collected()
def write(database: Database, run_id: int, *, now: Now, progress: Progress) -> None:
    """Write a confirmed run. Raises what `applying.apply` raises."""
    with database.reading() as session:
        run = session.get_one(ImportRun, run_id)
        by = Actor(run.confirmed_by or run.by)
    applying.apply(database, run_id, now=now, progress=progress, by=by)
    with database.writing() as session:
        run = session.get_one(ImportRun, run_id)
        run.worker = run.lease_until = None
        run.step = ""


def fail(
    database: Database, run_id: int, problem: str, *, now: dt.datetime, worker: str | None = None
) -> None:
    """Keep why a run could not go on; not when it was written, discarded or taken by another."""
    with database.writing() as session:
        run = session.get_one(ImportRun, run_id, with_for_update=True)
        if run.state not in BEGUN or (worker is not None and run.worker != worker):
            return
        run.problem = problem
        run.worker = run.lease_until = None
        by = Actor(run.by, run.user_id)
        if run.state is RunState.UNDOING:
            # What could not be taken back is as it was: written.
            run.state, run.step = RunState.APPLIED, ""
            moved = (RunState.UNDOING.value, RunState.APPLIED.value)
            runs.note(session, run, "not_undone", by=by, now=now, moved=moved)
            return
        runs.move(session, run, RunState.FAILED, by=by, now=now)


def recorded_progress(database: Database, run_id: int, *, now: Now) -> Progress:
    """Return a progress that writes done and total into the run, and renews its lease."""
    last = [now() - STEP]

    def progress(step: str, done: int, total: int) -> None:
        instant = now()
        if instant - last[0] < STEP:
            return
        last[0] = instant
        with database.writing() as session:
            session.execute(
                sa.update(ImportRun)
                .where(ImportRun.id == run_id)
                .values(step=step, done=done, total=total, lease_until=instant + LEASE)
            )

    return progress


def _claim(
    database: Database, *, now: dt.datetime, worker: str
) -> tuple[int, RunState, str, str] | None:
    """Take the oldest run that waits, for `LEASE`; None when there is none."""
    with database.reading() as session:
        if session.scalar(sa.select(ImportRun.id).where(_waits(now)).limit(1)) is None:
            return None
    with database.writing() as session:
        run = session.scalar(
            sa.select(ImportRun)
            .where(_waits(now))
            .order_by(ImportRun.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if run is None:
            return None
        run.worker, run.lease_until = worker, now + LEASE
        return run.id, run.state, run.kept_as, run.file_name


def _waits(now: dt.datetime) -> sa.ColumnElement[bool]:
    free = sa.or_(ImportRun.lease_until.is_(None), ImportRun.lease_until < now)
    # Without a kept file it is the command line's own; with open columns a person comes first.
    workers = sa.or_(ImportRun.kept_as != "", ImportRun.state == RunState.UNDOING)
    return sa.and_(ImportRun.state.in_(BEGUN), free, workers, ~_unsure())


def _unsure() -> sa.ColumnElement[bool]:
    return sa.and_(ImportRun.state == RunState.WAITING, ImportRun.step == "columns")


def _enter(
    database: Database, run_id: int, state: RunState, *, by: Actor, now: dt.datetime
) -> None:
    with database.writing() as session:
        run = session.get_one(ImportRun, run_id)
        runs.move(session, run, state, by=by, now=now)


def dataset_of(run: ImportRun, upload: Upload) -> Dataset:
    """Return the list of `run` (its source loaded) in `upload`, told what a person said about it.

    Raises BadFile when it is no longer there.
    """
    source: Any = run.source
    found = formats.recognised(upload) if not run.format else _named(run.format, upload)
    for dataset in found:
        if dataset.source[:160] == source.slug:
            break
    else:
        if len(found) != 1:
            raise BadFile(run.file_name, None, Sentence("The list is no longer in this file."))
        dataset = found[0]
    said = {name: value for name, value in run.options.items() if value not in (None, "")}
    jurisdiction = str(said.get("jurisdiction") or dataset.jurisdiction)
    return replace(dataset, options={**dataset.options, **said}, jurisdiction=jurisdiction)


def _named(name: str, upload: Upload) -> list[Dataset]:
    return formats.format_named(name).datasets(upload)
