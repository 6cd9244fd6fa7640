"""Imports in the browser: a file in, its columns, its preview, decisions, writing, undoing."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.database import Database
from outreach.directory.models import Person
from outreach.directory.syncing import work
from outreach.directory.syncing.models import ImportRun, RunState
from tests.conftest import NOW
from tests.web.conftest import Client

POPOLO = {
    "persons": [
        {"id": "1", "name": "Ann Example", "email": "ann@house.example"},
        {"id": "2", "name": "Ben Example", "email": "ben@house.example"},
    ],
    "organizations": [{"id": "house", "name": "House", "classification": "legislature"}],
    "memberships": [
        {"person_id": "1", "organization_id": "house", "role": "member"},
        {"person_id": "2", "organization_id": "house", "role": "member"},
    ],
    "events": [],
}


def send(client: Client, data: bytes | str, name: str = "house.json", **more: Any) -> Any:
    raw = data.encode() if isinstance(data, str) else data
    form = {"file": (io.BytesIO(raw), name), "whole": "whole", "jurisdiction": "", "format": ""}
    return client.send("/directory/imports/new", form | more, content_type="multipart/form-data")


def popolo(**changes: Any) -> str:
    return json.dumps(POPOLO | changes)


def worked(app: Flask) -> None:
    """Do what the clock would."""
    made = app.extensions["outreach"]
    while work.work(made.database, made.settings.home, now=lambda: NOW, worker="w"):
        pass


def state(database: Database, run_id: int = 1) -> RunState:
    with database.reading() as session:
        return session.get_one(ImportRun, run_id).state


def names(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(sa.select(Person.name)))


def test_a_file_comes_in_is_previewed_and_written(
    sam: Client, app: Flask, database: Database, tmp_path: Path
) -> None:
    assert "Nothing was imported yet" in sam.get("/directory/imports").text
    answer = send(sam, popolo(), jurisdiction="")
    assert answer.status_code == 302, answer.text
    assert "Waiting for its turn" in sam.get("/directory/imports/1").text
    assert sam.get("/directory/imports/1/progress.json").json["state"] == "waiting"
    worked(app)
    page = sam.get("/directory/imports/1").text
    assert "What would change?" in page and "Apply 2 new" in page
    assert names(database) == set()
    assert "Ann Example" in sam.get("/directory/imports/1/added").text
    assert sam.send("/directory/imports/1/confirm").status_code == 302
    worked(app)
    assert state(database) is RunState.APPLIED
    assert names(database) == {"Ann Example", "Ben Example"}
    assert "What was changed" in sam.get("/directory/imports/1").text
    assert sam.get("/directory/imports/1/report.json").json["people"]["added"] == 2
    assert "2 new" in sam.get("/directory/imports").text
