"""Jurisdictions and the bodies in them."""

from __future__ import annotations

from flask import flash, render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.directory import people, places
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory.blueprint import body_or_404, bp, to_target
from outreach.web.directory.words import LISTS, TOOLS


@bp.get("/directory/jurisdictions")
@needs("directory.read")
def jurisdictions() -> str:
    """List the countries and assemblies."""
    rows = places.overview(access.session(), today=access.now().date())
    return render_template("pages/directory/jurisdictions.html", rows=rows, lists=LISTS)


@bp.get("/directory/jurisdictions/<code>")
@needs("directory.read")
def jurisdiction(code: str) -> str:
    """Show who can list there, under which law, and what a parliamentarian can do."""
    today = access.now().date()
    place, bodies, listed = places.place_with_bodies(access.session(), code, today=today)
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
    body = body_or_404(organization_id)
    with transaction(session):
        made = people.make_target(session, body, by=access.actor(), now=access.now())
    flash(_("Now add a way to reach it, with the page you have it from."), "success")
    return to_target(made.id)
