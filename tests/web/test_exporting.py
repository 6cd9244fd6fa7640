"""The directory as a file, from its page: everybody, or those the filter shows; organisers only."""

from __future__ import annotations

import csv
import io
import json

import pytest

from outreach.database import Database
from outreach.directory.models import Membership, TargetRole
from outreach.directory.offices import add_target
from tests import make
from tests.web.conftest import Client


@pytest.fixture
def filled(database: Database) -> Database:
    with database.writing() as session:
        for code, name in (("DE", "Anna Adler"), ("PL", "Bo Bąk")):
            body = make.organization(session, jurisdiction_code=code, name=f"House {code}")
            person = make.person(session, name)
            seat = Membership(
                person_id=person.id, organization_id=body.id, role=TargetRole.MEMBER_LOWER
            )
            session.add(seat)
            make.contact(session, person, value=f"{code.lower()}@house.example")
            make.contact(session, person, value=f"{code.lower()}@home.example", personal=True)
            add_target(session, membership=seat)
        make.person(session, "Cal Seatless")
    return database


def rows(text: str) -> dict[str, dict[str, str]]:
    found = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    return {one["name"]: one for one in found}


def test_everybody_leaves_when_nothing_is_narrowed(olga: Client, filled: Database) -> None:
    page = olga.get("/directory").text
    assert "Take everybody away as a file" in page
    assert "/directory/export/csv" in page
    answer = olga.get("/directory/export/csv")
    assert answer.headers["Content-Disposition"].endswith(".csv")
    assert set(rows(answer.text)) == {"Anna Adler", "Bo Bąk", "Cal Seatless"}
    assert "home.example" not in answer.text


def test_a_filter_leaves_what_it_shows(olga: Client, filled: Database) -> None:
    page = olga.get("/directory?jurisdictions=PL").text
    assert "/directory/export/popolo?jurisdictions=PL" in page
    assert set(rows(olga.get("/directory/export/csv?jurisdictions=PL").text)) == {"Bo Bąk"}
    document = json.loads(olga.get("/directory/export/popolo?jurisdictions=PL").text)
    assert [one["name"] for one in document["persons"]] == ["Bo Bąk"]
    assert olga.get("/directory/export/vcard?q=adler").text.count("BEGIN:VCARD") == 1


def test_only_organisers_export_and_only_known_formats(
    sam: Client, olga: Client, filled: Database
) -> None:
    assert sam.get("/directory/export/csv").status_code == 403
    assert "/directory/export" not in sam.get("/directory").text
    assert olga.get("/directory/export/xlsx").status_code == 404
