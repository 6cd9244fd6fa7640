"""Mends what stands: a person's fields and their locks, one address instead of another."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.directory import addresses, joining, locks, offices, people
from outreach.directory.models import ContactDetail, Person, Target
from outreach.directory.queries import target_with_everything
from outreach.directory.syncing import conflicts
from outreach.errors import BadInput, NotFound
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory.adding import spoken_languages
from outreach.web.directory.blueprint import bp, to_target
from outreach.web.directory.hand_forms import CorrectForm, EditPersonForm
from outreach.web.directory.words import FIELD_WORDS
from outreach.words import Sentence


def person_or_404(person_id: int) -> Person:
    """Return the person of this number. Raises NotFound."""
    found = access.session().get(Person, person_id)
    if found is None:
        raise NotFound(Sentence("This person is not in the directory."))
    return found


def to_person(person_id: int) -> Response:
    """Send the reader to the page of a person: of their newest seat that is held."""
    targets = joining.targets_of(access.session(), person_id)
    if not targets:
        return redirect(url_for("directory.index"))
    held = [target for target in targets if target.ended_on is None]
    return to_target((held or targets)[-1].id)


def seats_of(found: Target) -> list[int]:
    """Return the ids of the targets of the person behind `found`; itself for a body."""
    if found.membership is None:
        return [found.id]
    held = joining.targets_of(access.session(), found.membership.person_id)
    return [target.id for target in held]


def hands_on(found: Target) -> dict[str, Any]:
    """Return what the page of a target shows of locks and joinings, and whom it is about."""
    session = access.session()
    if found.membership is None or not access.may("directory.write"):
        return {"person_id": None, "locked": frozenset(), "joined": []}
    number = found.membership.person_id
    return {
        "person_id": number,
        "locked": locks.locked(session, number),
        "joined": joining.joinings_of(session, number),
    }


@bp.route("/directory/people/<int:person_id>/edit", methods=["GET", "POST"])
@needs("directory.write")
def edit_person(person_id: int) -> str | Response | tuple[str, int]:
    """Change a person's names and titles, and lock what imports must leave alone."""
    session, person, form = access.session(), person_or_404(person_id), EditPersonForm()
    own = {person.reading_language} if person.reading_language else set()
    form.offer(spoken_languages() | own)
    locked = set(locks.locked(session, person.id))
    names = dict(person.names)
    if request.method == "GET":
        form.fill(person)
    else:
        names = form.rows(request.form)
        locked = set(request.form.getlist("locked"))
    if form.validate_on_submit():
        by, now = access.actor(), access.now()
        try:
            with transaction(session):
                people.change_person(session, person, form.wanted(names), by=by, now=now)
                locks.set_locks(session, person, locked, by=by, now=now)
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Saved. Letters already approved keep the words they have."), "success")
            return to_person(person.id)
    page = render_template(
        "pages/directory/edit_person.html",
        who=person,
        form=form,
        locked=locked,
        rows=[*names.items(), ("", ""), ("", "")],
        back=joining.targets_of(session, person.id),
    )
    return (page, 422) if request.method == "POST" else page


def detail_of(target_id: int, contact_id: int) -> ContactDetail:
    """Return a way to reach a target by its number. Raises NotFound for another's."""
    session = access.session()
    found = target_with_everything(session, target_id)
    for detail in offices.contacts_of(session, found):
        if detail.id == contact_id:
            return detail
    raise NotFound(Sentence("This address does not belong to this target."))


@bp.route(
    "/directory/targets/<int:target_id>/contacts/<int:contact_id>/correct", methods=["GET", "POST"]
)
@needs("directory.write")
def correct(target_id: int, contact_id: int) -> str | Response | tuple[str, int]:
    """Put a new value in the place of an address; the old one is withdrawn."""
    session, form = access.session(), CorrectForm()
    found, detail = target_with_everything(session, target_id), detail_of(target_id, contact_id)
    if form.validate_on_submit():
        try:
            with transaction(session):
                addresses.correct(
                    session,
                    detail,
                    value=form.value.data,
                    source=form.source.data,
                    source_url=form.url.data or "",
                    country=addresses.region(found.jurisdiction_code),
                    by=access.actor(),
                    now=access.now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Corrected. Check the new one on their own page before we write there."))
            return to_target(target_id)
    elif request.method == "GET":
        form.value.data = detail.value
    page = render_template("pages/directory/correct.html", target=found, detail=detail, form=form)
    return (page, 422) if request.method == "POST" else page


@bp.post("/directory/targets/<int:target_id>/contacts/<int:contact_id>/prefer")
@needs("directory.write")
def prefer(target_id: int, contact_id: int) -> Response:
    """Put an address before the others of its kind."""
    session, detail = access.session(), detail_of(target_id, contact_id)
    with transaction(session):
        addresses.prefer(session, detail, by=access.actor(), now=access.now())
    flash(_("This comes first of its kind now."), "success")
    return to_target(target_id)


@bp.post("/directory/targets/<int:target_id>/contacts/<int:contact_id>/lock")
@needs("directory.write")
def lock_contact(target_id: int, contact_id: int) -> Response:
    """Keep imports from changing an address of a person, or let them again."""
    session, detail = access.session(), detail_of(target_id, contact_id)
    if detail.person_id is None:
        raise NotFound(Sentence("Only an address of a person can be locked."))
    person, field = person_or_404(detail.person_id), f"contact:{detail.id}"
    on = field not in locks.locked(session, person.id)
    with transaction(session):
        change = locks.lock if on else locks.unlock
        change(session, person, field, by=access.actor(), now=access.now())
    flash(_("No import changes it now.") if on else _("Imports may change it again."), "success")
    return to_target(target_id)


@bp.get("/directory/conflicts")
@needs("directory.write")
def open_conflicts() -> str:
    """List what was changed by hand and by a source, for somebody to decide."""
    number = max(1, request.args.get("page", 1, type=int))
    rows, total = conflicts.open_conflicts(access.session(), page=number)
    page = {"page": number, "per_page": conflicts.PER_PAGE, "total": total}
    return render_template(
        "pages/directory/conflicts.html", rows=rows, page=page, fields=FIELD_WORDS
    )


@bp.post("/directory/conflicts/<int:conflict_id>/<any(keep, take):what>")
@needs("directory.write")
def settle_conflict(conflict_id: int, what: str) -> Response:
    """Keep what we have, or take what the source says."""
    session = access.session()
    change = conflicts.keep if what == "keep" else conflicts.take
    with transaction(session):
        row = conflicts.conflict_with_id(session, conflict_id)
        change(session, row, by=access.actor(), now=access.now())
    flash(
        _("Ours stays.") if what == "keep" else _("The source's value is in its place."), "success"
    )
    return redirect(access.came_from(url_for("directory.open_conflicts")))
