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
BATCH, ROUNDS = 50, 30


def fill(database: Database, count: int) -> None:
    """Fill an empty database: a thousand letters by the models, the rest by copying their rows."""
    database.migrate()
    filling.fill(database, FIRST, vault=Vault("bench" * 8), port=25, dkim=False)
    with database.writing() as session:
        session.execute(sa.update(Letter).values(text="-"))
    for block in range(1, count // FIRST):
        with database.writing() as session:
            for kind, own in ((Office, "key"), (Letter, "code")):
                table = kind.__table__
                taken = [
                    column + block * FIRST
                    if column.name in ("id", "office_id")
                    else column + f"-{block}"
                    if column.name == own
                    else column
                    for column in table.c
                ]
                rows = sa.select(*taken).where(table.c.id <= FIRST)
                session.execute(sa.insert(table).from_select(list(table.c.keys()), rows))
    with database.writing() as session:
        gone = {"state": State.SENT, "sent_at": dt.datetime.now(dt.UTC)}
        session.execute(sa.update(Letter).where(Letter.id % 10 > 0).values(**gone))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


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
            fill(database, count)
            with database.reading() as session:
                ids = sa.select(Letter.send_after, Letter.id).where(Letter.state == State.SCHEDULED)
                ids = ids.order_by(Letter.send_after, Letter.id).offset(count // 40)
                middle = session.execute(ids.limit(1)).one()
            head = spent(database, due.Page(most=BATCH))
            there = spent(database, due.Page(after=(middle[0], middle[1]), most=BATCH))
            print(
                f"{chosen.database}, {count:,} letters, {count // 10:,} due: a page of {BATCH} "
                f"takes {head:.2f} ms at the head, {there:.2f} ms further on"
            )
            plan(database)
            database.close()


if __name__ == "__main__":
    main()
