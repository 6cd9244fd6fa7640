"""Imports: the list of them, and a new file on its way in."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import BinaryIO, cast

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session, joinedload
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.directory.importing import opening
from outreach.directory.importing.fetching import keeping
from outreach.directory.importing.fetching.keeping import Kept
from outreach.directory.importing.formats import format_named, recognised
from outreach.directory.importing.registry import Dataset
from outreach.directory.syncing import confirming, runs
from outreach.directory.syncing.models import ImportRun, RunState
from outreach.errors import BadFile, BadInput
from outreach.web import access
from outreach.web.access import needs, takes_files
from outreach.web.directory import imports_words
from outreach.web.directory.blueprint import bp
from outreach.web.directory.imports_forms import UploadForm, places
from outreach.web.filters import day
from outreach.words import Sentence

# The file, and the fields around it.
MOST_TOGETHER = 500
MOST_BYTES = opening.MAX_FILE_BYTES + 1_000_000


@bp.get("/directory/imports")
@needs("directory.import")
def imports() -> str:
    """List the imports, newest first; `together` keeps to those of one uploaded file."""
    session = access.session()
    page = max(1, request.args.get("page", 1, type=int))
    together = request.args.get("together", "")[:64]
    rows, total = _together(together) if together else runs.latest_runs(session, page=page)
    return render_template(
        "pages/directory/imports/index.html",
        rows=rows,
        page=runs.RowPage((), total, page, max(total, 1) if together else runs.PER_PAGE),
        together=together,
        tints=imports_words.STATE_TINTS,
        short_counts=imports_words.short_counts,
        working=any(row.state in imports_words.WORKING for row in rows),
        watched=_watched(rows),
        step_word=imports_words.step_word,
        ready=(ready := [row for row in rows if together and _ready(row)]),
        asking=sum(row.state is RunState.PREVIEW and bool(row.questions) for row in rows),
        together_would=imports_words.would_together(ready),
        page_url=url_for("directory.imports", together=together or None),
    )


def _watched(rows: Sequence[ImportRun]) -> set[int]:
    """The runs whose progress the page's script asks for: those at work, and the next one."""
    waiting = [row.id for row in rows if row.state is RunState.WAITING and not row.step]
    at_work = [
        row.id
        for row in rows
        if row.state in (RunState.READING, RunState.CONFIRMED, RunState.UNDOING)
    ]
    return {*at_work[:3], *waiting[-1:]}


def _ready(run: ImportRun) -> bool:
    """Whether a preview asks nothing and would write something."""
    quiet = run.state is RunState.PREVIEW and not run.questions and bool(run.kept_as)
    return quiet and bool(imports_words.would(run))


@bp.post("/directory/imports/together")
@needs("directory.import")
def confirm_together() -> Response:
    """Let every list of one file be written that asks nothing first."""
    session, together = access.session(), request.form.get("together", "")[:64]
    with transaction(session):
        for run in filter(_ready, _together(together)[0]):
            runs.confirm(session, run, answers=(), by=access.actor(), now=access.now())
    return redirect(url_for("directory.imports", together=together))


def _together(sha256: str) -> tuple[Sequence[ImportRun], int]:
    """The runs of one file, all on one page: a zip holds a few dozen lists at most."""
    rows = (
        access.session()
        .scalars(
            sa.select(ImportRun)
            .where(ImportRun.sha256 == sha256)
            .options(joinedload(ImportRun.source))
            .order_by(ImportRun.id)
            .limit(MOST_TOGETHER)
        )
        .all()
    )
    return rows, len(rows)


@bp.route("/directory/imports/new", methods=["GET", "POST"])
@needs("directory.import")
@takes_files(MOST_BYTES)
def upload() -> str | Response | tuple[str, int]:
    """Take a file in: keep it, recognise what is in it, and let it be read."""
    form = UploadForm()
    form.offer(places(access.session()))
    if form.validate_on_submit():
        try:
            return _to_runs(_taken_in(form))
        except BadInput as error:
            form.show(error)
        except BadFile as error:
            form.show(BadInput(error.sentence, "file"))
        finally:
            form.file.data.close()
    page = render_template("pages/directory/imports/new.html", form=form)
    return (page, 422) if request.method == "POST" else page


def _taken_in(form: UploadForm) -> list[ImportRun]:
    """Keep the file and write down a run for each list in it. Raises BadFile, BadInput.

    Nothing is open in the database while the file is written and recognised.
    """
    stored = form.file.data
    name = stored.filename or "list"
    home = access.settings().home
    kept = keeping.keep(cast(BinaryIO, stored.stream), name, home=home)
    try:
        with opening.opened(kept.path, name) as upload:
            chosen = form.format.data
            datasets = format_named(chosen).datasets(upload) if chosen else recognised(upload)
            if not datasets:
                raise BadInput(_unknown(chosen), "file")
            with access.installation().database.reading() as session:
                datasets = [
                    confirming.with_known_columns(session, _told(one, form)) for one in datasets
                ]
        return _written_down(datasets, form, name, kept)
    except BaseException:
        forget(kept.place)
        raise


def _unknown(chosen: str) -> Sentence:
    if chosen:
        return Sentence("The file is not of this format. Let it be recognised by itself.")
    return Sentence(
        "This is no list we can read. Save it as a spreadsheet (XLSX) or CSV with one person in "
        "each row, and send that."
    )


def _told(dataset: Dataset, form: UploadForm) -> Dataset:
    """The list as its file says, with what the person knows better."""
    options = dict(dataset.options)
    if form.body.data:
        options["body"] = form.body.data
    return dataclasses.replace(
        dataset, jurisdiction=form.jurisdiction.data or dataset.jurisdiction, options=options
    )


def _written_down(
    datasets: list[Dataset], form: UploadForm, name: str, kept: Kept
) -> list[ImportRun]:
    now = access.now()
    with access.installation().database.writing() as session:
        _say_if_known(session, kept)
        made = []
        for dataset in datasets:
            run = runs.new_run(
                session,
                dataset,
                file_name=name,
                sha256=kept.sha256,
                kept_as=kept.place,
                complete=dataset.complete and form.whole.data == "whole",
                as_of=form.as_of.data or dataset.as_of or now.date(),
                source_url=form.url.data or "",
                by=access.actor(),
                now=now,
            )
            if dataset.unsure:
                confirming.ask_for_columns(session, run, by=access.actor(), now=now)
            made.append(run)
        return made


def _say_if_known(session: Session, kept: Kept) -> None:
    before = session.scalar(
        sa.select(ImportRun)
        .where(ImportRun.sha256 == kept.sha256, ImportRun.state == RunState.APPLIED)
        .order_by(ImportRun.id.desc())
        .limit(1)
    )
    if before is not None:
        flash(
            _(
                "This very file was imported on %(day)s. Reading it again should change nothing; "
                "look at the preview.",
                day=day(before.applied_at),
            ),
            "info",
        )


def forget(place: str) -> None:
    """Let go of a kept file that is of no import, or of discarded ones alone."""
    with access.installation().database.reading() as session:
        used = session.scalar(
            sa.select(ImportRun.id)
            .where(ImportRun.kept_as == place, ImportRun.state != RunState.DISCARDED)
            .limit(1)
        )
    if used is None and place:
        (access.settings().home / place).unlink(missing_ok=True)


def _to_runs(made: list[ImportRun]) -> Response:
    if len(made) == 1:
        return redirect(url_for("directory.import_run", run_id=made[0].id))
    flash(
        ngettext(
            "%(num)s list found in this file. Each has its own preview.",
            "%(num)s lists found in this file. Each has its own preview.",
            len(made),
        ),
        "info",
    )
    return redirect(url_for("directory.imports", together=made[0].sha256))
