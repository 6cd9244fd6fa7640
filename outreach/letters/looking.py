"""Who without the right to read letters looked at one, and the task that let them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts import audit, tasks
from outreach.accounts.models import Actor, Task
from outreach.letters.models import Letter


def open_tasks_about(session: Session, letter: Letter) -> list[Task]:
    """Return the open tasks about `letter` with their owners, the oldest first."""
    return list(
        session.scalars(
            sa.select(Task)
            .where(
                Task.campaign_id == letter.campaign_id,
                Task.subject_kind == "letter",
                Task.subject_id == letter.id,
                Task.done_at.is_(None),
            )
            .options(joinedload(Task.owner))
            .order_by(Task.id)
        )
    )


def note_look(session: Session, letter: Letter, *, by: Actor, now: dt.datetime) -> None:
    """Leave a row that `by` looked at `letter`, with or without its text."""
    audit.record(
        session,
        subject=("letter", letter.id),
        name="looked_at",
        by=by,
        now=now,
        campaign_id=letter.campaign_id,
    )


def take(session: Session, task: Task, letter: Letter, *, by: Actor, now: dt.datetime) -> None:
    """Make an open task about `letter` one's own and note the look. Raises Refused when taken."""
    tasks.take(session, task, by=by, now=now)
    note_look(session, letter, by=by, now=now)
