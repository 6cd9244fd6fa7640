"""Reads what Wikidata's query service answers: its JSON, its plain JSON and its CSV (CC0).

One row is one combination of values, so rows are grouped by person and statement first. The
variables are those `query` asks for, or what others call them (`_CALLED`); a file needs `item` and
a name, all others may be missing.
Form of the JSON: https://www.w3.org/TR/sparql11-results-json/
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from outreach.directory.importing import cleaning, parsing, roles
from outreach.directory.importing.countries import country_name, country_named
from outreach.directory.importing.dated import day_of
from outreach.directory.importing.opening import Upload
from outreach.directory.importing.records import Body, Contact, PersonRecord, Problem, Record, Seat
from outreach.directory.importing.registry import Dataset, Format
from outreach.directory.importing.wikidata.queries import query
from outreach.directory.models import ContactKind, OrganizationKind
from outreach.errors import BadFile
from outreach.words import Sentence

__all__ = ["FORMAT", "query"]

_ENTITY = "wikidata.org/entity/"
_Q = re.compile(r"Q[1-9]\d{0,12}")
# 9 a year, 10 a month, 11 a day: https://www.wikidata.org/wiki/Help:Dates#Precision
_LENGTHS = {"9": 4, "10": 7, "11": 10}
# What people call our variables in queries of their own; each may have its label beside it.
_CALLED = {
    "item": ("person", "human", "politician", "member", "mp", "mep", "minister", "legislator"),
    "org": ("body", "organization", "organisation", "legislature", "parliament", "chamber"),
    "district": ("constituency", "electoralDistrict", "area"),
    "party": ("group", "faction", "parliamentaryGroup"),
    "website": ("url", "officialWebsite"),
    "email": ("mail", "emailAddress"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a row with its language, both "" when unknown."""

    value: str = ""
    language: str = ""


_EMPTY = Cell()
Row = dict[str, Cell]


def datasets(upload: Upload) -> list[Dataset]:
    """Return one dataset for every file of answers in the upload."""
    return [_dataset(upload, file) for file in upload.files if _is_ours(upload.head(file))]


def _is_ours(head: bytes) -> bool:
    plain = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    entities = _ENTITY.encode() in plain
    if plain.startswith(b"{"):
        listed = re.search(rb'"vars"\s*:\s*\[([^\]]*)\]', plain)
        names = re.findall(r'"([^"]+)"', listed[1].decode(errors="replace")) if listed else []
        return "item" in names or (entities and "item" in _renamed(names).values())
    if plain.startswith(b"["):
        link = rb'"(\w+)"\s*:\s*"https?://(?:www\.)?wikidata\.org/entity/Q'
        names = [one.decode() for one in re.findall(link, plain)]
        return "item" in _renamed(names).values()
    header, first = [*csv.reader(plain.decode(errors="replace").splitlines()[:2]), [], []][:2]
    linked = [name for name, value in zip(header, first, strict=False) if _ENTITY in value]
    return entities and ("item" in header or "item" in _renamed(linked).values())


def _renamed(names: Iterable[str]) -> dict[str, str]:
    """Return the variables `names`, each with ours that it stands for: the first one if several."""
    ours = {name: name for name in names}
    for name, others in _CALLED.items():
        if name in ours:
            continue
        for other in others:
            if other in ours:
                ours |= {other: name, f"{other}Label": f"{name}Label"}
                break
    return ours


def _dataset(upload: Upload, file: Path) -> Dataset:
    rows = _rows(file, upload.place(file))
    country = next(filter(None, map(_country, rows)), "")
    for name in ("org", "position"):
        ids = {_id(row, name) for row in rows} - {""}
        if len(ids) == 1:
            what = ids.pop()
            title = next((_label(row, name) for row in rows if _label(row, name)), what)
            break
    else:
        what, title = (country, country) if country else (file.stem, file.stem)
    slug = re.sub(r"[^a-z0-9]+", "-", what.lower()).strip("-")
    return Dataset(
        format="sparql",
        files=(file,),
        source=f"wikidata-{slug}",
        source_name=f"Wikidata: {title}",
        jurisdiction=country,
        as_of=day_of(upload, file),
        licence="CC0-1.0",
        attribution="Wikidata",
        url=f"https://www.wikidata.org/wiki/{what}" if _Q.fullmatch(what) else "",
        rank=3,
    )


def read(dataset: Dataset) -> Iterator[Record]:
    """Yield bodies and people of the answers. Raises BadFile."""
    rows = _rows(dataset.files[0], dataset.files[0].name)
    people: dict[str, list[Row]] = {}
    nobody = 0
    for row in rows:
        if key := _id(row, "item"):
            people.setdefault(key, []).append(row)
        else:
            nobody += 1
    jurisdiction = dataset.jurisdiction
    bodies = _bodies(rows, jurisdiction)
    yield from bodies.values()
    if nobody:
        yield Problem(
            dataset.files[0].name,
            Sentence("%(number)s rows name nobody (?item) and were left out.", number=nobody),
            stops=True,
        )
    for key, group in people.items():
        yield from _person(key, group, bodies, jurisdiction)


def _rows(file: Path, name: str) -> list[Row]:
    """Return the rows of any of the three forms, by our variables."""
    rows = _rows_as_named(file, name)
    names = _renamed(dict.fromkeys(chain.from_iterable(rows)))
    return [{names[one]: cell for one, cell in row.items()} for row in rows]


def _rows_as_named(file: Path, name: str) -> list[Row]:
    with file.open("rb") as stream:
        first = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if first not in (b"{", b"["):
        return _rows_of_csv(file, name)
    value = parsing.read_json(file, name)
    if isinstance(value, list):
        return [_plain_row(one) for one in value if isinstance(one, dict)]
    results = value.get("results")
    found = results.get("bindings") if isinstance(results, dict) else None
    if not isinstance(found, list):
        raise BadFile(name, None, Sentence("It has no list “bindings” in “results”."))
    return [_bound_row(one) for one in found if isinstance(one, dict)]


def _rows_of_csv(file: Path, name: str) -> list[Row]:
    try:
        written = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(name, None, Sentence("This is not UTF-8 text. Save it as UTF-8.")) from error
    reader = csv.DictReader(io.StringIO(written.replace("\x00", ""), newline=""))
    try:
        return [_plain_row(one) for one in reader]
    except csv.Error as error:
        raise BadFile(
            name, reader.line_num, Sentence("This is not CSV: %(why)s.", why=str(error))
        ) from error


def _plain_row(row: dict[Any, Any]) -> Row:
    return {
        str(name): Cell(value)
        for name, given in row.items()
        if isinstance(given, str | int | float) and (value := _known(cleaning.text(given)))
    }


def _bound_row(row: dict[str, Any]) -> Row:
    """Return a row of `bindings`; what is unknown (a blank node) is left out."""
    return {
        name: Cell(value, cleaning.text(given.get("xml:lang")))
        for name, given in row.items()
        if isinstance(given, dict)
        and given.get("type") != "bnode"
        and (value := _known(cleaning.text(given.get("value"))))
    }


def _known(value: str) -> str:
    """Return "" for the three ways in which the service writes a blank node."""
    unknown = "/.well-known/genid/" in value or re.fullmatch(r"_:\S+|t\d{6,}", value)
    return "" if unknown else value


def _id(row: Row, name: str) -> str:
    """Return the Q-id in a cell, given as link or bare, or ""."""
    last = row.get(name, _EMPTY).value.rpartition("/")[2]
    return last if _Q.fullmatch(last) else ""


def _label(row: Row, name: str) -> str:
    """Return the label beside an entity; the service repeats the Q-id where there is none."""
    label = row.get(f"{name}Label", _EMPTY).value
    if not label and not _id(row, name):
        label = row.get(name, _EMPTY).value
    return "" if _Q.fullmatch(label) else label


def _country(row: Row) -> str:
    for name in ("countryCode", "country"):
        value = row.get(name, _EMPTY).value
        if re.fullmatch(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?", value):
            return value
    return country_named(_label(row, "country"))


def _body_of(row: Row) -> tuple[str, str, OrganizationKind]:
    """Return (key, name, kind) of the body a row seats somebody in; all "" when it tells none."""
    name, label = _label(row, "org"), _label(row, "position")
    if key := _id(row, "org"):
        kind = roles.kind_of(name)
        return key, name or key, kind if kind in _SEATS else _kind_by_position(label)
    if not label:
        return "", "", OrganizationKind.OTHER
    kind = _kind_by_position(label)
    if kind is OrganizationKind.GOVERNMENT:
        where = _label(row, "country") or country_name(_country(row))
        return "government", f"Government of {where}" if where else "Government", kind
    body = re.sub(r"^(?:Member|Deputy|Senator)s? (?:of|in|for) (?:the )?", "", label, flags=re.I)
    return _id(row, "position") or label, body[:1].upper() + body[1:], kind


_SEATS = roles.LEGISLATURES | roles.GOVERNMENTS | {OrganizationKind.COMMITTEE}


def _kind_by_position(label: str) -> OrganizationKind:
    if re.match(r"(?:member|deput|senator|represent|mp\b)", label, re.IGNORECASE):
        return OrganizationKind.CHAMBER
    if re.search(r"minist|premier|president|chancellor|secretary|head of", label, re.IGNORECASE):
        return OrganizationKind.GOVERNMENT
    return OrganizationKind.CHAMBER if re.search("speaker", label, re.I) else OrganizationKind.OTHER


def _bodies(rows: Iterable[Row], jurisdiction: str) -> dict[str, Body]:
    found: dict[str, Body] = {}
    for row in rows:
        where = _country(row) or jurisdiction
        key, name, kind = _body_of(row)
        if key and key not in found:
            known = _wikidata(key) if _id(row, "org") else {}
            found[key] = Body(key, where, kind, name[:300], identifiers=known, place=key)
        party = _id(row, "party")
        if party and party not in found:
            label = _label(row, "party") or party
            found[party] = Body(
                party, where, OrganizationKind.PARTY, label[:300], identifiers=_wikidata(party)
            )
    return found


def _wikidata(key: str) -> dict[str, str]:
    return {"wikidata": key} if _Q.fullmatch(key) else {}


def _person(
    key: str, rows: list[Row], bodies: dict[str, Body], jurisdiction: str
) -> Iterator[Record]:
    names = _names(rows)
    name = next((one for row in rows if (one := _label(row, "item"))), "")
    name = name or names.get("en") or next(iter(names.values()), "")
    if not name:
        yield Problem(key, Sentence("It has no name in the languages asked for."), stops=True)
        return
    person = PersonRecord(key, name[:300], names=names, identifiers={"wikidata": key}, place=key)
    for row in rows:
        person.gender = person.gender or _gender(row)
        person.birth_date = person.birth_date or _day(row, "birth")
        person.death_date = person.death_date or _day(row, "death")
    region = next(filter(None, map(_country, rows)), jurisdiction)
    contacts, problems = _contacts(rows, region)
    person.contacts = contacts
    for words in problems:
        yield Problem(key, words, name)
    person.seats = list(_seats(rows, bodies))
    yield person


def _names(rows: Iterable[Row]) -> dict[str, str]:
    """Return {language: name} of `name_xx` and of labels that tell their language."""
    found: dict[str, str] = {}
    for row in rows:
        for variable, cell in row.items():
            tag = cell.language if variable in ("itemLabel", "name") else ""
            if variable.startswith("name_"):
                tag = variable.removeprefix("name_").replace("_", "-")
            if tag and not _Q.fullmatch(cell.value) and re.fullmatch(r"[A-Za-z]{2,3}(-\w+)*", tag):
                found.setdefault(tag[:35], cell.value[:300])
    return dict(sorted(found.items()))


def _gender(row: Row) -> str:
    cell = row.get("gender", row.get("sex", _EMPTY))
    return cleaning.gender(cell.value) or cleaning.gender(_label(row, "gender"))


def _day(row: Row, name: str) -> str:
    """Return a day as precise as it is known; the service writes a year as its first of January."""
    value = cleaning.day(row.get(name, _EMPTY).value)
    precision = row.get(f"{name}Precision", _EMPTY).value
    if precision:
        return value[: _LENGTHS.get(precision, 0)]
    return value[:4] if value.endswith("-01-01") else value


def _contacts(rows: Iterable[Row], region: str) -> tuple[list[Contact], list[Sentence]]:
    found: dict[tuple[str, str], Contact] = {}
    problems: dict[str, Sentence] = {}
    for row in rows:
        several, sentences = cleaning.mailboxes(row.get("email", _EMPTY).value)
        problems |= {str(one): one for one in sentences}
        for kind, name in ((ContactKind.URL, "website"), (ContactKind.FORM, "form")):
            if target := cleaning.link(row.get(name, _EMPTY).value):
                several.append(Contact(kind, target))
        if number := cleaning.phone(row.get("phone", _EMPTY).value, region):
            several.append(Contact(ContactKind.PHONE, number))
        for network in ("twitter", "facebook", "instagram", "mastodon", "youtube"):
            if profile := cleaning.social(network, row.get(network, _EMPTY).value):
                several.append(profile)
        for one in several:
            found.setdefault((one.kind.value, one.value.casefold()), one)
    return list(found.values()), list(problems.values())


def _seats(rows: Iterable[Row], bodies: dict[str, Body]) -> Iterator[Seat]:
    """Yield one seat for each statement, whatever number of rows it has."""
    statements: dict[str, list[Row]] = {}
    for row in rows:
        statement = row.get("statement", _EMPTY).value.rpartition("/")[2]
        key = statement or "|".join(
            row.get(name, _EMPTY).value for name in ("position", "org", "district", "start")
        )
        statements.setdefault(key, []).append(row)
    for key, group in statements.items():
        # The order of rows is not the same twice, so the first by value is taken.
        first = {
            name: min((row[name] for row in group if name in row), key=lambda cell: cell.value)
            for name in {name for row in group for name in row}
        }
        body = _body_of(first)[0]
        if not body:
            continue
        label = _label(first, "position")[:300]
        where = bodies[body]
        plain = roles.is_plain(label) or where.kind in roles.LEGISLATURES
        yield Seat(
            organization=body,
            role=roles.role_in(where.kind, label, where.name, where.jurisdiction),
            label="" if roles.is_plain(label) else label[:300],
            area=_label(first, "district")[:200],
            on_behalf_of=_id(first, "party"),
            start=_day(first, "start"),
            end=_day(first, "end"),
            key=key[:400],
            post="" if plain else label[:200],
        )


FORMAT = Format("sparql", "Wikidata, answers of its query service", datasets, read)
