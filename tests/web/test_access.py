"""Signing in and out, headers, forged forms, demonstration accounts, and what is never stored."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.accounts import demonstration
from outreach.accounts.models import Actor, Campaign, Role, User
from outreach.accounts.people import LINK_DAYS
from outreach.app import create_app, hash_password
from outreach.config import Settings
from outreach.database import Database
from outreach.web import access
from outreach.web.signing_in import Slowdown
from tests.browser import Browser
from tests.web.conftest import Client

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-src 'self'; "
    "base-uri 'none'; "
    "frame-ancestors 'none'"
)
PASSWORD = "four plain random words"
HASH = hash_password(PASSWORD)


@pytest.fixture
def sams_email(database: Database, people: dict[str, Actor]) -> str:
    """Sam's address, now with a password."""
    with database.writing() as session:
        user = session.get_one(User, people["sam"].user_id)
        user.password = HASH
        return user.email


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: object) -> int:
    """Send the sign-in form; return the status: 302 when it worked."""
    answer = client.send("/sign-in", {"email": email, "password": password}, **more)
    return answer.status_code


def test_signing_in_leads_to_the_page_of_the_role(nobody: Client, sams_email: str) -> None:
    answer = nobody.send("/sign-in", {"email": sams_email, "password": PASSWORD})
    assert answer.location == "/"
    assert nobody.get("/").location == "/letters"


def test_capitals_in_the_address_do_not_matter(nobody: Client, sams_email: str) -> None:
    assert sign_in(nobody, sams_email.upper()) == 302


def test_wrong_password_and_unknown_person_get_the_same_answer(
    nobody: Client, sams_email: str
) -> None:
    answers = [
        nobody.send("/sign-in", {"email": email, "password": "not the password"})
        for email in (sams_email, "nobody@people.example")
    ]
    pages = [
        re.sub(r'value="[^"]*"', "", answer.text.replace(sams_email, "X")) for answer in answers
    ]

    assert answers[0].status_code == answers[1].status_code == 200
    assert pages[0] == pages[1]


def test_the_page_before_signing_in_warns_in_three_languages(nobody: Client) -> None:
    text = nobody.get("/sign-in").text

    for language, words in (("be", "санкцый"), ("ru", "санкциям"), ("en", "sanctions")):
        line = re.search(rf'<p lang="{language}">(.*?)</p>', text)
        assert line and words in line[1] and "361" in line[1]


def test_signing_in_leads_back_to_the_page_asked_for_but_nowhere_else(
    nobody: Client, sams_email: str
) -> None:
    assert nobody.get("/account").location == "/sign-in?next=/account"
    form = {"email": sams_email, "password": PASSWORD}
    assert nobody.send("/sign-in?next=/account", form).location == "/account"
    nobody.send("/sign-out")

    elsewhere = nobody.send("/sign-in?next=https://elsewhere.example/", form)
    assert "elsewhere" not in (elsewhere.location or "")


def test_ten_failures_close_the_account_for_five_minutes(nobody: Client, sams_email: str) -> None:
    for _ in range(10):
        assert sign_in(nobody, sams_email, "wrong") == 200

    answer = nobody.send("/sign-in", {"email": sams_email, "password": PASSWORD})

    assert "Too many attempts" in answer.text


def test_slowdown_forgets_after_its_window(now: dt.datetime) -> None:
    counter = Slowdown(limit=2, window=dt.timedelta(minutes=5))
    counter.fail("Sam@people.example", now=now)
    counter.fail("sam@people.example", now=now + dt.timedelta(minutes=1))

    assert counter.is_refused("SAM@people.example", now=now + dt.timedelta(minutes=4))
    assert not counter.is_refused("sam@people.example", now=now + dt.timedelta(minutes=5))
    assert not counter.is_refused("vera@people.example", now=now)


def test_slowdown_holds_only_so_many_names(now: dt.datetime) -> None:
    counter = Slowdown()
    counter.MOST_NAMES = 3  # type: ignore[misc]
    for n in range(10):
        counter.fail(f"{n}@people.example", now=now)
    assert len(counter._failures) == 3


def test_signing_out_is_a_form(sam: Client) -> None:
    assert sam.get("/sign-out").status_code == 405
    assert sam.send("/sign-out").status_code == 302
    assert sam.get("/account").status_code == 302


def test_what_no_database_keeps_is_refused(
    nobody: Client, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise sa.exc.DataError("select", {}, ValueError("NUL"))

    fail.public = True  # type: ignore[attr-defined]
    monkeypatch.setitem(app.view_functions, "accounts.welcome", fail)
    answer = nobody.get("/welcome/a%00b")
    assert answer.status_code == 400
    assert "can’t be understood" in answer.text or "can&#39;t be understood" in answer.text


def test_the_way_back_never_leads_to_another_host(nobody: Client) -> None:
    referrer = "http://localhost//elsewhere.example/page"
    answer = nobody.get("/nothing-here", headers={"Referer": referrer})
    assert 'href="/elsewhere.example/page"' in answer.text


def test_a_form_without_its_token_does_nothing(sam: Client, database: Database) -> None:
    answer = sam.post("/campaign/pause")

    assert answer.status_code == 400
    assert "open for too long" in answer.text
    with database.reading() as session:
        assert session.scalar(sa.select(Campaign.paused_at)) is None


@pytest.mark.parametrize("path", ["/sign-in", "/nothing-here", "/account", "/static/outreach.js"])
def test_security_headers_are_on_every_answer(nobody: Client, path: str) -> None:
    with nobody.get(path) as answer:
        headers = answer.headers

    assert headers["Content-Security-Policy"] == CSP
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    if not path.startswith("/static"):
        assert headers["Cache-Control"] == "no-store"


def test_the_cookie_is_closed_to_scripts_and_other_sites(nobody: Client, app: Flask) -> None:
    cookie = nobody.get("/sign-in").headers["Set-Cookie"]

    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie


def test_the_cookie_is_secure_beyond_loopback(app: Flask, database: Database) -> None:
    with app.app_context():
        settings = access.settings()
    values = {name: getattr(settings, name) for name in Settings.__slots__} | {"host": "0.0.0.0"}

    assert create_app(Settings(**values), database).config["SESSION_COOKIE_SECURE"]


def test_the_address_of_a_visitor_is_kept_nowhere(
    nobody: Client, sams_email: str, database: Database
) -> None:
    visitor = {"REMOTE_ADDR": "203.0.113.77"}
    nobody.send("/sign-in", {"email": sams_email, "password": "x"}, environ_base=visitor)
    sign_in(nobody, sams_email, environ_base=visitor)
    with nobody.session_transaction() as cookie:
        kept = dict(cookie)

    assert not kept.get("_id")
    assert "203.0.113.77" not in str(kept)
    with database.engine.connect() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]
    assert "203.0.113" not in dump
    for column in sa.inspect(database.engine).get_columns("user"):
        assert "ip" not in column["name"].split("_"), column


def test_an_unknown_host_or_a_proxy_is_not_this_machine(app: Flask) -> None:
    def local(**more: object) -> bool:
        with app.test_request_context("/", **more):
            return access.from_this_machine()

    here = {"REMOTE_ADDR": "127.0.0.1"}
    assert local(base_url="http://127.0.0.1:8000", environ_base=here)
    assert local(base_url="http://localhost:8000", environ_base={"REMOTE_ADDR": "::1"})
    assert local(base_url="http://[::1]:8000", environ_base={"REMOTE_ADDR": "::ffff:127.0.0.1"})
    assert not local(base_url="http://127.0.0.1", environ_base={"REMOTE_ADDR": "192.0.2.4"})
    assert not local(base_url="http://outreach.example", environ_base=here)
    assert not local(environ_base=here, headers={"X-Forwarded-For": "203.0.113.9"})
    assert not local(environ_base={"REMOTE_ADDR": ""})


def test_demonstration_accounts_come_in_from_this_machine_only(
    app: Flask, nobody: Client, database: Database, campaign: Campaign, now: dt.datetime
) -> None:
    with database.writing() as session:
        accounts = demonstration.seed_accounts(
            session, campaign, now=now, hash_password=hash_password
        )
    _role, email, password = accounts[1]
    far = {"REMOTE_ADDR": "192.0.2.4"}

    refused = nobody.send("/sign-in", {"email": email, "password": password}, environ_base=far)
    assert refused.status_code == 200 and "this machine only" in refused.text
    assert sign_in(nobody, email, password) == 302
    assert nobody.get("/account").status_code == 200
    assert nobody.get("/account", environ_base=far).status_code == 403
    assert nobody.get("/account").status_code == 302


def test_a_disabled_person_is_out_at_once(
    sam: Client, database: Database, campaign: Campaign, people: dict[str, Actor], now: dt.datetime
) -> None:
    from outreach.accounts.people import disable, member_of

    assert sam.get("/account").status_code == 200
    with database.writing() as session:
        disable(
            session,
            member_of(session, campaign, people["sam"].user_id or 0),
            by=people["ada"],
            now=now,
        )

    assert sam.get("/account").status_code == 302


def test_a_changed_password_ends_other_sessions(
    app: Flask, nobody: Client, sam: Client, sams_email: str
) -> None:
    assert sign_in(nobody, sams_email) == 302
    browser = Browser(nobody)
    browser.get("/account")
    new = "five other plain random words"

    browser.press("Change password", current="wrong", password=new, again=new, status=422)
    assert "not your present password" in browser.shown.words  # type: ignore[union-attr]
    browser.press("Change password", current=PASSWORD, password=new, again=new)

    assert nobody.get("/account").status_code == 200
    assert sam.get("/account").status_code == 302
    nobody.send("/sign-out")
    assert sign_in(nobody, sams_email) == 200
    assert sign_in(nobody, sams_email, new) == 302


@pytest.mark.parametrize(
    ("password", "again", "words"),
    [
        ("short", "short", "at least 12"),
        ("a good long password", "another long password", "not the same"),
        ("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "easy to guess"),
    ],
)
def test_a_weak_password_is_refused(
    nobody: Client, sams_email: str, password: str, again: str, words: str
) -> None:
    sign_in(nobody, sams_email)
    answer = nobody.send("/account", {"current": PASSWORD, "password": password, "again": again})

    assert answer.status_code == 422
    assert words in answer.text


def test_a_member_of_no_campaign_is_told_so(
    app: Flask, nobody: Client, database: Database, now: dt.datetime
) -> None:
    with database.writing() as session:
        user = User(
            email="new@people.example",
            name="New",
            password=HASH,
            active=True,
            fs_uniquifier="x",
            created_at=now,
        )
        session.add(user)
    assert sign_in(nobody, "new@people.example") == 302
    answer = nobody.get("/account")
    assert answer.status_code == 404
    assert "You belong to no campaign" in answer.text and "Sign out" in answer.text


def test_accented_passwords_work_however_they_are_typed(
    nobody: Client, database: Database, people: dict[str, Actor]
) -> None:
    with database.writing() as session:
        user = session.get_one(User, people["vera"].user_id)
        user.password = hash_password("caf\u00e9 caf\u00e9 caf\u00e9")
        email = user.email

    assert sign_in(nobody, email, "cafe\u0301 cafe\u0301 cafe\u0301") == 302


def test_role_words(app: Flask) -> None:
    assert [role.value for role in Role] == ["volunteer", "staff", "organiser", "admin"]
    assert LINK_DAYS == 7
