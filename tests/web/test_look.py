"""The frame and the components: what the judge says, what axe says, what a keyboard can do."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from flask import Config, Flask, current_app
from flask.testing import FlaskClient
from flask.wrappers import Response
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import expect

from outreach.accounts.models import Campaign
from outreach.database import Database
from outreach.web.access import public
from tests.browser import Browser
from tests.conftest import NOW
from tests.judge import Page, judge
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)
from tests.web.conftest import born
from tests.web.gallery import add_gallery

ROOT = Path(__file__).parents[2]
WEB = ROOT / "outreach" / "web"


@pytest.fixture(scope="module")
def kept_app(compiled_pages: FileSystemBytecodeCache) -> tuple[Flask, dict[str, Any], Config]:
    """The application of these tests, with the gallery and a page that shows what it is told."""
    app = born(compiled_pages)
    add_gallery(app)
    app.add_url_rule("/bad", "bad", public(lambda: str(current_app.config["SHOWN"])))
    return app, dict(app.extensions), app.config.copy()


def test_gallery_passes_the_judge(ada: Any) -> None:
    shown = Browser(ada).get("/gallery")
    assert shown.heading == "Every part of a page"
    assert "12 letters approved." in shown
    assert "Rehearsal: nothing leaves this machine" in shown


def test_each_role_sees_only_what_it_may_open(ada: Any, vera: Any) -> None:
    def places(client: Any) -> str:
        shown = Browser(client).get("/gallery")
        return next(
            " ".join(e.itertext())
            for e in shown.page.elements("header")
            if e.get("class") == "rail"
        )

    assert "Pause everything" in places(ada)
    assert "Pause everything" not in places(vera)
    assert "Board" not in places(vera)


def test_pause_is_a_red_band_on_every_page(
    ada: Any, sam: Any, campaign: Campaign, database: Database
) -> None:
    with database.writing() as session:
        kept = session.get_one(Campaign, campaign.id)
        kept.paused_at, kept.paused_by = NOW, "Olga"
    shown = Browser(sam).get("/gallery")
    assert "Everything is paused by Olga. No letter leaves." in shown
    assert "Resume sending" not in shown
    assert "Pause everything" not in shown
    assert "Resume sending" in Browser(ada).get("/gallery")


def test_components_use_only_shapes_of_the_sprite() -> None:
    names = set(tomllib.loads((ROOT / "assets.toml").read_text(encoding="utf-8"))["icons"]["names"])
    for path in WEB.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        used_names = re.findall(r"""icon\(['"]([a-z0-9-]+)['"]""", text)
        used_names += re.findall(r"""badge\(.*?, ?"[a-z]+", ?"([a-z0-9-]+)"\)""", text)
        for used in used_names:
            assert used in names, f"{path.name} draws {used!r}, which assets.toml doesn't list"
    from outreach.web import navigation

    for place in (*navigation.SECTIONS, *navigation.LETTERS, *navigation.HOUSE):
        assert place.icon in names


def test_style_sheets_ask_nobody_else() -> None:
    for path in (WEB / "static").rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        for target in re.findall(r"""url\(\s*["']?([^"')]{1,40})""", text):
            assert target.startswith("data:"), f"{path.name} fetches {target}"
        assert "@import" not in text


def test_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("html", "complaint"),
    [
        ("<h1>A</h1><h1>B</h1>", "2 h1"),
        ("<h1>Other</h1>", "doesn't begin with"),
        ("<h1>T</h1><input name=q>", "no label"),
        ("<h1>T</h1><form method=post></form>", "0 csrf tokens"),
        ("<h1>T</h1><p style='color:red'>x</p>", "style attribute"),
        ("<h1>T</h1><script>alert(1)</script>", "inline script"),
        ("<h1>T</h1><p onclick='x()'>x</p>", "event handler"),
        ("<h1>T</h1><img alt='' src='https://elsewhere.example/x.png'>", "another place"),
        ("<h1>T</h1><p id=a></p><p id=a></p>", "used 2 times"),
        ("<h1>T</h1><p>Dear None,</p>", "“None” is printed"),
        ("<h1>T</h1><p><div>x</div></p>", "not HTML"),
        ("<h1>T</h1><a href='/x'></a>", "nothing is written on a"),
        ("<h1>T</h1><a href='#gone'>x</a>", "leads nowhere"),
    ],
)
def test_judge_sees(app: Flask, html: str, complaint: str) -> None:
    app.config["SHOWN"] = (
        f'<!doctype html><html lang="en"><head><title>T</title></head><body>{html}</body></html>'
    )
    wrong = judge(FlaskClient(app, Response).get("/bad"))
    assert len(wrong) == 1, wrong
    assert complaint in wrong[0]


@pytest.mark.own_app
def test_judge_wants_the_headers(app: Flask) -> None:
    app.after_request_funcs[None].insert(0, _without_policy)
    app.test_client_class = None
    response = app.test_client().get("/sign-in")
    assert any("content policy" in one for one in judge(response))


def _without_policy(response: Any) -> Any:
    response.headers["Content-Security-Policy"] = "default-src *"
    return response


def test_page_reads_like_a_browser() -> None:
    page = Page("<!doctype html><html lang=en><title>A b</title><h1>A  <b>b</b></h1>")
    assert (page.title, page.heading) == ("A b", "A b")


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.long)])
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_gallery_in_a_real_browser(window: Open, size: str, theme: str) -> None:
    page = window("ada", "/gallery", size=size, theme=theme)
    take_picture(page, f"gallery-{size}-{theme}")
    assert_no_sideways_scroll(page)
    assert_accessible(page)
    page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")
    if size == "phone":
        page.click(".more > summary")
        take_picture(page, f"gallery-{size}-{theme}-open")
    assert_no_sideways_scroll(page)
    assert_accessible(page)


@pytest.mark.browser
def test_gallery_from_right_to_left(window: Open, app: Flask) -> None:
    page = window("ada", "/gallery", size="phone")
    page.evaluate("document.documentElement.dir = 'rtl'")
    take_picture(page, "gallery-phone-rtl")
    assert_no_sideways_scroll(page)


@pytest.mark.browser
def test_page_works_without_script(window: Open) -> None:
    page = window("ada", "/gallery", size="phone", theme="dark", java_script_enabled=False)
    take_picture(page, "gallery-phone-no-script")
    page.click("main .action-bar summary:has-text('Withdraw')")
    expect(page.locator("main .action-bar button:has-text('Withdraw the letter')")).to_be_visible()


@pytest.mark.browser
def test_rows_and_keys_by_keyboard(window: Open) -> None:
    page = window("ada", "/gallery")
    rows = page.locator("table.list tbody a")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert rows.nth(1).evaluate("e => e === document.activeElement")
    page.keyboard.press("k")
    assert rows.nth(0).evaluate("e => e === document.activeElement")
    page.keyboard.press("?")
    expect(page.locator("dialog.keys")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(page.locator("dialog.keys")).to_be_hidden()
    page.keyboard.press("/")
    assert page.locator("#search-q").evaluate("e => e === document.activeElement")
    page.keyboard.type("j")
    expect(page.locator("#search-q")).to_have_value("j")
