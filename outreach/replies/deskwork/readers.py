"""Which answers count as one person read them, though a second has to: said in this one place.

Every page, list and export that shows such an answer marks it.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Task
from outreach.replies.consequences.effects import SECOND_READING
from outreach.replies.deskwork.readings import SecondReading
from outreach.replies.models import Reply
from outreach.schema import one_of
from outreach.words import N_


class Mark(StrEnum):
    """What keeps an answer from being confirmed."""

    ONE_READER = "one_reader"
    TWO_DIFFER = "two_differ"


MARKS: dict[Mark, str] = {
    Mark.ONE_READER: N_("one reader"),
    Mark.TWO_DIFFER: N_("two readers differ"),
}


def marks_of(session: Session, reply_ids: Collection[int]) -> dict[int, Mark]:
    """Return {answer id: its mark} of those that have one: one query for any number.

    One reader: a second one is owed. Two differ: no organiser has decided. What was undone has
    none.
    """
    if not reply_ids:
        return {}
    counts = sa.and_(one_of(Reply.id, list(reply_ids)), Reply.undone_at.is_(None))
    owed = (
        sa.select(Reply.id, sa.literal(Mark.ONE_READER.value))
        .join(Task, sa.and_(Task.subject_kind == SECOND_READING, Task.subject_id == Reply.id))
        .where(counts, Task.done_at.is_(None))
    )
    differ = (
        sa.select(Reply.id, sa.literal(Mark.TWO_DIFFER.value))
        .join(SecondReading, SecondReading.reply_id == Reply.id)
        .where(counts, SecondReading.agrees.is_(False), SecondReading.decided_at.is_(None))
    )
    return {number: Mark(mark) for number, mark in session.execute(sa.union_all(owed, differ))}
