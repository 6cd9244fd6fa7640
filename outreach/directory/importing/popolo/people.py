"""People of a Popolo list: names in many languages, days, identifiers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outreach.directory.importing.cleaning import day, gender, text
from outreach.directory.importing.popolo.bodies import Frame
from outreach.directory.importing.popolo.contacts import identifiers, reached
from outreach.directory.importing.popolo.shapes import (
    Item,
    by_language,
    identity,
    items,
    language_tag,
    said,
)
from outreach.directory.importing.records import PersonRecord, Problem, Record
from outreach.words import Sentence

_EARNED = re.compile(r"(?:dr|prof|professor|doctor|ph\.?d|ing|mag|dipl|eng|ir|drs|mr\.sc)\b", re.I)
_FORMER = re.compile(r"former|maiden|birth|née|previous|\bold\b", re.IGNORECASE)
_EXTRAS = ("image", "national_identity", "summary", "occupation", "cabinet", "party", "faction")


def person_of(
    item: Item, memberships: list[Item], frame: Frame, *, scheme: str, as_of: str
) -> Iterator[Record]:
    """Yield the person `item` describes with their seats, and what could not be used.

    `scheme` is what the id itself is an identifier of ("everypolitician"), or "".
    """
    key, name = identity(item), _display(item, frame.locale)
    if not name:
        yield Problem(key, Sentence("It has no name and was left out."), stops=True)
        return
    key = key or _key_without_id(item, name)
    problems: list[Sentence] = []
    ways = reached(item, frame.jurisdiction, as_of)
    person = PersonRecord(
        key=key,
        name=name[:300],
        given_name=(said(item.get("given_name")) or said(item.get("given_names")))[:200],
        family_name=(said(item.get("family_name")) or said(item.get("family_names")))[:200],
        postnominal=said(item.get("honorific_suffix"))[:60],
        sort_name=said(item.get("sort_name"))[:300],
        gender=gender(said(item.get("gender"))),
        birth_date=_day(item, "birth_date", problems),
        death_date=_day(item, "death_date", problems),
        reading_language=language_tag(item.get("reading_language")),
        identifiers=identifiers(item),
        contacts=ways.contacts,
        seats=frame.seats(memberships, problems),
        place=key,
    )
    if scheme and identity(item):
        person.identifiers.setdefault(scheme, key[:300])
    _take_all_names(person, item)
    _take_contacts_of_seats(person, memberships, frame, problems)
    person.extras = _extras(item) | ways.unknown
    if "\ufffd" in name:
        problems.append(Sentence("The name holds letters that were lost on the way."))
    yield from (Problem(key, words, name) for words in dict.fromkeys([*ways.problems, *problems]))
    yield person


def _take_all_names(person: PersonRecord, item: Item) -> None:
    if not said(item.get("name")):
        _take_parts(person, item)
    _take_honorific(person, said(item.get("honorific_prefix")))
    _take_names(person, item)


def _display(item: Item, locale: str) -> str:
    """Return the name to show: `name`, else put together, else the last of the other names."""
    if name := said(item.get("name"), locale):
        return name
    parts = (said(item.get(part), locale) for part in ("given_name", "family_name"))
    if name := " ".join(filter(None, parts)):
        return name
    others = list(items(item.get("other_names")))
    main = [one for one in others if said(one.get("note")).casefold() == "main"] or others
    latest = sorted(main, key=lambda one: said(one.get("end_date")) or "9999")
    return next(filter(None, (_other(one) for one in reversed(latest))), "")


def _take_parts(person: PersonRecord, item: Item) -> None:
    """Given and family name of somebody whose name stands only among the other names."""
    for one in items(item.get("other_names")):
        if not (person.given_name or person.family_name) and _other(one)[:300] == person.name:
            person.given_name = said(one.get("given_name"))[:200]
            person.family_name = said(one.get("family_name"))[:200]


def _other(one: Item) -> str:
    """Return one of the other names; parlparse gives peers as lordname and lordofname."""
    if name := said(one.get("name")):
        return name
    parts = [said(one.get(part)) for part in ("given_name", "family_name")]
    if one.get("lordname") or one.get("lordofname"):
        parts = [said(one.get("honorific_prefix")), said(one.get("lordname"))]
        if of := said(one.get("lordofname")):
            parts += ["of", of]
    return " ".join(filter(None, parts))


def _key_without_id(item: Item, name: str) -> str:
    return f"{name}|{day(item.get('birth_date'))}".rstrip("|")[:300]


def _day(item: Item, field: str, problems: list[Sentence]) -> str:
    given = said(item.get(field))
    value = day(given)
    if given and not value:
        problems.append(Sentence("“%(value)s” is no day.", value=given[:60]))
    return value


def _take_honorific(person: PersonRecord, prefix: str) -> None:
    if _EARNED.match(prefix):
        person.title_prefix = prefix[:60]
    else:
        person.honorific = prefix[:60]


def _take_names(person: PersonRecord, item: Item) -> None:
    """Names in other languages go by language, former and further ones with their days."""
    names = by_language(item.get("name"))
    for one in items(item.get("other_names")):
        name = _other(one)[:300]
        tag = language_tag(one.get("lang") or one.get("language"))
        if name and tag and one.get("note") == "multilingual":
            names.setdefault(tag, name)
            continue
        note, start, end = (said(one.get(part)) for part in ("note", "start_date", "end_date"))
        former = bool(end or _FORMER.search(note))
        if not name:
            continue
        if tag and not former and names.setdefault(tag, name) == name:
            continue
        if name == person.name and not end:
            continue
        form = "former" if former else "address" if "address" in note.casefold() else "other"
        entry = {"name": name, "form": form, "language": tag, "start": day(start), "end": day(end)}
        kept = {key: value for key, value in entry.items() if value}
        if kept not in person.other_names:
            person.other_names.append(kept)
    person.names = names


def _take_contacts_of_seats(
    person: PersonRecord, memberships: list[Item], frame: Frame, problems: list[Sentence]
) -> None:
    """Contact details of a membership are the person's while they hold it."""
    known = {(one.kind, one.value) for one in person.contacts}
    for one in memberships:
        if not one.get("contact_details") and not one.get("email"):
            continue
        ways = reached(one, frame.jurisdiction)
        problems += ways.problems
        person.contacts += [way for way in ways.contacts if (way.kind, way.value) not in known]
        known |= {(way.kind, way.value) for way in ways.contacts}


def _extras(item: Item) -> dict[str, str]:
    """Return what we have no place for: few fields, short."""
    found = {name: said(item.get(name))[:300] for name in _EXTRAS}
    found["source"] = next(
        (text(one.get("url"))[:300] for one in items(item.get("sources")) if one.get("url")), ""
    )
    return {name: value for name, value in found.items() if value}
