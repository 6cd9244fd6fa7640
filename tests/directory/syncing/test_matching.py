"""Who is who: ids that contradict each other are decided by a person, on both databases."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.database import Database
from outreach.directory import official_lists, verification
from outreach.directory.identity import NotSame
from outreach.directory.models import ContactDetail, ContactState, Membership, Person, Source
from outreach.directory.people import change_person
from outreach.directory.syncing import applying, runs, undoing
from outreach.directory.syncing.models import Decision, Effect, SourceRecord, StagedRow
from tests.conftest import NOW
from tests.directory.syncing.lists import (
    SAM,
    applied,
    chamber,
    dataset,
    email,
    imported,
    member,
    previewed,
    report_of,
)

SECOND = dt.date(2026, 3, 2)
Q1 = {"wikidata": "Q1"}
ADA = {"birth_date": "1970-01-01", "identifiers": Q1 | {"bioguide": "A1"}}


def of_key(database: Database, key: str, source: str = "list") -> int | None:
    with database.reading() as session:
        return session.scalar(
            sa.select(SourceRecord.person_id)
            .join(Source, Source.id == SourceRecord.source_id)
            .where(SourceRecord.key == key, Source.slug == source)
        )


def names(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Person.name).order_by(Person.id)))


def decide(database: Database, run: int, decision: Decision) -> None:
    with database.writing() as session:
        found = runs.run_with_source(session, run)
        query = sa.select(StagedRow.id).where(
            StagedRow.run_id == run, StagedRow.effect == Effect.PROPOSED
        )
        rows = list(session.scalars(query))
        assert rows
        runs.decide(session, found, decision, rows=rows, by=SAM, now=NOW)


def test_a_strong_id_that_two_people_have_tells_neither(database):
    imported(database, [chamber(), member("a", "Ada One", identifiers=Q1)])
    bob = {"birth_date": "1950-01-01"}
    imported(database, [chamber(), member("b", "Bob Two", **bob)], of=dataset("two"))
    records = [chamber(), member("b", "Bob Two", identifiers=Q1, **bob)]
    imported(database, records, as_of=SECOND, of=dataset("two"))
    imported(database, [chamber(), member("c", "Cleo Three", identifiers=Q1)], of=dataset("three"))
    assert names(database) == ["Ada One", "Bob Two", "Cleo Three"]


def test_one_strong_id_for_two_people_is_asked_about(database):
    imported(database, [chamber(), member("a", "Ada One", **ADA)])
    wrong = member("c", "Cleo Three", identifiers=Q1 | {"bioguide": "C3"})
    report = imported(database, [chamber(), wrong], of=dataset("three"))
    assert report["proposed"] == 1
    assert names(database) == ["Ada One"] and of_key(database, "c", "three") is None
    married = member("d", "Ada Three", birth_date="1970-01-01", identifiers=Q1)
    imported(database, [chamber(), married], of=dataset("four"))
    assert of_key(database, "d", "four") == of_key(database, "a")


def test_a_key_given_to_somebody_else_is_asked_about(database):
    imported(database, [chamber(), member("1", "Ada One", **ADA), member("2")])
    ada = of_key(database, "1")
    with database.writing() as session:
        for detail in session.scalars(sa.select(ContactDetail)).all():
            verification.verify(session, detail, url="https://x.example/", by=SAM, now=NOW)
    cleo = member("1", "Cleo Three", identifiers={"wikidata": "Q3"})
    records = [chamber(), cleo, member("2")]
    run = previewed(database, records, as_of=SECOND)
    applied(database, run)
    assert names(database) == ["Ada One", "Person 2"]  # nobody decided: nothing is written
    run = previewed(database, records, as_of=SECOND)
    decide(database, run, Decision.DIFFERENT)
    applied(database, run)
    new = of_key(database, "1")
    assert names(database) == ["Ada One", "Person 2", "Cleo Three"] and new != ada
    with database.reading() as session:
        seats = {row.person_id: row.end_on for row in session.scalars(sa.select(Membership))}
        assert (seats[ada], seats[new]) == (SECOND, None)
        ways = {row.person_id: row.verified_on for row in session.scalars(sa.select(ContactDetail))}
        assert ways[ada] == NOW.date() and ways[new] is None
        apart = session.scalars(sa.select(NotSame)).one()
        assert {apart.person_id, apart.other_id} == {ada, new}
    assert report_of(database, previewed(database, records, as_of=SECOND))["proposed"] == 0
    undoing.undo(database, run, by=SAM, now=NOW)
    assert names(database) == ["Ada One", "Person 2"] and of_key(database, "1") == ada


def test_a_key_whose_person_is_the_same_under_a_new_name(database):
    imported(database, [chamber(), member("1", "Ada One")])
    records = [chamber(), member("1", "Cleo Three", contacts=[email("c@chamber.example")])]
    run = previewed(database, records, as_of=SECOND)
    decide(database, run, Decision.SAME)
    applied(database, run)
    assert names(database) == ["Cleo Three"]


def test_somebody_told_apart_may_be_gone_when_it_is_written(database):
    first = previewed(database, [chamber(), member("a", "Ada One")])
    applied(database, first)
    like = member("z", "Ada One", contacts=[email("z@chamber.example")])
    run = previewed(database, [chamber(), like], of=dataset("two"))
    decide(database, run, Decision.DIFFERENT)
    undoing.undo(database, first, by=SAM, now=NOW)
    applied(database, run)
    assert names(database) == ["Ada One"]


def test_a_list_checked_while_another_is_written_keeps_its_checks(database):
    imported(database, [chamber(), member("a", contacts=[email("old@chamber.example")])])
    records = [chamber(), member("a", contacts=[email("new@chamber.example")])]
    run = previewed(database, records, as_of=SECOND)
    with database.writing() as session:
        found = runs.run_with_source(session, run)
        codes = {question["code"] for question in found.questions}
        runs.confirm(session, found, answers=codes, by=SAM, now=NOW)
    checked: list[int] = []

    def progress(step: str, _done: int, _total: int) -> None:
        if step == "write" and not checked:
            checked.append(_check_everything(database))

    applying.apply(database, run, now=lambda: NOW, progress=progress, by=SAM)
    with database.reading() as session:
        states = {row.value: row.state for row in session.scalars(sa.select(ContactDetail))}
    assert checked == [1] and set(states.values()) == {ContactState.OK}


def _check_everything(database: Database) -> int:
    with database.writing() as session:
        listed = official_lists.Listed(source_id=session.scalar(sa.select(Source.id)))
        sample = official_lists.sample(session, listed, by=SAM, today=NOW.date())
        return official_lists.verify_list(
            session,
            listed,
            url="https://chamber.example/",
            on=NOW.date(),
            matching=sample.ids,
            by=SAM,
            now=NOW,
        )


@pytest.mark.parametrize(
    "number", [{"wikidata": "N/A"}, {"wikidata": "-"}, {"mep": "0"}, {"vcard": "1"}, {"vcard": ""}]
)
def test_what_stands_for_no_number_joins_nobody(database, number):
    imported(database, [chamber(), member("a", "Ada One", identifiers=number)])
    imported(database, [chamber(), member("b", "Bob Two", identifiers=number)], of=dataset("two"))
    assert names(database) == ["Ada One", "Bob Two"]


def test_two_previews_with_one_number_for_two_people(database):
    first = previewed(database, [chamber(), member("a", "Ada One", **ADA)])
    wrong = member("c", "Cleo Three", identifiers=Q1 | {"bioguide": "C3"})
    second = previewed(database, [chamber(), wrong], of=dataset("two"))
    applied(database, first)
    applied(database, second)
    assert names(database) == ["Ada One"] and of_key(database, "c", "two") is None


def test_somebody_renamed_by_hand_is_no_other_person(database):
    imported(database, [chamber(), member("1", "Ada One")])
    with database.writing() as session:
        one = session.scalars(sa.select(Person)).one()
        change_person(session, one, {"name": "Zed Quux"}, by=SAM, now=NOW)
    moved = member("1", "Ada One", contacts=[email("new@chamber.example")])
    report = imported(database, [chamber(), moved], as_of=SECOND)
    assert report["proposed"] == 0 and report["people"]["changed"] == 1
    assert names(database) == ["Zed Quux"]
