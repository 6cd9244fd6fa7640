"""The engine that wakes workers: with the row or not at all, once, and of no use to the truth."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from outreach import engine
from outreach.database import Database, wake
from outreach.letters.lifecycle import State
from tests import make
from tests.sending.conftest import EVERYBODY, sendable

pytestmark = pytest.mark.long
LATER = dt.timedelta(minutes=10)


@pytest.fixture
def waking(empty_postgres: Database) -> Iterator[engine.Engine]:
    """An engine whose jobs nobody takes yet."""
    made = engine.engine_of(empty_postgres)
    assert made is not None
    yield made
    empty_postgres.waker = None
    with empty_postgres.engine.begin() as connection:
        connection.execute(sa.schema.DropSchema(made._schema, cascade=True))


def jobs(database: Database, waking: engine.Engine) -> list[tuple[Any, ...]]:
    query = f"SELECT task_name, status::text, scheduled_at FROM {waking._schema}.procrastinate_jobs"
    with database.reading() as session:
        return [tuple(row) for row in session.execute(sa.text(query + " ORDER BY id"))]


def test_the_job_is_there_with_the_row_and_only_then(
    empty_postgres: Database, waking: engine.Engine, now: dt.datetime
) -> None:
    from outreach.letters import moving

    window = {"send_after": dt.datetime.now(dt.UTC) + LATER, "send_before": now.replace(year=2099)}
    with empty_postgres.writing() as session:
        letters = [sendable(session, make.campaign(session)) for _ in range(2)]
    with pytest.raises(ZeroDivisionError), empty_postgres.writing() as session:
        letter = session.merge(letters[0])
        moving.make(session, letter, "schedule", by=EVERYBODY, now=now, **window)
        raise ZeroDivisionError
    assert jobs(empty_postgres, waking) == []
    with empty_postgres.writing() as session:
        for one in letters:
            letter = session.merge(one)
            moving.make(session, letter, "schedule", by=EVERYBODY, now=now, **window)
            assert letter.state is State.SCHEDULED
    assert jobs(empty_postgres, waking) == [("letters", "todo", window["send_after"])]


def test_jobs_of_a_kind_do_not_pile_up(empty_postgres: Database, waking: engine.Engine) -> None:
    at = dt.datetime.now(dt.UTC) + LATER
    for _ in range(3):
        with empty_postgres.writing() as session:
            wake(session, "letters", at=at + LATER)
            wake(session, "letters", at=at)
            wake(session, "drafts")
    told = jobs(empty_postgres, waking)
    assert told == [("drafts", "todo", None), ("letters", "todo", at)]


def test_two_transactions_at_once_both_succeed(
    empty_postgres: Database, waking: engine.Engine
) -> None:
    barrier, failed = threading.Barrier(4), []

    def write() -> None:
        try:
            for _ in range(10):
                with empty_postgres.writing() as session:
                    wake(session, "letters")
                    wake(session, "imports")
                    barrier.wait(30)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [name for name, *_ in jobs(empty_postgres, waking)] == ["imports", "letters"]


def test_an_engine_that_is_gone_takes_no_row_along(
    empty_postgres: Database, waking: engine.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with empty_postgres.engine.begin() as connection:
        connection.execute(sa.schema.DropSchema(waking._schema, cascade=True))
    with empty_postgres.writing() as session:
        campaign = make.campaign(session)
        wake(session, "letters")
    with empty_postgres.reading() as session:
        assert session.get(type(campaign), campaign.id) is not None
    assert "nobody was woken for letters" in caplog.text
    waking.prepare()


def test_jobs_are_done_by_kind_and_those_of_a_dead_worker_again(
    empty_postgres: Database, waking: engine.Engine
) -> None:
    done: list[str] = []
    schema = waking._schema
    with empty_postgres.writing() as session:
        wake(session, "letters")
        wake(session, "drafts")
    with empty_postgres.engine.begin() as connection:
        connection.exec_driver_sql(f"SET LOCAL search_path TO {schema}")
        # One was taken by a worker that was not heard of for an hour.
        connection.exec_driver_sql(
            f"INSERT INTO {schema}.procrastinate_workers (last_heartbeat)"
            " VALUES (now() - interval '1 hour')"
        )
        connection.exec_driver_sql(
            f"UPDATE {schema}.procrastinate_jobs SET status = 'doing', worker_id ="
            f" (SELECT id FROM {schema}.procrastinate_workers) WHERE task_name = 'drafts'"
        )
    waking.start({name: lambda name=name: done.append(name) for name in ("letters", "drafts")})  # type: ignore[misc]
    try:
        until(lambda: done == ["letters"])
        waking.tidy()
        until(lambda: sorted(done) == ["drafts", "letters"])
        with empty_postgres.writing() as session:
            wake(session, "letters")
        until(lambda: done.count("letters") == 2)
    finally:
        waking.stop()
    assert jobs(empty_postgres, waking) == []


def until(what: Any) -> None:
    ends = time.monotonic() + 60
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_sqlite_has_no_engine(empty_sqlite: Database) -> None:
    assert engine.engine_of(empty_sqlite) is None
    with empty_sqlite.writing() as session:
        wake(session, "letters")
        assert session.info
    assert empty_sqlite.waker is None
