"""Letters as lists: by state, country and mailing."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from outreach.letters import lists
from outreach.letters.lifecycle import State
from outreach.web.access import campaign, needs, now, session
from outreach.web.filters import instant, say
from outreach.web.letters.blueprint import bp


@bp.get("/letters")
@needs("letters.read")
def index() -> str:
    """Which letters are in which phase, and what each one waits for."""
    wanted = _wanted()
    every = lists.LetterFilter(
        wanted.rehearsal,
        jurisdiction=wanted.jurisdiction,
        mailing_id=wanted.mailing_id,
        q=wanted.q,
    )
    counts = lists.state_counts(session(), campaign().id, every)
    found = lists.letter_rows(session(), campaign().id, wanted, _page(), counts=counts)
    return render_template(
        "pages/letters/index.html",
        wanted=wanted,
        narrowed=wanted != lists.LetterFilter(wanted.rehearsal),
        found=found,
        states=list(State),
        counts=counts,
        jurisdictions=lists.jurisdictions_written_to(session(), campaign().id),
        mailings=lists.mailing_names(session(), campaign().id),
        waits=waits,
        page_url=_page_url,
    )


def waits(letter: Any) -> str:
    """Return what a letter waits for, with the moment where one is set."""
    if letter.state is State.SCHEDULED:
        return str(_("It goes after %(moment)s", moment=instant(letter.send_after)))
    return say(lists.waits_for(letter, today=now().date()))


def _wanted() -> lists.LetterFilter:
    """Read the filters from the address; what can't be read doesn't narrow."""
    state = request.args.get("state", "")
    rehearsal = request.args.get("rehearsal", "")
    return lists.LetterFilter(
        rehearsal=campaign().rehearsing if rehearsal not in ("yes", "no") else rehearsal == "yes",
        state=State(state) if state in set(State) else None,
        jurisdiction=request.args.get("jurisdiction", ""),
        mailing_id=request.args.get("mailing", type=int),
        unsent=request.args.get("unsent") == "yes",
        unanswered=request.args.get("unanswered") == "yes",
        q=request.args.get("q", "").strip(),
    )


def _page() -> int:
    return request.args.get("page", 1, type=int)


def _page_url(page: int) -> str:
    """Return the address of another page of the same list."""
    kept: dict[str, Any] = {
        name: value for name, value in request.args.items() if name != "page" and value
    }
    return url_for("letters.index", **kept, page=page)
