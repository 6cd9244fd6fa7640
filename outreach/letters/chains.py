"""A first letter and the reminders after it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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


def chains_to(
    session: Session,
    campaign: Campaign,
    targets: Sequence[Target],
    handed: Mapping[int, Letter],
) -> dict[int, Chain | str]:
    """Return per target id the correspondence that a reminder would carry on, or why there is none.

    `handed`: {target id: the letter to follow}, where somebody chose one; else it is the newest
    open first letter to the same desk. The reason is a marked English sentence.
    """
    newest = _newest_firsts(session, campaign, [one.office_id for one in targets])
    firsts = {
        one.id: _first_of(session, handed[one.id]) if one.id in handed else newest[one.office_id]
        for one in targets
        if one.id in handed or one.office_id in newest
    }
    whole = letters_of_many(session, {first.id: first for first in firsts.values()})
    return {
        one.id: _judged(campaign, one, whole[firsts[one.id].id] if one.id in firsts else [])
        for one in targets
    }


def _judged(campaign: Campaign, target: Target, letters: Sequence[Letter]) -> Chain | str:
    if not letters or letters[0].office_id != target.office_id:
        return N_("No letter has gone to them that a reminder could follow.")
    first = letters[0]
    if first.rehearsal != campaign.rehearsing:
        return N_("The letter to them was only rehearsed, so a reminder has nothing to follow.")
    if any(letter.unread_since is not None for letter in letters):
        return N_("An answer has come that nobody has read yet. Read it first.")
    if any(letter.answered_on is not None for letter in letters):
        return N_("They have answered, so there is nothing to remind them of.")
    if first.closed_on is not None:
        return N_("This ask is closed, so there is nothing to remind them of.")
    if letters[-1].state not in GONE or letters[-1].sent_at is None:
        return N_("The letter before it has not left yet.")
    if len(letters) > MOST_REMINDERS:
        return N_("They have been reminded twice already. Wait, or find a new reason to write.")
    return Chain(first, letters[-1])


def _newest_firsts(
    session: Session, campaign: Campaign, offices: Collection[int]
) -> dict[int, Letter]:
    rows = session.scalars(
        sa.select(Letter)
        .where(
            Letter.campaign_id == campaign.id,
            Letter.office_id.in_(offices),
            Letter.rehearsal == campaign.rehearsing,
            Letter.kind == LetterKind.FIRST,
            Letter.state.in_(GONE),
        )
        .order_by(Letter.id)
    )
    return {letter.office_id: letter for letter in rows}


def _first_of(session: Session, letter: Letter) -> Letter:
    return [letter, *earlier(session, letter)][-1]


def letters_of(session: Session, first: Letter) -> list[Letter]:
    """Return `first` and the reminders after it that were not withdrawn, in their order."""
    return letters_of_many(session, {first.id: first})[first.id]


def earlier(session: Session, letter: Letter) -> list[Letter]:
    """Return the letters that a reminder reminds of, the nearest first; none for a first letter."""
    found: list[Letter] = []
    while letter.kind is LetterKind.REMINDER and letter.follows_id is not None:
        letter = session.get_one(Letter, letter.follows_id)
        found.append(letter)
    return found


def followed_by(session: Session, letters: Sequence[Letter]) -> dict[int, Letter]:
    """Return {letter id: the letter it follows; for a reminder the first of the correspondence}.

    Letters that follow none are left out. As many queries as a correspondence has ranks.
    """
    found: dict[int, Letter] = {}
    last = {one.id: one for one in letters if one.follows_id is not None}
    while last:
        wanted = {one.follows_id for one in last.values()}
        rows = session.scalars(sa.select(Letter).where(Letter.id.in_(wanted)))
        before = {row.id: row for row in rows}
        found |= {key: before[one.follows_id] for key, one in last.items() if one.follows_id}
        last = {
            key: found[key]
            for key, one in last.items()
            if one.kind is LetterKind.REMINDER and found[key].kind is LetterKind.REMINDER
        }
    return found


def letters_of_many(session: Session, firsts: Mapping[int, Letter]) -> dict[int, list[Letter]]:
    """Return {key: first letter and its reminders, as `letters_of` does}, read rank by rank."""
    found = {key: [first] for key, first in firsts.items()}
    last = {first.id: key for key, first in firsts.items()}
    while last:
        rows = session.scalars(
            sa.select(Letter).where(
                Letter.follows_id.in_(last),
                Letter.kind == LetterKind.REMINDER,
                Letter.state != State.WITHDRAWN,
            )
        ).all()
        after: dict[int, int] = {}
        for letter in rows:
            assert letter.follows_id is not None  # a reminder follows: the database says so
            key = last[letter.follows_id]
            found[key].append(letter)
            if len(found[key]) <= MOST_REMINDERS + 1:
                after[letter.id] = key
        last = after
    return found
