"""Makes people of the rows of congress-legislators: names, terms, offices, profiles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from outreach.directory.importing import cleaning
from outreach.directory.importing.congress.bodies import CHAMBERS, GOVERNMENT, dicts, party_key
from outreach.directory.importing.records import Contact, PersonRecord, Seat
from outreach.directory.models import ContactKind, TargetRole

_TERRITORIES = frozenset({"AS", "DC", "GU", "MP", "VI"})
_ROLES = {"rep": TargetRole.MEMBER_LOWER, "sen": TargetRole.MEMBER_UPPER}
EXECUTIVE_ROLES = {
    "prez": (TargetRole.HEAD_OF_STATE, "President"),
    "viceprez": (TargetRole.MEMBER, "Vice President"),
}
_AT_A_DOOR = (ContactKind.POSTAL, ContactKind.PHONE, ContactKind.FAX)
_CITY = re.compile(r",?\s+(Washington,?\s+DC\b)", re.IGNORECASE)


def key_of(one: dict[str, Any]) -> str:
    """Return the bioguide id of a row, or ""."""
    return cleaning.text(dict_of(one, "id").get("bioguide"))


def dict_of(one: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the mapping called `name` in a row; an empty one when there is none."""
    found = one.get(name)
    return found if isinstance(found, dict) else {}


def terms_of(one: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the terms of a row, the earliest first."""
    return dicts(one.get("terms"))


def name_of(one: dict[str, Any]) -> str:
    """Return the full name as the chamber writes it, else first and last name."""
    parts = {name: cleaning.text(value) for name, value in dict_of(one, "name").items()}
    plain = f"{parts.get('first', '')} {parts.get('last', '')}".strip()
    return parts.get("official_full") or plain


def person_of(one: dict[str, Any], key: str) -> PersonRecord:
    """Return the person of a row, without seats and contacts."""
    parts = {name: cleaning.text(value) for name, value in dict_of(one, "name").items()}
    bio, name = dict_of(one, "bio"), name_of(one)
    nickname, family = parts.get("nickname", ""), parts.get("last", "")
    suffix = parts.get("suffix", "")
    extras = {"middle_name": parts.get("middle", ""), "took_office": _took_office(one)}
    return PersonRecord(
        key=key,
        name=name or key,
        given_name=parts.get("first", ""),
        family_name=family,
        # Where the full name ends in "Jr." a letter must not say it twice.
        postnominal="" if suffix and re.search(rf"\b{re.escape(suffix)}$", name) else suffix,
        other_names=[{"name": f"{nickname} {family}".strip(), "form": "other"}] if nickname else [],
        gender=cleaning.gender(bio.get("gender")),
        birth_date=cleaning.day(bio.get("birthday")),
        identifiers=ids_of(dict_of(one, "id")),
        extras={column: value for column, value in extras.items() if value},
        place=key,
    )


def ids_of(ids: dict[str, Any]) -> dict[str, str]:
    """Return the ids as text; of several (`fec`) the first."""
    firsts = {
        scheme: value[0] if isinstance(value, list) and value else value
        for scheme, value in ids.items()
    }
    return {
        str(scheme): cleaning.text(value)
        for scheme, value in firsts.items()
        if cleaning.text(value) and not isinstance(value, list | dict)
    }


def _took_office(one: dict[str, Any]) -> str:
    """Return how somebody came in other than by a general election: "2022-11-16 appointment"."""
    ways = (
        f"{cleaning.day(term.get('start'))} {cleaning.text(term['how'])}"
        for term in terms_of(one)
        if term.get("how") and term.get("type") in _ROLES
    )
    return "; ".join(ways)


def seats_of(term: dict[str, Any]) -> Iterator[Seat]:
    """Return one seat for each stretch of a term in one party."""
    kind, state = cleaning.text(term.get("type")), cleaning.text(term.get("state"))
    if kind not in CHAMBERS:
        return
    stretches = dicts(term.get("party_affiliations"))
    for number, stretch in enumerate(stretches or [term], start=1):
        last = number == len(stretches or [term])
        yield Seat(
            organization=CHAMBERS[kind],
            role=_ROLES[kind],
            label=_label(kind, state),
            area=_area(kind, state, term.get("district")),
            on_behalf_of=party_key(stretch.get("party") or term.get("party")),
            start=cleaning.day(stretch.get("start") or term.get("start")),
            end=cleaning.day(stretch.get("end") or (term.get("end") if last else "")),
            end_reason=cleaning.text(term.get("end-type")) if last else "change of party",
        )


def _label(kind: str, state: str) -> str:
    if kind == "sen":
        return "Senator"
    if state == "PR":
        return "Resident Commissioner"
    return "Delegate" if state in _TERRITORIES else "Representative"


def _area(kind: str, state: str, district: object) -> str:
    """Return "CA" or "CA-12"; 0 is a whole state, -1 a district nobody knows any more."""
    number = cleaning.text(district)
    return state if kind == "sen" or number in ("", "-1") else f"{state}-{number}"


def ways_of_term(terms: list[dict[str, Any]]) -> list[Contact]:
    """Return how to reach somebody at the Capitol: what the last of `terms` says."""
    term = terms[-1] if terms else {}
    address = _CITY.sub(r"\n\1", cleaning.text(term.get("address")))
    return _contacts(
        (ContactKind.FORM, cleaning.link(term.get("contact_form"))),
        (ContactKind.POSTAL, address),
        (ContactKind.PHONE, cleaning.phone(term.get("phone"), "US")),
        (ContactKind.FAX, cleaning.phone(term.get("fax"), "US")),
        (ContactKind.URL, cleaning.link(term.get("url"))),
        purpose="parliament",
        bundle="capitol",
    )


def ways_of_office(office: dict[str, Any]) -> list[Contact]:
    """Return address and numbers of one office in the constituency."""
    part = {name: cleaning.text(value) for name, value in office.items()}
    street = ", ".join(filter(None, (part.get("address"), _suite(part.get("suite", "")))))
    town = " ".join(filter(None, (part.get("state"), part.get("zip"))))
    lines = (part.get("building"), street, ", ".join(filter(None, (part.get("city"), town))))
    return _contacts(
        (ContactKind.POSTAL, "\n".join(filter(None, lines))),
        (ContactKind.PHONE, cleaning.phone(office.get("phone"), "US")),
        (ContactKind.FAX, cleaning.phone(office.get("fax"), "US")),
        purpose="constituency",
        bundle=part.get("id") or part.get("city", ""),
        label=part.get("city", ""),
    )


def _suite(suite: str) -> str:
    return f"Suite {suite}" if re.fullmatch(r"\d+\w?", suite) else suite


def profiles_of(profiles: Any) -> list[Contact]:
    """Return the profiles; `twitter_id` and its like say the same again in numbers."""
    if not isinstance(profiles, dict):
        return []
    found = (
        cleaning.social(network, handle)
        for network, handle in profiles.items()
        if handle and not str(network).endswith("_id")
    )
    return [one for one in found if one is not None]


def _contacts(
    *ways: tuple[ContactKind, str], purpose: str, bundle: str, label: str = ""
) -> list[Contact]:
    return [
        Contact(kind, value, purpose, label, bundle=bundle if kind in _AT_A_DOOR else "")
        for kind, value in ways
        if value
    ]


def executive_seat(term: dict[str, Any]) -> Seat:
    """Return the seat of a president or vice president."""
    role, label = EXECUTIVE_ROLES[term["type"]]
    return Seat(
        organization=GOVERNMENT,
        role=role,
        label=label,
        post=label,
        on_behalf_of=party_key(term.get("party")),
        start=cleaning.day(term.get("start")),
        end=cleaning.day(term.get("end")),
        end_reason=cleaning.text(term.get("end-type")),
    )
