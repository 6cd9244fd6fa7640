"""Whether the installation is up and ready, for a program that asks without signing in."""

from __future__ import annotations

import datetime as dt
import json
import logging

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import logs
from outreach.database import Database
from outreach.sending import lease
from tests.conftest import NOW
from tests.web.conftest import Client


def told(nobody: Client) -> tuple[int, list[str]]:
    answer = nobody.get("/ready")
    assert answer.json is not None and answer.json["ready"] is (answer.status_code == 200)
    return answer.status_code, answer.json["reasons"]


def tick(database: Database, at: dt.datetime) -> None:
    with database.writing() as session:
        assert lease.take(session, "c1", now=at)


def test_up_whatever_else_is_wrong(nobody: Client) -> None:
    answer = nobody.get("/health")
    assert (answer.status_code, answer.json) == (200, {"up": True})


def test_ready_once_a_clock_ticks(nobody: Client, database: Database) -> None:
    status, reasons = told(nobody)
    assert status == 503 and "No clock ever ticked" in reasons[0]
    tick(database, NOW - dt.timedelta(seconds=89))
    assert told(nobody) == (200, [])


def test_not_ready_when_the_clock_is_silent_or_set_back(nobody: Client, database: Database) -> None:
    tick(database, NOW - dt.timedelta(minutes=3))
    status, reasons = told(nobody)
    assert status == 503 and reasons[0].startswith("The clock's last tick was 180 seconds ago")
    tick(database, NOW + dt.timedelta(hours=1))
    assert told(nobody)[0] == 503


@pytest.mark.parametrize(
    ("revision", "said"), [("9999", "newer version"), ("0001", "outreach upgrade")]
)
def test_not_ready_when_database_and_code_differ(
    nobody: Client, database: Database, revision: str, said: str
) -> None:
    with database.writing() as session:
        session.execute(sa.text(f"update alembic_version set version_num = '{revision}'"))
    status, reasons = told(nobody)
    assert status == 503 and said in reasons[0]


def test_a_request_has_an_id_and_a_line_without_its_address(
    nobody: Client, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logs.REQUESTS)
    answer = nobody.get("/health?q=canary-name", headers={"X-Request-ID": "proxy-0001"})
    assert answer.headers["X-Request-ID"] == "proxy-0001"
    (line,) = [record for record in caplog.records if record.name == logs.REQUESTS]
    written = json.loads(logs.JsonLines().format(line))
    assert (written["page"], written["status"]) == ("health.health", 200)
    assert "canary" not in json.dumps(written)
    ours = nobody.get("/health", headers={"X-Request-ID": "nonsense\tor worse"})
    assert ours.headers["X-Request-ID"].isalnum()
