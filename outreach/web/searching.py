"""Search in letters, answers, translations and notes."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from outreach.replies.story import searching
from outreach.web.access import actor, campaign, installation, needs, roll_back, session

bp = Blueprint("searching", __name__)


@bp.get("/inbox/search")
@needs("replies.log")
def search() -> str:
    """Where was it said? In all that the reader may see."""
    text = request.args.get("q", "").strip()[:200]
    if text:
        searching.catch_up(installation().database, most=searching.STEP)
        # What was read before would not see the new rows.
        roll_back()
    found = searching.search(session(), campaign(), text, by=actor()) if text else ()
    return render_template(
        "pages/replies/search.html", q=text, found=found, most=searching.MOST_FOUND
    )
