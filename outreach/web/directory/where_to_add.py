"""From the directory to adding by hand: which country, which body, then whom."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import jsonify, render_template, request, url_for
from werkzeug.wrappers import Response

from outreach.directory.models import Jurisdiction, Organization, OrganizationKind, Target
from outreach.directory.spelling import fold, romanisations
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
    typed = fold(request.args.get("name", "")[:300])
    code = request.args.get("jurisdiction", "")[:16]
    if len(typed) < 3:
        return jsonify(people=[])
    rows = access.session().execute(
        sa.select(Organization, Target.id)
        .outerjoin(Target, Target.organization_id == Organization.id)
        .where(Organization.jurisdiction_code == code, Organization.ended_on.is_(None))
        .order_by(Organization.id)
    )
    near = [(row[0], row[1]) for row in rows if _goes_by(row[0], typed)]
    return jsonify(
        people=[
            {
                "name": body.name,
                "where": word(body.kind),
                "url": url_for("directory.target", target_id=target) if target else "",
            }
            for body, target in near[:_OFFERED]
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


def _goes_by(body: Organization, typed: str) -> bool:
    """Whether every word that was typed begins a word of one of the names of `body`."""
    names = (body.name, *body.names.values())
    for spelt in (one for name in names for one in (fold(name), *romanisations(name))):
        words = spelt.split()
        if all(any(there.startswith(part) for there in words) for part in typed.split()):
            return True
    return False
