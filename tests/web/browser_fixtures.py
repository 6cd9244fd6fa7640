"""A real Chromium in front of the real application, served on loopback over a temporary home."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from waitress import wasyncore
from waitress.server import create_server

from outreach.accounts.models import Actor, User
from outreach.database import Database

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Where screenshots go when somebody wants to look: OUTREACH_SCREENSHOTS=folder make test
SCREENSHOTS = os.environ.get("OUTREACH_SCREENSHOTS", "")
# Milliseconds a page may take on a busy machine before a test gives up on it.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)
SIZES = {"desk": (1280, 900), "phone": (360, 780)}

Open = Callable[..., Page]


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve `app` in a thread on a free port of loopback; gives its address, without a slash.

    At the end nothing of it is left, answers under way included: they read the database, which the
    next test gets anew.
    """
    channels: dict[int, Any] = {}
    server = create_server(app, host="127.0.0.1", port=0, threads=4, map=channels)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.task_dispatcher.shutdown(timeout=PATIENCE / 1000)
        # Closed by its own thread: what it waits for must not be taken from under it.
        server.trigger.pull_trigger(lambda: wasyncore.close_all(channels))
        thread.join()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium. Without one the tests that need it are left out, or fail if CI=true."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        words = "Chromium is not installed: the tests in a real browser are left out"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """The address of the application of this test."""
    with serving(app) as address:
        yield address


class Windows:
    """Windows of one Chromium on one application; what their consoles complain about is kept."""

    def __init__(self, chromium: Browser, app: Flask, database: Database, address: str) -> None:
        self.chromium, self.app, self.database, self.address = chromium, app, database, address
        self.contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def open(
        self,
        who: int | None = None,
        path: str = "/",
        *,
        size: str = "desk",
        theme: str = "light",
        **more: Any,
    ) -> Page:
        """Open a page as the person with this user id, or signed out.

        `size` is desk or phone, `theme` light or dark; `more` goes to Chromium's context.
        """
        width, height = SIZES[size]
        context = self.chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            base_url=self.address,
            reduced_motion="reduce",
            locale="en-GB",
            **more,
        )
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        if who is not None:
            context.add_cookies([_cookie(self.app, self.database, who, self.address)])
        page = context.new_page()
        page.on("console", lambda said: _note(self.complaints, said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(path)
        return page

    def close(self) -> None:
        """Close all windows; AssertionError if a console complained, say of the content policy."""
        for context in self.contexts:
            context.close()
        assert not self.complaints, "the browser complained:\n" + "\n".join(self.complaints)


@pytest.fixture
def window(
    chromium: Browser, app: Flask, served: str, people: dict[str, Actor], database: Database
) -> Iterator[Open]:
    """Open a window: `window("olga", "/letters", size="phone", theme="dark")`.

    Without a name nobody is signed in. A complaint of a console fails the test at its end.
    """
    windows = Windows(chromium, app, database, served)

    def opened(name: str = "", path: str = "/", **more: Any) -> Page:
        return windows.open(people[name].user_id if name else None, path, **more)

    yield opened
    windows.close()


def _note(complaints: list[str], kind: str, words: str) -> None:
    # A page that answers 403 or 404 on purpose is reported as a failed resource.
    if kind in ("error", "warning") and "the server responded with a status of" not in words:
        complaints.append(words)


def _cookie(app: Flask, database: Database, who: int, address: str) -> Any:
    with database.reading() as session:
        person = session.get_one(User, who)
        values = {"_user_id": person.fs_uniquifier, "_fresh": True}
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return {
        "name": app.config["SESSION_COOKIE_NAME"],
        "value": serializer.dumps(values),
        "url": address,
    }


def assert_accessible(page: Page) -> None:
    """Fail with rule and place for every serious or critical finding of axe on this page."""
    found = Axe().run(page).response["violations"]
    grave = [
        f"{rule['impact']} {rule['id']}: {node['target']} {node.get('failureSummary', '')}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]
    assert not grave, f"{page.url}:\n" + "\n".join(grave)


def assert_no_sideways_scroll(page: Page) -> None:
    """Fail when the page itself, not a region in it, is wider than the window."""
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide: {page.evaluate(WIDEST)}"


WIDEST = """() => [...document.body.querySelectorAll('*')]
  .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
  .slice(-3).map(e => e.outerHTML.slice(0, 160))"""


def take_picture(page: Page, name: str) -> None:
    """Save the whole page as PNG where OUTREACH_SCREENSHOTS says; nothing when it says nothing."""
    if SCREENSHOTS:
        folder = Path(SCREENSHOTS)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(folder / f"{name}.png"), full_page=True)
