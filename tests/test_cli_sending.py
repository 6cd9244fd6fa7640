"""What leaves, on the command line: one tick, numbers, settling, the red button."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from outreach import cli_sending
from outreach.accounts.models import Campaign, Mode
from outreach.cli import cli
from outreach.database import Database
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending.models import Attempt, Outcome
from tests import make
from tests.conftest import NOW
from tests.sending.conftest import sendable


@pytest.fixture
def home(empty_sqlite: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Database:
    """A home whose database is `empty_sqlite`, and the tests' own clock."""
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OUTREACH_DATABASE_URL", str(empty_sqlite.url))
    monkeypatch.setattr(cli_sending, "now", lambda: NOW)
    return empty_sqlite


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words), catch_exceptions=False)


def letters(database: Database, *several: State) -> list[int]:
    with database.writing() as session:
        campaign = make.campaign(session)
        return [sendable(session, campaign, state=state).id for state in several]


def test_one_tick_sends_what_is_due(home: Database) -> None:
    (due,) = letters(home, State.SCHEDULED)
    done = json.loads(run("send-due", "--json").stdout)
    assert done["delivered"] == 1
    with home.reading() as session:
        assert session.get_one(Letter, due).state is State.SENT
    assert run("send-due").stdout == "Nothing was due.\n"


def test_the_outbox_tells_states_the_oldest_and_the_rate(home: Database) -> None:
    letters(home, State.SCHEDULED, State.APPROVED, State.APPROVED)
    told = json.loads(run("outbox", "--json").stdout)
    assert told["states"] == {"approved": 2, "scheduled": 1}
    assert told["oldest_due"] is not None
    assert told["last_hour"] == 0
    run("send-due")
    assert json.loads(run("outbox", "--json").stdout)["last_hour"] == 1
    assert "1  sent" in run("outbox").stdout


def test_what_nobody_knows_is_settled_with_a_reason(home: Database) -> None:
    lost, other = letters(home, State.UNKNOWN, State.UNKNOWN)
    with home.writing() as session:
        session.add(
            Attempt(
                letter_id=lost,
                number=1,
                message_id="0f@association.example",
                transport="smtp",
                worker="w",
                rehearsal=True,
                started_at=NOW,
                lease_until=NOW,
                data_at=NOW,
                ended_at=NOW,
                outcome=Outcome.UNKNOWN,
                server_words="timed out",
            )
        )
    assert "0f@association.example timed out" in run("outbox").stdout
    assert run("outbox", "settle", str(lost)).exit_code == 2
    said = run("outbox", "settle", str(lost), "--went", "--reason", "log of 3 March, line 7")
    assert said.stdout == "Settled: it went.\n"
    run("outbox", "settle", str(other), "--did-not")
    with home.reading() as session:
        assert session.get_one(Letter, lost).state is State.SENT
        assert session.get_one(Letter, other).state is State.FAILED


def test_the_red_button_and_back(home: Database) -> None:
    letters(home, State.SCHEDULED)
    with home.reading() as session:
        slug = session.query(Campaign).one().slug
    assert run("pause").stdout == f"Paused: {slug}\n"
    assert "delivered" not in json.loads(run("send-due", "--json").stdout)
    assert run("resume", "--campaign", slug).stdout == f"Resumed: {slug}\n"
    assert json.loads(run("send-due", "--json").stdout)["delivered"] == 1


def test_a_restored_home_tells_what_may_have_left_meanwhile(
    home: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with home.writing() as session:
        campaign = make.campaign(session, mode=Mode.LIVE, live_at=NOW)
        for state in (State.SCHEDULED, State.APPROVED):
            sendable(session, campaign, state=state)
    kept = tmp_path / "kept.zip"
    assert run("backup", str(kept)).exit_code == 0
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path / "new"))
    monkeypatch.delenv("OUTREACH_DATABASE_URL")
    said = run("restore", str(kept)).stdout
    assert "1 scheduled letters are due" in said and "off the schedule before you resume" in said
