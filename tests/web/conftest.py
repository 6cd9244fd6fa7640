"""The application over a migrated SQLite file, and one signed-in browser per role.

Ada is admin, Olga organiser, Sam staff, Vera volunteer; `nobody` is not signed in. A test that
needs rows writes them through `database.writing()` before it asks for a page.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Config, Flask
from itsdangerous import URLSafeTimedSerializer
from jinja2 import FileSystemBytecodeCache
from werkzeug.test import TestResponse

from outreach.accounts.models import Actor, Campaign, User
from outreach.app import create_app
from outreach.config import Settings
from outreach.database import Database
from outreach.web.access import Installation
from outreach.web.signing_in import Slowdown
from tests import make
from tests.web.browser_fixtures import chromium, served, window

# Fixtures for tests in a real browser, beside the ones below.
__all__ = ["chromium", "served", "window"]
from tests.browser import JudgingClient


class Client(JudgingClient):
    """A browser that judges what it sees, and sends forms with the token a page would hold."""

    def sign_in(self, app: Flask, user: User) -> None:
        """Become `user` without the sign-in page."""
        with self.session_transaction() as cookie:
            cookie["_user_id"] = user.fs_uniquifier
            cookie["_fresh"] = True

    def token(self) -> str:
        """Return a CSRF token that belongs to this browser's session."""
        with self.session_transaction() as cookie:
            raw = cookie.setdefault("csrf_token", secrets.token_hex(20))
        key = self.application.secret_key
        return str(URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(raw))

    def send(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """POST a form to `path`, with its token."""
        return self.post(path, data={"csrf_token": self.token(), **(data or {})}, **more)


@pytest.fixture
def database(empty_sqlite: Database) -> Database:
    """A migrated, empty SQLite file: pages behave alike on every database, the rooms don't."""
    return empty_sqlite


@pytest.fixture
def campaign(database: Database) -> Campaign:
    """A rehearsing campaign."""
    with database.writing() as session:
        return make.campaign(session)


@pytest.fixture
def people(database: Database, campaign: Campaign) -> dict[str, Actor]:
    """The four members, as actors, by name in small letters."""
    with database.writing() as session:
        return {
            name: getattr(make, name)(session, campaign) for name in ("ada", "olga", "sam", "vera")
        }


@pytest.fixture(scope="session")
def compiled_pages(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Compiled pages, kept between the applications of a run: compiling them anew takes longest."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("pages")))


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """The settings of one test: its database, its home, a key of its own."""
    return Settings(
        home=tmp_path,
        database_url=str(database.url),
        host="127.0.0.1",
        port=8000,
        demo=False,
        secret_key=secrets.token_hex(16),
    )


@pytest.fixture
def app_of_its_own(
    settings: Settings,
    database: Database,
    people: dict[str, Actor],
    now: dt.datetime,
    compiled_pages: FileSystemBytecodeCache,
) -> Flask:
    """An application that a test may add pages to: what `app` is to one marked `own_app`."""
    return _ready(create_app(settings, database, now=lambda: now), compiled_pages)


@pytest.fixture(scope="session")
def kept_app(compiled_pages: FileSystemBytecodeCache) -> tuple[Flask, dict[str, Any], Config]:
    """An application that lives on, its extensions and settings at birth: its routes cost most."""
    app = born(compiled_pages)
    return app, dict(app.extensions), app.config.copy()


def born(compiled_pages: FileSystemBytecodeCache) -> Flask:
    """Return a new application of no test."""
    nowhere = Settings(Path(), "sqlite://", "127.0.0.1", 8000, False, "of no test")
    return _ready(create_app(nowhere, Database("sqlite://")), compiled_pages)


@pytest.fixture
def app(
    request: pytest.FixtureRequest,
    kept_app: tuple[Flask, dict[str, Any], Config],
    settings: Settings,
    database: Database,
    people: dict[str, Actor],
    now: dt.datetime,
) -> Flask:
    """The application at the instant `now`; nothing of the last test is left in it."""
    if request.node.get_closest_marker("own_app"):
        own: Flask = request.getfixturevalue("app_of_its_own")
        return own
    app, extensions, config = kept_app
    app.extensions.clear()
    app.extensions |= extensions | {
        "outreach": Installation(settings, database, lambda: now),
        "outreach_slowdown": Slowdown(),
    }
    app.config.clear()
    app.config |= config | {"SECRET_KEY": settings.secret_key}
    return app


@pytest.fixture
def app_at(app: Flask, settings: Settings, database: Database) -> Callable[[dt.datetime], None]:
    """A function that sets the clock of the application."""

    def at(instant: dt.datetime) -> None:
        app.extensions["outreach"] = Installation(settings, database, lambda: instant)

    return at


def _ready(app: Flask, compiled_pages: FileSystemBytecodeCache) -> Flask:
    app.jinja_env.bytecode_cache = compiled_pages
    app.testing = True
    app.test_client_class = Client
    return app


def _client(app: Flask, name: str, people: dict[str, Actor], database: Database) -> Client:
    client = app.test_client()
    assert isinstance(client, Client)
    with database.reading() as session:
        client.sign_in(app, session.get_one(User, people[name].user_id))
    return client


@pytest.fixture
def nobody(app: Flask) -> Client:
    """A browser that is not signed in."""
    client = app.test_client()
    assert isinstance(client, Client)
    return client


@pytest.fixture
def ada(app: Flask, people: dict[str, Actor], database: Database) -> Client:
    """The admin's browser."""
    return _client(app, "ada", people, database)


@pytest.fixture
def olga(app: Flask, people: dict[str, Actor], database: Database) -> Client:
    """The organiser's browser."""
    return _client(app, "olga", people, database)


@pytest.fixture
def sam(app: Flask, people: dict[str, Actor], database: Database) -> Client:
    """The staff member's browser."""
    return _client(app, "sam", people, database)


@pytest.fixture
def vera(app: Flask, people: dict[str, Actor], database: Database) -> Client:
    """The volunteer's browser."""
    return _client(app, "vera", people, database)
