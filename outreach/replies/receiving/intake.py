"""Reads what came in, one message after the other; what can't be read becomes a task, never a loss.

The message was stored before. That reading it was begun is written before it is begun: one that
takes the process down with it is given up after three times, and holds nobody up.
"""

from __future__ import annotations

import datetime as dt
import logging

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import tasks
from outreach.accounts.models import INBOX, Campaign, Sender, TaskKind
from outreach.database import Database
from outreach.replies.mail.authenticity import warnings
from outreach.replies.mail.parsing import Mail, read
from outreach.replies.mail.recognising import Recognised, recognise
from outreach.replies.models import InboxState, Incoming, Mailbox, Way
from outreach.replies.receiving import inbox
from outreach.words import N_, Sentence

MOST_TRIES = 3
MOST_AT_ONCE = 200
# Of the messages that came last, so many say whether our server checks what comes in.
SEEN_LATELY, SEEN_AT_LEAST = 30, 3

_CRASHED = N_("Reading it was begun three times and never ended.")
_FAILED = N_("Our program tripped over it (%(error)s).")

log = logging.getLogger(__name__)


def read_new(database: Database, *, now: dt.datetime, most: int = MOST_AT_ONCE) -> int:
    """Read at most `most` of the messages nobody has read, oldest first; return how many were.

    Call it where no transaction is open. One that fails is marked and the others are still read.
    """
    with database.reading() as session:
        rows = sa.select(Incoming.id).where(Incoming.state == InboxState.NEW).order_by(Incoming.id)
        numbers = session.scalars(rows.limit(most)).all()
    return sum(_read_one(database, number, now) for number in numbers)


def _read_one(database: Database, number: int, now: dt.datetime) -> bool:
    with database.writing() as session:
        tries = session.scalar(
            sa.update(Incoming)
            .where(Incoming.id == number, Incoming.state == InboxState.NEW)
            .values(tries=Incoming.tries + 1)
            .returning(Incoming.tries)
        )
        if tries is None:
            return False
        if tries > MOST_TRIES:
            _give_up(session, number, Sentence(_CRASHED), now)
            return False
        raw, ours = inbox.original(session, number), _our_address(session, number)
    try:
        mail = read(raw, ours=ours)
        found = recognise(mail, received_on=now.date())
        with database.writing() as session:
            _keep(session, number, mail, found, now)
    except sa.exc.OperationalError as error:
        # The database was away or busy, and the message is not to blame: it is read next time.
        log.warning("message %s is read later: %s", number, type(error).__name__)
        return False
    except Exception as error:
        # Whatever it is: the message stays, somebody looks at it, the next one is read.
        log.error("message %s can't be read: %s", number, type(error).__name__)
        with database.writing() as session:
            _give_up(session, number, Sentence(_FAILED, error=type(error).__name__), now)
        return False
    return True


def _our_address(session: Session, number: int) -> str:
    """The address our letters come from, which a quoted letter bears above it."""
    return (
        session.scalar(
            sa.select(Sender.from_address)
            .join(Incoming, Incoming.campaign_id == Sender.campaign_id)
            .where(Incoming.id == number, Sender.active)
            .order_by(Sender.id)
            .limit(1)
        )
        or ""
    )


def _keep(session: Session, number: int, mail: Mail, found: Recognised, now: dt.datetime) -> None:
    row = session.get(Incoming, number, with_for_update=True)
    if row is None or row.state is not InboxState.NEW:
        return
    row.read_at = now
    row.kind, row.kind_reason = found.kind, found.reason.as_json()
    row.back_on = found.back_on
    row.message_id = mail.message_id[:998]
    row.from_name, row.from_address = mail.from_.name[:300], mail.from_.address[:320]
    row.subject, row.written_at = mail.subject, mail.date
    row.signed_by = next((one.server for one in mail.checks), "")
    row.warned = bool(warnings(session, mail, checked_by(session, row)))
    detail: dict[str, object] = {"kind": found.kind.value}
    inbox.change_state(session, row, InboxState.READ, by=INBOX, now=now, detail=detail)


def checked_by(session: Session, row: Incoming) -> str:
    """Return the name that the mail server of the message's campaign signs its checks with."""
    return (
        session.scalar(
            sa.select(Mailbox.checked_by)
            .where(Mailbox.campaign_id == row.campaign_id, Mailbox.checked_by != "")
            .order_by(Mailbox.id)
            .limit(1)
        )
        or ""
    )


def signs_always(session: Session, row: Incoming, name: str) -> bool:
    """Return whether our own mail server signs as `name` whatever comes in, by what came lately.

    Anybody can write a check under its name (RFC 8601 §7.1), and where it wrote none itself theirs
    would be the topmost: good news counts only where most messages carry one.
    """
    lately = (
        sa.select(Incoming.signed_by)
        .where(Incoming.campaign_id == row.campaign_id, Incoming.signed_by.is_not(None))
        .where(Incoming.way.in_((Way.IMAP, Way.MAILDIR, Way.PIPE)), Incoming.id != row.id)
        .order_by(Incoming.id.desc())
        .limit(SEEN_LATELY)
    )
    signed = [one == name.strip().lower() for one in session.scalars(lately)]
    return len(signed) >= SEEN_AT_LEAST and sum(signed) > 0.8 * len(signed)


def _give_up(session: Session, number: int, why: Sentence, now: dt.datetime) -> None:
    row = session.get(Incoming, number, with_for_update=True)
    if row is None or row.state is not InboxState.NEW:
        return
    row.failure = why.as_json()
    inbox.change_state(session, row, InboxState.UNREADABLE, by=INBOX, now=now)
    ask_to_look(session, row, Sentence("Look at a message that our program could not read"), now)


def ask_to_look(session: Session, row: Incoming, title: Sentence, now: dt.datetime) -> None:
    """Open a task about a message that only a person can go on with."""
    campaign = _whose(session, row)
    if campaign is None:
        return
    tasks.open_task(
        session,
        campaign_id=campaign.id,
        kind=TaskKind.READ_REPLY,
        subject=("incoming", row.id),
        title=str(title),
        due_on=campaign.day_of(now),
        rehearsal=row.rehearsal,
        now=now,
        by=INBOX,
    )


def _whose(session: Session, row: Incoming) -> Campaign | None:
    """The campaign that has to look after a message: its own, else the first there is."""
    if row.campaign_id is not None:
        return session.get_one(Campaign, row.campaign_id)
    return session.scalars(sa.select(Campaign).order_by(Campaign.id).limit(1)).first()
