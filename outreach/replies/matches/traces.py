"""What a letter that left can be found by when its answer names no letter: an index of its own.

Rows are made after a letter left, by whoever matches next: the way out has no time for them, and a
cursor over what left could skip one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.database import one_at_a_time
from outreach.directory.models import ContactKind
from outreach.directory.spelling import fold
from outreach.letters.lifecycle import LEFT
from outreach.letters.models import Letter
from outreach.replies.mail.hosts import body_of, host_of
from outreach.replies.mail.subjects import bare_subject
from outreach.replies.models import CLUE_LENGTH, LetterTrace

# Letters of one step: their rows are one statement.
STEP = 2000
# Shorter words are initials and particles.
_SHORTEST_NAME = 3


class Clue(StrEnum):
    """By what a letter is found."""

    LETTER = "letter"
    ADDRESS = "address"
    BODY = "body"
    SUBJECT = "subject"
    NAME = "name"


def name_words(name: str) -> frozenset[str]:
    """Return the words of a name that tell it from others, folded."""
    return frozenset(word for word in fold(name).split() if len(word) >= _SHORTEST_NAME)


def clues(letter: Letter) -> Iterator[tuple[Clue, str]]:
    """Give every clue that leads to `letter`; always one, so that a letter is done only once."""
    yield Clue.LETTER, str(letter.id)
    if letter.channel is ContactKind.EMAIL:
        yield Clue.ADDRESS, letter.address.strip().lower()[:CLUE_LENGTH]
        body = body_of(host_of(letter.address))
        if body:
            yield Clue.BODY, body[:CLUE_LENGTH]
    subject = bare_subject(letter.subject)
    if subject:
        yield Clue.SUBJECT, subject[:CLUE_LENGTH]
    for word in name_words(letter.recipient):
        yield Clue.NAME, word[:CLUE_LENGTH]


def untraced(session: Session, *, limit: int = STEP) -> Sequence[Letter]:
    """Return letters that left and that nothing leads to yet."""
    known = sa.select(LetterTrace.letter_id).where(LetterTrace.letter_id == Letter.id)
    return session.scalars(
        sa.select(Letter)
        .where(Letter.state.in_(LEFT), ~known.exists())
        .order_by(Letter.id)
        .limit(limit)
    ).all()


def trace(session: Session, letters: Iterable[Letter]) -> int:
    """Make the clues of `letters`; return how many letters that were. Twice is as good as once."""
    one_at_a_time(session, "traces")
    ids = {letter.id: letter for letter in letters}
    rows = [
        {"clue": clue, "value": value, "letter_id": letter.id}
        for letter in ids.values()
        for clue, value in set(clues(letter))
    ]
    if rows:
        session.execute(sa.delete(LetterTrace).where(LetterTrace.letter_id.in_(ids)))
        session.execute(sa.insert(LetterTrace), rows)
    return len(ids)
