"""The pages that change what the campaign says beside its facts, and add what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from outreach.database import transaction
from outreach.directory.models import Confidence, TargetRole
from outreach.errors import BadInput
from outreach.petitions import texts
from outreach.petitions.models import Ask, Conflict, Measure, Objection, Petition, Unit
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.forms import Form
from outreach.web.petitions_forms import MeasureForm, ObjectionForm
from outreach.web.petitions_frame import Answer, bp, form_page
from outreach.web.petitions_text_forms import (
    AskForm,
    ConflictForm,
    NewConflictForm,
    NewMeasureForm,
    NewObjectionForm,
    PetitionForm,
    UnitForm,
)


def edit(
    name: str,
    form: Form,
    fill: Callable[[], None],
    save: Callable[[], Any],
    then: str,
    thing: Any,
    **values: Any,
) -> Answer:
    """Show a form filled with what is kept, or keep what was typed and go where it is shown.

    `thing` is what is changed, None for a new one; `values` are the page's own.
    """
    if request.method == "GET" and thing is not None:
        fill()
    if form.validate_on_submit():
        try:
            with transaction(session()):
                saved = save()
        except BadInput as error:
            form.show(error)
        else:
            flash(_("%(code)s is saved.", code=_name_of(saved)), "success")
            where = {"code": saved.code} if then == "petitions.fact" else {}
            return redirect(url_for(then, **where))
    return form_page(name, form, thing=thing, then=then, **values)


@bp.route("/petition/about/<slug>/edit", methods=["GET", "POST"])
@needs("petition.write")
def edit_petition(slug: str) -> Answer:
    """Change what is said about the petition, and the credit lines of letters."""
    petition = texts.petition_by_slug(session(), campaign().id, slug)
    form = PetitionForm()

    def save() -> Petition:
        return texts.change_petition(
            session(),
            petition,
            title=form.title.data,
            author=form.author.data,
            written=form.written.data,
            platform=form.platform.data or "",
            platform_step=form.platform_step.data,
            summary=form.summary.data,
            credit=form.texts("credit", petition.credit),
            by=actor(),
            now=now(),
        )

    return _edit_text(
        form,
        save,
        petition,
        heading=_("What is the petition?"),
        lead=_("The credit line stands in letters drafted from now on; others keep their words."),
        button=_("Save the petition"),
    )


@bp.route("/petition/asks/<path:code>/edit", methods=["GET", "POST"])
@needs("petition.write")
def edit_ask(code: str) -> Answer:
    """Change what one office is asked, and which offices can do it."""
    ask = texts.ask_by_code(session(), campaign().id, code)
    form = AskForm()

    def save() -> Ask:
        return texts.change_ask(
            session(),
            ask,
            text=form.text.data,
            roles=[TargetRole(role) for role in form.roles.data],
            jurisdictions=_codes(form.jurisdictions.data),
            not_in=_codes(form.not_in.data),
            eu_members_only=form.eu_members_only.data,
            by=actor(),
            now=now(),
        )

    return _edit_text(
        form,
        save,
        ask,
        heading=_("Who can be asked for %(code)s?", code=ask.code),
        lead=_("A change counts for letters drafted from now on. Others keep their ask."),
        button=_("Save the ask"),
    )


@bp.route("/petition/names/<code>/edit", methods=["GET", "POST"])
@needs("petition.write")
def edit_unit(code: str) -> Answer:
    """Change how a body is written, and what its name stands for."""
    unit = texts.unit_by_code(session(), campaign().id, code)
    form = UnitForm()

    def save() -> Unit:
        return texts.change_unit(
            session(),
            unit,
            names=form.texts("names", unit.names),
            expansions=form.texts("expansions", unit.expansions),
            note=form.note.data or "",
            by=actor(),
            now=now(),
        )

    return _edit_text(
        form,
        save,
        unit,
        heading=_("How do we write %(name)s?", name=unit.names.get("en") or unit.code),
        lead=_("Writers look it up here. Letter templates carry the name as it was typed there."),
        button=_("Save the name"),
    )


@bp.route("/petition/conflicts/new", methods=["GET", "POST"])
@needs("petition.write")
def new_conflict() -> Answer:
    """Write down facts that must not stand side by side."""
    return _edit_conflict(NewConflictForm(), None)


@bp.route("/petition/conflicts/<code>/edit", methods=["GET", "POST"])
@needs("petition.write")
def edit_conflict(code: str) -> Answer:
    """Change what doesn't go together, why, and what to use."""
    return _edit_conflict(ConflictForm(), texts.conflict_by_code(session(), campaign().id, code))


@bp.route("/petition/objections/new", methods=["GET", "POST"])
@needs("petition.write")
def new_objection() -> Answer:
    """Write an objection that isn't there yet."""
    return _edit_objection(NewObjectionForm(), None)


@bp.route("/petition/objections/<code>/edit", methods=["GET", "POST"])
@needs("petition.write")
def edit_objection(code: str) -> Answer:
    """Change an objection or our answer to it."""
    return _edit_objection(ObjectionForm(), texts.objection_by_code(session(), campaign().id, code))


@bp.route("/petition/measures/new", methods=["GET", "POST"])
@needs("petition.write")
def new_measure() -> Answer:
    """Write down a measure that isn't there yet."""
    return _edit_measure(NewMeasureForm(), None)


@bp.route("/petition/measures/<code>/edit", methods=["GET", "POST"])
@needs("petition.write")
def edit_measure(code: str) -> Answer:
    """Change what exists already."""
    return _edit_measure(MeasureForm(), texts.measure_by_code(session(), campaign().id, code))


def _edit_conflict(form: ConflictForm, kept: Conflict | None) -> Answer:
    def save() -> Conflict:
        return texts.change_conflict(
            session(),
            kept or texts.start(session(), Conflict, campaign().id, form["code"].data),
            what=form.what.data,
            explanation=form.explanation.data or "",
            resolution=form.resolution.data,
            by=actor(),
            now=now(),
        )

    return _edit_text(
        form,
        save,
        kept,
        heading=_("What doesn't go together?"),
        lead=_("Which facts are in it is chosen on each fact's own page."),
        button=_("Save the conflict"),
        then="petitions.all_facts",
        crumb=_("Facts"),
    )


def _edit_objection(form: ObjectionForm, kept: Objection | None) -> Answer:
    def save() -> Objection:
        return texts.change_objection(
            session(),
            kept or texts.start(session(), Objection, campaign().id, form["code"].data),
            says=form.says.data,
            known_from=form.known_from.data or "",
            answer=form.answer.data,
            strength=form.strength.data or "",
            by=actor(),
            now=now(),
        )

    return _edit_text(
        form,
        save,
        kept,
        heading=_("What do we answer to objection %(code)s?", code=kept.code)
        if kept
        else _("What else do they object?"),
        button=_("Save the objection"),
        then="petitions.objections",
        crumb=_("Objections"),
    )


def _edit_measure(form: MeasureForm, kept: Measure | None) -> Answer:
    def save() -> Measure:
        return texts.change_measure(
            session(),
            kept or texts.start(session(), Measure, campaign().id, form["code"].data),
            jurisdictions=_codes(form.jurisdictions.data),
            taken_on=form.taken_on.data,
            what=form.what.data,
            confidence=Confidence(form.confidence.data),
            sources=[
                line.strip() for line in (form.sources.data or "").splitlines() if line.strip()
            ],
            wording=form.texts("wording", kept.wording if kept else {}),
            citation=form.texts("citation", kept.citation if kept else {}),
            by=actor(),
            now=now(),
        )

    return _edit_text(
        form,
        save,
        kept,
        heading=_("What does measure %(code)s say?", code=kept.code)
        if kept
        else _("What else exists already?"),
        button=_("Save the measure"),
        then="petitions.measures",
        crumb=_("What exists"),
    )


def _edit_text(
    form: Any,
    save: Callable[[], Any],
    thing: Any,
    *,
    heading: str,
    button: str,
    lead: str = "",
    then: str = "petitions.index",
    crumb: str = "",
) -> Answer:
    """Show the one page of all short forms."""
    crumbs = [(_("Petition"), url_for("petitions.index"))]
    if crumb:
        crumbs.append((crumb, url_for(then)))
    return edit(
        "edit_text",
        form,
        lambda: form.fill(thing),
        save,
        then,
        thing,
        heading=heading,
        lead=lead,
        button=button,
        way=crumbs,
    )


def _name_of(saved: Any) -> str:
    return _("The petition") if isinstance(saved, Petition) else str(saved.code)


def _codes(typed: str | None) -> list[str]:
    """Return the codes somebody typed with commas between them, in capitals, each once."""
    codes = (part.strip().upper() for part in (typed or "").split(","))
    return list(dict.fromkeys(code for code in codes if code))
