"""Saved selections of targets: what the directory knows, narrowed by letters, answers, stances."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from pydantic import ConfigDict
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor, Campaign
from outreach.directory import queries
from outreach.directory.models import Target
from outreach.errors import BadInput, NotFound
from outreach.letters.lifecycle import LEFT
from outreach.letters.models import Audience, Letter
from outreach.petitions.models import Position
from outreach.petitions.stances import standing
from outreach.words import Sentence


class Filters(queries.TargetFilter):
    """What an audience asks for: the directory's filters, and what this campaign knows.

    `written_to`: a letter of this campaign went to the desk; `answered`: it was answered;
    `stances`: the latest position on any ask is one of these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    written_to: bool | None = None
    answered: bool | None = None
    stances: tuple[Position, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """How large an audience is: rows, desks, languages, and those without a way to reach them."""

    targets: int
    offices: int
    languages: dict[str, int]
    unreachable: int


def select_targets(campaign: Campaign, filters: Filters) -> sa.Select[Target]:
    """Return the Select of the targets that `filters` ask for, in list order.

    Letters and stances of rehearsal count while the campaign rehearses, and only then.
    """
    directory = queries.TargetFilter.model_validate(
        filters.model_dump(include=set(queries.TargetFilter.model_fields))
    )
    query = queries.targets(directory)
    written = sa.exists().where(
        Letter.office_id == Target.office_id,
        Letter.campaign_id == campaign.id,
        Letter.rehearsal == campaign.rehearsing,
        Letter.state.in_(LEFT),
    )
    if filters.written_to is not None:
        query = query.where(written if filters.written_to else ~written)
    if filters.answered is not None:
        answered = written.where(Letter.answered_on.is_not(None))
        query = query.where(answered if filters.answered else ~answered)
    if filters.stances:
        query = query.where(_stands(campaign, filters.stances))
    return queries.in_order(query)


def save_audience(
    session: Session,
    *,
    campaign: Campaign,
    name: str,
    filters: Filters,
    audience: Audience | None = None,
    by: Actor,
    now: dt.datetime,
) -> Audience:
    """Keep `filters` under `name`, new or as a change of `audience`, and return it.

    Raises BadInput (field `name`) without a name or for one that is taken.
    """
    name = " ".join(name.split())
    if not name:
        raise BadInput(Sentence("Give the audience a name."), "name")
    taken = session.scalar(
        sa.select(Audience.id).where(Audience.campaign_id == campaign.id, Audience.name == name)
    )
    if taken is not None and (audience is None or audience.id != taken):
        raise BadInput(Sentence("There is an audience called “%(name)s”.", name=name), "name")
    before = dict(audience.filters) if audience else None
    if audience is None:
        audience = Audience(campaign_id=campaign.id)
        session.add(audience)
    audience.name, audience.by, audience.at = name, by.name, now
    audience.filters = filters.model_dump(mode="json", exclude_defaults=True)
    session.flush()
    audit.record(
        session,
        subject=("audience", audience.id),
        name="saved",
        by=by,
        now=now,
        campaign_id=campaign.id,
        detail={"before": before, "after": audience.filters},
    )
    return audience


def audiences_of(session: Session, campaign_id: int) -> Sequence[Audience]:
    """Return the campaign's audiences by name."""
    return session.scalars(
        sa.select(Audience).where(Audience.campaign_id == campaign_id).order_by(Audience.name)
    ).all()


def audience_by_id(session: Session, campaign_id: int, audience_id: int) -> Audience:
    """Return one audience of the campaign. Raises NotFound."""
    audience = session.scalar(
        sa.select(Audience).where(Audience.id == audience_id, Audience.campaign_id == campaign_id)
    )
    if audience is None:
        raise NotFound(Sentence("There is no such audience."))
    return audience


def filters_of(audience: Audience) -> Filters:
    """Return what a saved audience asks for."""
    return Filters.model_validate(audience.filters)


def audience_targets(
    session: Session, campaign: Campaign, filters: Filters, *, limit: int | None = None
) -> Sequence[Target]:
    """Return the targets of a selection in list order, loaded as lists and letters need them."""
    query = select_targets(campaign, filters).options(*queries.with_list())
    return session.scalars(query.limit(limit) if limit is not None else query).all()


def count(session: Session, campaign: Campaign, filters: Filters) -> Counted:
    """Return how large a selection is; `unreachable` targets get no draft."""
    chosen = select_targets(campaign, filters).order_by(None).subquery()
    rows = session.execute(sa.select(chosen.c.office_id, chosen.c.language, chosen.c.channel)).all()
    return Counted(
        targets=len(rows),
        offices=len({row.office_id for row in rows}),
        languages=dict(Counter(row.language for row in rows).most_common()),
        unreachable=sum(1 for row in rows if row.channel is None),
    )


def _stands(campaign: Campaign, positions: Sequence[Position]) -> sa.ColumnElement[bool]:
    """Whether the stance that holds, on any ask, is one of `positions`."""
    latest = standing(campaign.id, rehearsal=campaign.rehearsing).order_by(None).subquery()
    return sa.exists().where(latest.c.target_id == Target.id, latest.c.position.in_(positions))
