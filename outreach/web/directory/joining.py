"""Two rows that are one person, side by side; one row that is two people, taken apart."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.directory import duplicates, joining
from outreach.directory.identity import Identifier, Joining
from outreach.directory.models import ContactDetail, Membership, Person, Source
from outreach.directory.queries import TargetFilter, target_page
from outreach.directory.syncing.models import SourceRecord
from outreach.errors import BadInput, NotFound
from outreach.letters.models import Letter
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory.blueprint import bp
from outreach.web.directory.hand_forms import SplitForm
from outreach.web.directory.mending import person_or_404, to_person
from outreach.words import Sentence


@bp.get("/directory/doubles")
@needs("directory.write")
def doubles() -> str:
    """List pairs of entries that look like one person."""
    number = max(1, request.args.get("page", 1, type=int))
    rows, total = duplicates.doubles(access.session(), page=number)
    page = {"page": number, "per_page": duplicates.PER_PAGE, "total": total}
    return render_template("pages/directory/doubles.html", rows=rows, page=page)


@bp.get("/directory/people/<int:person_id>/join")
@needs("directory.write")
def find_double(person_id: int) -> str:
    """Find the other entry of a person, by name."""
    session, person = access.session(), person_or_404(person_id)
    words = request.args.get("q", person.name)[:200]
    found = target_page(session, TargetFilter(q=words, current=None), today=access.now().date())
    rows: dict[int, Any] = {}
    for target in found.rows:
        if target.membership is not None and target.membership.person_id != person.id:
            rows.setdefault(target.membership.person_id, target)
    return render_template("pages/directory/find_double.html", who=person, words=words, rows=rows)


@bp.route("/directory/people/<int:person_id>/join/<int:other_id>", methods=["GET", "POST"])
@needs("directory.write")
def join(person_id: int, other_id: int) -> str | Response:
    """Show two entries side by side; make them one."""
    session = access.session()
    kept, gone = person_or_404(person_id), person_or_404(other_id)
    if request.method == "POST":
        with transaction(session):
            joining.join(session, kept, gone, by=access.actor(), now=access.now())
        flash(_("One entry now. It can be taken apart again on the page of the person."), "success")
        return to_person(kept.id)
    return render_template(
        "pages/directory/join.html",
        kept=kept,
        gone=gone,
        sides=[_side(kept), _side(gone)],
        apart=duplicates.are_apart(session, kept.id, gone.id),
    )


@bp.post("/directory/people/<int:person_id>/apart/<int:other_id>")
@needs("directory.write")
def tell_apart(person_id: int, other_id: int) -> Response:
    """Remember that two entries are two people."""
    session = access.session()
    one, other = person_or_404(person_id), person_or_404(other_id)
    with transaction(session):
        duplicates.tell_apart(session, one.id, other.id, by=access.actor(), now=access.now())
    flash(_("Two people. Nobody is asked about them again."), "success")
    return redirect(url_for("directory.doubles"))


@bp.post("/directory/people/<int:person_id>/apart/<int:other_id>/back")
@needs("directory.write")
def forget_apart(person_id: int, other_id: int) -> Response:
    """Take back that two entries are two people."""
    session = access.session()
    one, other = person_or_404(person_id), person_or_404(other_id)
    with transaction(session):
        duplicates.forget_apart(session, one.id, other.id, by=access.actor(), now=access.now())
    flash(_("They may be one person again. Look at both, then decide."), "success")
    return redirect(url_for("directory.join", person_id=one.id, other_id=other.id))


@bp.post("/directory/joinings/<int:joining_id>/part")
@needs("directory.write")
def part(joining_id: int) -> Response:
    """Take two joined entries apart again."""
    session = access.session()
    row = session.get(Joining, joining_id)
    if row is None:
        raise NotFound(Sentence("These entries were never joined."))
    with transaction(session):
        joining.part(session, row, by=access.actor(), now=access.now())
    flash(_("Two entries again; what moved is back where it was."), "success")
    return to_person(row.gone_id)


@bp.route("/directory/people/<int:person_id>/split", methods=["GET", "POST"])
@needs("directory.write")
def split(person_id: int) -> str | Response | tuple[str, int]:
    """Give some seats and addresses of an entry to a new person."""
    session, person, form = access.session(), person_or_404(person_id), SplitForm()
    side = _side(person)
    form.seats.choices = [(str(held.id), _seat_words(held)) for held in side["seats"]]
    form.details.choices = [(str(one.id), one.value) for one in side["details"]]
    form.records.choices = [(str(row.id), f"{name}, {row.key}") for row, name in side["records"]]
    if form.validate_on_submit():
        chosen = {
            name: {int(text) for text in form[name].data or ()}
            for name in ("seats", "details", "records")
        }
        try:
            with transaction(session):
                other = joining.split_off(
                    session,
                    person,
                    name=form.name.data,
                    **chosen,
                    by=access.actor(),
                    now=access.now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Two people now. Check names and titles of both."), "success")
            return to_person(other.id)
    page = render_template(
        "pages/directory/split.html",
        who=person,
        form=form,
        joined=joining.joinings_of(session, person.id),
        back=joining.targets_of(session, person.id),
    )
    return (page, 422) if request.method == "POST" else page


def _seat_words(held: Membership) -> str:
    words = [held.label or (held.post.label if held.post else ""), held.organization.name]
    days = f"{held.start_on or ''} – {held.end_on or ''}".strip(" –")
    return ", ".join(text for text in (*words, days) if text)


def _side(person: Person) -> dict[str, Any]:
    """What stands about one of two entries: seats, addresses, ids, lists, letters."""
    session = access.session()
    seats = session.scalars(
        sa.select(Membership)
        .where(Membership.person_id == person.id)
        .options(joinedload(Membership.organization), joinedload(Membership.post))
        .order_by(Membership.id)
    ).all()
    targets = joining.targets_of(session, person.id)
    letters = sa.select(sa.func.count()).where(
        Letter.campaign_id == access.campaign().id,
        Letter.target_id.in_([one.id for one in targets]),
    )
    details = sa.select(ContactDetail).where(ContactDetail.person_id == person.id)
    ids = sa.select(Identifier).where(Identifier.person_id == person.id)
    records = (
        sa.select(SourceRecord, Source.name)
        .join(Source, Source.id == SourceRecord.source_id)
        .where(SourceRecord.person_id == person.id)
        .order_by(SourceRecord.id)
    )
    return {
        "person": person,
        "seats": seats,
        "targets": targets,
        "letters": session.scalar(letters) or 0,
        "details": session.scalars(details.order_by(ContactDetail.id)).all(),
        "identifiers": session.scalars(ids.order_by(Identifier.id)).all(),
        "records": [(row[0], row[1]) for row in session.execute(records)],
    }
