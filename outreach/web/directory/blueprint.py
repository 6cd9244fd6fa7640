"""The blueprint that every page of the directory registers on, and what its pages share."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from outreach.directory.models import Jurisdiction, Organization
from outreach.errors import NotFound
from outreach.web import access
from outreach.words import Sentence

bp = Blueprint("directory", __name__)


def body_or_404(organization_id: int) -> Organization:
    """Return the body of this number. Raises NotFound."""
    body = access.session().get(Organization, organization_id)
    if body is None:
        raise NotFound(Sentence("This body is not in the directory."))
    return body


def place_name(body: Organization) -> str:
    """Return the name of the country or assembly that a body belongs to."""
    return access.session().get_one(Jurisdiction, body.jurisdiction_code).name


def to_target(target_id: int) -> Response:
    """Send the reader to the page of a target."""
    return redirect(url_for("directory.target", target_id=target_id))
