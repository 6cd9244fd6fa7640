"""The corpus of messages that was written before any code read it: what we make of each.

`python -m tests.replies.mail.test_corpus` prints precision and recall per kind and what went wrong.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from outreach.replies.mail.parsing import Mail, read
from outreach.replies.mail.recognising import Recognised, recognise
from outreach.replies.models import MailKind

CORPUS = Path(__file__).parent.parent / "corpus"
DAY = dt.date(2026, 11, 23)
Row = tuple[dict[str, Any], Mail, Recognised]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """(what is expected, the mail as read, what it was recognised as) of every message."""
    return list(_rows())


def _rows() -> Iterator[Row]:
    for expected in yaml.load((CORPUS / "expected.yaml").read_text("utf-8"), yaml.CSafeLoader):
        mail = read((CORPUS / expected["file"]).read_bytes())
        yield expected, mail, recognise(mail, received_on=DAY)


def test_no_answer_of_a_person_is_taken_for_a_machine_s(rows):
    """That one is what costs an answer; the other way round it costs a look."""
    wrong = [e["file"] for e, _, is_ in rows if e["kind"] == "answer" and is_.kind != "answer"]
    assert wrong == []


@pytest.mark.parametrize("kind", [kind for kind in MailKind if kind is not MailKind.OTHER])
def test_each_kind_is_recognised(rows, kind):
    meant, said, both = _counts(rows, kind)
    assert both / said >= 0.95
    assert both / meant >= 0.95


def test_whoever_failed_is_named(rows):
    """By the address that failed, or the one that the letter was sent to first."""
    bounces = [(e, is_.bounce) for e, _, is_ in rows if e["bounced_address"]]
    named = [
        bounce is not None
        and any(e["bounced_address"] in (one.address, one.original) for one in bounce.failures)
        for e, bounce in bounces
    ]
    assert sum(named) / len(named) >= 0.97


def test_the_day_of_return_is_read(rows):
    told = [(str(e["return_on"]), str(is_.back_on)) for e, _, is_ in rows if e["return_on"]]
    assert sum(day == read_ for day, read_ in told) / len(told) >= 0.95
    assert [e["file"] for e, _, is_ in rows if is_.back_on and not e["return_on"]] == []


def test_what_they_wrote_stays_and_what_they_quote_goes(rows):
    stays = [_holds(m, words) for e, m, _ in rows for words in e["reading_contains"]]
    goes = [not _holds(m, words) for e, m, _ in rows for words in e["reading_lacks"]]
    assert sum(stays) / len(stays) >= 0.98
    assert sum(goes) / len(goes) >= 0.95


def test_the_whole_is_always_kept(rows):
    for expected, mail, _ in rows:
        assert " ".join(mail.reading.split())[:200] in " ".join(mail.text.split()) or (
            "\n\n" in mail.reading
        ), expected["file"]


def _counts(rows: list[Row], kind: str) -> tuple[int, int, int]:
    """How many are of `kind`, how many are said to be, how many both."""
    pairs = Counter((e["kind"], is_.kind.value) for e, _, is_ in rows)
    meant = sum(n for (a, _), n in pairs.items() if a == kind)
    said = sum(n for (_, b), n in pairs.items() if b == kind)
    return meant, said, pairs[(kind, kind)]


def _holds(mail: Mail, words: str) -> bool:
    return " ".join(words.split()) in " ".join(mail.reading.split())


def main() -> None:
    """Print precision and recall per kind, and every message that is taken for another."""
    rows = list(_rows())
    for kind in MailKind:
        meant, said, both = _counts(rows, kind)
        print(f"{kind.value:18} precision {both}/{said}, recall {both}/{meant}")  # noqa: T201
    for expected, mail, is_ in rows:
        if expected["kind"] != is_.kind:
            print(expected["file"], expected["kind"], is_.kind, is_.reason, mail.subject)  # noqa: T201


if __name__ == "__main__":
    main()
