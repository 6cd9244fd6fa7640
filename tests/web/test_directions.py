"""A letter runs the way its own language does, whatever the reader's."""

from __future__ import annotations

import pytest
from markupsafe import Markup, escape

from outreach.accounts.models import Campaign
from outreach.database import Database
from outreach.web.filters import isolated
from tests import make
from tests.browser import Browser
from tests.web.conftest import Client

HEBREW = "שלום רב,\n\nכתבה לנו Ada Example (Human Rights House), וגם R&D.\n\nבכבוד רב"
ARABIC = "تحية طيبة،\n\nكتبت إلينا Ada Example، وشكرًا."


@pytest.mark.parametrize(("language", "text"), [("he", HEBREW), ("ar", ARABIC), ("ar-EG", ARABIC)])
def test_a_letter_from_right_to_left(
    sam: Client, database: Database, campaign: Campaign, language: str, text: str
) -> None:
    with database.writing() as session:
        letter = make.letter(session, campaign, language=language, text=text, subject="Ada")
        number = letter.id
    page = Browser(sam).get("letters.letter", letter_id=number).page.html
    sheet = page.partition('<div class="sheet-text"')[2].partition("</div>")[0]
    assert sheet.startswith(f' lang="{language}" dir="rtl">')
    assert "<bdi>Ada Example" in sheet
    # The frame around it keeps the reader's direction.
    assert '<html lang="en-GB" dir="ltr">' in page


@pytest.mark.parametrize("language", ["en", "de", "uk", "lt", "el"])
def test_a_letter_from_left_to_right(
    sam: Client, database: Database, campaign: Campaign, language: str
) -> None:
    with database.writing() as session:
        number = make.letter(session, campaign, language=language).id
    page = Browser(sam).get("letters.letter", letter_id=number).page.html
    sheet = page.partition('<div class="sheet-text"')[2].partition("</div>")[0]
    assert sheet.startswith(f' lang="{language}" dir="ltr">')
    assert "<bdi>" not in sheet


def test_isolating_changes_no_word_and_no_tag() -> None:
    words = escape("שלום <Ada Example>, R&D 12:30")
    marked = words + Markup('<mark class="gap">Robin</mark>')
    told = isolated(marked, "he")
    assert "<bdi>" in told
    assert told.striptags() == marked.striptags()
    assert '<mark class="gap"><bdi>Robin</bdi></mark>' in told
    assert "&lt;<bdi>Ada Example</bdi>&gt;" in told
    assert isolated(marked, "en") == marked
