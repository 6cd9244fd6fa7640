"""A browser for tests: opens pages, presses buttons of the forms it sees, judges every page.

    browser = Browser(client)
    page = browser.get("letters.index", state="draft")
    page = browser.press("Submit for approval", note="please")

`press` sends what a real browser would: the form's own hidden values and its token, what its
controls hold, and what the test types over them. Forms that aren't on the page can't be sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from xml.etree.ElementTree import Element

import sqlalchemy as sa
from flask import url_for
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.judge import Page, judge, page_of, words_of


class JudgingClient(FlaskClient):
    """A test client for which a page that is not as it must be is a failed test."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Ask, and judge what comes back, also on the way of a redirect."""
        response: TestResponse = super().open(*args, **kwargs)
        for one in (*response.history, response):
            wrong = judge(one)
            assert not wrong, _complaint(one, wrong)
        return response


def _complaint(response: TestResponse, wrong: list[str]) -> str:
    asked = response.request
    return f"{asked.method} {asked.path} ({response.status_code}):\n- " + "\n- ".join(wrong)


@dataclass(frozen=True)
class Seen:
    """A page as the browser shows it: where it is, how it was answered, what it says."""

    url: str
    status: int
    page: Page

    @property
    def heading(self) -> str:
        """The words of the h1."""
        return self.page.heading

    @property
    def words(self) -> str:
        """What a reader sees."""
        return self.page.words

    def __contains__(self, words: str) -> bool:
        """Whether a reader sees these words."""
        return words in self.words


class Browser:
    """One person's browser over a Flask test client; keeps the page it shows."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.shown: Seen | None = None

    def get(self, where: str, *, status: int = 200, **values: Any) -> Seen:
        """Open an address (`/letters?state=draft`) or an endpoint (`letters.index`).

        AssertionError when the answer, after redirects, isn't `status`, or the page is not as it
        must be.
        """
        if not where.startswith("/"):
            with self.client.application.test_request_context():
                where = url_for(where, **values)
        elif values:
            where = f"{where}?{urlencode(values, doseq=True)}"
        return self._show(self.client.get(where, follow_redirects=True), status)

    def post(self, where: str, data: dict[str, Any] | None = None, *, status: int = 200) -> Seen:
        """Send a form to an address with the token of the page that is shown.

        For what no page offers, such as a move that isn't allowed; else use `press`.
        """
        return self._show(
            self.client.post(
                where, data={"csrf_token": self.token(), **(data or {})}, follow_redirects=True
            ),
            status,
        )

    def sign_in(self, email: str, password: str) -> Seen:
        """Come in through the sign-in page."""
        self.get("/sign-in")
        return self.press("Sign in", email=email, password=password)

    def follow(self, words: str, *, status: int = 200) -> Seen:
        """Open the first link on the page whose words contain `words`."""
        page = self._page()
        for link in page.elements("a"):
            if words in words_of(link) and link.get("href"):
                return self.get(self._absolute(link.get("href", "")), status=status)
        raise AssertionError(f"no link says {words!r} on {page.heading!r}")

    def press(self, button: str, *, within: str = "", status: int = 200, **typed: Any) -> Seen:
        """Press the button that says `button`, after typing into the controls of its form.

        `within` picks the form that contains these words, when several have such a button. A list
        stands for several choices. AssertionError when there is no such button or control.
        """
        form, pressed = self._form(button, within)
        values = _held(form)
        for name, value in typed.items():
            assert name in _names_of(form), f"the form has no {name!r}: {sorted(_names_of(form))}"
            values[name] = value if isinstance(value, list) else [value]
        if pressed.get("name"):
            values[pressed.get("name", "")] = [pressed.get("value", "")]
        where = self._absolute(pressed.get("formaction") or form.get("action") or "")
        if form.get("method", "get").lower() == "post":
            answer = self.client.post(where, data=values, follow_redirects=True)
        else:
            path = where.split("?", 1)[0]
            answer = self.client.get(
                f"{path}?{urlencode(values, doseq=True)}", follow_redirects=True
            )
        return self._show(answer, status)

    def buttons(self) -> list[str]:
        """What the buttons of the page's forms say."""
        return [words_of(button) for button in self._page().elements("button")]

    def token(self) -> str:
        """Return the token of any form on the page that is shown."""
        for control in self._page().elements("input"):
            if control.get("name") == "csrf_token":
                return control.get("value", "")
        raise AssertionError("no form of this page posts, so there is no token on it")

    def _page(self) -> Page:
        assert self.shown is not None, "no page is shown yet"
        return self.shown.page

    def _absolute(self, where: str) -> str:
        assert self.shown is not None
        whole = urlsplit(urljoin(self.shown.url, where))
        return whole.path + (f"?{whole.query}" if whole.query else "")

    def _form(self, button: str, within: str) -> tuple[Element, Element]:
        page = self._page()
        for form in page.elements("form"):
            # A button may stand elsewhere and name its form.
            named = (b for b in page.elements("button") if b.get("form") and form.get("id"))
            own = (b for b in named if b.get("form") == form.get("id"))
            for pressed in (*form.iter("button"), *own):
                if words_of(pressed) == button and within in words_of(form):
                    return form, pressed
        raise AssertionError(f"no button says {button!r}; there are {self.buttons()}")

    def _show(self, response: TestResponse, status: int) -> Seen:
        wrong = judge(response)
        assert not wrong, _complaint(response, wrong)
        asked = response.request
        page = page_of(response.get_data(as_text=True))
        assert response.status_code == status, (
            f"{asked.path}: {response.status}: {page.words[:400]}"
        )
        query = asked.query_string.decode()
        self.shown = Seen(asked.path + (f"?{query}" if query else ""), response.status_code, page)
        return self.shown


def _names_of(form: Element) -> set[str]:
    return {
        e.get("name", "") for e in form.iter() if e.tag in ("input", "select", "textarea", "button")
    }


def _held(form: Element) -> dict[str, list[Any]]:
    """What the form would send if nobody typed anything."""
    values: dict[str, list[Any]] = {}
    for control in form.iter():
        name = control.get("name")
        if not name or control.get("disabled") is not None:
            continue
        if control.tag == "textarea":
            # The line end right behind the opening tag is not part of the text.
            values.setdefault(name, []).append(control.text or "")
        elif control.tag == "select":
            options = list(control.iter("option"))
            chosen = [o for o in options if o.get("selected") is not None]
            if not chosen and control.get("multiple") is None:
                chosen = options[:1]
            values.setdefault(name, []).extend(o.get("value", words_of(o)) for o in chosen)
        elif control.tag == "input":
            kind = control.get("type", "text").lower()
            if kind in ("checkbox", "radio") and control.get("checked") is None:
                continue
            if kind not in ("submit", "button", "reset", "image", "file"):
                default = "on" if kind in ("checkbox", "radio") else ""
                values.setdefault(name, []).append(control.get("value", default))
    return values


@contextmanager
def counted_queries(engine: sa.Engine, *, at_most: int) -> Iterator[list[str]]:
    """Fail when more than `at_most` statements are sent to the database in the block.

    Gives the list of statements, which grows while the block runs.
    """
    sent: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    sa.event.listen(engine, "before_cursor_execute", count)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)
    assert len(sent) <= at_most, f"{len(sent)} statements, not {at_most}:\n" + "\n".join(sent)
