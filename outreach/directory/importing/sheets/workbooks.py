"""Rows of XLSX, XLS and ODS workbooks; formulas give the value they were saved with.

A sheet whose last cell is far away makes the reading library take memory for everything between,
and a few kilobytes can end the program. So a workbook is measured before it is opened.
"""

from __future__ import annotations

import datetime as dt
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import python_calamine as calamine

from outreach.directory.importing.opening import check_sizes
from outreach.directory.importing.refusing import DOCUMENT
from outreach.errors import BadFile
from outreach.words import Sentence

UNCALCULATED = Sentence(
    "Cells hold formulas that were never calculated, so nothing can be read from them. Open it in"
    " a spreadsheet program, save it there and send that."
)
# 150,000 people with 60 columns.
MAX_CELLS = 10_000_000
MAX_UNPACKED = 300_000_000
# Characters that the cells can hold together when each holds the longest text.
MAX_CHARACTERS = 2_000_000_000

_CHUNK = 1 << 20
# A cell with something in it; `<c r="A1" s="1"/>` is only formatted.
_CELL = re.compile(rb"<(?:\w+:)?c\b[^>]*?\br=[\"']([A-Za-z]{1,4})(\d{1,9})[\"'][^>]*?(?<!/)>")
_CELL_WITHOUT_PLACE = re.compile(rb"<(?:\w+:)?c(?:\s+(?!r=)\w+=[\"'][^\"'>]*[\"'])*\s*(?<!/)>")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*?\br=[\"'](\d{1,9})[\"']")
_UNCALCULATED = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^>]*/>)\s*(?:<v>\s*</v>|<v ?/>)?\s*</c>"
)
_TEXT = re.compile(rb"<(?:\w+:)?t\b[^>]*>([^<]*)<")
_ODS_TAG = re.compile(rb"<(/?)table:(table-row|table-cell|covered-table-cell|table)\b([^>]*)>")
_REPEATED = re.compile(rb"number-(?:rows|columns)-repeated=[\"'](\d{1,12})[\"']")
_ERRORS = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#GETTING_DATA")
)


@dataclass(slots=True)
class Sheet:
    """One sheet: its name, and for the first row and column that a merged header spans, the range.

    `merged` holds ((row, column), (row, column)), both counted from 0; None when unknown.
    """

    name: str
    source: Any
    merged: list[tuple[tuple[int, int], tuple[int, int]]] | None
    # Whether the workbook has formulas without the values they came to.
    uncalculated: bool = False

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (row number as the spreadsheet shows it, cells as text)."""
        if self.source.start is None:
            return
        before = [""] * self.source.start[1]
        for number, row in enumerate(self.source.iter_rows(), start=1):
            yield number, before + [as_text(cell) for cell in row]


def is_workbook(head: bytes) -> bool:
    """Tell by its first bytes: a zip (XLSX, ODS) or an OLE file (XLS)."""
    return head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))


def sheets(path: Path, name: str) -> list[Sheet]:
    """Return the visible sheets of the workbook. Raises BadFile when it can't be opened."""
    with path.open("rb") as stream:
        is_zip = stream.read(4) == b"PK\x03\x04"
    uncalculated = is_zip and _measure(path, name)
    try:
        book = calamine.load_workbook(str(path))
        found = []
        for number, about in enumerate(book.sheets_metadata):
            if about.visible != calamine.SheetVisibleEnum.Visible:
                continue
            if about.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_index(number)
            found.append(Sheet(about.name, sheet, sheet.merged_cell_ranges, uncalculated))
    except calamine.PasswordError as error:
        raise BadFile(
            name, None, Sentence("It is locked with a password. Save it without one.")
        ) from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise BadFile(
            name,
            None,
            Sentence("The spreadsheet can't be read: %(why)s. Save it anew.", why=str(error)),
        ) from error
    return found


def as_text(cell: object) -> str:
    """Return a cell as text: 12.0 as 12, 4.15E+10 as 41500000000, days as ISO 8601."""
    if isinstance(cell, str):
        return "" if cell in _ERRORS else cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e18 else repr(cell)
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time()
        return cell.date().isoformat() if midnight else cell.isoformat()
    return str(cell)


def _measure(path: Path, name: str) -> bool:
    """Refuse a bomb, and a sheet whose used area is larger than any list. Raises BadFile.

    Return whether formulas stand there that were never calculated.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            check_sizes(archive, name)
            if sum(one.file_size for one in archive.infolist()) > MAX_UNPACKED:
                raise _too_large(name)
            names = archive.namelist()
            if "xl/workbook.bin" in names:
                raise BadFile(name, None, Sentence("XLSB can't be read. Save it as XLSX."))
            if any(one.startswith("word/") for one in names):
                raise BadFile(name, None, Sentence(DOCUMENT))
            longest = cells = 0
            uncalculated = False
            for one in names:
                with archive.open(one) as stream:
                    if one.endswith("content.xml"):
                        uncalculated |= _measure_ods(stream, name)
                    elif one.startswith("xl/worksheets/") and one.endswith(".xml"):
                        filled, without = _measure_sheet(stream, name)
                        cells, uncalculated = max(cells, filled), uncalculated or without
                    elif one.endswith("sharedStrings.xml"):
                        longest = max(map(len, _TEXT.findall(stream.read())), default=0)
    except (
        *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError),
        *(OSError, EOFError, ValueError),
    ) as error:
        why = str(error) or type(error).__name__
        damaged = Sentence(
            "The spreadsheet is damaged or was cut off: %(why)s. Fetch it again or save it anew.",
            why=why,
        )
        raise BadFile(name, None, damaged) from error
    if longest * cells > MAX_CHARACTERS:
        raise _too_large(name)
    return uncalculated


def _too_large(name: str) -> BadFile:
    return BadFile(
        name,
        None,
        Sentence("A sheet uses far more cells than such lists do. Copy the list to a new file."),
    )


def _measure_sheet(stream: IO[bytes], name: str) -> tuple[int, bool]:
    """Return the number of filled cells of one XLSX sheet, and whether formulas have no value.

    Refuses a far corner. Raises BadFile.
    """
    rows = columns = cells = 0
    rest = b""
    placeless = uncalculated = False
    while chunk := stream.read(_CHUNK):
        if chunk.count(0) > len(chunk) // 4:
            raise BadFile(name, None, Sentence("The spreadsheet is not in UTF-8. Save it anew."))
        text = rest + chunk
        cut = text.rfind(b"<")
        text, rest = (text[:cut], text[cut:]) if cut > 0 else (text, b"")
        found = _CELL.findall(text)
        cells += len(found)
        uncalculated = uncalculated or _UNCALCULATED.search(text) is not None
        columns = max([columns, *(_number(one) for one in {letters for letters, _ in found})])
        rows = max(rows, max((int(row) for _, row in found), default=0))
        if placeless or _CELL_WITHOUT_PLACE.search(text):
            placeless = True
            rows = max(rows, max(map(int, _ROW.findall(text)), default=0))
            columns = max(columns, 64)
        if rows * columns > MAX_CELLS:
            raise _too_large(name)
    return cells, uncalculated


def _number(letters: bytes) -> int:
    """Return 1 for A, 27 for AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _measure_ods(stream: IO[bytes], name: str) -> bool:
    """Refuse an ODS sheet whose repeated cells unfold to a far corner. Raises BadFile.

    Return whether formulas stand there without a value.
    """
    row = column = rows = columns = 0
    repeated_row = 1
    filled = uncalculated = False
    rest = b""
    while chunk := stream.read(_CHUNK):
        text = rest + chunk
        cut = text.rfind(b"<")
        text, rest = (text[:cut], text[cut:]) if cut > 0 else (text, b"")
        for closing, tag, attributes in _ODS_TAG.findall(text):
            repeat = int(found[1]) if (found := _REPEATED.search(attributes)) else 1
            if tag == b"table":
                row = rows = columns = 0
            elif tag == b"table-row" and not closing:
                repeated_row, column, filled = repeat, 0, False
            elif tag == b"table-row":
                row += repeated_row
                rows = row if filled else rows
            elif not closing:
                column += repeat
                if b"value-type=" in attributes:
                    filled, columns = True, max(columns, column)
                else:
                    uncalculated = uncalculated or b"table:formula=" in attributes
            if (rows or row * filled) * columns > MAX_CELLS:
                raise _too_large(name)
    return uncalculated
