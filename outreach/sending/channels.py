"""Letters that a person carries: copied into a form or printed and posted, then recorded."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import tasks
from outreach.accounts.models import CLOCK, Actor, Campaign, Task, TaskKind
from outreach.database import Database
from outreach.directory.models import ContactKind
from outreach.directory.offices import BY_HAND
from outreach.errors import BadInput, Refused
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import desks, gate
from outreach.words import Sentence

# Days a volunteer has to carry a letter along before its task counts as late.
DAYS_TO_POST = 7
NOON = dt.time(12)


def hand_over(session: Session, letter: Letter, *, by: Actor, now: dt.datetime) -> Task | None:
    """Open the task to post an approved letter by hand and return it.

    Returns None when the machine sends it, when it isn't approved, or when the task is open
    already. Call it after approving.
    """
    if letter.state is not State.APPROVED or letter.channel not in BY_HAND:
        return None
    if session.scalar(sa.select(_open_task(letter.id))):
        return None
    campaign = session.get_one(Campaign, letter.campaign_id)
    verb = "Fill in the form" if letter.channel is ContactKind.FORM else "Print and post"
    return tasks.open_task(
        session,
        campaign_id=letter.campaign_id,
        kind=TaskKind.SEND_BY_HAND,
        subject=("letter", letter.id),
        title=f"{verb}: {letter.recipient} ({letter.code})",
        due_on=now.date() + dt.timedelta(days=DAYS_TO_POST),
        rehearsal=campaign.rehearsing,
        now=now,
        by=by,
    )


def open_tasks(database: Database, *, now: dt.datetime) -> int:
    """Open the tasks that approved letters by hand still lack; return how many."""
    without = sa.select(Letter.id).where(
        Letter.state == State.APPROVED,
        Letter.channel.in_(BY_HAND),
        ~_open_task(Letter.id),
    )
    with database.reading() as session:
        ids = session.scalars(without).all()
    for letter_id in ids:
        with database.writing() as session:
            letter = session.get_one(Letter, letter_id, with_for_update=True)
            hand_over(session, letter, by=CLOCK, now=now)
    return len(ids)


def _open_task(letter_id: int | sa.orm.InstrumentedAttribute[int]) -> sa.Exists:
    return (
        sa.select(Task.id)
        .where(
            Task.kind == TaskKind.SEND_BY_HAND,
            Task.subject_kind == "letter",
            Task.subject_id == letter_id,
            Task.done_at.is_(None),
        )
        .exists()
    )


def post_by_hand(
    session: Session, letter: Letter, *, on: dt.date, proof: str, by: Actor, now: dt.datetime
) -> None:
    """Record that an approved letter was posted, or put into a form, on the day `on`.

    `on` is a day in the campaign's zone, `proof` says how we know (receipt, confirmation number).
    The gate is asked again; its task is finished; the desk rests from now on (law 7).

    Raises BadInput (day, proof), Refused with every reason of the gate, and what `moving.make`
    raises.
    """
    campaign = session.scalars(
        sa.select(Campaign).where(Campaign.id == letter.campaign_id).with_for_update(read=True)
    ).one()
    sent_at = _instant(campaign, letter, on, now)
    if not proof.strip():
        raise BadInput(
            Sentence("Say how you know: the receipt, or what the form answered."), field="proof"
        )
    _ask_gate(session, letter, now)
    if letter.kind in gate.COOLED and not campaign.rehearsing:
        days = campaign.cooling_days
        code = desks.code_of(session, letter.target_id)
        taken = desks.take_desk(session, letter.office_id, cooling_days=days, code=code, now=now)
        if taken is None:
            raise Refused(Sentence("Another letter to this desk was faster."))
    moving.make(
        session,
        letter,
        "post",
        by=by,
        now=now,
        reason=proof,
        sent_at=sent_at,
        rehearsal=campaign.rehearsing,
    )
    tasks.finish_about(session, ("letter", letter.id), by=by, now=now)


def in_the_way(session: Session, letter: Letter, *, now: dt.datetime) -> list[Sentence]:
    """Return why nobody may carry `letter` now, though the gate minds not that it is carried."""
    stops, waits = gate.reasons(session, letter, now=now)
    return [stop.words for stop in stops if not stop.by_hand] + [wait.words for wait in waits]


def _ask_gate(session: Session, letter: Letter, now: dt.datetime) -> None:
    if letter.channel not in BY_HAND:
        raise Refused(Sentence("This letter goes by e-mail: schedule it instead."))
    words = in_the_way(session, letter, now=now)
    if words:
        raise Refused(Sentence("This letter must not go as it stands."), words)


def _instant(campaign: Campaign, letter: Letter, on: dt.date, now: dt.datetime) -> dt.datetime:
    """Return the instant that stands for the day: now for today, else noon in the zone."""
    zone = ZoneInfo(campaign.timezone)
    today = campaign.day_of(now)
    if on > today:
        raise BadInput(Sentence("That day has not come yet."), field="on")
    approved = campaign.day_of(letter.approved_at) if letter.approved_at else today
    if on < approved:
        raise BadInput(
            Sentence("On that day the letter was not approved yet: what was posted?"), field="on"
        )
    return now if on == today else dt.datetime.combine(on, NOON, zone).astimezone(dt.UTC)
