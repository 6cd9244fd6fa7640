"""What every reader makes of its format: people, the bodies they sit in, and what is wrong.

A reader yields `Body`, `PersonRecord` and `Problem`, each body before the people who sit in it.
Nothing here knows the database. Days are ISO 8601 with reduced precision: "2012", "2012-05",
"2012-05-31" or "".
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, fields
from typing import Any

from outreach.directory.models import ContactKind, OrganizationKind, TargetRole
from outreach.words import Sentence

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(slots=True)
class Contact:
    """One way to reach somebody, as the source gives it, already tidied (`cleaning`)."""

    kind: ContactKind
    value: str
    # parliament, constituency, office, role, campaign, personal or press.
    purpose: str = "office"
    label: str = ""
    language: str = ""
    # Details of one door share a bundle: the source's id of the office.
    bundle: str = ""


@dataclass(slots=True)
class Seat:
    """A membership: where, as what, for whom, from when to when."""

    # The key of a `Body` of the same dataset.
    organization: str
    role: TargetRole
    # The part in the source's words, "Chairman".
    label: str = ""
    area: str = ""
    # The key of the party or group `Body`, or "".
    on_behalf_of: str = ""
    start: str = ""
    end: str = ""
    # "period" when the day is that of the whole term; else it follows from the length of the day.
    start_precision: str = ""
    end_precision: str = ""
    end_reason: str = ""
    # The source's own id of the membership; "" when it has none.
    key: str = ""
    # A post that outlives its holder ("Minister of Health"); it owns `contacts`.
    post: str = ""
    contacts: list[Contact] = field(default_factory=list)


@dataclass(slots=True)
class Body:
    """An organization. `key` is the source's id, unique inside the dataset."""

    key: str
    # ISO 3166 code, EU, or "" when the reader can't know: then the run's own is taken.
    jurisdiction: str
    kind: OrganizationKind
    name: str
    names: dict[str, str] = field(default_factory=dict)
    # The key of the parent body, yielded before this one, or "".
    parent: str = ""
    # {scheme: value}
    identifiers: dict[str, str] = field(default_factory=dict)
    contacts: list[Contact] = field(default_factory=list)
    place: str = ""


@dataclass(slots=True)
class PersonRecord:
    """A person. `key` is the source's id, unique inside the dataset and the same next year."""

    key: str
    name: str
    given_name: str = ""
    family_name: str = ""
    # Earned titles: "Dr.".
    title_prefix: str = ""
    honorific: str = ""
    postnominal: str = ""
    sort_name: str = ""
    # {BCP 47 tag: display name}
    names: dict[str, str] = field(default_factory=dict)
    # [{"name", "form": former|address|other, "language", "start", "end"}]
    other_names: list[dict[str, str]] = field(default_factory=list)
    # "m", "f", or "" when the source does not say; never guessed from a name.
    gender: str = ""
    birth_date: str = ""
    death_date: str = ""
    reading_language: str = ""
    # {scheme: value}, e.g. {"wikidata": "Q42"}.
    identifiers: dict[str, str] = field(default_factory=dict)
    contacts: list[Contact] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    # Columns we have no place for.
    extras: dict[str, str] = field(default_factory=dict)
    # Where it stands in the file, for messages: "meps.csv, line 12", "A000055".
    place: str = ""


@dataclass(slots=True)
class Problem:
    """Something that could not be used. `stops` when the whole record is left out."""

    place: str
    words: Sentence
    name: str = ""
    stops: bool = False


Record = Body | PersonRecord | Problem


def as_json(record: PersonRecord | Body) -> dict[str, Any]:
    """Return `record` as plain JSON without its empty fields and its place."""
    return {
        one.name: _plain(value)
        for one in fields(record)
        if one.name != "place" and (value := getattr(record, one.name))
    }


def person_from_json(value: dict[str, Any]) -> PersonRecord:
    """Return the person that `as_json` wrote."""
    rest = {name: part for name, part in value.items() if name not in ("contacts", "seats")}
    return PersonRecord(
        **rest,
        contacts=[_contact(part) for part in value.get("contacts", ())],
        seats=[_seat(part) for part in value.get("seats", ())],
    )


def body_from_json(value: dict[str, Any]) -> Body:
    """Return the body that `as_json` wrote."""
    rest = {name: part for name, part in value.items() if name not in ("contacts", "kind")}
    rest.setdefault("jurisdiction", "")
    return Body(
        **rest,
        kind=OrganizationKind(value["kind"]),
        contacts=[_contact(part) for part in value.get("contacts", ())],
    )


def digest(value: dict[str, Any]) -> str:
    """Return 40 hex digits that are the same for the same JSON, whatever its order of keys.

    Raises ValueError for what no database keeps: half letters and NUL (see `storable`).
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if "\\u0000" in text and storable(value) != value:
        raise ValueError("a NUL")
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()


def storable(value: Any) -> Any:
    """Return JSON without the letters that no database keeps."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value)
    if isinstance(value, list):
        return [storable(part) for part in value]
    if isinstance(value, dict):
        return {storable(name): storable(part) for name, part in value.items()}
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, list) and value and isinstance(value[0], Contact | Seat):
        return [as_plain(part) for part in value]
    return value


def as_plain(part: Contact | Seat) -> dict[str, Any]:
    """Return a contact or a seat as plain JSON without its empty fields."""
    return {one.name: _plain(value) for one in fields(part) if (value := getattr(part, one.name))}


def _contact(part: dict[str, Any]) -> Contact:
    return Contact(**{**part, "kind": ContactKind(part["kind"])})


def _seat(part: dict[str, Any]) -> Seat:
    return Seat(
        **{
            **part,
            "role": TargetRole(part["role"]),
            "contacts": [_contact(one) for one in part.get("contacts", ())],
        }
    )
