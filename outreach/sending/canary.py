"""The first few letters of a mailing go ahead, and the rest waits for what becomes of them.

A mistake that shows only when it is too late (a list of dead addresses, a word that servers take
for spam, a broken link in the path) then costs a handful of letters instead of hundreds. Only of
mailings that really leave, by e-mail, and that are large enough for it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.campaigns import check_canaries
from outreach.accounts.models import Actor, Campaign, Mode
from outreach.accounts.roles import require
from outreach.directory.models import ContactKind
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Mailing
from outreach.schema import among, asked
from outreach.sending.models import Attempt, Outcome

# A mailing of fewer letters than so many times its canaries has none: there is no rest to save.
LARGE = 4
# More than this share of them came back, and at least two: somebody looks first.
TOO_MANY = 0.25
GONE = frozenset({State.SENT, State.UNKNOWN, State.BOUNCED})
ON_THE_WAY = frozenset({State.SCHEDULED, State.SENDING})


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of the letters of a mailing that went first, and so far."""

    # Ids of those that go first.
    ids: frozenset[int]
    # How many went, how many of them came back or were refused, how many are still to go.
    gone: int
    came_back: int
    to_go: int
    # When the rest may go if nothing comes back; None: while none of them has a time.
    until: dt.datetime | None
    hours: int
    released_by: str | None

    @property
    def held_back(self) -> bool:
        """Whether so many came back that somebody has to look before the rest goes."""
        return self.released_by is None and self.came_back >= too_many(len(self.ids))

    def over(self, now: dt.datetime) -> bool:
        """Return whether the rest may go."""
        if self.released_by is not None:
            return True
        done = self.gone > 0 and self.to_go == 0
        return done and not self.held_back and self.until is not None and self.until <= now


def too_many(canaries: int) -> int:
    """Return how many of so many letters that go first may not come back."""
    return min(canaries, max(2, int(canaries * TOO_MANY) + 1))


_MAILINGS = (
    sa.select(
        *(Mailing.id, Mailing.canary_ids, Mailing.rest_released_by),
        sa.func.coalesce(Mailing.canary_hours, Campaign.canary_hours).label("hours"),
    )
    .join(Campaign, Campaign.id == Mailing.campaign_id)
    .where(among(Mailing.id, "ids"))
)


def trials_of(session: Session, mailing_ids: Collection[int]) -> dict[int, Trial]:
    """Return {mailing id: what became of those that went first}, of mailings that have any.

    Two queries and at most some letters per mailing, however large it is.
    """
    rows = asked(session, _MAILINGS, {"ids": mailing_ids})
    first = {row.id: row for row in rows if row.canary_ids}
    letters = _letters(session, [one for row in first.values() for one in row.canary_ids])
    return {
        number: _trial(
            [letters[one] for one in row.canary_ids if one in letters],
            row.canary_ids,
            row.hours,
            row.rest_released_by,
        )
        for number, row in first.items()
    }


def _letters(session: Session, ids: Sequence[int]) -> dict[int, Any]:
    """{letter id: its state, when it goes or went, how its last try ended}."""
    last = (
        sa.select(Attempt.outcome)
        .where(Attempt.letter_id == Letter.id, ~Attempt.rehearsal)
        .order_by(Attempt.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    columns = (Letter.id, Letter.state, Letter.sent_at, Letter.send_after, last.label("outcome"))
    rows = session.execute(sa.select(*columns).where(Letter.id.in_(ids))) if ids else ()
    return {row.id: row for row in rows}


def _trial(
    letters: Sequence[Any], ids: Sequence[int], hours: int, released_by: str | None
) -> Trial:
    going = [one for one in letters if one.state in ON_THE_WAY]
    arrived = [one for one in letters if one.state in GONE]
    refused = [
        one
        for one in letters
        if one.state not in GONE | ON_THE_WAY and one.outcome is Outcome.REFUSED
    ]
    moments = [one.sent_at or one.send_after for one in (*going, *arrived)]
    last = max((moment for moment in moments if moment is not None), default=None)
    return Trial(
        ids=frozenset(ids),
        gone=len(arrived) + len(refused),
        came_back=len(refused) + sum(one.state is State.BOUNCED for one in arrived),
        to_go=len(going),
        until=last + dt.timedelta(hours=hours) if last else None,
        hours=hours,
        released_by=released_by,
    )


def needed(
    session: Session, letters: Sequence[Letter], trials: Mapping[int, Trial]
) -> dict[int, int]:
    """Return {mailing id: how many of `letters` shall go first}, of mailings large enough for it.

    `trials` are those of their mailings: one that still can tell something is not begun anew.
    """
    mails = [letter for letter in letters if letter.channel is ContactKind.EMAIL]
    sizes = Counter(letter.mailing_id for letter in mails)
    for letter in mails:
        trial = trials.get(letter.mailing_id)
        if trial is not None and (trial.gone or trial.to_go or letter.id in trial.ids):
            del sizes[letter.mailing_id]
    wanted = session.execute(
        sa.select(
            Mailing.id, sa.func.coalesce(Mailing.canaries, Campaign.canaries).label("canaries")
        )
        .join(Campaign, Campaign.id == Mailing.campaign_id)
        .where(Mailing.id.in_(list(sizes)), Campaign.mode == Mode.LIVE)
    )
    return {
        row.id: row.canaries
        for row in wanted
        if row.canaries and (row.id in trials or LARGE * row.canaries < sizes[row.id])
    }


def go_first(
    session: Session, mailing_id: int, ids: Sequence[int], *, by: Actor, now: dt.datetime
) -> None:
    """Let these letters of a mailing go before its others."""
    mailing = session.get_one(Mailing, mailing_id)
    mailing.canary_ids = list(ids)
    mailing.rest_released_at, mailing.rest_released_by = None, None
    _tell(session, mailing, "canaries_chosen", {"letters": list(ids)}, by, now)


def let_rest_go(session: Session, mailing: Mailing, *, by: Actor, now: dt.datetime) -> None:
    """Let the rest of `mailing` go at its time, whatever came back; who looked is kept.

    Raises NotAllowed for all but organisers.
    """
    require(by, "letters.approve")
    trial = trials_of(session, [mailing.id]).get(mailing.id)
    if trial is None or trial.released_by is not None:
        return
    mailing.rest_released_at, mailing.rest_released_by = now, by.name
    detail = {"went": trial.gone, "came_back": trial.came_back}
    _tell(session, mailing, "rest_let_go", detail, by, now)


def set_canaries(
    session: Session,
    mailing: Mailing,
    *,
    canaries: int | None,
    hours: int | None,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Say how many of this mailing go first and how many hours the rest waits; None: as usual.

    Counts from the next time its letters are scheduled together; the hours count at once. Raises
    BadInput, NotAllowed.
    """
    require(by, "letters.approve")
    check_canaries(canaries, hours)
    detail = {
        "canaries": [mailing.canaries, canaries],
        "canary_hours": [mailing.canary_hours, hours],
    }
    mailing.canaries, mailing.canary_hours = canaries, hours
    _tell(session, mailing, "canaries_set", detail, by, now)


def _tell(
    session: Session,
    mailing: Mailing,
    name: str,
    detail: dict[str, Any],
    by: Actor,
    now: dt.datetime,
) -> None:
    session.flush()
    audit.record(
        session,
        subject=("mailing", mailing.id),
        name=name,
        by=by,
        now=now,
        campaign_id=mailing.campaign_id,
        detail=detail,
    )
