"""The filled cells of one line of a table, under the fields that its mapping gives them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from outreach.directory.importing import cleaning
from outreach.directory.importing.records import Problem
from outreach.directory.importing.sheets.headers import POSTAL
from outreach.directory.importing.sheets.mapping import Mapping
from outreach.words import Sentence

# Excel counts days from here; its 29 February 1900 never was, so 1 is 31 December 1899.
_EXCEL_EPOCH = dt.date(1899, 12, 30)
_SERIAL = re.compile(r"(\d{4,5})(?:\.\d+)?")
_LOST = re.compile(r"\w\?|\?\w|\ufffd")
# "??|??": a list of which nothing is known.
_NOTHING_KNOWN = frozenset("?|;, /")
# What begins so is a formula to a spreadsheet; an apostrophe before it says that it is not.
ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A page of text is no value.
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column with its field taken apart: `base:tag@purpose.door`."""

    index: int
    header: str
    base: str
    tag: str = ""
    purpose: str = ""
    door: str = ""


@dataclass(slots=True)
class Line:
    """The filled cells of a line by the base of their field, and what is wrong with them."""

    place: str
    cells: dict[str, list[tuple[Column, str]]] = field(default_factory=dict)
    # [(header, letter)]: the part in each committee.
    flags: list[tuple[Column, str]] = field(default_factory=list)
    extras: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def first(self, base: str) -> str:
        """Return the first value of a field, or ""."""
        found = self.cells.get(base)
        return found[0][1] if found else ""

    def all(self, base: str) -> list[tuple[Column, str]]:
        """Return every column of a field that is filled, with its value."""
        return self.cells.get(base, [])

    def wrong(self, column: Column, words: Sentence) -> None:
        """Note that the cell under `column` could not be used."""
        self.problems.append(Problem(f"{self.place}, column “{column.header}”", words))

    def day(self, base: str) -> str:
        """Return a day as ISO 8601; Excel's numbers too. What is no day is noted."""
        for column, value in self.all(base):
            if found := day(value):
                return found
            self.wrong(
                column, Sentence("“%(value)s” is no day that can be read.", value=value[:60])
            )
        return ""


def day(value: str) -> str:
    """Return `value` as ISO 8601 with reduced precision; "45292" is Excel's 1 January 2024."""
    found = _SERIAL.fullmatch(value)
    if found and len(found[1]) == 5:
        number = int(found[1])
        return (_EXCEL_EPOCH + dt.timedelta(days=number)).isoformat() if number < 80_000 else ""
    return cleaning.day(value.removesuffix(".0"))


def lost_letters(name: str) -> bool:
    """Tell whether letters of `name` were lost on its way here: "Mu?oz"."""
    return bool(_LOST.search(name))


class Layout:
    """A mapping laid over the headers of one table."""

    def __init__(self, mapping: Mapping, headers: Sequence[str], name: str) -> None:
        """`name` is how messages call the file."""
        self.mapping, self.headers, self.name = mapping, tuple(headers), name
        self._unknown = frozenset(mapping.unknown)
        self._columns: list[tuple[Column, str]] = []
        flags = re.compile(mapping.flags.headers) if mapping.flags else None
        for index, header in enumerate(headers):
            fieldname = mapping.field_of(header)
            if fieldname == "ignored":
                continue
            if not fieldname:
                flagged = flags and flags.fullmatch(header)
                column = Column(index, header, "flag" if flagged else "extra")
            else:
                column = _column(index, header, fieldname)
            self._columns.append((column, column.base))

    def line(self, number: int, cells: Sequence[str]) -> Line:
        """Return the filled cells of the line with this number in the file."""
        line = Line(f"{self.name}, line {number}")
        for column, base in self._columns:
            value = self._value(line, column, cells[column.index])
            if not value:
                continue
            if base == "extra" or base == "note":
                line.extras[column.header] = value[:2_000]
            elif base == "flag":
                line.flags.append((column, value))
            else:
                line.cells.setdefault(base, []).append((column, value))
        if len(cells) > len(self.headers):
            words = Sentence(
                "The line has %(cells)s cells, the header %(headers)s: perhaps a separator stands"
                " in a value. What is beyond the header was left out.",
                cells=len(cells),
                headers=len(self.headers),
            )
            line.problems.append(Problem(line.place, words))
        return line

    def _value(self, line: Line, column: Column, raw: str) -> str:
        if not raw:
            return ""
        text = raw.lstrip("'").startswith(ACTIVE) and raw.startswith("'")
        if text:
            # Written by somebody's export, ours too, so that no spreadsheet calculates it.
            raw = raw[1:]
        if column.base in POSTAL and "\n" in raw:
            value = "\n".join(filter(None, map(cleaning.text, raw.splitlines())))
        else:
            value = cleaning.text(raw)
        if value in self._unknown or (value[0:1] == "?" and set(value) <= _NOTHING_KNOWN):
            return ""
        if column.base == "name" and value.startswith("=") and not text:
            line.wrong(column, Sentence("The cell holds a formula, not its value."))
            return ""
        if "\ufffd" in value or len(value) > _MOST:
            words = Sentence("Letters were lost in “%(value)s”.", value=value[:60])
            line.wrong(column, words)
            named = column.base in ("name", "given", "family", "name_family_given")
            return value.replace("\ufffd", "?") if named and len(value) <= _MOST else ""
        return value


def _column(index: int, header: str, fieldname: str) -> Column:
    base, _, place = fieldname.partition("@")
    base, _, tag = base.partition(":")
    purpose, _, _door = place.partition(".")
    return Column(index, header, base, tag, purpose, place)
