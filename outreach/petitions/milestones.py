"""Numbers of signatures worth telling: each is reached once per campaign, for ever."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit, tasks
from outreach.accounts.models import Actor, Campaign, TaskKind
from outreach.accounts.roles import require
from outreach.errors import BadInput, MoveRefused, NotFound
from outreach.petitions.models import Reading, ReadingState
from outreach.petitions.pages import Milestone, MilestoneState, Page
from outreach.petitions.totals import current_count, over_time
from outreach.words import Sentence

# One reading may be a mistake of theirs; a second one, later, makes it a number.
READINGS_NEEDED = 2
MOST = 20
# Parts of the goal that are proposed as milestones, in twelfths; the goal itself is the last.
_TWELFTHS = (8, 10, 12)


def proposed(goal: int, count: int = 0) -> list[int]:
    """Return milestones that fit a goal: two thirds, five sixths and the goal, above `count`.

    75,000 gives 50,000, 62,500 and 75,000.
    """
    return [value for part in _TWELFTHS if (value := goal * part // 12) > count]


def milestones_of(session: Session, campaign_id: int) -> Sequence[Milestone]:
    """Return the campaign's milestones, the lowest first."""
    return session.scalars(
        sa.select(Milestone).where(Milestone.campaign_id == campaign_id).order_by(Milestone.value)
    ).all()


def milestone_by_id(session: Session, campaign_id: int, milestone_id: int) -> Milestone:
    """Return one milestone of the campaign. Raises NotFound."""
    found = session.get(Milestone, milestone_id)
    if found is None or found.campaign_id != campaign_id:
        raise NotFound(Sentence("There is no such milestone. Look at the list of milestones."))
    return found


def set_values(
    session: Session, campaign: Campaign, values: Sequence[int], *, by: Actor, now: dt.datetime
) -> None:
    """Make `values` the milestones ahead; one that was reached stays, whatever is said.

    Raises NotAllowed for all but organisers, BadInput for no positive number, for too many, and
    for a new one that the count has passed already: nobody could be told of it as news.
    """
    require(by, "petition.accept")
    wanted = sorted(set(values))
    if any(value <= 0 for value in wanted) or len(wanted) > MOST:
        raise BadInput(
            Sentence("Write up to %(most)s whole numbers above 0, one per line.", most=MOST),
            "values",
        )
    known = {one.value: one for one in milestones_of(session, campaign.id)}
    count = current_count(session, campaign.id, campaign.day_of(now))
    passed = [value for value in wanted if count and value <= count.value and value not in known]
    if passed:
        raise BadInput(
            Sentence("The count has passed %(value)s already.", value=passed[0]), "values"
        )
    before = sorted(known)
    for value, milestone in known.items():
        if value not in wanted and milestone.state is MilestoneState.AHEAD:
            session.delete(milestone)
    for value in wanted:
        if value not in known:
            session.add(Milestone(campaign_id=campaign.id, value=value, state=MilestoneState.AHEAD))
    session.flush()
    audit.record(
        session,
        subject=("campaign", campaign.id),
        name="milestones set",
        by=by,
        now=now,
        campaign_id=campaign.id,
        detail={"before": before, "after": wanted},
    )


def look(session: Session, campaign_id: int, *, by: Actor, now: dt.datetime) -> Sequence[Milestone]:
    """Return the milestones that the accepted readings have reached just now; each opens a task.

    Reached means: the campaign's number stands there, and stood there after at least two accepted
    readings, whatever it did in between. Nothing ever takes that back.
    """
    ahead = [
        one for one in milestones_of(session, campaign_id) if one.state is MilestoneState.AHEAD
    ]
    campaign = session.get_one(Campaign, campaign_id)
    count = current_count(session, campaign_id, campaign.day_of(now))
    if count is None or not any(one.value <= count.value for one in ahead):
        return []
    totals = _totals(session, campaign_id)
    reached = [
        one
        for one in ahead
        if one.value <= count.value
        and sum(total >= one.value for total in totals) >= READINGS_NEEDED
    ]
    return [one for one in reached if _reach(session, campaign, one, by=by, now=now)]


def _totals(session: Session, campaign_id: int) -> list[int]:
    readings = session.scalars(
        sa.select(Reading).where(
            Reading.campaign_id == campaign_id, Reading.state == ReadingState.ACCEPTED
        )
    ).all()
    rules = session.execute(sa.select(Page.id, Page.rule).where(Page.campaign_id == campaign_id))
    return [count.value for count in over_time(readings, {row.id: row.rule for row in rules})]


def _reach(
    session: Session, campaign: Campaign, milestone: Milestone, *, by: Actor, now: dt.datetime
) -> bool:
    """Write that it is reached; of two at once one does."""
    won = session.execute(
        sa.update(Milestone)
        .where(Milestone.id == milestone.id, Milestone.state == MilestoneState.AHEAD)
        .values(state=MilestoneState.REACHED, reached_at=now)
        .execution_options(synchronize_session=False)
        .returning(Milestone.id)
    ).scalar_one_or_none()
    session.refresh(milestone)
    if won is None:
        return False
    subject = ("milestone", milestone.id)
    moved = (MilestoneState.AHEAD.value, MilestoneState.REACHED.value)
    audit.record(
        session,
        subject=subject,
        name="milestone reached",
        by=by,
        now=now,
        campaign_id=campaign.id,
        moved=moved,
        detail={"value": milestone.value},
    )
    tasks.open_task(
        session,
        campaign_id=campaign.id,
        kind=TaskKind.OTHER,
        subject=subject,
        title=f"{milestone.value:,} signatures reached: decide whom to tell",
        due_on=None,
        rehearsal=campaign.rehearsing,
        now=now,
        by=by,
    )
    return True


def settle(
    session: Session, milestone: Milestone, *, wrote: bool, by: Actor, now: dt.datetime
) -> None:
    """Close a reached milestone: letters were made (`wrote`), or nobody is to be told.

    Raises NotAllowed for all but staff (`wrote`) or organisers, MoveRefused when it isn't open.
    """
    require(by, "letters.write" if wrote else "petition.accept")
    won = session.execute(
        sa.update(Milestone)
        .where(Milestone.id == milestone.id, Milestone.state == MilestoneState.REACHED)
        .values(state=MilestoneState.DONE, decided_by=by.name, decided_at=now)
        .execution_options(synchronize_session=False)
        .returning(Milestone.id)
    ).scalar_one_or_none()
    session.refresh(milestone)
    if won is None:
        raise MoveRefused(Sentence("This milestone isn't waiting for a decision any more."))
    subject = ("milestone", milestone.id)
    audit.record(
        session,
        subject=subject,
        name="milestone written about" if wrote else "milestone let pass",
        by=by,
        now=now,
        campaign_id=milestone.campaign_id,
        moved=(MilestoneState.REACHED.value, MilestoneState.DONE.value),
    )
    tasks.finish_about(session, subject, by=by, now=now)
