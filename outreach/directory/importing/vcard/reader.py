"""Reads address books: vCard 4.0 (RFC 6350) and 3.0, and what phones still write of 2.1.

An address book is never complete: nobody is ended for not standing in it. Home addresses and
telephones are left out; notes, pictures and keys are not read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import vobject
from vobject.base import VObjectError

from outreach.directory.importing import cleaning
from outreach.directory.importing.opening import Upload
from outreach.directory.importing.records import Body, PersonRecord, Problem, Record
from outreach.directory.importing.registry import Dataset, Format
from outreach.directory.importing.vcard.contacts import Left, contacts, country
from outreach.directory.importing.vcard.lines import Card, cards, whole
from outreach.directory.importing.vcard.properties import Properties
from outreach.directory.importing.vcard.seats import Organizations
from outreach.directory.models import OrganizationKind
from outreach.directory.spelling import fold
from outreach.words import N_, Sentence

_BEGIN = re.compile(rb"\s*BEGIN:VCARD\s", re.IGNORECASE)
_REVISED = re.compile(rb"^REV[^:\r\n]*:(\d{4})-?(\d\d)-?(\d\d)", re.MULTILINE | re.IGNORECASE)
_COMPANY = re.compile(r"(?i)(?:[\w-]+\.)?(?:KIND|X-ABSHOWAS)[^:]*:\s*(?:org|company)\s*$")
_NOBODY = re.compile(r"(?i)(?:[\w-]+\.)?N(?:;[^:]*)?:[;\s]*$")
_ORG = re.compile(r"(?i)(?:[\w-]+\.)?ORG(?:;[^:]*)?:(.*\w.*)")
_FN = re.compile(r"(?i)(?:[\w-]+\.)?FN(?:;[^:]*)?:(.*\w.*)")
_PERSON = re.compile(r"(?i)KIND[^:]*:\s*individual\s*$")
_EARNED = re.compile(
    r"(?:prof|dr|ph\.?d|mag|mgr|ing|dipl|dott|habil|doc|judr|mudr|phdr|rndr|d\.?phil|inż|hab)"
    r"[.\w-]*",
    re.IGNORECASE,
)
_NO_YEAR = "1604"
_BROKEN = {
    "open": N_("The card has no END:VCARD. It was left out."),
    "long": N_("The card is far longer than a card is. It was left out."),
}


def datasets(upload: Upload) -> list[Dataset]:
    """Return one list with all cards of the upload, or nothing when it holds none."""
    files = [file for file in upload.files if file.suffix.lower() in (".vcf", ".vcard")]
    if not files and len(upload.files) == 1:
        files = list(upload.files)
    files = [file for file in files if _begins(upload.head(file, 4096))]
    if not files:
        return []
    found = Dataset(
        format="vcard",
        files=tuple(files),
        source="vcard",
        source_name="Address book (vCard)",
        as_of=_newest(upload.head(files[0], 1_000_000)),
        complete=False,
    )
    return [found]


def _begins(head: bytes) -> bool:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.decode("utf-16", "replace").encode()
    return _BEGIN.match(head.removeprefix(b"\xef\xbb\xbf")) is not None


def _newest(head: bytes) -> dt.date | None:
    """Return the newest REV in the first part of the file: the day the book speaks of."""
    days = []
    for found in _REVISED.findall(head):
        try:
            days.append(dt.date(*map(int, found)))
        except ValueError:
            continue
    return max(days, default=None)


def read(dataset: Dataset) -> Iterator[Record]:
    """Yield the bodies and people of an address book; a broken card is one problem."""
    region = cleaning.text(dataset.options.get("jurisdiction"))
    organizations, left = Organizations(), Left()
    seen: set[str] = set()
    for file, card in _companies_first(dataset.files):
        left.guessed |= card.guessed
        place = f"{file.name}, line {card.line}"
        parsed = _parsed(card, file)
        if isinstance(parsed, Problem):
            yield parsed
            continue
        found = _record(parsed, organizations, left, region, place, company=_is_company(card))
        if found is None:
            continue
        if not isinstance(found, Problem) and found.key in seen:
            words = Sentence("The same card stands twice; the second was left out.")
            found = Problem(place, words, found.name, stops=True)
        elif not isinstance(found, Problem):
            seen.add(found.key)
        yield from organizations.new()
        yield from left.new()
        yield found
    yield from left.counted(dataset.files[0].name)


def _companies_first(files: tuple[Path, ...]) -> Iterator[tuple[Path, Card]]:
    """Yield the cards of bodies and then those of people, so that nobody sits before his body."""
    for companies in (True, False):
        for file in files:
            for card in cards(file):
                if _is_company(card) == companies:
                    yield file, card


def _is_company(card: Card) -> bool:
    """Tell a body's card before it is parsed: it says so, or is called as its ORG and has no N.

    A card whose FN is another than its ORG is somebody with one name.
    """
    texts = [text for _, text in card.lines]
    if any(_COMPANY.match(text) for text in texts):
        return True
    if any(_PERSON.match(text) for text in texts) or not any(map(_NOBODY.match, texts)):
        return False
    displayed = next((found[1] for text in texts if (found := _FN.match(text))), "")
    units = [fold(unit) for text in texts if (found := _ORG.match(text)) for unit in _units(found)]
    return any(units) and fold(displayed) in ("", " ".join(units), *units)


def _units(found: re.Match[str]) -> list[str]:
    return [re.sub(r"\\(.)", r"\1", unit) for unit in re.split(r"(?<!\\);", found[1])]


def _parsed(card: Card, file: Path) -> Properties | Problem:
    if card.broken:
        place = f"{file.name}, line {card.line}"
        return Problem(place, Sentence(_BROKEN[card.broken]), stops=True)
    lines = ["BEGIN:VCARD", *(whole(text) for _, text in card.lines), "END:VCARD"]
    try:
        return Properties(vobject.readOne("\n".join(lines) + "\n"))
    # What vobject raises for nonsense is not only its own.
    except (VObjectError, ValueError, TypeError, LookupError, AttributeError) as error:
        # Its own line numbers count twice; the message holds the line itself.
        number = next((one for one, text in card.lines if whole(text) in str(error)), card.line)
        words = Sentence("This card can't be read: %(why)s", why=str(error)[:200])
        return Problem(f"{file.name}, line {number}", words, stops=True)


def _record(
    card: Properties,
    organizations: Organizations,
    left: Left,
    region: str,
    place: str,
    *,
    company: bool,
) -> PersonRecord | Body | Problem | None:
    kind = (card.first("KIND") or card.first("X-ADDRESSBOOKSERVER-KIND")).lower()
    if kind in ("group", "location", "application", "device"):
        left.groups += 1
        return None
    jurisdiction = region or country(card)
    if company:
        return _body(card, organizations, left, jurisdiction, place)
    name = _name(card)
    if not name:
        return Problem(place, Sentence("The card has no name."), stops=True)
    return _person(card, name, organizations, left, jurisdiction, place)


def _name(card: Properties) -> str:
    if display := card.first("FN"):
        return display
    parts = card.name()
    return " ".join(filter(None, (parts["given"], parts["additional"], parts["family"])))


def _person(
    card: Properties,
    name: str,
    organizations: Organizations,
    left: Left,
    jurisdiction: str,
    place: str,
) -> PersonRecord:
    parts, uid = card.name(), card.first("UID")
    prefixes = parts["prefix"].split()
    ways = contacts(card, left, jurisdiction, place, name)
    first = next((way.value for way in ways), "")
    return PersonRecord(
        key=uid or f"{fold(name)}|{fold(card.first('EMAIL') or first or card.first('ORG'))}",
        name=name,
        given_name=" ".join(filter(None, (parts["given"], parts["additional"]))),
        family_name=parts["family"],
        title_prefix=" ".join(one for one in prefixes if _EARNED.fullmatch(one)),
        honorific=" ".join(one for one in prefixes if not _EARNED.fullmatch(one)),
        postnominal=parts["suffix"],
        sort_name=card.sort_name(),
        names=card.names(),
        other_names=_nicknames(card),
        gender=cleaning.gender((card.first("GENDER") or card.first("X-GENDER")).split(";")[0]),
        birth_date=_birthday(card),
        death_date=cleaning.day(card.first("DEATHDATE")),
        reading_language=card.first("LANG")[:16],
        identifiers=({"vcard": uid} if uid else {}) | card.identifiers(),
        contacts=ways,
        seats=organizations.seats(card, jurisdiction),
        place=place,
    )


def _birthday(card: Properties) -> str:
    """Return the day of birth, or "" where the year is left out: Apple then writes 1604."""
    found = cleaning.day(card.first("BDAY"))
    return "" if found.startswith(_NO_YEAR) else found


def _nicknames(card: Properties) -> list[dict[str, str]]:
    several = (part.strip() for text in card.values("NICKNAME") for part in text.split(","))
    return [{"name": one, "form": "other"} for one in several if one]


def _body(
    card: Properties, organizations: Organizations, left: Left, jurisdiction: str, place: str
) -> Body | Problem:
    names = card.organization(card.one("ORG")) or [card.first("FN")]
    if not names[-1]:
        return Problem(place, Sentence("The card has no name."), stops=True)
    body = organizations.card(names, jurisdiction, place)
    written = card.first("X-ORGANIZATION-KIND").lower()
    if written in set(OrganizationKind):
        body.kind = OrganizationKind(written)
    uid = card.first("UID")
    body.identifiers = ({"vcard": uid} if uid else {}) | card.identifiers()
    body.names |= card.names()
    body.contacts = contacts(card, left, jurisdiction, place, body.name)
    return body


FORMAT = Format("vcard", "vCard (address book)", datasets, read)
