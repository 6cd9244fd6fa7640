"""Adds people, bodies, lists and postal addresses by hand; says who is there already."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.directory import adding, addresses, duplicates, pasting, people, places
from outreach.directory.models import (
    ContactKind,
    FormOfAddress,
    Jurisdiction,
    Organization,
    OrganizationKind,
    Person,
    Post,
    Target,
    TargetRole,
)
from outreach.directory.queries import target_with_everything
from outreach.errors import BadInput, NotFound
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory.blueprint import body_or_404, bp, place_name, to_target
from outreach.web.directory.forms import PersonForm
from outreach.web.directory.hand_forms import BodyForm, ListForm, PostalForm, country_choices
from outreach.words import Sentence

Page = str | Response | tuple[str, int]


@bp.get("/directory/likely")
@needs("directory.write")
def likely() -> Response:
    """Say who may go by the name that is being typed, as JSON."""
    name = request.args.get("name", "")[:300]
    code = request.args.get("jurisdiction", "")[:16]
    near = duplicates.likely(access.session(), [name], jurisdiction=code) if len(name) > 2 else []
    return jsonify(
        people=[
            {
                "name": one.name,
                "where": one.where,
                "url": url_for("directory.target", target_id=one.target_id)
                if one.target_id
                else "",
            }
            for one in near
        ]
    )


@bp.route("/directory/organizations/<int:organization_id>/people/new", methods=["GET", "POST"])
@needs("directory.write")
def new_person(organization_id: int) -> Page:
    """Add somebody who sits in a body, with a way to reach them if it is known."""
    session, body, form = access.session(), body_or_404(organization_id), PersonForm()
    posts = session.scalars(sa.select(Post).where(Post.organization_id == body.id)).all()
    form.offer([(str(post.id), post.label) for post in posts], spoken_languages())
    near: list[duplicates.Likely] = []
    if form.validate_on_submit():
        near = _asked_about(body, form)
        if not near:
            try:
                with transaction(session):
                    made = _seated(body, form)
            except BadInput as error:
                form.show(error)
            else:
                return _added(body, form, made)
    page = render_template(
        "pages/directory/new_person.html",
        body=body,
        country_name=place_name(body),
        form=form,
        near=near,
    )
    return (page, 422) if request.method == "POST" else page


def spoken_languages() -> set[str]:
    """Return the codes of every language that a country of the directory reads."""
    codes = access.session().scalars(sa.select(Jurisdiction.languages))
    return {code for several in codes for code in several}


def _asked_about(body: Organization, form: PersonForm) -> list[duplicates.Likely]:
    """Who the person may be, unless somebody has answered that already."""
    if request.form.get("anyway") or request.form.get("same"):
        return []
    names = [form.name.data, form.latin.data or ""]
    return duplicates.likely(access.session(), names, jurisdiction=body.jurisdiction_code)


def _seated(body: Organization, form: PersonForm) -> Target:
    """Add the person of the form, or give the seat to the one we have; with the address."""
    session, by, now = access.session(), access.actor(), access.now()
    post = session.get(Post, int(form.post.data)) if form.post.data else None
    role = TargetRole(form.role.data)
    same = request.form.get("same", "")
    known = session.get(Person, int(same)) if same.isdigit() else None
    if known is not None:
        made = people.seat(session, known, body, role=role, post=post, by=by, now=now)
    else:
        texts = ("name", "given", "family", "latin", "title_prefix", "honorific", "postnominal")
        typed = {name: form[name].data or "" for name in (*texts, "basis", "reads")}
        new = people.NewPerson(**typed, form=FormOfAddress(form.form.data))
        made = people.add_person(session, body, new, role=role, post=post, by=by, now=now)
        for number in request.form.get("anyway", "").split(","):
            if number.isdigit() and session.get(Person, int(number)) is not None:
                mine = adding.person_of(session, made)
                duplicates.tell_apart(session, mine.id, int(number), by=by, now=now)
    if form.way.data:
        _add_way(body, made, form)
    return made


def _add_way(body: Organization, made: Target, form: PersonForm) -> None:
    session = access.session()
    try:
        kind = addresses.kind_of(form.way.data) or ContactKind.POSTAL
        value = addresses.tidy(kind, form.way.data, addresses.region(body.jurisdiction_code))
        adding.add_by_hand(
            session,
            adding.person_of(session, made),
            kind,
            value,
            adding.Origin(form.way_source.data or "", form.way_url.data or ""),
            by=access.actor(),
            now=access.now(),
        )
    except BadInput as error:
        fields = {"value": "way", "source": "way_source", "url": "way_url"}
        raise BadInput(error.sentence, fields.get(error.field or "", "way")) from error


def _added(body: Organization, form: PersonForm, made: Target) -> Response:
    name = adding.person_of(access.session(), made).name
    if request.form.get("next") == "another":
        flash(_("%(name)s is added. Now the next one.", name=name), "success")
        return redirect(url_for("directory.new_person", organization_id=body.id))
    if form.way.data:
        flash(_("Added. Check it on their own page before we write there."), "success")
    else:
        flash(_("Added. Now add a way to reach them."), "success")
    return to_target(made.id)


@bp.route("/directory/jurisdictions/<code>/bodies/new", methods=["GET", "POST"])
@needs("directory.write")
def new_body(code: str) -> Page:
    """Add a ministry, authority, committee or chamber to a country."""
    session, form = access.session(), BodyForm()
    place = session.get(Jurisdiction, code)
    if place is None:
        raise NotFound(Sentence("This country or assembly is not in the directory."))
    form.offer([(str(number), name) for number, name in adding.possible_parents(session, code)])
    names = form.rows(request.form)
    if form.validate_on_submit():
        parent = session.get(Organization, int(form.parent.data)) if form.parent.data else None
        try:
            with transaction(session):
                made = adding.add_body(
                    session,
                    jurisdiction=place.code,
                    kind=OrganizationKind(form.kind.data),
                    name=form.name.data,
                    names=names,
                    parent=parent,
                    by=access.actor(),
                    now=access.now(),
                )
                target = people.make_target(session, made, by=access.actor(), now=access.now())
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Added. Now add a way to reach it, or people who sit in it."), "success")
            return to_target(target.id)
    elif request.method == "GET":
        form.parent.data = request.args.get("parent", "")
    rows = list(names.items()) or [(language, "") for language in place.languages]
    page = render_template(
        "pages/directory/new_body.html", country=place, form=form, rows=[*rows, ("", "")]
    )
    return (page, 422) if request.method == "POST" else page


@bp.route("/directory/organizations/<int:organization_id>/list", methods=["GET", "POST"])
@needs("directory.write")
def new_list(organization_id: int) -> Page:
    """Paste a list of people of a body: first look at what would be added, then add it."""
    session, body, form = access.session(), body_or_404(organization_id), ListForm()
    form.offer()
    lines: list[pasting.Line] = []
    if form.validate_on_submit():
        country = addresses.region(body.jurisdiction_code)
        first = form.order.data == "family"
        lines = pasting.read_list(form.text.data, country=country, family_first=first)
        adding.look_up(session, body, lines)
        if request.form.get("step") == "add":
            try:
                with transaction(session):
                    made = _add_lines(body, form, lines)
            except BadInput as error:
                form.show(error)
            else:
                flash(
                    ngettext("%(num)s person added.", "%(num)s people added.", len(made)),
                    "success",
                )
                return redirect(
                    url_for("directory.index", jurisdiction=body.jurisdiction_code, q=body.name)
                )
    fresh = [line for line in lines if line.usable and not line.likely]
    page = render_template(
        "pages/directory/new_list.html",
        body=body,
        country_name=place_name(body),
        form=form,
        lines=lines,
        fresh=len(fresh),
    )
    return (page, 422) if form.errors or form.form_errors else page


def _add_lines(body: Organization, form: ListForm, lines: list[pasting.Line]) -> list[Target]:
    """Add the lines as the preview's boxes say: each likely one is left, somebody else, or her."""
    answers: dict[int, str] = {
        line.number: request.form.get(f"line-{line.number}", "") for line in lines
    }
    made = adding.add_list(
        access.session(),
        body,
        lines,
        role=TargetRole(form.role.data),
        origin=adding.Origin(form.source.data, form.url.data or ""),
        anyway={number for number, answer in answers.items() if answer == "new"},
        same={number: int(answer) for number, answer in answers.items() if answer.isdigit()},
        by=access.actor(),
        now=access.now(),
    )
    if not made:
        raise BadInput(Sentence("No line of this list can be added."), "text")
    return made


@bp.route("/directory/targets/<int:target_id>/postal", methods=["GET", "POST"])
@needs("directory.write")
def postal(target_id: int) -> Page:
    """Add a postal address, its lines as the country writes them."""
    session = access.session()
    found = target_with_everything(session, target_id)
    country = request.values.get("country") or addresses.region(found.jurisdiction_code) or "BE"
    layout, form = addresses.layout(country), PostalForm()
    if layout is None:
        raise NotFound(Sentence("We don't know how addresses are written there."))
    owners = places.owners(found)
    fields = form.lay_out(layout, [(kind, name) for kind, (name, _row) in owners.items()])
    if form.validate_on_submit():
        try:
            with transaction(session):
                _add_postal(country, form, owners[form.owner.data][1])
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Added. Check it on their own page before we write there."), "success")
            return to_target(target_id)
    elif request.method == "GET":
        form.company_name.data = found.body.name
    page = render_template(
        "pages/directory/postal.html",
        target=found,
        form=form,
        fields=fields,
        layout=layout,
        country=country,
        countries=country_choices(),
    )
    return (page, 422) if request.method == "POST" else page


def _add_postal(country: str, form: PostalForm, owner: Any) -> None:
    adding.add_by_hand(
        access.session(),
        owner,
        ContactKind.POSTAL,
        addresses.postal(country, form.typed()),
        adding.Origin(form.source.data, form.url.data or ""),
        by=access.actor(),
        now=access.now(),
    )
