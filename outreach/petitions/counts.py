"""Signature counts: kept as readings; what looks wrong waits for a human (law 5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts import audit, tasks
from outreach.accounts.models import Actor, Campaign, TaskKind
from outreach.accounts.roles import require
from outreach.database import hold
from outreach.errors import BadInput, MoveRefused, NotFound, Refused
from outreach.petitions import milestones, page_rules
from outreach.petitions.holding import FIRST_OF_PAGE, reasons_to_hold
from outreach.petitions.models import Petition, Reading, ReadingState
from outreach.petitions.pages import Page
from outreach.petitions.totals import (
    Count,
    age_in_days,
    careful_sentence,
    current_count,
    exact_sentence,
    over_time,
    too_old,
)
from outreach.words import N_, Sentence

# What a campaign's number is and how it is said is asked for here, beside the readings.
__all__ = [
    "Count",
    "age_in_days",
    "careful_sentence",
    "current_count",
    "exact_sentence",
    "over_time",
    "too_old",
]

LARGEST = 2_000_000_000
BY_HAND, FROM_A_FILE, FETCHED = N_("by hand"), N_("file"), N_("fetched")
WANTED = Sentence("Write the count as a whole number, 0 or more.")


def add_reading(
    session: Session,
    *,
    petition: Petition,
    value: int,
    page_url: str,
    read_on: dt.date | None,
    method: str = BY_HAND,
    shape: str = "",
    by: Actor,
    now: dt.datetime,
) -> Reading:
    """Keep a count that a page showed on a day; accepted by itself or held for a human.

    `read_on` is a day in the campaign's zone, `shape` where on the page the number stood, if a
    program read it. A held reading opens a task. Raises BadInput with the field.
    """
    campaign = session.get_one(Campaign, petition.campaign_id)
    _refuse_nonsense(campaign, value, read_on, now)
    # Two readings at once are judged one after the other.
    hold(session, petition)
    page = page_rules.page_of(session, petition, page_url)
    reading = Reading(
        campaign_id=campaign.id,
        petition_id=petition.id,
        page_id=page.id,
        value=value,
        page_url=page.url,
        shape=shape,
        read_on=read_on,
        method=method,
        by=by.name,
        at=now,
        **_judged(reasons_to_hold(session, page, value, read_on, shape), by, now),
    )
    _keep(session, campaign, reading, by=by, now=now)
    return reading


def _keep(
    session: Session, campaign: Campaign, reading: Reading, *, by: Actor, now: dt.datetime
) -> None:
    session.add(reading)
    session.flush()
    _tell_of(session, campaign, reading, by=by, now=now)
    if reading.state is ReadingState.ACCEPTED:
        _accepted(session, reading, by=by, now=now)


def _judged(reasons: Sequence[Sentence], by: Actor, now: dt.datetime) -> dict[str, Any]:
    """The columns that say whether a reading is held, and why."""
    return {
        "state": ReadingState.HELD if reasons else ReadingState.ACCEPTED,
        "held_because": " ".join(map(_in_english, reasons)),
        "held_for": [reason.as_json() for reason in reasons],
        "decided_by": None if reasons else by.name,
        "decided_at": None if reasons else now,
    }


def _refuse_nonsense(
    campaign: Campaign, value: int, read_on: dt.date | None, now: dt.datetime
) -> None:
    if not 0 <= value <= LARGEST:
        raise BadInput(WANTED, "value")
    if read_on is not None and read_on > campaign.day_of(now):
        raise BadInput(Sentence("This day is still to come. Give the day you read it."), "read_on")


def _accepted(session: Session, reading: Reading, *, by: Actor, now: dt.datetime) -> None:
    """What an accepted reading brings: the page has this shape now, a milestone may be reached."""
    if reading.shape:
        session.get_one(Page, reading.page_id).shape = reading.shape
    session.flush()
    milestones.look(session, reading.campaign_id, by=by, now=now)


def _in_english(reason: Sentence) -> str:
    """Return a reason for the log; its values are all whole numbers."""
    return str(Sentence(reason.text, **{key: f"{n:,}" for key, n in reason.values.items()}))


def _tell_of(
    session: Session, campaign: Campaign, reading: Reading, *, by: Actor, now: dt.datetime
) -> None:
    """Write the event of a new reading, and open a task for an organiser if it is held."""
    audit.record(
        session,
        subject=("reading", reading.id),
        name="reading added",
        by=by,
        now=now,
        campaign_id=campaign.id,
        moved=(None, reading.state.value),
        detail={
            "value": reading.value,
            "page": reading.page_url,
            "because": reading.held_because,
        },
    )
    if reading.state is not ReadingState.HELD:
        return
    tasks.open_task(
        session,
        campaign_id=campaign.id,
        kind=TaskKind.CHECK_READING,
        subject=("reading", reading.id),
        title=f"Check the count of {reading.value:,}",
        due_on=None,
        rehearsal=campaign.rehearsing,
        now=now,
        by=by,
    )


def accept(session: Session, reading: Reading, *, by: Actor, now: dt.datetime) -> Reading:
    """Accept a held reading: letters may print it from now on.

    Others of its page that only waited because nobody knew the page are judged anew by it.
    Raises NotAllowed for all but organisers, Refused for 0 or a missing day, MoveRefused when
    somebody decided already.
    """
    require(by, "petition.accept")
    if reading.value == 0:
        raise Refused(
            Sentence("0 is not a count: the page hadn't counted yet. Refuse this reading.")
        )
    if reading.read_on is None:
        raise Refused(
            Sentence(
                "This reading has no day, so no letter could date it. "
                "Enter it again with its day and refuse this one."
            )
        )
    _decide(session, reading, ReadingState.ACCEPTED, by=by, now=now)
    page = session.get_one(Page, reading.page_id)
    for other in _only_first_of_page(session, reading):
        if not reasons_to_hold(session, page, other.value, other.read_on, other.shape):
            _decide(session, other, ReadingState.ACCEPTED, by=by, now=now)
    return reading


def _only_first_of_page(session: Session, reading: Reading) -> list[Reading]:
    """Held readings of the page whose only fault was that the page wasn't known, by their days."""
    held = session.scalars(
        sa.select(Reading)
        .where(Reading.page_id == reading.page_id, Reading.state == ReadingState.HELD)
        .order_by(Reading.read_on, Reading.id)
    )
    return [one for one in held if one.reasons == [FIRST_OF_PAGE]]


def refuse(session: Session, reading: Reading, *, by: Actor, now: dt.datetime) -> Reading:
    """Refuse a held reading: it stays in the history and is never printed.

    Raises NotAllowed for all but organisers, MoveRefused when somebody decided already.
    """
    require(by, "petition.accept")
    return _decide(session, reading, ReadingState.REFUSED, by=by, now=now)


def _decide(
    session: Session, reading: Reading, state: ReadingState, *, by: Actor, now: dt.datetime
) -> Reading:
    """Settle a held reading once: the update names the old state, so one of two people wins."""
    won = session.execute(
        sa.update(Reading)
        .where(Reading.id == reading.id, Reading.state == ReadingState.HELD)
        .values(state=state, decided_by=by.name, decided_at=now)
        .execution_options(synchronize_session=False)
        .returning(Reading.id)
    ).scalar_one_or_none()
    session.refresh(reading)
    if won is None:
        raise MoveRefused(
            Sentence(
                "%(who)s has already decided on this reading. Reload the page to see how.",
                who=reading.decided_by,
            )
        )
    audit.record(
        session,
        subject=("reading", reading.id),
        name=f"reading {state.value}",
        by=by,
        now=now,
        campaign_id=reading.campaign_id,
        moved=(ReadingState.HELD.value, state.value),
    )
    tasks.finish_about(session, ("reading", reading.id), by=by, now=now)
    if state is ReadingState.ACCEPTED:
        _accepted(session, reading, by=by, now=now)
    return reading


def held_readings(campaign_id: int) -> sa.Select[Reading]:
    """Return the query of the readings that wait for an organiser, oldest first."""
    return (
        sa.select(Reading)
        .options(joinedload(Reading.page))
        .where(Reading.campaign_id == campaign_id, Reading.state == ReadingState.HELD)
        .order_by(Reading.id)
    )


def history(session: Session, campaign_id: int) -> Sequence[Reading]:
    """Return every reading of the campaign, held and refused ones too, newest first."""
    return session.scalars(
        sa.select(Reading)
        .options(joinedload(Reading.page))
        .where(Reading.campaign_id == campaign_id)
        .order_by(Reading.id.desc())
    ).all()


def reading_by_id(session: Session, campaign_id: int, reading_id: int) -> Reading:
    """Return one reading of the campaign. Raises NotFound."""
    reading = session.get(Reading, reading_id)
    if reading is None or reading.campaign_id != campaign_id:
        raise NotFound(Sentence("There is no such reading. Look at the list of readings."))
    return reading
