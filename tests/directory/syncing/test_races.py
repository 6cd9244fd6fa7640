"""Two who write at once: each import goes in once, whole, whoever is first."""

from __future__ import annotations

import threading

import sqlalchemy as sa

from outreach.directory.models import Membership, Person, Target
from outreach.directory.syncing import applying, runs
from outreach.errors import MoveRefused
from tests.conftest import NOW
from tests.directory.syncing.lists import SAM, dataset, member, nothing, previewed
from tests.directory.syncing.test_applying import the_list


def confirmed(database, records, **values) -> int:
    run = previewed(database, records, **values)
    with database.writing() as session:
        found = runs.run_with_source(session, run)
        runs.confirm(session, found, answers=(), by=SAM, now=NOW)
    return run


def together(database, *numbers: int) -> list[str]:
    """Write the runs at the same moment; return what each said."""
    barrier, said = threading.Barrier(len(numbers)), []

    def write(run: int) -> None:
        barrier.wait()
        try:
            applying.apply(database, run, now=lambda: NOW, progress=nothing, by=SAM)
            said.append("applied")
        except MoveRefused:
            said.append("refused")

    threads = [threading.Thread(target=write, args=(run,)) for run in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said)


def test_one_run_is_written_once(database):
    run = confirmed(database, the_list(*(member(str(n)) for n in range(30))))
    assert together(database, run, run) == ["applied", "refused"]
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Person.id))) == 30


def test_two_lists_at_once_both_go_in_whole(database):
    first = confirmed(database, the_list(*(member(f"a{n}") for n in range(30))), of=dataset("a"))
    second = confirmed(database, the_list(*(member(f"b{n}") for n in range(30))), of=dataset("b"))
    assert together(database, first, second) == ["applied", "applied"]
    with database.reading() as session:
        for model in (Person, Membership, Target):
            assert session.scalar(sa.select(sa.func.count(model.id))) == 60
