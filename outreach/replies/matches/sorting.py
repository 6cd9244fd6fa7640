"""Sorts what was read: what proves itself is filed with all that follows, the rest waits.

What machines wrote is said by machines: an absence parks the reminder, a bounce marks the address.
What people wrote is only placed: nobody's words are judged before a person has read them.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import INBOX, Campaign
from outreach.database import Database, is_busy
from outreach.directory.models import ContactKind
from outreach.errors import OutreachError
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.replies.consequences import new_addresses, placing
from outreach.replies.consequences.filing import log_answer
from outreach.replies.mail import parsing
from outreach.replies.mail.bounces import Bounce, bounce_in
from outreach.replies.mail.parsing import Mail
from outreach.replies.matches import matching, traces
from outreach.replies.matches.matching import Match
from outreach.replies.matches.signs import signs_of
from outreach.replies.models import (
    InboxState,
    Incoming,
    MailKind,
    ReplyChannel,
    ReplyKind,
    SignedBy,
)
from outreach.replies.receiving import inbox, intake
from outreach.sending import refusals, reply_address
from outreach.signing import Vault
from outreach.words import Sentence

# Without a letter of ours these ask nothing of anybody: they are put aside, where one can look.
IDLE = frozenset({MailKind.LIST, MailKind.RECEIPT, MailKind.DELAYED})
# What a person has to read, even when it is clear what it belongs to.
TO_READ = frozenset({MailKind.ANSWER, MailKind.OTHER})

# From a failure until sorting the message is begun again; after the last it is a person's.
PAUSES = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30))

log = logging.getLogger(__name__)


def reader_of_tags(vault: Vault) -> Callable[[str], int | None]:
    """Return what says which letter the tag in an address names, for this installation."""
    return partial(reply_address.letter_of, key=reply_address.key_of(vault))


def read_and_sort(database: Database, vault: Vault, *, now: dt.datetime) -> int:
    """Read what nobody has read yet, then sort it; return how many were read."""
    read = intake.read_new(database, now=now)
    sort_waiting(database, now=now, letter_of=reader_of_tags(vault))
    return read


def sort_waiting(
    database: Database, *, now: dt.datetime, letter_of: Callable[[str], int | None]
) -> int:
    """Sort every message that was read; return how many. One that fails stops no other.

    `letter_of` reads the tag of an address. A message whose consequences can't be drawn waits for a
    person; one that our program trips over is begun again after a minute and after five more, and
    waits for a person half an hour later. Several workers do no harm: each message is held while it
    is sorted.
    """
    with database.reading() as session:
        waiting = [
            row.id
            for row in inbox.waiting(session)
            if row.sort_again_at is None or row.sort_again_at <= now
        ]
    if not waiting:
        return 0
    _trace_letters(database)
    for incoming_id in waiting:
        try:
            if _begun(database, incoming_id, now):
                sort(database, incoming_id, now=now, letter_of=letter_of)
        except Exception as error:
            if is_busy(error):
                # The message is not to blame.
                log.warning("message %s is sorted later: %s", incoming_id, type(error).__name__)
                _give_back(database, incoming_id)
            else:
                log.error("message %s: %s", incoming_id, type(error).__name__)
    return len(waiting)


def _begun(database: Database, incoming_id: int, now: dt.datetime) -> bool:
    """Write that sorting a message is begun, before it is: it may take the process down with it.

    False for one that somebody else has begun, and for one that was begun too often: it is given
    to a person.
    """
    with database.writing() as session:
        row = session.get(Incoming, incoming_id, with_for_update=True)
        if row is None or row.state is not InboxState.READ:
            return False
        if row.sort_again_at is not None and row.sort_again_at > now:
            return False
        if row.sort_tries < len(PAUSES):
            row.sort_again_at = now + PAUSES[row.sort_tries]
            row.sort_tries += 1
            return True
        inbox.change_state(session, row, InboxState.UNMATCHED, by=INBOX, now=now)
        intake.ask_to_look(
            session, row, Sentence("File a message that our program could not sort"), now
        )
        return False


def _give_back(database: Database, incoming_id: int) -> None:
    """Write that sorting a message was not tried after all; its pause stays.

    Where the database is busy still, the try counts: nobody waits for it longer.
    """
    try:
        with database.writing() as session:
            row = session.get(Incoming, incoming_id, with_for_update=True)
            if row is not None and row.state is InboxState.READ and row.sort_tries:
                row.sort_tries -= 1
    except sa.exc.DBAPIError as error:
        log.warning("message %s: %s", incoming_id, type(error).__name__)


def _trace_letters(database: Database) -> None:
    """Make what letters are found by, for those that left since."""
    while True:
        with database.writing() as session:
            if not traces.trace(session, traces.untraced(session)):
                return


def sort(
    database: Database,
    incoming_id: int,
    *,
    now: dt.datetime,
    letter_of: Callable[[str], int | None],
) -> Match:
    """Sort one message and return what it was matched with."""
    with database.reading() as session:
        row = session.get_one(Incoming, incoming_id)
        mail = parsing.read(inbox.original(session, incoming_id))
        found = match_of(session, row, mail, letter_of=letter_of)
    try:
        with database.writing() as session:
            row = session.get_one(Incoming, incoming_id, with_for_update=True)
            if row.state is InboxState.READ:
                decide(session, row, mail, found, now=now)
    except OutreachError as error:
        # Nothing of it was kept: a person decides what the machine can't.
        log.warning("message %s waits for a person: %s", incoming_id, type(error).__name__)
        with database.writing() as session:
            row = session.get_one(Incoming, incoming_id, with_for_update=True)
            if row.state is InboxState.READ:
                inbox.change_state(session, row, InboxState.UNMATCHED, by=INBOX, now=now)
    return found


def match_of(
    session: Session,
    row: Incoming,
    mail: Mail,
    *,
    letter_of: Callable[[str], int | None],
    campaign: Campaign | None = None,
) -> Match:
    """Return what a message is matched with: letters of the campaign it came to, else of any.

    `campaign`: of this one where nobody knows its own, for somebody who may read no other's.
    """
    signs = signs_of(mail, at=row.received_at, own=new_addresses.own_addresses(session))
    own = row.campaign_id or (campaign.id if campaign else None)
    campaigns = [own] if own else []
    return matching.match(session, signs, letter_of=letter_of, campaigns=campaigns)


def decide(session: Session, row: Incoming, mail: Mail, found: Match, *, now: dt.datetime) -> None:
    """File a message with the letters it proves to answer, or let it wait for a person."""
    if not found.certain:
        state = InboxState.SET_ASIDE if row.kind in IDLE else InboxState.UNMATCHED
        inbox.change_state(session, row, state, by=INBOX, now=now)
        return
    wanted = sa.select(Letter).where(Letter.id.in_(found.certain)).order_by(Letter.id)
    letters = session.scalars(wanted).all()
    why = next(one for one in found.guesses if one.letter_id == letters[0].id).reasons[0]
    placing.place(
        session,
        row,
        letters,
        unread=row.kind in TO_READ,
        by=INBOX,
        now=now,
        proof=str(why.words),
    )
    if row.kind in TO_READ:
        new_addresses.propose_sender(session, row, mail, letters[0], by=INBOX, now=now)
    else:
        file_by_kind(session, row, mail, letters, now=now)


def file_by_kind(
    session: Session, row: Incoming, mail: Mail, letters: Sequence[Letter], *, now: dt.datetime
) -> None:
    """Draw the consequences of what a machine wrote about `letters`: desk by desk.

    Nothing follows from a receipt, a delay or a list, nor from a bounce of somebody's copy.
    """
    assert row.kind is not None  # it was read: the database says so
    bounce = bounce_in(mail)
    for letter in letters:
        kind = _kind(row, letter, bounce)
        if kind is None:
            continue
        campaign = session.get_one(Campaign, letter.campaign_id)
        log_answer(
            session,
            letters=[letter],
            by=INBOX,
            now=now,
            incoming=row,
            channel=ReplyChannel.EMAIL,
            received_on=received_on(campaign, row, letter),
            text=mail.reading or mail.text or mail.subject,
            kind=kind,
            signed_by=SignedBy.AUTOMATIC,
            note=_words(bounce) if kind is ReplyKind.BOUNCE_HARD else "",
            back_on=row.back_on if kind is ReplyKind.OUT_OF_OFFICE else None,
        )
        wrong = bounce is None or bounce.wrong_address
        if kind is ReplyKind.BOUNCE_HARD and wrong and not letter.rehearsal:
            words = _words(bounce)
            refusals.mark_address(session, letter.address, words, by=INBOX, now=now)


def _kind(row: Incoming, letter: Letter, bounce: Bounce | None) -> ReplyKind | None:
    """The kind of answer that a machine's message is to one letter; None: it is none."""
    if row.kind is MailKind.AUTO_REPLY:
        return ReplyKind.OUT_OF_OFFICE if row.back_on else ReplyKind.AUTO_REPLY
    if row.kind is MailKind.COMPLAINT:
        # Whoever calls a letter spam wants no other.
        return ReplyKind.OBJECTION_DATA
    if not _is_about(letter, bounce):
        return None
    if row.kind is MailKind.BOUNCE_TEMPORARY:
        return ReplyKind.BOUNCE_SOFT
    came_back = row.kind is MailKind.BOUNCE_PERMANENT and letter.state is State.SENT
    return ReplyKind.BOUNCE_HARD if came_back else None


def _is_about(letter: Letter, bounce: Bounce | None) -> bool:
    """Whether the address that failed is the one we wrote to, not one they forward to."""
    if bounce is None or letter.channel is not ContactKind.EMAIL:
        return False
    ours = letter.address.strip().lower()
    named = {one.lower() for it in bounce.failures for one in (it.address, it.original) if one}
    return ours in named if named else bounce.written_to.lower() in ("", ours)


def _words(bounce: Bounce | None) -> str:
    failures = bounce.failures if bounce else ()
    return next((one.words for one in failures if one.words), "") or "came back"


def received_on(campaign: Campaign, row: Incoming, letter: Letter) -> dt.date:
    """The day it came; never before the letter left, whatever a clock said."""
    came = campaign.day_of(row.received_at)
    return max(came, campaign.day_of(letter.sent_at)) if letter.sent_at else came
