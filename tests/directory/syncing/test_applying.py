"""What an import writes: everything once, the same again nothing, and no hand edit lost."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.directory import people, queries, verification
from outreach.directory.identity import FieldLock, Identifier, NotSame
from outreach.directory.importing.records import Body, Contact
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    Membership,
    Office,
    Organization,
    OrganizationKind,
    Person,
    Target,
    TargetRole,
)
from outreach.directory.syncing import runs
from outreach.directory.syncing.models import (
    ConflictState,
    Decision,
    Effect,
    ImportConflict,
    StagedRow,
)
from outreach.errors import Refused
from outreach.schema import Base
from tests.conftest import NOW
from tests.directory.syncing.lists import (
    DAY,
    SAM,
    applied,
    chamber,
    dataset,
    email,
    imported,
    member,
    party,
    previewed,
    report_of,
    seat,
)

LATER = DAY + dt.timedelta(days=1)


def everything(session) -> dict[str, list]:
    """Every row of the directory, to compare before and after."""
    names = [
        name for name in Base.metadata.tables if name not in ("import_run", "staged_row", "event")
    ]
    return {
        name: [tuple(row) for row in session.execute(sa.select(Base.metadata.tables[name]))]
        for name in names
    }


def directory(database) -> dict[str, list]:
    with database.reading() as session:
        return everything(session)


def one(database, model, **values):
    with database.reading() as session:
        row = session.scalars(sa.select(model).filter_by(**values)).one()
        session.expunge_all()
    return row


def the_list(*people):
    return [chamber(), party("red"), party("blue"), *people]


def test_an_empty_directory_gets_people_seats_addresses_and_targets(database):
    report = imported(
        database,
        the_list(
            member("1", "Łukasz Żółć", seats=[seat(area="North", on_behalf_of="red")]),
            member("2", contacts=[], identifiers={"wikidata": "Q2"}),
        ),
    )
    assert report["people"]["added"] == 2
    assert report["organizations"]["added"] == 3
    with database.reading() as session:
        rows = session.scalars(sa.select(Target).order_by(Target.name)).all()
        assert [(row.name, row.channel, row.language) for row in rows] == [
            ("Person 2", None, "en"),
            ("Łukasz Żółć", ContactKind.EMAIL, "en"),
        ]
        assert "lukasz zolc" in rows[1].search_key
        desks = {office.key for office in session.scalars(sa.select(Office))}
        assert "email:1@chamber.example" in desks
        detail = session.scalars(sa.select(ContactDetail)).one()
        assert detail.seen_on == DAY
        assert detail.verified_on is None
        assert not detail.by_hand
        assert session.scalars(sa.select(Identifier.value)).one() == "Q2"


def test_the_same_list_again_writes_nothing(database):
    records = the_list(member("1"), member("2"))
    imported(database, records)
    before = directory(database)
    report = imported(database, the_list(member("1"), member("2")))
    assert report["people"] == {
        "added": 0,
        "changed": 0,
        "refreshed": 0,
        "ended": 0,
        "unchanged": 2,
    }
    assert directory(database) == before


def test_nothing_is_written_before_somebody_says_so(database):
    before = directory(database)
    previewed(database, the_list(member("1")))
    after = directory(database)
    assert after.pop("source") != before.pop("source")
    assert after == before


def test_hand_edits_and_locks_survive_and_conflicts_are_listed(database):
    imported(database, the_list(*(member(str(n)) for n in range(10))))
    with database.writing() as session:
        for n in range(4):
            person = session.scalars(sa.select(Person).filter_by(name=f"Person {n}")).one()
            person.name = f"By hand {n}"
            if n == 3:
                session.add(FieldLock(person_id=person.id, field="name", by="Sam", at=NOW))
    report = imported(
        database,
        the_list(*(member(str(n), f"Renamed {n}" if n > 1 else None) for n in range(10))),
        as_of=LATER,
    )
    with database.reading() as session:
        names = set(session.scalars(sa.select(Person.name)))
        assert {"By hand 0", "By hand 1", "By hand 2", "By hand 3", "Renamed 4"} <= names
        conflicts = session.scalars(sa.select(ImportConflict)).all()
        assert [(one.field, one.ours, one.theirs) for one in conflicts] == [
            ("name", "By hand 2", "Renamed 2")
        ]
        assert conflicts[0].state is ConflictState.OPEN
    assert report["conflicts"] == 1
    again = imported(
        database,
        the_list(*(member(str(n), f"Renamed {n}" if n > 1 else None) for n in range(10))),
        as_of=LATER,
    )
    assert again["people"]["unchanged"] == 10
    assert again["conflicts"] == 0


def test_a_missing_value_is_no_deletion(database):
    imported(database, the_list(member("1", birth_date="1970-05-01", seats=[seat(area="North")])))
    imported(database, the_list(member("1", contacts=[])), as_of=LATER)
    assert one(database, Person, name="Person 1").birth_date == "1970-05-01"
    detail = one(database, ContactDetail)
    assert detail.state is ContactState.OK
    assert detail.unseen_since == LATER
    assert one(database, Membership).area_id is not None


def test_a_name_is_not_overwritten_by_one_that_lost_its_letters(database):
    imported(database, the_list(member("1", "José Pérez")))
    report = imported(database, the_list(member("1", "Jos? P?rez")), as_of=LATER)
    assert report["people"]["changed"] == 0
    assert one(database, Person).name == "José Pérez"


def test_a_changed_address_replaces_the_old_one_and_inherits_no_check(database):
    imported(database, the_list(member("1"), member("2")))
    with database.writing() as session:
        detail = session.scalars(
            sa.select(ContactDetail).filter_by(normalised="2@chamber.example")
        ).one()
        verification.verify(session, detail, url="https://chamber.example/2", by=SAM, now=NOW)
    report = imported(
        database,
        the_list(
            member("1", contacts=[email("new1@chamber.example")]),
            member("2", contacts=[email("new2@chamber.example")]),
        ),
        as_of=LATER,
    )
    assert one(database, ContactDetail, normalised="1@chamber.example").state is (
        ContactState.WITHDRAWN
    )
    new = one(database, ContactDetail, normalised="new1@chamber.example")
    assert new.verified_on is None
    # A person checked the other: it stays until a person says otherwise.
    assert one(database, ContactDetail, normalised="2@chamber.example").state is ContactState.OK
    assert report["conflicts"] == 1
    with database.reading() as session:
        rows = session.execute(
            sa.select(Target.name, Office.key).join(Office, Target.office_id == Office.id)
        )
        desks = {row.name: row.key for row in rows}
    assert desks["Person 1"] == "email:new1@chamber.example"
    assert desks["Person 2"] == "email:2@chamber.example"


def test_who_is_gone_from_a_whole_list_ends_and_is_not_deleted(database):
    imported(database, the_list(*(member(str(n)) for n in range(20))))
    report = imported(database, the_list(*(member(str(n)) for n in range(19))), as_of=LATER)
    assert report["people"]["ended"] == 1
    assert report["questions"] == []
    with database.reading() as session:
        person = session.scalars(sa.select(Person).filter_by(name="Person 19")).one()
        held = session.scalars(sa.select(Membership).filter_by(person_id=person.id)).one()
        assert (held.end_on, held.end_precision) == (LATER, "unknown")
        assert session.scalars(sa.select(Target).filter_by(membership_id=held.id)).one().ended_on


def test_a_partial_list_ends_nobody(database):
    imported(database, the_list(member("1"), member("2")))
    report = imported(database, the_list(member("1")), as_of=LATER, complete=False)
    assert report["people"]["ended"] == 0


def test_a_list_of_one_chamber_says_nothing_of_committees_and_offices(database):
    committee = Body("budget", "XX", OrganizationKind.COMMITTEE, "Budget")
    office = Contact(ContactKind.PHONE, "+372 600 0001", purpose="constituency")
    imported(
        database,
        [
            *the_list(),
            committee,
            member(
                "1",
                contacts=[email("1@chamber.example", purpose="parliament"), office],
                seats=[seat(), seat(organization="budget", role=TargetRole.MEMBER)],
            ),
        ],
    )
    scope = {"kinds": ["chamber"], "purposes": ["parliament"]}
    imported(
        database,
        the_list(member("1", contacts=[])),
        of=dataset(options={"scope": scope}),
        as_of=LATER,
    )
    with database.reading() as session:
        assert all(held.end_on is None for held in session.scalars(sa.select(Membership)))
        unseen = {row.kind: row.unseen_since for row in session.scalars(sa.select(ContactDetail))}
    assert unseen == {ContactKind.EMAIL: LATER, ContactKind.PHONE: None}


def test_who_comes_back_has_a_new_seat_under_the_same_target(database):
    imported(database, the_list(member("1"), member("2")))
    imported(database, the_list(member("1")), as_of=LATER)
    with database.reading() as session:
        target = session.scalars(sa.select(Target.id).filter_by(name="Person 2")).one()
    imported(database, the_list(member("1"), member("2")), as_of=LATER + dt.timedelta(days=1))
    with database.reading() as session:
        row = session.scalars(sa.select(Target).filter_by(name="Person 2")).one()
        assert row.id == target
        assert row.ended_on is None
        assert len(session.scalars(sa.select(Membership)).all()) == 3


def test_another_party_is_another_seat_of_the_same_person(database):
    imported(database, the_list(member("1", seats=[seat(on_behalf_of="red")])))
    imported(database, the_list(member("1", seats=[seat(on_behalf_of="blue")])), as_of=LATER)
    with database.reading() as session:
        held = session.scalars(sa.select(Membership).order_by(Membership.id)).all()
        assert [one.end_on for one in held] == [LATER, None]
        assert held[0].end_reason == "changed group"
        target = session.scalars(sa.select(Target)).one()
        assert target.membership_id == held[1].id
        blue = session.scalars(sa.select(Organization).filter_by(name="Party blue")).one()
        assert target.group_id == blue.id


def test_a_tenth_that_would_end_needs_a_yes(database):
    imported(database, the_list(*(member(str(n)) for n in range(10))))
    run = previewed(database, the_list(*(member(str(n)) for n in range(8))), as_of=LATER)
    with pytest.raises(Refused) as refusal:
        applied(database, run, answers=())
    assert "2 of the 10" in str(refusal.value.reasons[0])
    applied(database, run, answers={"ends"})
    assert report_of(database, run)["state"] == "applied"


def test_a_field_that_empties_needs_a_yes(database):
    imported(database, the_list(*(member(str(n)) for n in range(10))))
    run = previewed(
        database,
        the_list(*(member(str(n), **({"contacts": []} if n < 2 else {})) for n in range(10))),
        as_of=LATER,
    )
    assert [one["code"] for one in report_of(database, run)["questions"]] == ["empties:email"]


def test_a_strong_identifier_of_another_source_is_the_same_person(database):
    imported(database, the_list(member("1", identifiers={"wikidata": "Q1"})))
    report = imported(
        database,
        the_list(member("x", "Person One", identifiers={"wikidata": "Q1"}, contacts=[])),
        of=dataset("other", rank=3),
    )
    assert report["people"]["added"] == 0
    # The other source ranks lower: the name stays, and nobody is asked.
    assert one(database, Person).name == "Person 1"
    assert report["conflicts"] == 0
    better = imported(
        database,
        the_list(member("y", "Dr Person One", identifiers={"wikidata": "Q1"}, contacts=[])),
        of=dataset("official", rank=1),
    )
    assert better["people"]["changed"] == 1
    assert one(database, Person).name == "Dr Person One"
    with database.reading() as session:
        assert len(session.scalars(sa.select(Membership)).all()) == 1


def by_hand(database, *names: str) -> None:
    with database.writing() as session:
        body = session.scalars(sa.select(Organization).filter_by(name="Example Chamber")).one()
        for name in names:
            people.add_person(
                session,
                body,
                people.NewPerson(name=name, family=name.split()[-1]),
                role=member("1").seats[0].role,
                post=None,
                by=SAM,
                now=NOW,
            )


def test_a_target_tells_the_source_of_its_seat(database):
    def told():
        with database.reading() as session:
            rows = session.execute(
                sa.select(Target.name, Target.source_id, Membership.source_id).join(
                    Membership, Membership.id == Target.membership_id
                )
            )
            return {name: (target, seat) for name, target, seat in rows}

    imported(database, the_list(member("1")))
    by_hand(database, "Jane Roe")
    source = one(database, Membership, source_key="chamber|member_lower||").source_id
    assert told() == {"Person 1": (source, source), "Jane Roe": (None, None)}
    # A list that recognises a seat made by hand owns it from then on.
    run = previewed(database, the_list(member("1"), member("2", "Jane Roe")), as_of=LATER)
    with database.writing() as session:
        found = runs.run_with_source(session, run)
        rows = [row.id for row in runs.rows_of(session, found, Effect.PROPOSED).rows]
        runs.decide(session, found, Decision.SAME, rows=rows, by=SAM, now=NOW)
    applied(database, run)
    assert told() == {"Person 1": (source, source), "Jane Roe": (source, source)}
    with database.reading() as session:
        assert queries.target_page(
            session, queries.TargetFilter(sources=(source,)), today=DAY
        ).total == len(told())


def test_a_likeness_is_a_proposal_that_a_person_decides_for_good(database):
    imported(database, the_list(member("0", "Somebody Else")), of=dataset("first"))
    by_hand(database, "Lukasz Zolc", "Oksana Shcherbak")
    names = ["Łukasz Żółć", "Оксана Щербак", "Jane Roe"]
    records = the_list(*(member(str(n), name) for n, name in enumerate(names)))
    run = previewed(database, records)
    report = report_of(database, run)
    assert (report["people"]["added"], report["proposed"]) == (1, 2)
    with database.writing() as session:
        found = runs.run_with_source(session, run)
        rows = runs.rows_of(session, found, Effect.PROPOSED).rows
        assert all(row.score >= 90 for row in rows)
        same = [row.id for row in rows if row.name.startswith("Ł")]
        other = [row.id for row in rows if not row.name.startswith("Ł")]
        runs.decide(session, found, Decision.SAME, rows=same, by=SAM, now=NOW)
        runs.decide(session, found, Decision.DIFFERENT, rows=other, by=SAM, now=NOW)
    applied(database, run)
    with database.reading() as session:
        names_now = sorted(session.scalars(sa.select(Person.name)))
        assert names_now == [
            "Jane Roe",
            "Lukasz Zolc",
            "Oksana Shcherbak",
            "Somebody Else",
            "Оксана Щербак",
        ]
        assert session.scalars(sa.select(NotSame)).one()
        conflict = session.scalars(sa.select(ImportConflict)).one()
        assert (conflict.ours, conflict.theirs) == ("Lukasz Zolc", "Łukasz Żółć")
    again = previewed(database, records)
    assert report_of(database, again)["people"]["unchanged"] == 3
    assert report_of(database, again)["proposed"] == 0


def test_an_undecided_likeness_is_left_out_and_asked_again(database):
    imported(database, the_list(member("0", "Somebody Else")), of=dataset("first"))
    by_hand(database, "Lukasz Zolc")
    records = the_list(member("1", "Łukasz Żółć"), member("2"))
    report = imported(database, records)
    assert report["written"]["undecided"] == 1
    assert report_of(database, previewed(database, records))["proposed"] == 1


def test_bad_records_are_listed_with_their_place(database):
    run = previewed(
        database,
        [
            chamber(),
            member("1"),
            member("1", "Somebody Twice"),
            member("2", " "),
            member("3", seats=[seat(organization="nowhere"), seat()]),
        ],
    )
    with database.reading() as session:
        rows = session.scalars(
            sa.select(StagedRow).where(StagedRow.effect.in_((Effect.UNUSABLE, Effect.REMARK)))
        ).all()
        found = {(row.effect, row.place) for row in rows}
    assert found == {
        (Effect.UNUSABLE, "list.csv, line 1"),
        (Effect.UNUSABLE, "list.csv, line 2"),
        (Effect.REMARK, "list.csv, line 3"),
    }
    assert report_of(database, run)["people"]["added"] == 2


def test_somebody_who_edits_meanwhile_is_not_overwritten(database, monkeypatch):
    imported(database, the_list(member("1")))
    run = previewed(database, the_list(member("1", "Renamed")), as_of=LATER)
    with database.writing() as session:
        person = session.scalars(sa.select(Person)).one()
        person.name = "By hand"
    applied(database, run)
    assert one(database, Person).name == "By hand"
    assert one(database, ImportConflict).theirs == "Renamed"


def test_free_mail_is_flagged_for_somebody_to_look(database):
    imported(database, the_list(member("1", contacts=[email("somebody@gmail.com")])))
    assert one(database, ContactDetail).personal


def test_an_unknown_country_is_made_from_what_is_known_of_it(database):
    imported(database, [chamber(jurisdiction="EE"), member("1")], of=dataset(jurisdiction="EE"))
    with database.reading() as session:
        target = session.scalars(sa.select(Target)).one()
        assert (target.jurisdiction_code, target.language) == ("EE", "et")


def test_the_event_of_a_run_names_who_said_yes(database):
    imported(database, the_list(member("1")))
    with database.reading() as session:
        said = session.execute(
            sa.text("select name, \"by\" from event where subject_kind = 'import_run' order by id")
        ).all()
    assert said[-1] == ("applied", "Sam")
