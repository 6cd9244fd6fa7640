"""How fast letters leave, and what it costs: from stored, approved text to the last 250's commit.

Live letters (gate, seal, claim, message, DKIM, SMTP, results) go to `smtp-sink`; `smtp-source`
sends as many messages of 6,000 octets to it before and after, in the same run. Workers are forked
when everything is imported, send a batch each, as a worker has that runs for weeks, and then do
what `outreach worker` does when it is woken: from there on time and CPU seconds are counted, and
what came before is printed beside them. Only what the workers themselves use is counted, not the
sink and not PostgreSQL's server. Needs Debian's package postfix for the sink and the source.

    .venv/bin/python benchmarks/sending.py [--letters 10000] [--batch 50] [--workers 2]
        [--rounds 1] [--database postgresql] [--no-dkim] [--library] [--queued 100000]
        [--json] [--profile FILE]

`--queued` measures a second time with so many letters and prints what a letter then takes in
time, CPU and memory beside the first. What it prints last is how the database finds what is due.
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import datetime as dt
import gc
import json
import multiprocessing
import os
import pstats
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import configure_mappers

sys.path.insert(0, str(Path(__file__).resolve().parent))

import filling
from letters import opened

from outreach import work
from outreach.config import Settings, read_settings
from outreach.database import Database
from outreach.directory.salutation_blocks import blocks
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import due, outbox, ways
from outreach.signing import Vault

PLACES = "/usr/sbin"
SESSIONS, OCTETS = 4, 6_000
FORK = multiprocessing.get_context("fork")


@dataclass
class Sink:
    """A mail server that takes everything, counts it and keeps nothing."""

    port: int
    process: subprocess.Popen[bytes]
    told: Path
    rates: list[float] = field(default_factory=list)

    def source(self, count: int) -> None:
        """Let `smtp-source` send `count` messages and note its rate."""
        run = [f"{PLACES}/smtp-source", "-d", "-s", str(SESSIONS), "-m", str(count)]
        begun = time.perf_counter()
        subprocess.run([*run, "-l", str(OCTETS), f"127.0.0.1:{self.port}"], check=True)
        self.rates.append(count / (time.perf_counter() - begun))

    def count(self) -> int:
        """Return how many messages it has taken so far."""
        time.sleep(0.3)
        return int(self.told.read_text("ascii").rpartition("mesg=")[2].split()[0] or 0)


@contextlib.contextmanager
def sink(*options: str) -> Iterator[Sink]:
    """Give an `smtp-sink` on a free port of this machine."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    run = [f"{PLACES}/smtp-sink", "-c", *options, f"127.0.0.1:{port}", "1000"]
    if os.geteuid() == 0:
        run[1:1] = ["-u", "nobody"]
    with tempfile.TemporaryDirectory(prefix="sink-") as folder:
        told = Path(folder) / "told"
        with told.open("wb") as output, subprocess.Popen(run, stdout=output) as started:
            try:
                _answers(port)
                yield Sink(port, started, told)
            finally:
                started.terminate()


def _answers(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("smtp-sink does not start")


def send(url: str, settings: Settings, profile: str, ready: Any, cold: Any) -> None:
    """Be a worker until nothing is due; its own process.

    What it used for its first batch is added to `cold`; then it waits until all are `ready`.
    """
    gc.freeze()
    database, worker = Database(url), work.new_worker()

    def now() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    with ways.ways_of(settings) as out:
        outbox.send_due(database, out, now=now, worker=worker, limit=settings.batch)
        with cold.get_lock():
            cold.value += time.process_time()
        ready.wait()
        profiler = cProfile.Profile() if profile else None
        if profiler:
            profiler.enable()
        work.send_letters(database, out, now=now, worker=worker)
    if profiler:
        profiler.disable()
        pstats.Stats(profiler).dump_stats(profile)
    database.close()


def run(database: Database, settings: Settings, workers: int, profile: str) -> tuple[float, ...]:
    """Send everything by so many workers.

    Return seconds, CPU seconds, most memory (MB), and the CPU seconds of their first batches.
    """
    url = database.url.render_as_string(hide_password=False)
    database.close()
    ready, cold = FORK.Barrier(workers + 1), FORK.Value("d", 0.0)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = (url, settings, profile, ready, cold)
    started = [FORK.Process(target=send, args=told) for _ in range(workers)]
    for one in started:
        one.start()
    ready.wait()
    begun, peak = time.perf_counter(), 0.0
    while left := [one for one in started if one.is_alive()]:
        peak = max([peak, *(memory(one.pid or 0) for one in left)])
        wait([one.sentinel for one in left], 0.1)
    spent = time.perf_counter() - begun
    for one in started:
        one.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, worked - cold.value, peak, cold.value


def memory(process: int) -> float:
    """Memory of a process in MB, without the database's file that is mapped into it."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    if "RssAnon:" not in status:
        return 0.0
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


def plan(database: Database, page: due.Page | None = None) -> None:
    """Print how the database finds what is due: `page` of it, or one further on."""
    now = dt.datetime.now(dt.UTC)
    query, told = due.page_query(page or due.Page((now, 1), 50), now=now)
    bound = query.params(told)
    sql = str(bound.compile(database.engine, compile_kwargs={"literal_binds": True}))
    tried = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF)"
    postgresql = database.engine.dialect.name == "postgresql"
    with database.engine.connect() as connection:
        word = tried if postgresql else "EXPLAIN QUERY PLAN"
        for row in connection.exec_driver_sql(f"{word} {sql}".replace("%", "%%")):
            print("   ", row[-1])


@dataclass(frozen=True)
class Measured:
    """One run: letters, letters and source's messages a second, CPU seconds, MB of a worker.

    `cold` are the CPU seconds that the workers took to start and to send their first batches.
    """

    letters: int
    rate: float
    source: float
    cpu: float
    memory: float
    cold: float

    def told(self, what: str) -> str:
        """Return the run in one line, after what it was."""
        return (
            f"{what}, {self.letters:,} letters: {self.rate:,.0f}/s; "
            f"smtp-source {self.source:,.0f}/s; ratio {self.rate / self.source:.3f}; "
            f"CPU {self.cpu / self.letters * 10_000:.2f} s per 10,000; "
            f"most memory {self.memory:.0f} MB a worker; first batches {self.cold:.2f} s CPU"
        )


def measure(
    database: Database, settings: Settings, chosen: argparse.Namespace, at: Sink
) -> Measured:
    """Send everything once, between two runs of the source; SystemExit if the sink has another
    number of messages than there are letters.
    """
    with database.reading() as session:
        count = session.scalar(sa.select(sa.func.count(Letter.id))) or 0
    at.source(chosen.letters)
    before = at.count()
    spent, worked, peak, cold = run(database, settings, chosen.workers, chosen.profile)
    taken = at.count() - before
    at.source(chosen.letters)
    with database.reading() as session:
        left = session.scalar(sa.select(sa.func.count(Letter.id)).where(Letter.state != State.SENT))
    if left or taken != count:
        raise SystemExit(f"of {count} letters {left} were not sent; the sink took {taken}")
    counted = count - chosen.workers * settings.batch
    return Measured(counted, counted / spent, statistics.median(at.rates), worked, peak, cold)


def measure_in(folder: Path, count: int, chosen: argparse.Namespace, at: Sink) -> Measured:
    """Measure with so many letters in a new database; return the round with the middle rate."""
    told = {"OUTREACH_HOME": f"{folder}/home", "OUTREACH_BATCH": str(chosen.batch)}
    settings = read_settings(told | {"OUTREACH_FAST": "no" if chosen.library else "yes"})
    what = (
        f"{chosen.database}, {chosen.workers} workers, batch {settings.batch}, "
        f"{'fast' if settings.fast else 'library'} path, {'DKIM' if chosen.dkim else 'no DKIM'}"
    )
    with opened(chosen.database, folder) as database:
        database.migrate()
        vault = Vault(settings.secret_key)
        # In a process of its own: workers begin with the memory of the one they are forked from.
        database.close()
        make = FORK.Process(
            target=filling.fill,
            args=(database, count + chosen.workers * settings.batch),
            kwargs={"vault": vault, "port": at.port, "dkim": chosen.dkim},
        )
        make.start()
        make.join()
        runs = []
        for _ in range(chosen.rounds):
            filling.anew(database)
            runs.append(measure(database, settings, chosen, at))
            print(runs[-1].told(what), flush=True)
        plan(database)
        database.close()
    return sorted(runs, key=lambda one: one.rate)[len(runs) // 2]


def compare(first: Measured, later: Measured) -> None:
    """Print what a letter takes when many more are queued, as parts of what it took before."""
    cpu = later.cpu / later.letters / (first.cpu / first.letters)
    print(
        f"{later.letters:,} queued beside {first.letters:,}: "
        f"time per letter x {first.rate / later.rate:.2f}, CPU x {cpu:.2f}, "
        f"memory x {later.memory / first.memory:.2f}"
    )


def read_options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--letters", type=int, default=10_000)
    parser.add_argument("--queued", type=int, default=0, help="another run with so many letters")
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--dkim", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--library", action="store_true", help="letters by the libraries alone")
    parser.add_argument("--json", action="store_true", help="the last line is the middle round")
    parser.add_argument("--profile", default="", help="write where the time goes to this file")
    return parser.parse_args()


def main() -> None:
    """Fill, measure, print."""
    chosen = read_options()
    if shutil.which("smtp-sink", path=PLACES) is None:
        raise SystemExit("smtp-sink is missing: install Debian's package postfix")
    configure_mappers()
    blocks(None)
    runs = []
    with sink() as at:
        for count in filter(None, (chosen.letters, chosen.queued)):
            with tempfile.TemporaryDirectory(prefix="bench-") as name:
                runs.append(measure_in(Path(name), count, chosen, at))
    if len(runs) > 1:
        compare(*runs)
    if chosen.json:
        print(json.dumps(asdict(runs[-1])))


if __name__ == "__main__":
    main()
