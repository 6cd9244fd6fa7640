"""Reads the outbox: what is leaving, what got stuck and why, what was captured."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from outreach.directory.models import Target
from outreach.directory.offices import BY_HAND
from outreach.directory.queries import count
from outreach.errors import NotFound
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Mailing
from outreach.sending.models import Attempt
from outreach.words import Sentence

MOST = 200
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One page of attempts, and how many there are in all."""

    rows: Sequence[Attempt]
    page: int
    per_page: int
    total: int


def letters_in(
    session: Session, campaign_id: int, states: Collection[State], *, most: int = MOST
) -> tuple[Sequence[Letter], int]:
    """Return the first `most` letters in these states, next to leave first, and how many there are.

    Targets and their jurisdictions are loaded.
    """
    query = sa.select(Letter).where(Letter.campaign_id == campaign_id, Letter.state.in_(states))
    return _first(session, query.order_by(Letter.send_after, Letter.id), most)


def letters_by_hand(session: Session, campaign_id: int) -> tuple[Sequence[Letter], int]:
    """Return the first approved letters that a person carries, and how many there are."""
    query = sa.select(Letter).where(
        Letter.campaign_id == campaign_id,
        Letter.state == State.APPROVED,
        Letter.channel.in_(BY_HAND),
    )
    return _first(session, query.order_by(Letter.approved_at, Letter.id))


def without_time(session: Session, campaign_id: int) -> Sequence[tuple[int, str, int]]:
    """Return (mailing id, its name, how many) of approved letters that wait for a time.

    Those that a person carries wait for none.
    """
    rows = session.execute(
        sa.select(Mailing.id, Mailing.name, sa.func.count())
        .join(Letter, Letter.mailing_id == Mailing.id)
        .where(
            Letter.campaign_id == campaign_id,
            Letter.state == State.APPROVED,
            Letter.channel.not_in(BY_HAND),
        )
        .group_by(Mailing.id, Mailing.name)
        .order_by(Mailing.id.desc())
        .limit(MOST)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def by_hand_of(session: Session, mailing_id: int) -> int:
    """Return how many approved letters of a mailing a person carries."""
    query = sa.select(Letter).where(
        Letter.mailing_id == mailing_id,
        Letter.state == State.APPROVED,
        Letter.channel.in_(BY_HAND),
    )
    return count(session, query)


def _first(
    session: Session, query: sa.Select[Letter], most: int = MOST
) -> tuple[Sequence[Letter], int]:
    rows = session.scalars(
        query.options(joinedload(Letter.target).joinedload(Target.jurisdiction)).limit(most)
    ).all()
    return rows, count(session, query)


def last_attempts(session: Session, letters: Sequence[Letter]) -> dict[int, Attempt]:
    """Return {letter id: its newest attempt} in one query."""
    attempts = session.scalars(
        sa.select(Attempt)
        .where(Attempt.letter_id.in_([letter.id for letter in letters]))
        .order_by(Attempt.letter_id, Attempt.number)
    )
    return {attempt.letter_id: attempt for attempt in attempts}


def captured(session: Session, campaign_id: int, *, page: int = 1) -> Page:
    """Return one page of the messages of rehearsals, newest first, with their letters."""
    query = (
        sa.select(Attempt)
        .join(Attempt.letter)
        .where(
            Letter.campaign_id == campaign_id,
            Attempt.rehearsal,
            Attempt.data_at.is_not(None),
        )
    )
    page = max(1, page)
    rows = session.scalars(
        query.options(contains_eager(Attempt.letter))
        .order_by(Attempt.id.desc())
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()
    return Page(rows, page, PER_PAGE, count(session, query))


def attempts_of(session: Session, letter: Letter) -> Sequence[Attempt]:
    """Return every try to send `letter`, the newest first. Raises NotFound when there was none."""
    attempts = session.scalars(
        sa.select(Attempt)
        .options(joinedload(Attempt.carried))
        .where(Attempt.letter_id == letter.id)
        .order_by(Attempt.number.desc())
    ).all()
    if not attempts:
        raise NotFound(Sentence("This letter has not left yet, so there is no message to show."))
    return attempts
