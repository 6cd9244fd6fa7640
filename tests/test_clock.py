"""Ticks: in order, harmless twice, and no part stops the others."""

from __future__ import annotations

import datetime as dt
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach import clock, work
from outreach.accounts.models import CLOCK
from outreach.database import Database
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.petitions import page_rules
from outreach.petitions.pages import Page
from outreach.sending import rescue
from outreach.sending.capture import CapturePostman
from outreach.sending.models import Attempt
from outreach.sending.outbox import Verdict
from tests import make
from tests.sending.conftest import FakePostman, Watch, claim_all, note, sendable

# Seconds that a busy machine may take for what it does at once.
PATIENCE = 60


@pytest.fixture
def watch(now: dt.datetime) -> Watch:
    """A clock that stands until it is moved."""
    return Watch(now)


def scheduled(database: Database, count: int) -> None:
    with database.writing() as session:
        campaign = make.campaign(session)
        for _ in range(count):
            sendable(session, campaign, state=State.SCHEDULED)


def test_two_clocks_at_once_send_each_letter_once(
    database: Database, watch: Watch, tmp_path: Path
) -> None:
    scheduled(database, 12)
    postman = FakePostman()
    barrier = threading.Barrier(2)
    ticks: list[clock.Tick] = []

    def run(worker: str) -> None:
        barrier.wait()
        ticks.append(clock.tick(database, postman, now=watch, worker=worker))

    threads = [threading.Thread(target=run, args=(f"w{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.sent[Verdict.DELIVERED] for one in ticks) == 12
    assert all(not one.sent[Verdict.ERROR] for one in ticks)
    recipients = [envelope.recipient for _, envelope in postman.taken]
    assert len(recipients) == len(set(recipients)) == 12
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 12
        assert set(session.scalars(sa.select(Letter.state))) == {State.SENT}


def test_a_tick_rescues_drops_and_sends(database: Database, watch: Watch) -> None:
    scheduled(database, 3)
    with database.reading() as session:
        first, second, _ = session.scalars(sa.select(Letter.id).order_by(Letter.id)).all()
    _, claimed = claim_all(database, [first, second], watch.now).claims
    note(database, claimed, watch.now)
    watch.forward(minutes=10)
    done = clock.tick(database, FakePostman(), now=watch, worker="w")
    assert (done.swept[Verdict.PUT_BACK], done.swept[Verdict.UNKNOWN]) == (1, 1)
    assert done.sent[Verdict.DELIVERED] == 1
    watch.forward(days=2)
    assert clock.tick(database, FakePostman(), now=watch, worker="w").missed == 1


def test_a_part_that_fails_does_not_stop_the_others(
    database: Database,
    watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_args: object, **_values: object) -> None:
        raise RuntimeError("desk@office.example")

    scheduled(database, 1)
    monkeypatch.setattr(rescue, "sweep", fail)
    done = clock.tick(database, FakePostman(), now=watch, worker="w")
    assert done.sent[Verdict.DELIVERED] == 1
    assert "RuntimeError" in caplog.text and "office.example" not in caplog.text


def test_a_long_import_holds_up_no_letter(
    database: Database, watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, done = threading.Event(), threading.Event()

    def working(*_args: object, **_values: object) -> bool:
        busy.set()
        done.wait(PATIENCE)
        return False

    monkeypatch.setattr(work.work, "work", working)
    ticking = clock.start(
        database, CapturePostman(tmp_path / "capture"), now=watch, seconds=0.05, home=tmp_path
    )
    try:
        assert busy.wait(PATIENCE)
        scheduled(database, 2)
        deadline = time.monotonic() + PATIENCE
        while len(list((tmp_path / "capture").rglob("*.eml"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        done.set()
        ticking.stop()
    assert len(list((tmp_path / "capture").rglob("*.eml"))) == 2


def test_it_ticks_by_itself_and_stops(database: Database, watch: Watch, tmp_path: Path) -> None:
    scheduled(database, 2)
    ticking = clock.start(database, CapturePostman(tmp_path / "capture"), now=watch, seconds=0.05)
    try:
        deadline = time.monotonic() + PATIENCE
        while len(list((tmp_path / "capture").rglob("*.eml"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        ticking.stop()
    assert len(list((tmp_path / "capture").rglob("*.eml"))) == 2
    assert not ticking.running
    with database.reading() as session:
        assert set(session.scalars(sa.select(Letter.state))) == {State.SENT}
    ticking.stop()


def test_counts_are_fetched_when_their_hour_has_come(database: Database, watch: Watch) -> None:
    with database.writing() as session:
        campaign = make.campaign(session)
        petition = make.petition(session, campaign)
        page = page_rules.page_of(session, petition, "http://127.0.0.1:9/p/x")
        hourly = page_rules.Settings(adapter="change_org", every_hours=1)
        page_rules.change_page(session, page, hourly, by=CLOCK, now=watch())

    clock.fetch_counts(database, now=watch, contact="")

    with database.reading() as session:
        page = session.get_one(Page, page.id)
        # This machine is never asked; the failure is kept, and the next hour is set.
        assert page.failure is not None and "never asked" in page.failure["text"]
        assert page.next_at is not None and page.next_at > watch()
