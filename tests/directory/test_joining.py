"""Two rows of one person become one and two again; one row of two people is split."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Event
from outreach.directory import duplicates, joining, offices
from outreach.directory.identity import Identifier
from outreach.directory.models import (
    ContactDetail,
    FormOfAddress,
    Membership,
    Organization,
    Person,
    Source,
    Target,
)
from outreach.directory.syncing.models import ImportRun, RunState, SourceRecord
from outreach.errors import BadInput, Refused
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from tests import make
from tests.conftest import NOW

SAM = Actor("Sam")
YESTERDAY = NOW.date() - dt.timedelta(days=1)


@pytest.fixture
def body(session: Session) -> Organization:
    return make.organization(session)


def seated(session: Session, body: Organization, name: str, **values: object) -> Target:
    person = make.person(session, name, **values.pop("columns", {}))  # type: ignore[arg-type]
    target = make.target(session, person=person, body=body, **values)
    offices.settle_target(session, target)
    return target


def holder(session: Session, target: Target) -> Person:
    return session.get_one(Person, session.get_one(Membership, target.membership_id).person_id)


def source_record(session: Session, person: Person, key: str) -> SourceRecord:
    source = Source(slug=f"list-{key}", name=f"List {key}")
    session.add(source)
    session.flush()
    run = ImportRun(
        source_id=source.id,
        format="csv",
        file_name="list.csv",
        sha256="0" * 64,
        retrieved_on=NOW.date(),
        as_of=NOW.date(),
        complete=True,
        options={},
        state=RunState.APPLIED,
        counts={},
        questions=[],
        inserted={},
        by="Sam",
        created_at=NOW,
    )
    session.add(run)
    session.flush()
    row = SourceRecord(
        source_id=source.id,
        about="person",
        key=key,
        person_id=person.id,
        hash="0" * 40,
        base={},
        first_run_id=run.id,
    )
    session.add(row)
    session.flush()
    return row


def values_of(session: Session, person: Person) -> list[str]:
    query = sa.select(ContactDetail.value).where(ContactDetail.person_id == person.id)
    return sorted(session.scalars(query))


def test_all_of_a_person_moves_and_moves_back(session: Session, body: Organization) -> None:
    one = seated(session, body, "Łukasz Żółć", address="a@x.example")
    columns = {"form_of_address": FormOfAddress.M, "form_of_address_basis": "his page"}
    two = seated(
        session,
        make.organization(session),
        "Lukasz Zolc",
        address="b@x.example",
        columns=columns | {"names": {"und-Latn": "Lukasz Zolc"}, "birth_date": "1970"},
    )
    kept, gone = holder(session, one), holder(session, two)
    session.add(Identifier(person_id=gone.id, scheme="wikidata", value="Q1"))
    record = source_record(session, gone, "k1")
    third = make.person(session, "Lukasz Zolc")
    duplicates.tell_apart(session, gone.id, third.id, by=SAM, now=NOW)
    row = joining.join(session, kept, gone, by=SAM, now=NOW)
    assert gone.merged_into_id == kept.id
    assert record.person_id == kept.id
    assert duplicates.are_apart(session, third.id, kept.id)
    assert values_of(session, kept) == ["a@x.example", "b@x.example"]
    assert (kept.form_of_address, kept.birth_date) == (FormOfAddress.M, "1970")
    assert kept.names == {"und-Latn": "Lukasz Zolc"}
    assert {target.id for target in joining.targets_of(session, kept.id)} == {one.id, two.id}
    assert two.name == "Łukasz Żółć"
    assert two.ended_on is None
    assert "lukasz zolc" in kept.search_key
    assert joining.joinings_of(session, kept.id) == [(row, gone)]
    with pytest.raises(Refused):
        joining.join(session, kept, gone, by=SAM, now=NOW)

    joining.part(session, row, by=SAM, now=NOW)
    assert gone.merged_into_id is None
    assert record.person_id == gone.id
    assert (values_of(session, kept), values_of(session, gone)) == (
        ["a@x.example"],
        ["b@x.example"],
    )
    assert (kept.form_of_address, kept.birth_date, kept.names) == (FormOfAddress.X, "", {})
    assert two.name == "Lukasz Zolc"
    assert duplicates.are_apart(session, kept.id, gone.id)
    with pytest.raises(Refused):
        joining.part(session, row, by=SAM, now=NOW)
    with pytest.raises(Refused, match="two people"):
        joining.join(session, kept, gone, by=SAM, now=NOW)
    names = session.scalars(sa.select(Event.name).where(Event.subject_kind == "person")).all()
    assert sorted(names) == sorted(
        ["joined", "joined into", *["told apart"] * 3, "taken apart", "taken apart"]
    )


def test_nobody_real_is_joined_with_somebody_made_up(session: Session, body: Organization) -> None:
    real = holder(session, seated(session, body, "Anna Real"))
    made_up = holder(session, seated(session, body, "Anna Real", columns={"demonstration": True}))
    for kept, gone in ((real, made_up), (made_up, real)):
        with pytest.raises(Refused, match="made up"):
            joining.join(session, kept, gone, by=SAM, now=NOW)
    assert real.merged_into_id is None and made_up.merged_into_id is None


def test_a_doubled_seat_ends_and_keeps_its_letters(session: Session, body: Organization) -> None:
    campaign = make.campaign(session)
    one = seated(session, body, "Jana Muster", address="jana@x.example")
    two = seated(session, body, "Jana Muster", address="jana@x.example")
    letter = make.letter(session, campaign, target=two, state=State.SENT)
    before = {column.key: getattr(letter, column.key) for column in Letter.__table__.columns}
    kept, gone = holder(session, one), holder(session, two)
    row = joining.join(session, kept, gone, by=SAM, now=NOW)
    assert (one.ended_on, two.ended_on) == (None, NOW.date())
    session.refresh(letter)
    assert {name: getattr(letter, name) for name in before} == before
    assert values_of(session, kept) == ["jana@x.example"]
    joining.part(session, row, by=SAM, now=NOW)
    assert (one.ended_on, two.ended_on) == (None, None)
    assert values_of(session, gone) == ["jana@x.example"]


def test_of_an_address_both_have_the_checked_one_stays(
    session: Session, body: Organization
) -> None:
    one = seated(session, body, "Jana Muster", address=None)
    two = seated(session, body, "Jana Muster", address="jana@x.example")
    kept, gone = holder(session, one), holder(session, two)
    unchecked = make.contact(
        session, kept, value="jana@x.example", verified_on=None, verified_by=None
    )
    row = joining.join(session, kept, gone, by=SAM, now=NOW)
    stays = session.scalars(
        sa.select(ContactDetail).where(ContactDetail.person_id == kept.id)
    ).one()
    assert stays.verified_on == NOW.date()
    assert unchecked.person_id == gone.id
    joining.part(session, row, by=SAM, now=NOW)
    assert (unchecked.person_id, stays.person_id) == (kept.id, gone.id)


def test_what_changed_since_stays_when_taken_apart(session: Session, body: Organization) -> None:
    one = seated(session, body, "Jana Muster")
    two = seated(session, body, "Jana Muster-Specimen", columns={"honorific": "The Hon"})
    kept, gone = holder(session, one), holder(session, two)
    row = joining.join(session, kept, gone, by=SAM, now=NOW)
    assert kept.honorific == "The Hon"
    kept.honorific = "The Rt Hon"
    joining.part(session, row, by=SAM, now=NOW)
    assert kept.honorific == "The Rt Hon"


def test_one_row_that_is_two_people_is_split(session: Session, body: Organization) -> None:
    one = seated(session, body, "Jana Muster", address="here@x.example")
    person = holder(session, one)
    other_body = make.organization(session)
    held = Membership(person_id=person.id, organization_id=other_body.id, role=one.role)
    session.add(held)
    two = offices.add_target(session, membership=held)
    there = make.contact(session, person, value="there@x.example")
    record = source_record(session, person, "k2")
    record.base = {"identifiers": {"wikidata": "Q2"}}
    for value in ("Q1", "Q2"):
        session.add(Identifier(person_id=person.id, scheme="wikidata", value=value))
    with pytest.raises(BadInput, match="at least one seat that"):
        joining.split_off(session, person, name="Jana", seats=[], by=SAM, now=NOW)
    with pytest.raises(BadInput, match="Leave this person"):
        joining.split_off(
            session, person, name="Jana", seats=[held.id, one.membership_id or 0], by=SAM, now=NOW
        )
    other = joining.split_off(
        session,
        person,
        name="Jana Muster the younger",
        seats=[held.id],
        details=[there.id],
        records=[record.id],
        by=SAM,
        now=NOW,
    )
    assert (held.person_id, there.person_id, record.person_id) == (other.id,) * 3
    assert values_of(session, person) == ["here@x.example"]
    assert two.name == "Jana Muster the younger"
    assert duplicates.are_apart(session, person.id, other.id)
    numbers = session.execute(sa.select(Identifier.person_id, Identifier.value)).all()
    assert set(map(tuple, numbers)) == {(person.id, "Q1"), (other.id, "Q2")}
    assert there.verified_on is None and two.verified_until is None
