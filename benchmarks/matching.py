"""How long it takes to find the letter that a message answers, with 1,000 and 100,000 letters.

Messages of five kinds are matched against letters to fictional members of parliament in 3,000
houses, beside 20,000 answers stored already: with our tag, answering our message, naming the code,
forwarded by a secretary from a new address, and without any sign. Prints messages a second, queries
a message, how often the right letter is first, and how the time grows with the number of letters.

    .venv/bin/python benchmarks/matching.py [--letters 100000] [--messages 200]
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from large_directory import AT_ONCE, NOW, Counts, fill
from sqlalchemy.orm import Session

from outreach.database import Database
from outreach.letters.models import Letter
from outreach.replies.matches import matching, traces
from outreach.replies.matches.signs import Signs
from outreach.replies.models import Reply, ReplyChannel, ReplyKind, ReplyLetter, SignedBy
from outreach.sending import reply_address
from outreach.sending.models import Attempt, Outcome
from outreach.signing import CODE_ALPHABET

KEY = b"a key of the benchmark"
OURS = "answers@campaign.example"
HOUSES = 3_000
REPLIES = 20_000
LATER = NOW + dt.timedelta(days=20)
WORDS = (
    "I write to you about two police units. They beat people who had assembled in peace. "
    "Courts and the reports of three bodies have found it. I ask you to table a question on "
    "whether the units can be listed, and to tell me what the government answers. "
)

Make = Callable[[Letter], Signs]


def signs(letter: Letter, **said: object) -> Signs:
    """Return the signs of a message that says nothing of `letter` but what is `said`."""
    values = {
        "recipients": (OURS,),
        "references": (f"theirs{letter.id}@elsewhere.example",),
        "senders": (("A clerk", f"clerk{letter.id}@elsewhere.example"),),
        "subject": "Your message",
        "text": "Thank you for your message, which has been passed on.",
        "at": LATER,
        "own": frozenset({OURS}),
    } | said
    return Signs(**values)  # type: ignore[arg-type]


def forwarded(letter: Letter) -> Signs:
    """Return the signs of what a secretary of the same house forwards with the letter below."""
    host = letter.address.rpartition("@")[2]
    quoted = "\n".join(f"> {line}" for line in letter.text.splitlines())
    return signs(
        letter,
        senders=(("Office", f"registry@{host}"),),
        subject="FW: FW: something",
        text=f"See below, please.\n\n{quoted}",
    )


KINDS: dict[str, Make] = {
    "tag": lambda one: signs(one, recipients=(reply_address.tagged(OURS, one.id, KEY),)),
    "In-Reply-To": lambda one: signs(one, references=(f"m{one.id}@campaign.example",)),
    "code": lambda one: signs(one, text=f"Your letter, ref. {one.code}, was received."),
    "forward": forwarded,
    "no sign": signs,
}


def fill_letters(database: Database, number: int) -> list[int]:
    """Write the directory, letters that left, their attempts, and answers to some; their ids."""
    fill(database, Counts(number, number, number, max(60, number // 6), number))
    with database.writing() as session:
        words = sa.literal("Dear ") + Letter.recipient + f",\n\n{WORDS}\n\nYours sincerely"
        session.execute(
            sa.update(Letter).values(
                state="sent",
                rehearsal=False,
                seal="0" * 64,
                approved_at=NOW,
                sent_at=NOW,
                subject="Request to list two police units",
                text=words,
            )
        )
        ids = list(session.scalars(sa.select(Letter.id).order_by(Letter.id)))
        for start in range(0, number, AT_ONCE):
            _complete(session, ids[start : start + AT_ONCE])
        _answers(session, ids)
    return ids


def _complete(session: Session, ids: list[int]) -> None:
    """Give letters an address of one of the houses and a code, and the attempt they left by."""
    session.execute(
        sa.update(Letter),
        [{"id": n, "address": f"m{n}@house{n % HOUSES}.example", "code": _code(n)} for n in ids],
    )
    session.execute(
        sa.insert(Attempt),
        [
            {
                "letter_id": n,
                "number": 1,
                "message_id": f"m{n}@campaign.example",
                "transport": "smtp",
                "worker": "bench",
                "rehearsal": False,
                "started_at": NOW,
                "lease_until": NOW,
                "ended_at": NOW,
                "outcome": Outcome.DELIVERED,
            }
            for n in ids
        ],
    )


def _code(number: int) -> str:
    """A code as letters bear it, of a number."""
    signs_of_it = ""
    for _ in range(6):
        number, rest = divmod(number, len(CODE_ALPHABET))
        signs_of_it = CODE_ALPHABET[rest] + signs_of_it
    return f"{signs_of_it[:3]}-{signs_of_it[3:]}"


def _answers(session: Session, ids: list[int]) -> None:
    letters = [ids[n % len(ids)] for n in range(REPLIES)]
    rows = [
        {
            "id": n,
            "campaign_id": 1,
            "office_id": letter_id,
            "channel": ReplyChannel.EMAIL,
            "received_on": NOW.date(),
            "kind": ReplyKind.ACKNOWLEDGEMENT,
            "signed_by": SignedBy.UNIT,
            "text": WORDS,
            "logged_by": "Vera",
            "logged_at": NOW,
            "rehearsal": False,
        }
        for n, letter_id in enumerate(letters, start=1)
    ]
    session.execute(sa.insert(Reply), rows)
    links = [{"reply_id": n, "letter_id": one} for n, one in enumerate(letters, start=1)]
    session.execute(sa.insert(ReplyLetter), links)


def make_traces(database: Database) -> float:
    """Make the clues of every letter; the seconds it took."""
    began = time.perf_counter()
    while True:
        with database.writing() as session:
            if not traces.trace(session, traces.untraced(session)):
                return time.perf_counter() - began


def measure(database: Database, ids: list[int], make: Make, number: int) -> tuple[float, int, int]:
    """Match `number` messages; (seconds of each, queries of each, how many found their letter)."""
    sent = 0

    def count(*_: object) -> None:
        nonlocal sent
        sent += 1

    chance = random.Random(3)
    right = 0
    with database.reading() as session:
        letters = [session.get_one(Letter, chance.choice(ids)) for _ in range(number)]
        asked = [(one, make(one)) for one in letters]
        sa.event.listen(database.engine, "before_cursor_execute", count)
        began = time.perf_counter()
        for letter, said in asked:
            session.expunge_all()
            found = matching.match(
                session, said, letter_of=lambda one: reply_address.letter_of(one, KEY)
            )
            right += bool(found.guesses) and found.guesses[0].letter_id == letter.id
        seconds = (time.perf_counter() - began) / number
        sa.event.remove(database.engine, "before_cursor_execute", count)
    return seconds, sent // number, right


def main() -> int:
    """Measure and print; 1 when a message asks 50 queries or more."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--letters", type=int, default=100_000)
    parser.add_argument("--messages", type=int, default=200)
    wanted = parser.parse_args()
    took: dict[str, list[float]] = {kind: [] for kind in KINDS}
    most = 0
    for number in (wanted.letters // 100, wanted.letters):
        with tempfile.TemporaryDirectory() as folder:
            database = Database(f"sqlite:///{Path(folder) / 'bench.sqlite'}")
            database.migrate()
            ids = fill_letters(database, number)
            seconds = make_traces(database)
            print(f"{number:,} letters: clues of all made in {seconds:.1f} s")
            for kind, make in KINDS.items():
                each, queries, right = measure(database, ids, make, wanted.messages)
                took[kind].append(each)
                most = max(most, queries)
                print(
                    f"  {kind:12} {1 / each:7.0f} messages/s  {queries:3} queries"
                    f"  right letter first: {right / wanted.messages:.0%}"
                )
            database.close()
    for kind, (few, many) in took.items():
        print(f"{kind:12} with a hundred times as many letters: {many / few:.1f} x the time")
    print(f"most queries a message: {most} (limit 50)")
    return 0 if most < 50 else 1


if __name__ == "__main__":
    sys.exit(main())
