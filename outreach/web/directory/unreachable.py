"""The work list of those who can decide and can't be reached: paste, Enter, the next one."""

from __future__ import annotations

import sqlalchemy as sa
from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from outreach.accounts.models import Event
from outreach.database import transaction
from outreach.directory import unreachable as work
from outreach.directory.models import Jurisdiction, OrganizationKind
from outreach.directory.syncing import conflicts
from outreach.errors import BadInput, NotFound
from outreach.web import access
from outreach.web.access import needs
from outreach.web.directory.blueprint import body_or_404, bp
from outreach.words import Sentence

# Rows of one page. What is done falls out; what nobody knows yet is turned over.
SHOWN = 15
_KEPT = "outreach.gaps"


@bp.get("/directory/unreachable")
@needs("directory.write")
def unreachable() -> str:
    """List the ministries and authorities that can list and have no written address."""
    return _page(at=request.args.get("at", ""))


@bp.post("/directory/unreachable/<int:organization_id>")
@needs("directory.write")
def reach(organization_id: int) -> Response | tuple[str, int]:
    """Save the address of one body and go to the next."""
    session, body = access.session(), body_or_404(organization_id)
    after = _after(str(organization_id))
    value, url = request.form.get("value", ""), request.form.get("url", "")
    seen = bool(request.form.get("seen")) and access.may("directory.verify")
    try:
        with transaction(session):
            work.reach(
                session,
                body,
                value=value,
                url=url,
                seen=seen,
                by=access.actor(),
                now=access.now(),
            )
    except BadInput as error:
        return _page(at=str(organization_id), problem=error, typed=(value, url)), 422
    flash(_("%(name)s can be reached now.", name=body.name), "success")
    return _to(after, seen=seen)


@bp.post("/directory/unreachable/<code>/body")
@needs("directory.write")
def add_decider(code: str) -> Response | tuple[str, int]:
    """Add the body that decides in a country, or say which of those we have it is."""
    session, chosen = access.session(), request.form.get("body", "")
    by, now = access.actor(), access.now()
    try:
        with transaction(session):
            if chosen.isdigit():
                place = session.get(Jurisdiction, code)
                if place is None:
                    raise NotFound(Sentence("This country or assembly is not in the directory."))
                body = body_or_404(int(chosen))
                work.name_decider(session, place, body, by=by, now=now)
            else:
                kind = request.form.get("kind", "")
                if kind not in {one.value for one in work.DECIDING}:
                    raise BadInput(Sentence("Choose what it is."), "kind")
                name = request.form.get("name", "")
                body = work.add_decider(
                    session, code, name=name, kind=OrganizationKind(kind), by=by, now=now
                )
    except BadInput as error:
        return _page(at=code, problem=error), 422
    flash(_("%(name)s is in the list now. Add its address.", name=body.name), "success")
    return _to(str(body.id))


def waiting() -> list[tuple[str, str]]:
    """Return (words with their number, address) of what waits for somebody who may write here."""
    if not access.may("directory.write"):
        return []
    session = access.session()
    gaps, open_ones = _known_gaps(), conflicts.count(session)
    rows = [
        (
            ngettext(
                "%(num)s body can decide and can't be reached",
                "%(num)s bodies can decide and can't be reached",
                gaps,
            ),
            url_for("directory.unreachable"),
            gaps,
        ),
        (
            ngettext(
                "%(num)s hand edit a list disagrees with",
                "%(num)s hand edits a list disagrees with",
                open_ones,
            ),
            url_for("directory.open_conflicts"),
            open_ones,
        ),
        (_("People who may be there twice"), url_for("directory.doubles"), 1),
    ]
    return [(words, url) for words, url, number in rows if number]


def _known_gaps() -> int:
    """How long the work list is. Counting reads every law, and this stands above every list.

    So it is counted anew only after something happened: every change leaves an event.
    """
    session, kept = access.session(), current_app.extensions
    happened = session.scalar(sa.select(sa.func.max(Event.id)))
    if kept.get(_KEPT, (0, 0))[0] != happened or happened is None:
        kept[_KEPT] = (happened, work.count(session))
    return int(kept[_KEPT][1])


def _after(key: str) -> str:
    """The row that follows `key` in the list, or "" for the last."""
    keys = [gap.key for gap in work.gaps(access.session()) if gap.body]
    return keys[keys.index(key) + 1] if key in keys[:-1] else ""


def _to(key: str, *, seen: bool = False) -> Response:
    # No fragment: a browser that goes to one leaves `autofocus` alone.
    at, checked = key or None, "yes" if seen else None
    return redirect(url_for("directory.unreachable", at=at, seen=checked))


def _page(*, at: str, problem: BadInput | None = None, typed: tuple[str, str] = ("", "")) -> str:
    session = access.session()
    rows = work.gaps(session)
    keys = [gap.key for gap in rows]
    last = max(1, -(-len(rows) // SHOWN))
    number = keys.index(at) // SHOWN + 1 if at in keys else request.args.get("page", 1, type=int)
    number = min(max(1, number), last)
    shown = rows[(number - 1) * SHOWN : number * SHOWN]
    first = next((gap.key for gap in shown if gap.body), "")
    return render_template(
        "pages/directory/unreachable.html",
        rows=shown,
        total=len(rows),
        number=number,
        last=last,
        shown=SHOWN,
        at=at if at in {gap.key for gap in shown} else first,
        problem=problem,
        typed=typed,
        kinds=work.DECIDING,
        candidates=work.bodies_to_name(session, [gap.key for gap in shown if gap.body is None]),
        seen=bool(request.values.get("seen")),
    )
