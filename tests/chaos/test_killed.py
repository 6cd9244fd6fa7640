"""Workers killed at any instruction while they send to a real server: no letter twice, none lost.

CHAOS_KILLS, CHAOS_LETTERS and CHAOS_SEED say how much and what (`make chaos`); a seed of 0 is any.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from outreach.database import Database
from tests.chaos.killing import kill_some
from tests.chaos.sailing import check, sail

KILLS = int(os.environ.get("CHAOS_KILLS", "20"))
LETTERS = int(os.environ.get("CHAOS_LETTERS", "300"))
SEED = int(os.environ.get("CHAOS_SEED", "1")) or random.SystemRandom().randrange(1, 10**6)
WORKERS = {"sqlite": 2, "postgresql": 4}


@pytest.mark.long
@pytest.mark.parametrize("batch", [1, 20])
def test_killed_workers_send_nothing_twice_and_lose_nothing(
    database: Database, tmp_path: Path, batch: int
) -> None:
    kind = database.url.get_backend_name()
    chance = random.Random(SEED)
    # At most so many go through between two kills: of batches also the end is met, and the letters
    # last until the last kill, though each costs a batch.
    gap = max(LETTERS // KILLS // 2, 2 * batch)
    letters = max(LETTERS, 4 * batch * KILLS)
    found = sail(
        database,
        tmp_path,
        lambda crew, server: kill_some(database, crew, server, chance, KILLS, gap),
        letters=letters,
        workers=WORKERS[kind],
        batch=batch,
    )
    kills: Counter[str] = found.told
    print(
        f"\n{kind}, {WORKERS[kind]} workers, batch {batch}, seed {SEED}:",
        f"{kills.total()} kills {dict(kills)},",
        end=" ",
    )
    assert kills.total() == KILLS, "the letters were gone too soon"
    # In the end all of the crew die.
    check(found, unknown=batch * (KILLS + WORKERS[kind]))
    assert not found.log
