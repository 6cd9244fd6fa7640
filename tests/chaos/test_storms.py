"""Everything else that can go wrong on the way: lines, databases, disks, clocks, buttons."""

from __future__ import annotations

import datetime as dt
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pytest

from outreach.accounts import campaigns
from outreach.accounts.models import Actor, Role
from outreach.database import Database
from outreach.sending import rescue
from outreach.sending.outbox import Verdict
from tests.chaos import filling, ledger
from tests.chaos.sailing import all_told, check, nothing_due, sail, until
from tests.chaos.server import BEFORE_THE_MESSAGE, CUTS, Server
from tests.chaos.worker import Crew, work_as_clock
from tests.conftest import NOW

LETTERS = 150
WORKERS = 2
HOUR = dt.timedelta(hours=1)
OPERATOR = Actor("operator", role=Role.ADMIN)


@pytest.mark.long
@pytest.mark.parametrize("batch", [1, 20])
def test_lines_cut_at_every_place_repeat_nothing(
    database: Database, tmp_path: Path, batch: int
) -> None:

    def storm(crew: Crew, server: Server) -> list[str]:
        server.order(cut={"where": CUTS, "chance": 0.3, "seed": 1})
        until(lambda: all_told(database, crew))
        return server.cuts()

    found = sail(database, tmp_path, storm, letters=LETTERS, workers=WORKERS, batch=batch)
    # By chance a place may stay untouched.
    assert len(set(found.told)) >= len(CUTS) - 2
    # Nobody knows of those whose last byte left us; the others are only late.
    check(found, unknown=sum(where not in BEFORE_THE_MESSAGE for where in found.told))
    assert not found.log


@pytest.mark.long
def test_two_clocks_by_mistake_send_each_letter_once(database: Database, tmp_path: Path) -> None:
    def storm(crew: Crew, server: Server) -> None:
        until(lambda: all_told(database, crew))

    found = sail(
        database, tmp_path, storm, letters=LETTERS, workers=WORKERS, act=work_as_clock, batch=1
    )
    check(found, unknown=0)


@pytest.mark.long
@pytest.mark.parametrize("batch", [1, 20])
def test_a_clock_set_back_repeats_nothing(database: Database, tmp_path: Path, batch: int) -> None:
    """Whose clock is an hour late takes out leases that are over for everybody else."""

    def storm(crew: Crew, server: Server) -> Counter[Verdict]:
        server.order(delay=0.01)
        swept: Counter[Verdict] = Counter()

        def all_gone() -> bool:
            swept.update(rescue.sweep(database, now=crew.job.now()))
            return all_told(database, crew)

        crew.kill()
        with Crew(crew.job.shifted(jump=(0.5, -HOUR)), WORKERS):
            until(all_gone)
            # Who was taken for dead is perhaps still at its last letter.
            time.sleep(2)
        return swept

    found = sail(
        database,
        tmp_path,
        storm,
        letters=LETTERS,
        workers=WORKERS,
        batch=batch,
        send_after=NOW - 2 * HOUR,
    )
    assert found.told[Verdict.UNKNOWN] > 0
    # They were alive, and their servers' answers count.
    check(found, unknown=0)


@pytest.mark.long
@pytest.mark.parametrize("batch", [1, 20])
def test_the_red_button_stops_within_the_letter_on_the_wire(
    database: Database, tmp_path: Path, batch: int
) -> None:
    def storm(crew: Crew, server: Server) -> int:
        server.order(delay=0.02)
        until(lambda: len(server.taken()) >= LETTERS // 3)
        with database.writing() as session:
            campaigns.pause(session, filling.campaign_in(session), by=OPERATOR, now=crew.job.now())
        pressed = time.time()
        until(lambda: not ledger.running(database))
        time.sleep(0.5)
        after = sum(one["at"] > pressed for one in server.taken())
        with database.writing() as session:
            campaigns.resume(session, filling.campaign_in(session), by=OPERATOR, now=crew.job.now())
        until(lambda: all_told(database, crew))
        return after

    found = sail(database, tmp_path, storm, letters=LETTERS, workers=WORKERS, batch=batch)
    assert found.told <= WORKERS
    check(found, unknown=0)


@pytest.mark.long
def test_a_database_locked_for_ten_seconds_loses_nothing(
    empty_sqlite: Database, tmp_path: Path
) -> None:
    """Somebody else holds the file for longer than a worker waits for it."""

    def storm(crew: Crew, server: Server) -> None:
        until(lambda: len(server.taken()) >= LETTERS // 3)
        other = sqlite3.connect(str(empty_sqlite.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        time.sleep(10)
        other.execute("ROLLBACK")
        other.close()
        until(lambda: nothing_due(empty_sqlite, crew))
        time.sleep(2)

    found = sail(
        empty_sqlite, tmp_path, storm, letters=LETTERS, workers=WORKERS, batch=1, busy_seconds=1
    )
    check(found, unknown=0)


@pytest.mark.long
@pytest.mark.parametrize("batch", [1, 20])
def test_a_full_disk_loses_nothing(empty_sqlite: Database, tmp_path: Path, batch: int) -> None:
    """Nothing can be written behind some byte (RLIMIT_FSIZE), in the middle of the letters."""

    def storm(crew: Crew, server: Server) -> None:
        path = Path(str(empty_sqlite.url.database))
        with empty_sqlite.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        starved = Crew(crew.job.shifted(largest_file=path.stat().st_size + 200_000), WORKERS)
        crew.kill()
        log = crew.job.home / "log"
        with starved:
            until(lambda: "letter" in log.read_text("utf-8"))
            time.sleep(1)

    found = sail(empty_sqlite, tmp_path, storm, letters=2 * LETTERS, workers=WORKERS, batch=batch)
    assert found.after_storm.queued > 0
    check(found, unknown=2 * batch * WORKERS)
