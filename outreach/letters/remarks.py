"""What an approver wants changed, passage by passage, and whether it was."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor
from outreach.errors import BadInput
from outreach.letters.models import Letter
from outreach.letters.reviewing import Remark
from outreach.words import Sentence


def note(
    session: Session, letter: Letter, *, passage: str, words: str, by: Actor, now: dt.datetime
) -> Remark:
    """Keep the remark `words` on `passage` of `letter` ("": on the whole letter) and return it.

    Raises BadInput (field `passage`) for words that don't stand in the letter.
    """
    remark = Remark(
        letter_id=letter.id,
        passage=_as_it_stands(letter, passage),
        words=words.strip(),
        by=by.name,
        at=now,
    )
    session.add(remark)
    session.flush()
    return remark


def remarks_on(session: Session, letter: Letter) -> Sequence[Remark]:
    """Return every remark on `letter`, the oldest first, settled ones too."""
    return session.scalars(
        sa.select(Remark).where(Remark.letter_id == letter.id).order_by(Remark.id)
    ).all()


def settle_changed(session: Session, letter: Letter, *, by: Actor, now: dt.datetime) -> None:
    """Mark as settled what was said of words that no longer stand in `letter`."""
    for remark in _open(session, letter):
        if remark.passage and not _stands(letter, remark.passage):
            remark.settled_at, remark.settled_by = now, by.name


def settle_all(session: Session, letter: Letter, *, by: Actor, now: dt.datetime) -> None:
    """Mark every remark as settled: who submits again says that they dealt with them."""
    for remark in _open(session, letter):
        remark.settled_at, remark.settled_by = now, by.name


def _open(session: Session, letter: Letter) -> Sequence[Remark]:
    return [one for one in remarks_on(session, letter) if one.settled_at is None]


def _stands(letter: Letter, passage: str) -> bool:
    return passage in letter.text or passage in letter.subject


def _as_it_stands(letter: Letter, passage: str) -> str:
    """Return the words of the letter that somebody selected, with the letter's own spaces."""
    words = passage.split()
    if not words:
        return ""
    pattern = r"\s+".join(map(re.escape, words))
    found = re.search(pattern, letter.text) or re.search(pattern, letter.subject)
    if found is None:
        raise BadInput(
            Sentence("These words don't stand in the letter. Choose the passage again."), "passage"
        )
    return found.group()
