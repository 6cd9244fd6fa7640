"""Corrections: suggested on the page of a target, decided on a page of their own."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.directory import offices, proposals
from outreach.directory.models import ContactDetail, ContactKind
from outreach.directory.queries import target_with_everything
from outreach.errors import BadInput
from outreach.sending.consequences import queued_to
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory.asked import proposal_form
from outreach.web.directory.blueprint import bp, to_target
from outreach.web.directory.target import target_page


@bp.post("/directory/targets/<int:target_id>/proposals")
@needs("directory.propose")
def propose(target_id: int) -> str | Response | tuple[str, int]:
    """Suggest a correction; staff decide on it."""
    session = access.session()
    found = target_with_everything(session, target_id)
    details = {str(detail.id): detail for detail in offices.contacts_of(session, found)}
    form = proposal_form(list(details.values()), fresh=False)
    if form.validate_on_submit():
        old = details.get(form.detail.data)
        correction = proposals.Correction(
            kind=old.kind if old else ContactKind(form.kind.data),
            new=form.value.data or "",
            source=form.source.data,
            url=form.url.data or "",
            detail=old,
        )
        try:
            with transaction(session):
                proposals.propose(session, found, correction, by=access.actor(), now=access.now())
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Thank you. Somebody of the staff looks at it."), "success")
            return to_target(target_id)
    return target_page(found, proposing=form), 422


@bp.get("/directory/proposals")
@needs("directory.write")
def proposed() -> str:
    """List the suggested corrections, old and new side by side."""
    session = access.session()
    waiting = proposals.open_proposals(session)
    return render_template(
        "pages/directory/proposals.html",
        waiting=waiting,
        decided=proposals.decided_proposals(session),
    )


@bp.post("/directory/proposals/<int:proposal_id>/accept")
@needs("directory.write")
def accept(proposal_id: int) -> Response:
    """Take a suggested correction over."""
    session = access.session()
    proposal = proposals.proposal_by_id(session, proposal_id)
    old = session.get(ContactDetail, proposal.detail_id) if proposal.detail_id else None
    with transaction(session):
        stopped = queued_to(session, old) if old is not None else 0
        done = proposals.accept(
            session,
            proposal,
            checked=bool(request.form.get("checked")),
            by=access.actor(),
            now=access.now(),
        )
    flash(_accepted(done), "success")
    if stopped:
        flash(
            ngettext(
                "%(num)s letter waits to go to the old address. It can't leave any more: "
                "open it and write it anew.",
                "%(num)s letters wait to go to the old address. They can't leave any more: "
                "open them and write them anew.",
                stopped,
            ),
            "warning",
        )
    return redirect(url_for("directory.proposed"))


@bp.post("/directory/proposals/<int:proposal_id>/refuse")
@needs("directory.write")
def refuse(proposal_id: int) -> Response:
    """Turn a suggested correction down."""
    session = access.session()
    proposal = proposals.proposal_by_id(session, proposal_id)
    reason = request.form.get("reason", "")
    with transaction(session):
        proposals.refuse(session, proposal, reason=reason, by=access.actor(), now=access.now())
    flash(_("Refused. Its author sees why."), "success")
    return redirect(url_for("directory.proposed"))


def _accepted(done: proposals.Accepted) -> str:
    if done.detail is None:
        return str(_("Accepted: the old address is withdrawn. Letters already sent keep it."))
    address = done.detail.value
    if done.checked:
        return str(_("Accepted and checked: %(address)s", address=address))
    return str(
        _(
            "Accepted: %(address)s. Check it on their own page before we write there.",
            address=address,
        )
    )
