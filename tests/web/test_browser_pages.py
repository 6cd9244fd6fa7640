"""Every page of a campaign that has lived: every link works for whoever sees it, axe agrees.

The database is the demonstration after `outreach demo run`'s walk. Each role's browser starts at
its first page and follows every link it is shown; the judge looks at all of them.
"""

from __future__ import annotations

import datetime as dt
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser
from playwright.sync_api import Page as Window

from outreach import cli
from outreach.accounts.models import Member, Role, User
from outreach.app import create_app
from outreach.config import Settings
from outreach.database import Database
from outreach.walk import walk
from tests.browser import JudgingClient
from tests.conftest import NOW
from tests.judge import Page
from tests.web.browser_fixtures import (
    Windows,
    assert_accessible,
    assert_no_sideways_scroll,
    serving,
    take_picture,
)

# How many addresses of one kind are followed: lists lead to hundreds of pages that are alike.
ALIKE = 2


@dataclass
class World:
    """The played demonstration, its application, and its people by role."""

    app: Flask
    database: Database
    people: dict[Role, int]
    # What each role's crawl found; a crawl takes a while and changes nothing.
    found: dict[Role, dict[str, str]] = field(default_factory=dict)

    def client(self, role: Role) -> JudgingClient:
        """A judging browser, signed in as the person who has this role."""
        client = self.app.test_client()
        assert isinstance(client, JudgingClient)
        with self.database.reading() as session:
            person = session.get_one(User, self.people[role])
            with client.session_transaction() as cookie:
                cookie["_user_id"] = person.fs_uniquifier
                cookie["_fresh"] = True
        return client


@pytest.fixture(scope="module")
def world(sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("world")
    shutil.copy(sqlite_file, home / "outreach.sqlite")
    settings = Settings(
        home=home,
        database_url=f"sqlite:///{home / 'outreach.sqlite'}",
        host="127.0.0.1",
        port=8000,
        demo=True,
        secret_key=secrets.token_hex(16),
    )
    database = Database(settings.database_url)
    cli.seed_database(database, demo=True)
    walk(database, settings, now=NOW, say=lambda _: None)
    app = create_app(settings, database, now=lambda: NOW + dt.timedelta(days=15))
    app.testing = True
    app.test_client_class = JudgingClient
    with database.reading() as session:
        query = sa.select(Member.role, Member.user_id).join(User).where(User.demonstration)
        people = {one.role: one.user_id for one in session.execute(query)}
    yield World(app, database, people)
    database.close()


def crawl(world: World, role: Role) -> dict[str, str]:
    """Return one address per endpoint that can be reached by links from the first page on.

    AssertionError for a link that leads to anything but a page, or to a page the judge refuses.
    """
    if role not in world.found:
        world.found[role] = _followed(world, role)
    return world.found[role]


def _followed(world: World, role: Role) -> dict[str, str]:
    client = world.client(role)
    waiting, seen = ["/"], {"/"}
    alike: Counter[str] = Counter()
    found: dict[str, str] = {}
    while waiting:
        address = waiting.pop(0)
        endpoint, _ = world.app.url_map.bind("localhost").match(urlsplit(address).path)
        alike[endpoint] += 1
        if alike[endpoint] > ALIKE:
            continue
        answer = client.get(address, follow_redirects=True)
        assert answer.status_code == 200, f"{role}: {address} is {answer.status}"
        if answer.mimetype != "text/html":
            continue
        found.setdefault(endpoint, address)
        for link in Page(answer.get_data(as_text=True)).elements("a"):
            target = urlsplit(urljoin(answer.request.path, link.get("href", "")))
            whole = target.path + (f"?{target.query}" if target.query else "")
            if not target.netloc and target.scheme in ("", "http") and whole not in seen:
                seen.add(whole)
                waiting.append(whole)
    return found


@pytest.mark.long
@pytest.mark.parametrize("role", Role)
def test_every_link_leads_to_a_page(world: World, role: Role) -> None:
    assert len(crawl(world, role)) >= 4


@pytest.mark.browser
@pytest.mark.long
def test_every_page_is_accessible(world: World, chromium: Browser) -> None:
    look_at_every_page(world, chromium, "desk", "light", assert_accessible)


@pytest.mark.long
@pytest.mark.browser
def test_no_page_is_wider_than_a_phone(world: World, chromium: Browser) -> None:
    look_at_every_page(world, chromium, "phone", "light", assert_no_sideways_scroll)


@pytest.mark.browser
@pytest.mark.long
def test_every_page_is_accessible_on_a_phone_in_the_dark(world: World, chromium: Browser) -> None:
    look_at_every_page(world, chromium, "phone", "dark", assert_accessible)


def look_at_every_page(
    world: World, chromium: Browser, size: str, theme: str, check: Callable[[Window], None]
) -> None:
    """Open one page of every kind that an admin reaches, and fail with all that `check` finds."""
    pages = crawl(world, Role.ADMIN)
    wrong = []
    with serving(world.app) as address:
        windows = Windows(chromium, world.app, world.database, address)
        page = windows.open(world.people[Role.ADMIN], "/", size=size, theme=theme)
        for endpoint, path in sorted(pages.items()):
            page.goto(path)
            take_picture(page, f"{endpoint}-{size}-{theme}")
            try:
                check(page)
            except AssertionError as error:
                wrong.append(f"{endpoint}: {error}")
        windows.close()
    assert not wrong, "\n".join(wrong)
