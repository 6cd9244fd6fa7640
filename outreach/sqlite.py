"""What SQLite is told beside SQL: how it keeps what is written, and how writers take turns."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

BUSY_SECONDS = 30
# Between two looks whether the write lock is free.
LOOK_SECONDS = 0.001
CACHE_KIB = 64 * 1024
MAPPED_BYTES = 512 * 1024 * 1024


def set_up(engine: sa.Engine) -> None:
    """Have every connection of `engine` keep what is written in a log beside the file (WAL).

    Foreign keys hold, a commit is on the disk (`synchronous` FULL), and a transaction of a
    connection with the option `outreach_writes` takes the write lock as it begins.
    """
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "commit", _count)


def changes(session: Session) -> int:
    """Return how many transactions wrote anything so far, on SQLite, but those not `counted`.

    Whoever read before it had the write lock knows by it whether what it read still holds. Kept
    where SQLite leaves room for a number (https://www.sqlite.org/pragma.html#pragma_user_version),
    so it is as true as the transaction.
    """
    return int(session.connection().exec_driver_sql("PRAGMA user_version").scalar_one())


def changed_rows(connection: sa.Connection) -> int:
    """How many rows this SQLite connection ever changed, also those taken back."""
    driver: Any = connection.connection.driver_connection
    return int(driver.total_changes)


def _count(connection: sa.Connection) -> None:
    told = connection.get_execution_options()
    # Without the lock only temporary tables can have been written.
    counted = told.get("outreach_writes", False) and told.get("outreach_counted", True)
    if counted and changed_rows(connection) != connection.info["changed_before"]:
        count = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        # A signed number of 32 bits.
        connection.exec_driver_sql(f"PRAGMA user_version = {(count + 1) % 2**31}")


def _set_up(connection: Any, _record: Any) -> None:
    # SQLAlchemy, not the driver, says when a transaction begins: see _begin.
    connection.isolation_level = None
    cursor = connection.cursor()
    _write_ahead(cursor)
    for pragma in (
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_SECONDS * 1000:.0f}",
        "synchronous = FULL",
        # Pages that are in memory already are read where they lie: a search looks at all of them.
        f"mmap_size = {MAPPED_BYTES}",
        # A large import stays in memory until its commit; the default of 2 MB is written again
        # and again.
        f"cache_size = -{CACHE_KIB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Keep what is written in a log beside the file (WAL), whoever begins with an empty file.

    SQLite waits for nobody while it changes to that: of several that start together all but one
    would fail at once. Raises OperationalError after the busy time-out.
    """
    ends = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > ends:
                raise
        time.sleep(0.05)


def _begin(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("outreach_writes", False):
        _lock(connection)
    else:
        connection.exec_driver_sql("BEGIN")
    connection.info["changed_before"] = changed_rows(connection)


def _lock(connection: sa.Connection) -> None:
    """Take SQLite's write lock; raise OperationalError when it isn't free within the busy time-out.

    SQLite's own waiting sleeps longer and longer, up to a tenth of a second, between two looks;
    workers hand the lock over every few milliseconds.
    """
    driver: Any = connection.connection.driver_connection
    ends = time.monotonic() + BUSY_SECONDS
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while time.monotonic() < ends:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    break
            time.sleep(LOOK_SECONDS)
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
