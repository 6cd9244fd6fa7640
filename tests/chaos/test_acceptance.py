"""Scenarios 22, 23 and 26: a worker dies in the middle, two run by mistake, somebody hesitates."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.accounts.models import Event, User
from outreach.app import create_app
from outreach.config import Settings
from outreach.database import Database
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Mailing
from tests import make
from tests.browser import Browser
from tests.chaos import filling, ledger
from tests.chaos.sailing import all_told, check, nothing_due, sail, until
from tests.chaos.server import Server
from tests.chaos.worker import Crew
from tests.conftest import NOW
from tests.web.conftest import Client


def app_of(database: Database, home: Path, *, at: dt.datetime = NOW) -> Flask:
    """The pages, beside the workers."""
    settings = Settings(
        home=home,
        database_url=str(database.url),
        host="127.0.0.1",
        port=8000,
        demo=False,
        secret_key=secrets.token_hex(16),
    )
    app = create_app(settings, database, now=lambda: at)
    app.testing = True
    app.test_client_class = Client
    return app


def organiser_of(app: Flask, database: Database) -> Client:
    """A browser of an organiser of the campaign."""
    with database.writing() as session:
        olga = make.olga(session, filling.campaign_in(session))
        user = session.get_one(User, olga.user_id)
    client = app.test_client()
    assert isinstance(client, Client)
    client.sign_in(app, user)
    return client


@pytest.mark.long
def test_a_worker_killed_in_the_middle_of_a_letter(database: Database, tmp_path: Path) -> None:
    """Exactly after the server's 250 of letter 20, and during letter 57, which it never took."""

    def storm(crew: Crew, server: Server) -> None:
        for after, when in ((19, "answered"), (36, "whole")):
            server.order(kill={"pids": crew.pids, "after": after, "when": when, "delay": 0.0})
            assert server.told(within=60)["killed"]
            crew.replace_one()
        # Two attempts whose worker is dead.
        until(lambda: nothing_due(database, crew) and ledger.running(database) == 2)

    found = sail(database, tmp_path, storm, letters=60, workers=1, batch=1)
    check(found, unknown=2)
    # It has letter 20 and never took 57: nobody but a person can tell them from each other.
    assert (found.at_end.delivered, found.at_end.unknown, found.at_end.unknown_there) == (58, 2, 1)
    # An hour later no worker can be at them any more, so that it may be said that one didn't go.
    later = app_of(database, tmp_path, at=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    browser = Browser(organiser_of(later, database))
    page = browser.get("sending.outbox")
    assert "Nobody knows whether these went" in page
    for button in ("Record that it went", "Record that it didn't go"):
        browser.press(button, reason="looked at the server's log")
    assert "Nobody knows whether these went" not in browser.get("sending.outbox")


@pytest.mark.long
def test_two_workers_by_mistake_and_a_double_click(database: Database, tmp_path: Path) -> None:
    def storm(crew: Crew, server: Server) -> list[int]:
        app = app_of(database, tmp_path)
        with database.reading() as session:
            mailing = session.scalars(sa.select(Mailing.id)).one()
            alone = session.scalars(sa.select(Letter.id).order_by(Letter.id.desc())).first()
        clients = [organiser_of(app, database) for _ in range(2)]
        for path in (f"/letters/{alone}/schedule", f"/mailings/{mailing}/schedule"):
            at_once(*(partial(client.send, path, {"when": "soon"}) for client in clients))
        until(lambda: all_told(database, crew))
        with database.reading() as session:
            scheduled = sa.select(sa.func.count()).where(Event.name == "schedule")
            return list(session.scalars(scheduled.group_by(Event.subject_id)))

    found = sail(database, tmp_path, storm, letters=12, workers=2, batch=1, state=State.APPROVED)
    assert found.told == [1] * 12
    check(found, unknown=0)


def at_once(*acts: Callable[[], Any]) -> None:
    """Do all of them as nearly at the same instant as threads can."""
    ready = threading.Barrier(len(acts))

    def do(act: Callable[[], Any]) -> Any:
        ready.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(do, act) for act in acts]:
            assert done.result().status_code == 302
