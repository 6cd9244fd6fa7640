"""What ends or changes on the left holds the letters that wait for their minute."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.accounts.models import Campaign
from outreach.directory.models import ContactDetail, Membership, Organization, Target
from outreach.errors import MoveRefused
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Quotation
from outreach.petitions.models import Fact, FactState
from outreach.sending import consequences, gate
from outreach.words import Sentence
from tests import make
from tests.sending.conftest import FakePostman, Watch, sendable

YESTERDAY = make.NOW.date() - dt.timedelta(days=1)


def dissolved(session: Session, letter: Letter) -> None:
    body = session.get_one(Target, letter.target_id).body_id
    session.get_one(Organization, body).ended_on = YESTERDAY


def gone(session: Session, letter: Letter) -> None:
    held = session.get_one(Target, letter.target_id).membership_id
    session.get_one(Membership, held).end_on = YESTERDAY


def withdrawn(session: Session, letter: Letter) -> None:
    session.scalars(sa.select(Fact)).one().state = FactState.WITHDRAWN


def bad(session: Session, letter: Letter) -> None:
    detail = session.scalars(
        sa.select(ContactDetail).where(ContactDetail.value == letter.address)
    ).one()
    detail.value = detail.normalised = "another@office.example"


@pytest.fixture
def letters(database, now) -> tuple[int, int]:
    """(one that quotes a fact, another), scheduled for tomorrow in a rehearsal; their ids."""
    with database.writing() as session:
        campaign = make.campaign(session)
        fact = make.fact(session, campaign)
        quote = Quotation(fact_id=fact.id, fact_version=fact.version, text=fact.statement)
        window = {
            "state": State.SCHEDULED,
            "send_after": now + dt.timedelta(days=1),
            "send_before": now + dt.timedelta(days=1, hours=2),
        }
        one = sendable(session, campaign, quotes=[quote], **window)
        other = sendable(session, campaign, **window)
        assert gate.reasons(session, one, now=now)[0] == ()
        return one.id, other.id


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dissolved, "no longer holds this post"),
        (gone, "no longer holds this post"),
        (withdrawn, "withdrawn"),
        (bad, "no longer the one we know"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_next_tick_holds_it_long_before_its_minute(
    database, letters, now, change: Callable[[Session, Letter], None], words: str
) -> None:
    postman = FakePostman()
    clock.tick(database, postman, now=Watch(now), worker="a")
    with database.writing() as session:
        first = session.get_one(Letter, letters[0])
        assert first.state is State.SCHEDULED
        change(session, first)
    clock.tick(database, postman, now=Watch(now), worker="a")
    with database.reading() as session:
        one, other = (session.get_one(Letter, number) for number in letters)
        assert (one.state, other.state) == (State.HELD, State.SCHEDULED)
        assert words in one.reason
    assert postman.taken == []


def test_all_reasons_stand_in_the_hold_at_once(database, letters, now) -> None:
    with database.writing() as session:
        one = session.get_one(Letter, letters[0])
        withdrawn(session, one)
        bad(session, one)
    assert consequences.hold_stopped(database, now=now) == 1
    assert consequences.hold_stopped(database, now=now) == 0
    with database.reading() as session:
        reason = session.get_one(Letter, letters[0]).reason
    assert "withdrawn" in reason and "no longer the one we know" in reason


def test_one_that_refuses_to_be_held_stops_no_other(database, letters, now, monkeypatch) -> None:
    with database.writing() as session:
        for letter_id in letters:
            bad(session, session.get_one(Letter, letter_id))
    real = moving.make

    def make(session, letter, *args, **values):
        if letter.id == letters[0]:
            raise MoveRefused(Sentence("Somebody was first."))
        real(session, letter, *args, **values)

    monkeypatch.setattr(moving, "make", make)
    assert consequences.hold_stopped(database, now=now) == 1
    with database.reading() as session:
        states = [session.get_one(Letter, one).state for one in letters]
    assert states == [State.SCHEDULED, State.HELD]


def test_what_only_waits_is_left_alone(database, letters, now) -> None:
    with database.writing() as session:
        campaign = session.scalars(sa.select(Campaign)).one()
        campaign.paused_at, campaign.paused_by = now, "Olga"
    assert consequences.hold_stopped(database, now=now) == 0
