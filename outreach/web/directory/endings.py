"""A body dissolved, newly elected, reshuffled or merged: what follows, before and after."""

from __future__ import annotations

import datetime as dt

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.directory import endings
from outreach.directory.models import Organization, OrganizationKind
from outreach.directory.shelf_life import Ending
from outreach.errors import BadInput
from outreach.sending import consequences
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory.blueprint import body_or_404, bp, place_name
from outreach.web.directory.verifying_forms import EndingForm
from outreach.web.filters import number

GOVERNING = (OrganizationKind.GOVERNMENT, OrganizationKind.MINISTRY)


@bp.get("/directory/organizations/<int:organization_id>/ending")
@needs("directory.end")
def ending(organization_id: int) -> str | tuple[str, int]:
    """Ask what happened to a body and when; with both in the address, show what will follow."""
    body = body_or_404(organization_id)
    if "on" not in request.args:
        usual = Ending.RESHUFFLE if body.kind in GOVERNING else Ending.DISSOLUTION
        form = EndingForm(formdata=None, on=access.now().date(), kind=usual.value)
        form.offer()
        return _page(body, form)
    form = EndingForm(request.args, meta={"csrf": False})
    form.offer()
    return _page(body, form, _plan(body, form)) if form.validate() else (_page(body, form), 422)


@bp.post("/directory/organizations/<int:organization_id>/ending")
@needs("directory.end")
def end(organization_id: int) -> str | Response | tuple[str, int]:
    """End the seats and hold the letters that wait to go there."""
    session, body, form = access.session(), body_or_404(organization_id), EndingForm()
    form.offer()
    if form.validate_on_submit():
        plan = _plan(body, form)
        try:
            with transaction(session):
                held = consequences.end_body(session, plan, by=access.actor(), now=access.now())
        except BadInput as error:
            form.show(error)
        else:
            flash(
                _(
                    "Done: %(seats)s seats end, %(letters)s letters are held.",
                    seats=number(len(plan.seats)),
                    letters=number(held),
                ),
                "success",
            )
            return redirect(url_for("directory.ending", organization_id=body.id))
    return _page(body, form), 422


@bp.post("/directory/organizations/<int:organization_id>/endings/<int:event_id>/undo")
@needs("directory.end")
def undo_ending(organization_id: int, event_id: int) -> Response:
    """Take back an ending that was entered by mistake."""
    session, body = access.session(), body_or_404(organization_id)
    event = endings.ending_by_id(session, body, event_id)
    with transaction(session):
        seats, letters = consequences.undo_ending(
            session, event, by=access.actor(), now=access.now()
        )
    flash(
        _(
            "Taken back: %(seats)s seats are held again, %(letters)s letters are approved again "
            "and need a new time.",
            seats=number(seats),
            letters=number(letters),
        ),
        "success",
    )
    return redirect(url_for("directory.ending", organization_id=body.id))


def _plan(body: Organization, form: EndingForm) -> endings.Plan:
    kind, on = Ending(form.kind.data), form.on.data
    assert isinstance(on, dt.date)
    # A reshuffle takes only those who are ticked, once the list was shown.
    shown = kind is Ending.RESHUFFLE and request.method == "POST"
    leaving = {int(one) for one in request.form.getlist("leaves") if one.isdecimal()}
    return endings.plan(
        access.session(),
        body,
        kind=kind,
        on=on,
        gone=bool(form.gone.data) and kind is not Ending.RESHUFFLE,
        leaving=leaving if shown else None,
    )


def _page(body: Organization, form: EndingForm, plan: endings.Plan | None = None) -> str:
    session, reader, now = access.session(), access.actor(), access.now()
    return render_template(
        "pages/directory/ending.html",
        body=body,
        country_name=place_name(body),
        form=form,
        plan=plan,
        touched=consequences.touched_by(session, plan, reader=reader, now=now) if plan else None,
        entered=endings.endings_of(session, body),
        today=now.date(),
    )
