"""Undoing takes back what an import did, and leaves what somebody has used since."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Actor, Event
from outreach.directory import verification
from outreach.directory.models import ContactDetail, Membership, Person, Target
from outreach.directory.syncing import undoing, work
from outreach.directory.syncing.models import (
    Effect,
    ImportRun,
    RunState,
    SourceRecord,
    StagedRow,
)
from outreach.directory.syncing.undoing import undo
from outreach.errors import MoveRefused
from tests import make
from tests.conftest import NOW
from tests.directory.syncing.lists import (
    DAY,
    SAM,
    applied,
    email,
    imported,
    member,
    previewed,
    report_of,
    seat,
)
from tests.directory.syncing.test_applying import directory, one, the_list

LATER = DAY + dt.timedelta(days=1)
JOURNAL = ("import_change", "import_conflict", "source", "office")


def without_journal(rows: dict[str, list]) -> dict[str, list]:
    return {name: sorted(map(repr, found)) for name, found in rows.items() if name not in JOURNAL}


def test_undoing_the_first_import_leaves_an_empty_directory(database):
    before = directory(database)
    run = imported(database, the_list(member("1"), member("2")))["run"]
    counts = undo(database, run, by=SAM, now=NOW)
    assert counts == {"removed": 2, "restored": 0, "stayed": 0}
    after = without_journal(directory(database))
    # Countries stay: they are a fact, not part of the list.
    after.pop("jurisdiction")
    expected = without_journal(before)
    expected.pop("jurisdiction")
    assert after == expected
    assert report_of(database, run)["state"] == "undone"


def test_undoing_a_later_import_brings_the_earlier_state_back(database):
    imported(
        database,
        the_list(
            member("1", seats=[seat(on_behalf_of="red", area="North")]), member("2"), member("3")
        ),
    )
    before = without_journal(directory(database))
    run = imported(
        database,
        the_list(
            member("1", "Renamed", seats=[seat(on_behalf_of="blue", area="North")]),
            member("2", contacts=[email("new@chamber.example")]),
            member("4"),
        ),
        as_of=LATER,
    )["run"]
    assert without_journal(directory(database)) != before
    counts = undo(database, run, by=SAM, now=NOW)
    assert counts["removed"] == 1
    assert without_journal(directory(database)) == before


def test_what_was_imported_by_an_older_version_is_compared_and_brought_back(database):
    imported(database, the_list(member("1", "Ann"), member("2", "Bea")))
    with database.writing() as session:
        # It kept what a source said in the record itself, and forgot it where it was staged.
        for record in session.scalars(sa.select(SourceRecord)):
            record.base = session.get_one(StagedRow, record.staged_id).payload or {}
            record.staged_id = None
        session.flush()
        session.execute(sa.update(StagedRow).values(payload=None))
        session.scalars(sa.select(Person).filter_by(name="Ann")).one().name = "Anna"
    before = without_journal(directory(database))
    second = imported(database, the_list(member("1", "Anne"), member("2", "Beate")), as_of=LATER)
    assert (second["conflicts"], second["people"]["changed"]) == (1, 2)
    undo(database, second["run"], by=SAM, now=NOW)
    assert without_journal(directory(database)) == before


def test_the_later_import_is_undone_first(database):
    first = imported(database, the_list(member("1")))["run"]
    imported(database, the_list(member("1"), member("2")), as_of=LATER)
    with pytest.raises(MoveRefused, match="Undo that first"):
        undo(database, first, by=SAM, now=NOW)


def test_who_has_a_letter_and_what_was_checked_stays(database):
    run = imported(database, the_list(member("1"), member("2"), member("3")))["run"]
    with database.writing() as session:
        campaign = make.campaign(session)
        target = session.scalars(sa.select(Target).filter_by(name="Person 1")).one()
        make.letter(session, campaign, target=target)
        detail = session.scalars(
            sa.select(ContactDetail).filter_by(normalised="2@chamber.example")
        ).one()
        verification.verify(session, detail, url="https://chamber.example/2", by=SAM, now=NOW)
    counts = undo(database, run, by=SAM, now=NOW)
    assert counts == {"removed": 1, "restored": 0, "stayed": 2}
    with database.reading() as session:
        assert set(session.scalars(sa.select(Person.name))) == {"Person 1", "Person 2"}
        # All of a person who stays: the other's address too.
        assert len(session.scalars(sa.select(ContactDetail)).all()) == 2
        assert len(session.scalars(sa.select(Membership)).all()) == 2
        said = session.scalars(
            sa.select(StagedRow.name).where(
                StagedRow.run_id == run, StagedRow.effect == Effect.REMARK
            )
        ).all()
        assert sorted(said) == ["Person 1", "Person 2"]


def test_what_somebody_changed_since_is_left_as_it_is(database):
    imported(database, the_list(member("1")))
    run = imported(database, the_list(member("1", "Renamed")), as_of=LATER)["run"]
    with database.writing() as session:
        session.scalars(sa.select(Person)).one().name = "By hand"
    undo(database, run, by=SAM, now=NOW)
    assert one(database, Person).name == "By hand"


def test_after_undoing_the_same_list_goes_in_again(database):
    records = the_list(member("1"), member("2"))
    undo(database, imported(database, records)["run"], by=SAM, now=NOW)
    report = imported(database, records)
    assert report["people"]["added"] == 2
    with database.reading() as session:
        # A number is never used twice: what was said about the first stays about the first.
        assert min(session.scalars(sa.select(Person.id))) > 2


def test_only_what_was_written_can_be_undone(database):
    run = previewed(database, the_list(member("1")))
    with pytest.raises(MoveRefused):
        undo(database, run, by=SAM, now=NOW)
    applied(database, run)
    undo(database, run, by=SAM, now=NOW)
    with pytest.raises(MoveRefused):
        undo(database, run, by=SAM, now=NOW)


def asked(database, run: int, by: Actor = SAM) -> None:
    with database.writing() as session:
        undoing.ask(session, session.get_one(ImportRun, run), by=by, now=NOW)


def worked(database, tmp_path) -> bool:
    return work.work(database, tmp_path, now=lambda: NOW, worker="w")


def test_a_worker_undoes_what_was_asked_for_in_the_name_of_who_asked(database, tmp_path):
    run = imported(database, the_list(member("1")))["run"]
    asked(database, run, Actor("Olga", 7))
    with pytest.raises(MoveRefused, match="Somebody was faster"):
        asked(database, run)
    assert report_of(database, run)["state"] == "undoing"
    assert worked(database, tmp_path), "also what the command line brought in, without a kept file"
    assert report_of(database, run)["state"] == "undone"
    assert not worked(database, tmp_path)
    with database.reading() as session:
        told = session.scalars(sa.select(Event).where(Event.name == "undone")).one()
        assert (told.by, told.user_id) == ("Olga", 7)
        assert session.scalars(sa.select(Person)).all() == []
        assert session.get_one(ImportRun, run).worker is None


def test_what_could_not_be_undone_is_written_as_before(database, tmp_path, monkeypatch):
    run = imported(database, the_list(member("1")))["run"]
    asked(database, run)

    def fails(*_: object) -> None:
        raise MoveRefused("Not today.")

    monkeypatch.setattr(undoing, "_remove", fails)
    assert worked(database, tmp_path)
    told = report_of(database, run)
    assert (told["state"], told["problem"]) == ("applied", "Not today.")
    monkeypatch.undo()
    asked(database, run)
    assert worked(database, tmp_path)
    told = report_of(database, run)
    assert (told["state"], told["problem"]) == ("undone", "")


def test_the_reason_against_undoing_is_known_before(database):
    first = imported(database, the_list(member("1")))["run"]
    with database.reading() as session:
        assert undoing.refusal(session, session.get_one(ImportRun, first)) is None
    second = imported(database, the_list(member("1"), member("2")), as_of=LATER)["run"]
    asked(database, second)
    with database.reading() as session:
        why = undoing.refusal(session, session.get_one(ImportRun, first))
        assert f"Import {second} of the same list" in str(why), "also while it is being undone"
        assert session.get_one(ImportRun, second).state is RunState.UNDOING
