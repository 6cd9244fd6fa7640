"""Reads the YAML files of github.com/openstates/people (CC0): one file for each person.

`data/<state>/{legislature,executive,municipalities,retired,committees}/*.yml`, a folder or a zip
of all states or of one. Each state is a list of its own: one state's file ends nobody elsewhere.
What the fields mean: schema.md and the linter of that project.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from outreach.directory.importing import parsing
from outreach.directory.importing.dated import day_of
from outreach.directory.importing.opening import Upload
from outreach.directory.importing.openstates.bodies import Bodies, code_of, state_name
from outreach.directory.importing.openstates.people import (
    Remarks,
    committee,
    person,
    seats_in_committee,
)
from outreach.directory.importing.records import PersonRecord, Problem, Record, Seat
from outreach.directory.importing.registry import Dataset, Format
from outreach.errors import BadFile
from outreach.words import Sentence

# `people` and `organizations` are what the folders were called before 2020.
_PEOPLE = frozenset({"legislature", "people", "executive", "municipalities", "retired"})
_COMMITTEES = frozenset({"committees", "organizations"})
_HEAD_BYTES = 16_384
_OURS = re.compile(rb"^id:\s*['\"]?ocd-(person|organization)/", re.MULTILINE)
_IN = re.compile(rb"ocd-jurisdiction/country:us[^\s'\"]*")


def datasets(upload: Upload) -> list[Dataset]:
    """Return one dataset for each state in the upload, in order of state.

    Folders tell state and kind; a file without such a folder is asked itself.
    """
    states: dict[str, list[Path]] = {}
    strangers = 0
    for folder, files in _by_folder(upload).items():
        state = _state(upload, folder, files)
        if state:
            states.setdefault(state, []).extend(files)
        elif not states:
            strangers += 1
            # A folder of thousands that are not ours is not asked one by one.
            if strangers > 20:
                return []
    return [_dataset(upload, state, files) for state, files in sorted(states.items())]


def _by_folder(upload: Upload) -> dict[Path, list[Path]]:
    folders: dict[Path, list[Path]] = {}
    for file in upload.files:
        if file.suffix.lower() in (".yml", ".yaml"):
            folders.setdefault(file.parent, []).append(file)
    return folders


def _state(upload: Upload, folder: Path, files: list[Path]) -> str:
    """Return "ca" for a folder of files of California, "" when they are not OpenStates'."""
    with files[0].open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not _OURS.search(head):
        return ""
    if folder.name in _PEOPLE | _COMMITTEES:
        above = folder.parent if folder.parent != upload.root else upload.given.resolve()
        if re.fullmatch(r"[a-z]{2}", above.name.lower()):
            return above.name.lower()
    found = _IN.search(head)
    code = code_of(found[0].decode()) if found else ""
    return code.removeprefix("US-").lower()


def _dataset(upload: Upload, state: str, files: list[Path]) -> Dataset:
    kinds = {file.parent.name for file in files}
    code = "US" if state == "us" else f"US-{state.upper()}"
    return Dataset(
        format="openstates",
        files=tuple(files),
        source=f"openstates-{state}",
        source_name=f"OpenStates: {state_name(code)}",
        jurisdiction=code,
        as_of=day_of(upload, files[0]),
        licence="CC0-1.0",
        attribution="Open States",
        url="https://github.com/openstates/people",
        rank=2,
        # A single file, or committees only, says nothing of who is missing.
        complete=bool(kinds & {"legislature", "people"}) and len(files) > 1,
    )


def read(dataset: Dataset) -> Iterator[Record]:
    """Yield the bodies, people and committees of one state.

    A file that can't be read is one problem; the rest is read.
    """
    bodies, remarks = Bodies(), Remarks()
    people = [file for file in dataset.files if file.parent.name not in _COMMITTEES]
    committees = [file for file in dataset.files if file.parent.name in _COMMITTEES]
    sitting: dict[str, list[Seat]] = {}
    yield from _committees(committees, bodies, sitting, remarks)
    as_of = dataset.as_of.isoformat() if dataset.as_of else ""
    seen: set[str] = set()
    for file in people:
        row = _row(file)
        if isinstance(row, Problem):
            yield row
            continue
        retired = file.parent.name == "retired"
        found = person(row, bodies, remarks, retired=retired, as_of=as_of, place=file.name)
        if isinstance(found, PersonRecord) and found.key in seen:
            found = Problem(file.name, _TWICE, found.name, stops=True)
        if isinstance(found, PersonRecord):
            seen.add(found.key)
            yield from bodies.new()
            found.seats += sitting.pop(found.key, [])
        yield from remarks.new()
        yield found
    yield from remarks.counted(dataset.source_name)
    yield from _unknown(sitting)


_TWICE = Sentence("The same person stands in the files twice; the second was left out.")


def _committees(
    files: Iterable[Path], bodies: Bodies, sitting: dict[str, list[Seat]], remarks: Remarks
) -> Iterator[Record]:
    """Yield committees, each after the committee above it, and note who sits in them."""
    rows: list[tuple[str, dict[str, Any]]] = []
    for file in files:
        row = _row(file)
        if isinstance(row, Problem):
            yield row
        else:
            rows.append((file.name, row))
    known = {str(row.get("id")) for _, row in rows}
    rows.sort(key=lambda one: str(one[1].get("parent")) in known)
    for place, row in rows:
        found = committee(row, bodies, known, place)
        yield from bodies.new()
        yield found
        if isinstance(found, Problem):
            continue
        for key, seat in seats_in_committee(row, found.key, remarks):
            seats = sitting.setdefault(key, [])
            # The scraped lists name some people two or three times.
            if seat not in seats:
                seats.append(seat)


def _row(file: Path) -> dict[str, Any] | Problem:
    try:
        row = parsing.read_yaml(file, file.name)
    except BadFile as error:
        place = f"{file.name}, line {error.line}" if error.line else file.name
        return Problem(place, error.problem, stops=True)
    if isinstance(row, dict):
        return row
    return Problem(file.name, Sentence("It does not hold a person or a committee."), stops=True)


def _unknown(sitting: dict[str, list[Seat]]) -> Iterator[Problem]:
    for key in sorted(sitting):
        yield Problem(key, Sentence("A member of a committee has no file among the people."))


FORMAT = Format("openstates", "OpenStates (YAML)", datasets, read)
