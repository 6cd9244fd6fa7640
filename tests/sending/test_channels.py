"""Letters that a person carries."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import CLOCK, Campaign, Task, TaskKind
from outreach.database import Database
from outreach.directory.models import ContactDetail, ContactKind, Office
from outreach.errors import BadInput, NotAllowed, Refused
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import channels, timetable
from tests import make
from tests.sending.conftest import EVERYBODY, live, sendable

DAY = dt.timedelta(days=1)


def by_post(session: Session, campaign: Campaign, **values: object) -> Letter:
    place = "1 Parliament Square"
    target = make.target(session, address=place)
    session.execute(
        sa.update(ContactDetail)
        .where(ContactDetail.value == place)
        .values(kind=ContactKind.POSTAL, normalised=place.casefold())
    )
    session.expire_all()
    return sendable(
        session, campaign, target=target, address=place, channel=ContactKind.POSTAL, **values
    )


def test_posted_with_day_and_proof(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    vera = make.vera(session, campaign)
    letter = by_post(session, campaign, approved_at=now - 3 * DAY)
    task = channels.hand_over(session, letter, by=CLOCK, now=now)
    assert task is not None and task.kind is TaskKind.SEND_BY_HAND
    channels.post_by_hand(
        session, letter, on=now.date() - DAY, proof="receipt 12", by=vera, now=now
    )
    assert (letter.state, letter.rehearsal) == (State.SENT, True)
    assert letter.sent_at == dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    session.refresh(task)
    assert task.done_by == "Vera"


def test_posted_today_is_posted_now(session: Session, now: dt.datetime) -> None:
    letter = by_post(session, live(session))
    channels.post_by_hand(session, letter, on=now.date(), proof="x", by=EVERYBODY, now=now)
    assert (letter.sent_at, letter.rehearsal) == (now, False)
    session.expire_all()
    assert session.get_one(Office, letter.office_id).quiet_until == now + 7 * DAY


@pytest.mark.parametrize(
    ("days", "proof", "field"), [(1, "x", "on"), (-1, "x", "on"), (0, " ", "proof")]
)
def test_a_day_to_come_or_no_proof(
    session: Session, now: dt.datetime, days: int, proof: str, field: str
) -> None:
    letter = by_post(session, make.campaign(session))
    with pytest.raises(BadInput) as caught:
        channels.post_by_hand(
            session, letter, on=now.date() + days * DAY, proof=proof, by=EVERYBODY, now=now
        )
    assert caught.value.field == field


def test_the_gate_is_asked_again(session: Session, now: dt.datetime) -> None:
    letter = by_post(session, make.campaign(session))
    session.execute(sa.update(ContactDetail).values(verified_on=None, verified_by=None))
    session.expire_all()
    with pytest.raises(Refused) as caught:
        channels.post_by_hand(session, letter, on=now.date(), proof="x", by=EVERYBODY, now=now)
    assert [str(reason) for reason in caught.value.reasons] == ["Nobody has checked this address."]


def test_what_the_machine_sends_is_not_posted(session: Session, now: dt.datetime) -> None:
    letter = sendable(session, make.campaign(session))
    assert channels.hand_over(session, letter, by=CLOCK, now=now) is None
    with pytest.raises(Refused, match="by e-mail"):
        channels.post_by_hand(session, letter, on=now.date(), proof="x", by=EVERYBODY, now=now)


def test_what_goes_by_hand_is_not_scheduled(session: Session, now: dt.datetime) -> None:
    letter = by_post(session, make.campaign(session))
    with pytest.raises(Refused) as caught:
        timetable.schedule(session, letter, send_after=now, by=EVERYBODY, now=now)
    assert "print it, post it" in str(caught.value.reasons[0])


def test_the_clock_does_not_post(session: Session, now: dt.datetime) -> None:
    letter = by_post(session, make.campaign(session))
    with pytest.raises(NotAllowed):
        channels.post_by_hand(session, letter, on=now.date(), proof="x", by=CLOCK, now=now)


def test_every_approved_letter_by_hand_gets_one_task(database: Database, now: dt.datetime) -> None:
    with database.writing() as session:
        campaign = make.campaign(session)
        by_post(session, campaign)
        sendable(session, campaign)
        waiting = by_post(session, campaign, state=State.REVIEW)
    assert channels.open_tasks(database, now=now) == 1
    assert channels.open_tasks(database, now=now) == 0
    with database.writing() as session:
        moving.make(session, session.get_one(Letter, waiting.id), "approve", by=EVERYBODY, now=now)
    assert channels.open_tasks(database, now=now) == 1
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Task)) == 2
