"""Opens the database and is the only place that commits."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from outreach.config import shipped
from outreach.errors import NotFound, OutreachError
from outreach.words import N_, Sentence

POSTGRESQL_WORK_MEMORY = "32MB"
SQLITE_BUSY_SECONDS = 30
SQLITE_CACHE_KIB = 64 * 1024
SQLITE_MAPPED_BYTES = 512 * 1024 * 1024
_NO_DRIVER = N_(
    "OUTREACH_DATABASE_URL names PostgreSQL, but its driver is not installed. "
    "Run “make postgres”, or install outreach[postgres]."
)


class Database:
    """An engine and its sessions, for SQLite or PostgreSQL.

    `url` is an SQLAlchemy URL. SQLite runs with WAL, foreign keys, a busy time-out of 30 s and
    `synchronous` FULL (the outbox is only as true as its last commit).
    """

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        # An error ends in a log; the row it was about must not.
        quiet: dict[str, Any] = {"hide_parameters": True}
        if self.url.get_backend_name() == "sqlite":
            self.engine = sa.create_engine(
                self.url,
                connect_args={"timeout": SQLITE_BUSY_SECONDS, "check_same_thread": False},
                **quiet,
            )
            event.listen(self.engine, "connect", _set_up_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            try:
                self.engine = sa.create_engine(self.url, pool_pre_ping=True, **quiet)
            except ModuleNotFoundError as error:
                raise OutreachError(Sentence(_NO_DRIVER)) from error
            event.listen(self.engine, "connect", _set_up_postgresql)
        self._reading = sessionmaker(self.engine, expire_on_commit=False)
        self._writing = sessionmaker(
            self.engine.execution_options(outreach_writes=True), expire_on_commit=False
        )

    def session(self, *, writes: bool) -> Session:
        """Return a new session; one that `writes` takes SQLite's write lock as it begins.

        A read followed by a write in one deferred SQLite transaction fails at once when another
        writer was faster; beginning IMMEDIATE makes it wait instead.
        """
        return self._writing() if writes else self._reading()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session to read with; nothing it does is kept."""
        with self.session(writes=False) as session:
            yield session
            session.rollback()

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session, commit when the block ends, roll back when it raises."""
        with self.session(writes=True) as session, transaction(session):
            yield session

    def migrate(self, revision: str = "head") -> None:
        """Bring the database up to `revision`, the newest migration; an empty one gets every table.

        Raises OutreachError when the database is newer than this code: nothing is changed then.
        """
        config = Config()
        config.set_main_option("script_location", str(shipped("migrations")).replace("%", "%%"))
        with self.engine.execution_options(outreach_writes=True).connect() as connection:
            config.attributes["connection"] = connection
            known = {
                script.revision for script in ScriptDirectory.from_config(config).walk_revisions()
            }
            current = MigrationContext.configure(connection).get_current_revision()
            if {current, revision} - known - {None, "head"}:
                raise OutreachError(
                    Sentence(
                        "The database was written by a newer version of Outreach. "
                        "Nothing was changed; install that version again."
                    )
                )
            command.upgrade(config, revision)
            connection.commit()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextlib.contextmanager
def transaction(session: Session) -> Iterator[None]:
    """Commit what the block did, all or nothing. The block must not touch the network."""
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise


def hold(session: Session, *rows: Any) -> None:
    """Keep others off `rows` until the transaction ends, and read them as they are by now.

    Call it before deciding by what a row says: on PostgreSQL somebody else may have changed it
    since it was read (SQLite has one writer at a time). Raises NotFound for a row that is gone.
    """
    session.flush()
    postgresql = session.get_bind().dialect.name == "postgresql"
    for row in sorted(rows, key=lambda one: (one.__tablename__, one.id)):
        if postgresql:
            # Before the row: an import takes whole tables, and one of the two must wait outside.
            table = sa.text(f"LOCK TABLE {row.__tablename__} IN ROW EXCLUSIVE MODE")
            session.execute(table)
        names = [column.key for column in sa.inspect(row).mapper.column_attrs]
        try:
            session.refresh(row, names, with_for_update=True)
        except sa.exc.InvalidRequestError as error:
            raise NotFound(Sentence("Somebody took this away a moment ago.")) from error


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # SQLAlchemy, not the driver, says when a transaction begins: see _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "foreign_keys = ON",
        f"busy_timeout = {SQLITE_BUSY_SECONDS * 1000}",
        "synchronous = FULL",
        # Pages that are in memory already are read where they lie: a search looks at all of them.
        f"mmap_size = {SQLITE_MAPPED_BYTES}",
        # A large import stays in memory until its commit; the default of 2 MB is written again
        # and again.
        f"cache_size = -{SQLITE_CACHE_KIB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _set_up_postgresql(connection: Any, _record: Any) -> None:
    # Counts of a large directory hash all of it: the default of 4 MB goes to the disk, and
    # compiling a plan takes longer than running it.
    with connection.cursor() as cursor:
        cursor.execute(f"SET work_mem = '{POSTGRESQL_WORK_MEMORY}'; SET jit = off")
    connection.commit()


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("outreach_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
