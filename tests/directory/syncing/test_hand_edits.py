"""Twenty edits and five locks against an election: what people did by hand is still there."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from outreach.directory import verification
from outreach.directory.identity import FieldLock
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    Membership,
    Office,
    Person,
    Target,
)
from tests.conftest import NOW
from tests.directory.syncing.lists import DAY, SAM, email, imported, member
from tests.directory.syncing.test_applying import the_list

LATER = DAY + dt.timedelta(days=1)
NAMED, MOVED, LOCKED = range(10), range(10, 20), range(20, 25)


def person(session, n: int) -> Person:
    """The person of that number, whatever they are called now."""
    return session.scalars(
        sa.select(Person)
        .join(ContactDetail, ContactDetail.person_id == Person.id)
        .where(ContactDetail.normalised == f"{n}@chamber.example")
    ).one()


def edit(session) -> None:
    for n in (*NAMED, *LOCKED):
        found = person(session, n)
        found.name = f"By hand {n}"
        if n in LOCKED:
            session.add(FieldLock(person_id=found.id, field="name", by="Sam", at=NOW))
    for n in MOVED:
        found = person(session, n)
        old = session.scalars(sa.select(ContactDetail).filter_by(person_id=found.id)).one()
        verification.withdraw(session, old, reason="moved", by=SAM, now=NOW)
        verification.add_contact(
            session,
            found,
            kind=ContactKind.EMAIL,
            value=f"hand{n}@chamber.example",
            source="a call",
            by=SAM,
            now=NOW,
        )


def test_what_people_did_by_hand_survives_an_election(database):
    imported(database, the_list(*(member(str(n)) for n in range(60))))
    with database.writing() as session:
        edit(session)
    # Half the house is new, everybody else has another name and another address.
    after = [
        member(
            str(n),
            f"Renamed {n}" if n < 30 else None,
            contacts=[email(f"{n}@chamber.example"), email(f"second{n}@chamber.example")],
        )
        for n in (*range(30), *range(60, 90))
    ]
    report = imported(database, the_list(*after), as_of=LATER)
    assert report["people"] == {
        "added": 30, "changed": 30, "refreshed": 0, "ended": 30, "unchanged": 0,
    }  # fmt: skip
    # Ten names were changed on both sides; a lock needs no decision.
    assert report["conflicts"] == len(NAMED)
    with database.reading() as session:
        assert {person(session, n).name for n in (*NAMED, *LOCKED)} == {
            f"By hand {n}" for n in (*NAMED, *LOCKED)
        }
        for n in MOVED:
            found = person(session, n)
            assert found.name == f"Renamed {n}"
            key = session.scalars(
                sa.select(Office.key)
                .join(Target, Target.office_id == Office.id)
                .join(Membership, Membership.id == Target.membership_id)
                .where(Membership.person_id == found.id)
            ).one()
            old = session.scalars(
                sa.select(ContactDetail).filter_by(normalised=f"{n}@chamber.example")
            ).one()
            assert old.state is ContactState.WITHDRAWN
            # Between the hand's address and the list's second one, the hand's was there first.
            assert key == f"email:hand{n}@chamber.example"
