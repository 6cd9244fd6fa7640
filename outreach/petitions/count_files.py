"""Counts out of a file: a line for each, `date,value` or `date,value,url`; all of it or nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign
from outreach.errors import BadInput
from outreach.petitions import counts, page_rules
from outreach.petitions.models import Petition, Reading, ReadingState
from outreach.petitions.sources.reading import NoCount, number_in
from outreach.words import Sentence

MOST_LINES = 5_000
MOST_BYTES = 1_000_000
# So many wrong lines are named; whoever mends them sees the rest next time.
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One count of a file: its line, the day, the value, the page."""

    number: int
    read_on: dt.date
    value: int
    page_url: str


@dataclass(frozen=True, slots=True)
class Imported:
    """How many readings a file brought, how many of them wait, how many were known already."""

    added: int
    held: int
    known: int


def import_file(
    session: Session,
    data: bytes,
    *,
    petition: Petition,
    page_url: str = "",
    by: Actor,
    now: dt.datetime,
) -> Imported:
    """Add the counts of a file in the order of their days, each judged as one typed by hand.

    `page_url` is the page of the lines that name none. A count of the same page, day and value is
    skipped. Raises BadInput naming every wrong line; nothing is written then.
    """
    lines = _lines(session.get_one(Campaign, petition.campaign_id).day_of(now), data, page_url)
    rows = session.execute(
        sa.select(Reading.page_url, Reading.read_on, Reading.value).where(
            Reading.petition_id == petition.id
        )
    )
    known = {(row.page_url, row.read_on, row.value) for row in rows}
    added = held = 0
    for line in sorted(lines, key=lambda one: (one.read_on, one.number)):
        key = (line.page_url, line.read_on, line.value)
        if key in known:
            continue
        known.add(key)
        reading = counts.add_reading(
            session,
            petition=petition,
            value=line.value,
            page_url=line.page_url,
            read_on=line.read_on,
            method=counts.FROM_A_FILE,
            by=by,
            now=now,
        )
        added += 1
        held += reading.state is ReadingState.HELD
    return Imported(added, held, len(lines) - added)


def _lines(today: dt.date, data: bytes, page_url: str) -> list[Line]:
    found: list[Line] = []
    wrong: list[str] = []
    for number, cells in _rows(data):
        try:
            found.append(_line(number, cells, today, page_url))
        except (BadInput, NoCount) as error:
            wrong.append(str(Sentence("line %(n)s: %(why)s", n=number, why=str(error))))
    if wrong:
        raise BadInput(
            Sentence(
                "Nothing was imported. Mend these lines: %(lines)s", lines=" ".join(wrong[:_NAMED])
            ),
            "file",
        )
    if not found:
        raise BadInput(Sentence("There is no count in this file."), "file")
    return found


def _rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """The lines that hold something, with their numbers; a heading is left out."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(Sentence("This is no text in UTF-8. Save it as CSV (UTF-8)."), "file") from (
            error
        )
    if len(data) > MOST_BYTES or text.count("\n") > MOST_LINES:
        raise BadInput(
            Sentence("More than %(most)s lines. Split the file.", most=MOST_LINES), "file"
        )
    head = text.split("\n", 1)[0]
    sign = max((";", "\t", ","), key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=sign)
    try:
        for cells in reader:
            plain = [cell.strip() for cell in cells]
            heading = reader.line_num == 1 and not any(cell[:1].isdigit() for cell in plain)
            if any(plain) and not heading:
                yield reader.line_num, plain
    except csv.Error as error:
        raise BadInput(Sentence("This is no CSV file."), "file") from error


def _line(number: int, cells: list[str], today: dt.date, page_url: str) -> Line:
    if len(cells) < 2 or len(cells) > 3:
        raise BadInput(Sentence("Write date, count and, if you like, the page's address."))
    try:
        day = dt.date.fromisoformat(cells[0])
    except ValueError as error:
        raise BadInput(Sentence("“%(day)s” is no day such as 2026-03-31.", day=cells[0])) from error
    if day > today:
        raise BadInput(Sentence("%(day)s is still to come.", day=cells[0]))
    value = number_in(cells[1])
    if not 0 < value <= counts.LARGEST:
        raise BadInput(Sentence("“%(count)s” is no count.", count=cells[1]))
    url = cells[2] if len(cells) > 2 and cells[2] else page_url
    return Line(number, day, value, page_rules.spelt(url))
