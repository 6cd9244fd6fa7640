"""People corrected by hand, with what stood before kept; locks that imports heed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Event
from outreach.directory import locks, offices, people
from outreach.directory.models import FormOfAddress, Membership, Person, Target, TargetRole
from outreach.errors import BadInput
from tests import make
from tests.conftest import NOW

SAM = Actor("Sam")


def seated(session: Session, name: str) -> tuple[Person, Target]:
    target = make.target(session, name=name)
    offices.settle_target(session, target)
    return session.get_one(
        Person, session.get_one(Membership, target.membership_id).person_id
    ), target


def events(session: Session, person: Person) -> list[Event]:
    query = sa.select(Event).where(Event.subject_kind == "person", Event.subject_id == person.id)
    return list(session.scalars(query.order_by(Event.id)))


def test_a_change_is_found_in_lists_and_kept_in_history(session: Session) -> None:
    person, target = seated(session, "Olena Sherbak")
    wanted = {"name": "Olena Shcherbak", "names": {"uk": "Олена Щербак"}, "reading_language": "uk"}
    assert people.change_person(session, person, wanted, by=SAM, now=NOW) == [
        "name",
        "names",
        "reading_language",
    ]
    assert (target.name, target.language) == ("Olena Shcherbak", "uk")
    assert "олена щербак" in target.search_key
    (event,) = events(session, person)
    assert event.detail["fields"]["name"] == ["Olena Sherbak", "Olena Shcherbak"]
    assert people.change_person(session, person, wanted, by=SAM, now=NOW) == []
    assert len(events(session, person)) == 1


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"name": " "}, "name"),
        ({"form_of_address": FormOfAddress.F}, "basis"),
        ({"reading_language": "german"}, "reads"),
        ({"names": {"not a code": "x"}}, "names"),
    ],
)
def test_what_can_not_be_used_names_its_field(
    session: Session, wanted: dict[str, object], field: str
) -> None:
    person, _target = seated(session, "Jana Muster")
    with pytest.raises(BadInput) as caught:
        people.change_person(session, person, wanted, by=SAM, now=NOW)
    assert caught.value.field == field


def test_somebody_we_have_gets_a_second_seat_once(session: Session) -> None:
    person, first = seated(session, "Jana Muster")
    body = make.organization(session)
    role = TargetRole.COMMITTEE_CHAIR
    second = people.seat(session, person, body, role=role, by=SAM, now=NOW)
    again = people.seat(session, person, body, role=role, by=SAM, now=NOW)
    assert second.id == again.id != first.id
    assert (second.name, second.role) == ("Jana Muster", TargetRole.COMMITTEE_CHAIR)


def test_locks_are_put_on_and_taken_off(session: Session) -> None:
    person, _target = seated(session, "Jana Muster")
    locks.set_locks(session, person, ["name", "honorific"], by=SAM, now=NOW)
    locks.lock(session, person, "contact:7", by=SAM, now=NOW)
    assert locks.locked(session, person.id) == {"name", "honorific", "contact:7"}
    locks.set_locks(session, person, ["name"], by=SAM, now=NOW)
    assert locks.locked(session, person.id) == {"name", "contact:7"}
    told = [(event.name, event.detail["field"]) for event in events(session, person)]
    assert told == [
        ("locked", "name"),
        ("locked", "honorific"),
        ("locked", "contact:7"),
        ("unlocked", "honorific"),
    ]
    with pytest.raises(BadInput):
        locks.lock(session, person, "search_key", by=SAM, now=NOW)
