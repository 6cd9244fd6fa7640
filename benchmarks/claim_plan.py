"""How a claim finds its letters among a million: the database's plan, and what it takes.

One in ten of the letters is due, the others were sent. The page is claimed in one transaction that
is rolled back, at the head of the queue and further on, as often with a hundredth of the rows.

    .venv/bin/python benchmarks/claim_plan.py [--letters 1000000] [--database postgresql]
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parent))

import filling
from letters import opened
from sending import plan

from outreach.database import Database
from outreach.directory.models import Office
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import due
from outreach.signing import Vault

FIRST = 1_000
# Thousands that one statement copies.
BLOCKS = 50
BATCH, ROUNDS = 50, 30


def fill(database: Database, count: int) -> None:
    """Fill an empty database: a thousand letters by the models, the rest copied by the database."""
    database.migrate()
    filling.fill(database, FIRST, vault=Vault("bench" * 8), port=25, dkim=False)
    with database.writing() as session:
        gone = {"state": State.SENT, "sent_at": dt.datetime.now(dt.UTC)}
        session.execute(sa.update(Letter).values(text="-"))
        session.execute(sa.update(Letter).where(Letter.id % 10 > 0).values(**gone))
    for start in range(1, count // FIRST, BLOCKS):
        blocks = sa.select(sa.literal(start).label("number")).cte("blocks", recursive=True)
        further = blocks.c.number + 1
        last = min(start + BLOCKS, count // FIRST) - 1
        blocks = blocks.union_all(sa.select(further).where(blocks.c.number < last))
        with database.writing() as session:
            for kind, own in ((Office, "key"), (Letter, "code")):
                session.execute(_copies(kind.__table__, own, blocks))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def _copies(table: Any, own: str, blocks: sa.CTE) -> sa.Insert:
    """Insert the first thousand rows of `table` again for every block; `own` is kept unique."""
    block = blocks.c.number
    taken = [
        column + block * FIRST
        if column.name in ("id", "office_id")
        else column + "-" + sa.cast(block, sa.String)
        if column.name == own
        else column
        for column in table.c
    ]
    rows = sa.select(*taken).select_from(table.join(blocks, sa.true()))
    return sa.insert(table).from_select(list(table.c.keys()), rows.where(table.c.id <= FIRST))


def spent(database: Database, page: due.Page) -> float:
    """Return the milliseconds (median) that finding and locking a page takes."""
    took = []
    for _ in range(ROUNDS):
        with database.session(writes=True) as session:
            begun = time.perf_counter()
            found = due.letters(session, page, now=dt.datetime.now(dt.UTC))
            took.append((time.perf_counter() - begun) * 1_000)
            session.rollback()
        if len(found) != BATCH:
            raise SystemExit(f"{len(found)} letters instead of {BATCH}")
    return statistics.median(took)


def main() -> None:
    """Fill, explain, measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--letters", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    chosen = parser.parse_args()
    for count in (chosen.letters // 100, chosen.letters):
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as name,
            opened(chosen.database, Path(name)) as database,
        ):
            begun = time.perf_counter()
            fill(database, count)
            print(f"{chosen.database}: {count:,} letters in {time.perf_counter() - begun:.0f} s")
            with database.reading() as session:
                ids = sa.select(Letter.send_after, Letter.id).where(Letter.state == State.SCHEDULED)
                ids = ids.order_by(Letter.send_after, Letter.id).offset(count // 40)
                instant, last = session.execute(ids.limit(1)).one()
            assert instant is not None
            for where, page in (
                ("at the head", due.Page(most=BATCH)),
                ("further on", due.Page(after=(instant, last), most=BATCH)),
            ):
                print(
                    f"{chosen.database}, {count:,} letters, {count // 10:,} due: a page of {BATCH} "
                    f"{where} takes {spent(database, page):.2f} ms"
                )
                plan(database, page)
            database.close()


if __name__ == "__main__":
    main()
