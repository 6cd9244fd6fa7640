"""One import: how far it is, what it would change, what was decided, what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.accounts import audit
from outreach.database import transaction
from outreach.directory.models import Person
from outreach.directory.syncing import confirming, reports, runs, undoing, work
from outreach.directory.syncing.models import (
    Decision,
    Effect,
    ImportRun,
    RunState,
    StagedRow,
)
from outreach.errors import NotFound, Refused
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory import imports_words as words
from outreach.web.directory.blueprint import bp
from outreach.web.directory.imports import forget
from outreach.web.directory.imports_columns import columns_can_change
from outreach.web.filters import say
from outreach.words import Sentence

# Proposals this much alike may be accepted together.
SURE = 95


@bp.get("/directory/imports/<int:run_id>")
@needs("directory.import")
def import_run(run_id: int) -> str | Response:
    """One import, as it stands: its columns, its progress, its preview or its report."""
    run = runs.run_with_source(access.session(), run_id)
    if confirming.are_open(run):
        return redirect(url_for("directory.import_columns", run_id=run.id))
    return _page(run)


def _page(
    run: ImportRun, open_questions: tuple[Sentence, ...] = (), answered: Collection[str] = ()
) -> str:
    session = access.session()
    undecided = _undecided(run)
    return render_template(
        "pages/directory/imports/run.html",
        run=run,
        states=RunState,
        tints=words.STATE_TINTS,
        working=run.state in words.WORKING,
        interrupted=_interrupted(run),
        moment=_moment(run),
        figures=_figures(run),
        questions=[
            (one["code"], words.sentence(one["words"], one["values"])) for one in run.questions
        ],
        open_questions=open_questions,
        answered=answered,
        columns_can_change=columns_can_change(run),
        bodies=int(run.counts.get("organizations added") or 0),
        unchanged=int(run.counts.get("unchanged") or 0),
        fields=words.fields(run),
        would=words.would(run, words.count(run, Effect.PROPOSED) - undecided),
        effects=Effect,
        undecided=undecided,
        sure=SURE,
        facts=_facts(run),
        taken_back=words.taken_back(run),
        takes_back=words.takes_back(run) if run.state is RunState.APPLIED else "",
        no_undo=undoing.refusal(session, run) if run.state is RunState.APPLIED else None,
        history=[words.happened(event) for event in audit.history(session, "import_run", run.id)],
    )


def _figures(run: ImportRun) -> list[tuple[Effect, str, int, str]]:
    """(effect, label, number, tint) of the effects that the preview of `run` has."""
    return [
        (effect, say(words.FIGURES[effect][0]), many, words.FIGURES[effect][1])
        for effect in words.EFFECTS
        if (many := words.count(run, effect)) or (run.counts and effect in words.ALWAYS)
    ]


def _undecided(run: ImportRun) -> int:
    if run.state is not RunState.PREVIEW or not words.count(run, Effect.PROPOSED):
        return 0
    return (
        access.session().scalar(
            sa.select(sa.func.count(StagedRow.id)).where(
                StagedRow.run_id == run.id,
                StagedRow.effect == Effect.PROPOSED,
                StagedRow.decision.is_(None),
            )
        )
        or 0
    )


def _facts(run: ImportRun) -> list[tuple[str, Any]]:
    source = run.source
    return [
        (_("List"), source.name if source and source.name != run.file_name else ""),
        (_("File"), run.file_name),
        (_("Link"), run.source_url),
        (_("Speaks of"), run.as_of),
        (_("Whole list"), _("yes") if run.complete else _("only a part: nobody is ended")),
        (_("Format"), words.format_label(run.format)),
        (_("Licence"), source.licence if source else ""),
        (_("Names its source as"), source.attribution if source else ""),
    ]


def _interrupted(run: ImportRun) -> bool:
    """Whether the worker that was at it is gone: its lease ran out."""
    if run.state not in words.WORKING:
        return False
    if run.state is RunState.UNDOING:
        return False  # the next worker takes it up, whether its file is kept or not
    # A waiting or confirmed list is taken up by the next worker, if its file is kept.
    if run.state is not RunState.READING and run.kept_as:
        return False
    until = run.lease_until or run.created_at + work.LEASE
    return until < access.now() and (bool(run.lease_until) or not run.kept_as)


def _moment(run: ImportRun) -> dict[str, Any]:
    """How far the work is, as the page and its script show it."""
    seconds = 0.0
    if run.state in words.WORKING:
        began = [
            event.at
            for event in audit.history(access.session(), "import_run", run.id)
            if event.to_state == run.state.value
        ]
        seconds = (access.now() - began[-1]) / dt.timedelta(seconds=1) if began else 0.0
    return {
        "state": run.state.value,
        "step": words.step_word(run.step),
        "done": run.done,
        "total": run.total,
        "words": words.rate_words(run.done, run.total, seconds),
    }


@bp.get("/directory/imports/<int:run_id>/progress.json")
@needs("directory.import")
def import_progress(run_id: int) -> Response:
    """How far the work is, for the page's script."""
    return jsonify(_moment(runs.run_with_source(access.session(), run_id)))


@bp.get("/directory/imports/<int:run_id>/report.json")
@needs("directory.import")
def import_report(run_id: int) -> Response:
    """The numbers of an import, as the command line prints them."""
    run = runs.run_with_source(access.session(), run_id)
    answer = jsonify(reports.report(run))
    answer.headers["Content-Disposition"] = f'attachment; filename="import-{run.id}.json"'
    return answer


@bp.get("/directory/imports/<int:run_id>/<any({}):effect>".format(", ".join(Effect)))
@needs("directory.import")
def import_rows(run_id: int, effect: str) -> str:
    """What the import would do, or did, of one kind, row by row."""
    session, kind = access.session(), Effect(effect)
    run = runs.run_with_source(session, run_id)
    about = "organization" if request.args.get("about") == "organization" else "person"
    page = runs.rows_of(session, run, kind, about=about, page=request.args.get("page", 1, type=int))
    return render_template(
        "pages/directory/imports/rows.html",
        run=run,
        effect=kind,
        effects=Effect,
        decisions=Decision,
        states=RunState,
        heading=words.heading(kind, about),
        about=say(words.ABOUT[kind]) if about == "person" else "",
        page=page,
        said={row.id: words.differences(row) for row in page.rows},
        summary={row.id: words.summary(row) for row in page.rows},
        ours=_ours(page),
        undecided=_undecided(run),
        sure=SURE,
        page_url=url_for(
            "directory.import_rows",
            run_id=run.id,
            effect=kind.value,
            about=about if about == "organization" else None,
        ),
    )


def _ours(page: runs.RowPage) -> dict[int, Person]:
    """The people of ours that rows speak of, by number."""
    numbers = {row.person_id for row in page.rows if row.person_id}
    if not numbers:
        return {}
    found = access.session().scalars(sa.select(Person).where(Person.id.in_(numbers)))
    return {person.id: person for person in found}


@bp.post("/directory/imports/<int:run_id>/decide")
@needs("directory.import")
def decide_import(run_id: int) -> Response:
    """Say of proposals whether they are the same person: one, or all that are much alike."""
    session = access.session()
    run = runs.run_with_source(session, run_id)
    one, together = request.form.get("row", type=int), "all" in request.form
    said = {"same": Decision.SAME, "different": Decision.DIFFERENT}
    decision = said.get(request.form.get("decision", ""))
    with transaction(session):
        number = runs.decide(
            session,
            run,
            decision,
            by=access.actor(),
            now=access.now(),
            rows=() if one is None else (one,),
            at_least=SURE if together else None,
        )
    if not number and not together:
        raise NotFound(Sentence("This import has no such row."))
    if together:
        flash(_("%(number)s decided: the same person.", number=number), "success")
    page = request.form.get("page", 1, type=int)
    return redirect(
        url_for("directory.import_rows", run_id=run.id, effect=Effect.PROPOSED.value, page=page)
    )


@bp.post("/directory/imports/<int:run_id>/confirm")
@needs("directory.import")
def confirm_import(run_id: int) -> Response | tuple[str, int]:
    """Let the preview be written; every open question must be answered."""
    session, answers = access.session(), set(request.form.getlist("yes"))
    run = runs.run_with_source(session, run_id)
    try:
        with transaction(session):
            runs.confirm(
                session,
                run,
                answers=answers,
                by=access.actor(),
                now=access.now(),
            )
    except Refused as refused:
        return _page(runs.run_with_source(session, run_id), refused.reasons, answers), 409
    return _back(run_id)


@bp.post("/directory/imports/<int:run_id>/discard")
@needs("directory.import")
def discard_import(run_id: int) -> Response:
    """Give an import up: nothing of it is written, and its file is not kept."""
    session = access.session()
    run = runs.run_with_source(session, run_id)
    with transaction(session):
        runs.discard(session, run, by=access.actor(), now=access.now())
    forget(run.kept_as)
    flash(_("Discarded. The directory is as it was."), "success")
    return redirect(url_for("directory.imports"))


@bp.post("/directory/imports/<int:run_id>/again")
@needs("directory.import")
def restart_import(run_id: int) -> Response:
    """Read the kept file again."""
    session = access.session()
    run = runs.run_with_source(session, run_id)
    with transaction(session):
        runs.restart(session, run, by=access.actor(), now=access.now())
    return _back(run_id)


@bp.post("/directory/imports/<int:run_id>/undo")
@needs("directory.import")
def undo_import(run_id: int) -> Response:
    """Let what an import wrote be taken back, all of it in one transaction of the worker."""
    session = access.session()
    run = runs.run_with_source(session, run_id)
    with transaction(session):
        undoing.ask(session, run, by=access.actor(), now=access.now())
    return _back(run_id)


def _back(run_id: int) -> Response:
    return redirect(url_for("directory.import_run", run_id=run_id))
