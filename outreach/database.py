"""Opens the database and is the only place that commits."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import sqlite3
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from outreach import sqlite
from outreach.config import shipped
from outreach.errors import NotFound, OutreachError
from outreach.words import N_, Sentence

POSTGRESQL_WORK_MEMORY = "32MB"
_NO_DRIVER = N_(
    "OUTREACH_DATABASE_URL names PostgreSQL, but its driver is not installed. "
    "Run “make postgres”, or install outreach[postgres]."
)
_NEWER = N_(
    "The database was written by a newer version of Outreach. "
    "Nothing was changed; install that version again."
)
# Whoever brings a PostgreSQL database up to date holds this; the number only has to be ours.
_ONE_AT_A_TIME = 5_207_348_611
# What PostgreSQL calls it (SQLSTATE, appendix A of its manual): not serialised, deadlock, lock not
# had in time, too many connections, being shut down, crashed, starting up.
_BUSY_STATES = frozenset({"40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03"})
# The work that a change asks for -> when, None for at once.
Wakes = Mapping[str, dt.datetime | None]
_WAKES = "outreach_wakes"
# So many answers a connection remembers.
_REMEMBERED = 500
T = TypeVar("T")


class Database:
    """An engine and its sessions, for SQLite or PostgreSQL.

    `url` is an SQLAlchemy URL. SQLite runs with WAL, foreign keys, a busy time-out of 30 s and
    `synchronous` FULL (the outbox is only as true as its last commit).
    """

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        # An error ends in a log; the row it was about must not.
        quiet: dict[str, Any] = {"hide_parameters": True}
        if self.one_writer:
            self.engine = sa.create_engine(
                self.url,
                connect_args={"timeout": sqlite.BUSY_SECONDS, "check_same_thread": False},
                **quiet,
            )
            sqlite.set_up(self.engine)
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
        # Told what a transaction asks for, inside it and just before it is committed.
        self.waker: Callable[[Session, Wakes], None] | None = None
        event.listen(self._writing, "before_commit", self._wake)
        event.listen(self._writing, "after_rollback", _forget_wakes)

    @property
    def one_writer(self) -> bool:
        """Whether everybody who writes waits for everybody else who does: on SQLite."""
        return self.url.get_backend_name() == "sqlite"

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
    def writing(
        self, *, over: sa.Connection | None = None, counted: bool = True
    ) -> Iterator[Session]:
        """Give a session, commit when the block ends, roll back when it raises.

        `over`: not over any connection but that one, which `connection` gave. What is not `counted`
        leaves `changes` as it is.
        """
        if over is not None:
            over.execution_options(outreach_writes=True)
        session = self._writing(bind=over) if over is not None else self._writing()
        with session, transaction(session):
            if not counted:
                session.connection(execution_options={"outreach_counted": False})
            yield session

    @contextlib.contextmanager
    def connection(self) -> Iterator[sa.Connection]:
        """Give a connection for oneself, closed in the end and its temporary tables with it.

        What is laid into such tables keeps nobody waiting, not even on SQLite, and `writing` over
        the same connection finds it there.
        """
        with self.engine.connect() as connection:
            try:
                yield connection
            finally:
                connection.invalidate()

    @contextlib.contextmanager
    def glancing(self, statement: sa.Select[Any]) -> Iterator[Callable[[], Any]]:
        """Give a function that asks `statement` anew each time and returns the first value.

        For a small question that is asked very often, outside any session: every answer is as fresh
        as the last commit. Raises what the driver raises.
        """
        sql = str(statement.compile(self.engine, compile_kwargs={"literal_binds": True}))
        connection = self.engine.raw_connection()
        driver: Any = connection.driver_connection
        postgresql = self.engine.dialect.name == "postgresql"
        try:
            if postgresql:
                driver.autocommit = True
            cursor = driver.cursor()

            def ask() -> Any:
                # Read to the end: half a result keeps a transaction open.
                rows = cursor.execute(sql).fetchall()
                return rows[0][0] if rows else None

            yield ask
        finally:
            if postgresql and not driver.closed:
                driver.autocommit = False
            connection.close()

    def migrate(self, revision: str = "head") -> None:
        """Bring the database up to `revision`, the newest migration; an empty one gets every table.

        Of several processes that start together one migrates, the others wait for it. Raises
        OutreachError when the database is newer than this code: nothing is changed then.
        """
        target = _known()[0] if revision == "head" else revision
        if self.revision() == target:
            return
        config = _alembic()
        with self.engine.execution_options(outreach_writes=True).connect() as connection:
            config.attributes["connection"] = connection
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
            current = MigrationContext.configure(connection).get_current_revision()
            if {current, target} - {*_known(), None}:
                raise OutreachError(Sentence(_NEWER))
            command.upgrade(config, revision)
            connection.commit()

    def revision(self) -> str | None:
        """Return the newest migration the database has; None for an empty one."""
        with self.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def up_to_date(self) -> bool:
        """Return whether the database is what this code needs; False when migrations lack.

        Raises OutreachError when it is newer than this code: a process that ran while another one
        migrated has to stop.
        """
        known, current = _known(), self.revision()
        if current is not None and current not in known:
            raise OutreachError(Sentence(_NEWER))
        return current == known[0]

    def _wake(self, session: Session) -> None:
        wakes = session.info.pop(_WAKES, None)
        if wakes and self.waker is not None:
            session.flush()
            self.waker(session, wakes)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def wake(session: Session, work: str, at: dt.datetime | None = None) -> None:
    """Ask for somebody who does `work` (such as "letters"), at once or `at` an instant.

    Asked for when the transaction is committed, forgotten when it isn't. Without an engine nobody
    is told: then whoever does the work looks for it every few seconds.
    """
    wakes = session.info.setdefault(_WAKES, {})
    before = wakes.setdefault(work, at)
    wakes[work] = None if before is None or at is None else min(before, at)


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


def _forget_wakes(session: Session) -> None:
    session.info.pop(_WAKES, None)


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(shipped("migrations")).replace("%", "%%"))
    return config


@functools.cache
def _known() -> tuple[str, ...]:
    """Every migration this code has, the newest first."""
    scripts = ScriptDirectory.from_config(_alembic())
    return tuple(script.revision for script in scripts.walk_revisions())


def remembered(session: Session, question: Hashable, answer: Callable[[], T]) -> T:
    """Return what `answer` reads, from memory while nothing at all was written since it was read.

    Turning a page or sorting anew counts the same large selection again; this way it is counted
    once, and never told wrongly: any write of anybody makes every connection forget. `question` is
    everything the answer depends on but the database; nobody may change the answer.
    """
    session.flush()
    connection = session.connection()
    state = _state(connection)
    if state is None:
        return answer()
    if connection.info.get("state") != state:
        connection.info["state"], connection.info["answers"] = state, {}
    answers = connection.info["answers"]
    if question not in answers:
        if len(answers) >= _REMEMBERED:
            answers.clear()
        answers[question] = answer()
    found: T = answers[question]
    return found


def _state(connection: sa.Connection) -> Hashable:
    """What differs once anything was written; None while this transaction writes itself.

    SQLite tells one connection of the others' commits, and how many rows it changed itself
    (https://www.sqlite.org/pragma.html#pragma_data_version). PostgreSQL's snapshot names the newest
    transaction and those still open.
    """
    if connection.dialect.name == "sqlite":
        others = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        own = sqlite.changed_rows(connection)
        return (others, own) if own == connection.info["changed_before"] else None
    row = connection.exec_driver_sql(
        "SELECT pg_current_snapshot()::text, pg_current_xact_id_if_assigned() IS NOT NULL"
    ).one()
    return None if row[1] else str(row[0])


def one_at_a_time(session: Session, name: str) -> None:
    """Let nobody else do what is called `name` until the transaction ends.

    SQLite has one writer anyway; on PostgreSQL the others wait here.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(name))))


def is_away(error: Exception) -> bool:
    """Return whether `error` says that the database can't be reached, or not for now."""
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    told = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
    return told or error.connection_invalidated


def is_busy(error: Exception) -> bool:
    """Return whether `error` says only that somebody else holds the database, or that it is gone.

    SQLite: busy or locked. PostgreSQL: a lock not had in time, a deadlock, a lost connection.
    Whatever was tried is not to blame, and goes as well a little later.
    """
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        # The lower byte is the kind; the rest tells more of it.
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        # No answer of the server: the driver itself found that there is none.
        return error.connection_invalidated or isinstance(error, sa.exc.OperationalError)
    # Class 08: the connection.
    return str(state).startswith("08") or state in _BUSY_STATES


def _set_up_postgresql(connection: Any, _record: Any) -> None:
    # Counts of a large directory hash all of it: the default of 4 MB goes to the disk, and
    # compiling a plan, or calling further processes to share it, takes longer than running it.
    # Pages of an index are in memory or on a disk without arms: the default of 4 is for other disks
    # and has every list read through all rows.
    with connection.cursor() as cursor:
        cursor.execute(
            f"SET work_mem = '{POSTGRESQL_WORK_MEMORY}'; SET jit = off;"
            " SET max_parallel_workers_per_gather = 0; SET random_page_cost = 1.1"
        )
    connection.commit()
