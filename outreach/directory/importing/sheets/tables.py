"""Tables out of CSV, TSV, XLSX, XLS, ODS and flat JSON lists: the header row found, rows streamed.

Every cell is text. Nothing is taken for a missing value: `NA` is Namibia.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from outreach.directory.importing import cleaning
from outreach.directory.importing.parsing import read_json, read_xml
from outreach.directory.importing.sheets.delimited import delimited
from outreach.directory.importing.sheets.headers import known, meaning
from outreach.directory.importing.sheets.workbooks import UNCALCULATED, is_workbook, sheets
from outreach.errors import BadFile
from outreach.words import Sentence

MAX_COLUMNS = 2_000
# Rows among which the header is looked for, and the cells of each that are looked at.
_HEAD = 40
_LOOKED_AT = 300
_NAMING = ("name", "given", "family", "name_family_given")
# `list[key=value].part`: that part of the items of a list of objects that say so.
_PICKED = re.compile(r"(?P<list>[^\[\]]+)\[(?P<key>[^=\]]+)=(?P<value>[^\]]+)\]\.(?P<part>.+)")

Row = tuple[int, list[str]]
# The first cells of merged ranges and how many columns they span: {(row, column): columns}.
Spans = dict[tuple[int, int], int]


@dataclass(slots=True)
class Table:
    """A table of text. `rows` yields (line number, cells as many as headers), once.

    `headers` are unique and not empty; `remarks` say what was guessed or left out.
    """

    headers: tuple[str, ...]
    rows: Iterator[Row]
    encoding: str = ""
    delimiter: str = ""
    skipped_lines: int = 0
    sheet_names: tuple[str, ...] = ()
    sheet: str = ""
    remarks: list[Sentence] = field(default_factory=list)
    # Of a header over two rows, the upper and the lower one alone; else () and the headers.
    parents: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    # Whether cells hold formulas that nobody ever calculated.
    uncalculated: bool = False


@dataclass(slots=True)
class _Grid:
    """Rows before it is known which of them is the header; `rows()` begins anew each time."""

    name: str
    rows: Callable[[], Iterator[Row]]
    spans: Spans | None = None


@dataclass(frozen=True, slots=True)
class _Header:
    """Where the header is, as positions among all rows; `parent` is -1 when it is one row."""

    row: int
    parent: int
    words: int


def table(
    path: Path, name: str, sheet: str = "", encoding: str = "", picked: Sequence[str] = ()
) -> Table:
    """Return the table in the file at `path`, called `name` in messages.

    `sheet` names the sheet of a workbook; without it the one whose header says most is taken.
    `encoding` is that of a text file, when a person said it; else it is found out. `picked` are
    columns wanted from lists of objects inside the objects of JSON (`is_picked`).
    Raises BadFile (file, line) when there is none.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise BadFile(name, None, Sentence("It can't be read: %(why)s.", why=str(error))) from error
    if is_workbook(head):
        return _of_workbook(path, name, sheet)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in (b"[", b"{") or (path.suffix.lower() == ".json" and start == b'"'):
        return _of_json(path, name, picked)
    if path.suffix.lower() == ".xml":
        return _of_objects(_elements(read_xml(path, name)), name, picked)
    source = delimited(path, name, encoding)
    found = _of_grid(_Grid(name, source.rows), source.remarks)
    found.encoding, found.delimiter = source.encoding, source.delimiter
    found.skipped_lines += source.skipped
    return found


def _of_workbook(path: Path, name: str, wanted: str) -> Table:
    found = sheets(path, name)
    filled = [one for one in found if next(one.rows(), None) is not None]
    best, best_words = None, -1
    for one in filled:
        grid = _Grid(name, one.rows, _spans(one.merged))
        header = _header(grid)
        if header and (one.name == wanted or (not wanted and header.words > best_words)):
            best, best_words = (one, grid), header.words
    if best is None:
        raise BadFile(name, None, Sentence("There is no table in the spreadsheet."))
    sheet, grid = best
    remarks = []
    others = [one.name for one in filled if one.name != sheet.name]
    if others:
        remarks.append(
            Sentence(
                "Only the sheet “%(sheet)s” is read. Not read: %(others)s.",
                sheet=sheet.name,
                others=", ".join(others[:20]),
            )
        )
    result = _of_grid(grid, remarks)
    result.sheet, result.sheet_names = sheet.name, tuple(one.name for one in filled)
    result.uncalculated = any(one.uncalculated for one in found)
    if result.uncalculated:
        result.remarks.append(UNCALCULATED)
    return result


def _spans(merged: list[tuple[tuple[int, int], tuple[int, int]]] | None) -> Spans | None:
    if merged is None:
        return None
    return {first: last[1] - first[1] + 1 for first, last in merged}


def is_picked(header: str) -> bool:
    """Tell a column `list[key=value].part` of a mapping from a plain one."""
    return _PICKED.fullmatch(header) is not None


def _of_json(path: Path, name: str, picked: Sequence[str]) -> Table:
    """Return a list of objects as a table; parts of an object become columns `part.name`."""
    return _of_objects(_longest_list(read_json(path, name)), name, picked)


def _elements(root: Element) -> list[dict[str, Any]]:
    """Return the elements right below the root that hold nothing but plain ones, as objects."""
    return [
        {part.tag.rpartition("}")[2]: part.text or "" for part in one}
        for one in root
        if len(one) and not any(len(part) for part in one)
    ]


def _of_objects(listed: list[dict[str, Any]], name: str, picked: Sequence[str]) -> Table:
    if not listed:
        raise BadFile(
            name, None, Sentence("There is no list of objects in it: nobody can be read.")
        )
    flattened = _Flattened(picked)
    flat = [flattened.row(one) for one in listed]
    headers = list(dict.fromkeys(key for one in flat for key in one))
    if len(headers) > MAX_COLUMNS:
        raise BadFile(name, None, Sentence("It has more than 2,000 columns."))
    rows = ([one.get(key, "") for key in headers] for one in flat)
    found = Table(tuple(headers), iter(enumerate(rows, start=1)), encoding="utf-8")
    if flattened.left_out:
        told = ", ".join(f"{key} ({number})" for key, number in flattened.left_out.most_common(20))
        words = Sentence("Lists inside the objects were not read: %(lists)s.", lists=told)
        found.remarks.append(words)
    return found


def _longest_list(value: Any, depth: int = 0) -> list[dict[str, Any]]:
    """Return the longest list of objects in the outer three levels; one that names people first."""
    if isinstance(value, list):
        return value if value and all(isinstance(one, dict) for one in value) else []
    if not isinstance(value, dict) or depth > 2:
        return []
    lists = (_longest_list(one, depth + 1) for one in value.values())
    return max(lists, key=lambda one: (_names_people(one), len(one)), default=[])


def _names_people(listed: list[dict[str, Any]]) -> bool:
    """Tell by the first object whether a list is one of people: `etatCivil.ident.prenom`."""
    keys = _Flattened(()).row(listed[0]) if listed else ()
    found = (meaning(key.rpartition(".")[2]) for key in keys)
    return any(one and one.field in _NAMING for one in found)


class _Flattened:
    """Makes rows of objects. `left_out` counts the lists of objects that no column asks for."""

    def __init__(self, picked: Sequence[str]) -> None:
        self.left_out: Counter[str] = Counter()
        self._wanted: dict[str, list[tuple[str, re.Match[str]]]] = {}
        for header in picked:
            if found := _PICKED.fullmatch(header):
                self._wanted.setdefault(found["list"], []).append((header, found))

    def row(self, value: dict[str, Any], before: str = "") -> dict[str, str]:
        """Return {"a.b": text}; plain values of a list are joined."""
        found: dict[str, str] = {}
        for key, part in value.items():
            name = f"{before}{key}"
            if name in self._wanted:
                # What turns XML to JSON writes a list of one as an object.
                found.update(self._items(name, part if isinstance(part, list) else [part]))
            elif isinstance(part, dict):
                found.update(self.row(part, f"{name}."))
            elif isinstance(part, list):
                plain = [str(one) for one in part if isinstance(one, str | int | float)]
                found[name] = "; ".join(plain)
                self.left_out[name] += len(plain) < sum(one is not None for one in part)
            elif isinstance(part, bool):
                found[name] = "true" if part else "false"
            else:
                found[name] = "" if part is None else str(part)
        self.left_out += Counter()
        return found

    def _items(self, name: str, items: list[Any]) -> dict[str, str]:
        flat = [self.row(one) for one in items if isinstance(one, dict)]
        found = {}
        for header, wanted in self._wanted[name]:
            meant = [one for one in flat if one.get(wanted["key"]) == wanted["value"]]
            found[header] = "; ".join(filter(None, (one.get(wanted["part"]) for one in meant)))
        return found


def _of_grid(grid: _Grid, remarks: list[Sentence]) -> Table:
    header = _header(grid)
    if header is None:
        raise BadFile(grid.name, None, Sentence("There is no table in this file."))
    rows = grid.rows()
    before = list(itertools.islice(rows, header.row + 1))
    number, names = before[-1]
    if len(names) > MAX_COLUMNS:
        raise BadFile(grid.name, number, Sentence("It has more than 2,000 columns."))
    body = _filled(rows)
    first = list(itertools.islice(body, 200))
    width = max((len(_trimmed(row)) for _, row in [(number, names), *first]), default=0)
    parents = [""] * width
    if header.parent >= 0:
        parents = _spread(before[header.parent], grid.spans, width)
    headers = _unique(parents, names, width)
    remarks = [*remarks, *_about_titles(before[: header.row], header)]
    cut = (_cut(row, width) for row in itertools.chain(first, body))
    found = Table(headers, cut, skipped_lines=header.row, remarks=remarks)
    if any(parents):
        found.parents = tuple(parents)
        found.names = tuple(map(cleaning.text, [*names, *[""] * width][:width]))
    return found


def _filled(rows: Iterator[Row]) -> Iterator[Row]:
    return ((number, row) for number, row in rows if any(cell.strip() for cell in row))


def _cut(row: Row, width: int) -> Row:
    """Return the row with exactly `width` cells; only empty ones are ever lost."""
    number, cells = row
    if len(cells) < width:
        return number, cells + [""] * (width - len(cells))
    return number, cells if len(_trimmed(cells)) > width else cells[:width]


def _trimmed(cells: Sequence[str]) -> Sequence[str]:
    last = len(cells)
    while last and not cells[last - 1].strip():
        last -= 1
    return cells[:last]


def _header(grid: _Grid) -> _Header | None:
    """Find the header: the first row that names fields we know, else the first full row."""
    rows = itertools.islice(grid.rows(), _HEAD)
    head = [list(map(cleaning.text, row[:_LOOKED_AT])) for _, row in rows]
    filled = [index for index, row in enumerate(head) if any(row)]
    if not filled:
        return None
    words = list(map(_fields_in, head))
    chosen = next((index for index in filled if _names_fields(head[index])), None)
    if chosen is None:
        usual = Counter(len(_trimmed(head[index])) for index in filled).most_common(1)[0][0]
        full = (index for index in filled if sum(map(bool, head[index])) >= max(1, usual * 0.8))
        first = next(full, filled[0])
        chosen = next((index for index in filled if words[index] and index < first), first)
    below = chosen + 1
    if _is_parent(head, chosen, below, grid.spans) and words[below] >= 2:
        return _Header(below, chosen, words[below] + words[chosen])
    if chosen and _is_parent(head, chosen - 1, chosen, grid.spans):
        return _Header(chosen, chosen - 1, words[chosen])
    return _Header(chosen, -1, words[chosen])


def _fields_in(row: list[str]) -> int:
    """Return how many different fields the cells of a row name; `x` in ten columns names one."""
    return len({one.field for cell in row if known(cell) and (one := meaning(cell))})


def _names_fields(row: list[str]) -> bool:
    """Tell a header from data where a code happens to be a word (`AL`, `FIN`): few are, there.

    Two fields, and no fewer than one cell in eight; or nothing but long words.
    """
    cells = [cell for cell in row if cell]
    fields = _fields_in(cells)
    if fields >= 2 and fields * 8 >= len(cells):
        return True
    return fields == len(cells) and all(len(cell) > 3 for cell in cells)


def _is_parent(head: list[list[str]], upper: int, lower: int, spans: Spans | None) -> bool:
    """Tell whether row `upper` holds merged headers above the real ones in row `lower`.

    A title spans everything; data below a header holds digits or addresses.
    """
    if lower >= len(head):
        return False
    above, below = head[upper], head[lower]
    if any("@" in cell or cell.isdigit() for cell in below):
        return False
    width = len(_trimmed(below))
    wide = [
        column
        for column, cell in enumerate(above)
        if cell and _span(above, below, upper, column, spans) > 1
    ]
    if not wide or sum(map(bool, below)) < 2:
        return False
    if spans:
        return any(spans.get((upper, column), 1) < width - 1 for column in wide)
    filled = [cell for cell in above if cell]
    calm = all(len(cell) < 40 and not any(map(str.isdigit, cell)) for cell in filled)
    return calm and (len(filled) > 1 or wide[0] > 0)


def _span(above: list[str], below: list[str], upper: int, column: int, spans: Spans | None) -> int:
    """Return how many columns the cell spans: as merged, or the empty cells after it."""
    if spans:
        return spans.get((upper, column), 1)
    span = 1
    while column + span < len(below):
        following = above[column + span] if column + span < len(above) else ""
        if following or not below[column + span]:
            break
        span += 1
    return span


def _spread(row: Row, spans: Spans | None, width: int) -> list[str]:
    """Return for each column the merged header above it, or ""."""
    number, cells = row[0], [*map(cleaning.text, row[1])]
    cells += [""] * (width - len(cells))
    spread = [""] * width
    for column, cell in enumerate(cells):
        if not cell:
            continue
        following = next((at for at in range(column + 1, width) if cells[at]), width)
        span = spans.get((number - 1, column), 1) if spans else following - column
        for at in range(column, min(column + span, width)):
            spread[at] = cell
    return spread


def _unique(parents: list[str], names: list[str], width: int) -> tuple[str, ...]:
    """Return headers: parent and name joined, the empty ones named, the second of a name told."""
    found: dict[str, None] = {}
    for column in range(width):
        name = cleaning.text(names[column]) if column < len(names) else ""
        parent = parents[column]
        joined = f"{parent} {name}" if parent and name and parent != name else parent or name
        joined = joined.removeprefix("# ").strip() or f"({column + 1})"
        number, header = 1, joined
        while header in found:
            number += 1
            header = f"{joined} ({number})"
        found[header] = None
    return tuple(found)


def _about_titles(before: list[Row], header: _Header) -> list[Sentence]:
    """Say which lines above the header are not read."""
    lines = [
        " ".join(filter(None, map(cleaning.text, row)))
        for index, (_, row) in enumerate(before)
        if index != header.parent
    ]
    told = " / ".join(line for line in lines if line)
    return [Sentence("Above the header stands: %(text)s", text=told[:300])] if told else []
