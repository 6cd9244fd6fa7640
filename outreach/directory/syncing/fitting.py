"""Cuts what a list says to what the columns hold, so that what stands is later known again."""

from __future__ import annotations

from typing import Any

from outreach.directory.importing.records import (
    Body,
    PersonRecord,
    as_json,
    body_from_json,
    digest,
    person_from_json,
    storable,
)
from outreach.directory.models import Person
from outreach.directory.syncing.merging import TEXTS

LONGEST_KEY = 400
_LENGTHS = {
    name: length
    for name in TEXTS
    if (length := getattr(Person.__table__.c[name].type, "length", None)) is not None
}


def fitted(record: PersonRecord) -> tuple[PersonRecord, dict[str, Any], str]:
    """Return a record that fits, as JSON too, and the digest of that."""
    record.key = record.key[:LONGEST_KEY]
    for name, length in _LENGTHS.items():
        setattr(record, name, getattr(record, name)[:length])
    record.identifiers = {scheme[:60]: value[:300] for scheme, value in record.identifiers.items()}
    payload = as_json(record)
    try:
        return record, payload, digest(payload)
    except ValueError:
        payload = {"key": "", "name": ""} | storable(payload)
        clean = person_from_json(payload)
        clean.place = storable(record.place)
        return clean, payload, digest(payload)


def fitted_body(body: Body) -> Body:
    """Return a body whose name fits a list and whose letters a database keeps."""
    body.name = body.name[:300]
    try:
        digest(as_json(body))
    except ValueError:
        return body_from_json({"key": "", "name": ""} | storable(as_json(body)))
    return body
