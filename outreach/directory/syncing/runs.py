"""The life of an import run, as people move it: new, looked at, confirmed or discarded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.database import hold, wake
from outreach.directory.importing.registry import Dataset
from outreach.directory.models import Source
from outreach.directory.syncing import fading
from outreach.directory.syncing.models import (
    Decision,
    Effect,
    ImportRun,
    RunState,
    StagedRow,
)
from outreach.errors import BadInput, MoveRefused, NotFound, Refused
from outreach.words import Sentence

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class RowPage:
    """One page of staged rows. `page` counts from 1; `total` counts all rows of that effect."""

    rows: Sequence[StagedRow]
    total: int
    page: int
    per_page: int = PER_PAGE

    @property
    def pages(self) -> int:
        """The number of pages, at least one."""
        return max(1, -(-self.total // self.per_page))


def source_of(session: Session, dataset: Dataset) -> Source:
    """Return the source of `dataset`, made when its slug is new."""
    slug = dataset.source[:160]
    source = session.scalar(sa.select(Source).where(Source.slug == slug))
    if source is None:
        source = Source(
            slug=slug,
            name=dataset.source_name[:300] or slug,
            url=dataset.url,
            licence=dataset.licence,
            attribution=dataset.attribution,
            rank=dataset.rank,
            mapping={},
        )
        session.add(source)
        session.flush()
    return source


def new_run(
    session: Session,
    dataset: Dataset,
    *,
    file_name: str,
    sha256: str,
    kept_as: str,
    complete: bool,
    as_of: dt.date,
    by: Actor,
    now: dt.datetime,
    source_url: str = "",
) -> ImportRun:
    """Keep the wish to import `dataset` and return the run, waiting to be read.

    `kept_as` is the path of the kept file inside the home folder, "" when it is read in place;
    `as_of` the day the list speaks of. Raises BadInput (field `as_of`) for a day to come.
    """
    if as_of > now.date():
        raise BadInput(Sentence("That day has not come yet."), "as_of")
    run = ImportRun(state=RunState.WAITING, counts={}, questions=[], inserted={})
    run.source_id, run.format = source_of(session, dataset).id, dataset.format
    run.options = {"jurisdiction": dataset.jurisdiction, **dataset.options}
    run.file_name, run.sha256, run.kept_as = file_name[:300], sha256, kept_as
    run.source_url = source_url or dataset.url
    run.retrieved_on, run.as_of, run.complete = now.date(), as_of, complete
    run.by, run.user_id, run.created_at = by.name, by.user_id, now
    session.add(run)
    session.flush()
    note(session, run, "uploaded", by=by, now=now, moved=(None, run.state.value))
    return run


def run_with_source(session: Session, run_id: int) -> ImportRun:
    """Return a run with its source loaded. Raises NotFound."""
    run = session.scalar(
        sa.select(ImportRun).where(ImportRun.id == run_id).options(joinedload(ImportRun.source))
    )
    if run is None:
        raise NotFound(Sentence("There is no such import."))
    return run


def latest_runs(session: Session, *, page: int = 1) -> tuple[Sequence[ImportRun], int]:
    """Return one page of runs with their sources, newest first, and the number of all."""
    total = session.scalar(sa.select(sa.func.count(ImportRun.id))) or 0
    rows = session.scalars(
        sa.select(ImportRun)
        .options(joinedload(ImportRun.source))
        .order_by(ImportRun.id.desc())
        .limit(PER_PAGE)
        .offset((max(1, page) - 1) * PER_PAGE)
    ).all()
    return rows, total


def rows_of(
    session: Session, run: ImportRun, effect: Effect, *, about: str = "person", page: int = 1
) -> RowPage:
    """Return one page of what `run` would do to this `effect`, in the order of the list.

    `about` is person or organization.
    """
    wanted = (
        StagedRow.run_id == run.id,
        StagedRow.effect == effect,
        StagedRow.about == about,
    )
    total = session.scalar(sa.select(sa.func.count(StagedRow.id)).where(*wanted)) or 0
    page = max(1, page)
    rows = session.scalars(
        sa.select(StagedRow)
        .where(*wanted)
        .order_by(StagedRow.score.desc() if effect is Effect.PROPOSED else StagedRow.id)
        .order_by(StagedRow.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()
    return RowPage(rows, total, page)


def decide(
    session: Session,
    run: ImportRun,
    decision: Decision | None,
    *,
    by: Actor,
    now: dt.datetime,
    rows: Collection[int] = (),
    at_least: int | None = None,
) -> int:
    """Say of proposals whether they are the same person; return how many were decided.

    `rows` are numbers of staged rows; `at_least` takes all with that score. None takes a decision
    back. All at once leaves out a person whom several of the list are like. Raises MoveRefused
    when the run is no longer a preview, Refused when two would be the same person.
    """
    _in_state(session, run, RunState.PREVIEW)
    wanted = [StagedRow.run_id == run.id, StagedRow.effect == Effect.PROPOSED]
    if at_least is not None:
        wanted += [StagedRow.score >= at_least, StagedRow.decision.is_(None)]
        if decision is Decision.SAME:
            wanted.append(StagedRow.person_id.not_in(_like_several(run)))
    else:
        wanted.append(StagedRow.id.in_(rows))
    done: Any = session.execute(sa.update(StagedRow).where(*wanted).values(decision=decision))
    number: int = done.rowcount
    if decision is Decision.SAME and _accepted_twice(session, run):
        raise Refused(
            Sentence("Two people of this list can't be the same person. Decide about each of them.")
        )
    note(session, run, "decided", by=by, now=now, rows=number, decision=str(decision))
    return number


def _like_several(run: ImportRun) -> sa.Select[int | None]:
    """The people whom several entries of the list are like."""
    return (
        sa.select(StagedRow.person_id)
        .where(StagedRow.run_id == run.id, StagedRow.effect == Effect.PROPOSED)
        .group_by(StagedRow.person_id)
        .having(sa.func.count() > 1)
    )


def _accepted_twice(session: Session, run: ImportRun) -> bool:
    accepted = _like_several(run).where(StagedRow.decision == Decision.SAME)
    return session.scalar(accepted.limit(1)) is not None


def confirm(
    session: Session, run: ImportRun, *, answers: Collection[str], by: Actor, now: dt.datetime
) -> None:
    """Say that `run` shall be written. `answers` are the codes of the questions said yes to.

    Raises Refused with each question that is still open, MoveRefused when it is no preview.
    """
    _in_state(session, run, RunState.PREVIEW)
    fading.refuse_outdated(session, run)
    open_questions = [one for one in run.questions if one["code"] not in answers]
    if open_questions:
        raise Refused(
            Sentence("Nothing was written: there is something to answer first."),
            [Sentence(one["words"], **one["values"]) for one in open_questions],
        )
    run.confirmed_by = by.name
    move(session, run, RunState.CONFIRMED, by=by, now=now, answered=sorted(answers))


def discard(session: Session, run: ImportRun, *, by: Actor, now: dt.datetime) -> None:
    """Give a run up; its staged rows go. Raises MoveRefused when it was written already."""
    hold(session, run)
    if run.state not in (RunState.WAITING, RunState.READING, RunState.PREVIEW, RunState.FAILED):
        raise MoveRefused(Sentence("This import was written. You can undo it instead."))
    session.execute(sa.delete(StagedRow).where(StagedRow.run_id == run.id))
    move(session, run, RunState.DISCARDED, by=by, now=now)


def restart(session: Session, run: ImportRun, *, by: Actor, now: dt.datetime) -> None:
    """Read a failed, interrupted or outdated run again from its kept file."""
    hold(session, run)
    if run.state not in (RunState.FAILED, RunState.READING, RunState.PREVIEW):
        raise MoveRefused(Sentence("This import can't be started again. Upload the file anew."))
    run.problem, run.worker, run.lease_until = "", None, None
    run.done = run.total = 0
    move(session, run, RunState.WAITING, by=by, now=now)


def move(
    session: Session, run: ImportRun, state: RunState, *, by: Actor, now: dt.datetime, **said: Any
) -> None:
    """Put `run` into `state` and say so in an event."""
    before = run.state
    run.state = state
    note(session, run, state.value, by=by, now=now, moved=(before.value, state.value), **said)
    session.flush()


def note(
    session: Session,
    run: ImportRun,
    name: str,
    *,
    by: Actor,
    now: dt.datetime,
    moved: tuple[str | None, str | None] = (None, None),
    **said: Any,
) -> None:
    """Write an event about `run`, and wake whoever works on it."""
    wake(session, "imports")
    record(
        session,
        subject=("import_run", run.id),
        name=name,
        by=by,
        now=now,
        campaign_id=None,
        moved=moved,
        detail=dict(said),
    )


def _in_state(session: Session, run: ImportRun, state: RunState) -> None:
    hold(session, run)
    if run.state is not state:
        raise MoveRefused(
            Sentence("Somebody was faster, or this import is not waiting for a decision now.")
        )
