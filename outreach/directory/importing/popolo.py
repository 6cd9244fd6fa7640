"""Reads Popolo JSON: EveryPolitician's files, People's Assembly, PopIt pages, parlparse.

https://www.popoloproject.com/specs/ · https://docs.everypolitician.org/data_structure.html
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from outreach.directory.importing import parsing, roles
from outreach.directory.importing.cleaning import text
from outreach.directory.importing.countries import (
    code_of_country,
    country_of_divisions,
    country_of_hosts,
)
from outreach.directory.importing.dated import day_of
from outreach.directory.importing.opening import Upload
from outreach.directory.importing.popolo_bodies import Frame
from outreach.directory.importing.popolo_people import person_of
from outreach.directory.importing.popolo_shapes import (
    Document,
    Item,
    gathered,
    identity,
    is_popolo,
    items,
    reference,
    said,
)
from outreach.directory.importing.records import Problem, Record
from outreach.directory.importing.registry import Dataset, Format
from outreach.directory.spelling import fold
from outreach.errors import BadFile
from outreach.words import Sentence

NAME = "popolo"
_FIRST_KEY = re.compile(
    rb'\{\s*"(?:persons|people|organi[sz]ations|memberships|posts|areas|events)"\s*:\s*[\[{]'
)
_ANY_LIST = re.compile(rb'"(?:persons|memberships|organizations)"\s*:\s*[\[{]\s*[\]{}]')
_WRAPPED = re.compile(rb'"result"\s*:\s*[\[{]')
_IN_PERSONS = re.compile(
    rb'"(?:memberships|contact_details|other_names|classification|given_name|family_name'
    rb'|honorific_prefix|on_behalf_of_id)"\s*:'
)
_FULL = (b'"persons"', b'"organizations"', b'"memberships"')
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LEVELS = 5


def datasets(upload: Upload) -> list[Dataset]:
    """Return one dataset for each legislature or list; pages and parts in a folder are one.

    Raises BadFile for a file that is Popolo by its beginning and can't be read.
    """
    whole: list[Path] = []
    parts: dict[Path, list[Path]] = {}
    for file in upload.files:
        if file.suffix.lower() in (".json", ".popolo", "") and (shape := _shape(upload, file)):
            if shape == "whole":
                whole.append(file)
            else:
                parts.setdefault(file.parent, []).append(file)
    found = [_dataset(upload, (file,)) for file in whole]
    return found + [_dataset(upload, tuple(files)) for files in parts.values()]


def _shape(upload: Upload, file: Path) -> str:
    """Return "whole", "part" (a page, or one of several arrays), or "" for what is no Popolo."""
    head = _as_utf8(upload.head(file))
    if file.name.startswith("ep-popolo") and head.startswith(b"{"):
        return "whole"
    if head.startswith(b"["):
        ours = _IN_PERSONS.search(head) and re.search(rb'"(?:id|_id)"\s*:', head)
        return "part" if ours and b'"legislatures"' not in head[:2000] else ""
    if not head.startswith(b"{"):
        return ""
    if _WRAPPED.search(head) and _IN_PERSONS.search(head):
        return "part"
    if not _FIRST_KEY.match(head) and not _ANY_LIST.search(head):
        return ""
    lists = sum(name in head for name in _FULL)
    if lists < len(_FULL) and len(upload.files) > 1:
        data = file.read_bytes()
        lists = sum(re.search(name + rb"\s*:\s*[\[{]", data) is not None for name in _FULL)
        return "whole" if b'"persons"' in data and lists > 1 else "part"
    return "whole"


def _as_utf8(head: bytes) -> bytes:
    """Return the beginning of a file for looking at, whatever its encoding."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            return head[2:].decode(encoding, "replace").encode().lstrip()
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()


@dataclass(frozen=True, slots=True)
class _Known:
    """What EveryPolitician's index says of a legislature; "" where it says nothing."""

    code: str = ""
    legislature: str = ""
    changed: dt.date | None = None


def _dataset(upload: Upload, files: tuple[Path, ...]) -> Dataset:
    everypolitician = files[0].name.startswith("ep-popolo")
    index = _from_index(upload, files[0]) if everypolitician else _Known()
    values = [] if index.legislature else [_parsed(upload, one) for one in files]
    found = gathered(values)
    if not everypolitician:
        everypolitician = _has_legacy_ids(found)
    where = index.code or country_of_divisions(_division_ids(found))
    where = where or _country_of_path(upload, files[0])
    where = where or code_of_country(_meta(values, "country")) or country_of_hosts(_hosts(found))
    name = index.legislature or _main_name(found)
    kind = "everypolitician" if everypolitician else NAME
    slug = _slug(name or (files[0].stem if len(files) == 1 else files[0].parent.name))
    return Dataset(
        format=NAME,
        files=files,
        source="-".join(filter(None, (kind, where.lower(), slug)))[:160],
        source_name=" ".join(filter(None, (_TITLES[kind], where, name or files[0].stem)))[:300],
        jurisdiction=where,
        as_of=day_of(upload, files[0]) or index.changed,
        attribution="EveryPolitician" if everypolitician else "",
        url="https://everypolitician.org/" if everypolitician else "",
        rank=2,
        options={"everypolitician": everypolitician, "legislature": name},
        complete=_has_all_pages(values),
    )


_TITLES = {"everypolitician": "EveryPolitician:", NAME: "Popolo:"}


def _parsed(upload: Upload, file: Path) -> Any:
    value = parsing.read_json(file, upload.place(file))
    if not is_popolo(value) and not isinstance(value, dict | list):
        raise _nothing(upload.place(file))
    return value


def _has_legacy_ids(found: Document) -> bool:
    return any(
        one.get("scheme") == "everypolitician_legacy"
        for person in found.persons[:20]
        for one in person.get("identifiers") or ()
        if isinstance(one, dict)
    )


def _division_ids(found: Document) -> list[str]:
    """Return the ids of areas, and of the divisions that areas and bodies name."""
    ids = [identity(one) for one in (*found.areas, *found.organizations)]
    ids += [text(one.get(name)) for one in found.areas for name in ("division_id", "identifier")]
    ids += [reference(one, "area") for one in (*found.organizations, *found.memberships)]
    return ids


def _hosts(found: Document) -> Iterator[str]:
    """Yield the hosts of people's addresses and sources."""
    for one in found.persons:
        yield said(one.get("email")).rpartition("@")[2]
        for source in items(one.get("sources")):
            yield urlsplit(re.sub(r"[\[\]]", "", said(source.get("url")))).hostname or ""


def _main_name(found: Document) -> str:
    """Return the name of the legislature the list is about, else of its only body."""
    houses = [
        one
        for one in found.organizations
        if roles.kind_of(said(one.get("classification"))) in roles.LEGISLATURES
    ]
    several = houses or (found.organizations if len(found.organizations) == 1 else [])
    return min(
        (said(one.get("name")) for one in several), key=lambda name: (not name, name), default=""
    )


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")[:100]


def _meta(values: list[Any], name: str) -> str:
    meta = values[0].get("meta") if values and isinstance(values[0], dict) else None
    return said(meta.get(name)) if isinstance(meta, dict) else ""


def _folders(upload: Upload, file: Path) -> list[Path]:
    """Return the folders above `file`, nearest first: inside the upload, then of the path given."""
    inside: list[Path] = []
    if file.is_relative_to(upload.root):
        inside = [one for one in file.parents if one.is_relative_to(upload.root)]
    given = [upload.given, *upload.given.absolute().parents][: _LEVELS + 1]
    return list(dict.fromkeys([*inside, *(one for one in given if one not in (file, Path()))]))


def _country_of_path(upload: Upload, file: Path) -> str:
    for folder in _folders(upload, file):
        # Somebody's home folder may be called Jordan or Chad.
        if folder.parent.name.lower() in ("home", "users"):
            break
        if code := code_of_country(folder.name):
            return code
    return ""


def _from_index(upload: Upload, file: Path) -> _Known:
    """Return what the nearest countries.json says of the legislature whose file this is."""
    for folder in _folders(upload, file):
        index = folder / "countries.json"
        try:
            if not index.is_file():
                continue
            countries = parsing.read_json(index, index.name)
        except (OSError, BadFile):
            continue
        for country in countries if isinstance(countries, list) else []:
            for one in _legislatures(country):
                if _is_at(file, text(one.get("popolo"))):
                    return _Known(
                        text(country.get("code")).upper(), text(one.get("name")), _instant(one)
                    )
    return _Known()


def _legislatures(country: Any) -> list[Item]:
    several = country.get("legislatures") if isinstance(country, dict) else None
    return [one for one in several or () if isinstance(one, dict)]


def _is_at(file: Path, place: str) -> bool:
    wanted = tuple(part for part in place.split("/") if part)[-3:]
    return len(wanted) == 3 and file.parts[-3:] == wanted


def _instant(legislature: Item) -> dt.date | None:
    """Return the day the index says the file was last changed (seconds since 1970)."""
    seconds = text(legislature.get("lastmod"))
    if not re.fullmatch(r"1\d{9}", seconds):
        return None
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC).date()


def _has_all_pages(values: list[Any]) -> bool:
    """Tell whether all pages of wrapped results are here; what is not wrapped has no pages."""
    lists: dict[str, list[Item]] = {}
    for value in values:
        if isinstance(value, dict) and isinstance(value.get("result"), list):
            held = gathered([value])
            kind = next((one for one in ("persons", "organizations") if getattr(held, one)), "")
            lists.setdefault(kind, []).append(value)
    return all(_is_all(pages) for pages in lists.values())


def _is_all(pages: list[Item]) -> bool:
    totals = [total for one in pages if type(total := one.get("total")) is int]
    if totals:
        ids = {identity(item) for page in pages for item in items(page["result"])}
        return len(ids) >= max(totals)
    numbers = [number if type(number := one.get("page")) is int else 1 for one in pages]
    more = any(
        one.get("has_more")
        for one, number in zip(pages, numbers, strict=True)
        if number == max(numbers)
    )
    return not more and len(set(numbers)) == max(numbers)


def read(dataset: Dataset) -> Iterator[Record]:
    """Yield bodies, then people with their seats. Raises BadFile when nothing in it is Popolo."""
    names = [file.name for file in dataset.files]
    found = gathered(parsing.read_json(file, file.name) for file in dataset.files)
    if not (found.persons or found.organizations or found.memberships):
        raise _nothing(names[0])
    options = dataset.options
    jurisdiction = str(options.get("jurisdiction") or dataset.jurisdiction)
    legislature = str(options.get("legislature") or "")
    frame = Frame(found, jurisdiction, str(options.get("locale") or ""), legislature)
    yield from frame.read_bodies(found)
    yield from _people(found, frame, dataset)


def _people(found: Document, frame: Frame, dataset: Dataset) -> Iterator[Record]:
    memberships: dict[str, list[Item]] = {}
    for one in found.memberships:
        person = reference(one, "person")
        memberships.setdefault(found.redirects.get(person, person), []).append(one)
    as_of = dataset.as_of.isoformat() if dataset.as_of else ""
    seen: set[str] = set()
    for item in found.persons:
        key = identity(item)
        if key and key in seen:
            words = Sentence("Its id stands twice in the list; the second was left out.")
            yield Problem(key, words, said(item.get("name")), stops=True)
            continue
        seen.add(key)
        scheme = _scheme(key, bool(dataset.options.get("everypolitician")))
        sitting = memberships.pop(key, []) if key else []
        yield from person_of(item, sitting, frame, scheme=scheme, as_of=as_of)
    for key, several in memberships.items():
        yield Problem(
            key,
            Sentence(
                "%(number)s memberships of somebody who is not in the list.", number=len(several)
            ),
            stops=True,
        )


def _scheme(key: str, everypolitician: bool) -> str:
    if everypolitician and _UUID.fullmatch(key):
        return "everypolitician"
    return "parlparse" if key.startswith("uk.org.publicwhip/person/") else ""


def _nothing(name: str) -> BadFile:
    return BadFile(name, None, Sentence("It holds no persons, organizations or memberships."))


FORMAT = Format(NAME, "Popolo JSON (EveryPolitician, People's Assembly, PopIt)", datasets, read)
