"""Drafts of large audiences: step by step, whatever else happens and whatever is killed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa

from outreach import clock, work
from outreach.accounts.models import Actor, Event
from outreach.database import Database
from outreach.directory.models import Target
from outreach.errors import BadInput, MoveRefused
from outreach.letters import drafting, making, planning
from outreach.letters.models import Letter, Mailing, MailingState, TemplateVersion
from outreach.letters.sharing import SharedDesk
from outreach.petitions.models import Fact
from outreach.sending.capture import CapturePostman
from tests import make
from tests.conftest import NOW
from tests.letters.setting import Setting


def planned(database, number: int, **values) -> int:
    """A mailing to `number` members of one chamber that waits; its id."""
    with database.writing() as session:
        setting = Setting(session, NOW)
        body = make.organization(session, name="Chamber", jurisdiction_code="XX")
        targets = [make.target(session, name=f"Member {n:04}", body=body).id for n in range(number)]
        return planning.begin(
            session,
            campaign=setting.campaign,
            template=setting.template,
            targets=targets,
            sender=setting.sender,
            desks=SharedDesk.ONE,
            by=setting.sam,
            now=NOW,
            **values,
        ).id


def step(database) -> bool:
    return making.work(database, now=lambda: NOW, worker="test")


def state(database, mailing_id):
    with database.reading() as session:
        mailing = session.get_one(Mailing, mailing_id)
        letters = session.scalars(
            sa.select(Letter.target_id).where(Letter.mailing_id == mailing_id)
        ).all()
        assert len(letters) == len(set(letters))
        return mailing.state, mailing.done, len(letters), len(mailing.left_out)


@pytest.fixture
def small_steps(monkeypatch):
    monkeypatch.setattr(drafting, "STEP", 4)


def test_steps_lead_to_the_end(database, small_steps):
    mailing_id = planned(database, 10)
    assert state(database, mailing_id) == (MailingState.WAITING, 0, 0, 0)
    assert step(database)
    assert state(database, mailing_id) == (MailingState.MAKING, 4, 4, 0)
    assert step(database) and step(database)
    assert state(database, mailing_id) == (MailingState.MAKING, 10, 10, 0)
    assert step(database)
    assert state(database, mailing_id) == (MailingState.MADE, 10, 10, 0)
    assert not step(database)
    with database.reading() as session:
        told = session.scalars(sa.select(Event).where(Event.name == "drafts_made")).one()
        assert told.detail == {"drafts": 10, "left_out": 0}
        # All say the same, and every one of them was compared.
        assert set(session.scalars(sa.select(Letter.alike))) == {100}


def test_desks_are_minded_across_steps(database, small_steps):
    mailing_id = planned(database, 10)
    with database.writing() as session:
        first, last = session.scalars(
            sa.select(Target).where(Target.name.in_(["Member 0000", "Member 0009"]))
        )
        last.office_id = first.office_id
    while step(database):
        pass
    assert state(database, mailing_id) == (MailingState.MADE, 10, 9, 1)


def test_the_letters_of_one_mailing_are_of_one_text(database, small_steps):
    mailing_id = planned(database, 6)
    step(database)
    with database.writing() as session:
        old = session.get_one(Mailing, mailing_id).plan["versions"]["en"]
        template_id = session.get_one(Mailing, mailing_id).template_id
        version = TemplateVersion(
            template_id=template_id, language="en", number=2, subject="Other", body="Other words."
        )
        version.author, version.at = "Sam", NOW
        session.add(version)
    while step(database):
        pass
    with database.reading() as session:
        assert set(session.scalars(sa.select(Letter.template_version_id))) == {old}


def test_what_goes_wrong_is_said_and_can_go_on(database, small_steps, monkeypatch):
    mailing_id = planned(database, 6)
    step(database)

    def broken(*_args, **_values):
        raise RuntimeError("a word of a letter")

    with monkeypatch.context() as patched:
        patched.setattr(drafting, "gather", broken)
        assert step(database)
    assert not step(database)
    assert state(database, mailing_id) == (MailingState.FAILED, 4, 4, 0)
    with database.writing() as session:
        mailing = session.get_one(Mailing, mailing_id)
        assert "mistake of ours" in mailing.failure["text"]
        assert "a word of a letter" not in str(mailing.failure)
        making.go_on(session, mailing, by=Actor("Sam"), now=NOW)
        with pytest.raises(MoveRefused):
            making.go_on(session, mailing, by=Actor("Sam"), now=NOW)
    while step(database):
        pass
    assert state(database, mailing_id) == (MailingState.MADE, 6, 6, 0)


def test_two_workers_make_no_letter_twice(database, small_steps):
    mailing_id = planned(database, 40)
    failures = []

    def worker(name):
        try:
            while state(database, mailing_id)[0] is not MailingState.MADE:
                making.work(database, now=lambda: NOW, worker=name)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=worker, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert state(database, mailing_id) == (MailingState.MADE, 40, 40, 0)


_KILLED = """
import signal, sys
from outreach.database import Database
from outreach.directory.syncing import models as _one
from outreach.replies import models as _two
from outreach.sending import models as _three
from outreach.letters import drafting, making, planning
from tests.conftest import NOW
drafting.STEP = 5
database = Database(sys.argv[1])
print("at work", flush=True)
# Never so much that nothing is left for the next, however late the killer comes.
for _ in range(8):
    making.work(database, now=lambda: NOW, worker="killed")
signal.pause()
"""


@pytest.mark.long
def test_a_worker_killed_in_mid_run_loses_nothing(empty_sqlite):
    database = empty_sqlite
    mailing_id = planned(database, 120)
    url = database.url.render_as_string(hide_password=False)
    for _ in range(3):
        command = [sys.executable, "-c", _KILLED, url]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as killed:
            assert killed.stdout is not None
            killed.stdout.readline()
            before, until = state(database, mailing_id)[1], time.monotonic() + 60
            while state(database, mailing_id)[1] == before and time.monotonic() < until:
                time.sleep(0.01)
            killed.kill()
        _, done, letters, left_out = state(database, mailing_id)
        assert before < done == letters + left_out
    fresh = Database(url)
    while making.work(fresh, now=lambda: NOW, worker="next"):
        pass
    fresh.close()
    assert state(database, mailing_id) == (MailingState.MADE, 120, 120, 0)


def test_a_fact_that_may_not_be_printed_leaves_out_and_does_not_stop(database, small_steps):
    mailing_id = planned(database, 6)
    step(database)
    with database.writing() as session:
        session.scalars(sa.select(Fact)).one().state = "stale"
    while step(database):
        pass
    assert state(database, mailing_id) == (MailingState.MADE, 6, 4, 2)


def test_the_clock_makes_drafts_that_wait_and_stops_after_a_step(database, small_steps, tmp_path):
    mailing_id = planned(database, 10)
    work.draft_waiting(database, now=lambda: NOW, worker="test", going=lambda: False)
    assert state(database, mailing_id) == (MailingState.MAKING, 4, 4, 0)
    ticking = clock.start(
        database, CapturePostman(tmp_path / "capture"), now=lambda: NOW, seconds=0.05
    )
    try:
        until = time.monotonic() + 30
        while state(database, mailing_id)[0] is not MailingState.MADE and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        ticking.stop()
    assert state(database, mailing_id) == (MailingState.MADE, 10, 10, 0)


def test_a_mailing_to_nobody_is_never_begun(database):
    with database.writing() as session:
        setting = Setting(session, NOW)
        with pytest.raises(BadInput, match="Nobody is chosen"):
            planning.begin(
                session,
                campaign=setting.campaign,
                template=setting.template,
                targets=[987_654],
                sender=setting.sender,
                by=setting.sam,
                now=NOW,
            )


def test_a_mailing_that_stopped_while_it_was_compared_goes_on_to_its_end(
    database, small_steps, monkeypatch
):
    mailing_id = planned(database, 4)
    assert step(database)
    with monkeypatch.context() as broken:
        broken.setattr(making.distinctness, "likenesses", lambda *_: 1 / 0)
        assert step(database)
    assert state(database, mailing_id)[0] is MailingState.FAILED
    with database.writing() as session:
        mailing = session.get_one(Mailing, mailing_id)
        making.go_on(session, mailing, by=Actor("Sam"), now=NOW)
    assert step(database) and not step(database)
    assert state(database, mailing_id)[0] is MailingState.MADE
