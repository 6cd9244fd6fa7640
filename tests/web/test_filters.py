"""How pages show sentences, days, instants, numbers and words; and that all can be translated."""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from flask import Flask

import outreach
from outreach.accounts.models import Campaign, Role
from outreach.database import Database
from outreach.errors import BadInput, MoveRefused, NotAllowed, NotFound, OutreachError, Refused
from outreach.letters.lifecycle import State
from outreach.web import filters, words_for
from outreach.web.access import public
from outreach.words import Sentence
from tests.web.conftest import Client

ROOT = Path(outreach.__file__).parent.parent
MORNING = dt.datetime(2026, 7, 3, 9, 5, tzinfo=dt.UTC)


@pytest.fixture
def page(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("accept", "written"),
    [
        ("", "3 July 2026"),
        ("be,ru", "3 July 2026"),
        ("en-US", "July 3, 2026"),
        ("x", "3 July 2026"),
    ],
)
def test_days_are_written_out_as_the_reader_writes_them(
    app: Flask, accept: str, written: str
) -> None:
    with app.test_request_context(headers={"Accept-Language": accept}):
        assert filters.day(dt.date(2026, 7, 3)) == written


@pytest.mark.parametrize("accept", ["en-ZZZZZ", "en-", "*", ";;;", "en-us;q=x", "\u00e9"])
def test_nonsense_in_the_language_header_is_ignored(nobody: Client, accept: str) -> None:
    assert nobody.get("/sign-in", headers={"Accept-Language": accept}).status_code == 200


@pytest.mark.usefixtures("page")
def test_instants_name_their_zone() -> None:
    assert filters.instant(MORNING) == "3 July 2026, 09:05 UTC"
    assert filters.local_time(MORNING, "Europe/Vilnius") == "3 July 2026, 12:05 EEST"
    assert filters.local_time(MORNING, "Mars/Base") == "3 July 2026, 09:05 UTC"
    assert filters.instant(None) == filters.day(None) == filters.local_time(None, "UTC") == ""


@pytest.mark.own_app
def test_instants_are_in_the_zone_of_the_campaign(
    app: Flask, ada: Client, database: Database, campaign: Campaign
) -> None:
    with database.writing() as session:
        session.get_one(Campaign, campaign.id).timezone = "Pacific/Auckland"
    seen: list[str] = []

    def show() -> str:
        late = dt.datetime(2026, 3, 3, 23, 30, tzinfo=dt.UTC)
        seen.extend((filters.instant(late), filters.day(late)))
        return "<!doctype html>"

    app.add_url_rule("/shown", "shown", public(show))
    with pytest.raises(AssertionError):
        ada.get("/shown")
    assert seen[0].startswith("4 March 2026, 12:30") and seen[1] == "4 March 2026"


@pytest.mark.usefixtures("page")
def test_sentences_write_their_values_in_the_readers_way() -> None:
    sentence = Sentence(
        "%(n)s letters since %(day)s: %(state)s, %(why)s %(year)s 100%%",
        n=37_000,
        day=dt.date(2021, 1, 9),
        state=State.REVIEW,
        why=Sentence("at least %(x)s", x=1_000),
        year="2020",
    )

    assert filters.say(sentence) == (
        "37,000 letters since 9 January 2021: waiting for approval, at least 1,000 2020 100%"
    )
    assert filters.say(Sentence("%(line)d", line=1234)) == "1234"
    assert filters.say("100% sure") == "100% sure"
    assert filters.say(Sentence("100% sure")) == "100% sure"
    assert filters.say(None) == ""


@pytest.mark.usefixtures("page")
def test_names_of_languages_and_countries() -> None:
    assert filters.language_name("de") == "German"
    assert filters.language_name("en-GB") == "English (United Kingdom)"
    assert filters.language_name("zz-nonsense-") == "zz-nonsense-"
    assert filters.country_name("EU") == "European Union"
    assert filters.country_name("LT") == "Lithuania"
    assert filters.country_name("PACE") == "PACE"
    assert filters.number(75_000) == "75,000"
    assert filters.word(Role.ORGANISER) == "organiser"
    assert filters.word(None) == ""


def enumerations() -> set[type[StrEnum]]:
    """Every enumeration a room's models or its table of moves defines."""
    found = set()
    for module in pkgutil.walk_packages(outreach.__path__, "outreach."):
        if module.name.endswith((".models", ".lifecycle")):
            for _name, thing in inspect.getmembers(importlib.import_module(module.name)):
                if inspect.isclass(thing) and issubclass(thing, StrEnum) and thing is not StrEnum:
                    found.add(thing)
    return found


def test_every_member_of_every_enumeration_has_a_word() -> None:
    missing = [
        (kind.__name__, member.value)
        for kind in enumerations()
        for member in kind
        if not words_for.WORDS.get(kind, {}).get(member.value)
    ]
    assert not missing


def test_every_kind_of_marked_sentence_is_found_for_translators() -> None:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {**DEFAULT_KEYWORDS, "N_": None, "Sentence": (1,), "lazy_gettext": None}

    found = {
        message if isinstance(message, str) else message[0]
        for _file, _line, message, _comments, _context in extract_from_dir(
            str(ROOT / "outreach"),
            method_map=[(pattern.removeprefix("outreach/"), how) for pattern, how in methods],
            options_map={
                pattern.removeprefix("outreach/"): more for pattern, more in options.items()
            },
            keywords=keywords,
        )
    }

    assert "Add and show the link" in found  # in a page
    assert "Present password" in found  # in a form
    assert "The settings are saved." in found  # in a view
    assert "The campaign is live already." in found  # a Sentence of a room
    assert "press the red button" in found  # N_ in a room


@pytest.mark.own_app
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadInput(Sentence("It is %(n)s.", n=1_000)), 422),
        (NotFound(Sentence("It is %(n)s.", n=1_000)), 404),
        (NotAllowed(Sentence("It is %(n)s.", n=1_000)), 403),
        (MoveRefused(Sentence("It is %(n)s.", n=1_000)), 409),
        (
            Refused(Sentence("It is %(n)s.", n=1_000), [Sentence("First."), Sentence("Second.")]),
            409,
        ),
        (OutreachError(Sentence("It is %(n)s.", n=1_000)), 500),
    ],
)
def test_what_a_room_refuses_is_said_on_a_page(
    app: Flask, sam: Client, error: OutreachError, status: int
) -> None:
    def fail() -> str:
        raise error

    app.add_url_rule("/fails", "fails", public(fail))
    answer = sam.get("/fails", headers={"Referer": "http://localhost/account?a=1"})

    assert answer.status_code == status
    assert "It is 1,000." in answer.text and 'href="/account?a=1"' in answer.text
    if isinstance(error, Refused):
        assert "First." in answer.text and "Second." in answer.text


@pytest.mark.own_app
def test_a_bug_is_answered_with_a_page_that_tells_nothing(app: Flask, sam: Client) -> None:
    def fail() -> str:
        raise RuntimeError("the secret of the house")

    app.add_url_rule("/fails", "fails", public(fail))
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = sam.get("/fails")

    assert answer.status_code == 500
    assert "secret" not in answer.text and "nothing was changed" in answer.text


@pytest.mark.parametrize(("path", "status"), [("/no/such/page", 404), ("/campaign/pause", 405)])
def test_errors_of_the_web_have_pages_too(sam: Client, path: str, status: int) -> None:
    answer = sam.get(path)

    assert answer.status_code == status
    assert "Go back" in answer.text


def test_too_much_at_once_is_refused(nobody: Client) -> None:
    answer = nobody.send("/sign-in", {"email": "x" * 3_000_000})

    assert answer.status_code == 413
