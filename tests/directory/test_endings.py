"""What belongs to a body ends with it; what was entered by mistake is taken back."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor
from outreach.directory import endings, offices
from outreach.directory.models import (
    Membership,
    Organization,
    OrganizationKind,
    Target,
    TargetRole,
)
from outreach.directory.shelf_life import Ending
from outreach.errors import BadInput, NotFound, Refused
from tests import make
from tests.conftest import NOW

OLGA = Actor("Olga", user_id=2)
TODAY = NOW.date()
PARTS = {
    "committee": OrganizationKind.COMMITTEE,
    "group": OrganizationKind.GROUP,
    "party": OrganizationKind.PARTY,
    "ministry": OrganizationKind.MINISTRY,
}


@pytest.fixture
def chamber(session: Session) -> dict[str, Target]:
    """A member of a chamber, and of each kind of body that hangs on it; all checked yesterday."""
    body = make.organization(session)
    found = {"chamber": _member(session, body)}
    for name, kind in PARTS.items():
        part = make.organization(session, parent_id=body.id, kind=kind)
        found[name] = _member(session, part)
    return found


def _member(session: Session, body: Organization, role: TargetRole = TargetRole.MEMBER) -> Target:
    person = make.person(session)
    make.contact(session, person, verified_on=TODAY - dt.timedelta(days=1))
    target = make.target(session, person=person, body=body, role=role, address=None)
    offices.settle_target(session, target)
    return target


def body_of(session: Session, target: Target) -> Organization:
    return session.get_one(Organization, target.body_id)


def test_a_dissolution_ends_the_seats_of_house_committees_and_groups(
    session: Session, chamber: dict[str, Target]
) -> None:
    body = body_of(session, chamber["chamber"])
    gone = Membership(
        person_id=make.person(session).id,
        organization_id=body.id,
        role=TargetRole.MEMBER,
        end_on=TODAY - dt.timedelta(days=400),
        end_reason="resigned",
    )
    session.add(gone)
    session.flush()
    plan = endings.plan(session, body, kind=Ending.DISSOLUTION, on=TODAY)
    assert (len(plan.seats), plan.person_addresses, plan.post_addresses) == (3, 3, 0)
    event = endings.end(session, plan, by=OLGA, now=NOW)
    assert {name for name, target in chamber.items() if target.ended_on == TODAY} == {
        "chamber",
        "committee",
        "group",
    }
    until = chamber["chamber"].verified_until
    assert until is not None and until < TODAY
    assert gone.end_reason == "resigned"
    held = session.get_one(Membership, chamber["group"].membership_id)
    assert held.end_reason == "dissolution"
    # Somebody who left on another day since stays gone when it is taken back.
    held.end_on = TODAY - dt.timedelta(days=1)
    assert endings.undo(session, event, by=OLGA, now=NOW) == 2
    assert chamber["chamber"].ended_on is None
    assert chamber["chamber"].verified_until is not None
    assert chamber["chamber"].verified_until > TODAY
    assert [undone for _event, undone in endings.endings_of(session, body)] == [True]
    with pytest.raises(Refused):
        endings.undo(session, event, by=OLGA, now=NOW)
    with pytest.raises(NotFound):
        endings.ending_by_id(session, body, event.id + 100)


def test_a_body_gone_for_good_is_written_to_no_more(session: Session) -> None:
    body = make.organization(session, kind=OrganizationKind.AUTHORITY)
    make.contact(session, body)
    target = offices.add_target(session, organization=body)
    nothing = endings.plan(session, body, kind=Ending.MERGER, on=TODAY)
    with pytest.raises(BadInput):
        endings.end(session, nothing, by=OLGA, now=NOW)
    plan = endings.plan(session, body, kind=Ending.MERGER, on=TODAY, gone=True)
    event = endings.end(session, plan, by=OLGA, now=NOW)
    assert (body.ended_on, target.ended_on) == (TODAY, TODAY)
    endings.undo(session, event, by=OLGA, now=NOW)
    assert (body.ended_on, target.ended_on) == (None, None)


def test_a_reshuffle_takes_the_ministers_who_leave(session: Session) -> None:
    government = make.organization(session, kind=OrganizationKind.GOVERNMENT)
    ministry = make.organization(session, kind=OrganizationKind.MINISTRY, parent_id=government.id)
    president = _member(session, government, TargetRole.HEAD_OF_STATE)
    leaving = _member(session, ministry, TargetRole.MINISTER)
    staying = _member(session, ministry, TargetRole.MINISTER)
    every = endings.plan(session, government, kind=Ending.RESHUFFLE, on=TODAY)
    assert len(every.seats) == 2
    plan = endings.plan(
        session,
        government,
        kind=Ending.RESHUFFLE,
        on=TODAY,
        leaving=[leaving.membership_id or 0],
    )
    endings.end(session, plan, by=OLGA, now=NOW)
    assert [t.ended_on for t in (president, leaving, staying)] == [None, TODAY, None]
