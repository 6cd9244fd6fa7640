"""What a recipient last received from us before a letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.directory.models import Membership, Target
from outreach.letters.diff import Comparison, changed_paragraphs, comparison
from outreach.letters.lifecycle import LEFT
from outreach.letters.models import Letter
from outreach.petitions.figures import base


@dataclass(frozen=True, slots=True)
class Since:
    """The last letter to the same recipient, and this one."""

    last: Letter
    letter: Letter

    @property
    def same_language(self) -> bool:
        """Whether the two can be compared word by word."""
        return base(self.last.language) == base(self.letter.language)

    @property
    def changed(self) -> int:
        """How many paragraphs differ."""
        return changed_paragraphs(self._before, self.letter.text)

    @property
    def comparison(self) -> Comparison:
        """What changed, word by word."""
        return comparison(self._before, self.letter.text)

    @property
    def _before(self) -> str:
        """Its reference code is another one in every letter: that tells nobody anything."""
        return self.last.text.replace(self.last.code, self.letter.code)


def since_last(session: Session, letters: Sequence[Letter]) -> dict[int, Since]:
    """Return {letter id: the last letter its recipient got before it}, where there is one.

    The recipient is the person, whatever seat they hold, else the body or post. Same campaign,
    same rehearsal. Two queries for any number.
    """
    before = _before(session, [letter.id for letter in letters])
    rows = session.scalars(sa.select(Letter).where(Letter.id.in_(before.values())))
    found = {row.id: row for row in rows}
    return {
        letter.id: Since(last, letter)
        for letter in letters
        if (last := found.get(before.get(letter.id, 0))) is not None
    }


def _before(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """{letter id: id of the letter to the same recipient that left last before it}."""
    this, last = aliased(Letter), aliased(Letter)
    target, theirs = aliased(Target), aliased(Target)
    seat, their_seat = aliased(Membership), aliased(Membership)
    rows = session.execute(
        sa.select(this.id, last.id)
        .join(target, target.id == this.target_id)
        .outerjoin(seat, seat.id == target.membership_id)
        .join(last, sa.and_(last.campaign_id == this.campaign_id, last.id != this.id))
        .join(theirs, theirs.id == last.target_id)
        .outerjoin(their_seat, their_seat.id == theirs.membership_id)
        .where(
            this.id.in_(ids),
            last.rehearsal == this.rehearsal,
            last.state.in_(LEFT),
            sa.or_(theirs.id == target.id, their_seat.person_id == seat.person_id),
            sa.or_(
                this.sent_at.is_(None),
                sa.func.coalesce(last.sent_at, last.made_at) < this.sent_at,
            ),
        )
        .order_by(this.id, sa.func.coalesce(last.sent_at, last.made_at), last.id)
    )
    return dict(rows.all())
