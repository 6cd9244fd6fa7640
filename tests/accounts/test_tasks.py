"""Tasks: taken by one, seen by whom they concern, done once."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from sqlalchemy.orm import Session

from outreach.accounts import audit, tasks
from outreach.accounts.models import Actor, Campaign, Task, TaskKind
from outreach.database import Database
from outreach.errors import NotFound, Refused
from tests import make


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return make.campaign(session)


def opened(session: Session, campaign: Campaign, now: dt.datetime, **values: Any) -> Task:
    wanted: dict[str, Any] = {
        "campaign_id": campaign.id,
        "kind": TaskKind.LOG_ANSWER,
        "subject": ("letter", 7),
        "title": "Log an answer",
        "due_on": None,
        "rehearsal": True,
    } | values
    return tasks.open_task(session, now=now, by=Actor("clock"), **wanted)


def seen(session: Session, campaign: Campaign, actor: Actor, today: dt.date) -> list[int]:
    rows = tasks.tasks_for(session, campaign.id, actor=actor, today=today, rehearsal=True)
    return [task.id for task in rows]


def test_own_tasks_come_first_then_the_most_urgent(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    vera, sam, olga = (
        make.vera(session, campaign),
        make.sam(session, campaign),
        make.olga(session, campaign),
    )
    today = now.date()
    whenever = opened(session, campaign, now)
    late = opened(session, campaign, now, due_on=today + dt.timedelta(days=9))
    soon = opened(session, campaign, now, due_on=today)
    mine = opened(session, campaign, now)
    theirs = opened(session, campaign, now, due_on=today)
    tasks.take(session, mine, by=vera, now=now)
    tasks.take(session, theirs, by=sam, now=now)
    opened(session, campaign, now, rehearsal=False)
    opened(session, make.campaign(session), now)
    tasks.finish(session, opened(session, campaign, now), by=vera, now=now)

    assert seen(session, campaign, vera, today) == [mine.id, soon.id, late.id, whenever.id]
    assert set(seen(session, campaign, olga, today)) == {
        one.id for one in (mine, soon, late, whenever, theirs)
    }


def test_a_deferred_task_waits_out_of_sight(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    vera = make.vera(session, campaign)
    task = opened(session, campaign, now)
    tasks.take(session, task, by=vera, now=now)
    until = now.date() + dt.timedelta(days=3)
    tasks.defer(session, task, until, by=vera, now=now)

    assert seen(session, campaign, vera, now.date()) == []
    assert seen(session, campaign, vera, until) == [task.id]


def test_a_task_is_taken_given_back_and_done(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    vera, sam, olga = (
        make.vera(session, campaign),
        make.sam(session, campaign),
        make.olga(session, campaign),
    )
    task = opened(session, campaign, now)
    tasks.take(session, task, by=vera, now=now)
    tasks.take(session, task, by=vera, now=now)
    assert (task.owner_id, task.taken_at) == (vera.user_id, now)
    with pytest.raises(Refused):
        tasks.take(session, task, by=sam, now=now)
    with pytest.raises(Refused):
        tasks.release(session, task, by=sam, now=now)
    with pytest.raises(Refused):
        tasks.defer(session, task, now.date(), by=sam, now=now)

    tasks.release(session, task, by=olga, now=now)
    assert task.owner_id is None
    tasks.take(session, task, by=sam, now=now)
    tasks.finish(session, task, by=sam, now=now)
    tasks.finish(session, task, by=vera, now=now)

    assert (task.done_at, task.done_by) == (now, "Sam")
    with pytest.raises(Refused):
        tasks.take(session, task, by=vera, now=now)
    names = [event.name for event in audit.history(session, "task", task.id)]
    assert names == ["opened", "taken", "released", "taken", "done"]


def test_all_about_one_thing_end_together(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    vera = make.vera(session, campaign)
    for _ in range(2):
        opened(session, campaign, now)
    other = opened(session, campaign, now, subject=("reply", 7))

    assert tasks.finish_about(session, ("letter", 7), by=vera, now=now) == 2
    assert tasks.finish_about(session, ("letter", 7), by=vera, now=now) == 0
    assert seen(session, campaign, vera, now.date()) == [other.id]


def test_a_task_of_another_campaign_is_not_found(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    task = opened(session, campaign, now)

    assert tasks.task_by_id(session, campaign.id, task.id) is task
    with pytest.raises(NotFound):
        tasks.task_by_id(session, make.campaign(session).id, task.id)


def test_two_who_take_one_task_at_once(database: Database, now: dt.datetime) -> None:
    with database.writing() as session:
        campaign = make.campaign(session)
        both = [make.vera(session, campaign), make.sam(session, campaign)]
        task_id = opened(session, campaign, now).id
    together = threading.Barrier(2)
    outcomes: list[str] = []

    def take(by: Actor) -> None:
        try:
            together.wait()
            with database.writing() as session:
                tasks.take(session, session.get_one(Task, task_id), by=by, now=now)
            outcomes.append("mine")
        except Refused:
            outcomes.append("refused")

    threads = [threading.Thread(target=take, args=(one,)) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["mine", "refused"]
