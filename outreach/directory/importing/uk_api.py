"""Members of the Parliament of the United Kingdom: saved pages of its Members API.

https://members-api.parliament.uk/ (OpenAPI): pages {"items": [{"value": {...}}], "totalResults",
"skip", "take"} of 20, and for each member a page of ways to reach them, known by its link
`/Members/{id}/Contact` or by its file name `contact-{id}.json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from outreach.directory.importing import cleaning
from outreach.directory.importing.dated import day_of
from outreach.directory.importing.opening import Upload
from outreach.directory.importing.parsing import read_json
from outreach.directory.importing.records import (
    Body,
    Contact,
    PersonRecord,
    Problem,
    Record,
    Seat,
)
from outreach.directory.importing.registry import Dataset, Format
from outreach.directory.importing.sheets.contacts import once
from outreach.directory.models import ContactKind, OrganizationKind, TargetRole
from outreach.errors import BadFile
from outreach.words import Sentence

_HOUSES = {
    1: ("commons", "House of Commons", TargetRole.MEMBER_LOWER),
    2: ("lords", "House of Lords", TargetRole.MEMBER_UPPER),
}
_CONTACT = re.compile(r"/Members/(\d+)/Contact", re.IGNORECASE)
_CONTACT_FILE = re.compile(r"contact[-_ ]?(\d+)\.json", re.IGNORECASE)
_TITLES = re.compile(
    r"^(?:(?:The )?Rt\.? Hon\.?|Mr|Mrs|Ms|Miss|Mx|Dr|Sir|Dame|Prof(?:essor)?|Lord|Lady|Baroness"
    r"|Viscount|Earl|Rev(?:erend)?|Sir)\.?\s+",
)
_EARNED = ("Dr", "Prof", "Professor", "Sir", "Dame", "Rev", "Reverend")
_NETWORKS = re.compile(r"(twitter|x|facebook|instagram|youtube|linkedin|tiktok|bluesky|threads)\b")


def datasets(upload: Upload) -> list[Dataset]:
    """Return one dataset of all pages in the upload, when the first JSON file is one of them."""
    files = tuple(one for one in upload.files if one.suffix.lower() == ".json")
    if not any(_is_list(upload.head(one, 20_000)) for one in files[:60]):
        return []
    complete, houses = _all_there(upload, files)
    house = _HOUSES.get(houses.pop()) if len(houses) == 1 else None
    return [
        Dataset(
            "uk-api",
            files,
            # One house is a list of its own: who sits in the other one is not gone.
            f"uk-{house[0]}" if house else "uk-parliament",
            f"Members API, {house[1] if house else 'Parliament of the United Kingdom'}",
            jurisdiction="GB",
            as_of=day_of(upload, files[0]),
            licence="Open Parliament Licence v3.0",
            attribution="Contains Parliamentary information licensed under the"
            " Open Parliament Licence v3.0",
            url="https://members-api.parliament.uk/",
            rank=1,
            complete=complete,
        )
    ]


def _is_list(head: bytes) -> bool:
    return b'"items"' in head and b'"nameListAs"' in head and b'"latestHouseMembership"' in head


def _all_there(upload: Upload, files: tuple[Path, ...]) -> tuple[bool, set[int]]:
    """Return whether the pages hold as many members as they say there are, and of which houses."""
    seen: set[Any] = set()
    houses: set[int] = set()
    total = 0
    for file in files:
        if _CONTACT_FILE.fullmatch(file.name):
            continue
        for page in _pages(read_json(file, upload.place(file))):
            if not isinstance(page.get("items"), list):
                continue
            total = max(total, _number(page.get("totalResults")))
            members = _members(page)
            seen |= {str(member.get("id")) for member in members}
            held = [_dict(member.get("latestHouseMembership")) for member in members]
            houses |= {_number(one.get("house")) for one in held}
    return bool(total) and len(seen) >= total, houses


def _pages(said: Any) -> list[dict[str, Any]]:
    """Return the pages of a file: one, or a list of them."""
    return [one for one in (said if isinstance(said, list) else [said]) if isinstance(one, dict)]


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _members(page: dict[str, Any]) -> list[dict[str, Any]]:
    values = [one.get("value") for one in page["items"] if isinstance(one, dict)]
    return [one for one in values if isinstance(one, dict)]


def read(dataset: Dataset) -> Iterator[Record]:
    """Yield houses and parties, then members. Raises BadFile (file, line)."""
    members: dict[str, tuple[dict[str, Any], str]] = {}
    ways: dict[str, list[dict[str, Any]]] = {}
    for file in dataset.files:
        for page in _pages(read_json(file, file.name)):
            if isinstance(page.get("items"), list):
                found = _members(page)
                if missing := len(page["items"]) - len(found):
                    words = Sentence("Entries that name nobody: %(number)s.", number=missing)
                    yield Problem(file.name, words, stops=True)
                for member in found:
                    members.setdefault(str(member.get("id")), (member, file.name))
            elif number := _whose(page, file):
                ways[number] = [one for one in page["value"] if isinstance(one, dict)]
    if not members:
        raise BadFile(dataset.files[0].name, None, Sentence("There is no member in it."))
    if not dataset.complete:
        words = Sentence("Pages are missing, so nobody is taken for gone.")
        yield Problem(dataset.source_name, words)
    yield from _bodies([member for member, _ in members.values()])
    for number, (member, name) in members.items():
        yield from _records(number, member, f"{name}, member {number}", ways.get(number, []))


def _records(
    number: str, member: dict[str, Any], place: str, ways: list[dict[str, Any]]
) -> Iterator[Record]:
    """Yield what can't be used of one member, then the member."""
    person = _person(number, member, place)
    if not person.name or number == "None":
        words = Sentence("There is no name or no id.")
        yield Problem(person.place, words, person.name, stops=True)
        return
    problems: list[Problem] = []
    for one in ways:
        person.contacts += _contacts(one, person, problems)
    person.contacts = once(person.contacts)
    yield from problems
    yield person


def _whose(page: dict[str, Any], file: Path) -> str:
    """Return the id of the member whose ways to be reached a page holds, or ""."""
    if not isinstance(page.get("value"), list):
        return ""
    for one in page.get("links") or ():
        found = _CONTACT.search(str(one.get("href", ""))) if isinstance(one, dict) else None
        if found:
            return found[1]
    named = _CONTACT_FILE.fullmatch(file.name)
    return named[1] if named else ""


def _bodies(members: list[dict[str, Any]]) -> Iterator[Body]:
    parliament = OrganizationKind.PARLIAMENT
    yield Body("parliament", "GB", parliament, "Parliament of the United Kingdom")
    for key, name, _ in _HOUSES.values():
        yield Body(key, "GB", OrganizationKind.CHAMBER, name, parent="parliament")
    parties = {_party(one): _dict(one.get("latestParty")) for one in members if _party(one)}
    for key, party in parties.items():
        yield Body(key, "GB", OrganizationKind.PARTY, cleaning.text(party.get("name")))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _party(member: dict[str, Any]) -> str:
    """Return the key of a member's party, or "" when there is none to name."""
    party = _dict(member.get("latestParty"))
    named = cleaning.text(party.get("name"))
    if not named or party.get("id") is None or named in ("Independent", "Non-affiliated"):
        return ""
    return f"party:{party['id']}"


def _person(number: str, member: dict[str, Any], place: str) -> PersonRecord:
    name = cleaning.text(member.get("nameDisplayAs"))
    bare, titles = name, []
    while found := _TITLES.match(bare):
        titles.append(found[0].strip().rstrip("."))
        bare = bare[found.end() :]
    sort = cleaning.text(member.get("nameListAs"))
    family = sort.partition(",")[0].strip()
    fits = bool(family) and bare.endswith(f" {family}")
    person = PersonRecord(
        number,
        name,
        given_name=bare.removesuffix(family).strip() if fits else "",
        family_name=family if fits else "",
        title_prefix=" ".join(one for one in titles if one in _EARNED),
        sort_name=sort,
        gender=cleaning.gender(member.get("gender")),
        identifiers={"mnis": number},
        place=place,
    )
    full = cleaning.text(member.get("nameFullTitle"))
    if re.match(r"(?:The )?Rt\.? Hon", full):
        person.honorific = "Rt Hon"
    if address := cleaning.text(member.get("nameAddressAs")):
        person.other_names.append({"name": address, "form": "address"})
    person.seats = _seats(member)
    return person


def _seats(member: dict[str, Any]) -> list[Seat]:
    held = _dict(member.get("latestHouseMembership"))
    house = _HOUSES.get(_number(held.get("house")))
    if house is None:
        return []
    key, _, role = house
    whence = cleaning.text(held.get("membershipFrom"))
    end = cleaning.day(held.get("membershipEndDate"))
    status = _dict(held.get("membershipStatus"))
    if status.get("statusIsActive") is False and not end:
        return []
    return [
        Seat(
            key,
            role,
            # A lord's is the sort of peerage: "Life peer".
            label=whence if key == "lords" else "",
            area=whence if key == "commons" else "",
            on_behalf_of=_party(member),
            start=cleaning.day(held.get("membershipStartDate")),
            end=end,
            end_reason=cleaning.text(held.get("membershipEndReason"))[:200],
        )
    ]


def _contacts(one: dict[str, Any], person: PersonRecord, problems: list[Problem]) -> list[Contact]:
    """Return what one entry of the contact page gives; what is unusable goes to `problems`."""
    sort = cleaning.text(one.get("type"))
    place = f"{person.place}, {sort}"
    if one.get("isWebAddress"):
        return _web(one, sort, place, person, problems)
    plain = sort.casefold()
    purpose = "constituency" if "constituency" in plain else "office"
    purpose = "parliament" if "parliament" in plain or "westminster" in plain else purpose
    found, wrong = cleaning.mailboxes(one.get("email"), purpose=purpose)
    problems += [Problem(place, words, person.name) for words in wrong]
    lines = [cleaning.text(one.get(f"line{number}")) for number in range(1, 6)]
    lines = list(filter(None, [*lines, cleaning.text(one.get("postcode"))]))
    # The list of one house has no address but the house: a line alone is none.
    bundle = purpose if len(lines) > 1 else ""
    if len(lines) > 1:
        found.append(Contact(ContactKind.POSTAL, "\n".join(lines), purpose, bundle=bundle))
    for kind, name in ((ContactKind.PHONE, "phone"), (ContactKind.FAX, "fax")):
        if number := cleaning.phone(one.get(name), "GB"):
            found.append(Contact(kind, number, purpose, bundle=bundle))
    return found


def _web(
    one: dict[str, Any], sort: str, place: str, person: PersonRecord, problems: list[Problem]
) -> list[Contact]:
    value = cleaning.text(one.get("line1"))
    network = _NETWORKS.match(sort.casefold())
    if network and (profile := cleaning.social(network[1], value)):
        return [profile]
    if not network and (target := cleaning.link(value)):
        return [Contact(ContactKind.URL, target)]
    if value:
        words = Sentence("“%(value)s” is no link.", value=value[:120])
        problems.append(Problem(place, words, person.name))
    return []


FORMAT = Format("uk-api", "United Kingdom, pages of the Members API (JSON)", datasets, read)
