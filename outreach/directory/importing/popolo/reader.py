"""Reads Popolo JSON: EveryPolitician's files, People's Assembly, PopIt pages, parlparse.

https://www.popoloproject.com/specs/ · https://docs.everypolitician.org/data_structure.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from outreach.directory.importing import parsing
from outreach.directory.importing.opening import Upload
from outreach.directory.importing.popolo.bodies import Frame
from outreach.directory.importing.popolo.people import person_of
from outreach.directory.importing.popolo.shapes import (
    Document,
    Item,
    gathered,
    identity,
    reference,
    said,
)
from outreach.directory.importing.popolo.sources import NAME, dataset_of
from outreach.directory.importing.records import Problem, Record
from outreach.directory.importing.registry import Dataset, Format
from outreach.errors import BadFile
from outreach.words import Sentence

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
    if several := [file for file in whole if file.name.startswith("ep-popolo")]:
        # What stands beside them in EveryPolitician's folders is what they were made from.
        whole, parts = several, {}
    found = [dataset_of(upload, (file,), pages=False) for file in whole]
    return found + [dataset_of(upload, tuple(files), pages=True) for files in parts.values()]


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
