"""Whose list a Popolo file is: the legislature, its country, its day.

EveryPolitician's index (countries.json) tells, else division ids, folders and hosts do.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outreach.directory.importing import parsing, roles
from outreach.directory.importing.cleaning import text
from outreach.directory.importing.countries import (
    country_code,
    country_named,
    country_of_divisions,
    country_of_hosts,
)
from outreach.directory.importing.dated import day_of
from outreach.directory.importing.opening import Upload
from outreach.directory.importing.popolo.shapes import Item, gathered, identity, items, said
from outreach.directory.importing.registry import Dataset
from outreach.directory.spelling import fold
from outreach.errors import BadFile

NAME = "popolo"
_TITLES = {"everypolitician": "EveryPolitician:", NAME: "Popolo:"}
_LEVELS = 5
_HOST_BYTES = 1_000_000
_DIVISION = re.compile(
    rb'"(?:id|area_id|division_id|identifier)"\s*:\s*"(ocd-division/[\w:./~-]{1,200})"'
)
_HOST = re.compile(rb'(?:@|//)([A-Za-z0-9.-]+\.[A-Za-z]{2})["/]')
_META_COUNTRY = re.compile(rb'"meta"\s*:\s*\{[^{}]*"country"\s*:\s*"([^"\\]{2,60})"')


@dataclass(frozen=True, slots=True)
class Known:
    """What EveryPolitician's index says of a legislature; "" where it says nothing."""

    code: str = ""
    legislature: str = ""
    changed: dt.date | None = None


def dataset_of(upload: Upload, files: tuple[Path, ...], *, pages: bool) -> Dataset:
    """Return the dataset of `files`; they are pages or parts of one list when `pages`.

    A whole list is only glanced at, as it may be large. Raises BadFile for a page that is no JSON.
    """
    values = [parsing.read_json(one, upload.place(one)) for one in files] if pages else []
    data = b"\n".join(one.read_bytes() for one in files)
    everypolitician = files[0].name.startswith("ep-popolo") or b'"everypolitician_legacy"' in data
    index = _from_index(upload, files[0]) if everypolitician else Known()
    name = index.legislature or _main_name(
        gathered(values).organizations if pages else _organizations(data)
    )
    where = index.code or _country(upload, files[0], data)
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


def _country(upload: Upload, file: Path, data: bytes) -> str:
    """Return the country the list is about: by its divisions, its folders, its hosts, or ""."""
    divisions = _DIVISION.findall(data) if b"ocd-division/" in data else []
    if code := country_of_divisions(one.decode() for one in divisions):
        return code
    if code := _country_of_path(upload, file):
        return code
    if (meta := _META_COUNTRY.search(data)) and (
        code := country_code(meta[1].decode("utf-8", "replace"))
    ):
        return code
    return country_of_hosts(one.decode() for one in _HOST.findall(data[:_HOST_BYTES]))


def _organizations(data: bytes) -> list[Item]:
    """Return the list "organizations" of a document without reading the rest of it."""
    written = data.decode(json.detect_encoding(data), "replace")
    start = re.search(r'"organizations"\s*:\s*', written)
    if not start:
        return []
    try:
        value, _ = json.JSONDecoder().raw_decode(written, start.end())
    except (ValueError, RecursionError):
        return []
    return list(items(value))


def _main_name(organizations: list[Item]) -> str:
    """Return the name of the legislature the list is about, else of its only body."""

    def order(one: Item) -> tuple[bool, bool, str]:
        classification = said(one.get("classification")).casefold()
        main = classification in ("legislature", "parliament", "national legislature")
        return not main, bool(one.get("parent_id")), said(one.get("name"))

    houses = [
        one
        for one in organizations
        if roles.kind_of(said(one.get("classification"))) in roles.LEGISLATURES
    ]
    several = houses or (organizations if len(organizations) == 1 else [])
    return said(min(several, key=order).get("name")) if several else ""


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")[:100]


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
        if code := country_named(folder.name):
            return code
    return ""


def _from_index(upload: Upload, file: Path) -> Known:
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
                    return Known(
                        text(country.get("code")).upper(), text(one.get("name")), _instant(one)
                    )
    return Known()


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
