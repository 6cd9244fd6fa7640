"""Saved selections of targets: what the directory knows, narrowed by letters, answers, stances."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from pydantic import ConfigDict
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor, Campaign
from outreach.database import remembered
from outreach.directory import queries
from outreach.directory.models import Target
from outreach.errors import BadInput, NotFound
from outreach.letters.lifecycle import LEFT
from outreach.letters.models import Audience, Letter
from outreach.petitions.models import Position, Stance
from outreach.petitions.stances import standing
from outreach.words import Sentence

# Counting desks stops here: nobody writes to more at once.
MOST_DESKS = 20_000
# So many targets are found once and not again by every question about them.
_FEW = 1_000


class Filters(queries.TargetFilter):
    """What an audience asks for: the directory's filters, and what this campaign knows.

    `written_to`: a letter of this campaign went to the desk, on `written_since` or later if that
    day is given; `answered`: it was answered; `stances`: the latest position is one of these, or
    there is none (`undeclared`), on any ask or on the one with the id `ask`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    written_to: bool | None = None
    written_since: dt.date | None = None
    answered: bool | None = None
    stances: tuple[Position, ...] = ()
    undeclared: bool = False
    ask: int | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """How large an audience is: rows, desks, languages, and those without a way to reach them.

    Desks are counted up to MOST_DESKS; `offices` is one more when there are more.
    """

    targets: int
    offices: int
    languages: dict[str, int]
    unreachable: int


def directory_filter(filters: Filters) -> queries.TargetFilter:
    """Return the part of an audience's filters that the directory answers."""
    return queries.TargetFilter.model_validate(
        filters.model_dump(include=set(queries.TargetFilter.model_fields))
    )


def chosen_targets(campaign: Campaign, filters: Filters, *, today: dt.date) -> sa.Select[Target]:
    """Return the Select of the targets that `filters` ask for on the day `today`, unsorted.

    Letters and stances of rehearsal count while the campaign rehearses, and only then.
    """
    return _chosen(campaign.id, campaign.rehearsing, filters, today)


# A page asks several things of one selection, whose description takes longer to make than to run.
@lru_cache(maxsize=256)
def _chosen(
    campaign_id: int, rehearsing: bool, filters: Filters, today: dt.date
) -> sa.Select[Target]:
    query = queries.targets(directory_filter(filters), today=today)
    written = sa.select(Letter.office_id).where(
        Letter.campaign_id == campaign_id,
        Letter.rehearsal == rehearsing,
        Letter.state.in_(LEFT),
    )
    if filters.written_to is not None:
        since = written
        if filters.written_since is not None:
            begun = dt.datetime.combine(filters.written_since, dt.time(), dt.UTC)
            # One nobody knows went or not counts as sent (law 7), and so does its day.
            since = written.where(sa.func.coalesce(Letter.sent_at, Letter.send_after) >= begun)
        query = query.where(_one_of(Target.office_id, since, filters.written_to))
    if filters.answered is not None:
        answered = written.where(Letter.answered_on.is_not(None))
        query = query.where(_one_of(Target.office_id, answered, filters.answered))
    if filters.stances or filters.undeclared:
        query = query.where(_stands(campaign_id, rehearsing, filters))
    return query


def found_targets(
    session: Session, campaign: Campaign, filters: Filters, *, today: dt.date
) -> sa.Select[Target]:
    """Return what `chosen_targets` does; of a selection that holds few, the targets found already.

    One query, for a page that asks several things of the same selection.
    """
    chosen = chosen_targets(campaign, filters, today=today)
    few = queries.few_of(session, chosen, question(campaign, filters, today), most=_FEW)
    return chosen if few is None else queries.these(few)


def select_targets(campaign: Campaign, filters: Filters, *, today: dt.date) -> sa.Select[Target]:
    """Return the Select of the targets that `filters` ask for, in list order."""
    return queries.in_order(chosen_targets(campaign, filters, today=today))


def _one_of(column: Any, among: sa.Select[Any], yes: bool) -> sa.ColumnElement[bool]:
    found: sa.ColumnElement[bool] = column.in_(among)
    return found if yes else ~found


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
    session: Session, campaign: Campaign, filters: Filters, *, today: dt.date
) -> Sequence[Target]:
    """Return the targets of a selection in list order, loaded as lists and letters need them."""
    query = select_targets(campaign, filters, today=today).options(*queries.with_list())
    return session.scalars(query).all()


def question(campaign: Campaign, filters: Filters, today: dt.date) -> tuple[Hashable, ...]:
    """Return all that `chosen_targets` depends on, for `database.remembered`."""
    return ("audience", campaign.id, campaign.rehearsing, filters, today)


def count(session: Session, campaign: Campaign, filters: Filters, *, today: dt.date) -> Counted:
    """Return how large a selection is; `unreachable` targets get no draft. Three queries."""
    chosen = found_targets(session, campaign, filters, today=today)
    return remembered(
        session,
        (*question(campaign, filters, today), "size"),
        lambda: _counted(session, chosen),
    )


def _counted(session: Session, chosen: sa.Select[Target]) -> Counted:
    rows = session.execute(
        chosen.with_only_columns(
            Target.language,
            sa.func.count().label("targets"),
            (sa.func.count() - sa.func.count(Target.channel)).label("unreachable"),
        ).group_by(Target.language)
    ).all()
    # Distinct and in an index's order, so that no more is read than is counted.
    desks = chosen.with_only_columns(Target.office_id).distinct().limit(MOST_DESKS + 1).subquery()
    return Counted(
        targets=sum(row.targets for row in rows),
        offices=session.scalar(sa.select(sa.func.count()).select_from(desks)) or 0,
        languages={row.language: row.targets for row in sorted(rows, key=lambda one: -one.targets)},
        unreachable=sum(row.unreachable for row in rows),
    )


def _stands(campaign_id: int, rehearsing: bool, filters: Filters) -> sa.ColumnElement[bool]:
    """Whether the stance that holds is one of those asked for, or there is none."""
    latest = standing(campaign_id, rehearsal=rehearsing).order_by(None)
    if filters.ask is not None:
        latest = latest.where(Stance.ask_id == filters.ask)
    holding = latest.subquery()
    of = sa.select(holding.c.target_id)
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.stances:
        conditions.append(Target.id.in_(of.where(holding.c.position.in_(filters.stances))))
    if filters.undeclared:
        declared = of.where(holding.c.position != Position.UNKNOWN)
        conditions.append(Target.id.not_in(declared))
    return sa.or_(*conditions)
