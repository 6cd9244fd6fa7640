"""The letters that a message may answer: few, whatever the number of letters that left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.directory.models import ContactDetail, ContactKind, Membership, Target
from outreach.letters.lifecycle import LEFT
from outreach.letters.models import Letter
from outreach.replies.matches.signs import Signs
from outreach.replies.matches.traces import Clue
from outreach.replies.models import LetterTrace

# Of each clue, the newest letters.
_MOST = 100
_FEW = 10
# A word of a name that so many letters or fewer were sent to tells by itself.
_RARE = 20


def letters(session: Session, signs: Signs, *, named: Iterable[int]) -> Sequence[Letter]:
    """Return the letters `named` and those the clues lead to, with target and office.

    Where the clues lead to few, the newest letters that left too. Ten queries at most.
    """
    ids = {
        *named,
        *_by(session, Clue.ADDRESS, signs.named_addresses),
        *_by(session, Clue.BODY, signs.bodies),
        *_by(session, Clue.SUBJECT, signs.subjects),
        *_by_name(session, signs),
        *_by_contact(session, signs),
    }
    if len(ids) < _FEW:
        ids |= set(session.scalars(_newest()))
    return session.scalars(
        sa.select(Letter)
        .where(Letter.id.in_(ids))
        .options(joinedload(Letter.target), joinedload(Letter.office))
    ).all()


def _newest() -> sa.Select[int]:
    return (
        sa.select(Letter.id).where(Letter.state.in_(LEFT)).order_by(Letter.id.desc()).limit(_MOST)
    )


def _by(session: Session, clue: Clue, values: Iterable[str]) -> Sequence[int]:
    wanted = list(values)
    if not wanted:
        return []
    return session.scalars(
        sa.select(LetterTrace.letter_id)
        .where(LetterTrace.clue == clue, LetterTrace.value.in_(wanted))
        .order_by(LetterTrace.letter_id.desc())
        .limit(_MOST)
    ).all()


def _by_name(session: Session, signs: Signs) -> Sequence[int]:
    """Letters to names of which two words or more occur, or one that few are called."""
    named = sa.and_(LetterTrace.clue == Clue.NAME, LetterTrace.value.in_(signs.words))
    hits = sa.func.count()
    several = session.scalars(
        sa.select(LetterTrace.letter_id)
        .where(named)
        .group_by(LetterTrace.letter_id)
        .having(hits >= 2)
        .order_by(hits.desc(), LetterTrace.letter_id.desc())
        .limit(_MOST)
    ).all()
    rare = (
        sa.select(LetterTrace.value).where(named).group_by(LetterTrace.value).having(hits <= _RARE)
    )
    return [*several, *_by(session, Clue.NAME, session.scalars(rare.limit(_MOST)).all())]


def _by_contact(session: Session, signs: Signs) -> Sequence[int]:
    """Letters to whoever the directory knows under an address it came from."""
    if not signs.from_addresses:
        return []
    its = (
        sa.select(ContactDetail.person_id, ContactDetail.post_id, ContactDetail.organization_id)
        .where(
            ContactDetail.kind == ContactKind.EMAIL,
            ContactDetail.normalised.in_(signs.from_addresses),
        )
        .limit(_MOST)
    )
    owners = session.execute(its).all()
    people, posts, bodies = ({row[place] for row in owners} - {None} for place in range(3))
    if not owners:
        return []
    return session.scalars(
        sa.select(Letter.id)
        .join(Target, Target.id == Letter.target_id)
        .outerjoin(Membership, Membership.id == Target.membership_id)
        .where(
            sa.or_(
                Membership.person_id.in_(people),
                Membership.post_id.in_(posts),
                Target.organization_id.in_(bodies),
            )
        )
        .order_by(Letter.id.desc())
        .limit(_MOST)
    ).all()
