"""Tables out of whatever people call a spreadsheet."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest

from outreach.directory.importing.sheets import delimited
from outreach.directory.importing.sheets.tables import Table, table
from outreach.errors import BadFile


def read(folder: Path, content: bytes | str, name: str = "list.csv") -> tuple[Table, list]:
    """The table of a file with this content, and its rows."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = table(path, name)
    return found, list(found.rows)


def workbook(path: Path, rows: dict[str, object], merged: tuple[str, ...] = ()) -> Path:
    """An .xlsx with these cells."""
    book = openpyxl.Workbook()
    sheet = book.active
    for place, value in rows.items():
        sheet[place] = value
    for place in merged:
        sheet.merge_cells(place)
    book.save(path)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    lines = [["Name", "E-Mail", "Notes"], ["Ann Ex", "ann@parl.example", "a, b"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)
    found, rows = read(tmp_path, text)
    assert found.headers == ("Name", "E-Mail", "Notes")
    assert found.delimiter == delimiter
    assert rows == [(2, ["Ann Ex", "ann@parl.example", "a, b"])]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_unicode_is_read_whatever_its_form(tmp_path, encoding):
    text = "Name,Email\r\nŁucja Żółć,l@parl.example\r\n" * 3
    found, rows = read(tmp_path, text.encode(encoding))
    assert found.headers == ("Name", "Email")
    assert rows[0] == (2, ["Łucja Żółć", "l@parl.example"])


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (
            "Имя;Фамилия;Почта\nЩепан;Выдуманный;s@p.example\nЯ;И;j@p.example\n",
            "windows-1251",
        ),
        ("Prénom;Nom usuel;Mél\nZoé;Exemplaire-Lefèvre;z@parl.example\n", "cp1252"),
        ("Vorname;Nachname;Ort\nJörg;Müßiggänger;Köln\n", "cp1252"),
    ],
)
def test_a_file_that_claims_nothing_is_read_by_its_letters(tmp_path, text, encoding):
    found, rows = read(tmp_path, text.encode(encoding))
    assert found.encoding == encoding
    assert list(found.headers) == text.split("\n")[0].split(";")
    assert rows[0][1] == text.split("\n")[1].split(";")
    assert encoding in str(found.remarks[0])


def test_polish_of_windows_1250_and_a_mark_that_lies(tmp_path):
    text = "Imię;Nazwisko\nWłodzimierz;Żółć\n"
    found, rows = read(tmp_path, text.encode("cp1250"))
    assert (found.encoding, rows[0][1]) == ("windows-1250", ["Włodzimierz", "Żółć"])
    found, rows = read(
        tmp_path, b"\xef\xbb\xbf" + "Имя;Почта\nЩепан;s@p.example\n".encode("cp1251")
    )
    assert (found.headers, rows[0][1][0]) == (("Имя", "Почта"), "Щепан")


def test_a_person_may_say_the_encoding(tmp_path):
    (tmp_path / "list.csv").write_bytes("Όνομα;Κόμμα\nΆννα;Κάποιο\n".encode("cp1253"))
    found = table(tmp_path / "list.csv", "list.csv", encoding="windows-1253")
    assert (found.headers, found.remarks) == (("Όνομα", "Κόμμα"), [])
    with pytest.raises(BadFile, match="No encoding"):
        table(tmp_path / "list.csv", "list.csv", encoding="klingon")
    with pytest.raises(BadFile, match="No encoding"):
        table(tmp_path / "list.csv", "list.csv", encoding="base64")


def test_utf8_that_breaks_late_is_still_noticed(tmp_path):
    text = "Name,Email\n" + "Ann Ex,ann@parl.example\n" * 60_000
    found, rows = read(tmp_path, text.encode() + "Zoé Fin,z@parl.example\n".encode("cp1252"))
    assert found.encoding == "cp1252"
    assert rows[-1] == (60_002, ["Zoé Fin", "z@parl.example"])


def test_comments_titles_and_empty_lines_stand_before_and_between(tmp_path):
    found, rows = read(
        tmp_path,
        '% made "on Monday\n# by hand\n\nMembers of the Assembly,,,\n\nName,Party,Email,\n,,,\n'
        "Ann Ex,Greens,ann@parl.example,\n,,,\nBob Why,,bob@parl.example,\n\n\n",
    )
    assert found.headers == ("Name", "Party", "Email")
    assert [number for number, _ in rows] == [8, 10]
    assert rows[1][1] == ["Bob Why", "", "bob@parl.example"]
    assert "Members of the Assembly" in str(found.remarks[0])


def test_a_header_over_two_rows_is_joined(tmp_path):
    found, _ = read(
        tmp_path,
        "Person,,Office,,Party\nFirst name,Surname,Phone,Fax,\nAnn,Ex,+48 22 555 01 01,,Greens\n",
    )
    assert found.headers == (
        *("Person First name", "Person Surname", "Office Phone", "Office Fax", "Party"),
    )


def test_what_looks_like_a_header_over_two_rows_and_is_none(tmp_path):
    found, rows = read(tmp_path, "As of:,3 March,,\nName,Email,Party,Phone\nA B,a@b.example,C,1\n")
    assert found.headers == ("Name", "Email", "Party", "Phone")
    assert len(rows) == 1
    found, rows = read(tmp_path, "Name,Email,,\nAnn,ann@b.example,Party,Phone\n")
    assert (found.headers[:2], len(rows)) == (("Name", "Email"), 1)


def test_two_columns_of_one_name_and_one_without(tmp_path):
    found, _ = read(tmp_path, "Name,Email,Email,\nA B,a@b.example,c@b.example,x\n")
    assert found.headers == ("Name", "Email", "Email (2)", "(4)")


def test_without_a_word_we_know_the_first_full_row_is_the_header(tmp_path):
    found, rows = read(tmp_path, "Foo list,,\nfoo,bar,baz\n1,2,3\n4,5,6\n")
    assert (found.headers, len(rows)) == (("foo", "bar", "baz"), 2)


def test_excel_says_its_separator(tmp_path):
    found, rows = read(tmp_path, "sep=;\nName;Email\nEx, Ann;ann@parl.example\n")
    assert rows == [(3, ["Ex, Ann", "ann@parl.example"])]
    assert found.delimiter == ";"


def test_zero_bytes_are_left_out_and_told(tmp_path):
    found, rows = read(tmp_path, b"Name,Email\nAnn\x00 Ex,ann@parl.example\n")
    assert rows[0][1][0] == "Ann Ex"
    assert "Zero bytes" in str(found.remarks[0])


def test_na_is_namibia(tmp_path):
    _, rows = read(tmp_path, "Name,Country\nAnn Ex,NA\n")
    assert rows[0][1] == ["Ann Ex", "NA"]


def test_a_line_that_never_ends_is_refused_by_its_number(tmp_path):
    path = tmp_path / "long.csv"
    with path.open("wb") as stream:
        stream.write(b"Name,Email\nAnn Ex,ann@parl.example\n")
        stream.writelines(b"x" * 1_000_000 for _ in range(20))
    with pytest.raises(BadFile) as refused:
        list(table(path, "long.csv").rows)
    assert refused.value.line == 3


def test_a_quotation_mark_left_open_is_refused_by_its_line(tmp_path):
    start = "Name,Email,Party,Phone\nA B,a@b.example,P,1\n"
    rest = "".join(f"N{number} B,n{number}@b.example,P,{number}\n" for number in range(20))
    for text in (
        start + 'C D,"c@b.example,P,2\n' + rest,
        start + 'C D,"c@b.example,P,2\n' + rest + 'E F,"e@b.example",P,3\n',
        start + 'C D,"c@b.example,P,2\n' + rest * 20,
    ):
        with pytest.raises(BadFile) as refused:
            read(tmp_path, text)[1]
        assert refused.value.line == 3
        assert "quotation mark" in str(refused.value)


def test_a_note_of_several_lines_is_one_cell(tmp_path):
    _, rows = read(tmp_path, 'Name,Email,Note\nA B,a@b.example,"one\ntwo, three\n"\nC D,,\n')
    assert rows == [(2, ["A B", "a@b.example", "one\ntwo, three\n"]), (5, ["C D", "", ""])]


def test_a_csv_is_streamed(tmp_path, monkeypatch):
    read_so_far = []
    lines = delimited._lines

    def counted(source):
        for line in lines(source):
            read_so_far.append(line)
            yield line

    monkeypatch.setattr(delimited, "_lines", counted)
    path = tmp_path / "list.csv"
    path.write_text("Name,Email\n" + "A B,a@b.example\n" * 50_000)
    found = table(path, "list.csv")
    next(found.rows)
    assert len(read_so_far) < 1_000


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
        (b"%PDF-1.7\n\x00\x01\x02", "This is a PDF"),
        (bytes(range(256)) * 10, "neither text"),
        (b'{"name": "no list"}', "no list"),
        (b'[{"name": "Ann"}', "not JSON"),
        (b"PK\x03\x04 and then nothing", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and then nothing", "can't be read"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(tmp_path, content, word):
    with pytest.raises(BadFile, match=word):
        read(tmp_path, content)


def test_a_workbook_gives_text(tmp_path):
    path = workbook(
        tmp_path / "list.xlsx",
        {
            "A1": "Name",
            "B1": "Phone",
            "C1": "Since",
            "D1": "Code",
            "E1": "Note",
            "F1": "Yes",
            "A2": "Ann Ex",
            "B2": 41500000000.0,
            "C2": dt.date(2024, 7, 16),
            "D2": "007",
            "E2": "#N/A",
            "F2": True,
            "A4": "Bob",
            "D4": 12.0,
            "H9": None,
        },
    )
    found = table(path, "list.xlsx")
    assert found.headers == ("Name", "Phone", "Since", "Code", "Note", "Yes")
    assert list(found.rows) == [
        (2, ["Ann Ex", "41500000000", "2024-07-16", "007", "", "true"]),
        (4, ["Bob", "", "", "12", "", ""]),
    ]


def test_the_sheet_that_says_most_is_read_and_the_others_are_told(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = "Read me first"
    sheet = book.create_sheet("People")
    sheet.append(["Name", "Email"])
    sheet.append(["Ann Ex", "ann@parl.example"])
    hidden = book.create_sheet("Hidden")
    hidden.append(["Name", "Email", "Party", "Phone"])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "list.xlsx")
    found = table(tmp_path / "list.xlsx", "list.xlsx")
    assert (found.sheet, found.sheet_names) == ("People", ("Sheet", "People"))
    assert "Sheet" in str(found.remarks[0])
    assert table(tmp_path / "list.xlsx", "list.xlsx", "Sheet").headers == ("Read me first",)


def test_formulas_are_never_computed(tmp_path):
    path = workbook(tmp_path / "f.xlsx", {"A1": "Name", "B1": "Email", "A2": "=1+1", "B2": "x"})
    assert list(table(path, "f.xlsx").rows) == [(2, ["", "x"])]
    _, rows = read(tmp_path, "Name,Note\nAnn,=HYPERLINK(1)\n")
    assert rows[0][1] == ["Ann", "=HYPERLINK(1)"]


def test_a_million_empty_rows_are_no_rows(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = "Name"
    book.active["A2"] = "Ann Ex"
    book.active.cell(1_048_576, 5).font = openpyxl.styles.Font(bold=True)
    book.save(tmp_path / "list.xlsx")
    assert list(table(tmp_path / "list.xlsx", "list.xlsx").rows) == [(2, ["Ann Ex"])]


def test_a_cell_in_the_far_corner_is_refused_before_memory_is_asked_for(tmp_path):
    path = workbook(tmp_path / "far.xlsx", {"A1": "Name", "XFD1048576": "far"})
    with pytest.raises(BadFile, match="far more cells"):
        table(path, "far.xlsx")


def test_an_ods_that_repeats_a_cell_into_the_far_corner_is_refused(tmp_path):
    cell = '<table:table-cell office:value-type="string"{}><text:p>x</text:p></table:table-cell>'
    for repeated, wanted in ((' table:number-columns-repeated="16384"', True), ("", False)):
        rows = (
            f"<table:table-row>{cell.format('')}{cell.format('')}</table:table-row>"
            f'<table:table-row table:number-rows-repeated="{1_048_570 if wanted else 2}">'
            f"{cell.format(repeated)}</table:table-row>"
        )
        path = ods(tmp_path / "far.ods", rows)
        if wanted:
            with pytest.raises(BadFile, match="far more cells"):
                table(path, "far.ods")
        else:
            assert len(list(table(path, "far.ods").rows)) == 2


def ods(path: Path, rows: str) -> Path:
    """A small OpenDocument spreadsheet."""
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content{spaces} office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="One">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:'
            'opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/"'
            f' manifest:media-type="{kind}"/></manifest:manifest>',
        )
    return path


def test_a_bomb_and_a_torn_workbook_are_refused(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 30_000_000)
    with pytest.raises(BadFile, match="unfolds"):
        table(path, "bomb.xlsx")
    whole = workbook(tmp_path / "whole.xlsx", {"A1": "Name", "A2": "Ann"}).read_bytes()
    for torn in (whole[: len(whole) // 2], whole[:-30], whole.replace(b"sheet1", b"sheet9")):
        (tmp_path / "torn.xlsx").write_bytes(torn)
        with pytest.raises(BadFile):
            table(tmp_path / "torn.xlsx", "torn.xlsx")


def test_a_list_of_objects_becomes_a_table(tmp_path):
    people = [
        {"id": 1, "name": "Ann", "party": {"name": "Greens"}, "tags": ["a", "b"], "seat": None},
        {"id": 2, "name": "Bob", "active": False, "offices": [{"phone": "1"}]},
    ]
    for value in (people, {"meta": {}, "list": {"person": people}}):
        found, rows = read(tmp_path, json.dumps(value), "people.json")
        assert found.headers == ("id", "name", "party.name", "tags", "seat", "active", "offices")
        assert rows[0][1] == ["1", "Ann", "Greens", "a; b", "", "", ""]
        assert rows[1][1] == ["2", "Bob", "", "", "", "false", ""]
