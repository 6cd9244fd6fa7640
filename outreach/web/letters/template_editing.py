"""The room where texts are written: languages side by side, tried while they are typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response as FlaskResponse
from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.directory.models import TargetRole
from outreach.errors import BadInput, MoveRefused
from outreach.letters import templates, versions
from outreach.letters.checks.words import length_for
from outreach.letters.diff import Piece, differences
from outreach.letters.models import Template, TemplateVersion
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.filters import say
from outreach.web.letters import trying
from outreach.web.letters.blueprint import bp
from outreach.web.letters.names import names_for


@dataclass(slots=True)
class Editor:
    """One language in the room: what is typed, and what was found about it."""

    language: str
    subject: str
    body: str
    # The number of the version that is on the screen; 0: there is none.
    seen: int
    # How many words are read in a letter of this kind to the first of its offices.
    least: int
    most: int
    standing: TemplateVersion | None
    problems: Sequence[versions.TextProblem] = ()
    refusal: str = ""
    # What somebody else saved meanwhile, against what is typed here.
    meanwhile: tuple[Piece, ...] = field(default=())


@bp.get("/templates/<slug>/write")
@needs("letters.write")
def write_template(slug: str) -> Response | str:
    """One text to write, another language beside it if wished, and how it reads for somebody."""
    template = templates.template_by_slug(session(), campaign().id, slug)
    current = templates.current_versions(session(), template.id)
    wanted = request.args.get("language") or next(iter(current), "en")
    shown = [wanted]
    beside = request.args.get("beside", "")
    if beside in current and beside != wanted:
        shown.append(beside)
    wrong = versions.language_problem(wanted) if wanted not in current else None
    if wrong is not None:
        flash(say(wrong), "warning")
        return redirect(url_for("letters.template", slug=slug))
    return _room(template, [_saved(template, one, current.get(one)) for one in shown])


@bp.post("/templates/<slug>/write")
@needs("letters.write")
def save_template(slug: str) -> Response | str | tuple[str, int]:
    """Save what was changed; with another button only look at it, or at one language more."""
    template = templates.template_by_slug(session(), campaign().id, slug)
    current = templates.current_versions(session(), template.id)
    editors = [
        _typed(template, language, current.get(language))
        for language in dict.fromkeys(request.form.getlist("language"))
        if versions.LANGUAGE.fullmatch(language)
    ][:2]
    if not editors:
        return redirect(url_for("letters.write_template", slug=slug))
    beside = request.form.get("beside")
    if beside is not None:
        others = [beside] if beside in current and beside != editors[0].language else []
        if len(editors) > 1 and not _as_shown(template, editors[1]):
            flash(_("Save first: what you wrote beside it would be lost."), "warning")
            return _room(template, editors)
        kept = [editors[0], *(_saved(template, one, current[one]) for one in others)]
        return _room(template, kept)
    if "save" not in request.form:
        return _room(template, editors)
    return _save(template, editors)


@bp.post("/templates/<slug>/preview")
@needs("letters.write")
def preview_template(slug: str) -> FlaskResponse:
    """How the words that are typed read for the one who is chosen: {html}; keeps nothing."""
    template = templates.template_by_slug(session(), campaign().id, slug)
    language = request.form.get("active", "")[:16]
    typed = _typed(template, language, None)
    shown = trying.shown(template, typed.language, typed.subject, typed.body, request.form)
    return jsonify(html=render_template("pages/letters/_preview.html", shown=shown))


def _save(template: Template, editors: list[Editor]) -> Response | tuple[str, int]:
    known = versions.known(session(), template.campaign_id)
    changed = [one for one in editors if not _as_shown(template, one)]
    for one in changed:
        one.problems = versions.problems(*versions.tidy(one.subject, one.body), known)
    if any(one.problems for one in changed):
        return _room(template, editors), 422
    try:
        with transaction(session()):
            saved = [_keep(template, one) for one in changed]
    except MoveRefused:
        return _room(_again(template, editors), editors), 409
    except BadInput:
        return _room(template, editors), 422
    if not saved:
        flash(_("Nothing was changed, so nothing was saved."), "info")
    else:
        flash(
            ngettext(
                "Saved as a new version. A native speaker has to read it before it may be sent; "
                "letters already made keep the words they have.",
                "Saved as %(num)s new versions. Native speakers have to read them before they may "
                "be sent; letters already made keep the words they have.",
                len(saved),
            ),
            "success",
        )
    beside = editors[1].language if len(editors) > 1 else None
    return redirect(
        url_for(
            "letters.write_template",
            slug=template.slug,
            language=editors[0].language,
            beside=beside,
        )
    )


def _keep(template: Template, editor: Editor) -> TemplateVersion:
    try:
        return versions.save(
            session(),
            template,
            editor.language,
            editor.subject,
            editor.body,
            seen=editor.seen,
            by=actor(),
            now=now(),
        )
    except BadInput as error:
        editor.refusal = say(error.sentence)
        raise


def _again(template: Template, editors: list[Editor]) -> Template:
    """Put what stands now beside what was typed; saving once more is then done knowingly."""
    current = templates.current_versions(session(), template.id)
    for one in editors:
        standing = current.get(one.language)
        if standing is not None and standing.number != one.seen:
            before = f"{standing.subject}\n\n{standing.body}"
            one.meanwhile = differences(before, f"{one.subject}\n\n{one.body}")
            one.standing, one.seen = standing, standing.number
    return template


def _as_shown(template: Template, editor: Editor) -> bool:
    """Whether the words are those of the version that was on the screen."""
    words = versions.tidy(editor.subject, editor.body)
    if editor.seen == 0:
        return words == ("", "")
    return any(
        (one.subject, one.body) == words
        for one in templates.versions_of(session(), template.id)
        if (one.language, one.number) == (editor.language, editor.seen)
    )


def _saved(template: Template, language: str, standing: TemplateVersion | None) -> Editor:
    words = (standing.subject, standing.body) if standing else ("", "")
    number = standing.number if standing else 0
    return _editor(template, language, words, number, standing)


def _typed(template: Template, language: str, standing: TemplateVersion | None) -> Editor:
    words = (
        request.form.get(f"subject-{language}", ""),
        request.form.get(f"text-{language}", "").replace("\r\n", "\n"),
    )
    seen = request.form.get(f"seen-{language}", 0, type=int)
    return _editor(template, language, words, seen, standing)


def _editor(
    template: Template,
    language: str,
    words: tuple[str, str],
    seen: int,
    standing: TemplateVersion | None,
) -> Editor:
    least, most = length_for(template.kind, TargetRole(template.roles[0]), language)
    return Editor(language, *words, seen, least, most, standing)


def _room(template: Template, editors: list[Editor]) -> str:
    first = editors[0]
    current = templates.current_versions(session(), template.id)
    shown: dict[str, Any] = trying.shown(
        template, first.language, first.subject, first.body, request.values
    )
    return render_template(
        "pages/letters/write.html",
        template=template,
        editors=editors,
        others=[one for one in current if one not in {editor.language for editor in editors}],
        shown=shown,
        names=names_for(first.language),
    )
