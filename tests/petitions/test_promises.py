"""Promises, and the task for the day they are due."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Campaign, Task, TaskKind
from outreach.errors import BadInput, MoveRefused
from outreach.petitions import promises
from outreach.petitions.models import Promise, PromiseState
from tests import make
from tests.conftest import NOW

DUE = dt.date(2026, 5, 15)


def promise(session: Session, campaign: Campaign, **values: Any) -> Promise:
    values = {
        "text": "To table a question",
        "due_on": DUE,
        "source": ("reply", 1),
        "rehearsal": False,
        "by": make.vera(session, campaign),
        "now": NOW,
    } | values
    return promises.record_promise(
        session,
        campaign_id=campaign.id,
        target_id=make.target(session).id,
        ask_id=make.ask(session, campaign).id,
        **values,
    )


def test_a_promise_is_a_task_on_its_day(session: Session) -> None:
    campaign = make.campaign(session)
    made = promise(session, campaign)

    task = session.scalars(sa.select(Task)).one()
    assert (task.kind, task.subject_id, task.title, task.due_on) == (
        TaskKind.KEEP_PROMISE,
        made.id,
        "To table a question",
        DUE,
    )


def test_due_means_today_or_earlier_open_and_not_rehearsed(session: Session) -> None:
    campaign = make.campaign(session)
    due = promise(session, campaign)
    promise(session, campaign, due_on=DUE + dt.timedelta(days=1))
    promise(session, campaign, rehearsal=True)
    kept = promise(session, campaign)
    promises.settle(session, kept, state=PromiseState.KEPT, by=make.sam(session, campaign), now=NOW)

    def found(today: dt.date) -> list[Promise]:
        due_by = promises.open_promises(campaign.id, rehearsal=False, until=today)
        return list(session.scalars(due_by))

    assert found(DUE) == [due]
    assert found(DUE - dt.timedelta(days=1)) == []


def test_settling_finishes_the_task_and_happens_once(session: Session) -> None:
    campaign = make.campaign(session)
    made = promise(session, campaign)
    sam = make.sam(session, campaign)

    promises.settle(session, made, state=PromiseState.BROKEN, by=sam, now=NOW)

    assert session.scalars(sa.select(Task.done_by)).all() == ["Sam"]
    assert [event.to_state for event in audit.history(session, "promise", made.id)] == [
        "open",
        "broken",
    ]
    with pytest.raises(MoveRefused, match="settled already"):
        promises.settle(session, made, state=PromiseState.KEPT, by=sam, now=NOW)
    with pytest.raises(BadInput):
        promises.settle(session, made, state=PromiseState.OPEN, by=sam, now=NOW)


def test_a_promise_without_words_is_refused(session: Session) -> None:
    with pytest.raises(BadInput) as refused:
        promise(session, make.campaign(session), text="  ")

    assert refused.value.field == "promise"
