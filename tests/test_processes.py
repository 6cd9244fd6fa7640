"""The processes as an operator starts them: web, workers, clocks; stopped, killed, out of order."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from outreach import engine
from outreach.database import Database
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending.models import Attempt, ClockLease
from tests import make
from tests.ports import reserved
from tests.sending.conftest import sendable

pytestmark = pytest.mark.long

PATIENCE = 300
# In a letter, and in no line of any log.
NAME, ADDRESS = "Zanzibarova", "zanzibarova@office.example"


class Processes:
    """Commands of `outreach` in processes of their own, over one database and home."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.home = folder / "home"
        self.logs: list[Path] = []
        self._all: list[subprocess.Popen[bytes]] = []
        self._folder = folder
        self.port = reserved()

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start `outreach` with this command."""
        log = self._folder / f"{len(self.logs)}.log"
        self.logs.append(log)
        environment = {
            "OUTREACH_HOME": str(self.home),
            "OUTREACH_DATABASE_URL": self.database.url.render_as_string(hide_password=False),
            "OUTREACH_LOG": "json",
            "PORT": str(self.port),
            "DEMO": "no",
        }
        with log.open("wb") as kept:
            started = subprocess.Popen(
                [Path(sys.executable).parent / "outreach", *command],
                env=os.environ | environment,
                stdout=kept,
                stderr=subprocess.STDOUT,
            )
        self._all.append(started)
        return started

    def said(self) -> str:
        """Return what all of them said so far."""
        return "".join(log.read_text("utf-8") for log in self.logs)

    def captured(self) -> int:
        """Return how many letters left."""
        return len(list((self.home / "capture").rglob("*.eml")))

    def until(self, what: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait until `what` is so."""
        ends = time.monotonic() + patience
        while not what():
            assert time.monotonic() < ends, self.said()
            time.sleep(0.1)

    def ready(self) -> tuple[int, dict[str, Any]]:
        """Return what /ready says: status and answer; 0 while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready") as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    def stop(self, *processes: subprocess.Popen[bytes]) -> None:
        """Ask them (default: all) to end, and see that they do well."""
        asked = [one for one in processes or self._all if one.poll() is None]
        for one in asked:
            one.terminate()
        assert [one.wait(PATIENCE) for one in asked] == [0] * len(asked), self.said()

    def kill(self) -> None:
        """End what still runs."""
        for one in self._all:
            if one.poll() is None:
                one.kill()
                one.wait()


@pytest.fixture
def processes(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Processes]:
    """Processes that are gone when the test ends; letters of today, for they read real clocks."""
    monkeypatch.setattr(make, "NOW", dt.datetime.now(dt.UTC))
    started = Processes(database, tmp_path)
    yield started
    started.kill()
    if database.url.get_backend_name() == "postgresql":
        database.waker = None
        with database.engine.begin() as connection:
            for name in sa.inspect(connection).get_schema_names():
                if name.startswith("outreach_engine_"):
                    connection.execute(sa.schema.DropSchema(name, cascade=True))


def schedule(database: Database, count: int, **values: Any) -> None:
    """Letters whose window opened a moment ago; an engine wakes whoever sends them."""
    engine.engine_of(database)
    now = dt.datetime.now(dt.UTC)
    with database.writing() as session:
        campaign = make.campaign(session)
        window = {"send_after": now - dt.timedelta(minutes=1), "send_before": now + dt.timedelta(2)}
        for _ in range(count):
            sendable(session, campaign, state=State.SCHEDULED, **window, **values)


def states(database: Database) -> dict[State, int]:
    with database.reading() as session:
        query = sa.select(Letter.state, sa.func.count()).group_by(Letter.state)
        return {row[0]: row[1] for row in session.execute(query)}


def holder(database: Database) -> str | None:
    with database.reading() as session:
        return session.scalar(sa.select(ClockLease.holder))


def test_two_of_each_send_every_letter_once(processes: Processes) -> None:
    web = processes.start("web", "--workers", "2")
    workers = [processes.start("worker") for _ in range(2)]
    clocks = [processes.start("clock") for _ in range(2)]
    processes.until(lambda: processes.ready()[0] == 200)
    schedule(processes.database, 60)
    processes.until(lambda: states(processes.database) == {State.SENT: 60})
    assert processes.captured() == 60
    with processes.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 60

    # The clock that is it stops: the other one is it at its next tick.
    first = str(holder(processes.database))
    (its,) = [one for one in clocks if first.startswith(f"{one.pid}-")]
    processes.stop(its)
    processes.until(lambda: holder(processes.database) not in (None, first))
    assert processes.ready()[0] == 200
    processes.stop(*workers, web)
    processes.stop()


def test_a_clock_that_was_killed_is_followed_by_the_other(processes: Processes) -> None:
    clocks = [processes.start("clock") for _ in range(2)]
    processes.until(lambda: holder(processes.database) is not None)
    first = str(holder(processes.database))
    (its,) = [one for one in clocks if first.startswith(f"{one.pid}-")]
    its.kill()
    processes.until(lambda: holder(processes.database) not in (None, first))
    processes.stop()


def test_any_order_and_an_empty_database(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    processes = Processes(Database(url), tmp_path)
    request.addfinalizer(processes.kill)
    for command in (("worker",), ("clock",), ("worker",), ("web",), ("clock",)):
        processes.start(*command)
    processes.until(lambda: processes.ready()[0] == 200)
    processes.stop()


def test_a_worker_told_to_stop_ends_after_its_letter(processes: Processes) -> None:
    schedule(processes.database, 400)
    worker = processes.start("worker")
    processes.until(lambda: processes.captured() > 5)
    processes.stop(worker)
    told = states(processes.database)
    assert set(told) <= {State.SENT, State.SCHEDULED}
    assert told[State.SENT] == processes.captured()
    processes.start("worker", "--once").wait()
    assert states(processes.database) == {State.SENT: 400}
    assert processes.captured() == 400


def test_an_old_worker_stops_when_the_database_is_newer(processes: Processes) -> None:
    old = [processes.start("worker"), processes.start("clock")]
    processes.until(lambda: processes.said().count("is at work") == 2)
    newest = processes.database.revision()
    try:
        move_to(processes.database, "9999")
        assert [one.wait(PATIENCE) for one in old] == [1, 1]
        again = processes.start("web")
        assert again.wait(PATIENCE) == 1
    finally:
        move_to(processes.database, str(newest))
    sentences = [line for line in processes.said().splitlines() if line.startswith("outreach: ")]
    assert len(sentences) == 3 and all("newer version" in line for line in sentences)


def move_to(database: Database, revision: str) -> None:
    with database.writing() as session:
        session.execute(sa.text(f"update alembic_version set version_num = '{revision}'"))


def test_no_log_tells_whom_we_write_to(processes: Processes) -> None:
    with processes.database.writing() as session:
        campaign = make.campaign(session)
        target = make.target(session, address=ADDRESS, name=NAME)
    now = dt.datetime.now(dt.UTC)
    window = {"send_after": now - dt.timedelta(minutes=1), "send_before": now + dt.timedelta(2)}
    with processes.database.writing() as session:
        campaign = session.merge(campaign)
        sendable(
            session,
            campaign,
            state=State.SCHEDULED,
            target=session.merge(target),
            address=ADDRESS,
            **window,
        )
        # One that can't be made into a message: its errors are told without its words.
        sendable(session, campaign, state=State.SCHEDULED, subject=f"{NAME}\nBcc: x", **window)
    for command in (("worker",), ("clock",), ("web",)):
        processes.start(*command)
    processes.until(lambda: processes.captured() == 1 and processes.ready()[0] == 200)
    for path in (f"/people?q={NAME}", f"/{NAME}", "/sign-in"):
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{processes.port}{path}").close()
    with socket.create_connection(("127.0.0.1", processes.port)) as line:
        line.sendall(b"NONSENSE\r\n\r\n")
        line.recv(1000)
    processes.stop()
    said = processes.said()
    assert '"page": "security.login"' in said
    assert NAME.lower() not in said.lower()
    lines = [line for line in said.splitlines() if line.startswith("{")]
    assert not any("127.0.0.1" in line for line in lines)
    assert all(json.loads(line)["what"] for line in lines)


def test_a_second_signal_ends_at_once(processes: Processes, tmp_path: Path) -> None:
    worker = processes.start("worker")
    processes.until(lambda: "is at work" in processes.said())
    worker.send_signal(signal.SIGSTOP)
    worker.send_signal(signal.SIGTERM)
    worker.send_signal(signal.SIGCONT)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) in (0, 128 + signal.SIGTERM)
