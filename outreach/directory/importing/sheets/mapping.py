"""Which column of a table means what: said by a saved mapping, by one we ship, or guessed.

A mapping is plain JSON, kept with its source and applied again only to the same headers.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from outreach import datafile
from outreach.directory.importing.sheets.headers import ABOUT_A_PERSON, folded, is_field
from outreach.directory.models import OrganizationKind, TargetRole
from outreach.errors import BadInput
from outreach.words import Sentence

FOLDER = Path(__file__).parent / "mappings"
# What a cell may hold for "we don't know"; `NA` is Namibia and the European Parliament's group.
UNKNOWN = (
    "?",
    "??",
    "???",
    "-",
    "--",
    "–",
    "—",
    "n/a",
    "N/A",
    "null",
    "NULL",
    "(null)",
    "NaN",
    "\\N",
)


def _field(value: str) -> str:
    if not is_field(value):
        raise ValueError("there is no such field")
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"this is no pattern: {error}") from error
    return value


FieldName = Annotated[str, AfterValidator(_field)]
Pattern = Annotated[str, AfterValidator(_pattern)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Constants(_Strict):
    """What is true of every row of a list."""

    # ISO 3166 code or EU.
    jurisdiction: str = ""
    body: str = ""
    body_kind: OrganizationKind | None = None
    role: TargetRole | None = None
    # ISO 3166 code whose way of writing telephone numbers is meant; default the jurisdiction.
    region: str = ""
    # BCP 47 tag of the language that names of bodies are in.
    locale: str = ""
    # The register that the column `id` is from: `mep`.
    id_scheme: str = ""
    # Purpose of the ways to reach somebody that say none.
    purpose: str = "office"
    # Addresses at these domains are the parliament's, all others are not.
    official_domains: tuple[str, ...] = ()


class Flags(_Strict):
    """Columns that are named after committees and hold one letter for the part in each."""

    # Headers that are such columns, as a pattern for the whole header.
    headers: Pattern
    # {"M": "Member", "C": "Chair"}
    values: dict[str, str]
    # {"AFET": "Foreign Affairs"}; the header itself where nothing is said.
    names: dict[str, str] = Field(default_factory=dict)


class Mapping(_Strict):
    """Header to field. Headers that stand nowhere are kept as extras of the person."""

    # Of one we ship: its file's name; else "".
    name: str = ""
    source: str = ""
    source_name: str = ""
    url: str = ""
    licence: str = ""
    attribution: str = ""
    rank: int = 4
    # False for lists that are a part by their nature: nobody who is missing is ended.
    complete: bool = True
    # A saved mapping: all headers. The set must be the same.
    headers: tuple[str, ...] = ()
    # One we ship: headers that must be there; others may.
    required: tuple[str, ...] = ()
    # One we ship: what the file must be called, where headers alone say too little.
    file: Pattern = ""
    # Lines of one id are one person even under different names.
    same_id_same_person: bool = False
    columns: dict[str, FieldName] = Field(default_factory=dict)
    constants: Constants = Constants()
    flags: Flags | None = None
    # {field: {what a cell says: what it means}}, for parties and groups.
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    # Cells that mean "unknown", besides the empty one.
    unknown: tuple[str, ...] = UNKNOWN

    def field_of(self, header: str) -> str:
        """Return the field of `header`, however it is spelt; "" when it has none."""
        return self._folded().get(folded(header), "")

    def _folded(self) -> dict[str, str]:
        return {folded(header): field for header, field in self.columns.items()}

    @property
    def about_people(self) -> bool:
        """Tell a list of people from a list of institutions, which has no names of people."""
        named = {"name", "name_family_given", "given", "family"}
        return any(field.partition(":")[0] in named for field in self.columns.values())


def matches(mapping: Mapping, headers: Iterable[str], file_name: str = "") -> bool:
    """Tell whether `mapping` was made for a table with these headers, whatever their order."""
    there = _signature(headers)
    if mapping.headers:
        return there == _signature(mapping.headers)
    if mapping.file and not re.fullmatch(mapping.file, file_name):
        return False
    wanted = {folded(header) for header in mapping.required}
    return bool(wanted) and wanted <= there


def _signature(headers: Iterable[str]) -> set[str]:
    """Return headers as they are compared; a column without one, "(7)", says nothing."""
    return {folded(one) for one in headers if not re.fullmatch(r"\(\d+\)", one)}


def from_json(value: dict[str, Any]) -> Mapping:
    """Return the mapping that was saved as `value`. Raises BadInput when it is none."""
    try:
        return Mapping.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInput(
            Sentence(
                "The mapping can't be used: %(place)s: %(why)s.", place=place, why=first["msg"]
            ),
            "mapping",
        ) from error


def as_json(mapping: Mapping) -> dict[str, Any]:
    """Return `mapping` as plain JSON without what is as usual."""
    return mapping.model_dump(mode="json", exclude_defaults=True)


@functools.cache
def shipped() -> tuple[Mapping, ...]:
    """Return the mappings that come with the product, the most particular first."""
    found = [
        datafile.read(path, Mapping, name=path.name).model_copy(update={"name": path.stem})
        for path in sorted(FOLDER.glob("*.yaml"))
    ]
    return tuple(sorted(found, key=lambda one: len(one.required), reverse=True))


def shipped_for(headers: Iterable[str], file_name: str) -> Mapping | None:
    """Return the shipped mapping for a table with these headers, or None."""
    headers = tuple(headers)
    return next((one for one in shipped() if matches(one, headers, file_name)), None)


def is_about_a_person(field: str) -> bool:
    """Tell whether `field` says something about a person that an institution has not."""
    return field.partition(":")[0] in ABOUT_A_PERSON
