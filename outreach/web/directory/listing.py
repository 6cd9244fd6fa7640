"""The list of targets, narrowed by what the address says, and what its form looks up."""

from __future__ import annotations

from typing import Any

from flask import jsonify, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from outreach.directory import queries, suggesting
from outreach.directory.queries import TargetFilter, target_page
from outreach.errors import NotFound
from outreach.web import access, finding
from outreach.web.access import needs
from outreach.web.directory.blueprint import bp
from outreach.web.directory.unreachable import waiting
from outreach.web.filters import number
from outreach.words import Sentence


@bp.get("/directory")
@needs("directory.read")
def index() -> str:
    """List targets, narrowed by what the address says."""
    session, today = access.session(), access.now().date()
    certain, unsure = finding.understood(request.args)
    wanted = finding.read(request.args, TargetFilter, certain)
    sort = finding.sort_of(request.args)
    page = target_page(
        session, wanted, today=today, page=request.args.get("page", 1, type=int), sort=sort
    )
    return render_template(
        "pages/directory/index.html",
        page=page,
        waiting=waiting(),
        narrowed=wanted != TargetFilter(),
        finder=finding.finder(wanted, request.args, unsure, _address),
        today=today,
        among_those_who_left=_left_office(wanted),
        exports=_exports(wanted) if access.may("board.export") else [],
        page_url=_address(**finding.address(wanted), **_kept(sort)),
    )


@bp.get("/directory/count")
@needs("directory.read")
def counted() -> Response:
    """Say how many targets fit what the address asks for; for a form that is being filled in."""
    certain, _unsure = finding.understood(request.args)
    wanted = finding.read(request.args, TargetFilter, certain)
    chosen = queries.targets(wanted, today=access.now().date())
    total = queries.number_of(access.session(), chosen)
    return jsonify(
        words=ngettext(
            "%(number)s target fits.", "%(number)s targets fit.", total, number=number(total)
        )
    )


@bp.get("/directory/meant/<kind>")
@needs("directory.read")
def meant(kind: str) -> Response:
    """Return what the letters under `q` may mean, to choose from: bodies, parties, committees."""
    if kind not in suggesting.TYPED:
        raise NotFound(Sentence("There is nothing of this kind to choose from."))
    text = request.args.get("q", "").strip()[:200]
    found = (
        suggesting.meant(
            access.session(), kind, text, jurisdictions=request.args.getlist("jurisdictions")
        )
        if len(text) > 1
        else []
    )
    return jsonify([f"{one.name}, {one.jurisdiction_code} #{one.id}" for one in found])


def _address(**said: Any) -> str:
    return url_for("directory.index", **said)


def _left_office(wanted: TargetFilter) -> str:
    # Only who holds office is listed; somebody who is looked up by name may have left it.
    if not wanted.current:
        return ""
    return _address(**finding.address(wanted.model_copy(update={"current": False})))


def _exports(wanted: TargetFilter) -> list[tuple[str, str]]:
    """(label, address) of the files that hold what the list shows, or everybody."""
    labels = (("csv", _("Table (CSV)")), ("vcard", _("Address book (vCard)")), ("popolo", "Popolo"))
    narrowed = finding.address(wanted)
    return [
        (label, url_for("directory.export", format_=name, **narrowed)) for name, label in labels
    ]


def _kept(sort: queries.Sort) -> dict[str, str]:
    return {} if sort is queries.Sort.PLACE else {"sort": sort.value}
