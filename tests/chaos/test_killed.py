"""Workers killed at any instruction while they send to a real server: no letter twice, none lost.

CHAOS_KILLS, CHAOS_LETTERS and CHAOS_SEED say how much and what (`make chaos`).
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from outreach.database import Database
from tests.chaos.killing import kill_some
from tests.chaos.ledger import Ledger
from tests.chaos.sailing import sail

KILLS = int(os.environ.get("CHAOS_KILLS", "20"))
LETTERS = int(os.environ.get("CHAOS_LETTERS", "300"))
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
WORKERS = {"sqlite": 2, "postgresql": 4}


@pytest.mark.long
@pytest.mark.parametrize("batch", [1, 20])
def test_killed_workers_send_nothing_twice_and_lose_nothing(
    database: Database, tmp_path: Path, batch: int
) -> None:
    kind = database.url.get_backend_name()
    # So that the letters last until the last kill: one may cost twice the batch.
    gap = max(1, LETTERS // KILLS - 2 * batch)
    chance = random.Random(SEED)
    found = sail(
        database,
        tmp_path,
        lambda crew, server: kill_some(database, crew, server, chance, KILLS, gap),
        letters=LETTERS,
        workers=WORKERS[kind],
        batch=batch,
    )
    kills = found.told
    # In the end all of the crew die.
    dead = kills.total() + WORKERS[kind]
    print(
        f"\n{kind}, {WORKERS[kind]} workers, batch {batch}, seed {SEED}, {found.seconds:.0f} s:",
        f"{kills.total()} kills {dict(kills)}",
        Ledger.head("when"),
        found.after_storm.row("after kills"),
        found.at_end.row("at the end"),
        sep="\n",
    )
    for seen in (found.after_storm, found.at_end):
        assert seen.letters == LETTERS
        assert seen.wrong == {}, f"seed {SEED}"
        assert seen.stopped == 0
        assert seen.unknown <= batch * dead
    assert kills.total() == KILLS, "the letters were gone too soon"
    assert found.at_end.queued == 0
    assert not found.log + found.log_of_calm
