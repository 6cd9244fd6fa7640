"""Addresses to check, in the order in which somebody is about to need them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign
from outreach.database import remembered
from outreach.directory import offices
from outreach.directory.models import ContactDetail, Target, TargetRole
from outreach.directory.narrowing import OneOfFew
from outreach.directory.queries import held_on, with_list
from outreach.directory.shelf_life import MINISTERLY, AddressClass, Shelf, lives, shelf_for
from outreach.letters import audiences
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter

PER_PAGE = 25
# Counting stops here: "more than a thousand" is all a reader needs.
MOST = 1000
# Whose unchecked addresses come into the queue by themselves: who can decide.
DECIDING = frozenset(
    {
        TargetRole.HEAD_OF_STATE,
        TargetRole.HEAD_OF_GOVERNMENT,
        TargetRole.MINISTER,
        TargetRole.MINISTRY,
        TargetRole.COMMISSIONER,
    }
)
_WAITING = (State.SCHEDULED, State.APPROVED, State.MISSED, State.FAILED, State.HELD)
_WRITTEN = (State.DRAFT, State.REVIEW)


class Need(StrEnum):
    """Why an address is to be checked, the most pressing first."""

    LETTERS = "letters"
    DRAFTS = "drafts"
    EXPIRED = "expired"
    SOON = "soon"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class ToCheck:
    """One row of the queue: whom, which address, and when the first letter wants it."""

    target: Target
    # None when nothing we know can be written to.
    detail: ContactDetail | None
    # The first instant a letter to them may leave (aware UTC), for letters with a time.
    leaves_after: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of one part of the queue, and how long each part is (at most MOST + 1)."""

    need: Need
    rows: Sequence[ToCheck]
    counts: dict[Need, int]
    shelf: Shelf
    page: int

    @property
    def more(self) -> bool:
        """Whether another page follows."""
        return self.counts[self.need] > self.page * PER_PAGE


def queue(
    session: Session,
    campaign: Campaign,
    *,
    today: dt.date,
    need: Need | None = None,
    audience: audiences.Filters | None = None,
    page: int = 1,
) -> Queue:
    """Return what is to be checked for `need`, or the most pressing part with something in it.

    `audience` narrows to whom it selects. A fixed number of queries, whatever the size.
    """
    parts = _parts(session, campaign, today)
    if audience is not None:
        chosen = audiences.chosen_targets(campaign, audience, today=today)
        ids = chosen.with_only_columns(Target.id).order_by(None)
        parts = {key: part.where(Target.id.in_(ids)) for key, part in parts.items()}
    question = ("to check", campaign.id, campaign.rehearsing, audience, today)
    counts = remembered(
        session, question, lambda: {key: _count(session, part) for key, part in parts.items()}
    )
    need = need or next((key for key in Need if counts[key]), Need.LETTERS)
    page = min(max(1, page), max(1, -(-counts[need] // PER_PAGE)))
    shown = parts[need].limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    leaves = remembered(
        session, (*question, need, page), lambda: {row[0]: row[1] for row in session.execute(shown)}
    )
    targets = session.scalars(
        sa.select(Target).where(Target.id.in_(leaves)).options(*with_list())
    ).all()
    by_id = {target.id: target for target in targets}
    contacts = offices.contacts_of_many(session, targets)
    rows = [
        ToCheck(by_id[number], offices.best_of(contacts[number], only=by_id[number].channel), after)
        for number, after in leaves.items()
    ]
    shelf = shelf_for(session, [row.detail for row in rows if row.detail])
    return Queue(need, rows, counts, shelf, page)


def _parts(
    session: Session, campaign: Campaign, today: dt.date
) -> dict[Need, sa.Select[int, dt.datetime | None]]:
    """(target id, first time a letter may leave) of each part, in its order."""
    reached = sa.select(Target.id, sa.null()).where(Target.channel.is_not(None), held_on(today))
    if not campaign.rehearsing:
        reached = reached.where(Target.demonstration.is_(False))
    unchecked = sa.or_(Target.verified_until.is_(None), Target.verified_until < today)
    waiting, written = _letters(campaign, _WAITING), _letters(campaign, _WRITTEN)
    others = reached.where(~_has_letter(campaign, (*_WAITING, *_WRITTEN)))
    # A letter's day may come after the check ran out.
    in_time = sa.or_(
        unchecked, Target.verified_until < sa.func.date(waiting.c.leaves, type_=sa.Date)
    )
    return {
        Need.LETTERS: _reached_by(reached, waiting)
        .where(in_time)
        .order_by(waiting.c.leaves.is_(None), waiting.c.leaves, Target.id),
        Need.DRAFTS: _reached_by(reached, written)
        .where(unchecked, ~_has_letter(campaign, _WAITING))
        .order_by(Target.jurisdiction_code, Target.id),
        Need.EXPIRED: others.where(Target.verified_until < today).order_by(
            Target.verified_until.desc(), Target.id
        ),
        Need.SOON: others.where(_soon(session, today)).order_by(Target.verified_until, Target.id),
        Need.NEVER: others.where(
            Target.verified_until.is_(None), Target.role.in_(DECIDING)
        ).order_by(Target.jurisdiction_code, Target.role, Target.name, Target.id),
    }


def _letters(campaign: Campaign, states: Sequence[State]) -> sa.CTE:
    """The targets of the campaign's letters in `states`, each with its first time to leave."""
    return (
        sa.select(Letter.target_id, sa.func.min(Letter.send_after).label("leaves"))
        .where(
            Letter.campaign_id == campaign.id,
            Letter.rehearsal == campaign.rehearsing,
            Letter.state.in_(states),
        )
        .group_by(Letter.target_id)
        # Asked for twice, worked out once.
        .cte()
    )


def _has_letter(campaign: Campaign, states: Sequence[State]) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Letter.target_id == Target.id,
        Letter.campaign_id == campaign.id,
        Letter.rehearsal == campaign.rehearsing,
        Letter.state.in_(states),
    )


def _reached_by(
    reached: sa.Select[int, None], letters: sa.CTE
) -> sa.Select[int, dt.datetime | None]:
    # Named twice: PostgreSQL reads every target for the join alone.
    return (
        reached.with_only_columns(Target.id, letters.c.leaves)
        .join(letters, letters.c.target_id == Target.id)
        .where(OneOfFew(Target.id, sa.select(letters.c.target_id).scalar_subquery()))
    )


def _soon(session: Session, today: dt.date) -> sa.ColumnElement[bool]:
    """The check holds, and less than half of its life is left; by the role of the target."""
    days = lives(session)
    half = {one: today + dt.timedelta(days=life // 2) for one, life in days.items()}
    last = sa.case(
        (Target.organization_id.is_not(None), half[AddressClass.REGISTRY]),
        (Target.role.in_(MINISTERLY), half[AddressClass.MINISTER]),
        else_=half[AddressClass.MEMBER],
    )
    # The second bound lets the index on the day do its work.
    return sa.and_(
        Target.verified_until >= today,
        Target.verified_until <= max(half.values()),
        Target.verified_until <= last,
    )


def _count(session: Session, part: sa.Select[int, dt.datetime | None]) -> int:
    some = part.order_by(None).limit(MOST + 1).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
