"""Which letters said that?"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.letters.models import Letter, Quotation


def letters_quoting(
    session: Session, *, fact_id: int | None = None, reading_id: int | None = None
) -> Sequence[Letter]:
    """Return every letter, sent or not, that quotes one fact or one reading, with its target.

    Newest first. Rehearsed letters are among them: look at `rehearsal`.
    """
    quoting = sa.select(Quotation.letter_id)
    if fact_id is not None:
        quoting = quoting.where(Quotation.fact_id == fact_id)
    if reading_id is not None:
        quoting = quoting.where(Quotation.reading_id == reading_id)
    return (
        session.scalars(
            sa.select(Letter)
            .where(Letter.id.in_(quoting))
            .options(joinedload(Letter.target), joinedload(Letter.quotations))
            .order_by(Letter.id.desc())
        )
        .unique()
        .all()
    )
