"""Moves made with many letters at once; each letter still answers for itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor
from outreach.errors import BadInput, MoveRefused, NotAllowed, OutreachError, Refused
from outreach.letters import moving
from outreach.letters.lifecycle import BY_NAME
from outreach.letters.models import Letter, Mailing
from outreach.words import Sentence


@dataclass(frozen=True, slots=True)
class Refusal:
    """A letter that stayed where it was, and every reason why."""

    letter: Letter
    reasons: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many letters moved, and which did not."""

    moved: int
    refused: tuple[Refusal, ...]


def submit_drafts(session: Session, mailing: Mailing, *, by: Actor, now: dt.datetime) -> Outcome:
    """Submit every draft of `mailing` for approval; those with gaps stay drafts and say why."""
    return _move_all(session, mailing, "submit", by=by, now=now)


def withdraw_unsent(
    session: Session, mailing: Mailing, *, reason: str, by: Actor, now: dt.datetime
) -> Outcome:
    """Withdraw every letter of `mailing` that has not left. Raises BadInput without a reason."""
    if not reason.strip():
        raise BadInput(Sentence("Say why, in a few words."), field="reason")
    return _move_all(session, mailing, "withdraw", by=by, now=now, reason=reason)


def unschedule_all(session: Session, mailing: Mailing, *, by: Actor, now: dt.datetime) -> Outcome:
    """Take every scheduled letter of `mailing` off the schedule; what is on its way stays."""
    return _move_all(session, mailing, "unschedule", by=by, now=now)


def _move_all(
    session: Session,
    mailing: Mailing,
    name: str,
    *,
    by: Actor,
    now: dt.datetime,
    reason: str = "",
) -> Outcome:
    letters: Sequence[Letter] = session.scalars(
        sa.select(Letter)
        .where(Letter.mailing_id == mailing.id, Letter.state.in_(BY_NAME[name].sources))
        .order_by(Letter.id)
    ).all()
    return one_by_one(
        letters, lambda letter: moving.make(session, letter, name, by=by, now=now, reason=reason)
    )


def one_by_one(letters: Iterable[Letter], act: Callable[[Letter], None]) -> Outcome:
    """Do `act` with every letter and return what became of them; a refusal stops no other."""
    moved, refused = 0, []
    for letter in letters:
        try:
            act(letter)
        except (Refused, MoveRefused, NotAllowed) as error:
            refused.append(Refusal(letter, reasons_of(error)))
        else:
            moved += 1
    return Outcome(moved, tuple(refused))


def reasons_of(error: OutreachError) -> tuple[Sentence, ...]:
    """Return every reason that a refusal gives; else what it says itself."""
    return (isinstance(error, Refused) and error.reasons) or (error.sentence,)
