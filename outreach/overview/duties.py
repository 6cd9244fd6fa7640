"""What people have to do: promises, held readings, tasks, mail to file and to read."""

from __future__ import annotations

import sqlalchemy as sa

from outreach.accounts.models import Task
from outreach.overview.scope import Scope
from outreach.petitions import counts
from outreach.petitions.models import Promise, Reading
from outreach.petitions.promises import open_promises
from outreach.replies.kinds import HUMAN, SUBSTANTIVE
from outreach.replies.models import InboxState, Incoming, IncomingLetter, Mailbox, Reply


def promises_due(scope: Scope) -> sa.Select[Promise]:
    """Return the open promises whose day has come, the longest overdue first."""
    return open_promises(scope.campaign_id, rehearsal=scope.rehearsal, until=scope.today)


def promises_to_come(scope: Scope) -> sa.Select[Promise]:
    """Return the open promises whose day is still to come, soonest first."""
    rows = open_promises(scope.campaign_id, rehearsal=scope.rehearsal)
    return rows.where(Promise.due_on > scope.today)


def held_readings(scope: Scope) -> sa.Select[Reading]:
    """Return the counts that wait for an organiser, oldest first.

    A reading is neither live nor rehearsed: it waits for somebody either way.
    """
    return counts.held_readings(scope.campaign_id)


def overdue_tasks(scope: Scope) -> sa.Select[Task]:
    """Return the open tasks whose day has passed and that nobody put off, oldest first."""
    return _tasks(scope).where(Task.due_on < scope.today).order_by(Task.due_on, Task.id)


def my_tasks(scope: Scope) -> sa.Select[Task]:
    """Return the open tasks that the reader took, due first."""
    return (
        _tasks(scope)
        .where(Task.owner_id == scope.user_id)
        .order_by(Task.due_on.is_(None), Task.due_on, Task.id)
    )


def free_tasks(scope: Scope) -> sa.Select[Task]:
    """Return the open tasks that nobody took, due first."""
    return (
        _tasks(scope)
        .where(Task.owner_id.is_(None))
        .order_by(Task.due_on.is_(None), Task.due_on, Task.id)
    )


def _tasks(scope: Scope) -> sa.Select[Task]:
    return sa.select(Task).where(
        Task.campaign_id == scope.campaign_id,
        Task.rehearsal == scope.rehearsal,
        Task.done_at.is_(None),
        sa.or_(Task.deferred_until.is_(None), Task.deferred_until <= scope.today),
    )


def broken_mailboxes(scope: Scope) -> sa.Select[Mailbox]:
    """Return the mailboxes in use that can't be read, the longest broken first."""
    return (
        sa.select(Mailbox)
        .where(
            Mailbox.campaign_id == scope.campaign_id,
            Mailbox.enabled,
            Mailbox.trouble_since.is_not(None),
        )
        .order_by(Mailbox.trouble_since, Mailbox.id)
    )


def unmatched_mail(scope: Scope) -> sa.Select[Incoming]:
    """Return the messages of which nobody knows which letter they answer, oldest first.

    Neither live nor rehearsed, until they are with a letter; also those of no campaign yet.
    """
    return (
        sa.select(Incoming)
        .where(
            sa.or_(Incoming.campaign_id == scope.campaign_id, Incoming.campaign_id.is_(None)),
            Incoming.state == InboxState.UNMATCHED,
        )
        .order_by(Incoming.received_at, Incoming.id)
    )


def unread_mail(scope: Scope) -> sa.Select[Incoming]:
    """Return the messages that are with their letters and that nobody has read, oldest first."""
    unread = sa.exists().where(IncomingLetter.incoming_id == Incoming.id, IncomingLetter.unread)
    return (
        sa.select(Incoming)
        .where(
            Incoming.campaign_id == scope.campaign_id,
            Incoming.rehearsal == scope.rehearsal,
            unread,
        )
        .order_by(Incoming.received_at, Incoming.id)
    )


def human_answers(scope: Scope) -> sa.Select[Reply]:
    """Return the answers that a person wrote, newest first; what was undone counts nowhere."""
    return _answers(scope).where(Reply.kind.in_(HUMAN))


def substantive_answers(scope: Scope) -> sa.Select[Reply]:
    """Return the answers that say something about what we ask, newest first."""
    return _answers(scope).where(Reply.kind.in_(SUBSTANTIVE))


def new_answers(scope: Scope) -> sa.Select[Reply]:
    """Return every answer logged since `scope.since`, machines' too, newest first."""
    return _answers(scope).where(Reply.logged_at >= scope.since)


def _answers(scope: Scope) -> sa.Select[Reply]:
    return (
        sa.select(Reply)
        .where(
            Reply.campaign_id == scope.campaign_id,
            Reply.rehearsal == scope.rehearsal,
            Reply.undone_at.is_(None),
        )
        .order_by(Reply.received_on.desc(), Reply.id.desc())
    )
