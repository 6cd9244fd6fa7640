"""Anything a human must do: opened by rooms to the right, taken by one person, done once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts import audit
from outreach.accounts.models import Actor, Task, TaskKind, User
from outreach.accounts.roles import ORGANISERS
from outreach.errors import NotFound, Refused
from outreach.words import Sentence


def open_task(
    session: Session,
    *,
    campaign_id: int,
    kind: TaskKind,
    subject: tuple[str, int],
    title: str,
    due_on: dt.date | None,
    rehearsal: bool,
    now: dt.datetime,
    by: Actor,
) -> Task:
    """Add a task that nobody has taken yet and return it.

    `subject` is (kind, id) of the thing it is about, `due_on` a day in the campaign's zone.
    """
    task = Task(
        campaign_id=campaign_id,
        kind=kind,
        subject_kind=subject[0],
        subject_id=subject[1],
        title=title,
        due_on=due_on,
        rehearsal=rehearsal,
        created_at=now,
    )
    session.add(task)
    session.flush()
    _record(session, task, "opened", by=by, now=now)
    return task


def task_by_id(session: Session, campaign_id: int, task_id: int) -> Task:
    """Return a task of the campaign with its owner loaded. Raises NotFound."""
    task = session.scalar(
        sa.select(Task)
        .options(joinedload(Task.owner))
        .where(Task.id == task_id, Task.campaign_id == campaign_id)
    )
    if task is None:
        raise NotFound(Sentence("There is no such task in this campaign."))
    return task


def take(session: Session, task: Task, *, by: Actor, now: dt.datetime) -> None:
    """Make a free task one's own; of two people at once one wins. Raises Refused for the other."""
    if task.owner_id == by.user_id and task.done_at is None:
        return
    taken = session.execute(
        sa.update(Task)
        .where(Task.id == task.id, Task.owner_id.is_(None), Task.done_at.is_(None))
        .values(owner_id=by.user_id, taken_at=now)
        .returning(Task.id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        raise Refused(
            Sentence("Somebody else has taken this task, or it is done. Choose another one.")
        )
    session.refresh(task, ["owner_id", "taken_at"])
    _record(session, task, "taken", by=by, now=now)


def release(session: Session, task: Task, *, by: Actor, now: dt.datetime) -> None:
    """Give a task back for somebody else. Only its owner or an organiser; else Refused."""
    _require_owner(task, by)
    if task.owner_id is None:
        return
    _free(session, task)
    _record(session, task, "released", by=by, now=now)


def _free(session: Session, task: Task) -> None:
    task.owner_id = None
    task.taken_at = None
    session.flush()


def end_claim(session: Session, task: Task, *, by: Actor, now: dt.datetime) -> None:
    """Free a task whose owner took it long ago and left it lying."""
    _free(session, task)
    _record(session, task, "claim_ended", by=by, now=now)


def hand_over(session: Session, task: Task, to: User, *, by: Actor, now: dt.datetime) -> None:
    """Give a task to somebody else. Only its owner or an organiser; else Refused."""
    _require_owner(task, by)
    if task.done_at is not None:
        raise Refused(Sentence("This task is done."))
    task.owner_id, task.taken_at, task.deferred_until = to.id, now, None
    session.flush()
    session.expire(task, ["owner"])
    _record(session, task, "handed_over", by=by, now=now, detail={"to": str(to.id)})


def defer(session: Session, task: Task, until: dt.date, *, by: Actor, now: dt.datetime) -> None:
    """Put a task out of sight until a day. Only its owner or an organiser; else Refused."""
    _require_owner(task, by)
    task.deferred_until = until
    session.flush()
    _record(session, task, "deferred", by=by, now=now, detail={"until": until.isoformat()})


def finish(session: Session, task: Task, *, by: Actor, now: dt.datetime) -> None:
    """Mark a task as done; one that is done already stays as it is."""
    done = session.execute(
        sa.update(Task)
        .where(Task.id == task.id, Task.done_at.is_(None))
        .values(done_at=now, done_by=by.name)
        .returning(Task.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(task, ["done_at", "done_by"])
    if done is not None:
        _record(session, task, "done", by=by, now=now)


def finish_about(session: Session, subject: tuple[str, int], *, by: Actor, now: dt.datetime) -> int:
    """Mark every open task about `subject` (kind, id) as done; return how many there were."""
    rows = open_about(session, subject)
    for task in rows:
        finish(session, task, by=by, now=now)
    return len(rows)


def open_about(session: Session, subject: tuple[str, int]) -> Sequence[Task]:
    """Return the tasks about `subject` that are not done, with their owners, oldest first."""
    return session.scalars(
        sa.select(Task)
        .options(joinedload(Task.owner))
        .where(
            Task.subject_kind == subject[0],
            Task.subject_id == subject[1],
            Task.done_at.is_(None),
        )
        .order_by(Task.id)
    ).all()


def tasks_for(
    session: Session, campaign_id: int, *, actor: Actor, today: dt.date, rehearsal: bool
) -> Sequence[Task]:
    """Return the open tasks `actor` may see, their own first, then by due day; owners loaded.

    Everybody sees their own and the free ones, an organiser also what others hold. A task deferred
    beyond `today` (a day in the campaign's zone) is left out.
    """
    seen: sa.ColumnElement[bool] = sa.true()
    if actor.role not in ORGANISERS:
        seen = Task.owner_id.is_(None) | (Task.owner_id == actor.user_id)
    return session.scalars(
        sa.select(Task)
        .options(joinedload(Task.owner))
        .where(
            Task.campaign_id == campaign_id,
            Task.done_at.is_(None),
            Task.rehearsal == rehearsal,
            Task.deferred_until.is_(None) | (Task.deferred_until <= today),
            seen,
        )
        .order_by(
            sa.case((Task.owner_id == actor.user_id, 0), else_=1),
            Task.due_on.is_(None),
            Task.due_on,
            Task.id,
        )
    ).all()


def _require_owner(task: Task, by: Actor) -> None:
    if task.owner_id != by.user_id and by.role not in ORGANISERS:
        raise Refused(Sentence("This task is somebody else's. Ask them, or an organiser."))


def _record(
    session: Session,
    task: Task,
    name: str,
    *,
    by: Actor,
    now: dt.datetime,
    detail: dict[str, str] | None = None,
) -> None:
    audit.record(
        session,
        subject=("task", task.id),
        name=name,
        by=by,
        now=now,
        campaign_id=task.campaign_id,
        detail=dict(detail or {}),
    )
