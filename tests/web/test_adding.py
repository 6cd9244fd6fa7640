"""What people add and mend by hand, through the pages: with a keyboard, with and without script."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Actor, Campaign
from outreach.config import shipped
from outreach.database import Database
from outreach.directory import offices, seeding
from outreach.directory.identity import FieldLock
from outreach.directory.models import (
    ContactDetail,
    ContactState,
    Membership,
    Organization,
    OrganizationKind,
    Person,
    Target,
    TargetRole,
)
from outreach.directory.syncing.models import ConflictState, ImportConflict
from tests import make
from tests.browser import Browser
from tests.conftest import NOW
from tests.directory.test_joining import source_record
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)
from tests.web.conftest import Client

BY = Actor("operator")
PAGE = "https://x.example/us"


@pytest.fixture
def places(database: Database) -> dict[str, int]:
    """Two countries, a chamber with Łukasz Żółć in it, a ministry that decides: ids by name."""
    with database.writing() as session:
        law = {"authority": "Ministry of Finance; Board of Records", "has_list": "yes"}
        make.jurisdiction(session, "DE", designation=law, languages=["de"])
        make.jurisdiction(session, "FR", designation={"authority": "Board of Records"})
        chamber = make.organization(session, jurisdiction_code="DE", name="Upper Chamber")
        ministry = make.organization(
            session,
            jurisdiction_code="DE",
            kind=OrganizationKind.MINISTRY,
            name="Ministry of Finance",
        )
        second = make.organization(
            session,
            jurisdiction_code="DE",
            kind=OrganizationKind.AUTHORITY,
            name="Board of Records",
        )
        known = make.person(session, "Łukasz Żółć")
        target = make.target(
            session, person=known, body=chamber, jurisdiction_code="DE", address="l@x.example"
        )
        offices.settle_target(session, target)
        return {
            "chamber": chamber.id,
            "ministry": ministry.id,
            "board": second.id,
            "known": known.id,
            "target": target.id,
        }


def people_named(database: Database, name: str) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Person.id).where(Person.name == name)))


def test_somebody_we_have_is_offered_before_anybody_is_added(
    sam: Client, database: Database, places: dict[str, int]
) -> None:
    answer = sam.get("/directory/likely?jurisdiction=DE&name=Lukasz Zolc")
    (one,) = answer.get_json()["people"]
    assert (one["name"], one["where"]) == ("Łukasz Żółć", "Upper Chamber")
    assert sam.get("/directory/likely?jurisdiction=DE&name=Lu").get_json() == {"people": []}

    browser = Browser(sam)
    browser.get("directory.new_person", organization_id=places["ministry"])
    typed = {"name": "Lukasz Zolc", "family": "Zolc", "role": "minister", "way": "new@x.example"}
    page = browser.press("Add this person", **typed, way_source="their page", status=422)
    assert "Looks like somebody we have: Łukasz Żółć, Upper Chamber" in page
    assert people_named(database, "Lukasz Zolc") == []
    page = browser.press("It is this person Łukasz Żółć")
    assert page.heading == "Łukasz Żółć"
    with database.reading() as session:
        seats = session.scalars(
            sa.select(Membership.organization_id).where(Membership.person_id == places["known"])
        ).all()
        values = session.scalars(
            sa.select(ContactDetail.value).where(ContactDetail.person_id == places["known"])
        ).all()
    assert set(seats) == {places["chamber"], places["ministry"]}
    assert "new@x.example" in values


def test_somebody_else_of_that_name_is_added_and_remembered(
    sam: Client, database: Database, places: dict[str, int]
) -> None:
    browser = Browser(sam)
    browser.get("directory.new_person", organization_id=places["ministry"])
    typed = {"name": "Lukasz Zolc", "family": "Zolc", "role": "minister"}
    browser.press("Add this person", **typed, status=422)
    page = browser.press("Add anyway: somebody else")
    assert page.heading == "Lukasz Zolc"
    assert len(people_named(database, "Lukasz Zolc")) == 1
    assert "Nobody is there twice" in browser.get("directory.doubles")
    browser.get("directory.new_person", organization_id=places["ministry"])
    typed = {"name": "Jana Muster", "family": "Muster", "role": "minister"}
    page = browser.press("Add, then another one", **typed)
    assert page.heading == "Add a person to Ministry of Finance"
    assert "Jana Muster is added. Now the next one." in page
    # A field's own complaint, also where the room calls it otherwise.
    typed = typed | {"name": "Otto Example", "way": "otto@x.example"}
    page = browser.press("Add this person", **typed, status=422)
    assert "Where is it from?: Say where you have it from." in page


def test_a_pasted_list_is_looked_at_and_then_added(
    sam: Client, database: Database, places: dict[str, int]
) -> None:
    browser = Browser(sam)
    browser.get("directory.new_list", organization_id=places["ministry"])
    text = (
        "Name\tMail\nLukasz Zolc\tl@y.example\nJana Muster\tjana@x.example\n"
        "no\tmail(at)x@\nOtto Example"
    )
    page = browser.press(
        "Show what would be added", text=text, role="minister", source="their list", url=PAGE
    )
    assert "Add 2 people" in page
    assert "left out" in page
    assert people_named(database, "Jana Muster") == []
    browser.press("Add 2 people", **{"line-2": str(places["known"])})
    with database.reading() as session:
        names = session.scalars(
            sa.select(Target.name).where(Target.body_id == places["ministry"]).order_by(Target.id)
        ).all()
    assert names == ["Łukasz Żółć", "Jana Muster", "Otto Example"]


def test_a_body_and_its_postal_address_are_added(
    sam: Client, database: Database, places: dict[str, int]
) -> None:
    browser = Browser(sam)
    browser.get("directory.new_body", code="DE", parent=places["chamber"])
    page = browser.press(
        "Add this body", name="Committee on Law", kind="committee", **{"text-1": "Rechtsausschuss"}
    )
    assert page.heading == "Committee on Law"
    browser.follow("Postal address in the lines of its country")
    typed = {"street_address": "Weg 1", "city": "Town", "source": "their page"}
    page = browser.press("Add this address", **typed, postal_code="1", status=422)
    assert "Postal codes there look like 26133." in page
    page = browser.press("Add this address", postal_code="10117")
    assert "Committee on Law Weg 1 10117 TOWN GERMANY" in " ".join(page.words.split())
    with database.reading() as session:
        body = session.scalars(
            sa.select(Organization).where(Organization.name == "Committee on Law")
        ).one()
        assert (body.names, body.parent_id) == ({"de": "Rechtsausschuss"}, places["chamber"])


def test_the_work_list_goes_on_to_the_next(
    sam: Client, vera: Client, database: Database, places: dict[str, int]
) -> None:
    browser = Browser(sam)
    page = browser.get("directory.index")
    assert "3 bodies can decide and can't be reached" in page
    assert "can decide" not in Browser(vera).get("directory.index")
    page = browser.follow("can decide and can't be reached")
    assert "Not in the directory: Board of Records Country FR" in page
    save = "Save, next Ministry of Finance"
    page = browser.press(save, value="info", url=PAGE, status=422)
    assert "no e-mail, form or postal address" in page
    page = browser.press(save, value="info@x.example", url=PAGE, seen="yes")
    assert "Ministry of Finance can be reached now." in page
    assert "Save, next Ministry of Finance" not in browser.buttons()
    focused = [e.get("id") for e in page.page.elements("input") if e.get("autofocus") is not None]
    assert focused == [f"value-{places['board']}"]
    page = browser.press("Add this body")
    assert "Board of Records is in the list now." in page
    with database.reading() as session:
        made = session.scalars(
            sa.select(ContactDetail).where(ContactDetail.organization_id == places["ministry"])
        ).one()
        assert (made.verified_by, made.source_url) == ("Sam", PAGE)


def test_a_person_is_edited_and_locked(
    sam: Client, database: Database, places: dict[str, int]
) -> None:
    browser = Browser(sam)
    browser.get("directory.target", target_id=places["target"])
    browser.follow("Edit")
    page = browser.press(
        "Save",
        honorific="The Hon",
        locked=["name", "honorific"],
        **{"lang-1": "und-Latn", "text-1": "Lukasz Zolc"},
    )
    assert page.heading == "Łukasz Żółć"
    assert "Imports leave alone: full name, honorific" in page
    assert "Lukasz Zolc" in page
    with database.reading() as session:
        assert set(session.scalars(sa.select(FieldLock.field))) == {"name", "honorific"}
    browser.follow("Edit")
    page = browser.press("Save", name="", status=422)
    assert "Full name" in page


def test_an_address_is_corrected_preferred_and_locked(
    sam: Client, database: Database, places: dict[str, int]
) -> None:
    browser = Browser(sam)
    browser.get("directory.target", target_id=places["target"])
    browser.follow("Correct it")
    page = browser.press("Correct it", value="l@x.example", source="s", status=422)
    assert "the value that is there" in page
    browser.press("Correct it", value="new@x.example", source="their page")
    page = browser.press("Lock it against imports")
    assert "No import changes it now." in page
    page = browser.press("Put it first of its kind")
    assert "locked: imports never change it" in page
    with database.reading() as session:
        rows = session.execute(
            sa.select(ContactDetail.value, ContactDetail.state, ContactDetail.verified_on).order_by(
                ContactDetail.id
            )
        ).all()
    assert [tuple(row) for row in rows] == [
        ("l@x.example", ContactState.WITHDRAWN, NOW.date()),
        ("new@x.example", ContactState.OK, None),
    ]


def test_two_entries_are_joined_and_taken_apart(
    olga: Client, database: Database, places: dict[str, int]
) -> None:
    with database.writing() as session:
        body = session.get_one(Organization, places["chamber"])
        other = make.person(session, "Łukasz Żółć")
        twice = make.target(session, person=other, body=body, jurisdiction_code="DE")
        offices.settle_target(session, twice)
        campaign = session.scalars(sa.select(Campaign)).one()
        make.letter(session, campaign, target=twice, subject="Said to the second row")
        twice_id, other_id = twice.id, other.id
    browser = Browser(olga)
    page = browser.get("directory.doubles")
    page = browser.follow("Łukasz Żółć")
    assert page.heading == "One person or two?"
    page = browser.press("One person: join them")
    assert "Joined with Łukasz Żółć by Olga" in page
    assert "Said to the second row" in page
    assert "Nobody is there twice" in browser.get("directory.doubles")
    assert "Left this post" in browser.get("directory.target", target_id=twice_id)
    browser.follow("Take apart")
    page = browser.press("Take them apart")
    assert "Left this post" not in page
    assert "Said to the second row" in page
    assert "Said to the second row" not in browser.get(
        "directory.target", target_id=places["target"]
    )
    browser.get("directory.join", person_id=places["known"], other_id=other_id)
    page = browser.press("That was wrong: take it back")
    page = browser.press("One person: join them")
    assert "Said to the second row" in page


def test_a_part_of_an_entry_becomes_another_person(
    sam: Client, database: Database, places: dict[str, int]
) -> None:
    with database.writing() as session:
        ministry = session.get_one(Organization, places["ministry"])
        held = Membership(
            person_id=places["known"], organization_id=ministry.id, role=TargetRole.MINISTER
        )
        session.add(held)
        offices.add_target(session, membership=held)
        source_record(session, session.get_one(Person, places["known"]), "k9")
        seat = held.id
    browser = Browser(sam)
    browser.get("directory.split", person_id=places["known"])
    page = browser.press("Make two people of this entry", name="Łukasz Żółć junior", status=422)
    assert "Choose at least one seat" in page
    page = browser.press("Make two people of this entry", seats=[str(seat)])
    assert page.heading == "Łukasz Żółć junior"


def test_ours_or_theirs_is_decided(sam: Client, database: Database, places: dict[str, int]) -> None:
    with database.writing() as session:
        person = session.get_one(Person, places["known"])
        run = source_record(session, person, "k1").first_run_id
        person.honorific = "Ours"
        for field, theirs in (("honorific", "Theirs"), ("postnominal", "MP")):
            session.add(
                ImportConflict(
                    run_id=run,
                    person_id=person.id,
                    field=field,
                    ours="Ours" if field == "honorific" else "",
                    theirs=theirs,
                )
            )
    browser = Browser(sam)
    browser.get("directory.index")
    page = browser.follow("2 hand edits a list disagrees with")
    assert "Theirs" in page
    browser.press("Take theirs")
    page = browser.press("Keep ours")
    assert "Nothing to decide" in page
    with database.reading() as session:
        person = session.get_one(Person, places["known"])
        assert (person.honorific, person.postnominal) == ("Theirs", "")
        states = set(session.scalars(sa.select(ImportConflict.state)))
    assert states == {ConflictState.KEPT, ConflictState.TAKEN}


@pytest.mark.browser
def test_keyboard_alone_adds_a_person_and_goes_through_the_work_list(
    window: Open, database: Database, places: dict[str, int]
) -> None:
    page = window("sam", f"/directory/organizations/{places['chamber']}/people/new")
    keys = page.keyboard
    # A browser sets the focus with its next picture, not with the page.
    page.wait_for_selector("[name=name]:focus")
    keys.type("Lukasz Zolc")
    page.wait_for_selector("[data-likely-list] li")
    assert "Łukasz Żółć, Upper Chamber" in page.inner_text("[data-likely-list]")
    take_picture(page, "new-person-likely")
    keys.press("Control+A")
    keys.type("Jana Muster")
    page.wait_for_selector("[data-likely-list] li", state="detached")
    keys.press("Tab")
    keys.type("Jana")
    keys.press("Tab")
    keys.type("Muster")
    keys.press("Tab")
    keys.type("minister")
    keys.press("Tab")
    keys.press("Tab")
    keys.type("jana@x.example")
    keys.press("Tab")
    keys.type("their page")
    keys.press("Enter")
    page.wait_for_selector("h1:has-text('Jana Muster')")
    page.wait_for_selector("text=jana@x.example")

    page.goto("/directory/unreachable")
    for address, name in (
        ("info@x.example", "Ministry of Finance"),
        ("https://y.example/form", "Board of Records"),
    ):
        page.wait_for_selector(f"li:has(h2:text('{name}')) input[name=value]:focus")
        keys.type(address)
        keys.press("Tab")
        keys.type(PAGE)
        keys.press("Enter")
        page.wait_for_selector(f".flashes :text('{name} can be reached now.')")
    with database.reading() as session:
        values = session.scalars(
            sa.select(ContactDetail.value).where(ContactDetail.organization_id.is_not(None))
        ).all()
    assert values == ["info@x.example", "https://y.example/form"]


@pytest.mark.browser
@pytest.mark.long
def test_the_pages_of_hand_work_look_right(
    window: Open, database: Database, places: dict[str, int]
) -> None:
    with database.writing() as session:
        seeding.seed_directory(session, shipped("contacts"), now=NOW, by=BY)
        body = session.get_one(Organization, places["chamber"])
        other = make.person(session, "Lukasz Zolc", honorific="The Hon")
        twice = make.target(session, person=other, body=body, jurisdiction_code="DE")
        offices.settle_target(session, twice)
        run = source_record(session, other, "k1").first_run_id
        session.add(
            ImportConflict(
                run_id=run, person_id=other.id, field="honorific", ours="The Hon", theirs="Hon"
            )
        )
        other_id = other.id
    pages = {
        "new-person": f"/directory/organizations/{places['chamber']}/people/new",
        "new-body": "/directory/jurisdictions/DE/bodies/new",
        "new-list": f"/directory/organizations/{places['chamber']}/list",
        "postal": f"/directory/targets/{places['target']}/postal?country=US",
        "unreachable": "/directory/unreachable",
        "edit-person": f"/directory/people/{places['known']}/edit",
        "doubles": "/directory/doubles",
        "join": f"/directory/people/{places['known']}/join/{other_id}",
        "find-double": f"/directory/people/{places['known']}/join",
        "split": f"/directory/people/{places['known']}/split",
        "conflicts": "/directory/conflicts",
        "target": f"/directory/targets/{places['target']}",
    }
    for size in ("desk", "phone"):
        page = window("sam", "/directory", size=size)
        for name, path in pages.items():
            page.goto(path)
            if name == "new-list":
                page.fill(
                    "[name=text]", "Łukasz Zolc\tl@y.example\nJana Muster\tjana@x.example\n@@"
                )
                page.select_option("[name=role]", "member_upper")
                page.fill("[name=source]", "their list")
                page.click("button[value=look]")
                page.wait_for_selector("button[value=add]")
            assert_accessible(page)
            assert_no_sideways_scroll(page)
            take_picture(page, f"hand-{name}-{size}")
