"""Filing by hand what nothing proves: the guesses beside the message, one letter or several.

Whoever moves a filed message takes back what was read out of it first, if they may.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts.models import Actor, Campaign
from outreach.accounts.roles import require
from outreach.database import hold
from outreach.directory.spelling import fold
from outreach.errors import BadInput
from outreach.letters.models import Letter
from outreach.replies.consequences import filing, new_addresses, placing
from outreach.replies.consequences.rules import ANSWERABLE
from outreach.replies.mail import parsing
from outreach.replies.matches import sorting
from outreach.replies.models import InboxState, Incoming, Reply
from outreach.replies.receiving import inbox
from outreach.words import Sentence

MOST_GUESSES = 3
# So many words in a row that both say are no chance; nor is one long word.
_IN_A_ROW, _LONG = 3, 9
_WORD = re.compile(r"\w+")

Pieces = list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Beside:
    """A letter beside a message: why it may be meant, and both texts with what they share.

    Each text is a list of (words, whether the other says them too), in order.
    """

    letter: Letter
    reasons: tuple[Sentence, ...]
    text: Pieces


def waiting(campaign: Campaign, *, by: Actor) -> sa.Select[Incoming]:
    """Return the Select of the messages that wait for somebody to say what they answer."""
    rows = inbox.messages(campaign, by=by).order_by(None)
    return rows.where(Incoming.state == InboxState.UNMATCHED).order_by(Incoming.id)


def next_waiting(
    session: Session, campaign: Campaign, *, after: int, by: Actor
) -> tuple[Incoming | None, int]:
    """Return the message that waits after the one numbered `after`, and how many wait in all.

    After the last comes the first again.
    """
    rows = waiting(campaign, by=by)
    every = sa.select(sa.func.count()).select_from(rows.order_by(None).subquery())
    later = rows.where(Incoming.id > after).limit(1)
    found = session.scalars(later).first() or session.scalars(rows.limit(1)).first()
    return found, session.scalar(every) or 0


def beside(
    session: Session,
    row: Incoming,
    mail: parsing.Mail,
    campaign: Campaign,
    *,
    letter_of: Callable[[str], int | None],
) -> tuple[list[Beside], Pieces]:
    """Return the best three guesses, best first, and the message's words, with what they share.

    Letters of `campaign` where nobody knows its own. `letter_of` reads the tag of an address.
    """
    found = sorting.match_of(session, row, mail, letter_of=letter_of, campaign=campaign)
    letters = _letters(session, [one.letter_id for one in found.guesses])
    words = mail.text or mail.subject
    guesses = [
        Beside(
            letters[one.letter_id],
            tuple(reason.words for reason in one.reasons),
            marked(letters[one.letter_id].text or "", words),
        )
        for one in found.guesses[:MOST_GUESSES]
    ]
    ours = "\n".join(one.letter.text or "" for one in guesses)
    return guesses, marked(words, ours)


def _letters(session: Session, numbers: Sequence[int]) -> dict[int, Letter]:
    rows = session.scalars(
        sa.select(Letter)
        .where(Letter.id.in_(numbers))
        .options(joinedload(Letter.target), joinedload(Letter.office))
    )
    return {one.id: one for one in rows}


def marked(text: str, other: str) -> Pieces:
    """Return `text` in pieces, each with whether `other` says it too."""
    found = list(_WORD.finditer(text))
    here, there = [fold(one[0]) for one in found], [fold(one) for one in _WORD.findall(other)]
    runs, long = set(_runs(there)), {one for one in there if len(one) >= _LONG}
    shared = [word in long for word in here]
    for at, run in enumerate(_runs(here)):
        if run in runs:
            shared[at : at + _IN_A_ROW] = [True] * _IN_A_ROW
    pieces: Pieces = []
    end = 0
    for at, word in enumerate(found):
        if not shared[at]:
            continue
        # What stands between two shared words belongs to them.
        if pieces and pieces[-1][1] and at and shared[at - 1]:
            pieces[-1] = (pieces[-1][0] + text[end : word.end()], True)
        else:
            pieces += [(text[end : word.start()], False), (word[0], True)]
        end = word.end()
    return [one for one in [*pieces, (text[end:], False)] if one[0]]


def _runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for at in range(len(words) - _IN_A_ROW + 1):
        yield tuple(words[at : at + _IN_A_ROW])


def letters_to_file_with(
    session: Session, row: Incoming, campaign: Campaign, numbers: Sequence[int]
) -> Sequence[Letter]:
    """Return the letters of these numbers that `row` may be filed with. Raises BadInput."""
    letters = session.scalars(
        sa.select(Letter)
        .where(
            Letter.id.in_(numbers),
            Letter.campaign_id == (row.came_for or campaign.id),
            Letter.state.in_(ANSWERABLE),
        )
        .order_by(Letter.id)
    ).all()
    if not numbers or len(letters) != len(set(numbers)):
        raise BadInput(Sentence("Say which letter this answers."), field="letters")
    return letters


def file_with(
    session: Session, row: Incoming, letters: Sequence[Letter], *, by: Actor, now: dt.datetime
) -> bool:
    """File a message with `letters`, or move it there; return whether its address is proposed.

    What a machine wrote has its consequences at once; what a person wrote waits to be read. What
    was read out of a message that is moved is undone first. Staff only. Raises BadInput, Refused,
    NotAllowed.
    """
    require(by, "replies.read")
    hold(session, row)
    take_back(session, row, by=by, now=now)
    mail = parsing.read(inbox.original(session, row.id))
    human = row.kind in sorting.TO_READ
    placing.place(session, row, letters, unread=human, by=by, now=now)
    if not human:
        sorting.file_by_kind(session, row, mail, letters, now=now)
        return False
    return new_addresses.propose_sender(session, row, mail, letters[0], by=by, now=now)


def take_back(session: Session, row: Incoming, *, by: Actor, now: dt.datetime) -> None:
    """Take a filed message from its letters, and undo what was read out of it, if `by` may."""
    if row.state is not InboxState.FILED:
        return
    for reply in answers_out_of(session, row):
        filing.undo_answer(session, reply, by=by, now=now)
    placing.take_away(session, row, by=by, now=now)


def answers_out_of(session: Session, row: Incoming) -> Sequence[Reply]:
    """Return the answers read out of a message that still count, oldest first."""
    return session.scalars(
        sa.select(Reply)
        .where(Reply.incoming_id == row.id, Reply.undone_at.is_(None))
        .order_by(Reply.id)
    ).all()
