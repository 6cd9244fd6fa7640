"""Writing templates in the browser: saved as versions, tried before, one of two doors to files."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import expect

from outreach.accounts.models import Actor, Campaign, Role
from outreach.database import Database
from outreach.directory.models import FormOfAddress, TargetRole
from outreach.letters import cards, loading, settling, templates, versions
from tests import make
from tests.web.browser_fixtures import (
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)
from tests.web.conftest import Client

OPERATOR = Actor("operator", None, Role.STAFF)
WORDS = "we ask {{ recipient.name }} to act.\n\n{{ fact.R02 }}"
ROOM = "/templates/letter/write"


@pytest.fixture(autouse=True)
def world(database: Database, campaign: Campaign, people, now) -> None:
    """One template with an English text, a fact, and two people it is written for."""
    with database.writing() as session:
        ask = make.ask(session, campaign, code="A1", roles=["minister"])
        make.fact(session, campaign, code="R02")
        make.sender(session, campaign)
        place = make.jurisdiction(session, "XX")
        for name, form in (("Ida Short", "f"), ("Maximilian Longest-Name", "m")):
            person = make.person(session, name, form_of_address=FormOfAddress(form))
            make.target(
                session, person=person, role=TargetRole.MINISTER, jurisdiction=place, language="en"
            )
        card = cards.Card(name="A letter", roles=["minister"], asks=[ask.code])
        made = cards.new_template(session, campaign, "letter", card, by=OPERATOR, now=now)
        versions.save(session, made, "en", "A question", WORDS, seen=0, by=OPERATOR, now=now)


class Text(NamedTuple):
    """What these tests ask of a version."""

    id: int
    number: int
    body: str
    author_id: int | None
    author: str


def texts(database: Database, campaign: Campaign, language: str = "en"):
    """The versions of the template's text, newest first."""
    with database.reading() as session:
        made = templates.template_by_slug(session, campaign.id, "letter")
        return [
            Text(one.id, one.number, one.body, one.author_id, one.author)
            for one in templates.versions_of(session, made.id)
            if one.language == language
        ]


def typed(body: str, *, subject: str = "A question", seen: int = 1, language: str = "en", **more):
    return {
        "language": language,
        f"subject-{language}": subject,
        f"text-{language}": body,
        f"seen-{language}": str(seen),
        **more,
    }


def preview(client: Client, data: dict[str, str]) -> str:
    """The fragment that shows a text for somebody."""
    return str(client.send("/templates/letter/preview", data).get_json()["html"])


def words_of(response) -> str:
    return response.get_data(as_text=True)


# -- saving ----------------------------------------------------------------------------------------


def test_a_misspelt_name_is_refused_with_line_word_and_the_right_one(
    sam: Client, database: Database, campaign: Campaign
):
    response = sam.send(ROOM, typed("Dear all,\n\nwe met {{ recipient.nmae }}.", save="yes"))
    assert response.status_code == 422
    page = words_of(response)
    assert "Line 3" in page
    assert "“recipient.nmae” is not a name we know. Did you mean “recipient.name”?" in page
    assert "we met {{ recipient.nmae }}." in page
    page = words_of(sam.send(ROOM, typed("{{ recipient.salutaton }}, hello", save="yes")))
    assert (
        "“recipient.salutaton” is not a name we know. Did you mean “recipient.salutation”?" in page
    )
    assert len(texts(database, campaign)) == 1


def test_saving_makes_a_version_in_ones_own_name(
    sam: Client, people, database: Database, campaign: Campaign
):
    response = sam.send(ROOM, typed(WORDS + "\n\nSoon.", save="yes"), follow_redirects=True)
    assert "Saved as a new version." in words_of(response)
    newest = texts(database, campaign)[0]
    assert (newest.number, newest.author_id, newest.author) == (2, people["sam"].user_id, "Sam")
    response = sam.send(ROOM, typed(newest.body, seen=2, save="yes"), follow_redirects=True)
    assert "Nothing was changed" in words_of(response)
    assert len(texts(database, campaign)) == 2


def test_two_languages_are_saved_together_or_not_at_all(
    sam: Client, database: Database, campaign: Campaign
):
    two = {
        "language": ["en", "de"],
        "subject-en": "A question",
        "text-en": WORDS + "\n\nSoon.",
        "seen-en": "1",
        "subject-de": "Eine Frage",
        "text-de": "Wir bitten um 3 Dinge.",
        "seen-de": "0",
        "save": "yes",
    }
    response = sam.send(ROOM, two)
    assert response.status_code == 422
    assert "“3”" in words_of(response) and "Soon." in words_of(response)
    assert len(texts(database, campaign)) == 1 and not texts(database, campaign, "de")
    two["text-de"] = "wir bitten um Antwort."
    assert sam.send(ROOM, two).status_code == 302
    assert len(texts(database, campaign)) == 2 and len(texts(database, campaign, "de")) == 1


def test_nothing_is_lost_when_somebody_saved_meanwhile(
    sam: Client, olga: Client, database: Database, campaign: Campaign
):
    assert olga.send(ROOM, typed("Olga's words.", save="yes")).status_code == 302
    response = sam.send(ROOM, typed("Sam's words.", save="yes"))
    page = words_of(response)
    assert response.status_code == 409
    assert "Olga saved this text meanwhile" in page
    assert "<del>Olga" in page and "Sam&#39;s words." in page
    assert 'name="seen-en" value="2"' in page
    assert sam.send(ROOM, typed("Sam's words.", seen=2, save="yes")).status_code == 302
    assert [one.author for one in texts(database, campaign)] == ["Sam", "Olga", "operator"]


def test_a_language_we_cannot_write_in_is_said(sam: Client):
    page = words_of(sam.get(f"{ROOM}?language=xx", follow_redirects=True))
    assert "We have no turns of phrase in the language “xx” yet" in page
    page = words_of(sam.get("/templates/letter"))
    assert "Not yet, although we know their forms of address" in page or "Write it" in page
    response = sam.send(ROOM, typed("Words.", language="xx", seen=0, save="yes"))
    assert response.status_code == 422 and "no turns of phrase" in words_of(response)


def test_a_new_template_is_made_in_the_browser(sam: Client, database: Database, campaign: Campaign):
    card = {"name": "Thanks", "slug": "thanks", "kind": "thanks", "roles": ["mep"], "asks": "A9"}
    response = sam.send("/templates/new", card)
    assert response.status_code == 422 and "The campaign has no ask “A9”" in words_of(response)
    response = sam.send("/templates/new", card | {"asks": "A1", "slug": "letter"})
    assert response.status_code == 422 and "There is a template called" in words_of(response)
    response = sam.send("/templates/new", card | {"asks": "A1"}, follow_redirects=True)
    assert "Write “Thanks”" in words_of(response)
    response = sam.send(
        "/templates/thanks/card",
        card | {"asks": "A1", "name": "Many thanks"},
        follow_redirects=True,
    )
    assert "Many thanks" in words_of(response)
    with database.reading() as session:
        made = templates.template_by_slug(session, campaign.id, "thanks")
        assert (made.name, made.card_by, made.roles) == ("Many thanks", "Sam", ["mep"])


def test_a_browser_asks_for_one_office_not_for_every_one(sam: Client):
    boxes = re.findall(r'<input[^>]*name="roles"[^>]*>', sam.get("/templates/new").text)
    assert len(boxes) > 5 and not [box for box in boxes if "required" in box]


def test_who_may_not_write(vera: Client, nobody: Client):
    for where in (ROOM, "/templates/letter/preview", "/templates/letter/card", "/templates/new"):
        assert vera.send(where, typed("Mine.", save="yes")).status_code == 403
    assert nobody.get(ROOM).status_code == 302


# -- versions --------------------------------------------------------------------------------------


def test_any_two_versions_are_compared_and_an_old_one_restored(
    sam: Client, database: Database, campaign: Campaign
):
    sam.send(ROOM, typed("Other words.", save="yes"))
    page = words_of(sam.get("/templates/letter/history?language=en&old=1&new=2"))
    assert "<ins>Other</ins>" in page and "operator" in page and "Sam" in page
    old = texts(database, campaign)[1]
    page = words_of(sam.send(f"/templates/versions/{old.id}/restore", follow_redirects=True))
    assert "Version 1 is the newest again, as version 3." in page
    assert texts(database, campaign)[0].body == WORDS


# -- the preview -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        ("", "Ida Short"),
        ("longest", "Maximilian Longest-Name"),
        ("form:f", "Ida Short"),
        ("form:m", "Maximilian Longest-Name"),
        ("form:x", "the form is made up for this"),
        ("lacks:recipient.group", "Ida Short"),
        ("nonsense", "Ida Short"),
    ],
)
def test_words_are_shown_as_somebody_would_get_them(
    sam: Client, database: Database, campaign: Campaign, who: str, shown: str
):
    body = "we ask {{ recipient.name }}.{% if recipient.group %} G {{ recipient.group }}{% endif %}"
    page = preview(sam, typed(body, active="en", who=who))
    assert shown in page
    assert "It reads without a gap for all 2 of 2" in page
    assert "words" in page and "are read there" in page
    assert len(texts(database, campaign)) == 1


def test_a_text_that_says_where_the_form_of_address_stands_gets_it_once(sam: Client):
    body = "{{ recipient.salutation }}, and all at the desk,\n\nwe ask you."
    page = preview(sam, typed(body, active="en"))
    assert page.count("Dear Minister") == 1
    assert "Dear Minister, and all at the desk," in page and "we ask you." in page


def test_a_text_that_fails_for_some_names_them_before_anything_is_made(sam: Client):
    page = preview(sam, typed("for {{ recipient.group }}", active="en"))
    assert "It fails for 2 of 2" in page
    assert "The text needs {{ recipient.group }}, which is empty here." in page


def test_the_preview_tells_what_cannot_be_read_and_shows_html_when_letters_carry_it(
    sam: Client, database: Database, campaign: Campaign
):
    page = preview(sam, typed("a\n5 people", active="en"))
    assert "Line 2" in page and "“5”" in page
    assert "as HTML" not in preview(sam, typed("a", active="en"))
    with database.writing() as session:
        session.get_one(Campaign, campaign.id).html_part = True
    assert "as HTML" in preview(sam, typed("a", active="en"))


@pytest.mark.parametrize("language", ["", "xx", "../x", "tlh"])
def test_a_language_we_cannot_write_in_has_no_preview(sam: Client, language: str):
    page = preview(sam, typed("words", language=language, active=language))
    assert "no code of a language" in page or "no turns of phrase" in page


def test_a_button_shows_the_preview_without_a_script_and_keeps_what_is_typed(
    sam: Client, database: Database, campaign: Campaign
):
    page = words_of(sam.send(ROOM, typed("we type.", preview="yes", who="longest")))
    assert "we type." in page and "Maximilian Longest-Name" in page
    assert len(texts(database, campaign)) == 1


# -- files -----------------------------------------------------------------------------------------


def test_a_template_is_downloaded_and_a_file_of_it_read(
    sam: Client, database: Database, campaign: Campaign
):
    response = sam.get("/templates/letter/files")
    with zipfile.ZipFile(io.BytesIO(response.data)) as archive:
        assert sorted(archive.namelist()) == ["letter/en.txt", "letter/letter.yaml"]
        data = archive.read("letter/en.txt")
    before = len(texts(database, campaign))
    sam.send("/templates/letter/files", {"file": (io.BytesIO(data), "en.txt")})
    assert len(texts(database, campaign)) == before
    german = b"Subject: Eine Frage\n\nwir bitten um 5 Dinge.\n"
    response = sam.send("/templates/letter/files", {"file": (io.BytesIO(german), "de.txt")})
    assert response.status_code == 422
    assert "de.txt, line 3" in words_of(response)
    german = german.replace(b"5", b"viele")
    sam.send("/templates/letter/files", {"file": (io.BytesIO(german), "de.txt")})
    assert texts(database, campaign, "de")[0].author == "Sam"


@pytest.mark.parametrize(("keep", "stands"), [("file", "File."), ("browser", "Browser.")])
def test_file_and_browser_differ_until_somebody_decides(
    sam: Client, database: Database, campaign: Campaign, tmp_path: Path, now, keep, stands
):
    folder = tmp_path / "files" / "letter"
    folder.mkdir(parents=True)
    (folder / "en.txt").write_text(f"Subject: A question\n\n{WORDS}\n", encoding="utf-8")
    sources = (folder.parent,)
    with database.writing() as session:
        loading.load_files(
            session, session.get_one(Campaign, campaign.id), *sources, now=now, by=OPERATOR
        )
    sam.send(ROOM, typed("Browser.", save="yes"))
    (folder / "en.txt").write_text("Subject: A question\n\nFile.\n", encoding="utf-8")
    with database.writing() as session:
        loading.load_files(
            session, session.get_one(Campaign, campaign.id), *sources, now=now, by=OPERATOR
        )
        made = templates.template_by_slug(session, campaign.id, "letter")
        [conflict] = settling.conflicts_of(session, made.id)
        where = f"/templates/conflicts/{conflict.id}"
    assert "file and browser differ" in words_of(sam.get("/templates"))
    page = words_of(sam.get("/templates/letter"))
    assert "<ins>File.</ins>" in page and "<del>Browser.</del>" in page
    assert texts(database, campaign)[0].body == "Browser."
    sam.send(where, {"keep": keep, "seen": "1"})
    assert texts(database, campaign)[0].body == "Browser."
    sam.send(where, {"keep": keep, "seen": "2"})
    assert texts(database, campaign)[0].body == stands
    assert "file and browser differ" not in words_of(sam.get("/templates/letter"))


# -- in a real browser -----------------------------------------------------------------------------


@pytest.mark.browser
def test_a_misspelt_name_is_shown_in_its_line(window):
    page = window("sam", ROOM)
    page.locator("#text-en").fill("Dear all,\n\nwe met {{ recipient.salutaton }} there.")
    page.get_by_role("button", name="Save as a new version").click()
    link = page.get_by_role("link", name="Line 3")
    expect(link).to_be_visible()
    # Its script comes with the end of the page.
    page.wait_for_load_state()
    link.click()
    chosen = page.evaluate(
        "(() => { const f = document.getElementById('text-en');"
        " return f.value.slice(f.selectionStart, f.selectionEnd); })()"
    )
    assert chosen == "recipient.salutaton"
    assert_accessible(page)


@pytest.mark.browser
def test_names_are_offered_while_typing_and_taken_by_the_keyboard(window):
    page = window("sam", ROOM)
    text = page.locator("#text-en")
    text.fill("")
    text.press_sequentially("we ask {{ recip")
    offered = page.locator("#offers li")
    expect(offered.first).to_contain_text("recipient.name")
    expect(offered.first).to_contain_text("name of the person or body we write to")
    expect(offered.first).to_contain_text("Maria Example")
    assert_accessible(page)
    text.press("ArrowDown")
    text.press("ArrowUp")
    text.press("Enter")
    expect(text).to_have_value("we ask {{ recipient.name }}")
    expect(page.locator("#offers")).to_be_hidden()
    text.press_sequentially(" and {{ R0")
    expect(offered.first).to_contain_text("fact.R02")
    expect(offered.first).to_contain_text("More than 37,000 people")
    text.press("Escape")
    expect(page.locator("#offers")).to_be_hidden()
    text.fill("")
    text.press_sequentially("{% if not recipient.ro")
    expect(offered.first).to_contain_text("recipient.role")
    text.press("Tab")
    expect(text).to_have_value("{% if not recipient.role")


@pytest.mark.browser
def test_the_preview_follows_what_is_typed(window):
    page = window("sam", ROOM)
    page.locator("#text-en").fill("we ask {{ recipient.name }} kindly.")
    expect(page.locator("[data-shown] .sheet-text")).to_contain_text("We ask Ida Short kindly.")
    page.get_by_label("Shown for").select_option("longest")
    expect(page.locator("[data-shown] .sheet-text")).to_contain_text("Maximilian Longest-Name")
    page.get_by_label("Find a name").fill("ida")
    expect(page.get_by_label("Shown for").locator("option", has_text="Maximilian")).to_have_count(0)
    expect(page.get_by_label("Find a name")).to_be_focused()


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.parametrize(("size", "theme"), [("desk", "light"), ("phone", "dark")])
def test_the_room_is_for_everybody(window, size: str, theme: str, database, campaign, now):
    with database.writing() as session:
        made = templates.template_by_slug(session, campaign.id, "letter")
        versions.save(session, made, "de", "Frage", "wir.", seen=0, by=OPERATOR, now=now)
    for name, path in (
        ("room", f"{ROOM}?language=en&beside=de"),
        ("history", "/templates/letter/history"),
        ("card", "/templates/letter/card"),
        ("template", "/templates/letter"),
    ):
        page = window("sam", path, size=size, theme=theme)
        assert_accessible(page)
        assert_no_sideways_scroll(page)
        take_picture(page, f"templates-{name}-{size}-{theme}")


def test_a_text_is_written_in_the_direction_of_its_own_language(sam: Client):
    page = words_of(sam.send(ROOM, typed("نص", language="ar", seen=0, preview="yes")))
    assert 'lang="ar" dir="rtl"' in page
    assert '<html lang="en" dir="ltr"' in page or 'dir="rtl"' not in page.split("<body")[0]
