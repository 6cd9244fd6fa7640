"""The doctor: every part well, or wrong with what to do, and never a traceback."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from outreach import cli_doctor
from outreach.accounts.models import Security
from outreach.cli import cli
from outreach.database import Database
from outreach.letters.lifecycle import State
from outreach.sending import lease
from outreach.signing import Vault
from tests import make
from tests.conftest import NOW
from tests.sending.conftest import sendable
from tests.sending.test_smtp import Handler, served


@pytest.fixture
def home(empty_sqlite: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Database:
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OUTREACH_DATABASE_URL", str(empty_sqlite.url))
    monkeypatch.setattr(cli_doctor, "now", lambda: NOW)
    return empty_sqlite


def look() -> dict[str, tuple[bool, str]]:
    said = CliRunner().invoke(cli, ["doctor", "--json"])
    told = json.loads(said.stdout)
    assert said.exit_code == (0 if told["well"] else 1)
    return {one["part"]: (one["well"], one["words"]) for one in told["parts"]}


def test_a_well_home(home: Database) -> None:
    parts = look()
    assert all(well for well, _words in parts.values())
    assert list(parts) == [
        "settings",
        "home",
        "disk",
        "fonts",
        "database",
        "secret-key",
        "clock",
        "ticks",
        "outbox",
        "campaigns",
    ]
    assert "ok     database: sqlite, revision" in CliRunner().invoke(cli, ["doctor"]).stdout


def test_what_is_unknown_and_who_is_paused(home: Database) -> None:
    with home.writing() as session:
        campaign = make.campaign(session, paused_at=NOW, paused_by="Olga")
        sendable(session, campaign, state=State.UNKNOWN)
        slug = campaign.slug
    parts = look()
    assert parts["outbox"] == (
        False,
        "nobody knows of 1 letters whether they went: `outreach outbox` lists them.",
    )
    assert parts["campaigns"] == (True, f"paused: {slug}")


def test_a_clock_that_was_set_back(home: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with home.writing() as session:
        campaign = make.campaign(session)
        make.olga(session, campaign)
        from outreach.accounts import campaigns

        campaigns.pause(session, campaign, by=make.ada(session, campaign), now=NOW)
    monkeypatch.setattr(cli_doctor, "now", lambda: NOW - dt.timedelta(hours=1))
    assert look()["clock"][0] is False


def test_a_nonsense_setting_and_a_database_that_is_none(
    home: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.sqlite"
    broken.write_text("this is no database, and long enough to be read as one" * 50)
    monkeypatch.setenv("OUTREACH_DATABASE_URL", f"sqlite:///{broken}")
    assert look()["database"][0] is False
    monkeypatch.setenv("PORT", "zwei")
    assert look() == {"settings": (False, "PORT is “zwei”. Write a number from 1 to 65535.")}


def test_a_disk_that_is_nearly_full(home: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_doctor, "FREE", 10**18)
    assert "make room" in look()["disk"][1]


@pytest.mark.parametrize(
    ("ago", "well", "said"),
    [(3, True, "3 s ago"), (120, False, "start `outreach run`"), (-600, False, "600 s ago")],
)
def test_a_clock_that_stopped_ticking(home: Database, ago: int, well: bool, said: str) -> None:
    assert look()["ticks"] == (True, "none yet: `outreach run` or `outreach clock` ticks.")
    with home.writing() as session:
        lease.take(session, "c", now=NOW - dt.timedelta(seconds=ago))
    told = look()["ticks"]
    assert told[0] is well and said in told[1]


class Published:
    """A DNS where one domain publishes all, and every other nothing."""

    def lookup(self, name: str, kind: str) -> list[str]:
        return {
            ("good.zz", "TXT"): ["v=spf1 ip4:127.0.0.1 -all"],
            ("_dmarc.good.zz", "TXT"): ["v=DMARC1; p=none; rua=mailto:d@good.zz"],
            ("good.zz", "MX"): ["10 mail.good.zz."],
        }.get((name, kind), [])


def test_every_mail_server_and_domain(home: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_doctor, "resolver", Published)
    controller = served(Handler())
    controller.start()
    try:
        with home.writing() as session:
            campaign = make.campaign(session)
            make.sender(session, campaign, from_address="letters@bare.zz")
            make.mail_account(session, campaign, name="here", port=controller.port)
            make.mail_account(session, campaign, name="gone", port=1)
            make.mail_account(
                session,
                campaign,
                name="tls",
                port=controller.port,
                username="u",
                security=Security.STARTTLS,
            )
            make.mail_account(session, campaign, name="off", port=1, enabled=False)
            make.mail_account(
                session, campaign, name="paused", paused_at=NOW, paused_because="535 no"
            )
        parts = look()
    finally:
        controller.stop()
    assert parts["mail server here, line"][0] is True
    assert parts["mail server gone, line"][0] is False
    assert "No mail server answers us" in parts["mail server gone, line"][1]
    assert parts["mail server tls, line"][0] is False
    assert "mail server off" not in parts
    assert parts["mail server paused"] == (False, "it rests until somebody looks: 535 no")
    well, words = parts["domain bare.zz, SPF"]
    assert not well and "a TXT record v=spf1 ip4:ADDRESS ~all" in words
    # A line for each, none of which tells the others' words.
    assert {"domain bare.zz, DMARC", "domain bare.zz, MX"} <= parts.keys()
    assert "DMARC1" not in words


def test_a_key_of_another_home(home: Database) -> None:
    with home.writing() as session:
        locked = Vault("the key of another home").lock("a password")
        make.mail_account(session, make.campaign(session), password=locked)
    well, words = look()["secret-key"]
    assert not well and "is not the one" in words
    for command in (["send-due"], ["worker", "--once"], ["clock"]):
        said = CliRunner().invoke(cli, command)
        assert said.exit_code == 1 and "Copy the secret-key" in str(said.exception or said.output)
