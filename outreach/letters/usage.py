"""Which letters said that?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.directory.models import Target
from outreach.directory.queries import count
from outreach.letters.lifecycle import LEFT, UNSENT
from outreach.letters.models import Letter, Quotation

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the letters that quote something, newest first, each with the words it says."""

    rows: Sequence[tuple[Letter, Quotation]]
    page: int
    total: int
    per_page: int = PER_PAGE


def quoting(
    campaign_id: int,
    *,
    fact_id: int | None = None,
    reading_id: int | None = None,
    sent: bool | None = None,
) -> sa.Select[Letter, Quotation]:
    """Return the query of letters that quote one fact or one reading, and of what they quote.

    `sent`: only those that left, or only those that have not left and still can; None: all, also
    withdrawn ones. Rehearsed letters are among them: look at `rehearsal`.
    """
    query = (
        sa.select(Letter, Quotation)
        .join(Quotation, Quotation.letter_id == Letter.id)
        .where(Letter.campaign_id == campaign_id)
    )
    if fact_id is not None:
        query = query.where(Quotation.fact_id == fact_id)
    if reading_id is not None:
        query = query.where(Quotation.reading_id == reading_id)
    if sent is not None:
        query = query.where(Letter.state.in_(LEFT if sent else UNSENT))
    return query


def page_of(session: Session, query: sa.Select[Letter, Quotation], *, page: int = 1) -> Page:
    """Return one page of `quoting` with targets and their countries; two queries."""
    total = number_of(session, query)
    page = min(max(1, page), max(1, -(-total // PER_PAGE)))
    rows = session.execute(
        query.options(joinedload(Letter.target).joinedload(Target.jurisdiction))
        .order_by(Letter.id.desc())
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return Page([(letter, quotation) for letter, quotation in rows], page, total)


def number_of(session: Session, query: sa.Select[Letter, Quotation]) -> int:
    """Return how many letters `quoting` finds."""
    return count(session, query.with_only_columns(Letter.id))
