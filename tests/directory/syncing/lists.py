"""Lists to import, and one call that takes them all the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from outreach.accounts.models import Actor
from outreach.database import Database
from outreach.directory.importing.records import Body, Contact, PersonRecord, Record, Seat
from outreach.directory.importing.registry import Dataset
from outreach.directory.models import ContactKind, OrganizationKind, TargetRole
from outreach.directory.syncing import applying, reports, runs, staging
from outreach.directory.syncing.models import RunState
from tests.conftest import NOW

SAM = Actor("Sam")
DAY = dt.date(2026, 3, 1)


def dataset(slug: str = "list", **values: Any) -> Dataset:
    return Dataset("test", (), slug, f"The {slug}", **({"jurisdiction": "XX", "rank": 2} | values))


def chamber(**values: Any) -> Body:
    return Body(
        **(
            {
                "key": "chamber",
                "jurisdiction": "XX",
                "kind": OrganizationKind.CHAMBER,
                "name": "Example Chamber",
            }
            | values
        )
    )


def party(key: str) -> Body:
    return Body(key, "XX", OrganizationKind.PARTY, f"Party {key}")


def seat(**values: Any) -> Seat:
    return Seat(**({"organization": "chamber", "role": TargetRole.MEMBER_LOWER} | values))


def email(value: str, **values: Any) -> Contact:
    return Contact(ContactKind.EMAIL, value, **values)


def member(key: str, name: str | None = None, **values: Any) -> PersonRecord:
    name = name or f"Person {key}"
    return PersonRecord(
        key,
        name,
        **(
            {
                "contacts": [email(f"{key}@chamber.example")],
                "seats": [seat()],
                "place": f"list.csv, line {key}",
            }
            | values
        ),
    )


def nothing(_step: str, _done: int, _total: int) -> None:
    """Progress nobody looks at."""


def previewed(
    database: Database, records: Iterable[Record], *, of: Dataset | None = None, **values: Any
) -> int:
    """Read `records` into a run that waits for a decision, and return its number."""
    values = {"complete": True, "as_of": DAY, "now": NOW, "by": SAM} | values
    with database.writing() as session:
        run = runs.new_run(
            session,
            of or dataset(),
            file_name="list.csv",
            sha256=str(values["as_of"]),
            kept_as="",
            **values,
        )
        runs.move(session, run, RunState.READING, by=SAM, now=values["now"])
        number = run.id
    found = staging.stage(database, number, records, now=lambda: values["now"], progress=nothing)
    with database.writing() as session:
        run = runs.run_with_source(session, number)
        run.counts, run.questions = found["counts"], found["questions"]
        runs.move(session, run, RunState.PREVIEW, by=SAM, now=values["now"])
    return number


def applied(database: Database, run: int, *, answers: Collection[str] | None = None) -> None:
    """Say yes to a preview (to all its questions, unless told which) and write it."""
    with database.writing() as session:
        found = runs.run_with_source(session, run)
        if answers is None:
            answers = {question["code"] for question in found.questions}
        runs.confirm(session, found, answers=answers, by=SAM, now=NOW)
    applying.apply(database, run, now=lambda: NOW, progress=nothing, by=SAM)


def imported(database: Database, records: Iterable[Record], **values: Any) -> dict[str, Any]:
    """Take `records` into the directory and return the report."""
    run = previewed(database, records, **values)
    applied(database, run)
    return report_of(database, run)


def report_of(database: Database, run: int) -> dict[str, Any]:
    with database.reading() as session:
        return reports.report(runs.run_with_source(session, run))
