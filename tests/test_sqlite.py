"""How writers take turns, and how often anybody wrote."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach import sqlite
from outreach.database import Database, is_busy

ADD = sa.text("INSERT INTO one (word) VALUES ('x')")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'small.sqlite'}")
    with database.writing() as session:
        session.execute(sa.text("CREATE TABLE one (word TEXT)"))
    yield database
    database.close()


def changes(database: Database) -> int:
    with database.reading() as session:
        return sqlite.changes(session)


def test_every_transaction_that_wrote_is_counted_once(small: Database) -> None:
    before = changes(small)
    with small.writing() as session:
        session.execute(ADD)
        session.execute(ADD)
    assert changes(small) == before + 1
    with small.session(writes=True) as session:
        session.execute(ADD)
        session.commit()
    assert changes(small) == before + 2


def test_reading_taking_back_and_what_is_not_counted_leave_it(small: Database) -> None:
    before = changes(small)
    with small.writing() as session:
        session.execute(sa.text("SELECT * FROM one")).all()
    with small.session(writes=True) as session:
        session.execute(ADD)
        session.rollback()
    with small.writing(counted=False) as session:
        session.execute(ADD)
    assert changes(small) == before
    with small.writing() as session:
        session.execute(ADD)
    assert changes(small) == before + 1, "only that one transaction was not counted"


def test_after_the_largest_number_it_begins_anew(small: Database) -> None:
    with small.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA user_version = {2**31 - 1}")
        connection.commit()
    with small.writing() as session:
        session.execute(ADD)
    assert changes(small) == 0


def test_a_writer_waits_for_the_other_and_goes_on(small: Database) -> None:
    holds, done = threading.Event(), threading.Event()

    def hold() -> None:
        with small.writing() as session:
            session.execute(ADD)
            holds.set()
            time.sleep(0.1)
            done.set()

    other = threading.Thread(target=hold)
    other.start()
    assert holds.wait(10)
    with small.writing() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM one")) == 1
        assert done.is_set()
    other.join()


def test_who_waits_too_long_is_told_that_it_is_busy(
    small: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small.writing() as first:
        first.execute(ADD)
        monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
        with pytest.raises(sa.exc.OperationalError, match="locked") as failed, small.writing() as s:
            s.execute(ADD)
        assert is_busy(failed.value)
    with small.writing() as session:
        session.execute(ADD)
        patience = session.connection().exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    assert patience == 50, "others than writers wait as they did"


def test_what_is_laid_into_temporary_tables_neither_counts_nor_waits(small: Database) -> None:
    before = changes(small)
    with small.connection() as mine, small.writing() as other:
        other.execute(ADD)
        mine.execute(sa.text("CREATE TEMP TABLE kept (word TEXT)"))
        mine.execute(sa.text("INSERT INTO kept VALUES ('x')"))
        mine.commit()
    assert changes(small) == before + 1
