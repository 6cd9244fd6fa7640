"""Writes the directory for other programs: CSV, vCard 4.0, Popolo JSON.

Nothing private leaves: no withdrawn or suppressed way to reach somebody, no private address, no
mobile telephone, no birthday; `private=True` is for a backup that stays with its owner.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.exporting.as_csv import COLUMNS, rows_as_csv
from outreach.directory.exporting.as_popolo import popolo
from outreach.directory.exporting.as_vcard import cards
from outreach.directory.exporting.provenance import Credit, credits
from outreach.directory.exporting.reading import Reading
from outreach.directory.models import Target
from outreach.errors import BadInput
from outreach.words import Sentence

_WRITERS: dict[str, Callable[[Reading], Iterator[str]]] = {
    "csv": rows_as_csv,
    "vcard": cards,
    "popolo": popolo,
}
# {format: (ending of the file, media type)}
FORMATS = {
    "csv": (".csv", "text/csv; charset=utf-8"),
    "vcard": (".vcf", "text/vcard; charset=utf-8"),
    "popolo": (".json", "application/json"),
}


def export(
    session: Session,
    format: str,
    *,
    targets: sa.Select[Target] | None = None,
    today: dt.date,
    private: bool = False,
) -> Iterator[bytes]:
    """Yield the file in pieces; `targets` is a Select of whom it holds.

    Without `targets` it is everybody, whether we can write to them or not: csv and vcard with the
    seats of `today`, popolo with their history; rows of a demonstration are left out. Each writer
    says what its format can't carry. Reads pages of 500 with a fixed number of queries each.
    Raises BadInput (field "format") for a format we don't write.
    """
    if format not in _WRITERS:
        raise BadInput(
            Sentence("We can write %(names)s.", names=", ".join(sorted(_WRITERS))), "format"
        )
    return _encoded(_WRITERS[format](Reading(session, targets, today=today, private=private)))


def _encoded(pieces: Iterator[str]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece.encode()


__all__ = ["COLUMNS", "FORMATS", "Credit", "credits", "export"]
