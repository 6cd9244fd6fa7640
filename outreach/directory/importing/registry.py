"""The formats we read, in one table; a file is recognised by asking each of them.

A new format is one file with a `FORMAT` and one line here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outreach.directory.importing.opening import Upload
from outreach.directory.importing.records import Record


@dataclass(frozen=True, slots=True)
class Dataset:
    """One list of one source inside an upload: what becomes one import run."""

    format: str
    # What the reader opens, first the main file.
    files: tuple[Path, ...]
    # The same for the same list next year: `congress-legislators`, `everypolitician-ee-riigikogu`.
    source: str
    source_name: str
    # ISO 3166 code, EU, or "" when nothing tells.
    jurisdiction: str = ""
    # The day the list speaks of, when file or folder say so.
    as_of: dt.date | None = None
    licence: str = ""
    attribution: str = ""
    url: str = ""
    # Official 1, community 2, Wikidata 3, spreadsheet 4.
    rank: int = 4
    # What the reader needs besides the files, as JSON: {"mapping": {...}, "region": "DE"}. `scope`
    # ({"kinds": [...], "purposes": [...]}) says which bodies' seats and which ways the list is
    # about: what it leaves out of others is not gone.
    options: dict[str, Any] = field(default_factory=dict)
    # A person must look at the columns first: nothing we know matches them.
    unsure: bool = False
    # False when the list is only a part by its nature (an address book): nobody missing is ended.
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Format:
    """How one format is recognised and read.

    `datasets(upload)` returns what it finds in the upload, or nothing when it is not this format;
    it looks at names and the first bytes and is quick. `read(dataset)` yields the records; it
    raises BadFile (file, line) when the whole file can't be used.
    """

    name: str
    label: str
    datasets: Callable[[Upload], list[Dataset]]
    read: Callable[[Dataset], Iterator[Record]]
