"""Letters that are due and wait: walked past many at a time, without claiming any.

Where hundreds wait for the first of their mailing, for an account's next hour or for a domain, a
claim for each batch would judge them one transaction after the other, at every look.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from outreach.sending import due, gate
from outreach.sending.due import Position
from outreach.sending.situation import look_at_many

AT_ONCE = 200


def past_waiting(
    session: Session, after: Position, *, now: dt.datetime
) -> tuple[Position | None, int]:
    """Return behind which position a letter does not wait, and how many behind `after` do.

    None instead when all that are left wait. Nothing is locked or changed: it may be otherwise when
    the letter is claimed.
    """
    passed = 0
    while True:
        letters = due.seen(session, after, AT_ONCE, now=now)
        situations = look_at_many(session, letters, now=now)
        for letter in letters:
            stops, waits = gate.judged(situations[letter.id])
            if stops or not waits or letter.send_after is None:
                return after, passed
            after, passed = (letter.send_after, letter.id), passed + 1
        if len(letters) < AT_ONCE:
            return None, passed
