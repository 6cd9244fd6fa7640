"""What columns mean: asked of a person when nothing we know matches, kept with the source."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor
from outreach.directory.importing.registry import Dataset
from outreach.directory.importing.sheets import reader as tabular
from outreach.directory.models import Source
from outreach.directory.syncing import runs
from outreach.directory.syncing.models import ImportRun, RunState
from outreach.errors import MoveRefused
from outreach.words import Sentence

# The step of a waiting run whose columns a person must confirm first.
COLUMNS = "columns"


def with_known_columns(session: Session, dataset: Dataset) -> Dataset:
    """Return `dataset` with the mapping somebody confirmed for these headers, its own first.

    As it was when there is none, or it needs none. Raises BadFile when it can't be read.
    """
    if not dataset.unsure or dataset.format != tabular.FORMAT.name:
        return dataset
    saved = session.execute(
        sa.select(Source.mapping, Source.slug).order_by(Source.slug != dataset.source, Source.id)
    )
    return tabular.with_saved(dataset, [mapping for mapping, _slug in saved if mapping])


def are_open(run: ImportRun) -> bool:
    """Return whether a person must say what the columns mean before the list is read."""
    return run.state is RunState.WAITING and run.step == COLUMNS


def ask_for_columns(session: Session, run: ImportRun, *, by: Actor, now: dt.datetime) -> None:
    """Let `run` wait until a person said what its columns mean, also when it was read before.

    Raises MoveRefused when it was written or discarded.
    """
    if run.state is not RunState.WAITING:
        runs.restart(session, run, by=by, now=now)
    run.step = COLUMNS
    session.flush()


def confirm_columns(
    session: Session,
    run: ImportRun,
    mapping: dict[str, Any],
    *,
    sheet: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Keep what the columns mean, with the source too, and let the list be read.

    `mapping` is of `tabular.mapping_from_choice`. Raises MoveRefused when nobody was asked.
    """
    if not are_open(run):
        raise MoveRefused(Sentence("Somebody was faster: these columns are confirmed already."))
    run.options = {**run.options, "mapping": mapping, "sheet": sheet}
    run.step = ""
    if run.source_id is not None:
        session.get_one(Source, run.source_id).mapping = mapping
    runs.note(session, run, "columns", by=by, now=now)
    session.flush()
