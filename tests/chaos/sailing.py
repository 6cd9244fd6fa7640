"""The frame of every run: a full house, a crew, a server, a storm; then calm until all is told."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outreach.database import Database
from outreach.letters.lifecycle import State
from outreach.sending import rescue
from tests.chaos import filling, ledger
from tests.chaos.ledger import Ledger
from tests.chaos.server import Server
from tests.chaos.worker import Crew, Job, work
from tests.conftest import NOW

LEASE_OVER = dt.timedelta(minutes=6)
# Between two rounds of letters that were put back, until the last is gone.
ROUND = dt.timedelta(hours=5)
# A storm that lasts longer hangs.
LONGEST = 600.0
Storm = Callable[[Crew, Server], Any]


@dataclass(frozen=True, slots=True)
class Voyage:
    """What came of it: what the storm gave back, and the letters before and after the calm."""

    letters: int
    told: Any
    after_storm: Ledger
    at_end: Ledger
    seconds: float
    # What the workers wrote down while it stormed, and afterwards.
    log: str
    log_of_calm: str


def sail(
    database: Database,
    folder: Path,
    storm: Storm,
    *,
    letters: int,
    workers: int,
    act: Callable[[Job], None] = work,
    send_after: dt.datetime = NOW,
    state: State = State.SCHEDULED,
    **job: Any,
) -> Voyage:
    """Send `letters` by `workers` (of `Job(**job)`) while it storms; then let the rest go."""
    began = time.perf_counter()
    log = folder / "log"
    with Server(folder) as server:
        filling.fill(database, letters, server.port, state=state, send_after=send_after)
        url = database.url.render_as_string(hide_password=False)
        with Crew(Job(folder, url, **job), workers, act) as crew:
            told = storm(crew, server)
            crew.kill()
            server.order(cut={}, delay=0, refuse="")
            # Whoever was at work is dead; the attempts say so when their leases are over.
            rescue.sweep(database, now=crew.job.now() + LEASE_OVER)
            after_storm = ledger.of(database, server.taken())
            logged = log.read_text("utf-8")
            finish(database, crew)
        at_end = ledger.of(database, server.taken())
    seconds = time.perf_counter() - began
    calm = log.read_text("utf-8")[len(logged) :]
    return Voyage(letters, told, after_storm, at_end, seconds, logged, calm)


def check(found: Voyage, *, unknown: int) -> None:
    """No letter is lost or twice, and of at most so many nobody knows; print what came of them."""
    print(
        f"{found.seconds:.0f} s, nobody may know of {unknown}:",
        Ledger.head("when"),
        found.after_storm.row("stormed"),
        found.at_end.row("at the end"),
        sep="\n",
    )
    for seen in (found.after_storm, found.at_end):
        assert seen.letters == found.letters
        assert seen.wrong == {}
        assert seen.stopped == 0
        assert seen.unknown <= unknown
    assert found.at_end.queued == 0
    assert not found.log_of_calm


def finish(database: Database, crew: Crew) -> None:
    """Let fresh workers send what was put back, as the hours pass, until nothing is queued."""
    later = LEASE_OVER
    while ledger.running(database) or ledger.next_due(database):
        crew.finish(later=later)
        rescue.sweep(database, now=NOW + later + LEASE_OVER)
        later += ROUND
        assert later < filling.WINDOW, "letters are put back for ever"


def until(reached: Callable[[], bool]) -> None:
    """Wait until it is so."""
    last = time.perf_counter() + LONGEST
    while not reached():
        assert time.perf_counter() < last, "the storm hangs"
        time.sleep(0.02)


def nothing_due(database: Database, crew: Crew) -> bool:
    """Whether no letter waits for a worker by now."""
    due = ledger.next_due(database)
    return due is None or due > crew.job.now()


def all_told(database: Database, crew: Crew) -> bool:
    """Whether besides nobody is at work on one."""
    return nothing_due(database, crew) and not ledger.running(database)
