"""The long work as a door: letters that are due, lists to import, drafts to make.

A process does one of each kind at a time; several processes do no harm, because every kind claims
what it works on in the database. Somebody wakes it (`engine.py`), and it looks by itself every few
seconds: a wake that was lost loses nothing, one too many finds nothing to do.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from apscheduler.schedulers.background import BackgroundScheduler

from outreach import disk
from outreach.database import Database, wake
from outreach.directory.syncing import work
from outreach.errors import OutreachError
from outreach.letters import making
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import outbox
from outreach.sending.outbox import Counts, Verdict
from outreach.sending.postman import Postman

# Between two steps of drafting others get to write: SQLite lets them look every 100 ms.
BREATH = 0.12
# So many letters leave in one go; the others at the next look, a few seconds later.
MOST = 100_000

Now = Callable[[], dt.datetime]
log = logging.getLogger(__name__)
# A list takes longer than the time between two looks; that is nothing to warn of.
logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)


class Duty:
    """One kind of work, done by one thread of this process at a time."""

    def __init__(self, name: str, act: Callable[[], object], going: Callable[[], bool]) -> None:
        self._name, self._act, self._going = name, act, going
        self._busy = threading.Lock()

    def do(self) -> None:
        """Do what there is to do, after whoever is at it already: it may have looked too early."""
        with self._busy:
            if self._going():
                part(self._name, self._act, None)

    def look(self) -> None:
        """Do what there is to do, unless somebody is at it."""
        if self._busy.acquire(blocking=False):
            try:
                if self._going():
                    part(self._name, self._act, None)
            finally:
                self._busy.release()


def new_worker() -> str:
    """Return a name for this process in the attempts; says nothing of the machine."""
    return f"{os.getpid()}-{secrets.token_hex(4)}"


def duties(
    database: Database,
    postman: Postman,
    *,
    now: Now,
    worker: str,
    home: Path | None,
    going: Callable[[], bool],
) -> dict[str, Duty]:
    """Return the duties of a worker by the name they are woken by.

    `worker` names the process in what it claims. Once it is not `going` any more, a duty ends after
    the step in progress. Without a `home` nothing is imported: kept files lie there.
    """
    acts: dict[str, Callable[[], object]] = {
        "letters": lambda: send_letters(
            database, postman, now=now, worker=worker, home=home, going=going
        ),
        "drafts": lambda: draft_waiting(database, now=now, worker=worker, going=going),
    }
    if home is not None:
        acts["imports"] = lambda: import_waiting(
            database, home, now=now, worker=worker, going=going
        )
    return {name: Duty(name, act, going) for name, act in acts.items()}


def send_letters(
    database: Database,
    postman: Postman,
    *,
    now: Now,
    worker: str,
    home: Path | None = None,
    going: Callable[[], bool] = lambda: True,
) -> Counts:
    """Send what is due; return how many letters came to what.

    Nothing is claimed when the disk is full (OutreachError): what went could not be written down.
    Asks to be woken for the next letter.
    """
    if home is not None:
        disk.require_room(home)
    counts = outbox.send_due(database, postman, now=now, worker=worker, limit=MOST, going=going)
    _say(counts)
    _wake_for_next(database, now())
    return counts


def _say(counts: Counts) -> None:
    said = {
        verdict.value: count
        for verdict, count in counts.items()
        if count and verdict is not Verdict.WAITING
    }
    if said:
        log.info("letters: %s", ", ".join(f"{count} {name}" for name, count in said.items()))


def _wake_for_next(database: Database, instant: dt.datetime) -> None:
    if database.waker is None:
        return
    with database.reading() as session:
        coming = sa.and_(Letter.state == State.SCHEDULED, Letter.send_after > instant)
        at = session.scalar(sa.select(sa.func.min(Letter.send_after)).where(coming))
    if at is not None:
        with database.writing() as session:
            wake(session, "letters", at=at)


def import_waiting(
    database: Database,
    home: Path,
    *,
    now: Now,
    worker: str,
    going: Callable[[], bool] = lambda: True,
) -> None:
    """Read, write or put aside every list that waits; one after the other, until none is left."""
    disk.require_room(home)
    while work.work(database, home, now=now, worker=worker) and going():
        pass


def draft_waiting(
    database: Database,
    *,
    now: Now,
    worker: str,
    going: Callable[[], bool] = lambda: True,
) -> None:
    """Make the drafts of every mailing that waits, step by step, until none is left.

    It ends after the step in progress when it is not `going` any more; the next start goes on.
    """
    while making.work(database, now=now, worker=worker) and going():
        time.sleep(BREATH)


def part(name: str, act: Callable[[], Any], otherwise: Any) -> Any:
    """Return what `act` returns, or `otherwise` when it failed: the failure is logged.

    Without a word of its content, unless it is a sentence of ours.
    """
    try:
        return act()
    except OutreachError as error:
        log.error("%s: %s", name, error)
    except Exception as error:
        told = disk.told(error)
        log.error("%s failed: %s", name, told or type(error).__name__)
    return otherwise


def beat(jobs: Mapping[str, Callable[[], object]], seconds: float) -> BackgroundScheduler:
    """Do each of `jobs` every `seconds` in a thread of its own, beginning now; stop it with `stop`.

    A job never overlaps itself, and rounds that were missed are made up by one.
    """
    scheduler = BackgroundScheduler(timezone=dt.UTC)
    for name, job in jobs.items():
        scheduler.add_job(
            job,
            "interval",
            seconds=seconds,
            id=name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=dt.datetime.now(dt.UTC),
        )
    scheduler.start()
    return scheduler


def stop(scheduler: BackgroundScheduler) -> None:
    """Stop the beat and wait for what is in progress: its letter gets its result."""
    if scheduler.running:
        scheduler.shutdown(wait=True)
