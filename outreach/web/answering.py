"""The part of a page that offers to answer what somebody wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from outreach.petitions import texts
from outreach.replies import answering, desk
from outreach.replies.models import Reply
from outreach.replies.threads import Row
from outreach.web.access import actor, campaign, may, session


def to_answer(reply: Reply | None) -> dict[str, Any]:
    """Return what `_answer.html` shows of `reply`: what may be drafted, or why nothing may."""
    if reply is None or not may("letters.write"):
        return {"answer_to": None}
    letters = [letter.id for letter in reply.letters]
    return {
        "answer_to": reply,
        "answer_kinds": answering.CHOICES,
        "why_not_answer": answering.why_not(session(), reply),
        "answers_begun": answering.under_way(session(), letters),
        "objections": texts.objections(session(), campaign().id),
    }


def newest_of(rows: Sequence[Row]) -> Reply | None:
    """Return the newest answer of a correspondence that the reader may see and that counts."""
    numbers = [row.number for row in rows if row.kind == "reply" and not (row.void or row.hidden)]
    return desk.answer(session(), campaign().id, numbers[-1], by=actor()) if numbers else None
