"""Law 5: which counts wait for a human, judged by what was accepted before."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.petitions.models import Reading, ReadingState
from outreach.petitions.pages import Page, PageRule
from outreach.words import Sentence

# A rise of more than either of these since the last accepted reading is held.
RISE_PER_CENT = 20
RISE_ABSOLUTE = 5_000
FIRST_OF_PAGE = Sentence("It is the first reading of this page.")
OTHER_SIGNATURES = Sentence(
    "Accepted, it is the number of all pages with the same signatures. If this page counts other "
    "signatures, say so below, where the pages stand, before you accept it."
)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What a new reading is judged by: accepted readings of its page, as values.

    `before` is the last one up to the new one's day, `after` the first one later than that;
    `page_known` tells whether a reading of the page was ever accepted, `same_shape` whether the
    number stands where the last accepted one stood.
    """

    before: int | None
    after: int | None
    page_known: bool
    same_shape: bool = True


def reasons_to_hold(
    session: Session, page: Page, value: int, read_on: dt.date | None, shape: str = ""
) -> list[Sentence]:
    """Return why a reading of `page` waits for a human; none means it is accepted by itself.

    A page of the pool is judged by its own readings, then by those of the whole pool: they show
    the same signatures, so a lower number there is a fall too.
    """
    own = _neighbours(session, Reading.page_id == page.id, read_on)
    known = own.before is not None or own.after is not None
    same_shape = not (shape and page.shape) or shape == page.shape
    reasons = holds(value, read_on, Neighbours(own.before, own.after, known, same_shape=same_shape))
    if page.rule is not PageRule.POOL or reasons not in ([], [FIRST_OF_PAGE]):
        return reasons
    pool = Reading.page_id.in_(
        sa.select(Page.id).where(
            Page.campaign_id == page.campaign_id, Page.rule == PageRule.POOL, Page.id != page.id
        )
    )
    of_pool = holds(value, read_on, _neighbours(session, pool, read_on))
    return [*reasons, *of_pool, *([OTHER_SIGNATURES] if of_pool else [])]


def holds(value: int, read_on: dt.date | None, near: Neighbours) -> list[Sentence]:
    """Return every reason to hold a reading of `value`; none means it is accepted by itself."""
    reasons = []
    if value == 0:
        reasons.append(Sentence("A page shows 0 before it has counted; 0 is never printed."))
    if read_on is None:
        reasons.append(Sentence("It has no day. Enter it again with the day it was read."))
    if not near.page_known:
        reasons.append(FIRST_OF_PAGE)
    if not near.same_shape:
        reasons.append(
            Sentence("The page is built another way than when its last good count was read.")
        )
    return reasons + _out_of_line(value, near)


def _out_of_line(value: int, near: Neighbours) -> list[Sentence]:
    reasons = []
    if near.before is not None and 0 < value < near.before:
        reasons.append(Sentence("It fell: the last accepted count is %(last)s.", last=near.before))
    if near.before is not None and rises_too_fast(near.before, value):
        reasons.append(
            Sentence(
                "It rose by more than %(per_cent)s %% or %(absolute)s since the last accepted "
                "count, %(last)s.",
                per_cent=RISE_PER_CENT,
                absolute=RISE_ABSOLUTE,
                last=near.before,
            )
        )
    if near.after is not None and value > near.after:
        reasons.append(
            Sentence(
                "A later day already has a lower accepted count, %(later)s.",
                later=near.after,
            )
        )
    return reasons


def rises_too_fast(before: int, value: int) -> bool:
    """Return whether going from `before` to `value` passes either limit of law 5."""
    rise = value - before
    return rise > RISE_ABSOLUTE or rise * 100 > before * RISE_PER_CENT


def _neighbours(
    session: Session, among: sa.ColumnElement[bool], read_on: dt.date | None
) -> Neighbours:
    accepted = sa.select(Reading.value).where(among, Reading.state == ReadingState.ACCEPTED)
    up_to = accepted.order_by(Reading.read_on.desc(), Reading.id.desc()).limit(1)
    later = accepted.order_by(Reading.read_on, Reading.id).limit(1)
    if read_on is None:
        return Neighbours(session.scalar(up_to), None, page_known=True)
    return Neighbours(
        before=session.scalar(up_to.where(Reading.read_on <= read_on)),
        after=session.scalar(later.where(Reading.read_on > read_on)),
        page_known=True,
    )
