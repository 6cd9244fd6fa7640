"""One run: many letters, some workers, many kills; then what became of every letter."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outreach.database import Database
from outreach.sending import rescue
from tests.chaos import filling, ledger
from tests.chaos.ledger import Ledger
from tests.chaos.server import Server
from tests.chaos.worker import Crew, Job
from tests.conftest import NOW

# How workers die, and how often of twelve times: while they begin; at any instant; as the server
# has taken a letter and not said so; exactly after its 250; while they commit what it said.
WAYS = {"beginning": 1, "random": 3, "taken": 2, "answered": 3, "committing": 3}
# A worker that was started so long ago is at its first letters.
BEGINNING = 0.3
# Between two letters of a worker lies less; a commit takes a part of it.
LETTER, COMMIT = 0.05, 0.01
# Nobody is at the wire for so long: perhaps every letter is gone, or was put back for later.
PATIENCE = 3.0
LEASE_OVER = dt.timedelta(minutes=6)
# Between two rounds of letters that were put back, until the last is gone.
ROUND = dt.timedelta(hours=5)


@dataclass(frozen=True, slots=True)
class Run:
    """What to do. `gap` letters at most go through between two kills."""

    letters: int
    kills: int
    workers: int
    batch: int
    seed: int
    gap: int = 10


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it: before the survivors went on, and at the end."""

    kills: Counter[str]
    after_kills: Ledger
    at_end: Ledger
    seconds: float


def run(database: Database, folder: Path, todo: Run) -> Result:
    """Send, kill, rescue, send the rest."""
    chance = random.Random(todo.seed)
    began = time.perf_counter()
    with Server(folder) as server:
        filling.fill(database, todo.letters, server.port)
        job = Job(folder, database.url.render_as_string(hide_password=False), batch=todo.batch)
        with Crew(job, todo.workers) as crew:
            kills = kill_some(database, crew, server, chance, todo.kills, todo.gap)
        later = job.now() + LEASE_OVER
        rescue.sweep(database, now=later)
        after_kills = ledger.of(database, server.taken())
        finish(database, crew)
        at_end = ledger.of(database, server.taken())
    return Result(kills, after_kills, at_end, time.perf_counter() - began)


def kill_some(
    database: Database, crew: Crew, server: Server, chance: random.Random, kills: int, gap: int
) -> Counter[str]:
    """Kill `kills` times one of the crew, replaced at once; how many died which way."""
    done: Counter[str] = Counter()
    while done.total() < kills:
        how = chance.choices(list(WAYS), list(WAYS.values()))[0]
        if how == "beginning":
            time.sleep(chance.uniform(0, BEGINNING))
            crew.members[-1].kill()
        else:
            server.order(kill=_order(crew, chance, how, gap))
            while not server.told(within=PATIENCE):
                due = ledger.next_due(database)
                if due is None or due > crew.job.now():
                    server.order(kill={})
                    return done
        done[how] += 1
        crew.replace_one()
    return done


def _order(crew: Crew, chance: random.Random, how: str, gap: int) -> dict[str, Any]:
    longest = {"random": LETTER, "committing": COMMIT}.get(how, 0.0)
    return {
        "pids": chance.sample(crew.pids, len(crew.pids)),
        "after": chance.randrange(gap),
        "when": "answered" if how == "committing" else how,
        "delay": chance.uniform(0, longest),
    }


def finish(database: Database, crew: Crew) -> None:
    """Let fresh workers send what was put back, as the hours pass, until nothing is queued."""
    later = LEASE_OVER
    while ledger.running(database) or ledger.next_due(database):
        crew.finish(later=later)
        rescue.sweep(database, now=NOW + later + LEASE_OVER)
        later += ROUND
        assert later < filling.WINDOW, "letters are put back for ever"
