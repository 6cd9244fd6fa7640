"""Imports a list from the shell: reads it, says what would change, asks, writes.

A run of the command line has no kept file: what it did not write it discards, and what a killed
one left behind is discarded by the next.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sys
import time
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

from outreach.cli_home import now, operator
from outreach.database import Database
from outreach.directory.importing.fetching import keeping
from outreach.directory.importing.formats import format_named, recognised
from outreach.directory.importing.opening import Upload, opened
from outreach.directory.importing.registry import Dataset
from outreach.directory.importing.sheets import reader as tabular
from outreach.directory.syncing import confirming, reports, runs, work
from outreach.directory.syncing.models import Decision, ImportRun, RunState
from outreach.directory.syncing.staging import Progress
from outreach.errors import BadFile, BadInput
from outreach.words import Sentence

NOT_CONFIRMED = 3
# Between two drawings of the progress, in seconds.
DRAWN = 0.2
STEPS = {
    "read": "Reading",
    "compare": "Comparing",
    "match": "Looking for other spellings",
    "prepare": "Preparing",
    "write": "Writing",
}
_UNWRITTEN = (RunState.WAITING, RunState.READING, RunState.PREVIEW, RunState.CONFIRMED)


@dataclasses.dataclass(frozen=True, slots=True)
class Wishes:
    """What the operator asked of an import."""

    format: str = ""
    partial: bool = False
    yes: bool = False
    dry_run: bool = False
    as_json: bool = False
    jurisdiction: str = ""
    as_of: dt.date | None = None
    source: str = ""
    different: bool = False
    url: str = ""


def import_path(database: Database, path: Path, wishes: Wishes) -> int:
    """Import what lies at `path` as `wishes` say and return the exit code.

    Raises BadFile for what can't be read, BadInput for a wish that can't be fulfilled.
    """
    _discard_left_over(database)
    with opened(path) as upload:
        datasets = [_told(one, wishes) for one in _recognised(upload, wishes)]
        with database.reading() as session:
            datasets = [confirming.with_known_columns(session, one) for one in datasets]
        _say_guessed(datasets)
        sha256 = keeping.sha256_of(path)
        made = _staged(database, upload, datasets, sha256, wishes)
    try:
        code = _decide(database, made, wishes)
        if code == 0 and not wishes.dry_run:
            _write(database, made)
        _print_reports(database, made, wishes)
    finally:
        # Whatever happened on the way: what was not written leaves nothing behind.
        _discard_unwritten(database, made)
    return code


def _say_guessed(datasets: list[Dataset]) -> None:
    """Say what columns nobody has confirmed are taken for."""
    for one in datasets:
        if not one.unsure or one.format != tabular.FORMAT.name:
            continue
        click.echo(f"{one.source_name}: nobody has said what its columns mean. Guessed:", err=True)
        for column in tabular.proposal(one)["headers"]:
            click.echo(f"  {column['header']}: {column['field'] or 'kept as a note'}", err=True)


def _recognised(upload: Upload, wishes: Wishes) -> list[Dataset]:
    found = format_named(wishes.format).datasets(upload) if wishes.format else recognised(upload)
    if not found:
        raise _not_of_the_format(upload, wishes.format)
    if wishes.source and len(found) > 1:
        raise BadInput(
            Sentence("--source names one list, and there are %(many)s in here.", many=len(found))
        )
    return found


def _not_of_the_format(upload: Upload, name: str) -> BadFile:
    """Say that a file is not of the format named, and of which it is."""
    try:
        others = ", ".join(sorted({one.format for one in recognised(upload)}))
    except BadFile as error:
        return error
    words = Sentence(
        "This is not the format %(name)s but %(others)s. Leave --format out, or name that.",
        name=name,
        others=others,
    )
    return BadFile(upload.name, None, words)


def _told(dataset: Dataset, wishes: Wishes) -> Dataset:
    """The list as its file says, with what the operator knows better."""
    return dataclasses.replace(
        dataset,
        jurisdiction=wishes.jurisdiction or dataset.jurisdiction,
        source=wishes.source or dataset.source,
        as_of=wishes.as_of or dataset.as_of,
        url=wishes.url or dataset.url,
    )


def _staged(
    database: Database, upload: Upload, datasets: list[Dataset], sha256: str, wishes: Wishes
) -> list[int]:
    """Read and compare every list; return the runs' ids. Raises BadFile, and forgets them all."""
    made: list[int] = []
    try:
        for number, dataset in enumerate(datasets, start=1):
            with database.writing() as session:
                run = runs.new_run(
                    session,
                    dataset,
                    file_name=upload.name,
                    sha256=sha256,
                    kept_as="",
                    complete=dataset.complete and not wishes.partial,
                    as_of=dataset.as_of or now().date(),
                    by=operator(),
                    now=now(),
                )
                made.append(run.id)
            several = f"{number} of {len(datasets)}, " if len(datasets) > 1 else ""
            with Bar(f"{several}{dataset.source_name or upload.name}") as bar:
                progress = _both(bar.draw, work.recorded_progress(database, run.id, now=now))
                work.process(database, run.id, upload, now=now, progress=progress)
    except BaseException:
        _discard_unwritten(database, made)
        raise
    return made


def _decide(database: Database, made: list[int], wishes: Wishes) -> int:
    """Show what would change and have it confirmed; return the exit code, 0 to go on."""
    with database.reading() as session:
        told = [_in_words(runs.run_with_source(session, number)) for number in made]
    asks = not wishes.yes and not wishes.dry_run
    if asks or not wishes.as_json:
        click.echo("\n".join(told), err=True)
    if wishes.dry_run:
        return 0
    if not wishes.yes:
        if not sys.stdin.isatty():
            click.echo(
                "outreach: nothing was written. Look at the preview and add --yes to write it.",
                err=True,
            )
            return NOT_CONFIRMED
        if not click.confirm("Write this?", default=False, err=True):
            click.echo("Nothing was written.", err=True)
            return NOT_CONFIRMED
    _confirm(database, made, wishes)
    return 0


def _confirm(database: Database, made: list[int], wishes: Wishes) -> None:
    with database.writing() as session:
        for number in made:
            run = runs.run_with_source(session, number)
            if wishes.different:
                runs.decide(session, run, Decision.DIFFERENT, by=operator(), now=now(), at_least=0)
            answers = {one["code"] for one in run.questions}
            runs.confirm(session, run, answers=answers, by=operator(), now=now())


def _write(database: Database, made: list[int]) -> None:
    for number in made:
        with Bar("The directory") as bar:
            progress = _both(bar.draw, work.recorded_progress(database, number, now=now))
            work.write(database, number, now=now, progress=progress)


def _both(one: Progress, other: Progress) -> Progress:
    """Tell the terminal and the run, whose lease shows that we are still at it."""

    def progress(step: str, done: int, total: int) -> None:
        one(step, done, total)
        other(step, done, total)

    return progress


def _discard_unwritten(database: Database, made: list[int]) -> None:
    with database.writing() as session:
        for number in made:
            run = runs.run_with_source(session, number)
            if run.state is RunState.CONFIRMED:
                runs.move(session, run, RunState.PREVIEW, by=operator(), now=now())
            if run.state in _UNWRITTEN:
                runs.discard(session, run, by=operator(), now=now())


def _discard_left_over(database: Database) -> None:
    """Discard what a killed command left: runs without a kept file that nobody is at any more."""
    instant = now()
    gone = instant - work.LEASE
    with database.reading() as session:
        found = session.scalars(
            sa.select(ImportRun.id).where(
                ImportRun.kept_as == "",
                ImportRun.state.in_(_UNWRITTEN),
                ImportRun.created_at < gone,
                sa.or_(ImportRun.lease_until.is_(None), ImportRun.lease_until < instant),
            )
        ).all()
    if found:
        _discard_unwritten(database, list(found))


def _print_reports(database: Database, made: list[int], wishes: Wishes) -> None:
    with database.reading() as session:
        told = [reports.report(runs.run_with_source(session, number)) for number in made]
    if wishes.as_json:
        click.echo(json.dumps({"runs": told, "total": total(told)}, ensure_ascii=False, indent=1))
    elif not wishes.dry_run:
        for one in told:
            if one["state"] == RunState.APPLIED.value:
                click.echo(f"Written as import {one['run']}.", err=True)


def total(told: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the sums of what several reports count, in the same shape; texts are left out."""
    sums: dict[str, Any] = {}
    for one in told:
        for name, value in one.items():
            if name in ("run", "questions"):
                continue
            if isinstance(value, dict):
                sums[name] = total([sums.get(name, {}), value])
            elif isinstance(value, int) and not isinstance(value, bool):
                sums[name] = sums.get(name, 0) + value
    return sums


def _in_words(run: ImportRun) -> str:
    """Return what a run would change, for a person at a terminal."""
    told = reports.report(run)
    people = told["people"]
    name = run.source.name if run.source else run.file_name
    whole = "the whole list" if run.complete else "a part of the list"
    lines = [f"{name} ({whole}, of {run.as_of})"]
    rows = [
        (people["added"], "new"),
        (people["changed"], "changed"),
        (people["refreshed"], "changed in details only"),
        (people["ended"], "ended"),
        (people["unchanged"], "as they were"),
        (told["proposed"], "perhaps somebody we have: not written (decide in the browser)"),
        (told["conflicts"], "conflicts with what was written by hand, which stays"),
        (told["unusable"], "unusable"),
        (told["remark"], "remarks"),
        (told["organizations"]["added"], "new bodies and parties"),
    ]
    lines += [f"{number:>9,}  {words}" for number, words in rows if number]
    if not any(number for number, _words in rows):
        lines.append("           nothing")
    lines += [f"  ! {one['words']}" for one in told["questions"]]
    return "\n".join(lines)


class Bar:
    """A line on standard error that says how far the work is; silent where nobody looks."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._looks = sys.stderr.isatty()
        self._began = self._last = time.monotonic()

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_why: object) -> None:
        if self._looks:
            click.echo("\r\x1b[K", nl=False, err=True)

    def draw(self, step: str, done: int, total: int) -> None:
        """Say that `done` of `total` (0 when unknown) are done."""
        instant = time.monotonic()
        if not self._looks or instant - self._last < DRAWN:
            return
        self._last = instant
        rate = done / (instant - self._began)
        share = f"{done:,} of {total:,}, {max(0, total - done):,} left" if total else f"{done:,}"
        bar = "█" * round(20 * min(done, total) / total) if total else ""
        words = f"{self._title}: {STEPS.get(step, step.capitalize())} {bar:<20} {share}"
        click.echo(f"\r\x1b[K{words}, {rate:,.0f} a second", nl=False, err=True)
