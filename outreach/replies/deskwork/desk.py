"""The volunteer's desk: find the letter an answer belongs to, take it, look at it, log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts import tasks
from outreach.accounts.models import Actor, Campaign, Task, TaskKind
from outreach.accounts.roles import ORGANISERS, STAFF, require
from outreach.directory.models import Jurisdiction, Office, Target
from outreach.errors import NotAllowed, NotFound, Refused
from outreach.letters import looking
from outreach.letters.models import Letter
from outreach.petitions.models import Promise, Stance
from outreach.replies.consequences.rules import ANSWERABLE, check_letters
from outreach.replies.deskwork.readers import Mark, marks_of
from outreach.replies.kinds import GUARDED
from outreach.replies.matches import finding
from outreach.replies.models import InboxState, Incoming, Reply, ReplyLetter
from outreach.words import Sentence

MOST_FOUND = 50
# Tasks that need the view of somebody who reads every letter; a volunteer is not offered them.
STAFF_ONLY = frozenset(
    {TaskKind.SETTLE_UNKNOWN, TaskKind.CHECK_READING, TaskKind.READ_REPLY, TaskKind.OTHER}
)
# What everybody may read for us who takes it: messages, and answers a second time.
TO_READ = frozenset({"incoming", "second_reading"})
ORGANISERS_ONLY = frozenset({"question", "disagreement"})


@dataclass(frozen=True, slots=True)
class Found:
    """All that somebody sees of a letter before taking its task; `sent_at` is UTC."""

    letter_id: int
    name: str
    office: str
    country: str
    sent_at: dt.datetime | None
    code: str
    rehearsal: bool


def find_letters(session: Session, campaign_id: int, text: str) -> Sequence[Found]:
    """Return the letters that left and that `text` may mean: name, country, both, or a code.

    Newest first, at most 50. Only what anybody of the campaign may see.
    """
    text = text.strip()
    if not text:
        return ()
    rows = session.execute(
        sa.select(
            Letter.id,
            Letter.recipient,
            Office.name,
            Jurisdiction.name,
            Letter.sent_at,
            Letter.code,
            Letter.rehearsal,
        )
        .join(Target, Target.id == Letter.target_id)
        .join(Office, Office.id == Letter.office_id)
        .join(Jurisdiction, Jurisdiction.code == Target.jurisdiction_code)
        .where(Letter.campaign_id == campaign_id, Letter.state.in_(ANSWERABLE))
        .where(finding.meant_by(session, text))
        .order_by(Letter.rehearsal, Letter.sent_at.desc(), Letter.id.desc())
        .limit(MOST_FOUND)
    )
    return [Found(*row) for row in rows]


def take_letter(session: Session, letter: Letter, *, by: Actor, now: dt.datetime) -> Task:
    """Make the task of logging an answer to `letter` one's own and note the look.

    Returns the task, the one already held if there is one. Raises Refused, with who and since
    when, while somebody else holds it; BadInput when the letter never left.
    """
    require(by, "replies.log")
    check_letters([letter])
    task = logging_task(session, letter)
    if task is None:
        task = tasks.open_task(
            session,
            campaign_id=letter.campaign_id,
            kind=TaskKind.LOG_ANSWER,
            subject=("letter", letter.id),
            title=str(Sentence("Log an answer from %(name)s", name=letter.recipient)),
            due_on=None,
            rehearsal=letter.rehearsal,
            now=now,
            by=by,
        )
    if task.owner_id != by.user_id:
        if task.owner_id is not None:
            raise _taken(task)
        tasks.take(session, task, by=by, now=now)
    looking.note_look(session, letter, by=by, now=now)
    return task


def _taken(task: Task) -> Refused:
    return Refused(
        Sentence(
            "%(name)s is logging an answer to this letter since %(since)s. "
            "Ask them, or wait until they give it back.",
            name=task.owner.name if task.owner else "?",
            since=task.taken_at,
        )
    )


def logging_task(session: Session, letter: Letter) -> Task | None:
    """Return the open task of logging an answer to `letter`, with whoever holds it."""
    return session.scalars(
        sa.select(Task)
        .options(joinedload(Task.owner))
        .where(
            Task.kind == TaskKind.LOG_ANSWER,
            Task.subject_kind == "letter",
            Task.subject_id == letter.id,
            Task.done_at.is_(None),
        )
        .order_by(Task.id)
    ).first()


def letter_to_answer(session: Session, campaign_id: int, letter_id: int, *, by: Actor) -> Letter:
    """Return the letter, with its ask, that `by` may log an answer to now.

    Somebody who may read no letters must hold its task first. Raises NotFound, Refused.
    """
    letter = session.scalars(
        sa.select(Letter)
        .where(Letter.id == letter_id, Letter.campaign_id == campaign_id)
        .options(joinedload(Letter.ask), joinedload(Letter.target), joinedload(Letter.office))
    ).one_or_none()
    if letter is None:
        raise NotFound(Sentence("There is no such letter."))
    task = logging_task(session, letter)
    if by.role not in STAFF and (task is None or task.owner_id != by.user_id):
        raise Refused(
            Sentence("Find the letter in the inbox and take it first; then you see its text.")
        )
    return letter


def open_tasks(
    session: Session, campaign: Campaign, *, by: Actor, today: dt.date
) -> tuple[list[Task], list[Task]]:
    """Return (mine, free): the open tasks `by` holds, and those they could take, due first.

    A task deferred beyond `today` waits out of sight. Rehearsal tasks show while the campaign
    rehearses.
    """
    rows = tasks.tasks_for(
        session, campaign.id, actor=by, today=today, rehearsal=campaign.rehearsing
    )
    mine = [it for it in rows if it.owner_id == by.user_id]
    free = [it for it in rows if it.owner_id is None and may_take(it, by)]
    hidden = _out_of_reach(session, free, by)
    return mine, [it for it in free if it.id not in hidden]


def may_take(task: Task, by: Actor) -> bool:
    """Return whether tasks of this sort are offered to `by`: volunteers get none of every letter.

    Whether this one is for them to see, `require_reach` says.
    """
    if task.kind is TaskKind.READ_REPLY:
        return task.subject_kind in TO_READ or by.role in ORGANISERS
    if task.subject_kind in ORGANISERS_ONLY:
        return by.role in ORGANISERS
    return by.role in STAFF or task.kind not in STAFF_ONLY


def _out_of_reach(session: Session, rows: Sequence[Task], by: Actor) -> set[int]:
    """The tasks about messages and answers that `by` may not read, or has read before."""
    about: dict[str, dict[int, list[int]]] = {kind: {} for kind in TO_READ}
    for task in rows:
        if task.subject_kind in about and task.kind is TaskKind.READ_REPLY:
            about[task.subject_kind].setdefault(task.subject_id, []).append(task.id)
    found: list[int] = []
    if about["incoming"] and by.role not in ORGANISERS:
        # What is no campaign's yet may be another's.
        secret = sa.or_(Incoming.confidential.is_(True), Incoming.campaign_id.is_(None))
        if by.role not in STAFF:
            # What our program could not read, or nobody has filed, is no volunteer's either.
            unfiled = Incoming.state != InboxState.FILED
            secret = sa.or_(secret, Incoming.warned.is_(True), unfiled)
        ids = sa.select(Incoming.id).where(Incoming.id.in_(about["incoming"]), secret)
        found += [task for one in session.scalars(ids) for task in about["incoming"][one]]
    if about["second_reading"]:
        first = sa.or_(Reply.logged_by_id == by.user_id, _not_for(by))
        ids = sa.select(Reply.id).where(Reply.id.in_(about["second_reading"]), first)
        found += [task for one in session.scalars(ids) for task in about["second_reading"][one]]
    return set(found)


def _not_for(by: Actor) -> sa.ColumnElement[bool]:
    """Answers out of a message that `by` may not read."""
    if by.role in ORGANISERS:
        return sa.false()
    secret: sa.ColumnElement[bool] = Incoming.confidential.is_(True)
    if by.role not in STAFF:
        secret = sa.or_(secret, Incoming.warned.is_(True))
    return Reply.incoming_id.in_(sa.select(Incoming.id).where(secret))


def may_have(session: Session, task: Task, by: Actor) -> bool:
    """Return whether `by` may do `task`, and see what it is about."""
    return may_take(task, by) and task.id not in _out_of_reach(session, [task], by)


def require_reach(session: Session, task: Task, by: Actor) -> None:
    """Raise NotAllowed unless `by` may do `task`."""
    if not may_have(session, task, by):
        raise NotAllowed(Sentence("This task needs somebody who may read every letter."))


def answers_of(campaign_id: int, *, rehearsal: bool, by: Actor) -> sa.Select[Reply]:
    """Return the Select of the answers `by` may see, undone ones included.

    A volunteer sees what they logged, staff every answer but the guarded ones, organisers all.
    """
    rows = sa.select(Reply).where(Reply.campaign_id == campaign_id, Reply.rehearsal == rehearsal)
    own = Reply.logged_by_id == by.user_id
    if by.role in ORGANISERS:
        return rows
    if by.role in STAFF:
        return rows.where(sa.or_(own, Reply.kind.not_in(GUARDED)))
    return rows.where(own)


@dataclass(frozen=True, slots=True)
class Logged:
    """An answer in a list, with the name and code of the first letter it answers, and its mark."""

    reply: Reply
    name: str
    code: str
    letter_id: int
    mark: Mark | None


def answer_rows(session: Session, answers: sa.Select[Reply], *, limit: int) -> Sequence[Logged]:
    """Return the newest `limit` of `answers`, each with the letter it answers; two queries."""
    first = sa.select(sa.func.min(ReplyLetter.letter_id)).where(ReplyLetter.reply_id == Reply.id)
    rows = session.execute(
        answers.add_columns(Letter.recipient, Letter.code, Letter.id)
        .join(Letter, Letter.id == first.correlate(Reply).scalar_subquery())
        .order_by(Reply.received_on.desc(), Reply.id.desc())
        .limit(limit)
    ).all()
    marks = marks_of(session, [row[0].id for row in rows])
    return [
        Logged(reply, name, code, letter_id, marks.get(reply.id))
        for reply, name, code, letter_id in rows
    ]


def answer(session: Session, campaign_id: int, reply_id: int, *, by: Actor) -> Reply:
    """Return one answer that `by` may see, with its letters and desk. Raises NotFound.

    Who holds a task about an answer may read it, unless only organisers may.
    """
    row = (
        session.scalars(
            sa.select(Reply)
            .where(Reply.id == reply_id, Reply.campaign_id == campaign_id)
            .options(joinedload(Reply.letters), joinedload(Reply.office))
        )
        .unique()
        .one_or_none()
    )
    if row is None or not (may_see(row, by) or _holds_task_about(session, row, by)):
        raise NotFound(Sentence("There is no such answer, or it was logged by somebody else."))
    return row


def may_see(reply: Reply, by: Actor) -> bool:
    """Return whether `by` may read `reply`; the rule of `answers_of` for one row."""
    if by.role in ORGANISERS or (by.user_id is not None and reply.logged_by_id == by.user_id):
        return True
    return by.role in STAFF and reply.kind not in GUARDED


def _holds_task_about(session: Session, reply: Reply, by: Actor) -> bool:
    held = sa.exists().where(
        Task.subject_kind == "reply",
        Task.subject_id == reply.id,
        Task.owner_id == by.user_id,
        Task.done_at.is_(None),
    )
    return reply.kind not in GUARDED and bool(session.scalar(sa.select(held)))


def others_at_desk(session: Session, letter: Letter) -> Sequence[Letter]:
    """Return the other letters to the same desk that left, which one answer may answer too."""
    return session.scalars(
        sa.select(Letter)
        .where(
            Letter.campaign_id == letter.campaign_id,
            Letter.office_id == letter.office_id,
            Letter.rehearsal == letter.rehearsal,
            Letter.state.in_(ANSWERABLE),
            Letter.id != letter.id,
        )
        .order_by(Letter.id.desc())
    ).all()


def positions_from(session: Session, reply: Reply) -> tuple[Stance | None, Promise | None]:
    """Return the stance and the promise that were read out of `reply`."""
    stance = sa.select(Stance).where(Stance.source_kind == "reply", Stance.source_id == reply.id)
    promise = sa.select(Promise).where(
        Promise.source_kind == "reply", Promise.source_id == reply.id
    )
    return session.scalars(stance).first(), session.scalars(promise).first()
