"""What becomes of a person after a letter to them was approved; on both databases."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory import joining
from outreach.directory.models import ContactDetail, Membership, Person, Target
from outreach.letters.models import Letter
from outreach.sending import gate
from tests import make
from tests.directory.syncing.lists import SAM
from tests.sending.conftest import sendable


@pytest.fixture
def letter(session: Session, now: dt.datetime) -> Letter:
    letter = sendable(session, make.campaign(session))
    assert said(session, letter, now) == ([], [])
    return letter


def said(session: Session, letter: Letter, now: dt.datetime) -> tuple[list[str], list[str]]:
    session.flush()
    session.expire_all()
    stops, waits = gate.reasons(session, letter, now=now)
    return [str(one.words) for one in stops], [str(one.words) for one in waits]


@pytest.mark.parametrize("day", ["2026-01-01", "2026"])
def test_nobody_writes_to_the_dead(session: Session, letter: Letter, now, day: str) -> None:
    session.execute(sa.update(Person).values(death_date=day))
    (stop,), _ = said(session, letter, now)
    assert f"has died ({day})" in stop


def test_who_takes_the_post_later_is_written_to_later(session: Session, letter: Letter, now):
    session.execute(sa.update(Membership).values(start_on=now.date() + dt.timedelta(days=1)))
    stops, (wait,) = said(session, letter, now)
    assert stops == [] and "yet" in wait
    session.execute(sa.update(Membership).values(start_on=now.date()))
    assert said(session, letter, now) == ([], [])


def test_nobody_is_written_to_at_home(session: Session, letter: Letter, now: Any) -> None:
    session.execute(sa.update(ContactDetail).values(purpose="personal"))
    (stop,), _ = said(session, letter, now)
    assert "at home" in stop


@pytest.mark.parametrize("along", [True, False])
def test_who_is_split_off_after_the_approval(session: Session, letter: Letter, now, along) -> None:
    held = session.get_one(Target, letter.target_id).membership_id
    person = session.get_one(Person, session.get_one(Membership, held).person_id)
    other = make.organization(session)
    role = session.get_one(Membership, held).role
    session.add(Membership(person_id=person.id, organization_id=other.id, role=role))
    session.flush()
    details = session.scalars(sa.select(ContactDetail.id)).all() if along else []
    joining.split_off(
        session, person, name="Somebody Else", seats=[held or 0], details=details, by=SAM, now=now
    )
    (stop,), _ = said(session, letter, now)
    assert ("Nobody has checked" if along else "no longer the one we know") in stop
