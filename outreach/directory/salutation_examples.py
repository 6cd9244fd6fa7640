"""Forms of address as they print, for invented people: what a native speaker is asked to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outreach.directory.models import (
    Confidence,
    FormOfAddress,
    Organization,
    OrganizationKind,
    Person,
    TargetRole,
)
from outreach.directory.salutation_blocks import Block, Form
from outreach.directory.salutations import (
    FORMAL_TITLE,
    OF_BODY,
    OF_PERSON,
    OF_POST,
    PEERAGE,
    Salutation,
    salutation_for,
)

# No country: lines for people abroad.
ABROAD = "XX"
_GIVEN, _FAMILY = "Robin", "Example"


@dataclass(frozen=True, slots=True)
class Printed:
    """One way the lines print: to a man, a woman or somebody unknown, in some countries."""

    # Those to whom the very same lines go.
    forms: tuple[FormOfAddress, ...]
    opening: str
    closing: str
    envelope: str


@dataclass(frozen=True, slots=True)
class Example:
    """The lines of one role as they print in `codes`, jurisdictions without a form of their own."""

    # Empty: for everybody outside the countries of the block.
    codes: tuple[str, ...]
    confidence: Confidence
    printed: tuple[Printed, ...]


def examples(block: Block, role: TargetRole) -> list[Example]:
    """Return the lines of `role` as they print: at home, in each country of its own, abroad.

    What must be typed by somebody who knows the language stands as ‹name of the gap›.
    """
    form = block.roles[role]
    own = set(form.overrides)
    home = [code for code in block.home if code not in own] if form.applicable else []
    places = [tuple(home)] if home else []
    places += [(code,) for code in sorted(own)]
    if form.foreign or not form.applicable or not block.home:
        places.append(())
    return [_example(block, role, form, codes) for codes in places]


def _example(block: Block, role: TargetRole, form: Form, codes: tuple[str, ...]) -> Example:
    told = {one: _said(block, role, one, codes) for one in FormOfAddress}
    alike: dict[tuple[str, str, str], list[FormOfAddress]] = {}
    for one, said in told.items():
        alike.setdefault((said.opening, said.closing, said.envelope), []).append(one)
    return Example(
        codes=codes,
        confidence=told[FormOfAddress.X].confidence,
        printed=tuple(Printed(tuple(forms), *lines) for lines, forms in alike.items()),
    )


def _said(block: Block, role: TargetRole, form: FormOfAddress, codes: Sequence[str]) -> Salutation:
    language = block.language.split("-")[0]
    return salutation_for(
        language=language,
        block=block,
        role=role,
        person=None if role is TargetRole.MINISTRY else _somebody(language, form),
        organization=_body(language),
        jurisdiction_code=codes[0] if codes else ABROAD,
        post_label="‹office›",
        labels={f"{language}-x-{key}": f"‹{gap}›" for gap, key in OF_POST.items()}
        | {f"{language}-x-address": ""},
        country="‹country›",
        group="‹group›",
    )


def _somebody(language: str, form: FormOfAddress) -> Person:
    typed = {f"{language}-x-{key}": f"‹{gap}›" for gap, key in OF_PERSON.items()}
    return Person(
        name=f"{_GIVEN} {_FAMILY}",
        given_name=_GIVEN,
        family_name=_FAMILY,
        title_prefix="",
        honorific="",
        postnominal="",
        names=typed | {PEERAGE: _FAMILY, FORMAL_TITLE: f"Baroness {_FAMILY}"},
        form_of_address=form,
        form_of_address_basis="",
    )


def _body(language: str) -> Organization:
    return Organization(
        slug="",
        kind=OrganizationKind.CHAMBER,
        name="‹institution›",
        names={f"{language}-x-{key}": f"‹{gap}›" for gap, key in OF_BODY.items()},
        confidence=Confidence.HIGH,
    )
