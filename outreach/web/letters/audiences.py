"""Audiences: whom a selection takes in, whom not, and writing to them."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from pydantic import ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.errors import BadInput, Refused
from outreach.letters import audiences, selections
from outreach.letters.audiences import Filters
from outreach.letters.models import Audience
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.filters import say
from outreach.web.letters import picking
from outreach.web.letters.blueprint import bp
from outreach.web.letters_forms import NameForm


@bp.get("/audiences", endpoint="audiences")
@needs("letters.read")
def audiences_list() -> str:
    """Every saved audience with what it selects, in words."""
    saved = audiences.audiences_of(session(), campaign().id)
    names = picking.names(selections.choices(session(), Filters()))
    return render_template(
        "pages/letters/audiences.html",
        audiences=[
            {"audience": one, "words": picking.in_words(audiences.filters_of(one), names)}
            for one in saved
        ],
    )


@bp.get("/audiences/new")
@needs("letters.write")
def new_audience() -> str:
    """Choose filters; after “Count”, how many that is and who they are."""
    return _choosing(NameForm(formdata=None))


@bp.post("/audiences/new")
@needs("letters.write")
def save_audience() -> Response | tuple[str, int]:
    """Save the filters of the address under a name."""
    form = NameForm()
    if form.validate_on_submit():
        try:
            with transaction(session()):
                saved = audiences.save_audience(
                    session(),
                    campaign=campaign(),
                    name=form.name.data,
                    filters=_filters(request.args),
                    by=actor(),
                    now=now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Saved. You can write to these targets now."), "success")
            return redirect(url_for("letters.audience", audience_id=saved.id))
    return _choosing(form), 422


@bp.get("/audiences/<int:audience_id>")
@needs("letters.read")
def audience(audience_id: int) -> str:
    """One audience: its targets as they are now."""
    shown = _this_audience(audience_id)
    return _page(shown, NameForm(formdata=None, data={"name": shown.name}))


@bp.post("/audiences/<int:audience_id>/rename")
@needs("letters.write")
def rename_audience(audience_id: int) -> Response | tuple[str, int]:
    """Give an audience another name."""
    shown = _this_audience(audience_id)
    form = NameForm()
    if form.validate_on_submit():
        try:
            with transaction(session()):
                audiences.save_audience(
                    session(),
                    campaign=campaign(),
                    name=form.name.data,
                    filters=audiences.filters_of(shown),
                    audience=shown,
                    by=actor(),
                    now=now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Renamed."), "success")
            return redirect(url_for("letters.audience", audience_id=audience_id))
    return _page(shown, form), 422


@bp.post("/audiences/<int:audience_id>/delete")
@needs("letters.write")
def delete_audience(audience_id: int) -> Response:
    """Delete an audience that no mailing was made for."""
    shown = _this_audience(audience_id)
    try:
        with transaction(session()):
            selections.delete_audience(session(), shown, by=actor(), now=now())
    except Refused as error:
        flash(say(error.sentence), "warning")
        return redirect(url_for("letters.audience", audience_id=audience_id))
    flash(_("Deleted."), "success")
    return redirect(url_for("letters.audiences"))


def _this_audience(audience_id: int) -> Audience:
    return audiences.audience_by_id(session(), campaign().id, audience_id)


def _filters(args: MultiDict[str, str]) -> Filters:
    """Read the filters from the address; what can't be read doesn't narrow."""
    picked: dict[str, Any] = {}
    for name in picking.MANY:
        picked[name] = [value for value in args.getlist(name) if value]
    for name in picking.YES_OR_NO:
        picked[name] = {"yes": True, "no": False}.get(args.get(name, ""))
    picked["q"] = args.get("q", "").strip()
    try:
        return Filters.model_validate(picked)
    except ValidationError as error:
        for problem in error.errors():
            picked.pop(str(problem["loc"][0]), None)
        return Filters.model_validate(picked)


def _choosing(form: NameForm) -> str:
    filters = _filters(request.args)
    counting = "count" in request.args
    address: dict[str, Any] = request.args.to_dict(flat=False)
    choices = selections.choices(session(), filters)
    return render_template(
        "pages/letters/new_audience.html",
        form=form,
        choices=picking.many(choices),
        questions=picking.yes_or_no(),
        picked=picking.picked(filters),
        q=filters.q,
        counted=audiences.count(session(), campaign(), filters) if counting else None,
        left_out=selections.left_out(session(), campaign(), filters) if counting else (),
        rows=selections.rows(session(), campaign(), filters) if counting else (),
        save_url=url_for("letters.save_audience", **address),
    )


def _page(shown: Audience, form: NameForm) -> str:
    filters = audiences.filters_of(shown)
    counted = audiences.count(session(), campaign(), filters)
    page = min(max(1, request.args.get("page", 1, type=int)), -(-counted.targets // 50) or 1)
    names = picking.names(selections.choices(session(), filters))
    return render_template(
        "pages/letters/audience.html",
        audience=shown,
        form=form,
        words=picking.in_words(filters, names),
        counted=counted,
        left_out=selections.left_out(session(), campaign(), filters),
        rows=selections.rows(session(), campaign(), filters, page=page),
        found={"page": page, "per_page": selections.PER_PAGE, "total": counted.targets},
        page_url=url_for("letters.audience", audience_id=shown.id),
        change_url=url_for("letters.new_audience", count="yes", **picking.address(filters)),
    )
