"""The second reader of a roll call: an organiser compares the whole list with the record, once.

The official record is the proof of every vote in it, so what can go wrong is the copy. The votes
count from the moment they are entered, marked as read by one, like every answer that two must read.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import signing
from outreach.accounts import audit, tasks
from outreach.accounts.models import Actor, Campaign, Event, TaskKind
from outreach.accounts.roles import ORGANISERS
from outreach.database import hold
from outreach.errors import NotAllowed, Refused
from outreach.replies.models import RollCall, RollCallVote
from outreach.sending.desks import after_working_days
from outreach.words import Sentence

SUBJECT = "roll_call"
LEFT_OUT = "left_out"
# Events of a roll call that made its list what it is.
CHANGES = ("entered", "put_right", LEFT_OUT)


def waits(roll: RollCall, campaign: Campaign) -> bool:
    """Return whether a roll call is still to be compared with its record by a second person."""
    return campaign.second_reader and roll.undone_at is None and roll.confirmed_at is None


def ask_again(session: Session, roll: RollCall, *, by: Actor, now: dt.datetime) -> None:
    """Note that the list is new or was changed: whoever confirmed it confirmed another one."""
    hold(session, roll)
    roll.confirmed_at, roll.confirmed_by = None, None
    session.flush()
    campaign = session.get_one(Campaign, roll.campaign_id)
    if not waits(roll, campaign) or tasks.open_about(session, (SUBJECT, roll.id)):
        return
    tasks.open_task(
        session,
        campaign_id=roll.campaign_id,
        kind=TaskKind.READ_REPLY,
        subject=(SUBJECT, roll.id),
        title=str(Sentence("Compare the roll call “%(title)s” with its record", title=roll.title)),
        due_on=after_working_days(campaign.day_of(now), 2),
        rehearsal=roll.rehearsal,
        now=now,
        by=by,
    )


def why_not(session: Session, roll: RollCall, by: Actor) -> Sentence | None:
    """Return why `by` can't confirm a roll call; None when they can."""
    if by.role not in ORGANISERS:
        return Sentence("An organiser compares it with the record.")
    changes = [event for event in audit.history(session, SUBJECT, roll.id) if event.name in CHANGES]
    if by.user_id in (roll.by_id, *(event.user_id for event in changes)):
        return Sentence("You entered or changed it; another organiser compares it with the record.")
    return None


def fingerprint(session: Session, roll: RollCall) -> str:
    """Return what `confirm` wants to see again: the hash of the list that was shown."""
    row = RollCallVote
    wanted = sa.select(row.id, row.vote, row.target_id).where(row.roll_call_id == roll.id)
    rows = session.execute(wanted.order_by(row.id))
    votes = [[number, vote.value, who] for number, vote, who in rows]
    return signing.seal({"votes": votes, LEFT_OUT: sorted(left_out(session, roll))})


def left_out(session: Session, roll: RollCall) -> dict[int, Event]:
    """Return {name's id: who left it out, when} of the names that are none of a member."""
    events = audit.history(session, SUBJECT, roll.id)
    return {event.detail["name"]: event for event in events if event.name == LEFT_OUT}


def confirm(session: Session, roll: RollCall, *, seen: str, by: Actor, now: dt.datetime) -> None:
    """Say that the whole list stands in the record as it was shown, with the `fingerprint` `seen`.

    Raises NotAllowed for all but an organiser who had no part in the list, Refused where
    nothing is to be confirmed or the list was changed meanwhile.
    """
    hold(session, roll)
    problem = why_not(session, roll, by)
    if problem is not None:
        raise NotAllowed(problem)
    if roll.undone_at is not None or roll.confirmed_at is not None:
        raise Refused(Sentence("This roll call is not to be confirmed: look at it again."))
    if seen != fingerprint(session, roll):
        raise Refused(Sentence("Somebody changed the list meanwhile. Compare it again."))
    roll.confirmed_at, roll.confirmed_by = now, by.name
    session.flush()
    tasks.finish_about(session, (SUBJECT, roll.id), by=by, now=now)
    audit.record(
        session,
        subject=(SUBJECT, roll.id),
        name="confirmed",
        by=by,
        now=now,
        campaign_id=roll.campaign_id,
    )
