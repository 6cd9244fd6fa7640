"""Wakes workers on PostgreSQL, by Procrastinate: the job is deferred with the row it is about.

The rows stay the truth and the claim the only gate; a job says no more than "look now". So losing
all of them loses nothing, and they live in a PostgreSQL schema of their own, named after the
library's version: a newer library makes a new one and drops the old, and no migration of ours has
to know what it holds.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib.metadata
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.database import Database, Wakes

_PREFIX = "outreach_engine_"
# Whoever makes the schema holds this; the number only has to be ours.
_ONE_AT_A_TIME = 5_207_348_612
# A worker tells every ten seconds that it lives; one that was silent for so long is gone.
_GONE_SECONDS = 60.0
_KEPT_HOURS = 24
_AGAIN_SECONDS = 5.0

log = logging.getLogger(__name__)


def engine_of(database: Database) -> Engine | None:
    """Return the engine of a PostgreSQL database, ready; None on SQLite, or without the library.

    From now on what is written through `database` wakes workers. Without an engine they look for
    work every few seconds.
    """
    if database.url.get_backend_name() != "postgresql":
        return None
    try:
        engine = Engine(database)
        engine.prepare()
    except ModuleNotFoundError:
        log.warning("procrastinate is not installed: workers look for work by themselves")
        return None
    except sa.exc.DBAPIError as error:
        log.warning(
            "no engine (%s): workers look for work by themselves", type(error.orig).__name__
        )
        return None
    database.waker = engine.wake
    return engine


class Engine:
    """Jobs in the database's own PostgreSQL, and one thread that runs them here."""

    def __init__(self, database: Database) -> None:
        import procrastinate

        self._database = database
        version = importlib.metadata.version("procrastinate")
        self._schema = _PREFIX + "".join(c if c.isalnum() else "_" for c in version)
        self._library: Any = procrastinate
        # Only ever handed the connection of a transaction that is open already.
        self._telling: Any = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def prepare(self) -> None:
        """Make the schema if it is not there, and drop those of other versions of the library."""
        with self._database.engine.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
            names = set(sa.inspect(connection).get_schema_names())
            if self._schema in names:
                return
            for old in sorted(name for name in names if name.startswith(_PREFIX)):
                connection.execute(sa.schema.DropSchema(old, cascade=True))
            connection.execute(sa.schema.CreateSchema(self._schema))
            connection.execute(sa.text(f"SET LOCAL search_path TO {self._schema}, public"))
            driver: Any = connection.connection.driver_connection
            driver.execute(self._library.schema.SchemaManager.get_schema())

    def wake(self, session: Session, wakes: Wakes) -> None:
        """Defer a job for each of `wakes` in the session's transaction, one at most of a kind.

        A waiting job of the same kind and minute is enough. What goes wrong is logged and leaves
        the transaction as it was: workers look by themselves too.
        """
        connection = session.connection()
        for work, at in sorted(wakes.items()):
            later = at if at is not None and at > dt.datetime.now(dt.UTC) else None
            lock = f"{work} {later:%Y-%m-%d %H:%M}" if later else work
            try:
                with connection.begin_nested():
                    self._defer(connection, work, lock, later)
            except self._library.exceptions.AlreadyEnqueued:
                continue
            except Exception as error:
                log.warning("nobody was woken for %s: %s", work, type(error).__name__)

    def _defer(
        self, connection: sa.Connection, work: str, lock: str, later: dt.datetime | None
    ) -> None:
        # For this transaction only; new tables would still go where they went before.
        path = sa.func.current_setting("search_path") + f", {self._schema}"
        connection.execute(sa.select(sa.func.set_config("search_path", path, True)))
        self._telling.configure_task(
            name=work,
            queue=work,
            queueing_lock=lock,
            schedule_at=later,
            connection=connection.connection.driver_connection,
        ).defer()

    def start(self, duties: Mapping[str, Callable[[], None]]) -> None:
        """Do a duty whenever its job comes, in a thread of this process, until `stop`."""
        self._thread = threading.Thread(target=self._run, args=(duties,), name="engine")
        self._thread.start()

    def stop(self) -> None:
        """Take no further job, and wait for those in progress."""
        self._stopped.set()
        loop, ending = self._loop, self._ending
        if loop is not None and ending is not None and not loop.is_closed():
            loop.call_soon_threadsafe(ending.set)
        if self._thread is not None:
            self._thread.join()

    def _run(self, duties: Mapping[str, Callable[[], None]]) -> None:
        while not self._stopped.is_set():
            try:
                asyncio.run(self._work(duties))
            except Exception as error:
                # The database is away, most likely: the duties' own looks say so too.
                log.warning("the engine stopped and starts again: %s", type(error).__name__)
                self._stopped.wait(_AGAIN_SECONDS)

    async def _work(self, duties: Mapping[str, Callable[[], None]]) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        app = self._app(most=2 * len(duties))
        for name, duty in duties.items():
            app.task(name=name, queue=name)(duty)
        async with app.open_async():
            ending = asyncio.create_task(self._ending.wait())
            # A queue of its own for each kind: a long list holds up no letter.
            working = [
                asyncio.create_task(
                    app.run_worker_async(
                        name=name,
                        queues=[name],
                        concurrency=1,
                        install_signal_handlers=False,
                        delete_jobs="successful",
                    )
                )
                for name in duties
            ]
            if self._stopped.is_set():
                self._ending.set()
            await asyncio.wait([ending, *working], return_when=asyncio.FIRST_COMPLETED)
            for one in (ending, *working):
                one.cancel()
            results = await asyncio.gather(ending, *working, return_exceptions=True)
        if not self._ending.is_set():
            raise next((r for r in results if isinstance(r, Exception)), RuntimeError("ended"))

    def tidy(self) -> None:
        """Give jobs whose worker is gone to another one, and delete what was over a day ago."""
        asyncio.run(self._tidy())

    async def _tidy(self) -> None:
        app = self._app(most=1)
        async with app.open_async():
            jobs = app.job_manager
            gone = await jobs.get_stalled_jobs(seconds_since_heartbeat=_GONE_SECONDS)
            for job in gone:
                try:
                    await jobs.retry_job(job=job, retry_at=dt.datetime.now(dt.UTC))
                except self._library.exceptions.ConnectorException:
                    # The same is waiting already.
                    await jobs.finish_job(
                        job=job, status=self._library.jobs.Status.ABORTED, delete_job=True
                    )
            await jobs.delete_old_jobs(
                nb_hours=_KEPT_HOURS,
                include_failed=True,
                include_cancelled=True,
                include_aborted=True,
            )
            if gone:
                log.info("jobs whose worker was gone: %s", len(list(gone)))

    def _app(self, most: int) -> Any:
        url = self._database.url.set(drivername="postgresql")
        connector = self._library.PsycopgConnector(
            conninfo=url.render_as_string(hide_password=False),
            kwargs={"options": f"-c search_path={self._schema}"},
            min_size=1,
            max_size=max(most, 1),
        )
        return self._library.App(connector=connector)
