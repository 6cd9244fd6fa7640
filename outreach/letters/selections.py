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
from outreach.directory.models import (
    Jurisdiction,
    Office,
    Organization,
    Suppression,
    SuppressionScope,
    Target,
    TargetRole,
)
from outreach.errors import Refused
from outreach.letters.audiences import Filters, select_targets
from outreach.letters.lifecycle import State
from outreach.letters.models import Audience, Letter, Mailing
from outreach.petitions.models import Position, Stance
from outreach.petitions.stances import standing
from outreach.words import Sentence

PER_PAGE = 50


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
class Choices:
    """What one can choose from, as (value, name): only what some target in office has."""

    jurisdictions: Sequence[tuple[str, str]]
    roles: Sequence[TargetRole]
    languages: Sequence[str]
    bodies: Sequence[tuple[int, str]]
    groups: Sequence[tuple[int, str]]


def rows(session: Session, campaign: Campaign, filters: Filters, *, page: int = 1) -> Sequence[Row]:
    """Return page `page` (from 1) of a selection; three queries."""
    targets = session.scalars(
        select_targets(campaign, filters)
        .options(*queries.with_list())
        .limit(PER_PAGE)
        .offset((max(1, page) - 1) * PER_PAGE)
    ).all()
    ids = [target.id for target in targets]
    letters = _last_letters(session, campaign, ids)
    stances = _stances(session, campaign, ids)
    return [Row(target, letters.get(target.id), stances.get(target.id)) for target in targets]


def left_out(session: Session, campaign: Campaign, filters: Filters) -> Sequence[LeftOut]:
    """Return the targets of a selection that can't be written to at all; two queries."""
    chosen = select_targets(campaign, filters)
    unreachable = session.scalars(chosen.where(Target.channel.is_(None))).all()
    suppressed = session.execute(
        chosen.join(Office, Office.id == Target.office_id)
        .join(
            Suppression,
            sa.and_(Suppression.scope == SuppressionScope.OFFICE, Suppression.value == Office.key),
        )
        .add_columns(Suppression.reason)
    )
    return [
        *(
            LeftOut(target.id, target.name, Sentence("We know no way to reach them."))
            for target in unreachable
        ),
        *(
            LeftOut(target.id, target.name, Sentence("Nobody may write there: %(why)s", why=reason))
            for target, reason in suppressed
        ),
    ]


def choices(session: Session, filters: Filters) -> Choices:
    """Return what can be chosen; bodies and groups only within the jurisdictions of `filters`."""
    current = sa.select(Target).where(Target.ended_on.is_(None)).subquery()
    within = (
        current.c.jurisdiction_code.in_(filters.jurisdictions)
        if filters.jurisdictions
        else sa.true()
    )
    return Choices(
        jurisdictions=session.execute(
            sa.select(Jurisdiction.code, Jurisdiction.name)
            .where(Jurisdiction.code.in_(sa.select(current.c.jurisdiction_code)))
            .order_by(Jurisdiction.name)
        ).all(),
        roles=sorted(
            session.scalars(sa.select(current.c.role).distinct()), key=list(TargetRole).index
        ),
        languages=session.scalars(
            sa.select(current.c.language).distinct().order_by(current.c.language)
        ).all(),
        bodies=_organizations(session, sa.select(current.c.body_id).where(within)),
        groups=_organizations(session, sa.select(current.c.group_id).where(within)),
    )


def _organizations(session: Session, among: sa.Select[Any]) -> Sequence[tuple[int, str]]:
    found = session.execute(
        sa.select(Organization.id, Organization.name)
        .where(Organization.id.in_(among))
        .order_by(Organization.name)
    )
    return found.all()


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
