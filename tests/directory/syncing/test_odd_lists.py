"""Lists that nobody wishes for: two ids for one person, days in the wrong order, lost columns."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Event
from outreach.directory import endings, joining
from outreach.directory.importing.records import Body, Contact
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    FormOfAddress,
    Membership,
    Office,
    Organization,
    OrganizationKind,
    Person,
    Target,
    TargetRole,
)
from outreach.directory.offices import settle_target
from outreach.directory.people import change_person
from outreach.directory.shelf_life import Ending
from outreach.directory.syncing import runs, work
from outreach.directory.syncing.models import Decision, Effect, ImportRun, RunState, StagedRow
from outreach.directory.syncing.undoing import undo
from outreach.errors import MoveRefused, Refused
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
    previewed,
    seat,
)
from tests.directory.syncing.test_applying import directory, one, the_list
from tests.directory.syncing.test_undoing import without_journal

FIRST, SECOND = DAY - dt.timedelta(days=20), DAY - dt.timedelta(days=10)
Q1 = {"wikidata": "Q1"}


def targets(session) -> list[tuple]:
    columns = [column for column in Target.__table__.c if column.name != "office_id"]
    query = sa.select(*columns, Office.key).join(Office, Office.id == Target.office_id)
    return [tuple(row) for row in session.execute(query.order_by(Target.id))]


def is_settled(database) -> bool:
    """Whether every target says what the directory behind it says, and no seat ends early."""
    with database.reading() as session:
        before = targets(session)
        early = sa.select(Membership.id).where(Membership.end_on < Membership.start_on)
        assert session.scalars(early).all() == []
    with database.writing() as session:
        settle_target(session, session.scalars(sa.select(Target.id)).all())
        return targets(session) == before


def named(session, name: str) -> Person:
    return session.scalars(sa.select(Person).filter_by(name=name)).one()


def asked(database, run: int) -> list[str]:
    with database.reading() as session:
        return [one["code"] for one in runs.run_with_source(session, run).questions]


def seats(database) -> list[tuple]:
    with database.reading() as session:
        rows = session.scalars(sa.select(Membership).order_by(Membership.id))
        return [(row.person_id, row.start_on, row.end_on, row.end_reason) for row in rows]


def test_joined_people_go_on_in_both_lists_under_the_kept_row(database):
    imported(database, the_list(member("1")), as_of=FIRST)
    other = dataset("other")
    imported(database, the_list(member("x", "Another")), of=other, as_of=FIRST)
    with database.writing() as session:
        kept, gone = named(session, "Person 1"), named(session, "Another")
        joining.join(session, kept, gone, by=SAM, now=NOW)
    imported(database, the_list(member("1", "Renamed")), as_of=SECOND)
    imported(database, the_list(member("x", "Else", honorific="Dr")), of=other, as_of=SECOND)
    assert is_settled(database)
    assert one(database, Person, name="Renamed").honorific == "Dr"
    assert one(database, Person, name="Another").merged_into_id is not None


def test_two_entries_of_one_list_for_one_person_do_not_end_each_other(database):
    twin = member(
        "2",
        "Twin",
        seats=[seat(key="b", role=TargetRole.SPEAKER)],
        contacts=[email("1@chamber.example"), email("t@chamber.example")],
    )
    imported(database, the_list(member("1", seats=[seat(key="a")]), twin), as_of=FIRST)
    with database.writing() as session:
        joining.join(session, named(session, "Person 1"), named(session, "Twin"), by=SAM, now=NOW)
    before = seats(database)
    changed = member("1", "Renamed", seats=[seat(key="a")], contacts=[])
    imported(database, the_list(changed, twin), as_of=SECOND)
    assert seats(database) == before
    with database.reading() as session:
        details = session.scalars(sa.select(ContactDetail))
        assert {row.unseen_since for row in details} == {None}


def test_two_new_entries_with_one_strong_number_add_nothing_twice(database):
    imported(database, the_list(member("1", identifiers=Q1)), as_of=FIRST)
    records = the_list(
        member("a", identifiers=Q1),
        member("b", identifiers=Q1, contacts=[email("a@chamber.example")]),
    )
    imported(database, records, of=dataset("other"), as_of=FIRST)
    before = directory(database)
    assert [len(before[name]) for name in ("person", "identifier", "contact_detail")] == [1, 1, 2]
    imported(database, records, of=dataset("other"), as_of=FIRST)
    assert directory(database) == before


def test_another_id_with_the_same_strong_number_ends_nobody(database):
    imported(database, the_list(member("a", identifiers=Q1), member("2")), as_of=FIRST)
    records = the_list(member("b", identifiers=Q1), member("2"))
    report = imported(database, records, as_of=SECOND)
    assert report["people"]["ended"] == 0
    assert {row[2] for row in seats(database)} == {None}
    before = directory(database)
    imported(database, records, as_of=SECOND)
    assert directory(database) == before


def test_previews_of_two_lists_find_the_same_person_once(database):
    first = previewed(database, the_list(member("1", identifiers=Q1)))
    second = previewed(database, the_list(member("x", identifiers=Q1)), of=dataset("other"))
    applied(database, first)
    applied(database, second)
    one(database, Person)
    assert is_settled(database)


def test_an_outdated_preview_is_not_written(database):
    imported(database, the_list(member("1")), as_of=FIRST)
    old = previewed(database, the_list(member("1")), as_of=SECOND)
    imported(database, the_list(member("1", "Renamed")))
    with pytest.raises(Refused, match="Read it again"):
        applied(database, old)


def test_a_likeness_accepted_before_a_joining_goes_to_the_kept_row(database):
    imported(database, the_list(member("1", "Ann Lee"), member("2", "Bob Stone")), as_of=FIRST)
    like = member("x", "Ann Lee", contacts=[email("x@chamber.example")])
    run = previewed(database, the_list(like), of=dataset("other"))
    with database.writing() as session:
        found = runs.run_with_source(session, run)
        runs.decide(session, found, Decision.SAME, by=SAM, now=NOW, at_least=90)
        kept = named(session, "Bob Stone")
        joining.join(session, kept, named(session, "Ann Lee"), by=SAM, now=NOW)
        number = kept.id
    applied(database, run)
    assert one(database, ContactDetail, normalised="x@chamber.example").person_id == number


def test_two_of_a_list_are_never_one_person_at_a_stroke(database):
    imported(database, the_list(member("1", "Jan Novak")), as_of=FIRST)
    both = the_list(member("x", "Jan Novak"), member("y", "Jan Novák"))
    run = previewed(database, both, of=dataset("other"))
    with database.writing() as session:
        found = runs.run_with_source(session, run)
        assert runs.decide(session, found, Decision.SAME, by=SAM, now=NOW, at_least=88) == 0
        rows = session.scalars(sa.select(StagedRow.id).filter_by(effect=Effect.PROPOSED)).all()
        with pytest.raises(Refused, match="Two people"):
            runs.decide(session, found, Decision.SAME, by=SAM, now=NOW, rows=rows)


def test_nobody_is_taken_for_a_demonstration_person(database):
    imported(database, the_list(member("1", "Ann Lee")), as_of=FIRST)
    with database.writing() as session:
        named(session, "Ann Lee").demonstration = True
    run = previewed(database, the_list(member("x", "Ann Lee")), of=dataset("other"))
    with database.reading() as session:
        assert runs.run_with_source(session, run).counts.get("proposed", 0) == 0


def test_lists_find_a_person_by_a_new_spelling_and_keep_the_post(database):
    cabinet = Body("cabinet", "XX", OrganizationKind.GOVERNMENT, "Cabinet")

    def clerk(key: str, mail: str, **values):
        held = seat(organization="cabinet", post="Clerk", contacts=[email(mail)])
        return member(key, contacts=[], seats=[held], **values)

    imported(database, [cabinet, clerk("1", "old@cabinet.example")], as_of=FIRST)
    assert is_settled(database)
    again = clerk("1", "new@cabinet.example", names={"ru": "Персона"})
    run = imported(database, [cabinet, again, clerk("2", "new@cabinet.example")], as_of=SECOND)
    assert is_settled(database)
    undo(database, run["run"], by=SAM, now=NOW)
    assert is_settled(database)


def test_undoing_gives_back_every_column(database):
    ministry = Body("ministry", "XX", OrganizationKind.MINISTRY, "Ministry")
    first = member("1", gender="m", seats=[seat(area="North")])
    imported(database, [ministry, *the_list(first)], as_of=FIRST)
    before = without_journal(directory(database))
    ministry = Body("ministry", "XX", OrganizationKind.MINISTRY, "Ministry")
    ministry.contacts = [email("m@ministry.example")]
    second = member("1", gender="f", reading_language="fr", seats=[seat(area="South")])
    run = imported(database, [ministry, *the_list(second)], as_of=SECOND)["run"]
    undo(database, run, by=SAM, now=NOW)
    assert without_journal(directory(database)) == before


def test_a_seat_never_ends_before_it_begins(database):
    turned = member("1", seats=[seat(start="2025-01-01", end="2020-01-01")])
    later = member("2", seats=[seat(start="2026-02-20")])
    report = imported(database, the_list(turned, later, member("3")))
    assert report["remark"] == 1
    # An older list knows nothing of who came later.
    imported(database, the_list(turned, member("3")), as_of=FIRST)
    assert is_settled(database)
    assert [row[1:3] for row in seats(database)[:2]] == [
        (None, dt.date(2020, 1, 1)),
        (dt.date(2026, 2, 20), None),
    ]


def test_a_beginning_that_becomes_known_is_no_new_seat(database):
    imported(database, the_list(member("1")), as_of=FIRST)
    imported(database, the_list(member("1", seats=[seat(start="2024-05-01")])), as_of=SECOND)
    assert [row[1:3] for row in seats(database)] == [(dt.date(2024, 5, 1), None)]


def test_an_address_that_comes_back_is_good_again_unless_a_person_withdrew_it(database):
    imported(database, the_list(member("1")), as_of=FIRST)
    imported(database, the_list(member("1", contacts=[email("b@x.example")])), as_of=SECOND)
    imported(database, the_list(member("1")))
    detail = one(database, ContactDetail, normalised="1@chamber.example")
    assert (detail.state, detail.verified_on) == (ContactState.OK, None)
    assert is_settled(database)


def test_an_address_another_list_still_gives_stays(database):
    imported(database, the_list(member("1", identifiers=Q1)), as_of=FIRST)
    same = member("1", identifiers=Q1)
    imported(database, the_list(same), of=dataset("other"), as_of=FIRST)
    moved = member("1", identifiers=Q1, contacts=[email("new@chamber.example")])
    imported(database, the_list(moved), as_of=SECOND)
    detail = one(database, ContactDetail, normalised="1@chamber.example")
    assert (detail.state, detail.unseen_since) == (ContactState.OK, None)


def test_a_list_that_lost_its_seats_or_half_of_who_is_left_asks(database):
    imported(database, the_list(*(member(str(n)) for n in range(60))), as_of=FIRST)
    imported(database, the_list(*(member(str(n)) for n in range(10))), as_of=SECOND)
    bare = previewed(database, the_list(*(member(str(n), seats=[]) for n in range(10))))
    assert asked(database, bare) == ["unseats"]
    half = previewed(database, the_list(*(member(str(n)) for n in range(5))))
    assert asked(database, half) == ["ends"]


def test_what_a_person_emptied_or_gave_to_somebody_else_stays_so(database):
    def read(name: str):
        held = [seat(key="a"), seat(key="b", role=TargetRole.SPEAKER)]
        ways = [email("a@x.example"), email("b@x.example")]
        return the_list(
            member("1", name, gender="m", names={"ru": "Имя"}, seats=held, contacts=ways)
        )

    imported(database, read("One"), as_of=FIRST)
    with database.writing() as session:
        person = named(session, "One")
        empty = {"form_of_address": FormOfAddress.X, "form_of_address_basis": "", "names": {}}
        change_person(session, person, empty, by=SAM, now=NOW)
        held = session.scalars(sa.select(Membership.id).filter_by(source_key="b")).all()
        ways = session.scalars(sa.select(ContactDetail.id).filter_by(value="b@x.example")).all()
        joining.split_off(
            session, person, name="Zoe Other", seats=held, details=ways, by=SAM, now=NOW
        )
    imported(database, read("Two"), as_of=SECOND)
    person = one(database, Person, name="Two")
    assert (person.form_of_address, person.names) == (FormOfAddress.X, {})
    one(database, ContactDetail, normalised="b@x.example")
    assert len(seats(database)) == 2


def test_areas_of_one_name_stay_in_their_own_countries(database):
    def read(area: str):
        held = [seat(area=area, key="1"), seat(organization="other", area=area, key="2")]
        return [
            chamber(key="other", jurisdiction="YY", name="Other"),
            *the_list(member("1", seats=held)),
        ]

    imported(database, read("North"), as_of=FIRST)
    imported(database, read("South"), as_of=SECOND)
    with database.reading() as session:
        wrong = sa.text(
            "select 1 from membership m join area a on a.id = m.area_id join organization o"
            " on o.id = m.organization_id where a.jurisdiction_code <> o.jurisdiction_code"
        )
        assert session.execute(wrong).all() == []


@pytest.mark.parametrize("name", ["A\x00B", "A\ud800B", "x" * 5000])
def test_letters_and_lengths_no_column_holds_are_cut(database, name):
    held = seat(label=name, area=name, post=name, start_precision=name)
    ways = [email("a@x.example", label=name), Contact(ContactKind.POSTAL, name)]
    odd = member(
        name, name, seats=[held], contacts=ways, identifiers={"wikidata": name}, extras={name: name}
    )
    body = Body(name[:300], " xx", OrganizationKind.MINISTRY, name, names={"en": name})
    imported(database, [body, *the_list(odd)])
    assert one(database, Person).name in ("AB", "x" * 300)


def test_a_late_failure_does_not_unmake_what_was_written(database):
    run = imported(database, the_list(member("1")))["run"]
    work.fail(database, run, "the disk is full", now=NOW)
    assert one(database, ImportRun).state is RunState.APPLIED


def test_who_lost_its_run_to_another_worker_stages_nothing(database):
    with pytest.raises(MoveRefused), database.reading():
        previewed(database, taken_over(database))
    with database.reading() as session:
        assert session.scalars(sa.select(StagedRow)).all() == []


def taken_over(database):
    """A list while whose reading another worker takes the run up."""
    yield from the_list(member("1"))
    with database.writing() as session:
        session.scalars(sa.select(ImportRun)).one().worker = "another"


def test_a_seat_in_a_body_that_is_gone_is_over(database):
    imported(database, the_list(member("1"), member("2")), as_of=FIRST)
    run = previewed(database, the_list(member("1")), as_of=SECOND)
    applied(database, run)
    with database.writing() as session:
        body = session.scalars(sa.select(Organization).filter_by(name="Example Chamber")).one()
        gone = endings.plan(session, body, kind=Ending.DISSOLUTION, on=SECOND, gone=True)
        entered = endings.end(session, gone, by=SAM, now=NOW)
        session.flush()
        ending = entered.id
    undo(database, run, by=SAM, now=NOW)
    newcomer = member("3", identifiers=Q1)
    imported(database, the_list(member("1", "Ann Lee"), newcomer), of=dataset("other"))
    assert is_settled(database)
    with database.writing() as session:
        assert set(session.scalars(sa.select(Target.ended_on))) == {SECOND}
        endings.undo(session, session.get_one(Event, ending), by=SAM, now=NOW)
        assert set(session.scalars(sa.select(Target.ended_on))) == {None}


def test_days_left_out_for_their_order_are_not_told_as_a_change(database):
    imported(database, the_list(member("1", seats=[seat(key="a", start="2020-01-01")])))
    with database.writing() as session:
        held = session.scalars(sa.select(Membership)).one()
        held.start_on = dt.date(2022, 1, 1)
    # The list ends the seat before the day that somebody typed: neither day is taken.
    ends = member("1", seats=[seat(key="a", start="2020-01-01", end="2021-01-01")])
    told = imported(database, the_list(ends), as_of=DAY + dt.timedelta(days=1))
    assert (told["people"]["changed"], told["fields"]) == (0, {})
    with database.reading() as session:
        held = session.scalars(sa.select(Membership)).one()
        assert (held.start_on, held.end_on) == (dt.date(2022, 1, 1), None)
