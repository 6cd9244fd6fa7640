"""A selection of targets before anybody writes: its rows, who can't be reached, what to choose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor, Campaign
from outreach.directory import queries
from outreach.directory.models import Office, Suppression, SuppressionScope, Target
from outreach.errors import Refused
from outreach.letters import audiences
from outreach.letters.audiences import Filters
from outreach.letters.lifecycle import State
from outreach.letters.models import Audience, Letter, Mailing
from outreach.petitions.models import Position, Stance
from outreach.petitions.stances import standing
from outreach.words import Sentence

PER_PAGE = 50
# More reasons than this nobody reads; the number is told in full.
MOST_LEFT_OUT = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A target of a selection, the newest letter to it, and where it stands."""

    target: Target
    letter: Letter | None
    stance: Position | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A target of a selection that gets no draft whatever the template, and why."""

    target_id: int
    name: str
    reason: Sentence


@dataclass(frozen=True, slots=True)
class AllLeftOut:
    """The first of those that get no draft, and how many they are."""

    rows: Sequence[LeftOut]
    total: int


def page(
    session: Session,
    campaign: Campaign,
    filters: Filters,
    *,
    today: dt.date,
    page: int = 1,
    per_page: int = PER_PAGE,
    sort: queries.Sort = queries.Sort.PLACE,
    total: int | None = None,
) -> tuple[Sequence[Row], queries.Page]:
    """Return page `page` (from 1) of a selection with letters and stances; six queries at most.

    `total` when the caller has counted already.
    """
    found = queries.page_of(
        session,
        audiences.found_targets(session, campaign, filters, today=today),
        page=page,
        per_page=per_page,
        sort=sort,
        total=total,
        narrowed=True,
        question=audiences.question(campaign, filters, today),
    )
    ids = [target.id for target in found.rows]
    letters = _last_letters(session, campaign, ids)
    stances = _stances(session, campaign, ids)
    rows = [Row(target, letters.get(target.id), stances.get(target.id)) for target in found.rows]
    return rows, found


def left_out(
    session: Session,
    campaign: Campaign,
    filters: Filters,
    *,
    today: dt.date,
    unreachable: int | None = None,
) -> AllLeftOut:
    """Return the targets of a selection that can't be written to at all; four queries at most.

    `unreachable` is how many have no way to be reached, when the caller has counted already.
    """
    chosen = audiences.found_targets(session, campaign, filters, today=today)
    unreached = chosen.where(Target.channel.is_(None))
    if unreachable is None:
        unreachable = queries.count(session, unreached)
    mute = (
        session.execute(
            unreached.with_only_columns(Target.id, Target.name).limit(MOST_LEFT_OUT)
        ).all()
        if unreachable
        else []
    )
    suppressed = session.execute(
        chosen.where(Target.office_id.in_(_forbidden_desks()), Target.channel.is_not(None))
        .join(Office, Office.id == Target.office_id)
        .join(
            Suppression,
            sa.and_(Suppression.scope == SuppressionScope.OFFICE, Suppression.value == Office.key),
        )
        .with_only_columns(Target.id, Target.name, Suppression.reason)
    ).all()
    rows = [
        *(LeftOut(row.id, row.name, Sentence("We know no way to reach them.")) for row in mute),
        *(
            LeftOut(row.id, row.name, Sentence("Nobody may write there: %(why)s", why=row.reason))
            for row in suppressed[:MOST_LEFT_OUT]
        ),
    ]
    return AllLeftOut(rows, unreachable + len(suppressed))


def _forbidden_desks() -> sa.Select[Any]:
    """The ids of the desks nobody may write to: few, so every search starts from them."""
    return sa.select(Office.id).join(
        Suppression,
        sa.and_(Suppression.scope == SuppressionScope.OFFICE, Suppression.value == Office.key),
    )


def _last_letters(session: Session, campaign: Campaign, ids: Sequence[int]) -> Mapping[int, Letter]:
    newest = (
        sa.select(sa.func.max(Letter.id))
        .where(
            Letter.campaign_id == campaign.id,
            Letter.rehearsal == campaign.rehearsing,
            Letter.target_id.in_(ids),
            Letter.state != State.WITHDRAWN,
        )
        .group_by(Letter.target_id)
    )
    found = session.scalars(sa.select(Letter).where(Letter.id.in_(newest)))
    return {letter.target_id: letter for letter in found}


def _stances(session: Session, campaign: Campaign, ids: Sequence[int]) -> Mapping[int, Position]:
    """The position said last on any ask."""
    latest = session.scalars(
        standing(campaign.id, rehearsal=campaign.rehearsing).where(Stance.target_id.in_(ids))
    )
    # Newest first: keep the first of each target.
    positions: dict[int, Position] = {}
    for stance in latest:
        positions.setdefault(stance.target_id, stance.position)
    return positions


def delete_audience(session: Session, audience: Audience, *, by: Actor, now: dt.datetime) -> None:
    """Delete a selection nobody wrote to. Raises Refused when a mailing was made for it."""
    used = session.scalar(
        sa.select(Mailing.name).where(Mailing.audience_id == audience.id).limit(1)
    )
    if used is not None:
        raise Refused(
            Sentence("The mailing “%(name)s” was made for this audience, so it stays.", name=used)
        )
    audit.record(
        session,
        subject=("audience", audience.id),
        name="deleted",
        by=by,
        now=now,
        campaign_id=audience.campaign_id,
        detail={"name": audience.name, "before": dict(audience.filters)},
    )
    session.delete(audience)
    session.flush()
