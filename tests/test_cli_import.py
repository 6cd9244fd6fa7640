"""Hostile and odd files through the command line: a clear error or a clean import, nothing else."""

from __future__ import annotations

import io
import json
import os
import resource
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from outreach.directory.syncing.models import RunState, StagedRow
from tests.test_cli_contacts import COMMAND, ROOT, Shell, environment, shell

# The fixture the tests below ask for.
__all__ = ["shell"]

LIST = (
    "Name,Email,Party\nAnna Example,anna@parl.example,Green\nBert Example,bert@parl.example,Blue\n"
)
CYRILLIC = "Имя,Электронная почта\nАнна Щукина,anna@parl.example\nБорис Ёлкин,b@parl.example\n"
LAUGHS = (
    '<!DOCTYPE meps [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    "<meps><mep><id>1</id><fullName>&b;</fullName></mep></meps>"
)
OUTSIDE = '<!DOCTYPE meps SYSTEM "http://127.0.0.1:9/x.dtd"><meps><mep><id>1</id></mep></meps>'
LEGISLATORS = (
    "- id: {bioguide: A000001}\n  name: {first: A, last: B}\n  terms: [{type: rep}]\n  a: &a [x]\n"
) + "".join(f"  {b}: &{b} [{', '.join([f'*{a}'] * 20)}]\n" for a, b in pairwise("abcdefg"))


def zipped(members: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def overlapping() -> bytes:
    """A thousand members of a zip that are one and the same two megabytes."""
    raw, name = b"x,y\n" * 500_000, b"0000.csv"
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = squeeze.compress(raw) + squeeze.flush()
    sizes = (zlib.crc32(raw), len(data), len(raw), len(name), 0)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 33, *sizes) + name + data
    listed = b"".join(
        struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 33, *sizes, 0, 0, 0, 0, 0)
        + b"%04d.csv" % number
        for number in range(1000)
    )
    return (
        local
        + listed
        + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1000, 1000, len(listed), len(local), 0)
    )


def workbook(rows: str) -> bytes:
    """An XLSX with one sheet of these rows, as XML."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    relation = f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" Type='
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
            "_rels/.rels": f'{relation}"{office}/officeDocument" Target="xl/workbook.xml"/>'
            "</Relationships>",
            "xl/_rels/workbook.xml.rels": f'{relation}"{office}/worksheet"'
            ' Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
            '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}'
            "</sheetData></worksheet>",
        }
    )


def row(number: int, *cells: str) -> str:
    """One row of a sheet; a cell that begins with `=` is a formula, with its value behind `=>`."""
    written = []
    for letter, cell in zip("ABCDEF", cells, strict=False):
        formula, _, value = cell.partition("=>")
        place = f'r="{letter}{number}"'
        if not cell.startswith("="):
            written.append(f'<c {place} t="inlineStr"><is><t>{cell}</t></is></c>')
        else:
            kept = f"<v>{value}</v>" if value else "<v></v>"
            written.append(f'<c {place} t="str"><f>{formula[1:]}</f>{kept}</c>')
    return f'<row r="{number}">{"".join(written)}</row>'


HEADER = row(1, "Name", "Email")
CALCULATED = workbook(HEADER + row(2, "=A1=>Anna Example", "=B1=>anna@parl.example"))
NEVER_CALCULATED = workbook(HEADER + row(2, "=A1", "=B1"))

REFUSED: list[tuple[str, bytes | str, str]] = [
    ("bomb.zip", zipped({"a.csv": b"0" * 5_000_000}), "unfolds to far more"),
    ("overlap.zip", overlapping(), "unfolds to far more"),
    ("nested.zip", zipped({"a.zip": zipped({"a.csv": LIST})}), "nothing but other zips"),
    ("empty.zip", zipped({}), "no file in it"),
    ("laughs.xml", LAUGHS, "document type or entities"),
    ("outside.xml", OUTSIDE, "document type or entities"),
    ("legislators-current.yaml", LEGISLATORS, "Its aliases (*name) unfold"),
    ("line.csv", "Name,Email\n" + "a" * 2_000_000, "line 2: The line has more than a million"),
    ("columns.csv", ",".join(f"c{one}" for one in range(100_000)), "2,000 columns"),
    ("quote.csv", 'Name,Email\n"Anna,a@x.example\n' + "Bert,b@x.example\n" * 300, "line 2: A quot"),
    ("end.csv", LIST + 'Cora Example,"cora@parl.example,Red\n', "line 4: A quotation mark"),
    ("list.pdf", b"%PDF-1.4 \xe2\xe3", "This is a PDF"),
    ("list.csv", b"\x89PNG\r\n\x1a\n\x00", "This is a picture"),
    ("list.docx", zipped({"[Content_Types].xml": "", "word/document.xml": ""}), "text document"),
    ("list.json", "<!doctype html><title>Sign in</title>", "web page"),
    ("empty.csv", "", "The file is empty"),
    ("header.csv", "Name,Email\n", "Nobody is named"),
    ("poem.txt", "Roses are red\nViolets are blue\n", "No column of it names anybody"),
    ("cut.xlsx", CALCULATED[: len(CALCULATED) // 2], "was cut off"),
    ("formulas.xlsx", NEVER_CALCULATED, "never calculated"),
    ("cut.json", '{"persons": [{"id": "1", "name": "An', "line 1: This is not JSON"),
    ("deep.json", "[" * 10_000 + "]" * 10_000, "60 levels deep"),
    ("twice.json", '{"persons": [{"id": "1"}], "persons": []}', "“persons” stands twice"),
    ("card.vcf", "BEGIN:VCARD\nVERSION:3.0\nFN:Anna\n", "no END:VCARD"),
    ("number.json", '[{"name": "A B", "n": ' + "9" * 5000 + "}]", "number that is too long"),
    ("countries.csv", "name,Dial\nAlbania,1\nAlgeria,2\nAndorra,3\n", "list of countries"),
]
READ: list[tuple[str, bytes | str, int]] = [
    ("1251.csv", CYRILLIC.encode("cp1251"), 2),
    ("1251-marked.csv", b"\xef\xbb\xbf" + CYRILLIC.encode("cp1251"), 2),
    ("16.csv", CYRILLIC.encode("utf-16"), 2),
    ("16-bare.csv", LIST.encode("utf-16-be"), 2),
    ("zero.csv", LIST.replace("Anna", "An\0na"), 2),
    ("formulas.xlsx", CALCULATED, 1),
    ("leaving.zip", zipped({"../../evil.csv": LIST, "/tmp/evil.csv": LIST}), 4),
    ("nan.json", '[{"name": "Anna Example", "email": NaN}]', 1),
    (
        "label.xml",
        "<?xml version='1.0' encoding='windows-1251'?><meps><mep><fullName>Анна ПРИМЕР</fullName>"
        "<country>Bulgaria</country><id>1</id></mep></meps>",
        1,
    ),
]


def test_every_hostile_file_is_refused_in_a_sentence(shell: Shell) -> None:
    """One test, as each command is quick and its home is to be untouched by all of them."""
    before = shell.json("counts")
    for name, content, says in REFUSED:
        path = shell.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        result = shell("import", str(path), "--yes", exit_code=1, says=says)
        assert (result.stdout, "Traceback" in result.stderr) == ("", False)
        assert name in result.stderr
    assert shell.json("counts") == before
    assert shell.rows(StagedRow) == 0
    assert set(shell.states()) <= {RunState.DISCARDED, RunState.FAILED}
    left = {one.name.partition("-")[0] for one in shell.home.iterdir()}
    assert left <= {"outreach.sqlite", "secret"}, left


@pytest.mark.parametrize(("name", "content", "people"), READ, ids=[one[0] for one in READ])
def test_odd_files_are_read(shell: Shell, name: str, content: bytes | str, people: int) -> None:
    path = shell.folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    told = shell.json("import", str(path), "--dry-run")
    assert (told["total"]["people"]["added"], told["total"]["unusable"]) == (people, 0)
    assert not (Path("/tmp/evil.csv").exists() or (shell.folder.parent / "evil.csv").exists())


def test_no_device_and_no_name_of_bytes_stops_it(shell: Shell) -> None:
    os.mkfifo(shell.folder / "pipe.csv")
    shell("import", str(shell.folder / "pipe.csv"), "--yes", exit_code=1, says="neither a file nor")
    odd = os.fsdecode(bytes(shell.folder / "list.csv").replace(b"list", b"l\xffst"))
    Path(odd).write_text(LIST)
    told = shell.json("import", odd, "--yes")
    assert told["total"]["people"]["added"] == 2


def test_what_may_not_be_read_is_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shell.folder / "lists"
    folder.mkdir()
    for name in ("a.csv", "secret.csv"):
        (folder / name).write_text(LIST)
    monkeypatch.setattr(os, "access", lambda path, _how: "secret" not in str(path))
    result = shell("import", str(folder), "--yes", exit_code=1, says="may not be read")
    assert "lists/secret.csv" in result.stderr


def test_a_wrong_format_is_told_the_right_one(shell: Shell) -> None:
    path = shell.file(LIST, "list.csv")
    shell("import", path, "--format", "popolo", exit_code=1, says="but tabular. Leave --format out")


# {language: header}: given and family name, or the whole one; a number that became a float.
HEADERS = {
    "de": "Vorname;Nachname;E-Mail;Telefon;Wahlkreis;Partei",
    "fr": "Prénom;Nom;Courriel;Téléphone;Circonscription;Parti politique",
    "pl": "Imię;Nazwisko;Adres e-mail;Telefon;Okręg wyborczy;Partia",
    "ru": "Имя;Фамилия;Эл. почта;Телефон;Избирательный округ;Партия",
    "uk": "Ім'я;Прізвище;Електронна пошта;Телефон;Виборчий округ;Партія",
    "el": "Όνομα;Επώνυμο;Ηλεκτρονικό ταχυδρομείο;Τηλέφωνο;Εκλογική περιφέρεια;Κόμμα",
    "es": "Nombre;Apellidos;Correo electrónico;Teléfono;Circunscripción;Partido",
    "lt": "Vardas;Pavardė;El. paštas;Telefonas;Apygarda;Partija",
    "it": "Nome;Cognome;Posta elettronica;Telefono;Collegio;Partito",
    "lv": "Vārds;Uzvārds;E-pasts;Tālrunis;Vēlēšanu apgabals;Partija",
    "et": "Eesnimi;Perekonnanimi;E-post;Telefon;Valimisringkond;Erakond",
    "ro": "Prenume;Nume;E-mail;Telefon;Circumscripție;Partid",
    "hu": "Keresztnév;Vezetéknév;E-mail;Telefon;Választókerület;Párt",
    "tr": "Ad;Soyad;E-posta;Telefon;Seçim bölgesi;Parti",
    "fr whole": "Nom et prénom;;Adresse électronique;Tél.;Circonscription;Parti",
    "lt whole": "Vardas, pavardė;;Elektroninis paštas;Tel.;Apygarda;Partija",
    "uk whole": "ПІБ;;Ел. пошта;Тел.;Округ;Партія",
}


@pytest.mark.parametrize("language", HEADERS)
def test_a_list_made_by_hand_in_many_languages(shell: Shell, language: str) -> None:
    name = "Anna Example;" if "whole" in language else "Anna;Example"
    text = f"{HEADERS[language]}\n{name};anna@parl.example;37061234567.0;North;Greens\n"
    shell.json("import", shell.file(text, "list.csv"), "--yes", "--jurisdiction", "LT")
    told = shell("export", "--format", "popolo", "--private").stdout
    (person,) = json.loads(told)["persons"]
    assert person["name"] == "Anna Example"
    assert "anna@parl.example" in told and '"Greens"' in told and "North" in told
    assert "+370 612 34567" in told


def limited() -> None:
    """Let the command have no more than a gigabyte, and half a minute of processor."""
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (30, 30))


def heavy_line(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"Name,Email\n" + b"a" * 200_000_000)


def heavy_zip(path: Path) -> None:
    path.write_bytes(zipped({"a.csv": b"0" * 200_000_000}))


def heavy_json(path: Path) -> None:
    path.write_bytes(b"[" * 5_000_000)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "written", "says"),
    [
        ("line.csv", heavy_line, "more than a million"),
        ("bomb.zip", heavy_zip, "unfolds to far more"),
        ("deep.json", heavy_json, "levels deep"),
    ],
)
def test_heavy_files_take_neither_time_nor_memory(
    tmp_path: Path, sqlite_file: Path, name: str, written: Callable[[Path], Any], says: str
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "outreach.sqlite").write_bytes(sqlite_file.read_bytes())
    written(tmp_path / name)
    done = subprocess.run(
        [sys.executable, *COMMAND[1:], "import", str(tmp_path / name), "--yes"],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        preexec_fn=limited,
    )
    assert done.returncode == 1, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
