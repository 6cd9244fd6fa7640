"""Messages that nobody would write: whatever the bytes are, they are read, fast, and kept.

Mutations of the corpus and of hand-made heads, the same at every run. `FUZZ_SECONDS=600 pytest -m
"" …` looks at others for ten minutes; the seed is in the failure, and FUZZ_SEED begins with it
again. What once failed is a file in `fuzzed/`, read again by every quick run.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import os
import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from outreach.replies.mail import bounces, parsing, showing
from outreach.replies.mail.recognising import recognise
from outreach.replies.matches.signs import signs_of
from outreach.replies.receiving import inbox
from tests.replies.corpus_of_mail import messages

TODAY = dt.date(2026, 11, 23)
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
# Reading takes milliseconds; so much CPU time for one message means that something runs away.
MOST_SECONDS = 5.0
FOUND = Path(__file__).parent / "fuzzed"
# What parsers trip over.
PIECES = (
    *(b"\x00", b"\xff\xfe", b"\r", b"\n", b"\r\n\r\n", b"\t", b"--", b"=", b"=?utf-8?B?", b"?="),
    *(b"=?x?Q?=", b'boundary="', b";", b'"', b"<", b">", b"(((((((", b"[", b"@", b":", b","),
    *(b"Content-Type: multipart/mixed; boundary=a\r\n", b"Content-Type: message/rfc822\r\n\r\n"),
    *(b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: uuencode\r\n"),
    *(b"charset=utf-7", b"charset=\xd0\x96", b"charset*0*=", b"filename*1*=%", b"name*=utf-8''%00"),
    *(b"Date: Thu, 99 Foo 99999", b"In-Reply-To: <", b"References: " + b"<a@b> " * 50),
    *("‮‏".encode(), "\ud7ff￿".encode(), b"> " * 40, b"<div>" * 60, b"<!--", b"]]>"),
)

Mutation = Callable[[random.Random, bytes], bytes]


def _insert(chance: random.Random, raw: bytes) -> bytes:
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + chance.choice(PIECES) * chance.choice((1, 1, 2, 30)) + raw[at:]


def _cut(chance: random.Random, raw: bytes) -> bytes:
    start = chance.randrange(len(raw) + 1)
    return raw[:start] + raw[start + chance.randrange(1, 200) :]


def _flip(chance: random.Random, raw: bytes) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.randrange(1, 20)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _double(chance: random.Random, raw: bytes) -> bytes:
    start = chance.randrange(len(raw) + 1)
    piece = raw[start : start + chance.randrange(1, 400)]
    return raw[:start] + piece * chance.randrange(2, 40) + raw[start:]


def _splice(chance: random.Random, raw: bytes) -> bytes:
    other = chance.choice(messages()).raw
    return raw[: chance.randrange(len(raw) + 1)] + other[chance.randrange(len(other) + 1) :]


def _shuffle(chance: random.Random, raw: bytes) -> bytes:
    lines = raw.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines)


def _nest(chance: random.Random, raw: bytes) -> bytes:
    for _ in range(chance.randrange(1, 30)):
        raw = b"Subject: within\r\nContent-Type: message/rfc822\r\n\r\n" + raw
    return raw


MUTATIONS: tuple[Mutation, ...] = (_insert, _insert, _cut, _flip, _flip, _double, _splice)
RARE: tuple[Mutation, ...] = (_shuffle, _nest)


def mutated(chance: random.Random) -> bytes:
    raw = chance.choice(messages()).raw
    for _ in range(chance.randrange(1, 6)):
        raw = chance.choice(RARE if chance.random() < 0.05 else MUTATIONS)(chance, raw)
    return raw


def try_to_read(raw: bytes) -> None:
    """Do all that is done with a message before a person sees it."""
    began = time.process_time()
    mail = parsing.read(raw, ours="answers@campaign.example")
    said = recognise(mail, received_on=TODAY)
    bounces.bounce_in(mail)
    signs = signs_of(mail, at=NOW, own=frozenset())
    assert isinstance(signs.words, frozenset)
    assert len(signs.codes) + len(signs.subjects) + len(signs.bodies) < 1000
    showing.harmless(mail.html)
    assert said.reason is not None
    assert len(inbox.fingerprint(raw)) == 64
    # What is kept of it goes into columns: PostgreSQL takes no NUL and no half of a pair.
    for text in (mail.subject, mail.text, mail.reading, mail.from_.name, mail.message_id):
        text.encode("utf-8")
        assert "\x00" not in text
    assert time.process_time() - began < MOST_SECONDS


@pytest.mark.parametrize("path", sorted(FOUND.glob("*.eml")), ids=lambda path: path.stem)
def test_what_failed_once_is_read(path: Path) -> None:
    try_to_read(path.read_bytes())


def fuzz(seeds: Iterable[int], *, seconds: float = math.inf) -> None:
    """Read the mutated messages of these seeds, for so long. Fails with the seed of the message."""
    ends = time.monotonic() + seconds
    for seed in seeds:
        if time.monotonic() > ends:
            return
        raw = mutated(random.Random(seed))
        try:
            try_to_read(raw)
        except Exception as error:
            error.add_note(f"FUZZ_SEED={seed}, {len(raw)} bytes")
            raise


def test_a_few_mutations_are_read() -> None:
    fuzz(range(20261123, 20261123 + 100))


@pytest.mark.long
def test_mutated_messages_are_read() -> None:
    if "FUZZ_SECONDS" in os.environ:
        first = int(os.environ.get("FUZZ_SEED", random.randrange(10**9)))
        fuzz(itertools.count(first), seconds=float(os.environ["FUZZ_SECONDS"]))
    else:
        fuzz(range(20262000, 20262000 + 2_500))
