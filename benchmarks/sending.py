"""How fast letters leave, and what it costs: from stored, approved text to the last 250's commit.

Live letters (gate, seal, claim, message, DKIM, SMTP, results) go to `smtp-sink`; `smtp-source`
sends as many messages of 6,000 octets to it before and after, in the same run. Workers are forked
when everything is imported and do what `outreach worker` does when it is woken; their CPU seconds
are told by the kernel once they ended. Only what the workers themselves use is counted, not the
sink and not PostgreSQL's server. Needs Debian's package postfix for the sink and the source.

    .venv/bin/python benchmarks/sending.py [--letters 10000] [--batch 50] [--workers 2]
        [--database postgresql] [--no-dkim] [--library] [--queued 100000] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import datetime as dt
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
from dataclasses import dataclass, field
from pathlib import Path

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
from outreach.sending import outbox, ways
from outreach.signing import Vault

PLACES = "/usr/sbin"
SESSIONS, OCTETS = 4, 6_000
FORK = multiprocessing.get_context("fork")


@dataclass
class Sink:
    """A mail server that takes everything and keeps nothing."""

    port: int
    process: subprocess.Popen[bytes]
    rates: list[float] = field(default_factory=list)

    def source(self, count: int) -> None:
        """Let `smtp-source` send `count` messages and note its rate."""
        run = [f"{PLACES}/smtp-source", "-d", "-s", str(SESSIONS), "-m", str(count)]
        begun = time.perf_counter()
        subprocess.run([*run, "-l", str(OCTETS), f"127.0.0.1:{self.port}"], check=True)
        self.rates.append(count / (time.perf_counter() - begun))


def sink() -> Sink:
    """Start `smtp-sink` on a free port of this machine."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    run = [f"{PLACES}/smtp-sink", f"127.0.0.1:{port}", "100"]
    if os.geteuid() == 0:
        run[1:1] = ["-u", "nobody"]
    started = subprocess.Popen(run)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return Sink(port, started)
        except OSError:
            time.sleep(0.05)
    raise SystemExit("smtp-sink does not start")


def send(url: str, settings: Settings, profile: str) -> None:
    """Be a worker until nothing is due; its own process."""
    database = Database(url)

    def now() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    profiler = cProfile.Profile() if profile else None
    if profiler:
        profiler.enable()
    with ways.ways_of(settings) as out:
        work.send_letters(database, out, now=now, worker=work.new_worker())
    if profiler:
        profiler.disable()
        pstats.Stats(profiler).dump_stats(profile)
    database.close()


def run(database: Database, settings: Settings, workers: int, profile: str) -> tuple[float, ...]:
    """Send everything by so many workers; return seconds, CPU seconds, most memory (MB)."""
    url = database.url.render_as_string(hide_password=False)
    database.close()
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    started = [FORK.Process(target=send, args=(url, settings, profile)) for _ in range(workers)]
    for one in started:
        one.start()
    peak = 0.0
    while any(one.is_alive() for one in started):
        peak = max([peak, *(memory(one.pid or 0) for one in started)])
        time.sleep(0.1)
    for one in started:
        one.join()
    spent, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, worked, peak


def memory(process: int) -> float:
    """Memory of a process in MB, without the database's file that is mapped into it."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    if "RssAnon:" not in status:
        return 0.0
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


def plan(database: Database) -> None:
    """Print how the database finds what is due."""
    now = dt.datetime.now(dt.UTC)
    query, told = outbox.due_query(now=now, after=(now, 1), limit=50)
    bound = query.params(told)
    sql = str(bound.compile(database.engine, compile_kwargs={"literal_binds": True}))
    word = "EXPLAIN" if database.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with database.engine.connect() as connection:
        for row in connection.exec_driver_sql(f"{word} {sql}".replace("%", "%%")):
            print("   ", row[-1])


def measure(database: Database, settings: Settings, chosen: argparse.Namespace, at: Sink) -> None:
    """Print what sending everything costs, next to the source."""
    with database.reading() as session:
        count = session.scalar(sa.select(sa.func.count(Letter.id))) or 0
    at.source(chosen.letters)
    spent, worked, peak = run(database, settings, chosen.workers, chosen.profile)
    at.source(chosen.letters)
    with database.reading() as session:
        left = session.scalar(sa.select(sa.func.count(Letter.id)).where(Letter.state != State.SENT))
    if left:
        raise SystemExit(f"{left} of {count} letters were not sent")
    source = statistics.median(at.rates)
    print(
        f"{chosen.database}, {chosen.workers} workers, batch {settings.batch}, "
        f"{'fast' if settings.fast else 'library'} path, {'DKIM' if chosen.dkim else 'no DKIM'}, "
        f"{count:,} letters: {count / spent:,.0f}/s; smtp-source {source:,.0f}/s; "
        f"ratio {count / spent / source:.3f}; CPU {worked / count * 10_000:.2f} s per 10,000; "
        f"most memory {peak:.0f} MB a worker"
    )


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--letters", type=int, default=10_000)
    parser.add_argument("--queued", type=int, default=0, help="another run with so many letters")
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--dkim", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--library", action="store_true", help="letters by the libraries alone")
    parser.add_argument("--profile", default="", help="write where the time goes to this file")
    chosen = parser.parse_args()
    if shutil.which("smtp-sink", path=PLACES) is None:
        raise SystemExit("smtp-sink is missing: install Debian's package postfix")
    configure_mappers()
    blocks(None)
    at = sink()
    try:
        for count in filter(None, (chosen.letters, chosen.queued)):
            with tempfile.TemporaryDirectory(prefix="bench-") as name:
                measure_in(Path(name), count, chosen, at)
    finally:
        at.process.terminate()
        at.process.wait()


def measure_in(folder: Path, count: int, chosen: argparse.Namespace, at: Sink) -> None:
    """Measure with so many letters in a new database."""
    told = {"OUTREACH_HOME": f"{folder}/home", "OUTREACH_BATCH": str(chosen.batch)}
    settings = read_settings(told | {"OUTREACH_FAST": "no" if chosen.library else "yes"})
    with opened(chosen.database, folder) as database:
        database.migrate()
        vault = Vault(settings.secret_key)
        # In a process of its own: workers begin with the memory of the one they are forked from.
        database.close()
        make = FORK.Process(
            target=filling.fill,
            args=(database, count),
            kwargs={"vault": vault, "port": at.port, "dkim": chosen.dkim},
        )
        make.start()
        make.join()
        for _ in range(chosen.rounds):
            filling.anew(database)
            measure(database, settings, chosen, at)
        plan(database)
        database.close()


if __name__ == "__main__":
    main()
