"""Pages of the directory: whom we can write to, how we reach them, what they can do."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.directory import offices, people, places, suppression, verification
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    FormOfAddress,
    Jurisdiction,
    Organization,
    Post,
    Suppression,
    SuppressionScope,
    Target,
    TargetRole,
)
from outreach.directory.queries import TargetFilter, target_page, target_with_everything
from outreach.errors import BadInput, NotFound
from outreach.letters.queries import letter_page, letters
from outreach.replies.threads import thread
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory_forms import ContactForm, PersonForm, VerifyForm
from outreach.web.directory_words import LISTS, TOOLS, happened
from outreach.words import Sentence

bp = Blueprint("directory", __name__)

Word = TypeVar("Word", bound=StrEnum)
NARROWING = ("q", "jurisdiction", "role", "channel", "verified", "held")
YES_NO = {"yes": True, "no": False}


@bp.get("/directory")
@needs("directory.read")
def index() -> str:
    """List targets, narrowed by what the address says."""
    session, wanted = access.session(), _wanted()
    page = target_page(session, wanted, page=request.args.get("page", 1, type=int))
    today = access.now().date()
    best = {
        number: offices.best_of(details)
        for number, details in offices.contacts_of_many(session, page.rows).items()
    }
    return render_template(
        "pages/directory/index.html",
        page=page,
        wanted=wanted,
        narrowed=wanted != TargetFilter(),
        best=best,
        checked_now={
            n: bool(d) and verification.is_verified(d, today) for n, d in best.items() if d
        },
        places=places.with_targets(session),
        roles=list(TargetRole),
        channels=list(offices.WRITTEN_BY),
        chosen=request.args,
        page_url=url_for("directory.index", **_kept()),
    )


@bp.get("/directory/targets/<int:target_id>")
@needs("directory.read")
def target(target_id: int) -> str:
    """Show one target: who, how to reach them, what lies between us."""
    return _target_page(target_with_everything(access.session(), target_id))


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
            with transaction(session):
                verification.add_contact(
                    session,
                    owners[form.owner.data][1],
                    kind=ContactKind(form.kind.data),
                    value=form.value.data,
                    source=form.source.data,
                    source_url=form.url.data or "",
                    by=access.actor(),
                    now=access.now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Added. Check it on their own page before we write there."), "success")
            return _to(target_id)
    return _target_page(found, adding=form), 422


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
            return _to(target_id)
    return _target_page(found, checking={contact_id: form}), 422


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
    return _to(target_id)


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
    return _to(target_id)


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
    return _to(target_id)


@bp.get("/directory/jurisdictions")
@needs("directory.read")
def jurisdictions() -> str:
    """List the countries and assemblies."""
    rows = places.overview(access.session())
    return render_template("pages/directory/jurisdictions.html", rows=rows, lists=LISTS)


@bp.get("/directory/jurisdictions/<code>")
@needs("directory.read")
def jurisdiction(code: str) -> str:
    """Show who can list there, under which law, and what a parliamentarian can do."""
    place, bodies, listed = places.place_with_bodies(access.session(), code)
    return render_template(
        "pages/directory/jurisdiction.html",
        country=place,
        bodies=bodies,
        listed=listed,
        law=place.designation,
        sources=places.sources(),
        tool_words=TOOLS,
    )


@bp.post("/directory/organizations/<int:organization_id>/target")
@needs("directory.write")
def make_target(organization_id: int) -> Response:
    """Make a body somebody we can write to."""
    session = access.session()
    body = _body(organization_id)
    with transaction(session):
        made = people.make_target(session, body, by=access.actor(), now=access.now())
    flash(_("Now add a way to reach it, with the page you have it from."), "success")
    return _to(made.id)


@bp.route("/directory/organizations/<int:organization_id>/people/new", methods=["GET", "POST"])
@needs("directory.write")
def new_person(organization_id: int) -> str | Response | tuple[str, int]:
    """Add somebody who sits in a body."""
    session, body, form = access.session(), _body(organization_id), PersonForm()
    posts = session.scalars(sa.select(Post).where(Post.organization_id == body.id)).all()
    spoken = {
        code for codes in session.scalars(sa.select(Jurisdiction.languages)) for code in codes
    }
    form.offer([(str(post.id), post.label) for post in posts], spoken)
    if form.validate_on_submit():
        try:
            with transaction(session):
                made = _add_person(body, form)
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Added. Now add a way to reach them."), "success")
            return _to(made.id)
    page = render_template("pages/directory/new_person.html", body=body, form=form)
    return (page, 422) if request.method == "POST" else page


def _add_person(body: Organization, form: PersonForm) -> Target:
    session = access.session()
    texts = ("name", "given", "family", "latin", "title_prefix", "honorific", "postnominal")
    typed = {name: form[name].data or "" for name in (*texts, "basis", "reads")}
    return people.add_person(
        session,
        body,
        people.NewPerson(**typed, form=FormOfAddress(form.form.data)),
        role=TargetRole(form.role.data),
        post=session.get(Post, int(form.post.data)) if form.post.data else None,
        by=access.actor(),
        now=access.now(),
    )


def _target_page(
    found: Target,
    *,
    adding: ContactForm | None = None,
    checking: dict[int, VerifyForm] | None = None,
) -> str:
    session, today = access.session(), access.now().date()
    details = offices.contacts_of(session, found)
    if adding is None:
        adding = ContactForm(formdata=None)
        adding.offer([(kind, name) for kind, (name, _row) in places.owners(found).items()])
    forms = {d.id: VerifyForm(formdata=None, prefix=f"c{d.id}", on=today) for d in details}
    ours, total = [], 0
    if access.may("letters.read"):
        query = letters(access.campaign().id, target_id=found.id)
        rows, total = letter_page(session, query)
        ours = list(rows)
    reads = access.may("replies.read")
    return render_template(
        "pages/directory/target.html",
        target=found,
        details=details,
        best=offices.best_of(details),
        good={d.id: verification.is_verified(d, today) for d in details},
        until={d.id: verification.good_until(d) for d in details},
        here_now=access.now(),
        same_desk=places.same_desk(session, found),
        stops=suppression.suppressions_of(session, found),
        adding=adding,
        checking=forms | (checking or {}),
        letters=ours,
        letters_total=total,
        thread=thread(session, access.campaign().id, found.office_id, by=access.actor())
        if reads
        else [],
        history=[happened(event) for event in places.history(session, found, details)],
    )


def _body(organization_id: int) -> Organization:
    body = access.session().get(Organization, organization_id)
    if body is None:
        raise NotFound(Sentence("This body is not in the directory."))
    return body


def _detail(found: Target, contact_id: int) -> ContactDetail:
    for detail in offices.contacts_of(access.session(), found):
        if detail.id == contact_id:
            return detail
    raise NotFound(Sentence("This address does not belong to this target."))


def _to(target_id: int) -> Response:
    return redirect(url_for("directory.target", target_id=target_id))


def _kept() -> dict[str, Any]:
    """What the address asks for, without the page."""
    return {name: request.args[name] for name in NARROWING if request.args.get(name)}


def _wanted() -> TargetFilter:
    channel = request.args.get("channel", "")
    return TargetFilter(
        q=request.args.get("q", "")[:200],
        jurisdictions=tuple(filter(None, [request.args.get("jurisdiction", "")])),
        roles=_members(TargetRole, "role"),
        channels=_members(ContactKind, "channel"),
        reachable=False if channel == "none" else None,
        verified=YES_NO.get(request.args.get("verified", "")),
        current=request.args.get("held") != "ended",
    )


def _members(kind: type[Word], name: str) -> tuple[Word, ...]:
    """The words of `kind` that the address has under `name`; others ask for nothing."""
    known = {member.value: member for member in kind}
    return tuple(known[text] for text in request.args.getlist(name) if text in known)
