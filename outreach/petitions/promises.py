"""What they said they would do, until a day. A promise that is due is a task for somebody."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit, tasks
from outreach.accounts.models import Actor, TaskKind
from outreach.errors import BadInput, MoveRefused
from outreach.petitions.models import Promise, PromiseState
from outreach.words import Sentence

LONGEST_TITLE = 80


def record_promise(
    session: Session,
    *,
    campaign_id: int,
    target_id: int,
    ask_id: int,
    text: str,
    due_on: dt.date,
    source: tuple[str, int],
    rehearsal: bool,
    by: Actor,
    now: dt.datetime,
) -> Promise:
    """Keep what a target promised and open a task for the day it is due.

    `source` is where it was said, as (kind, id). Raises BadInput with the field.
    """
    words = text.strip()
    if not words:
        raise BadInput(Sentence("Say what they promised, in one sentence."), "promise")
    promise = Promise(
        campaign_id=campaign_id,
        target_id=target_id,
        ask_id=ask_id,
        text=words,
        due_on=due_on,
        source_kind=source[0],
        source_id=source[1],
        by=by.name,
        at=now,
        rehearsal=rehearsal,
    )
    session.add(promise)
    session.flush()
    _open_follow_up(session, promise, by=by, now=now)
    return promise


def _open_follow_up(session: Session, promise: Promise, *, by: Actor, now: dt.datetime) -> None:
    """Tell of a new promise and open the task of its day."""
    words = promise.text
    audit.record(
        session,
        subject=("promise", promise.id),
        name="promise recorded",
        by=by,
        now=now,
        campaign_id=promise.campaign_id,
        moved=(None, PromiseState.OPEN.value),
        detail={
            "target": promise.target_id,
            "due_on": promise.due_on.isoformat(),
            "source": [promise.source_kind, promise.source_id],
        },
    )
    tasks.open_task(
        session,
        campaign_id=promise.campaign_id,
        kind=TaskKind.KEEP_PROMISE,
        subject=("promise", promise.id),
        title=words if len(words) <= LONGEST_TITLE else words[: LONGEST_TITLE - 1] + "…",
        due_on=promise.due_on,
        rehearsal=promise.rehearsal,
        now=now,
        by=by,
    )


def settle(
    session: Session, promise: Promise, *, state: PromiseState, by: Actor, now: dt.datetime
) -> Promise:
    """Say what became of an open promise, and finish its task.

    Raises BadInput for the state open, MoveRefused when somebody settled it already.
    """
    if state is PromiseState.OPEN:
        raise BadInput(Sentence("Choose kept, broken or withdrawn."), "state")
    won = session.execute(
        sa.update(Promise)
        .where(Promise.id == promise.id, Promise.state == PromiseState.OPEN)
        .values(state=state)
        .execution_options(synchronize_session=False)
        .returning(Promise.id)
    ).scalar_one_or_none()
    session.refresh(promise)
    if won is None:
        raise MoveRefused(Sentence("This promise is settled already. Reload the page to see how."))
    audit.record(
        session,
        subject=("promise", promise.id),
        name="promise settled",
        by=by,
        now=now,
        campaign_id=promise.campaign_id,
        moved=(PromiseState.OPEN.value, state.value),
    )
    tasks.finish_about(session, ("promise", promise.id), by=by, now=now)
    return promise


def open_promises(
    campaign_id: int, *, rehearsal: bool, until: dt.date | None = None
) -> sa.Select[Promise]:
    """Return the query of the open promises, soonest first; only those due by `until` if given."""
    query = (
        sa.select(Promise)
        .where(
            Promise.campaign_id == campaign_id,
            Promise.rehearsal == rehearsal,
            Promise.state == PromiseState.OPEN,
        )
        .order_by(Promise.due_on, Promise.id)
    )
    return query if until is None else query.where(Promise.due_on <= until)
