"""An address book, vCard 4.0 (RFC 6350), that our own reader takes back without loss.

What the standard has no property for stands in X- properties: other programs pass over them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import sqlalchemy as sa

from outreach.directory.exporting.provenance import Credit
from outreach.directory.exporting.reading import Reading, prefix_of, title_of, written_day
from outreach.directory.identity import Identifier
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    FormOfAddress,
    Membership,
    Organization,
    OrganizationKind,
    Person,
)
from outreach.directory.syncing.models import SourceRecord

# Cards of two installations must not be taken for one another's.
_NAMESPACE = uuid.UUID("6f1d8a3e-52c4-4d0b-9a61-0c6f3f0b7d15")
_PROPERTIES = {
    ContactKind.EMAIL: "EMAIL",
    ContactKind.FORM: "CONTACT-URI",
    ContactKind.PHONE: "TEL",
    ContactKind.FAX: "TEL",
    ContactKind.POSTAL: "ADR",
    ContactKind.URL: "URL",
    ContactKind.SOCIAL: "SOCIALPROFILE",
}
_PARAM = str.maketrans({"^": "^^", "\n": "^n", '"': "^'"})
_VALUE = str.maketrans({"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n"})
_OCTETS = 75


def cards(reading: Reading) -> Iterator[str]:
    """Yield the cards of bodies that can be reached themselves, then those of people.

    Without targets asked for that is everybody, with the seats they hold today. A card can't carry:
    seats that are over, posts without a holder, bodies without a way of their own (they stand in
    ORG), groups that nobody sits for, the days of former names.
    """
    for ids in reading.pages(reading.desks()):
        yield "".join(_body_cards(reading, ids))
    for ids in reading.pages(reading.people().order_by(Person.id)):
        yield "".join(_person_cards(reading, ids))


def _person_cards(reading: Reading, ids: list[int]) -> Iterator[str]:
    session = reading.session
    people = session.scalars(sa.select(Person).where(Person.id.in_(ids)).order_by(Person.id)).all()
    seats = reading.seats_of(ids)
    posts = {one.post_id for several in seats.values() for one in several if one.post_id}
    own = reading.contacts(ContactDetail.person_id, ids)
    of_posts = reading.contacts(ContactDetail.post_id, posts)
    known = reading.identifiers(Identifier.person_id, ids)
    told = reading.sources(SourceRecord.person_id, ids)
    for person in people:
        held = seats.get(person.id, [])
        ways = list(own.get(person.id, ()))
        for post in dict.fromkeys(one.post_id for one in held if one.post_id):
            ways += of_posts.get(post, ())
        lines = _person(reading, person, known.get(person.id, {}), held)
        credits = reading.named(told.get(person.id, ()), ways, held)
        yield _card(reading, [*lines, *_ways(ways)], credits)


def _person(
    reading: Reading, person: Person, known: dict[str, str], held: list[Membership]
) -> Iterator[str]:
    yield _uid(known, f"person:{person.id}:{person.name}")
    yield "KIND:individual"
    yield f"FN:{_text(person.name)}"
    for language, name in person.names.items():
        # Inflected names and greetings (`uk-x-dat`) are for our letters, nobody's name.
        if "-x-" not in language:
            yield f"FN;LANGUAGE={_param(language)};ALTID={_param(language)}:{_text(name)}"
    parts = (person.family_name, person.given_name, "", prefix_of(person), person.postnominal)
    sorting = f";SORT-AS={_param(person.sort_name)}" if person.sort_name else ""
    yield f"N{sorting}:{';'.join(_text(part) for part in parts)}"
    if person.form_of_address is not FormOfAddress.X:
        yield f"GENDER:{person.form_of_address.value.upper()}"
    if person.reading_language:
        yield f"LANG:{_text(person.reading_language)}"
    if reading.private and person.birth_date:
        yield f"BDAY:{person.birth_date}"
    yield from _known(known)
    for number, one in enumerate(held, start=1):
        yield from (f"item{number}.{line}" for line in _seat(reading, one))


def _seat(reading: Reading, held: Membership) -> Iterator[str]:
    path = reading.path(held.organization_id)
    yield f"ORG:{';'.join(_text(one.name) for one in path)}"
    if title := title_of(held):
        yield f"TITLE:{_text(title)}"
    yield f"ROLE:{held.role.value}"
    yield f"X-ORGANIZATION-KIND:{path[-1].kind.value}"
    yield f"X-JURISDICTION:{_text(path[-1].jurisdiction)}"
    if held.on_behalf_of_id is not None:
        group = reading.bodies[held.on_behalf_of_id]
        kind = "group" if group.kind is OrganizationKind.GROUP else "party"
        yield f"X-ON-BEHALF-OF;TYPE={kind}:{_text(group.name)}"
    if held.area:
        yield f"X-AREA:{_text(held.area.name)}"
    if start := written_day(held.start_on, held.start_precision):
        yield f"X-START:{start}"
    if end := written_day(held.end_on, held.end_precision):
        yield f"X-END:{end}"


def _body_cards(reading: Reading, ids: list[int]) -> Iterator[str]:
    query = sa.select(Organization).where(Organization.id.in_(ids)).order_by(Organization.id)
    bodies = reading.session.scalars(query).all()
    ways = reading.contacts(ContactDetail.organization_id, ids)
    known = reading.identifiers(Identifier.organization_id, ids)
    told = reading.sources(SourceRecord.organization_id, ids)
    for body in bodies:
        schemes = known.get(body.id, {})
        path = ";".join(_text(one.name) for one in reading.path(body.id))
        lines = [
            _uid(schemes, f"organization:{body.slug}"),
            "KIND:org",
            f"FN:{_text(body.name)}",
            *(f"FN;LANGUAGE={_param(tag)}:{_text(name)}" for tag, name in body.names.items()),
            f"ORG:{path}",
            f"X-ORGANIZATION-KIND:{body.kind.value}",
            f"X-JURISDICTION:{_text(body.jurisdiction_code)}",
            *_known(schemes),
        ]
        details = ways.get(body.id, [])
        credits = reading.named(told.get(body.id, ()), details)
        yield _card(reading, [*lines, *_ways(details)], credits)


def _uid(known: dict[str, str], otherwise: str) -> str:
    """Return the UID: the card's own where it came from one, else made of the surest id."""
    if uid := known.get("vcard"):
        return f"UID:{_text(uid)}"
    surest = next((f"{scheme}:{value}" for scheme, value in known.items()), otherwise)
    return f"UID:urn:uuid:{uuid.uuid5(_NAMESPACE, surest)}"


def _known(known: dict[str, str]) -> Iterator[str]:
    for scheme, value in known.items():
        if scheme != "vcard":
            yield f"X-IDENTIFIER;TYPE={_param(scheme)}:{_text(value)}"


def _ways(details: list[ContactDetail]) -> Iterator[str]:
    """Yield a property for each way, the best of a kind with the first preference."""
    seen: dict[ContactKind, int] = {}
    for one in details:
        seen[one.kind] = seen.get(one.kind, 0) + 1
        params = [_PROPERTIES[one.kind]]
        types = ["home" if one.purpose == "personal" else "work"]
        if one.kind is ContactKind.FAX:
            types.append("fax")
        params.append(f"TYPE={','.join(types)}" if len(types) == 1 else 'TYPE="work,fax"')
        params.append(f"PREF={min(seen[one.kind], 100)}")
        params.append(f"X-PURPOSE={_param(one.purpose)}")
        if one.kind is ContactKind.SOCIAL and one.label:
            params.append(f"SERVICE-TYPE={_param(one.label)}")
        elif one.label:
            params.append(f"X-LABEL={_param(one.label)}")
        if one.bundle:
            params.append(f"X-BUNDLE={_param(one.bundle)}")
        if one.kind is ContactKind.POSTAL:
            # Only the whole is known, not its parts (RFC 6350, 6.3.1).
            yield f"{';'.join([*params, f'LABEL={_param(one.value)}'])}:;;;;;;"
        else:
            yield f"{';'.join(params)}:{_plain_or_text(one)}"


def _plain_or_text(one: ContactDetail) -> str:
    """Links are written as they are; only texts have escapes."""
    links = (ContactKind.FORM, ContactKind.URL, ContactKind.SOCIAL)
    return one.value.replace("\n", "") if one.kind in links else _text(one.value)


def _card(reading: Reading, lines: list[str], credits: list[Credit]) -> str:
    note = [f"NOTE:{_text('Source: ' + '; '.join(map(str, credits)))}"] if credits else []
    revised = f"REV:{reading.today:%Y%m%d}T000000Z"
    every = ["BEGIN:VCARD", "VERSION:4.0", *lines, *note, revised, "END:VCARD"]
    return "".join(_folded(line) for line in every)


def _text(value: str) -> str:
    return value.replace("\r", "").translate(_VALUE)


def _param(value: str) -> str:
    """Return the value of a parameter, quoted where it must be (RFC 6868)."""
    escaped = value.replace("\r", "").translate(_PARAM)
    return f'"{escaped}"' if any(mark in escaped for mark in ",;:") or " " in escaped else escaped


def _folded(line: str) -> str:
    """Return a line of at most 75 octets, goes on after a space; no letter is cut in two."""
    pieces, piece, size = [], "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > _OCTETS:
            pieces.append(piece)
            piece, size = " ", 1
        piece += letter
        size += octets
    return "\r\n".join([*pieces, piece]) + "\r\n"
