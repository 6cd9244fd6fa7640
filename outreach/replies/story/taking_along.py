"""One correspondence as files to take along: every message as it left or came, and a list."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from typing import IO

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from outreach.accounts import audit
from outreach.accounts.models import Actor, Campaign
from outreach.accounts.roles import require
from outreach.directory.exporting.as_csv import cell
from outreach.letters.models import Letter
from outreach.replies.deskwork.readers import MARKS
from outreach.replies.models import Incoming, IncomingLetter, Original
from outreach.replies.story.threads import Row, letters_between, thread
from outreach.sending.models import Attempt

INDEX = "index.csv"
HEADERS = ("file", "when (UTC)", "what", "by", "words")
# The earliest day a zip can hold: files get the day of their message, none says when it was made.
_FIRST_YEAR = 1980


def write_thread(
    session: Session,
    campaign: Campaign,
    office_id: int,
    into: IO[bytes],
    *,
    by: Actor,
    now: dt.datetime,
) -> int:
    """Write the correspondence with a desk into `into` as a zip and return the number of messages.

    Of a campaign that rehearses what was rehearsed, else what was not: never both. `index.csv`
    tells the whole story in its order, beginning with the files. For organisers. Raises NotAllowed.
    """
    require(by, "board.export")
    rehearsal = campaign.rehearsing
    letters = letters_between(session, campaign.id, office_id, rehearsal=rehearsal)
    codes = {letter.id: letter.code for letter in letters}
    rows: list[tuple[str, ...]] = []
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as packed:
        _add_sent(session, codes, rehearsal, packed, rows)
        _add_received(session, codes, packed, rows)
        messages = len(rows)
        story = thread(session, campaign.id, office_id, by=by, rehearsal=rehearsal)
        rows += [("", _instant(one.at), _said(one), one.by, one.detail) for one in story]
        packed.writestr(INDEX, _table(rows))
    audit.record(
        session,
        subject=("office", office_id),
        name="thread_exported",
        by=by,
        now=now,
        campaign_id=campaign.id,
        detail={"messages": messages, "letters": len(letters)},
    )
    return messages


def _add_sent(
    session: Session,
    codes: dict[int, str],
    rehearsal: bool,
    packed: zipfile.ZipFile,
    rows: list[tuple[str, ...]],
) -> None:
    found = session.execute(
        sa.select(Attempt, Letter.recipient)
        .join(Letter, Letter.id == Attempt.letter_id)
        .join(Attempt.carried)
        .options(contains_eager(Attempt.carried))
        .where(Attempt.letter_id.in_(codes), Attempt.rehearsal == rehearsal)
        .order_by(Attempt.started_at, Attempt.id)
    )
    for attempt, recipient in found:
        at, code = attempt.started_at, codes[attempt.letter_id]
        name = f"sent-{at:%Y-%m-%d}-{code}-{attempt.number}.eml"
        _add(packed, name, at, attempt.message or b"")
        rows.append((name, _instant(at), f"to {recipient}", "", attempt.server_words))


def _add_received(
    session: Session,
    codes: dict[int, str],
    packed: zipfile.ZipFile,
    rows: list[tuple[str, ...]],
) -> None:
    placed = sa.select(IncomingLetter.incoming_id).where(IncomingLetter.letter_id.in_(codes))
    found = session.execute(
        sa.select(Incoming, Original.raw)
        .join(Original, Original.incoming_id == Incoming.id)
        .where(Incoming.id.in_(placed))
        .order_by(Incoming.received_at, Incoming.id)
        .execution_options(yield_per=10)
    )
    for row, raw in found:
        name = f"received-{row.received_at:%Y-%m-%d}-{row.id}.eml"
        _add(packed, name, row.received_at, raw)
        rows.append((name, _instant(row.received_at), "received", row.from_address, row.subject))


def _said(row: Row) -> str:
    """What happened; beside it what keeps an answer from being confirmed."""
    return f"{row.text} ({MARKS[row.mark]})" if row.mark else str(row.text)


def _add(packed: zipfile.ZipFile, name: str, at: dt.datetime, data: bytes) -> None:
    when = (max(at.year, _FIRST_YEAR), at.month, at.day, 0, 0, 0)
    entry = zipfile.ZipInfo(name, date_time=when)
    entry.compress_type = zipfile.ZIP_DEFLATED
    packed.writestr(entry, data)


def _instant(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def _table(rows: list[tuple[str, ...]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(HEADERS)
    writer.writerows([[cell(value) for value in row] for row in rows])
    return buffer.getvalue().encode("utf-8-sig")
