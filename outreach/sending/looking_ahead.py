"""Due letters, looked at before anybody is kept from writing.

On SQLite a worker that claims keeps the others waiting: what the gate asks is read and judged
before, and holds as long as nobody but workers wrote since. Letters that wait are walked past many
at a time: a claim for each batch would judge them one transaction after the other, at every look.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from outreach.letters.models import Letter
from outreach.sending import due, gate
from outreach.sending.due import Page, Position
from outreach.sending.gate import Found
from outreach.sending.postman import Written
from outreach.sending.situation import Situation, look_at_many
from outreach.sqlite import changes

AT_ONCE = 200
# What was seen so long ago is looked at again: time passes for the gate, too. Long enough to sign a
# batch by the libraries alone on a slow machine.
LASTS = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Looked:
    """Due letters in their order, what the gate knows of them, and what it says."""

    letters: Sequence[Letter]
    situations: Mapping[int, Situation]
    found: Mapping[int, Found]
    # When, and after how many changes of the database (`database.changes`).
    at: dt.datetime
    changes: int = -1
    # Others that are due came before them.
    skipped: bool = False
    # The messages of those that may go.
    written: Mapping[int, Written] = field(default_factory=dict)


def looked_at(session: Session, letters: Sequence[Letter], *, now: dt.datetime) -> Looked:
    """Return what the gate says of `letters` at `now`."""
    situations = look_at_many(session, letters, now=now)
    found = {letter_id: gate.judged(one) for letter_id, one in situations.items()}
    return Looked(letters, situations, found, now)


def look_ahead(session: Session, page: Page, *, now: dt.datetime) -> Looked | None:
    """Return a page of due letters as they are without a lock, for `claiming.claim` to go by.

    None where other workers' letters decide as well, and so only the claim can tell: an account
    with limits, a mailing whose first letters are on trial.
    """
    count = changes(session)
    letters = due.seen(session, page, now=now)
    looked = looked_at(session, letters, now=now)
    # The session ends before they are claimed.
    session.expunge_all()
    if not all(_alone(one) for one in looked.situations.values()):
        return None
    return Looked(letters, looked.situations, looked.found, now, count, page.skip > 0)


def _alone(at: Situation) -> bool:
    unlimited = at.way is None or at.way.room is None
    return unlimited and (at.trial is None or at.trial.over(at.now))


def holds(session: Session, looked: Looked, *, now: dt.datetime) -> bool:
    """Return whether nothing that the gate asks can have changed since."""
    return now - looked.at < LASTS and changes(session) == looked.changes


def past_waiting(
    session: Session, after: Position, *, now: dt.datetime
) -> tuple[Position | None, int]:
    """Return behind which position a letter does not wait, and how many behind `after` do.

    None instead when all that are left wait. Nothing is locked or changed: it may be otherwise when
    the letter is claimed.
    """
    passed = 0
    while True:
        letters = due.seen(session, Page(after, AT_ONCE), now=now)
        found = looked_at(session, letters, now=now).found
        for letter in letters:
            stops, waits = found[letter.id]
            if stops or not waits or letter.send_after is None:
                return after, passed
            after, passed = (letter.send_after, letter.id), passed + 1
        if len(letters) < AT_ONCE:
            return None, passed
