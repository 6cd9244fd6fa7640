"""A worker as a process of its own: what it does, and how a test starts, counts and kills it.

It runs the product's own loop with the product's own way out; only the time it is told is shifted.
"""

from __future__ import annotations

import datetime as dt
import logging
import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy.orm import configure_mappers

from outreach import clock, sqlite
from outreach.config import Settings, read_settings
from outreach.database import Database
from outreach.directory.salutation_blocks import blocks
from outreach.sending import ways
from outreach.sending.outbox import Verdict
from tests.conftest import NOW

# Between two looks when nothing is due.
REST = 0.02
# Between two looks of a clock with threads.
BEAT = 0.2
# A process that got SIGKILL is gone long before.
DYING = 60.0

# What every worker would read anew.
configure_mappers()
blocks(None)


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is told. `began` is the real instant that counts as NOW."""

    home: Path
    database_url: str
    batch: int = 1
    began: float = field(default_factory=time.time)
    # Its clock is wrong by this much …
    shift: dt.timedelta = dt.timedelta()
    # … and jumps by this much after so many seconds.
    jump: tuple[float, dt.timedelta] | None = None
    until_empty: bool = False
    # No file may grow beyond this many bytes: the disk is full.
    largest_file: int | None = None
    busy_seconds: int | None = None

    def now(self) -> dt.datetime:
        """The instant by this worker's clock."""
        real = time.time() - self.began
        jumped = self.jump[1] if self.jump and real >= self.jump[0] else dt.timedelta()
        return NOW + dt.timedelta(seconds=real) + self.shift + jumped

    def shifted(self, **changes: Any) -> Job:
        """The same job otherwise."""
        return replace(self, **changes)

    def settings(self) -> Settings:
        """The settings of a process of this home."""
        return read_settings(
            os.environ
            | {
                "OUTREACH_HOME": str(self.home),
                "OUTREACH_DATABASE_URL": self.database_url,
                "OUTREACH_BATCH": str(self.batch),
            }
        )


def work(job: Job) -> None:
    """Tick for ever, or until nothing is due."""
    mine, settings = _prepare(job)
    name = clock.new_worker()
    with ways.ways_of(settings) as out:
        while True:
            done = clock.tick(mine, out, now=job.now, worker=name, home=job.home)
            if not sum(done.sent.values()) - done.sent.get(Verdict.WAITING, 0):
                if job.until_empty:
                    return
                time.sleep(REST)


def work_as_clock(job: Job) -> None:
    """Be what `outreach run` is beside the pages: a clock and a worker in threads."""
    if job.until_empty:
        return work(job)
    mine, settings = _prepare(job)
    with ways.ways_of(settings) as out:
        clock.start(mine, out, now=job.now, seconds=BEAT, home=job.home)
        while True:
            time.sleep(1)


def _prepare(job: Job) -> tuple[Database, Settings]:
    """Whatever is wrong with this machine is so from now on."""
    logging.basicConfig(
        filename=job.home / "log", level=logging.WARNING, format="%(process)d %(message)s"
    )
    if job.busy_seconds is not None:
        sqlite.BUSY_SECONDS = job.busy_seconds
    if job.largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job.largest_file, job.largest_file))
    settings = job.settings()
    return Database(settings.database_url), settings


_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


@dataclass
class Crew:
    """Some workers of one home; whoever dies is replaced when somebody says so."""

    job: Job
    size: int
    act: Callable[[Job], None] = work
    members: list[BaseProcess] = field(default_factory=list)

    def __enter__(self) -> Crew:
        self.fill()
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()

    @property
    def pids(self) -> list[int]:
        """Who lives."""
        return [one.pid for one in self.members if one.pid is not None and one.is_alive()]

    def replace_one(self) -> None:
        """Wait until somebody who was killed is dead, and start another one."""
        assert wait([one.sentinel for one in self.members], DYING), "nobody died"
        self.fill()

    def fill(self) -> None:
        """Start as many workers as are missing."""
        missing = [one for one in self.members if not one.is_alive()]
        self.members = [one for one in self.members if one.is_alive()]
        for one in missing:
            one.join()
            one.close()
        for _ in range(self.size - len(self.members)):
            one = _context.Process(target=self.act, args=(self.job,), daemon=True)
            one.start()
            self.members.append(one)

    def kill(self) -> None:
        """End them all as no process can prevent."""
        for one in self.members:
            one.kill()
        for one in self.members:
            one.join()
            one.close()
        self.members = []

    def finish(self, *, later: dt.timedelta = dt.timedelta(), within: float = 1800) -> None:
        """Let fresh workers whose clocks are that much `later` work until nothing is due."""
        job = replace(self.job, shift=later, until_empty=True, jump=None, largest_file=None)
        last = Crew(job, self.size, self.act)
        with last:
            for one in last.members:
                one.join(within)
                assert one.exitcode == 0, f"a worker ended with {one.exitcode}"
