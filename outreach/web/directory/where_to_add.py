"""From the directory to adding by hand: which country, which body, then whom."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import jsonify, render_template, request, url_for
from werkzeug.wrappers import Response

from outreach.directory.models import Jurisdiction, Organization, OrganizationKind, Target
from outreach.directory.queries import found_in
from outreach.directory.spelling import fold
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory.blueprint import bp
from outreach.web.filters import word

# Nobody is added to a party by hand: parties come along with their members.
_PARTIES = (OrganizationKind.PARTY, OrganizationKind.GROUP)
# Bodies that are offered while somebody types.
_OFFERED = 5
# Bodies of one country that are listed to add people to.
_LISTED = 200


@bp.get("/directory/add")
@needs("directory.write")
def where_to_add() -> str:
    """Ask for the country, then show its bodies with what can be added to each."""
    session, code = access.session(), request.args.get("jurisdiction", "")[:16]
    place = session.get(Jurisdiction, code) if code else None
    return render_template(
        "pages/directory/where_to_add.html",
        country=place,
        bodies=_bodies(place.code) if place else [],
        countries=session.execute(
            sa.select(Jurisdiction.code, Jurisdiction.name).order_by(Jurisdiction.name)
        ).all(),
    )


@bp.get("/directory/likely-bodies")
@needs("directory.write")
def likely_bodies() -> Response:
    """Say which bodies of a country go by the name that is being typed, as JSON."""
    typed = request.args.get("name", "")[:300]
    code = request.args.get("jurisdiction", "")[:16]
    if len(fold(typed)) < 3:
        return jsonify(people=[])
    near = access.session().execute(
        sa.select(Organization.name, Organization.kind, Target.id.label("target"))
        .outerjoin(Target, Target.organization_id == Organization.id)
        .where(
            Organization.jurisdiction_code == code,
            Organization.ended_on.is_(None),
            *found_in(Organization.search_key, typed),
        )
        .order_by(Organization.id)
        .limit(_OFFERED)
    )
    return jsonify(
        people=[
            {
                "name": body.name,
                "where": word(body.kind),
                "url": url_for("directory.target", target_id=body.target) if body.target else "",
            }
            for body in near
        ]
    )


def _bodies(code: str) -> Sequence[Organization]:
    return (
        access.session()
        .scalars(
            sa.select(Organization)
            .where(
                Organization.jurisdiction_code == code,
                Organization.kind.not_in(_PARTIES),
                Organization.ended_on.is_(None),
            )
            .order_by(Organization.name, Organization.id)
            .limit(_LISTED)
        )
        .all()
    )
