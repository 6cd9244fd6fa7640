"""Reads the YAML files of github.com/unitedstates/congress-legislators (CC0).

A folder of them, several folders (one for each day), or one file alone. What each field means:
the README of that project; a person's key is their bioguide id.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from outreach.directory.importing import parsing
from outreach.directory.importing.congress.bodies import (
    chambers,
    committees,
    dicts,
    government,
    parties,
    seats_in_committees,
)
from outreach.directory.importing.congress.people import (
    EXECUTIVE_ROLES,
    dict_of,
    executive_seat,
    ids_of,
    key_of,
    name_of,
    person_of,
    profiles_of,
    seats_of,
    terms_of,
    ways_of_office,
    ways_of_term,
)
from outreach.directory.importing.dated import day_of
from outreach.directory.importing.opening import Upload
from outreach.directory.importing.records import Body, Problem, Record, Seat
from outreach.directory.importing.registry import Dataset, Format
from outreach.errors import BadFile
from outreach.words import Sentence

CURRENT, HISTORICAL = "legislators-current", "legislators-historical"
OFFICES, SOCIAL = "legislators-district-offices", "legislators-social-media"
COMMITTEES, MEMBERSHIP = "committees-current", "committee-membership-current"
EXECUTIVE = "executive"
_PARTS = (CURRENT, HISTORICAL, OFFICES, SOCIAL, COMMITTEES, MEMBERSHIP, EXECUTIVE)
# What a file of each part holds and no other does, for files that somebody renamed.
_MARKS = (
    (CURRENT, rb"^- id:(?s:.)*^  terms:"),
    (OFFICES, rb"^- id:(?s:.)*^  offices:"),
    (SOCIAL, rb"^- id:(?s:.)*^  social:"),
    (COMMITTEES, rb"^- type: (house|senate|joint)\n(?s:.)*^  thomas_id:"),
    (MEMBERSHIP, rb"^[A-Z]{4}\d*:\n- name:(?s:.)*^  bioguide:"),
)
_HEAD_BYTES = 65_536
_URL = "https://github.com/unitedstates/congress-legislators"


# What the file of legislators alone speaks of: no committees, no offices at home.
_SCOPE = {"kinds": ["chamber"], "purposes": ["parliament"]}


def datasets(upload: Upload) -> list[Dataset]:
    """Return one dataset for each folder of the upload that holds files of the project."""
    folders: dict[Path, dict[str, Path]] = {}
    for file in upload.files:
        if part := _part(file, alone=len(upload.files) == 1):
            folders.setdefault(file.parent, {}).setdefault(part, file)
    found = [_dataset(upload, parts) for parts in folders.values()]
    return sorted(found, key=lambda dataset: str(dataset.as_of or ""))


def _dataset(upload: Upload, parts: dict[str, Path]) -> Dataset:
    files = tuple(parts[part] for part in _PARTS if part in parts)
    alone = list(parts) == [EXECUTIVE]
    return Dataset(
        format="congress-legislators",
        files=files,
        source="us-executive" if alone else "congress-legislators",
        source_name="Presidents of the United States" if alone else "United States Congress",
        jurisdiction="US",
        as_of=day_of(upload, files[0]),
        licence="CC0-1.0",
        attribution="unitedstates/congress-legislators",
        url=_URL,
        rank=2,
        complete=CURRENT in parts or alone,
        options={} if len(parts) > 1 or alone else {"scope": _SCOPE},
    )


def _part(file: Path, *, alone: bool) -> str | None:
    """Return which part `file` is; among many only names speak, one alone may have lost its own."""
    if file.suffix.lower() not in (".yaml", ".yml"):
        return None
    for part in _PARTS:
        if file.stem == part or file.stem.startswith((f"{part} (", f"{part}-2", f"{part}_")):
            return part
    if not alone:
        return None
    with file.open("rb") as stream:
        head = stream.read(_HEAD_BYTES).replace(b"\r\n", b"\n")
    return next((part for part, mark in _MARKS if re.search(mark, head, re.MULTILINE)), None)


def read(dataset: Dataset) -> Iterator[Record]:
    """Yield Congress, its committees and its people. Raises BadFile.

    Files that only add to people (offices, social media, committee lists) can't stand alone.
    """
    alone = len(dataset.files) == 1
    parts = {part: one for one in dataset.files if (part := _part(one, alone=alone))}
    if EXECUTIVE in parts and len(parts) == 1:
        yield from _executive(parts[EXECUTIVE])
        return
    _refuse_without_people(parts)
    people = [(one, False) for one in _rows(parts.get(CURRENT))]
    people += [(one, True) for one in _rows(parts.get(HISTORICAL))]
    yield from chambers()
    yield from parties(one for one, _ in people)
    bodies = list(committees(_rows(parts.get(COMMITTEES))))
    yield from bodies
    sitting, problems = seats_in_committees(
        _mapping(parts.get(MEMBERSHIP)),
        {body.key for body in bodies if isinstance(body, Body)},
        {key_of(one) for one, _ in people},
    )
    yield from problems
    yield from _people(people, parts, sitting)
    yield from _left_out(parts, people)


def _refuse_without_people(parts: dict[str, Path]) -> None:
    if parts.keys() & {CURRENT, HISTORICAL} or parts.keys() == {COMMITTEES}:
        return
    name = next(iter(parts.values())).name if parts else "congress-legislators"
    raise BadFile(
        name,
        None,
        Sentence(
            "It only adds to people that stand in another file. Give the whole folder, with"
            " legislators-current.yaml in it."
        ),
    )


def _left_out(parts: dict[str, Path], people: list[tuple[Any, bool]]) -> Iterator[Problem]:
    """Say once what was there and was not read."""
    if EXECUTIVE in parts:
        yield Problem(
            parts[EXECUTIVE].name,
            Sentence("It lists the presidents of all times, not Congress. It was left out."),
        )
    former = sum(gone for _, gone in people)
    if former:
        yield Problem(
            parts[HISTORICAL].name,
            Sentence(
                "%(number)s people no longer sit in Congress. Their old telephones and addresses"
                " were left out.",
                number=former,
            ),
        )


def _people(
    people: list[tuple[Any, bool]], parts: dict[str, Path], sitting: dict[str, list[Seat]]
) -> Iterator[Record]:
    offices = _by_person(_rows(parts.get(OFFICES)), "offices")
    social = _by_person(_rows(parts.get(SOCIAL)), "social")
    seen: set[str] = set()
    for one, gone in people:
        key = key_of(one)
        if not key or key in seen:
            yield Problem(
                key or (parts.get(CURRENT) or parts[HISTORICAL]).name,
                Sentence("The same person stands in the files twice; the second was left out.")
                if key
                else Sentence("A person has no bioguide id."),
                name_of(one),
                stops=True,
            )
            continue
        seen.add(key)
        person = person_of(one, key)
        person.seats += [seat for term in terms_of(one) for seat in seats_of(term)]
        person.seats += sitting.get(key, [])
        if not gone:
            person.contacts += ways_of_term(terms_of(one))
            for office in dicts(offices.pop(key, None)):
                person.contacts += ways_of_office(office)
            person.contacts += profiles_of(social.pop(key, None) or {})
        yield person
    for key in sorted((offices.keys() | social.keys()) - seen):
        yield Problem(
            key, Sentence("Offices or profiles of somebody who is not among the legislators.")
        )


def _rows(file: Path | None) -> list[dict[str, Any]]:
    if file is None:
        return []
    found = parsing.read_yaml(file, file.name)
    if not isinstance(found, list):
        raise BadFile(file.name, None, Sentence("It does not hold a list of people or bodies."))
    return dicts(found)


def _mapping(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    found = parsing.read_yaml(file, file.name)
    if not isinstance(found, dict):
        raise BadFile(file.name, None, Sentence("It does not hold a list of committees."))
    return found


def _by_person(rows: Iterable[dict[str, Any]], part: str) -> dict[str, Any]:
    return {key_of(one): one.get(part) for one in rows if key_of(one)}


def _executive(file: Path) -> Iterator[Record]:
    """Yield the presidents and vice presidents; the earliest have no bioguide id."""
    rows = _rows(file)
    yield government()
    yield from parties(rows)
    counted: Counter[str] = Counter()
    for one in rows:
        ids = ids_of(dict_of(one, "id"))
        key = ids.get("bioguide") or (f"govtrack:{ids['govtrack']}" if "govtrack" in ids else "")
        counted[key] += 1
        if not key or counted[key] > 1:
            yield Problem(file.name, Sentence("A person has no id."), name_of(one), stops=True)
            continue
        person = person_of(one, key)
        terms = [term for term in terms_of(one) if term.get("type") in EXECUTIVE_ROLES]
        person.seats = [executive_seat(term) for term in terms]
        yield person


FORMAT = Format("congress-legislators", "US Congress (YAML)", datasets, read)
