"""The directory in the browser: found, shown, checked, stopped; the same number of queries."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Event
from outreach.database import Database
from outreach.directory import offices
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    Jurisdiction,
    Organization,
    Suppression,
    Target,
)
from tests import make
from tests.conftest import Once
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)
from tests.web.conftest import Client


@pytest.fixture
def database(empty_sqlite: Database, once: Once, request: pytest.FixtureRequest) -> Database:
    """What ships, with the demonstration, for those that ask for it; before anything else."""
    if "seeded" in request.fixturenames:
        once(empty_sqlite, "directory", make.directory)
    return empty_sqlite


@pytest.fixture
def seeded(database: Database) -> Database:
    return database


def number(database: Database, name: str) -> int:
    with database.reading() as session:
        found = session.scalar(sa.select(Target.id).where(Target.name == name))
        assert found is not None
        return found


def test_a_volunteer_reads_the_directory_and_changes_nothing(
    vera: Client, seeded: Database
) -> None:
    page = vera.get("/directory").text
    assert "Erika Beispiel" in page
    assert "fictional" in page
    target = number(seeded, "Erika Beispiel")
    page = vera.get(f"/directory/targets/{target}").text
    assert "ministerbuero@innen.example" in page
    assert "Withdraw" not in page
    assert "Our letters" not in page
    assert vera.send(f"/directory/targets/{target}/contacts").status_code == 403


def test_search_and_filters_are_in_the_address(sam: Client, seeded: Database) -> None:
    assert "Łukasz Żółć" in sam.get("/directory?q=lukasz+zolc").text
    assert "Олена" in sam.get("/directory?q=shcherbak").text
    page = sam.get("/directory?jurisdiction=DE&role=minister&channel=email&verified=yes").text
    assert "Erika Beispiel" in page
    assert "Max Mustermann" not in page
    assert "Sam Specimen" in sam.get("/directory?channel=none").text
    assert "Nobody fits" in sam.get("/directory?q=nobodyhasthisname&page=7").text
    assert sam.get("/directory?role=nonsense&channel=x&page=-3&held=ended").status_code == 200


def test_an_empty_directory_says_what_to_do(sam: Client) -> None:
    assert "No targets yet" in sam.get("/directory").text
    assert "outreach seed" in sam.get("/directory/jurisdictions").text


@pytest.mark.long
def test_every_target_and_every_jurisdiction_has_a_page(sam: Client, seeded: Database) -> None:
    with seeded.reading() as session:
        targets = session.scalars(sa.select(Target.id)).all()
        codes = session.scalars(sa.select(Jurisdiction.code)).all()
    assert len(codes) == 43
    for target in targets:
        assert sam.get(f"/directory/targets/{target}").status_code == 200
    for code in codes:
        assert sam.get(f"/directory/jurisdictions/{code}").status_code == 200
    shown = sam.get("/directory/jurisdictions/XX").text.partition("<main")[2]
    assert not re.search(r">\s*43\b", shown)
    assert sam.get("/directory/jurisdictions/XX").status_code == 404


def test_an_address_is_added_checked_and_withdrawn(sam: Client, seeded: Database) -> None:
    target = number(seeded, "Sam Specimen")
    url = f"/directory/targets/{target}"
    form = {"owner": "person", "kind": "email", "source": "their page", "url": ""}
    answer = sam.send(f"{url}/contacts", form | {"value": "not an address"})
    assert answer.status_code == 422
    assert "is not an e-mail address" in answer.text
    assert sam.send(f"{url}/contacts", form | {"value": "sam@commons.example"}).status_code == 302
    page = sam.get(url).text
    assert "sam@commons.example" in page
    assert "not checked" in page
    with seeded.reading() as session:
        detail = session.scalars(
            sa.select(ContactDetail.id).where(ContactDetail.value == "sam@commons.example")
        ).one()
    check = f"{url}/contacts/{detail}/verify"
    name = f"c{detail}"
    answer = sam.send(check, {f"{name}-url": "nonsense", f"{name}-on": "2026-03-02"})
    assert answer.status_code == 422
    assert "beginning with https" in answer.text
    answer = sam.send(
        check, {f"{name}-url": "https://commons.example/sam", f"{name}-on": "2026-03-02"}
    )
    assert answer.status_code == 302
    with seeded.reading() as session:
        again = session.get_one(ContactDetail, detail)
        assert again.verified_by == "Sam"
        assert str(again.verified_on) == "2026-03-02"
        assert session.get_one(Target, target).channel is ContactKind.EMAIL
    assert sam.send(f"{url}/contacts/{detail}/withdraw", {"reason": ""}).status_code == 422
    assert sam.send(f"{url}/contacts/{detail}/withdraw", {"reason": "left"}).status_code == 302
    with seeded.reading() as session:
        assert session.get_one(ContactDetail, detail).state is ContactState.WITHDRAWN
        assert session.get_one(Target, target).channel is None
        names = session.scalars(
            sa.select(Event.name).where(Event.subject_kind == "contact_detail")
        ).all()
    assert names == ["added", "verified", "withdrawn"]


def test_somebody_elses_address_is_not_of_this_target(sam: Client, seeded: Database) -> None:
    target = number(seeded, "Sam Specimen")
    with seeded.reading() as session:
        other = session.scalars(sa.select(ContactDetail.id)).first()
    answer = sam.send(f"/directory/targets/{target}/contacts/{other}/withdraw", {"reason": "x"})
    assert answer.status_code == 404


def test_an_organiser_stops_and_allows_letters(olga: Client, sam: Client, seeded: Database) -> None:
    target = number(seeded, "Jean Exemple")
    url = f"/directory/targets/{target}"
    assert sam.send(f"{url}/suppress", {"reason": "they asked"}).status_code == 403
    assert olga.send(f"{url}/suppress", {"reason": "they asked"}).status_code == 302
    assert "Nobody in this house writes to this desk: they asked" in sam.get(url).text
    with seeded.reading() as session:
        row = session.scalars(sa.select(Suppression.id)).one()
    lift = f"{url}/suppressions/{row}/lift"
    assert olga.send(lift, {"reason": ""}).status_code == 422
    assert olga.send(lift, {"reason": "they came back"}).status_code == 302
    assert "Nobody in this house writes" not in sam.get(url).text


def test_an_office_becomes_a_target_and_a_person_is_added(sam: Client, seeded: Database) -> None:
    with seeded.reading() as session:
        body = session.scalars(
            sa.select(Organization.id).where(Organization.slug == "lt/foreign-affairs")
        ).one()
    answer = sam.send(f"/directory/organizations/{body}/target")
    assert answer.status_code == 302
    assert "No way to reach them yet" in sam.get(answer.location).text
    url = f"/directory/organizations/{body}/people/new"
    assert sam.get(url).status_code == 200
    form = {"name": "Test Nimetu", "family": "Nimetu", "role": "minister", "post": "", "form": "f"}
    answer = sam.send(url, form)
    assert answer.status_code == 422
    assert "Say how we know it" in answer.text
    answer = sam.send(url, form | {"basis": "her own page"})
    assert answer.status_code == 302
    assert "Test Nimetu" in sam.get("/directory?q=nimetu").text


def test_lists_take_the_same_number_of_queries(sam: Client, database: Database) -> None:
    def asked(url: str) -> int:
        statements: list[str] = []

        def note(*args: object) -> None:
            statements.append(str(args[2]))

        engine = sam.application.extensions["outreach"].database.engine
        sa.event.listen(engine, "before_cursor_execute", note)
        assert sam.get(url).status_code == 200
        sa.event.remove(engine, "before_cursor_execute", note)
        return len(statements)

    def add(number: int) -> None:
        with database.writing() as session:
            for _ in range(number):
                offices.settle_target(session, make.target(session))

    add(3)
    sam.get("/directory")
    # Something is written before each look: nothing is remembered then.
    add(1)
    few = asked("/directory")
    add(60)
    assert asked("/directory") == few
    assert asked("/directory?page=2") <= few


@pytest.mark.browser
@pytest.mark.long
def test_the_pages_work_for_everybody(window: Open, seeded: Database) -> None:
    target = number(seeded, "Jānis Paraugs")
    for name, path in (
        ("directory", "/directory"),
        ("target", f"/directory/targets/{target}"),
        ("jurisdictions", "/directory/jurisdictions"),
        ("jurisdiction", "/directory/jurisdictions/LT"),
    ):
        for size in ("desk", "phone"):
            page = window("olga", path, size=size)
            assert_accessible(page)
            assert_no_sideways_scroll(page)
            take_picture(page, f"{name}-{size}")
