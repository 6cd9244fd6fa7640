"""A whole list is checked after a sample that the tool picks, and only if all of it matches."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Event
from outreach.directory import offices
from outreach.directory.models import ContactDetail, ContactState, Organization, Source, Target
from outreach.directory.official_lists import SAMPLE, Listed, sample, sources_with_addresses
from outreach.directory.official_lists import verify_list as verify
from outreach.errors import BadInput, Refused
from tests import make
from tests.conftest import NOW

SAM = Actor("Sam", user_id=3)
TODAY = NOW.date()
PAGE = "https://house.example/members"
UNCHECKED = {"verified_on": None, "verified_by": None}


@pytest.fixture
def house(session: Session) -> Organization:
    """A chamber of 14 from one source: 10 to check, and 4 that must be looked at one by one."""
    source = Source(slug="house", name="The house's own list", mapping={})
    session.add(source)
    session.flush()
    body = make.organization(session)
    apart: list[dict[str, Any]] = [
        {"personal": True},
        {"state": ContactState.BOUNCING},
        {"unseen_since": TODAY},
        {"source_id": None},
    ]
    targets = []
    for number in range(14):
        person = make.person(session)
        targets.append(make.target(session, person=person, body=body, address=None).id)
        values = apart[number] if number < len(apart) else {}
        make.contact(session, person, **{"source_id": source.id} | UNCHECKED | values)
    offices.settle_target(session, targets)
    return body


def listed(session: Session) -> Listed:
    return Listed(source_id=session.scalars(sa.select(Source.id)).one())


def test_all_addresses_of_a_list_after_its_sample(session: Session, house: Organization) -> None:
    wanted = listed(session)
    picked = sample(session, wanted, by=SAM, today=TODAY)
    assert (picked.total, len(picked.entries)) == (10, SAMPLE)
    assert sources_with_addresses(session)[0][1] == 10
    done = verify(session, wanted, url=PAGE, on=TODAY, matching=picked.ids, by=SAM, now=NOW)
    assert done == 10
    checked = session.scalars(
        sa.select(ContactDetail).where(ContactDetail.verified_on == TODAY)
    ).all()
    assert {(d.verified_by, d.source_url, d.seen_on) for d in checked} == {("Sam", PAGE, TODAY)}
    assert len(checked) == 10
    until = session.scalars(sa.select(Target.verified_until)).all()
    assert sorted(map(str, until)) == ["2026-08-30"] * 10 + ["None"] * 4
    said = session.scalars(sa.select(Event).where(Event.name == "list_verified")).one()
    assert (said.subject_kind, said.detail["addresses"]) == ("source", 10)


def test_one_that_differs_checks_none(session: Session, house: Organization) -> None:
    wanted = Listed(body_id=house.id)
    picked = sample(session, wanted, by=SAM, today=TODAY)
    assert picked.total == 11
    # The same person gets the same sample again, and does not choose it.
    assert sample(session, wanted, by=SAM, today=TODAY).ids == picked.ids
    some = picked.ids - {min(picked.ids)}
    with pytest.raises(Refused):
        verify(session, wanted, url=PAGE, on=TODAY, matching=some, by=SAM, now=NOW)
    tomorrow = TODAY + dt.timedelta(days=1)
    for url, on in (("the list", TODAY), (PAGE, tomorrow)):
        with pytest.raises(BadInput):
            verify(session, wanted, url=url, on=on, matching=picked.ids, by=SAM, now=NOW)
    checked = ContactDetail.verified_on.is_not(None)
    assert session.scalar(sa.select(sa.func.count()).where(checked)) == 0
    with pytest.raises(Refused):
        verify(
            session,
            Listed(jurisdiction="YY"),
            url=PAGE,
            on=TODAY,
            matching=[],
            by=SAM,
            now=NOW,
        )


def test_a_later_check_stays_and_the_queries_are_few(session: Session, house: Organization) -> None:
    first = session.scalars(
        sa.select(ContactDetail)
        .where(ContactDetail.source_id.is_not(None))
        .order_by(ContactDetail.id.desc())
    ).first()
    assert first is not None
    first.verified_on, first.verified_by = TODAY, "Ada"
    wanted, before = listed(session), TODAY - dt.timedelta(days=3)
    picked = sample(session, wanted, by=SAM, today=TODAY)
    statements: list[Any] = []

    def watch(*args: Any) -> None:
        statements.append(args[2])

    event.listen(session.get_bind(), "before_cursor_execute", watch)
    verify(session, wanted, url=PAGE, on=before, matching=picked.ids, by=SAM, now=NOW)
    event.remove(session.get_bind(), "before_cursor_execute", watch)
    assert len(statements) < 16
    assert (first.verified_on, first.verified_by) == (TODAY, "Ada")


def test_the_lock_is_held_for_as_many_statements_however_long_the_list(
    session: Session, house: Organization
) -> None:
    def asked() -> int:
        session.execute(sa.update(ContactDetail).values(UNCHECKED))
        session.execute(sa.update(Target).values(verified_until=None))
        session.expire_all()
        picked = sample(session, wanted, by=SAM, today=TODAY).ids
        told: list[bool] = []

        def note(_c: Any, _u: Any, _s: Any, _p: Any, _x: Any, executemany: bool) -> None:
            told.append(executemany)

        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        try:
            verify(session, wanted, url=PAGE, on=TODAY, matching=picked, by=SAM, now=NOW)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        assert not any(told), "rows are set together, not one by one"
        return len(told)

    wanted = listed(session)
    few = asked()
    targets = []
    for _ in range(60):
        person = make.person(session)
        targets.append(make.target(session, person=person, body=house, address=None).id)
        make.contact(session, person, source_id=wanted.source_id, **UNCHECKED)
    offices.settle_target(session, targets)
    assert asked() == few
    held = sa.select(sa.func.count()).where(Target.verified_until.is_not(None))
    assert session.scalar(held) == 70
