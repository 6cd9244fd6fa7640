"""A first letter and the reminders after it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign
from outreach.directory.models import Target
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind
from outreach.words import N_

# "At most two reminders": a third one annoys and proves nothing.
MOST_REMINDERS = 2
GONE = (State.SENT, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Chain:
    """The first letter of a correspondence and the last one that left."""

    first: Letter
    last: Letter


def chain_to(
    session: Session, campaign: Campaign, target: Target, handed: Letter | None = None
) -> Chain | str:
    """Return the correspondence that a reminder to `target` would carry on, or why there is none.

    `handed` is the letter to follow, if somebody chose one; else the newest open first letter to
    the same desk. The reason is a marked English sentence.
    """
    first = _first_of(session, handed) if handed else _newest_first(session, campaign, target)
    if first is None or first.office_id != target.office_id:
        return N_("No letter has gone to them that a reminder could follow.")
    if first.rehearsal != campaign.rehearsing:
        return N_("The letter to them was only rehearsed, so a reminder has nothing to follow.")
    letters = letters_of(session, first)
    if any(letter.answered_on is not None for letter in letters):
        return N_("They have answered, so there is nothing to remind them of.")
    if first.closed_on is not None:
        return N_("This ask is closed, so there is nothing to remind them of.")
    if letters[-1].state not in GONE or letters[-1].sent_at is None:
        return N_("The letter before it has not left yet.")
    if len(letters) > MOST_REMINDERS:
        return N_("They have been reminded twice already. Wait, or find a new reason to write.")
    return Chain(first, letters[-1])


def _newest_first(session: Session, campaign: Campaign, target: Target) -> Letter | None:
    return session.scalar(
        sa.select(Letter)
        .where(
            Letter.campaign_id == campaign.id,
            Letter.office_id == target.office_id,
            Letter.rehearsal == campaign.rehearsing,
            Letter.kind == LetterKind.FIRST,
            Letter.state.in_(GONE),
        )
        .order_by(Letter.id.desc())
        .limit(1)
    )


def _first_of(session: Session, letter: Letter) -> Letter:
    return [letter, *earlier(session, letter)][-1]


def letters_of(session: Session, first: Letter) -> list[Letter]:
    """Return `first` and the reminders after it that were not withdrawn, in their order."""
    return [first, *_reminders(session, first)]


def earlier(session: Session, letter: Letter) -> list[Letter]:
    """Return the letters that a reminder reminds of, the nearest first; none for a first letter."""
    found: list[Letter] = []
    while letter.kind is LetterKind.REMINDER and letter.follows_id is not None:
        letter = session.get_one(Letter, letter.follows_id)
        found.append(letter)
    return found


def _reminders(session: Session, first: Letter) -> list[Letter]:
    """The reminders after `first` that were not withdrawn, in their order."""
    chain: list[Letter] = []
    last: Letter | None = first
    while last is not None and len(chain) <= MOST_REMINDERS:
        last = session.scalar(
            sa.select(Letter).where(
                Letter.follows_id == last.id,
                Letter.kind == LetterKind.REMINDER,
                Letter.state != State.WITHDRAWN,
            )
        )
        if last is not None:
            chain.append(last)
    return chain
