"""The forms of address of one language, as `contacts/salutations/<language>.yaml` has them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from outreach import datafile
from outreach.config import shipped
from outreach.directory.models import Confidence, FormOfAddress, TargetRole
from outreach.errors import Refused
from outreach.words import Sentence

_FALLBACK = {"en": "en-GB"}
# Roles whose lines name no country's institution.
_EVERYWHERE = frozenset(
    {TargetRole.MEP, TargetRole.COMMISSIONER, TargetRole.AMBASSADOR, TargetRole.MINISTRY}
)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Lines(_Strict):
    """One line for all, or three: to a man, to a woman, to somebody we don't know."""

    all: str | None = None
    m: str | None = None
    f: str | None = None
    x: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Lines:
        if (self.all is None) == (None in (self.m, self.f, self.x)):
            raise ValueError("write either “all” or all three of “m”, “f” and “x”")
        return self

    def line(self, form: FormOfAddress) -> str:
        """Return the line for `form`."""
        return self.all or {"m": self.m, "f": self.f, "x": self.x}[form.value] or ""


class Override(_Strict):
    """Lines that stand instead of the usual ones."""

    opening: Lines | None = None
    closing: Lines | None = None
    envelope: Lines | None = None
    confidence: Confidence | None = None


class Form(_Strict):
    """The form of address of one role."""

    opening: Lines
    closing: Lines
    envelope: Lines
    overrides: dict[str, Override] = Field(default_factory=dict)
    foreign: Override | None = None
    discouraged: bool = False
    # False: there is no such office at home; the lines are for people abroad.
    applicable: bool = True
    alternatives: list[str] = Field(default_factory=list)
    note: str = ""
    sources: list[str] = Field(default_factory=list)
    basis: str = ""
    confidence: Confidence

    @property
    def digest(self) -> str:
        """SHA-256 of every line, as hexadecimal digits: another line, another digest."""
        lines = self.model_dump(include={"opening", "closing", "envelope", "overrides", "foreign"})
        told = json.dumps(lines, sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()


class Block(_Strict):
    """The forms of address of one language."""

    language: str
    name: str
    # The countries the lines were written for; `foreign` lines are for everybody else.
    home: list[str]
    # Whether the lines can be used for people outside `home`.
    abroad: bool = True
    # Whether the text goes on in lower case after an opening that ends in a comma.
    lowercase_first: bool
    # How the language says “you” to an office.
    you: str
    # Whether a native speaker must or only should read the lines before their first use.
    native_review: Literal["needed", "advised"]
    read_by_native_speaker: str | None
    traps: list[str]
    roles: dict[TargetRole, Form]

    def form(self, role: TargetRole, code: str) -> Form:
        """Return the form of address of `role` in the jurisdiction `code`.

        Raises Refused when the language has none for that office there.
        """
        form, at_home = self.roles.get(role), code in self.home
        if form is None or (at_home and not form.applicable):
            raise Refused(
                Sentence(
                    "There is no form of address for this office in “%(name)s”.", name=self.name
                )
            )
        if not (at_home or self.abroad or role in _EVERYWHERE) and form.applicable:
            raise Refused(
                Sentence(
                    "The forms of address in “%(name)s” are for offices at home only. "
                    "Write this letter in another language.",
                    name=self.name,
                )
            )
        return form


@cache
def blocks(folder: Path | None = None) -> Mapping[str, Block]:
    """Return {language: block} of every file in `folder` (default: those that ship).

    Read once for the life of the process. Raises BadFile.
    """
    folder = folder or shipped("contacts") / "salutations"
    found = (
        datafile.read(path, Block, name=f"salutations/{path.name}")
        for path in sorted(folder.glob("*.yaml"))
    )
    return {block.language: block for block in found}


def block_for(language: str, code: str, folder: Path | None = None) -> Block:
    """Return the block a letter in `language` (BCP 47) to the jurisdiction `code` is from.

    Raises Refused for a language without forms of address.
    """
    known, base = blocks(folder), language.split("-")[0].lower()
    own = [b for name, b in known.items() if name.split("-")[0] == base and code in b.home]
    block = own[0] if own else known.get(_FALLBACK.get(base, base))
    if block is None:
        raise Refused(
            Sentence(
                "We have no forms of address in the language “%(language)s”.", language=language
            )
        )
    return block
