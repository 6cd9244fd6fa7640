"""How long it takes to find words in 100,000 letters that left and 20,000 answers.

Searches for words that one text holds, that all hold, that none holds and that are too short for
the index, once through the index of three letters and once without it; prints milliseconds and how
many places were found either way. Then what the index costs: making the rows of 300 more letters.

    .venv/bin/python benchmarks/searching.py [--letters 100000] [--database URL, an empty one]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from filling import TEXT
from large_directory import NOW, Counts, fill
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign, Role
from outreach.database import Database
from outreach.letters.models import Letter
from outreach.replies.models import (
    Reply,
    ReplyChannel,
    ReplyKind,
    ReplyLetter,
    SearchText,
    SignedBy,
)
from outreach.replies.story import searching

REPLIES = 20_000
TIMES = 9
RARE = "weatherglass"
WORDS = {
    "one answer": RARE,
    "one letter": "sunshade",
    "every letter": "maßnahmen",
    "none": "kaleidoscope",
    "none, its parts all": "regierungenstag",
    "two letters": "zq",
}


def fill_letters(database: Database, number: int) -> None:
    """Write the directory, letters that left and answers; one of each with a rare word."""
    fill(database, Counts(number, number, number, max(60, number // 6), number))
    with database.writing() as session:
        words = sa.literal("Dear ") + Letter.recipient + sa.literal(f",\n\n{TEXT}")
        left = {"state": "sent", "seal": "0" * 64, "approved_at": NOW}
        session.execute(sa.update(Letter).values(**left, sent_at=NOW, subject="-", text=words))
        middle = sa.select(sa.func.max(Letter.id) / 2).scalar_subquery()
        rare = sa.update(Letter).where(Letter.id == middle)
        session.execute(rare.values(text=Letter.text + " Sunshade."))
        _answers(session, list(session.scalars(sa.select(Letter.id).limit(REPLIES))))


def _answers(session: Session, letter_ids: Sequence[int]) -> None:
    every = {
        "campaign_id": 1,
        "channel": ReplyChannel.EMAIL,
        "received_on": NOW.date(),
        "kind": ReplyKind.ACKNOWLEDGEMENT,
        "signed_by": SignedBy.UNIT,
        "logged_by": "Vera",
        "logged_at": NOW,
        "rehearsal": True,
    }
    rows = [
        every | {"id": n, "office_id": one, "text": f"Thank you for your letter {n}."}
        for n, one in enumerate(letter_ids, start=1)
    ]
    rows[len(rows) // 2]["text"] += f" It hangs beside the {RARE}."
    session.execute(sa.insert(Reply), rows)
    links = [{"reply_id": n, "letter_id": one} for n, one in enumerate(letter_ids, start=1)]
    session.execute(sa.insert(ReplyLetter), links)


def measure(database: Database, text: str) -> tuple[float, int]:
    """Search for `text` several times; (milliseconds of the middle one, places found)."""
    taken, found = [], 0
    for _ in range(TIMES):
        with database.reading() as session:
            campaign = session.get_one(Campaign, 1)
            began = time.perf_counter()
            by = Actor("Sam", role=Role.STAFF)
            found = len(searching.search(session, campaign, text, by=by))
            taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken), found


def rows_a_second(database: Database) -> float:
    """Make the rows of some hundred letters again; letters a second of processor time."""
    with database.writing() as session:
        newest = sa.select(sa.func.max(SearchText.letter_id) - searching.STEP).scalar_subquery()
        session.execute(sa.delete(SearchText).where(SearchText.letter_id > newest))
    began = time.process_time()
    with database.writing() as session:
        made = searching.index(session)
    return made / (time.process_time() - began)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--letters", type=int, default=100_000)
    parser.add_argument("--database")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(told.database or f"sqlite:///{Path(folder) / 'bench.sqlite'}")
        database.migrate()
        fill_letters(database, told.letters)
        began = time.process_time()
        rows = searching.catch_up(database, most=told.letters)
        print(f"{rows:,} rows made in {time.process_time() - began:.0f} s of processor time")
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
        look = searching._is_indexed
        for name, text in WORDS.items():
            searching._is_indexed = look
            by_index = measure(database, text)
            searching._is_indexed = lambda _session: False
            reading = measure(database, text)
            print(
                f"{name:20} by index {by_index[0]:8.1f} ms ({by_index[1]})"
                f"   reading {reading[0]:8.1f} ms ({reading[1]})"
            )
        print(f"rows made again: {rows_a_second(database):,.0f} letters a second")
        database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
