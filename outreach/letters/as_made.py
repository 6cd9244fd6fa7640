"""The words a letter had when its draft was made, before anybody changed them by hand."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Event
from outreach.letters.models import Letter

_TOLD = ("edited", "redrawn", "renewed")


def words_as_made(session: Session, letters: Sequence[Letter]) -> dict[int, tuple[str, str]]:
    """Return {letter id: (subject, text)} as each was made, read from the history; one query.

    A newer text that was taken counts as made, and so does the renewed sentence of a fact.
    """
    rows = session.scalars(
        sa.select(Event)
        .where(
            Event.subject_kind == "letter",
            Event.subject_id.in_([letter.id for letter in letters]),
            Event.name.in_(_TOLD),
        )
        .order_by(Event.id)
    )
    made: dict[int, tuple[str, str]] = {}
    for event in rows:
        if event.name == "redrawn":
            made.pop(event.subject_id, None)
        elif event.name == "edited":
            before = event.detail["before"]
            made.setdefault(event.subject_id, (before["subject"], before["text"]))
        elif event.subject_id in made:
            subject, text = made[event.subject_id]
            old, new = event.detail["before"], event.detail["after"]
            made[event.subject_id] = subject.replace(old, new), text.replace(old, new)
    return {letter.id: made.get(letter.id, (letter.subject, letter.text)) for letter in letters}
