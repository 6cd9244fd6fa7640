"""The time as a door: ticks. A tick rescues, drops what is too late, opens what is due for people.

One clock at a time, by a lease: a second one idles and takes over. A tick that was lost loses
nothing, and a second clock is harmless: every part claims what it changes. What takes long is done
beside the ticks (`work.py`), in this process or in others, so that it holds up no letter.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from outreach import work
from outreach.database import Database, wake
from outreach.petitions import reviews
from outreach.petitions.sources import fetching
from outreach.petitions.sources.wire import Wire
from outreach.replies.deskwork import queue
from outreach.replies.matches import sorting
from outreach.replies.receiving import fetching as mail_fetching
from outreach.replies.story import searching
from outreach.sending import channels, consequences, due, instance, lease, rescue
from outreach.sending.outbox import Counts
from outreach.sending.postman import Postman
from outreach.signing import Vault
from outreach.work import new_worker as new_worker
from outreach.work import part

SECONDS = 5

log = logging.getLogger(__name__)


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


def tick(
    database: Database,
    postman: Postman | None,
    *,
    now: Callable[[], dt.datetime],
    worker: str,
    home: Path | None = None,
) -> Tick:
    """Rescue what got stuck, drop what is too late, send what is due; in that order.

    Without a postman nothing is sent: others do. Nor is it when the disk of `home` is full. A part
    that fails is logged without a word of its content, and the others still run.
    """
    swept = part("sweep", lambda: rescue.sweep(database, now=now()), {})
    missed = part("miss", lambda: rescue.miss_overdue(database, now=now()), 0)
    part("stopped", lambda: consequences.hold_stopped(database, now=now()), 0)
    by_hand = part("by hand", lambda: channels.open_tasks(database, now=now()), 0)
    part("claims", lambda: queue.end_claims(database, now=now()), 0)
    sent: Counts = {}
    if postman is not None:
        letters = partial(work.send_letters, database, postman, now=now, worker=worker, home=home)
        sent = part("send", letters, {})
    silent = part("silence", lambda: rescue.close_silent_asks(database, now=now()), 0)
    part("facts", lambda: open_checks(database, now=now()), 0)
    part("search", lambda: searching.catch_up(database), 0)
    if missed:
        log.info("missed: %s letters", missed)
    return Tick(swept, missed, sent, by_hand, silent)


def open_checks(database: Database, *, now: dt.datetime) -> int:
    """Open a task for each fact whose day to be checked is near; return how many."""
    with database.reading() as session:
        if not reviews.due(session, now=now):
            return 0
    with database.writing() as session:
        return reviews.open_due(session, now=now)


def jobs(
    database: Database,
    *,
    now: Callable[[], dt.datetime],
    worker: str,
    contact: str = "",
    home: Path | None = None,
    vault: Vault | None = None,
) -> dict[str, Callable[[], object]]:
    """Return what a clock does, by name, each to be done every few seconds.

    Only while this process, called `worker`, holds the lease. `contact` is told to the servers of
    petition pages; with a `vault` the mailboxes are looked into.
    """
    mine = threading.Event()

    def ticking() -> None:
        with database.writing() as session:
            held = lease.take(session, worker, now=now())
        if held != mine.is_set():
            log.info("this process is the clock" if held else "another process is the clock")
        (mine.set if held else mine.clear)()
        if held:
            tick(database, None, now=now, worker=worker)
            wake_due(database, now=now())

    counts = partial(fetch_counts, database, now=now, contact=contact)
    mail = partial(take_in, database, now=now, home=home, vault=vault)
    found: dict[str, Callable[[], object]] = {
        "tick": lambda: part("tick", ticking, None),
        "counts": lambda: counts() if mine.is_set() else None,
        "inbox": lambda: mail() if mine.is_set() else None,
    }
    if home is not None:
        found["instance"] = lambda: part("instance", lambda: instance.note(database, home), None)
    return found


def release(database: Database, worker: str) -> None:
    """Give the lease back, so that the next clock need not wait for its end."""

    def let_go() -> None:
        with database.writing() as session:
            lease.release(session, worker)

    part("lease", let_go, None)


def wake_due(database: Database, *, now: dt.datetime) -> None:
    """Wake a worker when a letter is due: whoever was told before may be gone."""
    if database.waker is None:
        return
    with database.reading() as session:
        waiting = due.any_letter(session, now=now)
    if waiting:
        with database.writing() as session:
            wake(session, "letters")


def take_in(
    database: Database,
    *,
    now: Callable[[], dt.datetime],
    home: Path | None,
    vault: Vault | None,
) -> None:
    """Take what came into mailboxes and folders, then read it; each part whatever the other did."""
    if vault is not None:
        part("mailboxes", lambda: mail_fetching.fetch_due(database, vault, now=now), None)
    if home is not None:
        part("maildir", lambda: mail_fetching.fetch_folders(database, home, now=now), None)
    if vault is not None:
        part("reading", lambda: sorting.read_and_sort(database, vault, now=now()), 0)


def fetch_counts(database: Database, *, now: Callable[[], dt.datetime], contact: str) -> None:
    """Fetch the counts of the pages whose hour has come; `contact` is told to their servers."""

    def fetch() -> int:
        with Wire(contact) as wire:
            return fetching.fetch_due(database, now=now(), wire=wire)

    part("counts", fetch, 0)


class Running:
    """A clock and a worker in threads of this process; `stop` ends both."""

    def __init__(
        self,
        database: Database,
        jobs: Mapping[str, Callable[[], object]],
        *,
        worker: str,
        seconds: float,
        going: threading.Event,
    ) -> None:
        self._database, self._worker, self._going = database, worker, going
        self._scheduler = work.beat(jobs, seconds)

    @property
    def running(self) -> bool:
        """Whether it was not stopped yet."""
        return bool(self._scheduler.running)

    def stop(self) -> None:
        """Stop, and wait for what is in progress: its letter gets its result."""
        if self.running:
            self._going.clear()
            work.stop(self._scheduler)
            release(self._database, self._worker)


def start(
    database: Database,
    postman: Postman,
    *,
    now: Callable[[], dt.datetime] = utcnow,
    seconds: float = SECONDS,
    home: Path | None = None,
    contact: str = "",
    vault: Vault | None = None,
) -> Running:
    """Start to tick and to work in threads of this process, every `seconds`.

    Imports of files below `home`, if one is given, and drafts that wait are worked on in threads of
    their own. Stop it with `stop`.
    """
    worker, going = work.new_worker(), threading.Event()
    going.set()
    duties = work.duties(database, postman, now=now, worker=worker, home=home, going=going.is_set)
    both = jobs(database, now=now, worker=worker, contact=contact, home=home, vault=vault)
    both |= {name: duty.look for name, duty in duties.items()}
    return Running(database, both, worker=worker, seconds=seconds, going=going)
