"""How a letter addresses somebody, and what stands on the envelope.

The rules, from the guides named in `contacts/salutations`: the sex of a person is never guessed,
the office comes before the name, opening and closing belong together, and a line with a gap is
never used: it falls back to the line for somebody whose form of address we don't know. Of an
address the lines without a gap stay if the name stands among them, and the body follows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from babel.core import get_global

from outreach.directory.models import (
    Confidence,
    FormOfAddress,
    Organization,
    Person,
    Target,
    TargetRole,
)
from outreach.directory.salutation_blocks import Block, Form, Lines, Override, block_for
from outreach.errors import Refused
from outreach.words import Sentence

# Gaps that may stay empty; every other gap must be filled.
OPTIONAL = frozenset({"honorific", "title_prefix", "postnominal", "postnominal_comma"})
# Keys of `Person.names` and `Post.labels` for what a form of address needs beside the name.
PEERAGE, FORMAL_TITLE, SPOKEN_OFFICE = "en-GB-x-title", "en-GB-x-formal", "en-x-address"
LATIN, LATIN_FAMILY = "und-Latn", "und-Latn-x-family"
# What only somebody who knows the language can type: {gap: end of the key "<language>-x-…"} of a
# person's names, of a post's labels and of a body's names. Nothing here is ever made from another.
OF_PERSON = {
    "full_name_gen": "gen",
    "full_name_dat": "dat",
    "full_name_voc": "voc",
    "last_name_gen": "family-gen",
    "last_name_dat": "family-dat",
    "last_name_voc": "family-voc",
}
OF_POST = {
    "office_address": "address",
    "office_gen": "gen",
    "office_dat": "dat",
    "office_voc": "voc",
    "portfolio": "portfolio",
    "portfolio_gen": "portfolio-gen",
    "country": "country",
    "country_gen": "country-gen",
    "de_country": "country-de",
}
OF_BODY = {
    "chamber_gen": "gen",
    "chamber_dat": "dat",
    "committee_gen": "gen",
    "committee_dat": "dat",
    "ministry_gen": "gen",
    "ministry_dat": "dat",
}
# How somebody wants to be greeted, in the words they or a native speaker gave us.
OWN_OPENING, OWN_CLOSING = "opening", "closing"
_GAP = re.compile(r"\{(\w+)(?:\|([^}]*))?\}")
_WITH_ARTICLE = frozenset({"EU", "GB", "NL", "US"})


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
    return salutation_for(
        language=language,
        role=target.role,
        person=held.person if held else None,
        organization=target.body,
        jurisdiction_code=target.jurisdiction_code,
        post_label=(post.labels.get(language) or post.label) if post else "",
        labels=post.labels if post else {},
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
    labels: Mapping[str, str] | None = None,
    country: str = "",
    group: str = "",
    block: Block | None = None,
) -> Salutation:
    """Return how a letter in `language` (BCP 47) addresses `person`, or the organization itself.

    `labels` is what else is known of the post (`en-x-address`, `pl-x-voc`), `country` the English
    name, `block` the lines to use (default: the language's own for that country). Raises Refused
    for a language without forms, an office that isn't there, or a gap in every line.
    """
    block = block or block_for(language, jurisdiction_code)
    form = block.form(role if person else TargetRole.MINISTRY, jurisdiction_code)
    told = (jurisdiction_code, post_label, labels or {}, country)
    values = _values(person, organization, block.language, *told) | {"group": group}
    wanted = person.form_of_address if person else FormOfAddress.X
    chosen = _chosen(form, block, jurisdiction_code)
    used, opening, closing = _greeting(chosen, wanted, values, person or organization)
    return Salutation(
        opening=opening,
        closing=closing,
        envelope=_envelope(chosen.envelope or form.envelope, wanted, values),
        language=block.language,
        form=used,
        basis=_basis(person, used) or form.basis or ", ".join(form.sources),
        confidence=chosen.confidence or form.confidence,
        # Where no comma stands after the opening (Switzerland), a sentence begins.
        lowercase_first=block.lowercase_first and opening.endswith(","),
        discouraged=form.discouraged,
        read_by_native_speaker=block.read_by_native_speaker,
        note=form.note,
    )


def _basis(person: Person | None, used: FormOfAddress) -> str:
    return person.form_of_address_basis if person and used is not FormOfAddress.X else ""


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
    """Return the first form whose opening and closing have no gap: never one of each.

    What the person wants to be greeted with comes first.
    """
    own, end = values["own_opening"], values["own_closing"]
    if own and end:
        return wanted, own, end
    for form in dict.fromkeys((wanted, FormOfAddress.X)):
        opening = _filled(lines.opening.line(form), values) if lines.opening else None
        closing = _filled(lines.closing.line(form), values) if lines.closing else None
        if opening and closing:
            # A closing that repeats the opening (French) belongs to that opening only.
            repeated = opening.rstrip(",:! ") in closing
            return form, opening if repeated else (own or opening), closing
    raise Refused(
        Sentence(
            "We don't know how to address %(name)s: the name or title that the opening needs is "
            "missing in the directory.",
            name=whom.name,
        )
    )


def _envelope(lines: Lines, wanted: FormOfAddress, values: Mapping[str, str]) -> str:
    for form in dict.fromkeys((wanted, FormOfAddress.X)):
        line = lines.line(form)
        block = _filled(line, values) or _known_part(line, values)
        if block:
            return block
    # What can always be said: who, and where.
    rest = (values["full_name"], values["office"], values["chamber"])
    return "\n".join(dict.fromkeys(line for line in rest if line))


def _known_part(block: str, values: Mapping[str, str]) -> str | None:
    """Return the lines of `block` that have no gap, and the body; None without the name."""
    kept = [part for line in block.split("\n") if (part := _filled(line, values))]
    named = values["full_name"] and any(values["full_name"] in part for part in kept)
    return "\n".join(dict.fromkeys([*kept, values["chamber"]])) if named else None


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
    labels: Mapping[str, str],
    country: str,
) -> dict[str, str]:
    language = language.split("-")[0]
    body = _name_in(organization, language)
    values = {
        "chamber": body,
        "ministry": body,
        "committee": body,
        "office": post_label or body,
        "full_name": "",
        "own_opening": "",
        "own_closing": "",
    }
    values |= _typed(OF_POST, labels, language) | _typed(OF_BODY, organization.names, language)
    if language == "en":
        values["chamber_gen"] = values["chamber_gen"] or _of(body)
        values["country"] = f"the {country}" if code in _WITH_ARTICLE else country
    if person:
        values |= _of_person(person, language, code)
    # A name may never bring a line of its own.
    return {
        name: re.sub(r"[\s\x00-\x1f]+", " ", value) if value.strip() else ""
        for name, value in values.items()
    }


def _of_person(person: Person, language: str, code: str) -> dict[str, str]:
    names = person.names
    full, last = _written(person, language)
    # A Dutch prefix has a capital where no given name stands before it; Belgium keeps the name
    # as it is on the identity card (contacts/salutations/nl.yaml).
    capital = last if code == "BE" else last[:1].upper() + last[1:]
    return _typed(OF_PERSON, names, language) | {
        "full_name": full,
        "last_name": last,
        "last_name_cap": names.get(f"{language}-x-family-cap") or capital,
        "given_name": person.given_name,
        "title_prefix": person.title_prefix and f"{person.title_prefix} ",
        "honorific": person.honorific and f"{person.honorific} ",
        "postnominal": person.postnominal,
        "postnominal_comma": person.postnominal and f", {person.postnominal}",
        "title_name": names.get(PEERAGE, ""),
        "formal_title": names.get(FORMAL_TITLE, ""),
        "own_opening": names.get(f"{language}-x-{OWN_OPENING}", ""),
        "own_closing": names.get(f"{language}-x-{OWN_CLOSING}", ""),
    }


def _typed(gaps: Mapping[str, str], held: Mapping[str, str], language: str) -> dict[str, str]:
    """Fill gaps with what somebody typed for this very language."""
    return {gap: held.get(f"{language}-x-{key}", "") for gap, key in gaps.items()}


def _name_in(organization: Organization, language: str) -> str:
    """The body's name in `language`, else in its own, else the one we list it by."""
    names = organization.names
    own = next((name for code, name in names.items() if code != "en" and "-x-" not in code), "")
    return (
        names.get(language)
        or (organization.name if language == "en" else own)
        or (organization.name)
    )


def _written(person: Person, language: str) -> tuple[str, str]:
    """Full and family name as a letter in `language` writes them.

    A name of another script is written as the person's own page has it in this language or in Latin
    letters, where we know it; the family name inside it is not guessed.
    """
    latin, names = _script(language) == "Latn", person.names
    other = names.get(language) or (names.get(LATIN, "") if latin else "")
    if not other or (latin and _is_latin(person.name)):
        return person.name, person.family_name
    return other, names.get(f"{language}-x-family") or (
        names.get(LATIN_FAMILY, "") if latin else ""
    )


def _script(language: str) -> str:
    """The script `language` is usually written in, by CLDR's likely subtags (`uk_Cyrl_UA`)."""
    likely = str(get_global("likely_subtags").get(language, ""))
    return likely.split("_")[1] if likely.count("_") == 2 else "Latn"


def _is_latin(text: str) -> bool:
    return all("LATIN" in unicodedata.name(c, "") for c in text if c.isalpha())


def _of(name: str) -> str:
    return f"of the {name.removeprefix('The ').removeprefix('the ')}"
