"""Puts a message with the letters it answers, and takes it away again.

What proves itself is placed by the inbox; the rest by a person, who may also move it later. Nobody
has read it then: until somebody says what it is, no reminder goes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import tasks
from outreach.accounts.models import Actor, Campaign, Task, TaskKind
from outreach.accounts.roles import require
from outreach.database import hold
from outreach.directory import verification
from outreach.errors import BadInput, Refused
from outreach.letters import chains, moving
from outreach.letters.lifecycle import LEFT, State
from outreach.letters.models import Letter
from outreach.replies.consequences import effects
from outreach.replies.models import InboxState, Incoming, IncomingLetter, MailKind, Reply
from outreach.replies.receiving import inbox
from outreach.sending.desks import after_working_days
from outreach.words import Sentence

# Messages that can be placed: read by the machine, perhaps placed wrongly before.
PLACEABLE = frozenset({InboxState.READ, InboxState.UNMATCHED, InboxState.SET_ASIDE})
SUBJECT = "incoming"


def place(
    session: Session,
    row: Incoming,
    letters: Sequence[Letter],
    *,
    unread: bool,
    by: Actor,
    now: dt.datetime,
    proof: str = "",
) -> None:
    """Put a message with `letters`, of one campaign and left all; of one desk or several.

    `unread`: a person still has to read it, so a task asks for it and no reminder goes. `proof` is
    why nobody had to choose. A letter of which nobody knew whether it went did go, as somebody
    answers it. Raises BadInput, Refused.
    """
    hold(session, row)
    if row.state not in PLACEABLE:
        raise Refused(Sentence("This message was filed meanwhile. Look at it again."))
    _check(row, letters)
    first = letters[0]
    row.campaign_id, row.rehearsal = first.campaign_id, first.rehearsal
    for letter in letters:
        session.add(
            IncomingLetter(
                incoming_id=row.id, letter_id=letter.id, unread=unread, by=by.name, at=now
            )
        )
        _settle_unknown(session, letter, by=by, now=now)
        _renew(session, row, letter)
    session.flush()
    detail: dict[str, object] = {"letters": [one.id for one in letters], "proof": proof}
    inbox.change_state(session, row, InboxState.FILED, by=by, now=now, detail=detail)
    if unread:
        note_unread(session, letters, by=by, now=now)
        ask_to_read(session, row, first, by=by, now=now)


def _check(row: Incoming, letters: Sequence[Letter]) -> None:
    if not letters:
        raise BadInput(Sentence("Say which letter this answers."), field="letters")
    if len({(one.campaign_id, one.rehearsal) for one in letters}) > 1:
        raise BadInput(Sentence("These letters are of different campaigns."), field="letters")
    if row.came_for and letters[0].campaign_id != row.came_for:
        raise BadInput(
            Sentence("This message came to another campaign than this letter's."), field="letters"
        )
    for letter in letters:
        if letter.state not in LEFT:
            raise BadInput(
                Sentence(
                    "The letter %(code)s has not left yet, so nothing can answer it. "
                    "Look for the letter that was sent.",
                    code=letter.code,
                ),
                field="letters",
            )


def _settle_unknown(session: Session, letter: Letter, *, by: Actor, now: dt.datetime) -> None:
    """Who writes to us about a letter has it."""
    if letter.state is State.UNKNOWN:
        words = str(Sentence("A message about it came back, so it went."))
        hand = effects.with_hand(by, "inbox")
        moving.make(session, letter, "confirm_sent", by=hand, now=now, reason=words)
        tasks.finish_about(session, ("letter", letter.id), by=by, now=now)


def _renew(session: Session, row: Incoming, letter: Letter) -> None:
    """Who answers from the address we wrote to is reached there: that renews a check (law 8)."""
    came_from = row.from_address.lower()
    if row.kind is not MailKind.ANSWER or row.warned or came_from != letter.address.lower():
        return
    on = session.get_one(Campaign, letter.campaign_id).day_of(row.received_at)
    for detail in verification.details_at(session, came_from):
        verification.renew(session, detail, on)


def note_unread(
    session: Session, letters: Sequence[Letter], *, by: Actor, now: dt.datetime
) -> None:
    """Say of `letters`, and those they remind of, since when an answer lies unread."""
    for letter in effects.and_earlier(session, letters):
        # What lies unread with a reminder lies unread with the letter it reminds of.
        chain = [one.id for one in chains.letters_of(session, letter)]
        oldest = sa.select(sa.func.min(IncomingLetter.at)).where(
            IncomingLetter.letter_id.in_(chain), IncomingLetter.unread
        )
        moving.mark_unread(session, letter, since=session.scalar(oldest), by=by, now=now)


def ask_to_read(
    session: Session, row: Incoming, letter: Letter, *, by: Actor, now: dt.datetime
) -> Task:
    """Open the task to read a message and say what it is, due on the next working day."""
    campaign = session.get_one(Campaign, letter.campaign_id)
    return tasks.open_task(
        session,
        campaign_id=letter.campaign_id,
        kind=TaskKind.READ_REPLY,
        subject=(SUBJECT, row.id),
        title=str(Sentence("Read the answer of %(name)s", name=letter.recipient)),
        due_on=after_working_days(campaign.day_of(now), 1),
        rehearsal=row.rehearsal,
        now=now,
        by=by,
    )


def read_out(
    session: Session, row: Incoming, letters: Sequence[Letter], *, by: Actor, now: dt.datetime
) -> None:
    """Note that somebody read a message and said what it is, for each of `letters`."""
    session.execute(
        sa.update(IncomingLetter)
        .where(
            IncomingLetter.incoming_id == row.id,
            IncomingLetter.letter_id.in_([one.id for one in letters]),
        )
        .values(unread=False)
        .execution_options(synchronize_session=False)
    )
    note_unread(session, letters, by=by, now=now)
    left = sa.select(IncomingLetter.letter_id).where(
        IncomingLetter.incoming_id == row.id, IncomingLetter.unread
    )
    if session.scalar(left.limit(1)) is None:
        tasks.finish_about(session, (SUBJECT, row.id), by=by, now=now)


def unread_again(
    session: Session, incoming_id: int, letters: Sequence[Letter], *, by: Actor, now: dt.datetime
) -> None:
    """Let a message wait to be read again, as what was said of it for `letters` was undone."""
    session.execute(
        sa.update(IncomingLetter)
        .where(
            IncomingLetter.incoming_id == incoming_id,
            IncomingLetter.letter_id.in_([one.id for one in letters]),
        )
        .values(unread=True)
        .execution_options(synchronize_session=False)
    )
    note_unread(session, letters, by=by, now=now)
    row = session.get_one(Incoming, incoming_id)
    if not tasks.open_about(session, (SUBJECT, row.id)):
        ask_to_read(session, row, letters[0], by=by, now=now)


def take_away(session: Session, row: Incoming, *, by: Actor, now: dt.datetime) -> None:
    """Take a message from the letters it was placed with; it waits to be placed again.

    Raises Refused while an answer read out of it counts: that is undone first, by who may.
    """
    if not any(one.owner_id == by.user_id for one in tasks.open_about(session, (SUBJECT, row.id))):
        # Whoever holds the task to read it may say that it is no answer.
        require(by, "replies.read")
    hold(session, row)
    if row.state is not InboxState.FILED:
        raise Refused(Sentence("This message is not filed with a letter."))
    counts = sa.select(Reply.id).where(Reply.incoming_id == row.id, Reply.undone_at.is_(None))
    if session.scalar(counts.limit(1)) is not None:
        raise Refused(
            Sentence("Somebody has said what this answer is. Undo that first, then move it.")
        )
    letters = letters_of(session, row)
    session.execute(sa.delete(IncomingLetter).where(IncomingLetter.incoming_id == row.id))
    note_unread(session, letters, by=by, now=now)
    tasks.finish_about(session, (SUBJECT, row.id), by=by, now=now)
    detail: dict[str, object] = {"letters": [one.id for one in letters]}
    inbox.change_state(session, row, InboxState.UNMATCHED, by=by, now=now, detail=detail)


def letters_of(session: Session, row: Incoming) -> Sequence[Letter]:
    """Return the letters a message is placed with, oldest first."""
    return session.scalars(
        sa.select(Letter)
        .join(IncomingLetter, IncomingLetter.letter_id == Letter.id)
        .where(IncomingLetter.incoming_id == row.id)
        .order_by(Letter.id)
    ).all()
