"""Reading a message that is with its letter: who is on it, what is left, what was sorted wrongly.

What it says is filed by `filing.log_answer`, as an answer that came any other way is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts.models import INBOX, Actor, Campaign, Event, Task, TaskKind
from outreach.accounts.roles import STAFF, require
from outreach.database import hold
from outreach.errors import Refused
from outreach.letters.models import Letter
from outreach.replies.consequences import filing, placing
from outreach.replies.deskwork import queue
from outreach.replies.matches import unmatched
from outreach.replies.models import InboxState, Incoming, IncomingLetter, MailKind, Reply
from outreach.replies.receiving import inbox
from outreach.words import N_, Sentence

READ_BY_HAND = N_("%(name)s read it: somebody wrote it for us.")


def reading_task(session: Session, incoming_id: int) -> Task | None:
    """Return the open task to read a message, with whoever holds it."""
    return session.scalars(
        sa.select(Task)
        .options(joinedload(Task.owner))
        .where(
            Task.kind == TaskKind.READ_REPLY,
            Task.subject_kind == placing.SUBJECT,
            Task.subject_id == incoming_id,
            Task.done_at.is_(None),
        )
        .order_by(Task.id)
    ).first()


def take_message(session: Session, row: Incoming, *, by: Actor, now: dt.datetime) -> Task:
    """Make reading a message one's own task. Raises Refused with who is on it since when."""
    task = reading_task(session, row.id)
    if task is None:
        raise Refused(Sentence("Somebody has read this message meanwhile. Choose another one."))
    queue.take(session, task, by=by, now=now)
    return task


def message_to_read(
    session: Session, campaign: Campaign, incoming_id: int, *, by: Actor
) -> Incoming:
    """Return a message that `by` may read, or had taken and was reading. Raises NotFound."""
    row = session.get(Incoming, incoming_id)
    looked = session.scalar(
        sa.select(Event.id)
        .where(
            Event.subject_kind == placing.SUBJECT,
            Event.subject_id == incoming_id,
            Event.name == "looked_at",
            Event.user_id == by.user_id,
        )
        .limit(1)
    )
    ours = row is not None and row.campaign_id == campaign.id and not row.confidential
    if row is not None and ours and reading_task(session, row.id) is None and looked:
        return row
    return inbox.message(session, campaign, incoming_id, by=by)


def read_meanwhile(session: Session, row: Incoming, *, by: Actor) -> Reply | None:
    """Return the answer that somebody else read out of a message, if it counts."""
    found = unmatched.answers_out_of(session, row)
    return next((one for one in found if one.logged_by_id not in (None, by.user_id)), None)


def letters_left(session: Session, row: Incoming) -> Sequence[Letter]:
    """Return the letters of one desk that nobody has read the message for, oldest first."""
    letters = session.scalars(
        sa.select(Letter)
        .join(IncomingLetter, IncomingLetter.letter_id == Letter.id)
        .where(IncomingLetter.incoming_id == row.id, IncomingLetter.unread)
        .options(joinedload(Letter.ask), joinedload(Letter.target), joinedload(Letter.office))
        .order_by(Letter.id)
    ).all()
    return [one for one in letters if one.office_id == letters[0].office_id]


def is_real_answer(session: Session, row: Incoming, *, by: Actor, now: dt.datetime) -> Task:
    """Say that what was filed as a machine's was written by somebody: it is read, by `by`.

    What the machine drew from it is taken back: the reminder is no longer parked. Staff only.
    """
    require(by, "replies.read")
    hold(session, row)
    found = unmatched.answers_out_of(session, row)
    if row.state is not InboxState.FILED or any(one.logged_by != INBOX.name for one in found):
        raise Refused(Sentence("This message was not filed by a machine."))
    for reply in found:
        filing.undo_answer(session, reply, by=by, now=now)
    row.kind, row.back_on = MailKind.ANSWER, None
    row.kind_reason = Sentence(READ_BY_HAND, name=by.name).as_json()
    session.flush()
    inbox.record(session, row, "real_answer", by=by, now=now)
    if not found:
        # Nothing followed from it, such as a receipt: it was read by nobody.
        placing.unread_again(session, row.id, placing.letters_of(session, row), by=by, now=now)
    return take_message(session, row, by=by, now=now)


def is_none_of_theirs(session: Session, row: Incoming, *, by: Actor, now: dt.datetime) -> None:
    """Say that a message answers another letter or none: it waits to be filed again."""
    placing.take_away(session, row, by=by, now=now)


def may_flip(session: Session, row: Incoming, by: Actor) -> bool:
    """Return whether `by` is offered to say that somebody wrote it."""
    if by.role not in STAFF or row.state is not InboxState.FILED:
        return False
    machine = row.kind in (MailKind.AUTO_REPLY, MailKind.RECEIPT, MailKind.DELAYED)
    found = unmatched.answers_out_of(session, row)
    return machine and all(one.logged_by == INBOX.name for one in found)
