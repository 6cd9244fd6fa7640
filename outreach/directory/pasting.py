"""Reads a list of people that somebody pastes: one to a line, or in blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from outreach.directory.addresses import kind_of, tidy
from outreach.directory.duplicates import Likely, spellings
from outreach.directory.models import ContactKind
from outreach.directory.spelling import fold
from outreach.errors import BadInput
from outreach.words import Sentence

# People that one paste may hold; longer lists come as a file.
LIST_LIMIT = 500
_TITLES = re.compile(r"^((?:Dr|Prof|Mag|Dipl|Ing|PhDr|JUDr|MUDr)\.(?:\s|$))+")
# Words of a first line that names the columns.
_HEADINGS = frozenset(
    fold(
        "name full-name first-name last-name surname family-name given-name email e-mail mail"
        " address phone telephone role party nom prénom courriel nachname vorname adresse"
        " imię nazwisko ім'я пошта фамилия имя почта"
    ).split()
)


@dataclass(slots=True)
class Line:
    """One person of a pasted list: who, how to reach them, and what is in the way.

    `number` is the line it begins on, `ways` are (kind, value), `problem` says why it can't be
    used, `likely` who it may be.
    """

    number: int
    name: str = ""
    given: str = ""
    family: str = ""
    title: str = ""
    label: str = ""
    ways: list[tuple[ContactKind, str]] = field(default_factory=list)
    problem: Sentence | None = None
    likely: list[Likely] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether it can be added."""
        return self.problem is None


def read_list(text: str, *, country: str, family_first: bool = False) -> list[Line]:
    """Return the people of a pasted list: one to a line, or in blocks with empty lines between.

    A line holds cells between tabs, semicolons or commas, or "Name <address>"; which cell is a
    name, an e-mail address, a link or a number is seen from the cell. In a block the first line is
    the name, and what is nothing else is the postal address. Headings in the
    first line are left out.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    first = next((number for number, row in enumerate(lines) if row.strip()), 0)
    if _names_columns(lines[first]):
        lines[first] = ""
    blocks = _blocks(lines)
    if blocks is not None:
        found = [_block(number, rows, country, family_first) for number, rows in blocks]
    else:
        found = [
            _line(number, row, country, family_first)
            for number, row in enumerate(lines, 1)
            if row.strip()
        ]
    for line in found[LIST_LIMIT:]:
        line.problem = Sentence("A list holds at most %(limit)s people.", limit=LIST_LIMIT)
    _mark_twice(found)
    return found


def _blocks(lines: Sequence[str]) -> list[tuple[int, list[str]]] | None:
    """Return (number, lines) of each block, or None when the text is no list of blocks."""
    blocks: list[tuple[int, list[str]]] = []
    fresh = True
    for number, row in enumerate(lines, 1):
        if not row.strip():
            fresh = True
        elif fresh:
            blocks.append((number, [row.strip()]))
            fresh = False
        else:
            blocks[-1][1].append(row.strip())
    many = any(len(rows) > 1 for _number, rows in blocks)
    celled = any(
        "\t" in row or ";" in row or "@" in rows[0] for _number, rows in blocks for row in rows
    )
    return blocks if many and not celled and (len(blocks) > 1 or _one_block(blocks)) else None


def _one_block(blocks: Sequence[tuple[int, list[str]]]) -> bool:
    """Whether one block is one person: only its first line can be a name."""
    rows = blocks[0][1][1:]
    return any(any(sign.isdigit() for sign in row) or kind_of(row) for row in rows) and not any(
        "," in row and "@" in row for row in rows
    )


def _names_columns(row: str) -> bool:
    cells = [fold(cell) for cell in re.split(r"[\t;,]", row) if cell.strip()]
    return any(cells) and all(set(cell.split()) <= _HEADINGS for cell in cells)


def _cells(row: str) -> list[str]:
    row = re.sub(r"<\s*(?:mailto:)?([^<>\s]+@[^<>\s]+)\s*>", r"\t\1", row)
    for mark in ("\t", ";"):
        if mark in row:
            return [cell.strip(" ,") for cell in row.split(mark) if cell.strip(" ,")]
    return [cell.strip() for cell in row.split(",") if cell.strip()]


def _line(number: int, row: str, country: str, family_first: bool) -> Line:
    line = Line(number)
    texts = []
    for cell in _cells(row):
        kind = kind_of(cell)
        if kind is None:
            texts.append(cell)
        else:
            _way(line, kind, cell, country)
    by_commas = "\t" not in row and ";" not in row
    if by_commas and len(texts) > 1 and " " not in texts[0]:
        texts[:2] = [f"{texts[0]}, {texts[1]}"]
    _name(line, texts[0] if texts else "", family_first)
    line.label = ", ".join(texts[1:])[:300]
    _check(line, row)
    return line


def _block(number: int, rows: Sequence[str], country: str, family_first: bool) -> Line:
    line = Line(number)
    _name(line, rows[0], family_first)
    postal = []
    for row in rows[1:]:
        plain = re.sub(r"^[^\W\d]+\.?:\s+", "", row)
        kind = kind_of(plain)
        if kind is None:
            postal.append(row)
        else:
            _way(line, kind, plain, country)
    if postal:
        _way(line, ContactKind.POSTAL, "\n".join([rows[0], *postal]), country)
    _check(line, rows[0])
    return line


def _way(line: Line, kind: ContactKind, value: str, country: str) -> None:
    try:
        line.ways.append((kind, tidy(kind, value, country)))
    except BadInput as error:
        line.problem = error.sentence


def _name(line: Line, text: str, family_first: bool) -> None:
    """Take a name apart: "Żółć, Łukasz" says which is which, else the order the person chose."""
    text = " ".join(text.split())
    if found := _TITLES.match(text):
        line.title = found[0].strip()
        text = text[found.end() :].strip()
    if "," in text:
        family, given = (part.strip() for part in text.split(",", 1))
        line.name, line.given, line.family = f"{given} {family}".strip(), given, family
        return
    words = text.split()
    line.name = text
    if family_first:
        line.family, line.given = "".join(words[:1]), " ".join(words[1:])
    else:
        line.family, line.given = "".join(words[-1:]), " ".join(words[:-1])


def _check(line: Line, row: str) -> None:
    if line.problem is not None:
        return
    if not line.name or not any(sign.isalpha() for sign in line.name):
        line.problem = Sentence("There is no name in “%(row)s”.", row=row.strip()[:80])
    elif "@" in line.name or "@" in line.label:
        line.problem = Sentence("“%(row)s” holds an address we can't read.", row=row.strip()[:80])
    elif len(line.name) > 200:
        line.problem = Sentence("This is too long for a name.")


def _mark_twice(lines: Sequence[Line]) -> None:
    """Mark whoever stands in the list twice under one spelling."""
    seen: dict[str, int] = {}
    for line in lines:
        if not line.usable:
            continue
        keys = spellings([line.name])
        before = next((seen[key] for key in keys if key in seen), None)
        if before is not None:
            line.problem = Sentence("The same name stands in line %(line)s.", line=before)
        for key in keys:
            seen.setdefault(key, line.number)
