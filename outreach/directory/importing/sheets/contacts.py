"""Ways to reach somebody, from the cells of one line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outreach.directory.free_mail import is_free_mail
from outreach.directory.importing import cleaning
from outreach.directory.importing.countries import country_code, country_name
from outreach.directory.importing.records import Contact
from outreach.directory.importing.sheets.cells import Column, Line
from outreach.directory.importing.sheets.headers import LINES, POSTAL, SOCIAL
from outreach.directory.importing.sheets.mapping import Constants
from outreach.directory.models import ContactKind
from outreach.words import Sentence

# "Ottawa ON K1A 0A6" there, "1010 Wien" elsewhere.
_CODE_LAST = frozenset(("US", "CA", "AU", "GB", "NZ", "IE", "IN", "ZA"))
_SEVERAL = re.compile(r"\s*(?:[;|\n]|\s/\s|,\s)\s*")
_NUMBERS = {"phone": ContactKind.PHONE, "mobile": ContactKind.PHONE, "fax": ContactKind.FAX}


def contacts(line: Line, constants: Constants, region: str) -> list[Contact]:
    """Return what the line gives to reach its person or body by, each once, best first.

    `region` is the country whose telephone numbers are meant where a number does not say.
    What could not be used is noted in `line.problems`.
    """
    doors = {column.door for base in POSTAL for column, _ in line.all(base)}
    found = [
        *_mailboxes(line, constants),
        *_links(line, constants),
        *_postal(line, constants, doors, region),
        *_numbers(line, constants, doors, region),
    ]
    return once(found)


def once(found: list[Contact]) -> list[Contact]:
    """Return the contacts without those that only repeat an earlier one."""
    by_value: dict[tuple[ContactKind, str], Contact] = {}
    for one in found:
        by_value.setdefault((one.kind, one.value.casefold()), one)
    return list(by_value.values())


def official_first(found: list[Contact], constants: Constants) -> list[Contact]:
    """Return mailboxes with those of the parliament in front, and say of each what it is for."""
    if not constants.official_domains:
        return found
    for one in found:
        domain = one.value.rpartition("@")[2].casefold()
        if one.kind is not ContactKind.EMAIL:
            continue
        if domain in constants.official_domains:
            one.purpose = "parliament"
        else:
            # Free mail is flagged for review wherever it comes from.
            one.purpose = "office" if is_free_mail(one.value) else "constituency"
    return sorted(found, key=lambda one: one.purpose != "parliament")


def _mailboxes(line: Line, constants: Constants) -> list[Contact]:
    found = []
    for column, value in line.all("email"):
        purpose = column.purpose or constants.purpose
        several, problems = cleaning.mailboxes(value, purpose=purpose)
        found += several
        for words in problems:
            line.wrong(column, words)
    return official_first(found, constants)


def _links(line: Line, constants: Constants) -> Iterator[Contact]:
    for base, kind in (("form", ContactKind.FORM), ("web", ContactKind.URL)):
        for column, value in line.all(base):
            for part in re.split(r"[\s;|]+", value) if " " in value or ";" in value else [value]:
                if target := cleaning.link(part):
                    yield Contact(kind, target, column.purpose or constants.purpose)
                elif part:
                    line.wrong(column, Sentence("“%(value)s” is no link.", value=part[:120]))
    for network in SOCIAL:
        for column, value in line.all(network):
            if profile := cleaning.social(network, value):
                yield profile
            else:
                line.wrong(column, Sentence("“%(value)s” is no profile.", value=value[:120]))


def _numbers(line: Line, constants: Constants, doors: set[str], region: str) -> Iterator[Contact]:
    for base, kind in _NUMBERS.items():
        for column, value in line.all(base):
            for part in _parts(value):
                number = cleaning.phone(part, region)
                if not number:
                    words = Sentence("“%(value)s” is no number.", value=part[:120])
                    line.wrong(column, words)
                    continue
                bundle = column.door if column.door in doors else ""
                label = "mobile" if base == "mobile" else ""
                purpose = column.purpose or constants.purpose
                yield Contact(kind, number, purpose, label, bundle=bundle)


def _parts(value: str) -> list[str]:
    """Return the numbers in one cell: cut only where every part is long enough to be one."""
    parts = [part for part in _SEVERAL.split(value) if part]
    return parts if all(sum(map(str.isdigit, part)) >= 5 for part in parts) else [value]


def _postal(line: Line, constants: Constants, doors: set[str], region: str) -> Iterator[Contact]:
    for door in sorted(doors):
        parts = {base: _at(line, base, door) for base in POSTAL}
        columns = [column for base in POSTAL for column, _ in line.all(base)]
        purpose = next((one.purpose for one in columns if one.door == door), "")
        if not any(parts[base] for base in ("address", *LINES, "postcode")):
            _keep(line, door)
            continue
        value = _written(parts, region)
        yield Contact(ContactKind.POSTAL, value, purpose or constants.purpose, bundle=door)


def _at(line: Line, base: str, door: str) -> str:
    found = [value for column, value in line.all(base) if column.door == door]
    return "\n".join(found) if base == "address" else ", ".join(dict.fromkeys(found))


def _keep(line: Line, door: str) -> None:
    """A town or province alone is no address; it is kept as what it is."""
    for base in POSTAL:
        for column, value in line.all(base):
            if column.door == door:
                line.extras[column.header] = value


def _written(parts: dict[str, str], region: str) -> str:
    """Return the lines of an address in the order of its country."""
    country = (country_code(parts["country"]) or region)[:2]
    town = [parts["locality"], parts["province"]]
    ordered = [*town, parts["postcode"]] if country in _CODE_LAST else [parts["postcode"], *town]
    last = country_name(parts["country"])
    lines = [parts["address"], *(parts[one] for one in LINES), " ".join(filter(None, ordered))]
    return "\n".join(filter(None, [*lines, last]))


def column_of(line: Line, base: str) -> Column | None:
    """Return the first filled column of a field."""
    found = line.all(base)
    return found[0][0] if found else None
