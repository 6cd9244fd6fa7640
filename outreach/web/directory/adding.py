"""Adds people by hand."""

from __future__ import annotations

import sqlalchemy as sa
from flask import flash, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.directory import people
from outreach.directory.models import (
    FormOfAddress,
    Jurisdiction,
    Organization,
    Post,
    Target,
    TargetRole,
)
from outreach.errors import BadInput
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory.blueprint import body_or_404, bp, to_target
from outreach.web.directory.forms import PersonForm


@bp.route("/directory/organizations/<int:organization_id>/people/new", methods=["GET", "POST"])
@needs("directory.write")
def new_person(organization_id: int) -> str | Response | tuple[str, int]:
    """Add somebody who sits in a body."""
    session, body, form = access.session(), body_or_404(organization_id), PersonForm()
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
            return to_target(made.id)
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
