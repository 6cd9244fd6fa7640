"""Workers killed at any instruction while they send to a real server: no letter twice, none lost.

CHAOS_KILLS, CHAOS_LETTERS and CHAOS_SEED say how much and what (`make chaos`).
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from outreach.database import Database
from tests.chaos import killing
from tests.chaos.killing import Run
from tests.chaos.ledger import Ledger

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
    todo = Run(LETTERS, KILLS, WORKERS[kind], batch, SEED, gap)
    found = killing.run(database, tmp_path, todo)
    print(
        f"\n{kind}, {WORKERS[kind]} workers, batch {batch}, seed {SEED}, {found.seconds:.0f} s:",
        f"{found.kills.total()} kills {dict(found.kills)}",
        Ledger.head("when"),
        found.after_kills.row("after kills"),
        found.at_end.row("at the end"),
        sep="\n",
    )
    for seen in (found.after_kills, found.at_end):
        assert seen.letters == LETTERS
        assert seen.wrong == {}, f"seed {SEED}"
        assert seen.stopped == 0
        assert seen.unknown <= batch * found.kills.total()
    assert found.kills.total() == KILLS, "the letters were gone too soon"
    assert found.at_end.queued == 0
    log = (tmp_path / "log").read_text("utf-8")
    assert not log, log
