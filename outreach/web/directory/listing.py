"""The list of targets, narrowed by what the address says."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from flask import render_template, request, url_for

from outreach.directory import offices, places
from outreach.directory.models import (
    ContactKind,
    TargetRole,
)
from outreach.directory.queries import TargetFilter, target_page
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory.blueprint import bp

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
            row.id: row.verified_until is not None and today <= row.verified_until
            for row in page.rows
        },
        places=places.with_targets(session),
        roles=list(TargetRole),
        channels=list(offices.WRITTEN_BY),
        chosen=request.args,
        page_url=url_for("directory.index", **_kept()),
    )


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
