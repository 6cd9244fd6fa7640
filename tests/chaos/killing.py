"""Kills: who dies, when, by whose hand."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

from outreach.database import Database
from tests.chaos.sailing import nothing_due
from tests.chaos.server import Server
from tests.chaos.worker import Crew

# How workers die, and how often of twelve times: while they begin; at any instant; as the server
# has the last byte; as it has taken the letter and not said so; exactly after its 250; while they
# commit what it said.
WAYS = {"beginning": 1, "random": 3, "whole": 1, "taken": 2, "answered": 2, "committing": 3}
# A worker that was started so long ago is at its first letters.
BEGINNING = 0.3
# Between two letters of a worker lies less; a commit takes a part of it.
LETTER, COMMIT = 0.05, 0.01
# Nobody is at the wire for so long: perhaps every letter is gone, or was put back for later.
PATIENCE = 3.0


def kill_some(
    database: Database, crew: Crew, server: Server, chance: random.Random, kills: int, gap: int
) -> Counter[str]:
    """Kill `kills` times one of the crew, replaced at once; how many died which way.

    At most `gap` letters go through between two kills.
    """
    done: Counter[str] = Counter()
    while done.total() < kills:
        how = chance.choices(list(WAYS), list(WAYS.values()))[0]
        if how == "beginning":
            time.sleep(chance.uniform(0, BEGINNING))
            crew.members[-1].kill()
        else:
            server.order(kill=_order(crew, chance, how, gap))
            while not server.told(within=PATIENCE):
                if nothing_due(database, crew):
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
        "when": how if how in ("whole", "taken") else "answered",
        "any": how == "random",
        "delay": chance.uniform(0, longest),
    }
