"""Compares one record of a source with the person it is about."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from outreach.directory.importing.records import Contact, PersonRecord, person_from_json
from outreach.directory.models import ContactKind
from outreach.directory.offices import normalised
from outreach.directory.syncing.merging import (
    Merged,
    Saying,
    Standing,
    Way,
    merge_texts,
    merge_ways,
)
from outreach.directory.syncing.seating import Places, ends_first, keyed, merge_seats
from outreach.errors import BadInput
from outreach.words import Sentence


@lru_cache(maxsize=200_000)
def _normalised(kind: ContactKind, value: str) -> str:
    try:
        return normalised(kind, value)[:500]
    except BadInput:
        return ""


def ways(contacts: list[Contact], saying: Saying) -> tuple[list[Way], list[Sentence]]:
    """Return `contacts` as contact details of this source, and what could not be used."""
    found: dict[tuple[ContactKind, str], Way] = {}
    unusable = []
    for position, contact in enumerate(contacts):
        key = _normalised(contact.kind, contact.value)
        if not key:
            unusable.append(Sentence("“%(value)s” is no address we can use.", value=contact.value))
            continue
        found.setdefault(
            (contact.kind, key),
            Way(
                id=0,
                kind=contact.kind,
                value=contact.value,
                normalised=key,
                purpose=contact.purpose[:32] or "office",
                label=contact.label[:200],
                language=contact.language[:16] or None,
                bundle=contact.bundle[:160],
                source_id=saying.source_id,
                seen_on=saying.as_of,
                position=position,
            ),
        )
    return list(found.values()), unusable


def usable(record: PersonRecord, places: Places) -> tuple[PersonRecord, list[Sentence]]:
    """Return `record` without the seats in bodies the list never named, and a word on each."""
    known = [seat for seat in record.seats if places.get(seat.organization)]
    turned = [
        Sentence("A seat ends before it begins; its beginning was left out.")
        for seat in known
        if ends_first(seat)
    ]
    if len(known) == len(record.seats):
        return record, turned
    lost = [
        Sentence("A seat in “%(body)s” was left out: the list does not name that body.", body=name)
        for name in sorted({seat.organization for seat in record.seats} - places.keys())
    ]
    record.seats = known
    return record, lost + turned


def compared(
    record: PersonRecord,
    ours: Standing | None,
    base: dict[str, Any] | None,
    places: Places,
    saying: Saying,
) -> Merged:
    """Return what taking `record` would change; `ours` is None for somebody new.

    `base` is what this source said last, as `records.as_json` wrote it.
    """
    merged = Merged()
    standing = ours or Standing(id=0, texts={})
    merge_texts(merged, standing, record, base, saying)
    before = person_from_json(base) if base is not None else None
    given, _ = ways(record.contacts, saying)
    gave, _ = ways(before.contacts, saying) if before else ([], [])
    was = {(way.kind, way.normalised) for way in gave}
    left = was - {(way.kind, way.normalised) for way in given}
    elsewhere = _given_elsewhere(standing, record.key, saying) if left else {}
    merge_ways(merged, standing, given, was, saying, elsewhere)
    theirs = keyed(record.seats)
    known = (
        keyed([seat for seat in before.seats if places.get(seat.organization)]) if before else {}
    )
    others = _other_seats(standing, record, saying)
    merge_seats(merged, standing, theirs, known, places, saying, others)
    return merged


def _given_elsewhere(
    ours: Standing, key: str, saying: Saying
) -> dict[tuple[ContactKind, str], int]:
    """Return {(kind, normalised): source} of what other entries and lists give this person."""
    found: dict[tuple[ContactKind, str], int] = {}
    for said in ours.said:
        if said.gone or (said.source_id, said.key) == (saying.source_id, key):
            continue
        for way in ways(person_from_json(said.record).contacts, saying)[0]:
            found.setdefault((way.kind, way.normalised), said.source_id)
    return found


def _other_seats(ours: Standing, record: PersonRecord, saying: Saying) -> frozenset[str]:
    """Return the keys of seats that other entries of the same list give this person."""
    return frozenset(
        key
        for said in ours.said
        if said.source_id == saying.source_id and said.key != record.key and not said.gone
        for key in keyed(person_from_json(said.record).seats)
    )
