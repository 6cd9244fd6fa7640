"""Audiences: whom a selection takes in, whom not, and writing to them."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.directory.queries import Sort
from outreach.errors import BadInput, Refused
from outreach.letters import audiences, selections
from outreach.letters.audiences import Filters
from outreach.letters.models import Audience
from outreach.web import finding
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.filters import number, say
from outreach.web.letters import picking
from outreach.web.letters.blueprint import bp
from outreach.web.letters_forms import NameForm

# So many targets stand below the filters while somebody chooses.
FIRST = 10


@bp.get("/audiences", endpoint="audiences")
@needs("letters.read")
def audiences_list() -> str:
    """Every saved audience with what it selects, in words."""
    saved = audiences.audiences_of(session(), campaign().id)
    asked = {one.id: audiences.filters_of(one) for one in saved}
    names = picking.names(list(asked.values()))
    return render_template(
        "pages/letters/audiences.html",
        audiences=[
            {"audience": one, "words": finding.in_words(asked[one.id], names)} for one in saved
        ],
    )


@bp.get("/audiences/new")
@needs("letters.write")
def new_audience() -> str:
    """Choose filters; how many that is, who they are and who is left out."""
    return _choosing(NameForm(formdata=None))


@bp.post("/audiences/new")
@needs("letters.write")
def save_audience() -> Response | tuple[str, int]:
    """Save the filters of the address under a name, once each name in them means one thing."""
    form = NameForm()
    if form.validate_on_submit() and not finding.understood(request.args)[1]:
        try:
            with transaction(session()):
                saved = audiences.save_audience(
                    session(),
                    campaign=campaign(),
                    name=form.name.data,
                    filters=_filters(),
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


def _filters() -> Filters:
    """Read the filters from the address; what can't be read doesn't narrow."""
    return finding.read(request.args, Filters, finding.understood(request.args)[0])


@bp.get("/audiences/count")
@needs("letters.read")
def counted() -> Response:
    """Say how large a selection is; for a form that is being filled in."""
    found = audiences.count(session(), campaign(), _filters(), today=now().date())
    many, desks, tongues = found.targets, found.offices, len(found.languages)
    words = (
        ngettext("%(number)s target", "%(number)s targets", many, number=number(many)),
        ngettext("%(number)s desk", "%(number)s desks", desks, number=_desks(found)),
        ngettext("%(number)s language", "%(number)s languages", tongues, number=number(tongues)),
    )
    return jsonify(words=", ".join(words))


def _desks(found: audiences.Counted) -> str:
    """How many desks, in figures; nobody counts all desks of a whole directory."""
    if found.offices <= audiences.MOST_DESKS:
        return number(found.offices)
    return str(_("more than %(number)s", number=number(audiences.MOST_DESKS)))


def _choosing(form: NameForm) -> str:
    certain, unsure = finding.understood(request.args)
    filters = finding.read(request.args, Filters, certain)
    sort, today = finding.sort_of(request.args), now().date()
    said = finding.address(filters)
    counted = audiences.count(session(), campaign(), filters, today=today)
    rows, _found = selections.page(
        *(session(), campaign(), filters),
        today=today,
        per_page=FIRST,
        sort=sort,
        total=counted.targets,
    )
    return render_template(
        "pages/letters/new_audience.html",
        form=form,
        finder=finding.finder(
            filters,
            request.args,
            unsure,
            _address,
            known=picking.names([filters]),
            further=picking.controls(said),
        ),
        counted=counted,
        desks=_desks(counted),
        left_out=_left_out(filters, counted),
        unsure=bool(unsure),
        rows=rows,
        save_url=url_for("letters.save_audience", **said),
    )


def _left_out(filters: Filters, counted: audiences.Counted) -> selections.AllLeftOut:
    return selections.left_out(
        session(), campaign(), filters, today=now().date(), unreachable=counted.unreachable
    )


def _address(**said: Any) -> str:
    return url_for("letters.new_audience", **said)


def _page(shown: Audience, form: NameForm) -> str:
    filters, today = audiences.filters_of(shown), now().date()
    sort = finding.sort_of(request.args)
    counted = audiences.count(session(), campaign(), filters, today=today)
    rows, found = selections.page(
        session(),
        campaign(),
        filters,
        today=today,
        page=request.args.get("page", 1, type=int),
        sort=sort,
        total=counted.targets,
    )
    names = picking.names([filters])
    kept: dict[str, Any] = {} if sort is Sort.PLACE else {"sort": sort.value}
    return render_template(
        "pages/letters/audience.html",
        audience=shown,
        form=form,
        words=finding.in_words(filters, names),
        counted=counted,
        desks=_desks(counted),
        left_out=_left_out(filters, counted),
        rows=rows,
        found=found,
        page_url=url_for("letters.audience", audience_id=shown.id, **kept),
        change_url=_address(**finding.address(filters)),
    )
