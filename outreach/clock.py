"""The time as a door: ticks, and at every tick sends what is due. The schedule is a column.

A tick that was lost loses nothing, and a second clock is harmless: the claim decides. Lists that
wait to be imported and drafts that wait to be made are worked on beside the ticks, so that many of
them hold up no letter.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from outreach.database import Database
from outreach.directory.syncing import work
from outreach.letters import making
from outreach.petitions import reviews
from outreach.petitions.sources import fetching
from outreach.petitions.sources.wire import Wire
from outreach.sending import channels, instance, outbox, rescue
from outreach.sending.outbox import Counts, Verdict
from outreach.sending.postman import Postman

SECONDS = 5
# Between two steps of drafting others get to write: SQLite lets them look every 100 ms.
BREATH = 0.12

log = logging.getLogger(__name__)
# A list takes longer than the time between two looks; that is nothing to warn of.
logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick did."""

    swept: Counts
    missed: int
    sent: Counts
    # Tasks opened for letters that go by hand.
    by_hand: int
    # Asks closed because nobody answered for too long.
    silent: int


def utcnow() -> dt.datetime:
    """Return the instant it is, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def new_worker() -> str:
    """Return a name for this process in the attempts; says nothing of the machine."""
    return f"{os.getpid()}-{secrets.token_hex(4)}"


def tick(
    database: Database, postman: Postman, *, now: Callable[[], dt.datetime], worker: str
) -> Tick:
    """Rescue what got stuck, drop what is too late, send what is due; in that order.

    A part that fails is logged without a word of its content, and the others still run.
    """
    swept = _part("sweep", lambda: rescue.sweep(database, now=now()), {})
    missed = _part("miss", lambda: rescue.miss_overdue(database, now=now()), 0)
    by_hand = _part("by hand", lambda: channels.open_tasks(database, now=now()), 0)
    sent = _part("send", lambda: outbox.send_due(database, postman, now=now, worker=worker), {})
    silent = _part("silence", lambda: rescue.close_silent_asks(database, now=now()), 0)
    _part("facts", lambda: open_checks(database, now=now()), 0)
    return Tick(swept, missed, sent, by_hand, silent)


def open_checks(database: Database, *, now: dt.datetime) -> int:
    """Open a task for each fact whose day to be checked is near; return how many."""
    with database.reading() as session:
        if not reviews.due(session, now=now):
            return 0
    with database.writing() as session:
        return reviews.open_due(session, now=now)


def _part(name: str, act: Callable[[], Any], otherwise: Any) -> Any:
    try:
        return act()
    except Exception as error:
        log.error("the clock's part “%s” failed: %s", name, type(error).__name__)
        return otherwise


def start(
    database: Database,
    postman: Postman,
    *,
    now: Callable[[], dt.datetime] = utcnow,
    seconds: float = SECONDS,
    home: Path | None = None,
    contact: str = "",
) -> BackgroundScheduler:
    """Start ticking in a thread of this process, every `seconds`, and return the scheduler.

    Ticks never overlap, and missed ones are made up by one. Imports of files below `home`, if one
    is given, and drafts that wait are worked on in threads of their own. Stop it with `stop`.
    """
    worker = new_worker()
    jobs: dict[str, Callable[[], object]] = {
        "tick": lambda: _say(tick(database, postman, now=now, worker=worker)),
        "counts": lambda: fetch_counts(database, now=now, contact=contact),
    }
    if home is not None:
        jobs["instance"] = lambda: instance.note(database, home)
        jobs["imports"] = lambda: import_waiting(database, home, now=now, worker=worker)
    scheduler = BackgroundScheduler(timezone=dt.UTC)
    jobs["drafts"] = lambda: draft_waiting(
        database, now=now, worker=worker, going=lambda: scheduler.running
    )
    for name, job in jobs.items():
        scheduler.add_job(
            job,
            "interval",
            seconds=seconds,
            id=name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=utcnow(),
        )
    scheduler.start()
    return scheduler


def _say(done: Tick) -> None:
    said = {verdict.value: count for verdict, count in done.sent.items() if count}
    said.pop(Verdict.WAITING.value, None)
    if said or done.missed:
        log.info("sent %s, missed %s", said, done.missed)


def fetch_counts(database: Database, *, now: Callable[[], dt.datetime], contact: str) -> None:
    """Fetch the counts of the pages whose hour has come; `contact` is told to their servers."""

    def fetch() -> int:
        with Wire(contact) as wire:
            return fetching.fetch_due(database, now=now(), wire=wire)

    _part("counts", fetch, 0)


def import_waiting(
    database: Database, home: Path, *, now: Callable[[], dt.datetime], worker: str
) -> None:
    """Read, write or put aside every list that waits; one after the other, until none is left."""
    while _part("import", lambda: work.work(database, home, now=now, worker=worker), False):
        pass


def draft_waiting(
    database: Database,
    *,
    now: Callable[[], dt.datetime],
    worker: str,
    going: Callable[[], bool] = lambda: True,
) -> None:
    """Make the drafts of every mailing that waits, step by step, until none is left.

    It ends after the step in progress when it is not `going` any more; the next start goes on.
    """
    while _part("drafts", lambda: making.work(database, now=now, worker=worker), False) and going():
        time.sleep(BREATH)


def stop(scheduler: BackgroundScheduler) -> None:
    """Stop ticking and wait for the tick in progress: its letter gets its result."""
    if scheduler.running:
        scheduler.shutdown(wait=True)
