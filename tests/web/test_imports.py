"""Imports in the browser: a file in, its columns, its preview, decisions, writing, undoing."""

from __future__ import annotations

import datetime as dt
import io
import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.accounts.models import Event
from outreach.database import Database
from outreach.directory.models import ContactDetail, Membership, OrganizationKind, Person, Source
from outreach.directory.syncing import work
from outreach.directory.syncing.models import ImportRun, RunState, SourceRecord, StagedRow
from outreach.web.directory import imports as pages
from tests import make
from tests.browser import Browser
from tests.conftest import NOW
from tests.directory.importing.made_by_hand import made_by_hand
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


def imported(client: Client, app: Flask, data: bytes | str, name: str, **more: Any) -> str:
    """Bring a list all the way in; return the address of its page."""
    answer = send(client, data, name, **more)
    assert answer.status_code == 302, answer.text
    worked(app)
    assert client.send(f"{answer.location}/confirm", {"yes": YES}).status_code == 302
    worked(app)
    return str(answer.location)


# What a preview may ask; yes to all.
YES = ["ends", "older", "empties:email", "empties:postal", "empties:phone"]


def test_a_file_comes_in_is_previewed_and_written(
    sam: Client, app: Flask, database: Database, tmp_path: Path
) -> None:
    assert "Nothing was imported yet" in sam.get("/directory/imports").text
    answer = send(sam, popolo())
    assert answer.status_code == 302, answer.text
    assert "Waiting for its turn" in sam.get("/directory/imports/1").text
    assert sam.get("/directory/imports/1/progress.json").json["state"] == "waiting"
    (kept,) = [one for one in (tmp_path / "imports").rglob("*") if one.is_file()]
    assert kept.name.endswith("-house.json") and kept.read_text("utf-8") == popolo()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    worked(app)
    page = sam.get("/directory/imports/1").text
    assert "What would change?" in page and "Apply 2 new" in page
    assert names(database) == set()
    assert "Ann Example" in sam.get("/directory/imports/1/added").text
    assert "House" in sam.get("/directory/imports/1/added?about=organization").text
    assert sam.send("/directory/imports/1/confirm").status_code == 302
    worked(app)
    assert state(database) is RunState.APPLIED
    assert names(database) == {"Ann Example", "Ben Example"}
    assert "What was changed" in sam.get("/directory/imports/1").text
    assert sam.get("/directory/imports/1/report.json").json["people"]["added"] == 2
    assert "2 new" in sam.get("/directory/imports").text


def test_the_same_file_again_says_so_and_changes_nothing(
    sam: Client, app: Flask, database: Database
) -> None:
    imported(sam, app, popolo(), "house.json")
    before = everything(database)
    answer = send(sam, popolo())
    assert "This very file was imported" in sam.get(answer.location).text
    worked(app)
    assert "There is nothing to write" in sam.get(answer.location).text
    sam.send(f"{answer.location}/confirm")
    worked(app)
    assert state(database, 2) is RunState.APPLIED
    assert everything(database) == before


def everything(database: Database) -> list[Any]:
    with database.reading() as session:
        return [
            [tuple(row) for row in session.execute(sa.select(model.__table__).order_by(model.id))]
            for model in (Person, Membership, ContactDetail, SourceRecord)
        ]


def test_an_import_is_undone(sam: Client, app: Flask, database: Database) -> None:
    where = imported(sam, app, popolo(), "house.json")
    assert "Takes back what this import wrote: new people: 2, seats: 2" in sam.get(where).text
    assert sam.send(f"{where}/undo").status_code == 302
    assert state(database) is RunState.UNDOING
    assert names(database) != set(), "the request itself takes nothing back"
    page = sam.get(where).text
    assert "Taking back what was written" in page and "<progress" in page
    assert "Discard" not in page
    assert sam.send(f"{where}/undo").status_code == 409
    assert sam.send(f"{where}/discard").status_code == 409
    worked(app)
    assert state(database) is RunState.UNDONE
    assert names(database) == set()
    assert "was taken back" in sam.get(where).text
    assert sam.send(f"{where}/undo").status_code == 409


def test_why_an_import_can_not_be_undone_is_said_before(
    sam: Client, app: Flask, database: Database
) -> None:
    first = imported(sam, app, popolo(), "house.json")
    persons = [POPOLO["persons"][0] | {"name": "Anna Example"}, *POPOLO["persons"][1:]]
    second = imported(sam, app, popolo(persons=persons), "house.json")
    page = sam.get(first).text
    assert "Import 2 of the same list came after it" in page
    assert "/undo" not in page
    assert "/undo" in sam.get(second).text


def test_what_is_discarded_is_not_written(
    sam: Client, app: Flask, database: Database, tmp_path: Path
) -> None:
    where = send(sam, popolo()).location
    worked(app)
    assert sam.send(f"{where}/discard").status_code == 302
    assert state(database) is RunState.DISCARDED
    assert "Discarded: nothing of this list was written" in sam.get(where).text
    assert sam.send(f"{where}/confirm").status_code == 409
    with database.reading() as session:
        assert session.scalars(sa.select(StagedRow.id)).first() is None
        told = session.scalars(sa.select(Event.name).where(Event.subject_kind == "import_run"))
        assert list(told)[-1] == "discarded"
    assert not [one for one in (tmp_path / "imports").rglob("*") if one.is_file()]


def test_changes_ends_and_questions_are_shown_in_words(
    sam: Client, app: Flask, database: Database
) -> None:
    imported(sam, app, popolo(), "house.json")
    persons = [POPOLO["persons"][0] | {"name": "Anna Example"}]
    where = send(sam, popolo(persons=persons, memberships=POPOLO["memberships"][:1])).location
    worked(app)
    page = sam.get(where).text
    assert "Apply 1 changed, 1 ended" in page
    assert "1 of the 2 people we have from this list are no longer on it" in page
    rows = sam.get(f"{where}/changed").text
    assert (
        "<del><bdi>Ann Example</bdi></del>" in rows and "<ins><bdi>Anna Example</bdi></ins>" in rows
    )
    assert "Ben Example" in sam.get(f"{where}/ended").text
    answer = sam.send(f"{where}/confirm")
    assert answer.status_code == 409
    assert "there is something to answer first" in answer.text
    assert state(database, 2) is RunState.PREVIEW
    assert sam.send(f"{where}/confirm", {"yes": ["ends"]}).status_code == 302
    worked(app)
    assert names(database) == {"Anna Example", "Ben Example"}


def test_a_part_of_a_list_ends_nobody(sam: Client, app: Flask) -> None:
    imported(sam, app, popolo(), "house.json")
    rest = popolo(persons=POPOLO["persons"][:1], memberships=POPOLO["memberships"][:1])
    where = send(sam, rest, whole="part").location
    worked(app)
    assert "There is nothing to write" in sam.get(where).text


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        ("", "empty.json", "is empty"),
        ("\x00\x01\x02", "photo.jpg", "no list we can read"),
        (b"PK\x03\x04 broken", "broken.zip", "can"),
        ('{"persons": [', "broken.json", "broken.json"),
    ],
)
def test_what_can_not_be_read_is_said_at_the_file(
    sam: Client, app: Flask, database: Database, tmp_path: Path, data: Any, name: str, says: str
) -> None:
    answer = send(sam, data, name)
    if answer.status_code == 302:
        worked(app)
        answer = sam.get(answer.location)
    else:
        assert answer.status_code == 422
        assert not [one for one in (tmp_path / "imports").rglob("*") if one.is_file()]
    assert says in answer.text


def test_a_list_that_fails_can_be_started_again(
    sam: Client, app: Flask, database: Database, tmp_path: Path
) -> None:
    where = send(sam, popolo()).location
    (kept,) = [one for one in (tmp_path / "imports").rglob("*") if one.is_file()]
    hidden = kept.rename(tmp_path / "hidden")
    worked(app)
    assert state(database) is RunState.FAILED
    page = sam.get(where).text
    assert "is not in the home of the worker" in page and "Nothing was written" in page
    hidden.rename(kept)
    assert sam.send(f"{where}/again").status_code == 302
    worked(app)
    assert state(database) is RunState.PREVIEW


def test_a_worker_that_died_is_told_and_the_list_starts_again(
    sam: Client, app: Flask, database: Database
) -> None:
    where = send(sam, popolo()).location
    with database.writing() as session:
        run = session.get_one(ImportRun, 1)
        run.state, run.worker = RunState.READING, "dead"
        run.lease_until = NOW - dt.timedelta(minutes=1)
    page = sam.get(where).text
    assert "stopped in the middle" in page and "Start again" in page
    assert sam.send(f"{where}/again").status_code == 302
    worked(app)
    assert state(database) is RunState.PREVIEW


def test_a_command_decides_about_its_own_list(sam: Client, app: Flask, database: Database) -> None:
    where = send(sam, popolo()).location
    worked(app)
    with database.writing() as session:
        session.get_one(ImportRun, 1).kept_as = ""
    page = sam.get(where).text
    assert "waits there for its answer" in page and "Apply" not in page
    with database.writing() as session:
        run = session.get_one(ImportRun, 1)
        run.state, run.created_at = RunState.READING, NOW - dt.timedelta(hours=1)
    page = sam.get(where).text
    assert "was stopped" in page and "Start again" not in page


def test_several_lists_of_one_zip_are_shown_together(
    sam: Client, app: Flask, database: Database
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("Estonia/Riigikogu", "Latvia/Saeima"):
            archive.writestr(f"data/{name}/ep-popolo-v1.0.json", popolo())
    send(sam, popolo(), "other.json")
    answer = send(sam, packed.getvalue(), "everypolitician.zip")
    assert "together=" in answer.location
    worked(app)
    page = sam.get(answer.location).text
    assert "2 lists found" in page
    assert page.count("2 new") >= 2 and "Apply 2 lists: 4 new" in page
    assert "other.json" not in page
    assert "other.json" in sam.get("/directory/imports").text
    together = answer.location.split("together=")[1]
    sam.send("/directory/imports/together", {"together": together})
    assert "Being written" not in sam.get(answer.location).text
    worked(app)
    assert len(names(database)) == 2
    with database.reading() as session:
        states = session.execute(sa.select(ImportRun.file_name, ImportRun.state)).all()
    assert sorted(map(tuple, states)) == [
        ("everypolitician.zip", RunState.APPLIED),
        ("everypolitician.zip", RunState.APPLIED),
        ("other.json", RunState.PREVIEW),
    ]


def send_large(client: Client, path: str = "/directory/imports/new") -> int:
    """Send a form with a file of 3 MB; return the status of the answer."""
    parts = (("csrf_token", client.token()), ("whole", "whole"), ("jurisdiction", ""))
    lines = [f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}' for n, v in parts]
    lines.append('--x\r\nContent-Disposition: form-data; name="file"; filename="n.bin"\r\n\r\n')
    body = "\r\n".join(lines) + "x" * 3_000_000 + "\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    return int(client.post(path, data=body.encode(), content_type=kind).status_code)


def test_a_file_may_be_larger_than_a_form(
    sam: Client, nobody: Client, vera: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert send_large(sam) == 422
    assert send_large(vera) == send_large(nobody) == 413
    assert send_large(sam, "/directory/imports/1/decide") == 413
    monkeypatch.setattr(pages.upload, "most_bytes", 2_500_000)
    assert send_large(sam) == 413


def test_a_volunteer_sees_no_imports(vera: Client, sam: Client, app: Flask) -> None:
    where = send(sam, popolo()).location
    for path in ("/directory/imports", "/directory/imports/new", where, f"{where}/added"):
        assert vera.get(path).status_code == 403, path
    for path in ("confirm", "discard", "undo", "decide", "again", "columns"):
        assert vera.send(f"{where}/{path}").status_code == 403, path
    assert "Imports" not in vera.get("/directory").text
    assert "Imports" in sam.get("/directory").text


def test_what_the_person_knows_better_counts(sam: Client, database: Database) -> None:
    with database.writing() as session:
        make.jurisdiction(session, "XX")
    told = {
        "jurisdiction": "XX",
        "as_of": "2026-01-31",
        "url": "https://house.example/list",
        "whole": "part",
    }
    assert send(sam, popolo(), **told).status_code == 302
    with database.reading() as session:
        run = session.get_one(ImportRun, 1)
        assert (run.options["jurisdiction"], run.complete) == ("XX", False)
        assert (run.as_of, run.source_url) == (dt.date(2026, 1, 31), told["url"])
    wrong = told | {"as_of": "2026-12-31", "url": "ftp://house.example"}
    answer = send(sam, popolo(), **wrong)
    assert answer.status_code == 422 and "Paste a link" in answer.text
    assert "not come yet" in send(sam, popolo(), **(wrong | {"url": ""})).text


# -- columns ------------------------------------------------------------------------------------

TABLE = "Wer;Haus;Klub;Post\nAnn Muster;Rat;A;ann@rat.example\nBen Muster;Rat;B;ben@rat.example\n"


def test_columns_are_confirmed_and_remembered(sam: Client, app: Flask, database: Database) -> None:
    browser = Browser(sam)
    where = send(sam, TABLE, "rat 2026-01.csv").location
    worked(app)
    assert state(database) is RunState.WAITING
    assert "Columns to confirm" in sam.get("/directory/imports").text.replace(
        "columns to", "Columns to"
    )
    shown = browser.get(where)
    assert "What do the columns mean?" in shown.heading
    assert "ann@rat.example" in shown
    held = {"column-0": "name", "column-1": "body", "column-2": "group", "column-3": "email"}
    # No column holds the name: said at once, and what was chosen is kept.
    refused = browser.press("Read it this way", status=422, **(dict.fromkeys(held, "")))
    assert "which column holds the name" in refused
    browser.press("Read it this way", **held)
    worked(app)
    preview = browser.get(where)
    assert "Apply 2 new" in preview.words
    browser.press("Apply 2 new")
    worked(app)
    with database.reading() as session:
        source = session.scalars(sa.select(Source)).one()
        assert source.mapping["columns"]["Wer"] == "name"
        assert set(session.scalars(sa.select(ContactDetail.value))) == {
            "ann@rat.example",
            "ben@rat.example",
        }
    # Next month's list has the same columns: nobody is asked again, and it is the same list.
    where = send(sam, TABLE.replace("Ben Muster", "Benno Muster"), "rat 2026-02.csv").location
    worked(app)
    page = sam.get(where).text
    assert "What would change?" in page
    with database.reading() as session:
        assert len(session.scalars(sa.select(Source)).all()) == 1


def test_columns_can_be_changed_before_anything_is_written(
    sam: Client, app: Flask, database: Database
) -> None:
    browser = Browser(sam)
    where = send(sam, TABLE, "rat.csv").location
    browser.get(where)
    wrong = {"column-0": "name", "column-1": "party", "column-2": "", "column-3": ""}
    browser.press("Read it this way", **wrong, body="Rat")
    worked(app)
    browser.get(where)
    browser.press("Change the columns")
    browser.press("Read it this way", **{"column-1": "body", "column-3": "email"})
    worked(app)
    assert "ann@rat.example" in browser.get(f"{where}/added")
    assert sam.get(f"{where}/columns").status_code == 302


def test_a_spreadsheet_made_by_a_person_is_read_as_it_is(
    sam: Client, app: Flask, database: Database, tmp_path: Path
) -> None:
    data = made_by_hand(tmp_path / "lista.xlsx").read_bytes()
    browser = Browser(sam)
    where = send(sam, data, "lista.xlsx", jurisdiction="").location
    shown = browser.get(where)
    assert "Łucja" in shown and "Notatki" in shown
    browser.press("Read it this way")
    worked(app)
    preview = browser.get(where)
    assert "Apply 3 new" in preview.words
    browser.press("Apply 3 new")
    worked(app)
    with database.reading() as session:
        found = set(session.scalars(sa.select(ContactDetail.value)))
    assert {"lucja.zmyslona@sejm.example", "biuro7@senat.example"} <= found
    assert any("225550101" in one.replace(" ", "") for one in found), found


# -- acceptance scenario 1 ----------------------------------------------------------------------

# As we have them, and as the parliament's list spells them.
TWICE = [
    ("Łukasz Żółć", "Lukasz Zolc"),
    ("Олена Щербак", "Olena Shcherbak"),
    ("Jānis Bērziņš", "Janis Berzins"),
    ("Søren Ørsted", "Soren Orsted"),
    ("Žofie Dvořáková", "Zofie Dvorakova"),
    ("Γιώργος Παπαδόπουλος", "Giorgos Papadopoulos"),
    ("Ștefan Țăran", "Stefan Taran"),
    ("Zoë Müller", "Zoe Mueller"),
    ("Aoife O’Connor", "Aoife O'Connor"),
    ("Ağça Yıldız", "Agca Yildiz"),
    ("José María Núñez", "Jose Maria Nunez"),
    ("Тетяна Цимбал", "Tetiana Tsymbal"),
]


def four_hundred() -> str:
    """A list of 400 members; the last twelve are people we have under another spelling."""
    rows = ["id,name,chamber,email"]
    for number in range(388):
        name = f"{GIVEN[number % 20]} {FAMILY[number // 20]}ov"
        rows.append(f"{number},{name},Example House,member{number}@house.example")
    for number, (_ours, theirs) in enumerate(TWICE, start=388):
        rows.append(f"{number},{theirs},Example House,member{number}@house.example")
    return "\n".join(rows) + "\n"


GIVEN = (
    *("Adam", "Bella", "Cyril", "Dora", "Emil", "Flora", "Gustav", "Helga", "Ivo", "Judita"),
    *("Kuno", "Livia", "Marek", "Nadja", "Otto", "Petra", "Quentin", "Rosa", "Silvio", "Thea"),
)
FAMILY = (
    *("Abram", "Bystr", "Chvat", "Drozd", "Exner", "Fiala", "Gregor", "Hudec", "Ignat", "Jakub"),
    *("Kovar", "Linhart", "Macek", "Novot", "Oplet", "Prochaz", "Quirin", "Rezn", "Smet", "Tich"),
)


def test_scenario_1_twelve_of_four_hundred_are_known_by_another_spelling(
    sam: Client, app: Flask, database: Database
) -> None:
    with database.writing() as session:
        house = make.organization(session, name="Example House", kind=OrganizationKind.CHAMBER)
        for ours, _theirs in TWICE:
            make.target(session, name=ours, body=house, jurisdiction_code=house.jurisdiction_code)
        place = house.jurisdiction_code
    browser = Browser(sam)
    where = send(sam, four_hundred(), "members.csv", jurisdiction=place).location
    if "What do the columns mean?" in browser.get(where).heading:
        browser.press("Read it this way")
    worked(app)
    report = sam.get(f"{where}/report.json").json
    assert (report["people"]["added"], report["proposed"]) == (388, 12)
    assert len(names(database)) == 12
    shown = browser.get(f"{where}/proposed")
    assert "Łukasz Żółć" in shown and "Lukasz Zolc" in shown and "of 100" in shown
    assert "Apply 388 new" in browser.get(where).words
    decide_all(browser, where)
    browser.get(where)
    browser.press("Apply 388 new, 12 decided")
    assert len(names(database)) == 12
    worked(app)
    assert len(names(database)) == 400
    with database.reading() as session:
        ours = session.scalars(sa.select(Person).where(Person.name == "Łukasz Żółć")).all()
        assert len(ours) == 1
    before = everything(database)
    where = send(sam, four_hundred(), "members.csv", jurisdiction=place).location
    worked(app)
    assert "There is nothing to write" in browser.get(where).words
    browser.press("Keep as read")
    worked(app)
    assert everything(database) == before


def decide_all(browser: Browser, where: str) -> None:
    """The sure ones together, the others one by one."""
    browser.get(f"{where}/proposed")
    browser.press("All from 95 points: the same")
    while True:
        shown = browser.get(f"{where}/proposed")
        undecided = [
            form
            for form in shown.page.elements("form")
            if form.get("action", "").endswith("/decide")
            and any(e.get("name") == "row" for e in form.iter())
            and not any(e.get("aria-pressed") for e in form.iter())
        ]
        if not undecided:
            return
        row = next(e.get("value") for e in undecided[0].iter() if e.get("name") == "row")
        browser.post(f"{where}/decide", {"row": row, "decision": "same"})


def test_a_decision_is_taken_back_and_different_people_stay_two(
    sam: Client, app: Flask, database: Database
) -> None:
    with database.writing() as session:
        house = make.organization(session, name="Example House", kind=OrganizationKind.CHAMBER)
        make.target(session, name="Łukasz Żółć", body=house, jurisdiction_code="XX")
    text = "id,name,chamber,email\n1,Lukasz Zolc,Example House,lz@house.example\n"
    browser = Browser(sam)
    where = send(sam, text, "members.csv", jurisdiction="XX").location
    browser.get(where)
    browser.press("Read it this way")
    worked(app)
    assert "1 person may be somebody we have" in browser.get(where)
    for decision in ("same", "", "different"):
        with database.reading() as session:
            row = session.scalars(sa.select(StagedRow.id).where(StagedRow.score.is_not(None))).one()
        browser.post(f"{where}/decide", {"row": str(row), "decision": decision})
    sam.send(f"{where}/confirm")
    worked(app)
    assert names(database) == {"Łukasz Żółć", "Lukasz Zolc"}
    assert sam.send(f"{where}/decide", {"row": "1", "decision": "same"}).status_code == 409


def test_lists_of_rows_take_the_same_number_of_queries(sam: Client, app: Flask) -> None:
    def asked(path: str) -> int:
        statements: list[str] = []

        def note(*args: object) -> None:
            statements.append(str(args[2]))

        engine = app.extensions["outreach"].database.engine
        sa.event.listen(engine, "before_cursor_execute", note)
        assert sam.get(path).status_code == 200
        sa.event.remove(engine, "before_cursor_execute", note)
        return len(statements)

    few = imported(sam, app, popolo(), "few.json")
    many = [{"id": f"new-{n}", "name": f"Person {n}"} for n in range(120)]
    seats = [{"person_id": f"new-{n}", "organization_id": "house"} for n in range(120)]
    lot = send(sam, popolo(persons=many, memberships=seats), "many.json").location
    worked(app)
    assert asked(f"{few}/added") == asked(f"{lot}/added") == asked(f"{lot}/added?page=3")
