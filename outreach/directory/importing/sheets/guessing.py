"""Guesses which column of an unknown table means what, by its header and by what stands in it."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from outreach.directory.importing import cleaning
from outreach.directory.importing.countries import country_code, country_of_host
from outreach.directory.importing.sheets.headers import (
    ALSO_FAMILY,
    ALSO_GIVEN,
    REACHING,
    Meaning,
    folded,
    meaning,
    purpose_in,
)
from outreach.directory.importing.sheets.mapping import UNKNOWN, Constants, Flags, Mapping
from outreach.directory.importing.sheets.seats import kind_of
from outreach.directory.importing.sheets.tables import Row, Table
from outreach.directory.models import OrganizationKind

# Rows looked at.
SAMPLE = 200
# Fields that several columns may fill.
_SEVERAL = REACHING | {"committee", "note", "area"}
_PICTURE = re.compile(r"\b(image|photo|foto|picture|bild|portrait|logo|thumbnail)\b")
_LETTERS = {"M": "Member", "S": "Substitute", "C": "Chair", "V": "Vice-Chair"}
_CROSSES = {"x": "Member", "X": "Member", "1": "Member", "✓": "Member", "✔": "Member"}
_FLAG_HEADER = re.compile(r"[A-ZÄÖÜ][A-ZÄÖÜ0-9&/-]{1,9}")
_MINISTER = re.compile(r"minist|міністр|министр|secretar|president|chair|director|head of", re.I)


@dataclass(frozen=True, slots=True)
class Column:
    """What a column seems to hold; `field` is "" when nobody knows. `samples` are its values."""

    header: str
    field: str
    confidence: float
    samples: tuple[str, ...] = ()


@dataclass(slots=True)
class Guess:
    """A mapping with the reason to trust it, and the rows it was made from."""

    mapping: Mapping
    columns: list[Column]
    rows: list[Row] = field(default_factory=list)
    # The country that most addresses end in, or "".
    country: str = ""
    # Whether what is named are countries: such a list names no people.
    of_countries: bool = False


def guess(table: Table) -> Guess:
    """Return a guessed mapping for `table`, whose rows can still be read afterwards."""
    rows = list(itertools.islice(table.rows, SAMPLE))
    table.rows = itertools.chain(rows, table.rows)
    values = [
        [value for _, cells in rows if (value := cleaning.text(cells[index])) not in ("", *UNKNOWN)]
        for index in range(len(table.headers))
    ]
    columns = [_first_look(table, index, values[index]) for index in range(len(table.headers))]
    columns = _one_each(_names(_countries(columns, values), values))
    flags = _flags(columns, values)
    country = _country(columns, values)
    columns, kind = _institutions(columns, values)
    mapping = Mapping(
        headers=table.headers,
        columns={one.header: one.field for one in columns if one.field},
        constants=Constants(region=country, body_kind=kind),
        flags=flags,
    )
    shown = [
        Column(one.header, one.field, one.confidence, tuple(values[index][:3]))
        for index, one in enumerate(columns)
    ]
    return Guess(mapping, shown, rows, country, _of_countries(columns, values))


def _meaning(table: Table, index: int) -> Meaning | None:
    """Return what a header means; of two rows the lower says what, the upper whose."""
    joined = meaning(table.headers[index])
    if not table.names or (joined and joined.confidence >= 0.9):
        return joined
    alone = meaning(table.names[index])
    if alone is None or (joined and joined.confidence >= alone.confidence):
        return joined
    purpose = purpose_in(table.parents[index])
    if purpose and alone.field in REACHING:
        return Meaning(f"{alone.field}@{purpose}", 0.85)
    return alone


def _first_look(table: Table, index: int, values: list[str]) -> Column:
    """Return what the header says, else what the values say."""
    header = table.headers[index]
    if _PICTURE.search(folded(header)):
        return Column(header, "ignored", 0.8)
    found = _meaning(table, index)
    if found and found.field == "prefix" and _share(values, _MINISTER.search) > 0.3:
        return Column(header, "role", 0.7)
    if found and found.confidence >= 0.7:
        base = found.field.partition("@")[0]
        odd = base == "email" and values and _share(values, _has_at) < 0.1
        return Column(header, found.field, 0.4 if odd else found.confidence)
    if values and _share(values, _has_at) >= 0.5:
        return Column(header, "email", 0.9)
    if found:
        return Column(header, found.field, found.confidence)
    if values and _share(values, lambda one: one.startswith(("http://", "https://"))) >= 0.8:
        return Column(header, "web", 0.5)
    return Column(header, "", 0.0)


def _has_at(value: str) -> bool:
    return "@" in value


def _share(values: Sequence[str], fits: Callable[[str], object]) -> float:
    return sum(bool(fits(one)) for one in values) / len(values) if values else 0.0


def _countries(columns: list[Column], values: list[list[str]]) -> list[Column]:
    """A country beside a town and a street is a part of the address, if bodies have their own."""
    fields = [one.field.partition("@")[0] for one in columns]
    postal = {"postcode", "locality"} & set(fields)
    others = fields.count("jurisdiction")
    if not postal or others < 2:
        return columns
    last = len(fields) - 1 - fields[::-1].index("jurisdiction")
    changed = Column(columns[last].header, "country", 0.6)
    return [changed if index == last else one for index, one in enumerate(columns)]


def _names(columns: list[Column], values: list[list[str]]) -> list[Column]:
    """`Name` beside `Vorname` is the family name; one cell "Family, Given" is taken apart."""
    fields = {one.field for one in columns}
    found = []
    for index, one in enumerate(columns):
        if one.field != "name":
            found.append(one)
            continue
        words = {folded(part) for part in (one.header, one.header.split()[-1])}
        if "given" in fields and "family" not in fields and words & set(map(folded, ALSO_FAMILY)):
            found.append(Column(one.header, "family", 0.8))
        elif "family" in fields and "given" not in fields and words & set(map(folded, ALSO_GIVEN)):
            found.append(Column(one.header, "given", 0.8))
        elif _share(values[index], lambda value: value.count(",") == 1) >= 0.8:
            found.append(Column(one.header, "name_family_given", min(one.confidence, 0.9)))
        else:
            found.append(one)
    return found


def _one_each(columns: list[Column]) -> list[Column]:
    """Keep the surest column of each field that can have but one."""
    best: dict[str, Column] = {}
    for one in columns:
        rival = best.get(one.field)
        if rival is None or one.confidence > rival.confidence:
            best[one.field] = one
    found = []
    for one in columns:
        base = one.field.partition("@")[0].partition(":")[0]
        single = base not in _SEVERAL and one.field not in ("", "ignored")
        lost = single and best[one.field] is not one
        found.append(Column(one.header, "", 0.0) if lost else one)
    return found


def _flags(columns: list[Column], values: list[list[str]]) -> Flags | None:
    """Find columns named after committees that hold but letters or crosses; at least three."""
    letters: dict[str, str] = {}
    headers = []
    for index, one in enumerate(columns):
        there = set(values[index])
        if one.field or not _FLAG_HEADER.fullmatch(one.header):
            continue
        for known in (_LETTERS, _CROSSES):
            if there <= set(known):
                headers.append(one.header)
                letters.update(known if there else {})
                break
    if len(headers) < 3 or not letters:
        return None
    return Flags(headers="|".join(map(re.escape, headers)), values=letters)


def _of_countries(columns: list[Column], values: list[list[str]]) -> bool:
    """Tell a list of countries: its names are theirs, and it says how to reach nobody."""
    fields = {one.field.partition("@")[0] for one in columns}
    if fields & {"given", "family", "name_family_given", "body", "role", "party", *REACHING}:
        return False
    named = [values[index] for index, one in enumerate(columns) if one.field == "name"]
    return bool(named) and len(named[0]) >= 3 and _share(named[0], country_code) >= 0.8


def _country(columns: list[Column], values: list[list[str]]) -> str:
    """Return the country in which four of five addresses of the sample end, else ""."""
    found: Counter[str] = Counter()
    for index, one in enumerate(columns):
        if one.field.startswith("email"):
            found.update(map(country_of_host, values[index]))
    code, number = found.most_common(1)[0] if found else ("", 0)
    return code if found.total() >= 3 and number >= 0.8 * found.total() else ""


def _institutions(
    columns: list[Column], values: list[list[str]]
) -> tuple[list[Column], OrganizationKind | None]:
    """A list whose "names" are ministries and offices is one of institutions, not of people."""
    fields = {one.field for one in columns}
    if fields & {"given", "family", "name_family_given"} or "body" in fields:
        return columns, None
    for index, one in enumerate(columns):
        if one.field == "name" and _share(values[index], kind_of) >= 0.5:
            columns = [*columns]
            columns[index] = Column(one.header, "body", 0.7)
            return columns, None
    return columns, None
