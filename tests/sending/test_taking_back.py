"""What was scheduled in one act comes off the schedule in one act, and nothing else does."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import taking_back, timetable
from outreach.sending.taking_back import Act
from tests import make
from tests.sending.conftest import EVERYBODY, sendable


def scheduled_together(session: Session, letters: list[Letter], now: dt.datetime) -> Act:
    done = timetable.schedule_many(session, letters, send_after=now, by=EVERYBODY, now=now)
    act = taking_back.act_of(session, done.letters)
    assert act is not None
    return act


def test_an_act_is_taken_back_as_far_as_it_stands(session: Any, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    letters = [sendable(session, campaign) for _ in range(4)]
    letters += [sendable(session, campaign, state=State.MISSED)]
    other = sendable(session, campaign)
    act = scheduled_together(session, letters, now)
    later = now + dt.timedelta(minutes=1)
    again = scheduled_together(session, [other], later)
    assert taking_back.still_scheduled(session, campaign.id, act) == 5
    # One left, one was given another time, one was taken off and scheduled anew.
    letters[0].state, letters[0].sent_at = State.SENT, later
    who: dict[str, Any] = {"by": EVERYBODY, "now": later}
    timetable.move_window(session, letters[1], send_after=later, because="a holiday", **who)
    assert taking_back.take_back(session, campaign.id, Act(act.first, act.first + 2), **who) == 1
    scheduled_together(session, [letters[2]], later + dt.timedelta(minutes=1))
    assert taking_back.still_scheduled(session, campaign.id, act) == 2
    assert taking_back.take_back(session, campaign.id, act, **who) == 2
    states = [one.state.value for one in (*letters, other)]
    assert states == ["sent", *["scheduled"] * 2, *["approved"] * 2, "scheduled"]
    assert letters[3].send_after is None
    names = [event.name for event in audit.history(session, "letter", letters[4].id)]
    assert names == ["schedule", "unschedule"]
    assert taking_back.take_back(session, campaign.id, act, **who) == 0
    assert taking_back.still_scheduled(session, campaign.id, again) == 1


def test_nothing_of_another_campaign_or_of_no_act(session: Any, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    act = scheduled_together(session, [sendable(session, campaign)], now)
    assert taking_back.still_scheduled(session, make.campaign(session).id, act) == 0
    assert taking_back.still_scheduled(session, campaign.id, Act(10**9, 10**9 + 1)) == 0
    assert taking_back.act_of(session, []) is None
