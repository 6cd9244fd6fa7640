"""How long a check holds: by class, by the shortest that applies, and until an ending."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Event
from outreach.directory import offices, verification
from outreach.directory.free_mail import is_free_mail
from outreach.directory.models import (
    ContactKind,
    Membership,
    Person,
    Post,
    Target,
    TargetRole,
)
from outreach.directory.shelf_life import (
    DEFAULTS,
    AddressClass,
    Ending,
    shelf_for,
    verified_until,
)
from outreach.errors import BadInput
from tests import make
from tests.conftest import NOW

ADA = Actor("Ada")
TODAY = NOW.date()


@dataclass
class Way:
    verified_on: dt.date | None
    by_hand: bool = False


def days(count: int) -> dt.timedelta:
    return dt.timedelta(days=count)


def test_the_shortest_life_that_applies_counts() -> None:
    for owner, life in DEFAULTS.items():
        assert verified_until(Way(TODAY), owner, DEFAULTS) == TODAY + days(life)
    typed = Way(TODAY, by_hand=True)
    assert verified_until(typed, AddressClass.REGISTRY, DEFAULTS) == TODAY + days(180)
    assert verified_until(typed, AddressClass.MINISTER, DEFAULTS) == TODAY + days(90)
    assert verified_until(Way(None), AddressClass.MEMBER, DEFAULTS) is None


def test_a_check_made_before_an_ending_holds_until_the_day_before() -> None:
    ends = [TODAY - days(1), TODAY + days(9)]
    assert verified_until(Way(TODAY), AddressClass.MEMBER, DEFAULTS, ended_on=ends) == (
        TODAY + days(8)
    )
    later = Way(TODAY + days(9))
    assert verified_until(later, AddressClass.MEMBER, DEFAULTS, ended_on=ends) == (
        TODAY + days(189)
    )


def settled(session: Session, **values: object) -> Target:
    target = make.target(session, **values)
    offices.settle_target(session, target)
    return target


def test_a_minister_a_member_a_post_and_a_body(session: Session) -> None:
    member = settled(session)
    minister = settled(session, role=TargetRole.MINISTER)
    assert member.verified_until == TODAY + days(180)
    assert minister.verified_until == TODAY + days(90)
    # Somebody who sits in the house and in the government is a minister in both.
    person = make.person(session, "Ann Both")
    both = settled(session, person=person)
    make.target(session, person=person, role=TargetRole.MINISTER, address=None)
    offices.settle_target(session, both)
    assert both.verified_until == TODAY + days(90)
    held = session.get_one(Membership, member.membership_id)
    post = Post(
        organization_id=member.body_id,
        role=TargetRole.MEMBER_LOWER,
        label="Clerk",
        labels={},
        confidence="high",
    )
    session.add(post)
    session.flush()
    held.post_id = post.id
    detail = make.contact(session, post)
    assert shelf_for(session, [detail]).life(detail) == 90
    body = make.organization(session)
    make.contact(session, body)
    target = offices.add_target(session, organization=body)
    assert target.verified_until == TODAY + days(365)


def test_a_seat_in_government_that_ended_before_the_check_counts_no_more(session: Session) -> None:
    person = make.person(session)
    target = settled(session, person=person)
    past = make.target(session, person=person, role=TargetRole.MINISTER, address=None)
    session.get_one(Membership, past.membership_id).end_on = TODAY - days(1)
    offices.settle_target(session, target)
    assert target.verified_until == TODAY + days(180)


def test_half_of_the_life_warns(session: Session) -> None:
    person = make.person(session)
    make.target(session, person=person)
    detail = make.contact(session, person, verified_on=TODAY - days(100))
    shelf = shelf_for(session, [detail])
    assert shelf.soon(detail, TODAY) and shelf.holds(detail, TODAY)
    assert not shelf.soon(detail, TODAY - days(11))
    assert not shelf.holds(detail, TODAY + days(81))
    assert not shelf.soon(detail, TODAY + days(81))


def test_an_ending_takes_the_check_with_it(session: Session) -> None:
    target = settled(session)
    held = session.get_one(Membership, target.membership_id)
    held.end_on, held.end_reason = TODAY + days(9), Ending.DISSOLUTION
    offices.settle_days(session, [target.id])
    assert target.verified_until == TODAY + days(8)
    assert target.ended_on == TODAY + days(9)
    held.end_reason = "resigned"
    offices.settle_days(session, [target.id])
    assert target.verified_until == TODAY + days(180)


def test_an_admin_changes_the_days_for_everybody_at_once(session: Session) -> None:
    targets = [settled(session) for _ in range(3)]
    unchecked = settled(session, address=None)
    wanted = dict(DEFAULTS) | {AddressClass.MEMBER: 30}
    statements: list[str] = []

    def watch(*args: object) -> None:
        statements.append(str(args[2]))

    event.listen(session.get_bind(), "before_cursor_execute", watch)
    verification.change_lives(session, wanted, by=ADA, now=NOW)
    event.remove(session.get_bind(), "before_cursor_execute", watch)
    assert len(statements) < 15
    assert {target.verified_until for target in targets} == {TODAY + days(30)}
    assert unchecked.verified_until is None
    said = session.scalars(sa.select(Event).where(Event.name == "settings_changed")).one()
    assert said.detail == {"member": [180, 30]}
    verification.change_lives(session, wanted, by=ADA, now=NOW)
    assert session.scalar(sa.select(sa.func.count(Event.id))) == 1
    with pytest.raises(BadInput) as refused:
        verification.change_lives(session, wanted | {AddressClass.HAND: 0}, by=ADA, now=NOW)
    assert refused.value.field == "hand"


def test_a_delivery_renews_a_check_and_never_makes_one(session: Session) -> None:
    target = settled(session)
    (detail,) = offices.contacts_of(session, target)
    for on, until in ((TODAY - days(3), 180), (TODAY + days(5), 185)):
        verification.renew(session, detail, on)
        assert target.verified_until == TODAY + days(until)
    detail.verified_on = detail.verified_by = None
    verification.renew(session, detail, TODAY + days(9))
    assert detail.verified_on is None


def test_an_older_look_leaves_the_later_one(session: Session) -> None:
    target = settled(session)
    (detail,) = offices.contacts_of(session, target)
    verification.verify(
        session, detail, url="https://x.example/", by=ADA, now=NOW, on=TODAY - days(9)
    )
    assert (detail.verified_on, detail.verified_by) == (TODAY, "Sam")


def test_what_looks_private_is_the_last_choice_until_somebody_checks_it(session: Session) -> None:
    target = make.target(session, address=None)
    person = session.get_one(Person, session.scalar(sa.select(Membership.person_id)))
    add = {"kind": ContactKind.EMAIL, "source": "their page", "by": ADA, "now": NOW}
    private = verification.add_contact(session, person, value="ann@gmail.com", **add)
    assert private.personal and private.by_hand
    other = verification.add_contact(session, person, value="ann@house.example", **add)
    assert offices.best_of(offices.contacts_of(session, target)) is other
    verification.verify(session, private, url="https://house.example/ann", by=ADA, now=NOW)
    assert not private.personal
    assert offices.best_of(offices.contacts_of(session, target)) is private


@pytest.mark.parametrize(
    ("address", "free"),
    [
        ("ann@gmail.com", True),
        ("ann@YAHOO.co.uk", True),
        ("ann@wp.pl", True),
        ("ann@sejm.example", False),
        ("ann@mail.parliament.example", False),
        ("gmail", False),
    ],
)
def test_a_free_provider_is_known(address: str, free: bool) -> None:
    assert is_free_mail(address) is free
