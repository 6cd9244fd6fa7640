"""The parts of a page that offer to answer what somebody wrote, or to write again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from outreach.accounts.models import Task, TaskKind
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.petitions import texts
from outreach.replies.consequences.filing import answered_letters
from outreach.replies.consequences.next_way import NextWay, next_ways
from outreach.replies.deskwork import answering, desk
from outreach.replies.models import Reply
from outreach.replies.story.threads import Row, letters_between
from outreach.web.access import actor, campaign, may, now, session


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


def ways_after(reply: Reply | None) -> list[NextWay]:
    """Return what `_next_way.html` shows of the letters that came back, as `reply` says."""
    letters = answered_letters(session(), reply) if reply else ()
    return next_ways(session(), letters, today=campaign().day_of(now()))


def ways_of_task(task: Task | None) -> list[NextWay]:
    """Return the same for a task to find another way."""
    about = (task.kind, task.subject_kind) if task else None
    if task is not None and about == (TaskKind.FIND_ADDRESS, "reply"):
        return ways_after(session().get(Reply, task.subject_id))
    if task is None or about != (TaskKind.VERIFY_ADDRESS, "target"):
        return []
    # Their server refused what went there.
    refused = sa.select(Letter).where(
        Letter.campaign_id == campaign().id,
        Letter.target_id == task.subject_id,
        Letter.state == State.FAILED,
    )
    letters = session().scalars(refused.order_by(Letter.id)).all()
    return next_ways(session(), letters, today=campaign().day_of(now()))


def ways_at_desk(office_id: int) -> list[NextWay]:
    """Return how the letters to a desk that came back can go again, where nobody wrote again."""
    letters = letters_between(session(), campaign().id, office_id)
    ways = next_ways(session(), letters, today=campaign().day_of(now()))
    return [one for one in ways if one.again is None]
