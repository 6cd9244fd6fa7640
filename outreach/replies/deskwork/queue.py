"""The queue of the desk: one thing at a time, claimed by one person, passed on, asked about.

Hostile, suspicious and confidential answers are an organiser's; what our server warns of is never
offered to a volunteer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit, tasks
from outreach.accounts.models import INBOX, Actor, Campaign, Member, Role, Task, TaskKind, User
from outreach.accounts.roles import ORGANISERS, STAFF
from outreach.database import Database
from outreach.errors import BadInput, NotAllowed, Refused
from outreach.replies.deskwork import desk
from outreach.replies.models import Incoming
from outreach.replies.receiving import inbox
from outreach.sending.desks import after_working_days
from outreach.words import Sentence

# What is read or logged in one go: who holds it longer has left, and it is free again.
CLAIMED = frozenset({TaskKind.READ_REPLY, TaskKind.LOG_ANSWER})
CLAIM = dt.timedelta(hours=4)
# A question about another task, for organisers; its subject is that task.
QUESTION = "question"
LONGEST_QUESTION = 1_000


def next_free(
    session: Session,
    campaign: Campaign,
    *,
    skipped: Collection[int],
    by: Actor,
    now: dt.datetime,
    reading: bool = False,
) -> Task | None:
    """Return what `by` should do next: their own first, then what is free, due first.

    What they asked an organiser about waits behind all that is free until somebody has answered;
    what they `skipped` comes after all else. With `reading` only what is read or logged in one go.
    """
    mine, free = desk.open_tasks(session, campaign, by=by, today=campaign.day_of(now))
    asked = _asked_about(session, mine)
    ready = [it for it in mine if it.id not in asked]
    rows = [*ready, *free, *(it for it in mine if it.id in asked)]
    if reading:
        rows = [it for it in rows if it.kind in CLAIMED]
    fresh = [it for it in rows if it.id not in skipped]
    return next(iter(fresh or rows), None)


def _asked_about(session: Session, rows: Sequence[Task]) -> Collection[int]:
    """Which of the tasks wait for the answer to a question."""
    return session.scalars(
        sa.select(Task.subject_id).where(
            Task.subject_kind == QUESTION,
            Task.subject_id.in_([one.id for one in rows]),
            Task.done_at.is_(None),
        )
    ).all()


def take(session: Session, task: Task, *, by: Actor, now: dt.datetime) -> None:
    """Make a task one's own, and note that a message was looked at.

    Raises Refused with who is on it since when, NotAllowed for what is not for `by` to see.
    """
    desk.require_reach(session, task, by)
    if task.owner is not None and task.owner_id != by.user_id and task.done_at is None:
        raise Refused(
            Sentence(
                "%(name)s is on this since %(since)s. Choose another one, or ask them.",
                name=task.owner.name,
                since=task.taken_at,
            )
        )
    tasks.take(session, task, by=by, now=now)
    if task.subject_kind == "incoming":
        row = session.get_one(Incoming, task.subject_id)
        inbox.record(session, row, "looked_at", by=by, now=now)
    elif task.subject_kind == "second_reading":
        audit.record(
            session,
            subject=("reply", task.subject_id),
            name="looked_at",
            by=by,
            now=now,
            campaign_id=task.campaign_id,
        )


def end_claims(database: Database, *, now: dt.datetime) -> int:
    """Free what was left lying, as the clock does; return how many. Writes only if there is any."""
    with database.reading() as session:
        if session.scalar(_left_lying(now).limit(1)) is None:
            return 0
    with database.writing() as session:
        return end_old_claims(session, now=now)


def _left_lying(now: dt.datetime) -> sa.Select[Task]:
    return sa.select(Task).where(
        Task.kind.in_(CLAIMED),
        Task.owner_id.is_not(None),
        Task.done_at.is_(None),
        Task.deferred_until.is_(None),
        Task.taken_at <= now - CLAIM,
    )


def end_old_claims(session: Session, *, now: dt.datetime) -> int:
    """Free what somebody took to read or log and left lying for hours; return how many."""
    rows = session.scalars(_left_lying(now)).all()
    for task in rows:
        tasks.end_claim(session, task, by=INBOX, now=now)
    return len(rows)


def people_for(session: Session, campaign: Campaign, task: Task, *, by: Actor) -> Sequence[User]:
    """Return who of the campaign a task may be handed to, by name; never oneself."""
    rows = session.execute(
        sa.select(User, Member.role)
        .join(Member, Member.user_id == User.id)
        .where(Member.campaign_id == campaign.id, User.active, User.id != by.user_id)
        .order_by(User.name, User.id)
    ).all()
    return [user for user, role in rows if desk.may_have(session, task, _actor(user, role))]


def hand_over(
    session: Session, campaign: Campaign, task: Task, user_id: int, *, by: Actor, now: dt.datetime
) -> User:
    """Give a task to somebody of the campaign who may do it. Raises BadInput, Refused."""
    people = {one.id: one for one in people_for(session, campaign, task, by=by)}
    if user_id not in people:
        raise BadInput(Sentence("Choose somebody who may do this."), field="person")
    tasks.hand_over(session, task, people[user_id], by=by, now=now)
    return people[user_id]


def _actor(user: User, role: Role) -> Actor:
    return Actor(name=user.name, user_id=user.id, role=role)


def ask(
    session: Session, campaign: Campaign, task: Task, words: str, *, by: Actor, now: dt.datetime
) -> Task:
    """Ask the organisers about a task that one holds; it stays one's own. Raises BadInput."""
    if task.owner_id != by.user_id or task.done_at is not None:
        raise NotAllowed(Sentence("Take the task first; then you can ask about it."))
    return tasks.open_task(
        session,
        campaign_id=campaign.id,
        kind=TaskKind.OTHER,
        subject=(QUESTION, task.id),
        title=str(Sentence("%(name)s asks: %(words)s", name=by.name, words=_said(words))),
        due_on=after_working_days(campaign.day_of(now), 1),
        rehearsal=task.rehearsal,
        now=now,
        by=by,
    )


def answer(session: Session, question: Task, words: str, *, by: Actor, now: dt.datetime) -> None:
    """Answer a question; whoever holds the task that it is about reads it there."""
    if by.role not in ORGANISERS or question.subject_kind != QUESTION:
        raise NotAllowed(Sentence("Only an organiser answers this."))
    if question.done_at is not None:
        raise Refused(Sentence("Somebody has answered this meanwhile."))
    question.title += "\n" + str(
        Sentence("%(name)s answers: %(words)s", name=by.name, words=_said(words))
    )
    session.flush()
    tasks.finish(session, question, by=by, now=now)


def _said(words: str) -> str:
    words = " ".join(words.split())
    if not words or len(words) > LONGEST_QUESTION:
        raise BadInput(Sentence("Say it in a few sentences."), field="words")
    return words


def questions_about(session: Session, task: Task, *, by: Actor) -> Sequence[Task]:
    """Return the questions about a task that `by` holds or may read, oldest first."""
    if task.owner_id != by.user_id and by.role not in STAFF:
        return ()
    return session.scalars(
        sa.select(Task)
        .where(Task.subject_kind == QUESTION, Task.subject_id == task.id)
        .order_by(Task.id)
    ).all()
