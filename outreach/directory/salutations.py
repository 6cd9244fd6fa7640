"""How a letter addresses somebody, and what stands on the envelope.

The rules, from the guides named in `contacts/salutations`: the sex of a person is never guessed,
the office comes before the name, opening and closing belong together, and a line with a gap is
never used: it falls back to the line for somebody whose form of address we don't know.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from outreach import datafile
from outreach.config import shipped
from outreach.directory.models import (
    Confidence,
    FormOfAddress,
    Organization,
    Person,
    Target,
    TargetRole,
)
from outreach.errors import Refused
from outreach.words import Sentence

# Gaps that may stay empty; every other gap must be filled.
OPTIONAL = frozenset({"honorific", "title_prefix", "postnominal", "postnominal_comma"})
# Keys of `Person.names` and `Post.labels` for what a form of address needs beside the name.
PEERAGE, FORMAL_TITLE, SPOKEN_OFFICE = "en-GB-x-title", "en-GB-x-formal", "en-x-address"
LATIN, LATIN_FAMILY = "und-Latn", "und-Latn-x-family"
_GAP = re.compile(r"\{(\w+)(?:\|([^}]*))?\}")
_FALLBACK = {"en": "en-GB"}
_WITH_ARTICLE = frozenset({"EU", "GB", "NL", "US"})


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
    applicable: bool = True
    alternatives: list[str] = Field(default_factory=list)
    note: str = ""
    sources: list[str] = Field(default_factory=list)
    basis: str = ""
    confidence: Confidence


class Block(_Strict):
    """The forms of address of one language, as `contacts/salutations/<language>.yaml` has them."""

    language: str
    name: str
    # The countries the lines were written for; `foreign` lines are for everybody else.
    home: list[str]
    lowercase_first: bool
    # Countries where a capital follows the opening all the same.
    capital_after_opening: list[str] = Field(default_factory=list)
    read_by_native_speaker: str | None
    traps: list[str]
    roles: dict[TargetRole, Form]


@dataclass(frozen=True, slots=True)
class Salutation:
    """What a letter opens and closes with, and the lines of the address block."""

    opening: str
    closing: str
    envelope: str
    # The block it is from, `en-GB`.
    language: str
    # Which line was used: to a man, to a woman, or to somebody we don't know.
    form: FormOfAddress
    basis: str
    confidence: Confidence
    # Whether the text goes on in lower case after the opening.
    lowercase_first: bool = False
    # A head of state who decides nothing: off by default.
    discouraged: bool = False
    read_by_native_speaker: str | None = None
    note: str = ""


def salutation_of(target: Target, language: str) -> Salutation:
    """Return how a letter in `language` addresses `target`, loaded with `queries.with_list()`.

    Raises Refused as `salutation_for` does.
    """
    held = target.membership
    post = held.post if held else None
    label = (post.labels.get(language) or post.label) if post else ""
    return salutation_for(
        language=language,
        role=target.role,
        person=held.person if held else None,
        organization=target.body,
        jurisdiction_code=target.jurisdiction_code,
        post_label=label,
        office_address=post.labels.get(SPOKEN_OFFICE, "") if post else "",
        country=target.jurisdiction.name,
        group=target.group.name if target.group else "",
    )


def salutation_for(
    *,
    language: str,
    role: TargetRole,
    person: Person | None,
    organization: Organization,
    jurisdiction_code: str,
    post_label: str = "",
    office_address: str = "",
    country: str = "",
    group: str = "",
    folder: Path | None = None,
) -> Salutation:
    """Return how a letter in `language` (BCP 47) addresses `person`, or the organization itself.

    `post_label` is the post's full name, `office_address` the one used in speech. Raises Refused
    for a language without forms, an office that doesn't exist there, or a gap in every line.
    """
    block = _block(blocks(folder), language, jurisdiction_code)
    form = _form(block, role if person else TargetRole.MINISTRY, jurisdiction_code)
    values = _values(
        person, organization, block.language, jurisdiction_code, post_label, office_address, country
    ) | {"group": group}
    wanted = person.form_of_address if person else FormOfAddress.X
    chosen = _chosen(form, block, jurisdiction_code)
    used, opening, closing = _greeting(chosen, wanted, values, person or organization)
    known = person.form_of_address_basis if person and used is not FormOfAddress.X else ""
    return Salutation(
        opening=opening,
        closing=closing,
        envelope=_envelope(chosen.envelope or form.envelope, wanted, values),
        language=block.language,
        form=used,
        basis=known or form.basis or ", ".join(form.sources),
        confidence=chosen.confidence or form.confidence,
        lowercase_first=_goes_on_small(block, jurisdiction_code),
        discouraged=form.discouraged,
        read_by_native_speaker=block.read_by_native_speaker,
        note=form.note,
    )


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


def _block(known: Mapping[str, Block], language: str, code: str) -> Block:
    own = [b for name, b in known.items() if name.split("-")[0] == language and code in b.home]
    block = own[0] if own else known.get(_FALLBACK.get(language, language))
    if block is None:
        raise Refused(
            Sentence(
                "We have no forms of address in the language “%(language)s”.", language=language
            )
        )
    return block


def _form(block: Block, role: TargetRole, code: str) -> Form:
    form = block.roles.get(role)
    if form is None or (not form.applicable and code in block.home):
        raise Refused(
            Sentence("There is no form of address for this office in “%(name)s”.", name=block.name)
        )
    return form


def _goes_on_small(block: Block, code: str) -> bool:
    return block.lowercase_first and code not in block.capital_after_opening


def _chosen(form: Form, block: Block, code: str) -> Override:
    """Merge the country's lines, the lines for abroad and the usual ones, in this order."""
    abroad = form.foreign if code not in block.home else None
    layers = [layer for layer in (form.overrides.get(code), abroad) if layer]

    def first(name: str) -> Lines:
        lines: Lines = next(
            (value for layer in layers if (value := getattr(layer, name))), getattr(form, name)
        )
        return lines

    return Override(
        opening=first("opening"),
        closing=first("closing"),
        envelope=first("envelope"),
        confidence=next((layer.confidence for layer in layers if layer.confidence), None),
    )


def _greeting(
    lines: Override, wanted: FormOfAddress, values: Mapping[str, str], whom: Person | Organization
) -> tuple[FormOfAddress, str, str]:
    """Return the first form whose opening and closing have no gap: never one of each."""
    for form in dict.fromkeys((wanted, FormOfAddress.X)):
        opening = _filled(lines.opening.line(form), values) if lines.opening else None
        closing = _filled(lines.closing.line(form), values) if lines.closing else None
        if opening and closing:
            return form, opening, closing
    raise Refused(
        Sentence(
            "We don't know how to address %(name)s: the name or title that the opening needs is "
            "missing in the directory.",
            name=whom.name,
        )
    )


def _envelope(lines: Lines, wanted: FormOfAddress, values: Mapping[str, str]) -> str:
    for form in dict.fromkeys((wanted, FormOfAddress.X)):
        block = _filled(lines.line(form), values)
        if block:
            return block
    # What can always be said: who, and where.
    rest = (values["full_name"], values["office"], values["chamber"])
    return "\n".join(dict.fromkeys(line for line in rest if line))


def _filled(line: str, values: Mapping[str, str]) -> str | None:
    """Return `line` with its gaps filled, or None when one of them stays empty."""

    def missing() -> Iterator[str]:
        for name, instead in _GAP.findall(line):
            if not (values.get(name) or instead or name in OPTIONAL):
                yield name

    if any(missing()):
        return None
    text = _GAP.sub(lambda gap: values.get(gap[1]) or gap[2] or "", line)
    tidy = (re.sub(r" {2,}", " ", part).strip() for part in text.split("\n"))
    return "\n".join(part for part in tidy if part)


def _values(
    person: Person | None,
    organization: Organization,
    language: str,
    code: str,
    post_label: str,
    office_address: str,
    country: str,
) -> dict[str, str]:
    language = language.split("-")[0]
    body = _name_in(organization, language)
    values = {
        "chamber": body,
        "ministry": body,
        "committee": body,
        "office": post_label or body,
        "office_address": office_address if language == "en" else "",
        "chamber_gen": _of(body) if language == "en" else "",
        "country": f"the {country}" if code in _WITH_ARTICLE else country,
        "full_name": "",
    }
    if person:
        full, last = _written(person, language)
        values |= {
            "full_name": full,
            "last_name": last,
            "given_name": person.given_name,
            "title_prefix": person.title_prefix and f"{person.title_prefix} ",
            "honorific": person.honorific and f"{person.honorific} ",
            "postnominal": person.postnominal,
            "postnominal_comma": person.postnominal and f", {person.postnominal}",
            "title_name": person.names.get(PEERAGE, ""),
            "formal_title": person.names.get(FORMAL_TITLE, ""),
        }
    # A name may never bring a line of its own.
    return {
        name: re.sub(r"[\s\x00-\x1f]+", " ", value) if value.strip() else ""
        for name, value in values.items()
    }


def _name_in(organization: Organization, language: str) -> str:
    """The body's name in `language`, else in its own, else the one we list it by."""
    names = organization.names
    own = next((name for code, name in names.items() if code != "en"), "")
    return (
        names.get(language)
        or (organization.name if language == "en" else own)
        or (organization.name)
    )


def _written(person: Person, language: str) -> tuple[str, str]:
    """Full and family name as a letter in a Latin-script language writes them.

    A name of another script is written as the person's own Latin page has it, where we know it; the
    family name inside it is not guessed.
    """
    latin = person.names.get(language) or person.names.get(LATIN, "")
    if not latin or _is_latin(person.name):
        return person.name, person.family_name
    return latin, person.names.get(LATIN_FAMILY, "")


def _is_latin(text: str) -> bool:
    return all("LATIN" in unicodedata.name(c, "") for c in text if c.isalpha())


def _of(name: str) -> str:
    return f"of the {name.removeprefix('The ').removeprefix('the ')}"
