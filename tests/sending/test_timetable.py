"""Windows, what stops a letter from getting one, and several at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts import audit
from outreach.directory.models import Target
from outreach.errors import BadInput, NotAllowed, Refused
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import gate, timetable
from tests import make
from tests.sending.conftest import EVERYBODY, sendable

HOUR = dt.timedelta(hours=1)


def test_a_letter_gets_its_window(session: Session, now: dt.datetime) -> None:
    letter = sendable(session, make.campaign(session))
    waits = timetable.schedule(
        session, letter, send_after=now + HOUR, because="their morning", by=EVERYBODY, now=now
    )
    assert waits == ()
    assert letter.state is State.SCHEDULED
    assert letter.send_after == now + HOUR
    assert letter.send_before == now + HOUR + dt.timedelta(hours=24)
    assert letter.send_because == "their morning"


def test_a_start_in_the_past_means_now(now: dt.datetime) -> None:
    assert timetable.window(now - HOUR, now + HOUR, now=now) == (now, now + HOUR)


@pytest.mark.parametrize(
    ("begins", "ends", "field"),
    [
        (-2, -1, "send_before"),
        (3, 2, "send_before"),
        (2, 2, "send_before"),
        (9700, None, "send_after"),
    ],
)
def test_windows_that_make_no_sense(
    now: dt.datetime, begins: int, ends: int | None, field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        timetable.window(
            now + begins * HOUR, now + ends * HOUR if ends is not None else None, now=now
        )
    assert caught.value.field == field


def test_what_stops_a_letter_refuses_its_window(session: Session, now: dt.datetime) -> None:
    letter = sendable(session, make.campaign(session), channel=None, address="")
    with pytest.raises(Refused) as caught:
        timetable.schedule(session, letter, send_after=now, by=EVERYBODY, now=now)
    assert [str(reason) for reason in caught.value.reasons] == ["We know no address for this desk."]
    assert letter.state is State.APPROVED


def test_what_only_waits_is_said_and_scheduled(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session, paused_at=now, paused_by="Sam")
    letter = sendable(session, campaign)
    (wait,) = timetable.schedule(session, letter, send_after=now, by=EVERYBODY, now=now)
    assert "paused by Sam" in str(wait.words)
    assert letter.state is State.SCHEDULED


def test_only_an_approver_schedules(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    letter = sendable(session, campaign)
    with pytest.raises(NotAllowed):
        timetable.schedule(session, letter, send_after=now, by=make.sam(session, campaign), now=now)


def test_another_window_needs_a_reason(session: Session, now: dt.datetime) -> None:
    letter = sendable(session, make.campaign(session), state=State.SCHEDULED)
    with pytest.raises(BadInput):
        timetable.move_window(
            session, letter, send_after=now + HOUR, because=" ", by=EVERYBODY, now=now
        )
    timetable.move_window(
        session, letter, send_after=now + HOUR, because="a holiday", by=EVERYBODY, now=now
    )
    assert (letter.state, letter.send_after) == (State.SCHEDULED, now + HOUR)
    assert audit.history(session, "letter", letter.id)[-1].detail == {"reason": "a holiday"}


def test_the_gate_is_asked_of_all_at_once(
    session: Session, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make.campaign(session)
    asked: list[int] = []
    real = gate.reasons_of_many

    def reasons_of_many(session: Session, letters: Any, *, now: dt.datetime) -> Any:
        asked.append(len(letters))
        return real(session, letters, now=now)

    monkeypatch.setattr(gate, "reasons_of_many", reasons_of_many)
    for schedule in (timetable.schedule_many, timetable.schedule_at_good_hours):
        ids = [sendable(session, campaign).id for _ in range(3)]
        there = joinedload(Letter.target).joinedload(Target.jurisdiction)
        letters = session.scalars(
            sa.select(Letter)
            .where(Letter.id.in_(ids))
            .options(there)
            .execution_options(populate_existing=True)
        ).all()
        result = schedule(session, letters, send_after=now, by=EVERYBODY, now=now)
        assert len(result.letters) == 3
    assert asked == [3, 3]


def test_one_that_can_not_go_does_not_stop_the_others(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    good = [sendable(session, campaign) for _ in range(2)]
    nowhere = sendable(session, campaign, channel=None, address="")
    missed = sendable(session, campaign, state=State.MISSED)
    draft = make.letter(session, campaign)
    result = timetable.schedule_many(
        session, [good[0], nowhere, good[1], draft, missed], send_after=now, by=EVERYBODY, now=now
    )
    assert result.letters == [*good, missed]
    assert [letter.id for letter, _ in result.refused] == [nowhere.id, draft.id]
    assert all(reasons for _, reasons in result.refused)
