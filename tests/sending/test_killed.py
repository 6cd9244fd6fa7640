"""Clocks as real processes, killed at random instants: no letter twice, none lost."""

from __future__ import annotations

import datetime as dt
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.database import Database
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending.models import Attempt, Outcome
from tests import make
from tests.sending.conftest import sendable

LETTERS = 120
KILLS = 20
PAUSE = dt.timedelta(minutes=10)

# A clock of its own: ticks until nothing is due, at the instant it is told.
CLOCK = """
import datetime as dt, sys
from pathlib import Path
from outreach import clock
from outreach.database import Database
from outreach.sending.capture import CapturePostman
url, folder, now = sys.argv[1], Path(sys.argv[2]), dt.datetime.fromisoformat(sys.argv[3])
database = Database(url)
print("ready", flush=True)
while any(clock.tick(database, CapturePostman(folder), now=lambda: now, worker=clock.new_worker()
                     ).sent.values()):
    pass
"""


def start(database: Database, folder: Path, now) -> subprocess.Popen[str]:
    url = database.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-c", CLOCK, url, str(folder), now.isoformat()],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.long
def test_killed_clocks_send_nothing_twice_and_lose_nothing(database, tmp_path, now):
    with database.writing() as session:
        campaign = make.campaign(session)
        for _ in range(LETTERS):
            sendable(
                session, campaign, state=State.SCHEDULED, send_before=now + dt.timedelta(days=3)
            )
    chance = random.Random(7)
    for kill in range(KILLS):
        # Ten minutes between kills: the leases of the dead end, and the next clock sweeps them.
        instant = now + kill * PAUSE
        clocks = [start(database, tmp_path, instant) for _ in range(2)]
        for one in clocks:
            assert one.stdout is not None
            one.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.25))
        for one in clocks:
            one.kill()
            one.communicate()
    # What was put back waits for minutes, then hours: the survivors come on the days after.
    for day in (1, 2):
        last = start(database, tmp_path, now + dt.timedelta(days=day))
        assert last.wait(timeout=120) == 0
        last.communicate()
    check_nothing_twice_nothing_lost(database, tmp_path)


def check_nothing_twice_nothing_lost(database: Database, folder: Path) -> None:
    files = {path.stem for path in folder.rglob("*.eml")}
    with database.reading() as session:
        states = Counter(session.scalars(sa.select(Letter.state)).all())
        attempts = session.execute(
            sa.select(Attempt.letter_id, Attempt.message_id, Attempt.outcome)
        ).all()
    assert sum(states.values()) == LETTERS
    assert set(states) <= {State.SENT, State.UNKNOWN}
    captured = Counter(letter for letter, message, _ in attempts if message in files)
    assert max(captured.values()) == 1, "a letter was captured twice"
    delivered = Counter(letter for letter, _, how in attempts if how is Outcome.DELIVERED)
    assert len(delivered) == states[State.SENT]
    assert set(delivered) <= set(captured), "a letter is sent without a message"
    assert len(captured) - len(delivered) <= states[State.UNKNOWN]
