"""What a letter costs on its way to the wire, by the libraries alone and by our own code.

CPU microseconds per letter (the least of some rounds that alternate) for the message, plain and
with HTML, for its DKIM signature (RSA-2048), and for handing signed letters to Postfix's
`smtp-sink`, word by word and several at once. `sign` alone is what OpenSSL needs.

    .venv/bin/python benchmarks/wire.py [--letters 300] [--rounds 5]
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from outreach.accounts.models import Security, Sender
from outreach.letters.models import Letter
from outreach.sending import dkim, fast_dkim, fast_message, message
from outreach.sending.dkim import DkimKey
from outreach.sending.postman import Envelope, Fate, Written
from outreach.sending.smtp import Server, SMTPPostman

GOLDEN = Path(__file__).parents[1] / "tests" / "letters" / "golden"
NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
SENDER = Sender(name="Verein Beispiel", from_address="letters@association.example", reply_to="")
PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEY = DkimKey(
    "association.example",
    "letters",
    PRIVATE.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode(),
)
BYTES_LEAST, BYTES_MOST = 6_000, 8_000
Way = Callable[[int], object]


def letters(count: int) -> list[Letter]:
    """Golden letters whose message with HTML has 6 to 8 KB, each to somebody else."""
    texts = []
    for path in sorted(GOLDEN.glob("*.txt")):
        head, _, text = path.read_text("utf-8").partition("\n\n")
        subject, language = head.rpartition("Subject: ")[2], path.name.split(".")[1]
        one = Letter(
            subject=subject, text=text, recipient="Ana", address="a@b.example", language=language
        )
        if BYTES_LEAST <= len(built(fast_message.build, one, html=True)) <= BYTES_MOST:
            texts.append((subject, text, language))
    return [
        Letter(
            subject=subject,
            text=f"{text}\n{number}",
            recipient=f"Frau Müller {number}",
            address=f"desk{number}@office{number % 50}.example",
            language=language,
        )
        for number, (subject, text, language) in enumerate(islice(cycle(texts), count))
    ]


def built(build: Callable[..., bytes], letter: Letter, *, html: bool) -> bytes:
    """The message of one letter."""
    return build(
        letter, SENDER, message_id="0f@a.example", date=NOW, rehearsal=False, html=html,
        reply_to=f"answers+{letter.recipient.split()[-1]}@association.example",
    )  # fmt: skip


def least(ways: Sequence[tuple[str, Way]], count: int, rounds: int) -> None:
    """Print the CPU microseconds per letter of each way."""
    best = dict.fromkeys((name for name, _ in ways), float("inf"))
    for _ in range(rounds):
        for name, way in ways:
            begun = time.process_time()
            for number in range(count):
                way(number)
            best[name] = min(best[name], (time.process_time() - begun) / count)
    for name, spent in best.items():
        print(f"{name:34}{spent * 1e6:9.1f} us")


@contextmanager
def sink(program: str) -> Iterator[int]:
    """Postfix's sink on a port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    rights = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, *rights, f"127.0.0.1:{port}", "100"])
    try:
        time.sleep(0.5)
        yield port
    finally:
        process.terminate()
        process.wait()


def sending(signed: Sequence[bytes], rounds: int) -> None:
    """Hand all letters over, both ways in turn; print the CPU microseconds per letter."""
    best = {False: float("inf"), True: float("inf")}
    program = shutil.which("smtp-sink") or shutil.which("/usr/sbin/smtp-sink")
    if program is None:
        print("Postfix's smtp-sink is not installed: the sending is left out.")
        return
    with sink(program) as port:
        server = Server("127.0.0.1", port, "association.example", Security.NONE)
        to = Envelope("", "letters@association.example", "desk@office.example", False, NOW)
        given = [Written(one, to) for one in signed]
        for _ in range(rounds):
            for fast in best:
                with SMTPPostman(server, fast=fast) as postman:
                    begun = time.process_time()
                    answers = list(postman.deliver_all(given, going=lambda: True))
                    best[fast] = min(best[fast], (time.process_time() - begun) / len(given))
                if {answer.fate for answer in answers} != {Fate.TAKEN}:
                    raise RuntimeError("the sink refused a letter")
    for fast, spent in best.items():
        name = "several at once (RFC 2920)" if fast else "smtplib, word by word"
        print(f"{name:34}{spent * 1e6:9.1f} us {spent * 1e4:6.2f} s for 10,000")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--letters", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    some = letters(wanted.letters)
    whole = [built(fast_message.build, one, html=True) for one in some]
    print(f"{len(some)} letters of {sum(map(len, whole)) // len(some)} bytes with HTML")
    least(
        [
            ("message, library", lambda n: built(message.build, some[n], html=False)),
            ("message", lambda n: built(fast_message.build, some[n], html=False)),
            ("message with HTML, library", lambda n: built(message.build, some[n], html=True)),
            ("message with HTML", lambda n: built(fast_message.build, some[n], html=True)),
            ("signature, dkimpy", lambda n: dkim.sign(whole[n], KEY, at=NOW)),
            ("signature", lambda n: fast_dkim.sign(whole[n], KEY, at=NOW)),
            ("  of it OpenSSL", lambda n: PRIVATE.sign(whole[n], padding.PKCS1v15(), SHA256())),
        ],
        len(some),
        wanted.rounds,
    )
    sending([fast_dkim.sign(one, KEY, at=NOW) for one in whole], wanted.rounds)


if __name__ == "__main__":
    main()
