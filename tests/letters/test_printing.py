"""Letters on paper: read back from the PDF, as a printer and a screen reader get them."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pypdf
import pytest

from outreach.directory.models import ContactKind
from outreach.errors import Refused
from outreach.letters import printing, queries, typesetting
from tests import make
from tests.conftest import NOW

FONTS = Path(__file__).parents[2] / "outreach/web/static/vendor/fonts"
TEXT = (
    "Dear Member,\n\nplease ask about #let and $money$ and *stars*.\nSecond line.\n\n"
    "Yours sincerely,\n\nExample Association\n\nImprint\nRef. {code}"
)


@pytest.fixture
def sheet(session):
    """Return a function that makes a sheet of a stored letter."""
    campaign = make.campaign(session)

    def made(mark: str = "", place: str = "", **values: Any) -> typesetting.Sheet:
        if place:
            there = make.jurisdiction(session, place)
            values["target"] = make.target(session, jurisdiction_code=there.code)
        code = values.setdefault("code", "7K4-Q2M")
        values["text"] = values.get("text", TEXT).replace("{code}", code)
        letter = make.letter(session, campaign, **values)
        shown = queries.letter_with_everything(session, letter.id)
        return printing.sheet_of(shown, on=NOW.date(), mark=mark)

    return made


def read(made: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(made))


def words(page: pypdf.PageObject) -> str:
    return re.sub(r"\s+", " ", page.extract_text())


def test_the_words_arrive_as_they_are_and_none_is_markup(sheet) -> None:
    made = read(typesetting.pdf([sheet()], title="A question", fonts=FONTS))
    text = words(made.pages[0])
    assert "please ask about #let and $money$ and *stars*. Second line." in text
    assert "Ref. 7K4-Q2M" in text and "3 March 2026" in text
    assert len(made.pages) == 1 and "1 / 1" not in text


def test_the_file_is_tagged_and_titled_and_tells_nothing_of_us(sheet) -> None:
    raw = typesetting.pdf([sheet(language="de")], title="Eine Frage", fonts=FONTS)
    made = read(raw)
    root = made.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True
    assert str(root["/Lang"]).startswith("de")
    assert made.metadata is not None
    assert made.metadata.title == "Eine Frage"
    assert {"/Author", "/CreationDate", "/ModDate"}.isdisjoint(made.metadata)
    assert str(Path.cwd()).encode() not in raw
    assert b"pdfuaid" in raw


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("uk", "Запит щодо ОМОН Білорусі"),
        ("el", "Ερώτηση για τη Λευκορωσία"),
        ("ar", "سؤال"),
        ("he", "שאלה"),
        ("ka", "კითხვა"),
    ],
)
def test_other_scripts_are_printed_with_a_font_that_has_them(sheet, language, subject) -> None:
    made = read(
        typesetting.pdf([sheet(language=language, subject=subject)], title="T", fonts=FONTS)
    )
    fonts = {
        str(font.get_object()["/BaseFont"])
        for font in made.pages[0]["/Resources"]["/Font"].values()
    }
    assert not any("DejaVu" in font for font in fonts)
    # A letter without a shape would be .notdef: nothing of it could be read back.
    letters = {char for char in subject if char.isalpha()}
    found = set(made.pages[0].extract_text())
    shaped = language == "ar"  # joined forms are mapped back one by one
    assert letters <= found or shaped


def test_latin_words_keep_their_order_in_a_letter_from_right_to_left(sheet) -> None:
    made = sheet(language="ar", text="السيدة،\n\nOMON of Belarus في 3 March 2026\n\nمع التقدير")
    assert made.rtl
    assert "\u2066OMON of Belarus\u2069" in made.blocks[1][0]
    assert "\u20663 March 2026\u2069" in made.blocks[1][0]
    assert "\u2066" not in "".join(sheet(code="AAA-AAA").blocks[1])


def test_long_letters_number_their_pages_and_each_letter_counts_anew(sheet) -> None:
    long = "Dear Member,\n\n" + "\n\n".join(["many words " * 60] * 12) + "\n\nRef. {code}"
    several = [sheet(text=long, code="AAA-222"), sheet(text=long, code="BBB-333")]
    pages = [words(page) for page in read(typesetting.pdf(several, title="T", fonts=FONTS)).pages]
    assert len(pages) % 2 == 0
    half = len(pages) // 2
    assert [f"AAA-222 {n} / {half}" in pages[n - 1] for n in range(1, half + 1)] == [True] * half
    assert f"BBB-333 1 / {half}" in pages[half]


def test_the_window_holds_the_address_and_the_country_as_last_line(sheet) -> None:
    made = sheet(
        place="DE",
        channel=ContactKind.POSTAL,
        envelope="Erika Beispiel\nMinisterium",
        address="Ministerium\nBeispielweg 1\n10117 Musterstadt\nGermany",
    )
    assert made.address == [
        "Erika Beispiel",
        "Ministerium",
        "Beispielweg 1",
        "10117 Musterstadt",
        "GERMANY",
    ]
    assert sheet(code="AAA-AAA", envelope="Desk", address="desk@office.example").address == ["Desk"]


def test_the_address_lies_in_the_window_of_din_5008(sheet) -> None:
    made = read(typesetting.pdf([sheet(envelope="Zielperson Eins")], title="T", fonts=FONTS))
    spots = []

    def look(text: str, page: Any, line: Any, _font: Any, _size: Any) -> None:
        if "Zielperson" in text:
            along = line[4] * page[0] + line[5] * page[2] + page[4]
            up = line[4] * page[1] + line[5] * page[3] + page[5]
            spots.append((along, up))

    made.pages[0].extract_text(visitor_text=look)
    from_left, from_top = spots[0][0] / 72 * 25.4, 297 - spots[0][1] / 72 * 25.4
    assert 20 <= from_left <= 105 and 62.7 <= from_top <= 90


def test_what_must_not_be_posted_says_so(sheet) -> None:
    made = read(typesetting.pdf([sheet(mark="Rehearsal, not to be sent")], title="T", fonts=FONTS))
    assert "Rehearsal, not to be sent" in words(made.pages[0])


def test_a_script_without_a_font_is_refused_by_name(sheet) -> None:
    with pytest.raises(Refused, match="名") as refused:
        sheet(recipient="名前 Example", envelope="名前 Example")
    assert "Latin letters" in str(refused.value)


def test_a_pile_made_apart_is_the_same_and_ends_with_its_list(sheet) -> None:
    sheets = [sheet(code="AAA-222"), sheet(code="BBB-333")]
    ticks = typesetting.TickList(
        "To tick off",
        "en",
        ["", "To", "Country", "Ref.", "By", "Posted on"],
        [["☐", "Ana", "Germany", one.code, "post", ""] for one in sheets],
    )
    made = read(typesetting.pdf_apart(sheets, title="Pile", fonts=FONTS, ticks=ticks))
    assert len(made.pages) == 3
    last = words(made.pages[2])
    assert "To tick off" in last and "AAA-222" in last and "BBB-333" in last
    assert "☐" in last


def test_a_typesetter_that_stops_is_told_in_words(sheet, tmp_path) -> None:
    broken = sheet()
    object.__setattr__(broken, "lang", "not a language at all")
    with pytest.raises(Refused, match="typesetter stopped"):
        typesetting.pdf_apart([broken], title="T", fonts=tmp_path)
