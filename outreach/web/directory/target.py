"""One target: who, how to reach them, what lies between us."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import flash, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.accounts import audit
from outreach.database import transaction
from outreach.directory import addresses, offices, places, suppression, verification
from outreach.directory.adding import Origin, add_by_hand
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    Suppression,
    SuppressionScope,
    Target,
)
from outreach.directory.queries import target_with_everything
from outreach.directory.shelf_life import shelf_for
from outreach.errors import BadInput, NotFound
from outreach.letters.models import Letter
from outreach.letters.queries import letter_page, letters
from outreach.replies.story.threads import Row, thread
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory.asked import around
from outreach.web.directory.blueprint import bp, to_target
from outreach.web.directory.forms import ContactForm, VerifyForm
from outreach.web.directory.mending import hands_on, seats_of
from outreach.web.directory.words import Row as Happened
from outreach.web.directory.words import happened
from outreach.words import Sentence


@bp.get("/directory/targets/<int:target_id>")
@needs("directory.read")
def target(target_id: int) -> str:
    """Show one target: who, how to reach them, what lies between us."""
    return target_page(target_with_everything(access.session(), target_id))


@bp.post("/directory/targets/<int:target_id>/contacts")
@needs("directory.write")
def add_contact(target_id: int) -> str | Response | tuple[str, int]:
    """Add a way to reach the person, the post or the organization."""
    session = access.session()
    found = target_with_everything(session, target_id)
    form = ContactForm()
    owners = places.owners(found)
    form.offer([(kind, name) for kind, (name, _row) in owners.items()])
    if form.validate_on_submit():
        try:
            kind = ContactKind(form.kind.data)
            country = addresses.region(found.jurisdiction_code)
            with transaction(session):
                add_by_hand(
                    session,
                    owners[form.owner.data][1],
                    kind,
                    addresses.tidy(kind, form.value.data, country),
                    Origin(form.source.data, form.url.data or ""),
                    by=access.actor(),
                    now=access.now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Added. Check it on their own page before we write there."), "success")
            return to_target(target_id)
    return target_page(found, adding=form), 422


@bp.post("/directory/targets/<int:target_id>/contacts/<int:contact_id>/verify")
@needs("directory.verify")
def verify(target_id: int, contact_id: int) -> str | Response | tuple[str, int]:
    """Say that an address was seen on a page on a day."""
    session = access.session()
    found = target_with_everything(session, target_id)
    detail, form = _detail(found, contact_id), VerifyForm(prefix=f"c{contact_id}")
    if form.validate_on_submit():
        try:
            with transaction(session):
                verification.verify(
                    session,
                    detail,
                    url=form.url.data,
                    on=form.on.data,
                    by=access.actor(),
                    now=access.now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Checked. We may write there now."), "success")
            return to_target(target_id)
    return target_page(found, checking={contact_id: form}), 422


@bp.post("/directory/targets/<int:target_id>/contacts/<int:contact_id>/withdraw")
@needs("directory.write")
def withdraw(target_id: int, contact_id: int) -> Response:
    """Mark an address as no longer in use."""
    session = access.session()
    detail = _detail(target_with_everything(session, target_id), contact_id)
    reason = request.form.get("reason", "")
    with transaction(session):
        verification.withdraw(session, detail, reason=reason, by=access.actor(), now=access.now())
    flash(_("Withdrawn. Letters that went there keep it in their history."), "success")
    return to_target(target_id)


@bp.post("/directory/targets/<int:target_id>/suppress")
@needs("directory.suppress")
def suppress(target_id: int) -> Response:
    """Stop every letter to this desk, for the whole house."""
    session = access.session()
    found = target_with_everything(session, target_id)
    with transaction(session):
        suppression.suppress(
            session,
            scope=SuppressionScope.OFFICE,
            value=found.office.key,
            reason=request.form.get("reason", ""),
            by=access.actor(),
            now=access.now(),
        )
    flash(_("Nobody in this house writes to this desk any more."), "success")
    return to_target(target_id)


@bp.post("/directory/targets/<int:target_id>/suppressions/<int:suppression_id>/lift")
@needs("directory.suppress")
def lift(target_id: int, suppression_id: int) -> Response:
    """Allow letters to this desk again."""
    session = access.session()
    row = session.get(Suppression, suppression_id)
    if row is None:
        raise NotFound(Sentence("Nothing stops letters to this desk any more."))
    reason = request.form.get("reason", "")
    with transaction(session):
        suppression.lift(session, row, reason=reason, by=access.actor(), now=access.now())
    flash(_("Letters to this desk are allowed again."), "success")
    return to_target(target_id)


def target_page(
    found: Target,
    *,
    adding: ContactForm | None = None,
    checking: dict[int, VerifyForm] | None = None,
    **forms_around: Any,
) -> str:
    """Return the page of `found`; the forms are those with errors to show."""
    session, today = access.session(), access.now().date()
    details = offices.contacts_of(session, found)
    if adding is None:
        adding = ContactForm(formdata=None)
        adding.offer([(kind, name) for kind, (name, _row) in places.owners(found).items()])
    forms = {d.id: VerifyForm(formdata=None, prefix=f"c{d.id}", on=today) for d in details}
    ours, total = [], 0
    if access.may("letters.read"):
        query = letters(access.campaign().id).where(Letter.target_id.in_(seats_of(found)))
        rows, total = letter_page(session, query)
        ours = list(rows)
    return render_template(
        "pages/directory/target.html",
        target=found,
        details=details,
        shelf=shelf_for(session, details),
        today=today,
        here_now=access.now(),
        same_desk=places.same_desk(session, found, today=access.now().date()),
        stops=suppression.suppressions_of(session, found),
        adding=adding,
        checking=forms | (checking or {}),
        letters=ours,
        letters_total=total,
        thread=_thread(found) if access.may("replies.read") else [],
        history=_history(found, details),
        **hands_on(found),
        **around(found, details, **forms_around),
    )


def _thread(found: Target) -> list[Row]:
    """All between us and this desk, and the desks of the person's other seats."""
    session, campaign_id, by = access.session(), access.campaign().id, access.actor()
    seats = sa.select(Target.office_id).where(Target.id.in_(seats_of(found))).distinct()
    # Seats of one post have the same story.
    rows = {
        (row.kind, row.number, row.at, str(row.text)): row
        for office_id in session.scalars(seats).all()
        for row in thread(session, campaign_id, office_id, by=by)
    }
    return sorted(rows.values(), key=lambda row: row.at)


def _history(found: Target, details: Sequence[ContactDetail]) -> list[Happened]:
    session = access.session()
    events = list(places.history(session, found, details))
    if found.membership is not None:
        events += audit.history(session, "person", found.membership.person_id)
    return [happened(event) for event in sorted(events, key=lambda event: event.id)]


def _detail(found: Target, contact_id: int) -> ContactDetail:
    for detail in offices.contacts_of(access.session(), found):
        if detail.id == contact_id:
            return detail
    raise NotFound(Sentence("This address does not belong to this target."))
