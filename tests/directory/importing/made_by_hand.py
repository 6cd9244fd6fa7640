"""A spreadsheet as a person makes it: nothing in it is where a program would put it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
from openpyxl.styles import Font

TITLE = "Parlamentarzyści, do których piszemy – stan na 3 marca"
# Above: merged over several columns. Below: English, Polish, Ukrainian.
PARENTS = (("A", "C", "Person / Osoba / Особа"), ("D", "G", "Contact / Kontakt / Контакт"))
PARENTS = (*PARENTS, ("H", "K", "Mandate / Mandat / Мандат"))
HEADERS = (
    "First name / Imię / Ім'я",
    "Surname / Nazwisko / Прізвище",
    "Title / Tytuł / Звання",
    "E-mail / Poczta elektroniczna / Пошта",
    "Phone / Telefon / Телефон",
    "Address / Adres / Адреса",
    "Postcode / Kod pocztowy / Індекс",
    "Chamber / Izba / Палата",
    "Party / Partia / Партія",
    "District / Okręg / Округ",
    "Since / Od / З",
)
# Telephone numbers are floats, as Excel makes them; one person has no mailbox, one has two.
PEOPLE = (
    (
        *("Łucja", "Zmyślona-Żółć", "dr", "lucja.zmyslona@sejm.example", 48225550101.0),
        *("ul. Nieistniejąca 1", "00-001", "Sejm", "Partia Wzorowa", "Okręg 7"),
        dt.date(2023, 11, 13),
    ),
    (
        *("Bogdan", "Wymyślny", None, None, 48225550102.0),
        *("ul. Nieistniejąca 2", "00-002", "Sejm", "Partia Wzorowa", "Okręg 12"),
        dt.date(2023, 11, 13),
    ),
    (
        *("Щепан", "Вигаданий", None, "s.vyhadanyi@senat.example; biuro7@senat.example", None),
        *("ul. Nieistniejąca 3", "00-003", "Senat", "bezpartyjny", "Okręg 44"),
        45243,
    ),
)


def made_by_hand(path: Path) -> Path:
    """Write the workbook to `path` and return it: three fictional people.

    A title over everything, an empty row, headers in two rows with merged cells and three
    languages, a note merged downwards, an empty row among the people, a column with nothing but
    colour, a second sheet.
    """
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Lista"
    sheet["A1"] = TITLE
    sheet.merge_cells("A1:L1")
    sheet["A1"].font = Font(bold=True, size=14)
    for first, last, words in PARENTS:
        sheet[f"{first}3"] = words
        sheet.merge_cells(f"{first}3:{last}3")
    sheet["L3"] = "Notes / Uwagi / Примітки"
    sheet.merge_cells("L3:L4")
    for column, header in enumerate(HEADERS, start=1):
        sheet.cell(4, column, header)
    for row, person in zip((5, 6, 8), PEOPLE, strict=True):
        for column, value in enumerate(person, start=1):
            sheet.cell(row, column, value)
    sheet["L5"] = '=A5&" – rozmawialiśmy"'
    sheet["L6"] = "pisze tylko listy"
    sheet["N20"].font = Font(bold=True)
    other = book.create_sheet("Notatki")
    other["A1"] = "Zadzwonić w maju"
    book.save(path)
    return path
