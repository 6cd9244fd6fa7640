"""The bodies of the files of congress-legislators: chambers, parties, committees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from outreach.directory.importing import cleaning
from outreach.directory.importing.records import Body, Contact, Problem, Seat
from outreach.directory.models import ContactKind, OrganizationKind, TargetRole
from outreach.words import Sentence

CONGRESS, HOUSE, SENATE = "us/congress", "us/house", "us/senate"
GOVERNMENT = "us/government"
# By the type of a term and by the type of a committee.
CHAMBERS = {"rep": HOUSE, "sen": SENATE}
_PARENTS = {"house": HOUSE, "senate": SENATE, "joint": CONGRESS}
_CHAIRS = frozenset({"chair", "chairman", "chairwoman", "chairperson"})
_NO_PARTY = frozenset({"", "no party", "none", "unknown"})


def dicts(value: object) -> list[dict[str, Any]]:
    """Return the mappings in `value` when it is a list, whatever else a hand-made file holds."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def chambers() -> list[Body]:
    """Return Congress and its two chambers, named as the directory's own list of parliaments."""
    return [
        _body(CONGRESS, OrganizationKind.PARLIAMENT, "Congress of the United States"),
        _body(HOUSE, OrganizationKind.CHAMBER, "House of Representatives", CONGRESS),
        _body(SENATE, OrganizationKind.CHAMBER, "Senate", CONGRESS),
    ]


def government() -> Body:
    """Return the body that presidents and vice presidents sit in."""
    name = "Government of the United States"
    return _body(GOVERNMENT, OrganizationKind.GOVERNMENT, name)


def party_key(name: object) -> str:
    """Return the key of the party called `name`, or "" for none."""
    plain = cleaning.text(name)
    return "" if plain.lower() in _NO_PARTY else f"us/party/{plain}"


def parties(people: Iterable[dict[str, Any]]) -> list[Body]:
    """Return the parties that the terms of `people` name, in order of name."""
    keys = set()
    for one in people:
        for term in dicts(one.get("terms")):
            stretches = dicts(term.get("party_affiliations"))
            keys |= {party_key(part.get("party")) for part in (term, *stretches)}
    return [
        _body(key, OrganizationKind.PARTY, key.removeprefix("us/party/"))
        for key in sorted(keys - {""})
    ]


def committees(rows: Iterable[dict[str, Any]]) -> Iterator[Body | Problem]:
    """Yield each committee and then its subcommittees."""
    for row in rows:
        key = cleaning.text(row.get("thomas_id"))
        parent = _PARENTS.get(cleaning.text(row.get("type")))
        name = cleaning.text(row.get("name"))
        if not key or parent is None or not name:
            yield Problem(
                "committees-current.yaml",
                Sentence("A committee has no id, no name or no chamber."),
                name,
                stops=True,
            )
            continue
        yield _committee(row, key, parent)
        for part in dicts(row.get("subcommittees")):
            number = cleaning.text(part.get("thomas_id"))
            if number and cleaning.text(part.get("name")):
                yield _committee(part, key + number, key)


def seats_in_committees(
    lists: dict[str, Any], committees: set[str], people: set[str]
) -> tuple[dict[str, list[Seat]], list[Problem]]:
    """Return {bioguide id: seats} from the lists of members, and what names nobody we know.

    A person is a committee's chair in the full committee only: forms of address hang on it.
    """
    seats: dict[str, list[Seat]] = {}
    problems = []
    for key, members in lists.items():
        if key not in committees:
            problems.append(
                Problem(key, Sentence("The list of committees has no committee of this id."))
            )
            continue
        for member in dicts(members):
            bioguide = cleaning.text(member.get("bioguide"))
            if bioguide in people:
                seats.setdefault(bioguide, []).append(_seat(key, member))
                continue
            problems.append(
                Problem(
                    f"{key}: {bioguide}",
                    Sentence("A member of this committee is not among the legislators."),
                    cleaning.text(member.get("name")),
                )
            )
    return seats, problems


def _seat(key: str, member: dict[str, Any]) -> Seat:
    title = cleaning.text(member.get("title"))
    # A full committee has four letters, a subcommittee two digits behind them.
    chair = title.lower() in _CHAIRS and len(key) == 4
    return Seat(
        organization=key,
        role=TargetRole.COMMITTEE_CHAIR if chair else TargetRole.MEMBER,
        label=title or "Member",
    )


def _committee(row: dict[str, Any], key: str, parent: str) -> Body:
    schemes = ("house_committee_id", "senate_committee_id", "wikipedia")
    identifiers = {scheme: cleaning.text(row.get(scheme)) for scheme in schemes}
    body = _body(key, OrganizationKind.COMMITTEE, cleaning.text(row.get("name")), parent)
    body.identifiers = {"thomas": key} | {s: value for s, value in identifiers.items() if value}
    lines = (cleaning.text(line) for line in str(row.get("address") or "").split(";"))
    ways = (
        (ContactKind.POSTAL, "\n".join(filter(None, lines))),
        (ContactKind.PHONE, cleaning.phone(row.get("phone"), "US")),
        (ContactKind.URL, cleaning.link(row.get("url"))),
    )
    body.contacts = [
        Contact(kind, value, bundle="" if kind is ContactKind.URL else "office")
        for kind, value in ways
        if value
    ]
    return body


def _body(key: str, kind: OrganizationKind, name: str, parent: str = "") -> Body:
    return Body(key, "US", kind, name, names={"en": name}, parent=parent, place=key)
