"""Two people at one thing: what was read before somebody else was faster decides nothing."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.database import Database
from outreach.directory import joining, proposals, verification
from outreach.directory.identity import ContactProposal, Joining
from outreach.directory.models import ContactDetail, ContactKind, ContactState, Person, Target
from outreach.directory.people import change_person
from outreach.directory.proposals import Correction
from outreach.directory.syncing import applying, conflicts, runs, undoing
from outreach.directory.syncing.models import ImportConflict, ImportRun
from outreach.errors import MoveRefused, NotFound, OutreachError, Refused
from tests import make
from tests.conftest import NOW
from tests.directory.syncing.lists import (
    SAM,
    applied,
    chamber,
    dataset,
    email,
    imported,
    member,
    nothing,
    previewed,
)

Act = Callable[[Session, Any], object]
PAGE = "https://office.example/"


def refused(
    database: Database, read: Callable[[Session], Any], first: Act, then: Act | None = None
) -> OutreachError:
    """Let both read, then both act; return what the slower one was told.

    On SQLite the second one waits before it reads.
    """
    waits = database.engine.dialect.name == "sqlite"
    with database.session(writes=True) as one, database.session(writes=True) as other:
        ours, theirs = read(one), None if waits else read(other)
        first(one, ours)
        one.commit()
        with pytest.raises(OutreachError) as told:
            (then or first)(other, read(other) if waits else theirs)
        return told.value


def people(session: Session) -> Sequence[Person]:
    return session.scalars(sa.select(Person).order_by(Person.id)).all()


def one(model: Any) -> Callable[[Session], Any]:
    return lambda session: session.scalars(sa.select(model)).one()


def test_a_correction_is_decided_once(database: Database) -> None:
    with database.writing() as session:
        target = make.target(session)
        detail = session.scalars(sa.select(ContactDetail)).one()
        wanted = Correction(ContactKind.EMAIL, "new@office.example", "page", PAGE, detail)
        proposals.propose(session, target, wanted, by=SAM, now=NOW)
    told = refused(
        database,
        one(ContactProposal),
        lambda s, row: proposals.accept(s, row, checked=True, by=SAM, now=NOW),
        lambda s, row: proposals.refuse(s, row, reason="no", by=SAM, now=NOW),
    )
    assert isinstance(told, Refused)


def test_two_entries_are_never_joined_into_each_other(database: Database) -> None:
    with database.writing() as session:
        make.target(session, name="Ada"), make.target(session, name="Bob")
    refused(
        database,
        people,
        lambda s, both: joining.join(s, both[0], both[1], by=SAM, now=NOW),
        lambda s, both: joining.join(s, both[1], both[0], by=SAM, now=NOW),
    )
    refused(database, one(Joining), lambda s, row: joining.part(s, row, by=SAM, now=NOW))
    with database.reading() as session:
        assert [row.merged_into_id for row in people(session)] == [None, None]


def test_what_somebody_withdrew_is_not_checked(database: Database) -> None:
    with database.writing() as session:
        make.target(session)
    refused(
        database,
        one(ContactDetail),
        lambda s, row: verification.withdraw(s, row, reason="gone", by=SAM, now=NOW),
        lambda s, row: verification.verify(s, row, url=PAGE, by=SAM, now=NOW),
    )
    with database.reading() as session:
        assert session.scalars(sa.select(ContactDetail.state)).one() is ContactState.WITHDRAWN
        assert session.scalars(sa.select(Target.channel)).one() is None


def test_a_run_is_confirmed_or_discarded(database: Database) -> None:
    previewed(database, [chamber(), member("1")])
    told = refused(
        database,
        one(ImportRun),
        lambda s, row: runs.confirm(s, row, answers=(), by=SAM, now=NOW),
        lambda s, row: runs.discard(s, row, by=SAM, now=NOW),
    )
    assert isinstance(told, MoveRefused)


def test_a_conflict_is_decided_once(database: Database) -> None:
    imported(database, [chamber(), member("1", "Ada One")])
    with database.writing() as session:
        change_person(session, people(session)[0], {"name": "Ada Hand"}, by=SAM, now=NOW)
    later = dt.date(2026, 3, 2)
    imported(database, [chamber(), member("1", "Ada Source")], as_of=later)
    refused(
        database,
        one(ImportConflict),
        lambda s, row: conflicts.keep(s, row, by=SAM, now=NOW),
        lambda s, row: conflicts.take(s, row, by=SAM, now=NOW),
    )
    with database.reading() as session:
        assert people(session)[0].name == "Ada Hand"


def during_undoing(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    run: int,
    act: Callable[[Any], object],
    read: Callable[[], Any] = lambda: None,
) -> None:
    """Undo `run`; when it is known what of it is used, `read`, and `act` on that as it goes on."""
    known, begun, kept = threading.Event(), threading.Event(), undoing._kept

    def slowly(*about: Any) -> Any:
        found = kept(*about)
        known.set()
        begun.wait(60)
        # Time to be let in wrongly.
        threading.Event().wait(0.3)
        return found

    monkeypatch.setattr(undoing, "_kept", slowly)
    thread = threading.Thread(
        target=lambda: undoing.undo(database, run, by=SAM, now=NOW + dt.timedelta(hours=1))
    )
    thread.start()
    assert known.wait(60)
    try:
        seen = read()
        begun.set()
        act(seen)
    finally:
        begun.set()
        thread.join()


def test_a_list_that_leans_on_one_being_undone_goes_in_whole(database, monkeypatch) -> None:
    known = {"identifiers": {"wikidata": "Q1"}}
    first = previewed(database, [chamber(), member("1", **known)])
    applied(database, first)
    other = member("x", **known, contacts=[email("x@chamber.example")])
    second = previewed(database, [chamber(), other], of=dataset("other"))
    with database.writing() as session:
        found = runs.run_with_source(session, second)
        runs.confirm(session, found, answers=(), by=SAM, now=NOW)
    during_undoing(
        database,
        monkeypatch,
        first,
        lambda _: applying.apply(database, second, now=lambda: NOW, progress=nothing, by=SAM),
    )
    with database.reading() as session:
        assert session.scalars(sa.select(ContactDetail.value)).all() == ["x@chamber.example"]


def test_nobody_checks_what_is_being_undone(database, monkeypatch) -> None:
    run = previewed(database, [chamber(), member("1")])
    applied(database, run)

    def read() -> ContactDetail:
        with database.session(writes=False) as session:
            return session.scalars(sa.select(ContactDetail)).one()

    def check(detail: ContactDetail) -> None:
        with database.writing() as session:
            detail = session.merge(detail, load=False)
            verification.verify(session, detail, url=PAGE, by=SAM, now=NOW)

    with pytest.raises(NotFound):
        during_undoing(database, monkeypatch, run, check, read)
