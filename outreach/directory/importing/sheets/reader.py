"""Spreadsheets and lists with a header: people or institutions, by a saved or guessed mapping."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from outreach.directory.importing.countries import country_code
from outreach.directory.importing.dated import day_of
from outreach.directory.importing.opening import Upload
from outreach.directory.importing.records import PersonRecord, Problem, Record
from outreach.directory.importing.registry import Dataset, Format
from outreach.directory.importing.sheets.guessing import Guess, guess
from outreach.directory.importing.sheets.headers import FIELDS
from outreach.directory.importing.sheets.mapping import (
    Mapping,
    as_json,
    from_json,
    matches,
    shipped_for,
)
from outreach.directory.importing.sheets.people import People
from outreach.directory.importing.sheets.tables import Table, is_picked, table
from outreach.directory.importing.sheets.workbooks import UNCALCULATED
from outreach.directory.spelling import fold, romanisations
from outreach.errors import BadFile, BadInput
from outreach.words import Sentence

SUFFIXES = frozenset((".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".xls", ".ods", ".json"))
PREVIEW_ROWS = 20
# What a person is asked of the whole list: left empty, it is empty.
ASKED = ("jurisdiction", "body", "body_kind", "role", "locale")
# A folder of thousands of small files is some other format.
_MOST_FILES = 200
_DATE_OR_NUMBER = re.compile(r"\bv?\d+(?:[-._]\d+)*|\d+|\b(?:copy|copie|kopie|final|new)\b", re.I)


def datasets(upload: Upload) -> list[Dataset]:
    """Return one dataset for every table in the upload; unsure where nobody said what columns mean.

    Raises BadFile when the only file has a table's name and can't be read.
    """
    files = [one for one in upload.files if one.suffix.lower() in SUFFIXES]
    if len(upload.files) == 1 and upload.files[0].suffix.lower() == ".xml":
        # A list of flat elements is a table too; of anything else it is told what it is.
        files = list(upload.files)
    files = [one for one in files if not one.name.startswith((".", "~$"))]
    if len(upload.files) == 1 and not files and not upload.files[0].suffix:
        files = list(upload.files)
    if len(files) > _MOST_FILES:
        return []
    found: list[Dataset] = []
    unread: list[BadFile] = []
    for file in files:
        try:
            found.append(_dataset(upload, file))
        except BadFile as error:
            unread.append(error)
    if unread and not found and files[0].suffix.lower() not in (".json", ".xml"):
        raise unread[0]
    if unread and found:
        # Among others one that can't be read is told, and stops nothing.
        told = [{"place": one.file, "why": str(one.problem)} for one in unread]
        first = found[0]
        found[0] = dataclasses.replace(first, options={**first.options, "unread": told})
    return found


def _dataset(upload: Upload, file: Path) -> Dataset:
    place = upload.place(file)
    opened = table(file, place)
    headers = opened.headers
    name = place.replace("\\", "/").rpartition("/")[2]
    mapping = shipped_for(headers, name)
    as_of = day_of(upload, file)
    if mapping is None:
        if guess(opened).of_countries:
            words = Sentence("This is a list of countries, and names no people.")
            raise BadFile(place, None, words)
        return Dataset(
            "tabular",
            (file,),
            f"sheet-{slug_of(Path(name).stem)}",
            name,
            as_of=as_of,
            options={"place": place},
            unsure=True,
        )
    dataset = Dataset(
        "tabular",
        (file,),
        *_called(mapping, name),
        jurisdiction=mapping.constants.jurisdiction,
        as_of=as_of,
        licence=mapping.licence,
        attribution=mapping.attribution,
        url=mapping.url,
        rank=mapping.rank,
        options={"place": place},
        complete=mapping.complete,
    )
    return _everypolitician(dataset, upload, Path(place))


def _called(mapping: Mapping, name: str) -> tuple[str, str]:
    """Return (slug, name) of the source; lists of one layout but many bodies go by their file."""
    source, title = mapping.source or mapping.name, mapping.source_name or mapping.name
    if mapping.constants.body:
        return source, title
    return f"{source}-{slug_of(Path(name).stem)}", f"{title}: {name}"


def _everypolitician(dataset: Dataset, upload: Upload, file: Path) -> Dataset:
    """Tell lists of chambers and terms apart by folder: data/Estonia/Riigikogu/term-13.csv.

    `file` is the path inside the upload. Without folders the chamber in the list must do.
    """
    if not dataset.source.startswith("everypolitician"):
        return dataset
    folders = [*upload.given.parts[:-1], *file.parts[:-1]]
    last = max((at for at, folder in enumerate(folders) if folder == "data"), default=len(folders))
    place = folders[last + 1 :][:2]
    opened = table(dataset.files[0], str(file))
    first = dict(zip(opened.headers, next(opened.rows, (0, []))[1], strict=False))
    named = place or list(filter(None, [first.get("chamber", "")]))
    code = country_code(place[0].replace("_", " ")) if place else ""
    words = ["everypolitician", code or "".join(place[:1]), *(place[1:] or named), file.stem]
    return dataclasses.replace(
        dataset,
        source="-".join(slug_of(word, numbers=True) for word in words if word),
        source_name=f"EveryPolitician: {' '.join([*named, file.stem])}",
        jurisdiction=code,
    )


def slug_of(stem: str, *, numbers: bool = False) -> str:
    """Return a name in small Latin letters; without dates and numbers unless `numbers`.

    So next year's file of the same name has the same.
    """
    plain = stem if numbers else _DATE_OR_NUMBER.sub(" ", stem)
    plain = fold(plain) or fold(stem) or "list"
    latin = (*romanisations(plain), plain)[0]
    return re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[:120] or plain.replace(" ", "-")[:120]


def with_saved(dataset: Dataset, saved: Iterable[dict[str, Any]]) -> Dataset:
    """Return `dataset` with the first of the `saved` mappings made for its headers, now sure.

    Without one it comes back as it was. Raises BadFile when the file can't be read.
    """
    headers = _open(dataset).headers
    for one in saved:
        if one and matches(mapping := from_json(one), headers, _file_name(dataset)):
            options = {**dataset.options, "mapping": as_json(mapping)}
            return dataclasses.replace(
                dataset,
                options=options,
                unsure=False,
                complete=mapping.complete,
                jurisdiction=mapping.constants.jurisdiction or dataset.jurisdiction,
            )
    return dataset


def read(dataset: Dataset) -> Iterator[Record]:
    """Yield the records of a table by the mapping in the options, a shipped one, or a guess.

    Options: mapping, jurisdiction, body, locale, region, sheet, encoding. Raises BadFile (file,
    line).
    """
    opened = _open(dataset)
    mapping = _with_options(_mapping(dataset, opened), dataset)
    for one in dataset.options.get("unread") or ():
        yield Problem(one["place"], Sentence("Not read: %(why)s", why=one["why"]))
    for words in opened.remarks:
        yield Problem(_place(dataset), words)
    found = False
    for record in _people(mapping, opened, dataset).records(opened.rows):
        found = found or not isinstance(record, Problem)
        yield record
    if not found:
        raise BadFile(_place(dataset), None, _why_nobody(mapping, opened))


def _why_nobody(mapping: Mapping, opened: Table) -> Sentence:
    """Return why a table names nobody, and what to do about it."""
    if opened.uncalculated:
        return UNCALCULATED
    if mapping.about_people or "body" in mapping.columns.values():
        return Sentence("Nobody is named in the lines below its header.")
    return Sentence(
        "No column of it names anybody. Its header says: %(headers)s. Give the columns names such"
        " as Name, E-mail, Party, Constituency.",
        headers=", ".join(opened.headers)[:300],
    )


def _place(dataset: Dataset) -> str:
    return str(dataset.options.get("place") or dataset.files[0].name)


def _file_name(dataset: Dataset) -> str:
    return _place(dataset).rpartition("/")[2]


def _open(dataset: Dataset) -> Table:
    sheet, encoding = (str(dataset.options.get(one) or "") for one in ("sheet", "encoding"))
    file, place = dataset.files[0], _place(dataset)
    opened = table(file, place, sheet, encoding)
    saved = dataset.options.get("mapping")
    mapping = from_json(saved) if saved else shipped_for(opened.headers, _file_name(dataset))
    picked = [header for header in mapping.columns if is_picked(header)] if mapping else []
    return table(file, place, sheet, encoding, picked) if picked else opened


def _people(mapping: Mapping, opened: Table, dataset: Dataset) -> People:
    region = mapping.constants.region or dataset.jurisdiction[:2]
    fallback = "" if mapping.file else Path(_file_name(dataset)).stem[:200]
    return People(mapping, opened.headers, _place(dataset), fallback, region)


def _mapping(dataset: Dataset, opened: Table) -> Mapping:
    saved = dataset.options.get("mapping")
    if saved:
        mapping = from_json(saved)
        if mapping.headers and not matches(mapping, opened.headers):
            raise BadFile(
                _place(dataset),
                None,
                Sentence("Its columns are not those that were confirmed. Look at them anew."),
            )
        return mapping
    found = shipped_for(opened.headers, _file_name(dataset))
    return found or guess(opened).mapping


def _with_options(mapping: Mapping, dataset: Dataset) -> Mapping:
    """Let what a person said of the whole list stand where the mapping says nothing."""
    said = {
        "jurisdiction": str(dataset.options.get("jurisdiction") or dataset.jurisdiction),
        "body": str(dataset.options.get("body") or ""),
        "locale": str(dataset.options.get("locale") or ""),
        "region": str(dataset.options.get("region") or ""),
    }
    constants = mapping.constants
    changed = {key: value for key, value in said.items() if value and not getattr(constants, key)}
    return mapping.model_copy(update={"constants": constants.model_copy(update=changed)})


def proposal(dataset: Dataset) -> dict[str, Any]:
    """Return what the page of confirmation shows.

    {"headers": [{"header", "field", "confidence", "samples"}], "mapping": {...}, "fields": [...],
    "rows": [[cells of up to 20 rows]], "people": [up to 20 {"name", "place", "contacts", "seats",
    "area"}], "problems": [Problem], "remarks": [Sentence], "country", "encoding", "delimiter",
    "sheet", "sheets", "needs_body"}. Raises BadFile.
    """
    opened = _open(dataset)
    found = _known_or_guessed(dataset, opened)
    mapping = _with_options(found.mapping, dataset)
    shown = found.rows[:PREVIEW_ROWS]
    records = list(_people(mapping, opened, dataset).records(iter(shown)))
    there = set(mapping.columns.values())
    return {
        "headers": [dataclasses.asdict(one) for one in found.columns],
        "mapping": as_json(mapping),
        "fields": list(FIELDS),
        "rows": [cells for _, cells in shown],
        "people": [_shown(one) for one in records if isinstance(one, PersonRecord)],
        "problems": [one for one in records if isinstance(one, Problem)],
        "remarks": opened.remarks,
        "country": found.country,
        "encoding": opened.encoding,
        "delimiter": opened.delimiter,
        "sheet": opened.sheet,
        "sheets": list(opened.sheet_names),
        "needs_body": not (mapping.constants.body or there & {"body", "role", "post"}),
    }


def _known_or_guessed(dataset: Dataset, opened: Table) -> Guess:
    """Return the saved or shipped mapping in the form of a guess that is sure, or a guess.

    A saved one that was made for other columns (another sheet) does not count.
    """
    saved = dataset.options.get("mapping")
    mapping = from_json(saved) if saved else None
    if mapping is None or not matches(mapping, opened.headers, _file_name(dataset)):
        mapping = shipped_for(opened.headers, _file_name(dataset))
    seen = guess(opened)
    if mapping is None:
        return seen
    columns = [
        dataclasses.replace(one, field=said, confidence=1.0 if said else 0.0)
        for one in seen.columns
        for said in (mapping.field_of(one.header),)
    ]
    return Guess(mapping, columns, seen.rows, seen.country)


def _shown(person: PersonRecord) -> dict[str, Any]:
    """Return what the preview shows of a person."""
    return {
        "name": person.name,
        "place": person.place,
        "contacts": [(one.kind.value, one.value) for one in person.contacts],
        "seats": [seat.label or seat.role.value for seat in person.seats],
        "area": next((seat.area for seat in person.seats if seat.area), ""),
    }


def mapping_from_choice(
    dataset: Dataset, columns: dict[str, str], constants: dict[str, str]
) -> dict[str, Any]:
    """Return the mapping (JSON, for options["mapping"] and the source) that a person confirmed.

    `columns` is {header: field or ""}, `constants` any of jurisdiction, body, body_kind, role,
    region, locale. Raises BadInput when a field does not exist or no column names anybody.
    """
    opened = _open(dataset)
    unknown = [header for header in columns if header not in opened.headers]
    if unknown:
        words = Sentence("There is no column “%(header)s”.", header=unknown[0])
        raise BadInput(words, "mapping")
    # What nobody is asked about stays as it was known: columns of committees, names of groups.
    before = as_json(_known_or_guessed(dataset, opened).mapping)
    for name in ("name", "required", "file"):
        before.pop(name, None)
    kept = {key: one for key, one in before.get("constants", {}).items() if key not in ASKED}
    said = {key: value for key, value in constants.items() if value}
    chosen = {header: name for header, name in columns.items() if name}
    mapping = from_json(
        {
            **before,
            "headers": list(opened.headers),
            "columns": chosen,
            "constants": {**kept, **said},
        }
    )
    if not mapping.about_people and "body" not in chosen.values():
        raise BadInput(Sentence("Say which column holds the name."), "mapping")
    return as_json(mapping)


FORMAT = Format("tabular", "Spreadsheet (CSV, TSV, XLSX, XLS, ODS)", datasets, read)
