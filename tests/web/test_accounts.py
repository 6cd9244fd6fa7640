"""The first admin, adding people, roles and the end of access, in the browser."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from outreach.accounts import people as people_room
from outreach.accounts.models import Actor, Campaign, Event, Invitation, Member, Role, User
from outreach.database import Database
from tests.browser import Browser, counted_queries
from tests.web.conftest import Client

PASSWORD = "four plain random words"


def link_on(text: str) -> str:
    found = re.search(r'value="http://localhost(/welcome/[^"]+)"', text)
    assert found
    return found[1]


def role_of(database: Database, user_id: int | None) -> Role:
    with database.reading() as session:
        return session.scalars(sa.select(Member.role).where(Member.user_id == user_id)).one()


@pytest.fixture
def lone_admin(database: Database, people: dict[str, Actor]) -> None:
    """Give the four a password, so that Ada is an admin who can sign in."""
    with database.writing() as session:
        session.execute(sa.update(User).values(password="hash"))


def test_the_first_admin_link_signs_in_and_works_once(
    nobody: Client, database: Database, campaign: Campaign, now: dt.datetime
) -> None:
    with database.writing() as session:
        session.execute(sa.update(Member).values(role=Role.STAFF))
        token = people_room.first_admin_link(session, now=now)
    browser = Browser(nobody)
    page = browser.get(f"/welcome/{token}")
    assert page.heading == "Become the first admin"
    assert "Article 361" in page

    answer = nobody.send(
        f"/welcome/{token}",
        {"name": "Nina", "email": "nina@people.example", "password": PASSWORD, "again": PASSWORD},
    )

    assert answer.location == "/"
    assert "admin" in browser.get("/account")
    browser.get(f"/welcome/{token}", status=404)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Write a name"),
        ({"email": "nina"}, "not an e-mail address"),
        ({"email": ""}, "Write an address"),
        ({"password": "short", "again": "short"}, "at least 12"),
        ({"again": "something else"}, "not the same"),
        ({"password": "nina@people.example", "again": "nina@people.example"}, "easy to guess"),
    ],
)
def test_a_mistake_keeps_the_link(
    nobody: Client,
    database: Database,
    campaign: Campaign,
    now: dt.datetime,
    changes: dict[str, str],
    words: str,
) -> None:
    with database.writing() as session:
        token = people_room.first_admin_link(session, now=now)
    typed = {
        "name": "Nina",
        "email": "nina@people.example",
        "password": PASSWORD,
        "again": PASSWORD,
    }

    answer = nobody.send(f"/welcome/{token}", typed | changes)

    assert answer.status_code == 422
    assert words in answer.text
    assert nobody.get(f"/welcome/{token}").status_code == 200


def test_adding_a_person_shows_the_link_once(
    ada: Client, nobody: Client, database: Database
) -> None:
    browser = Browser(ada)
    browser.get("accounts.people")
    browser.press("Add and show the link", name="Nina", email="nina@people.example", role="staff")
    text = ada.get("/people").text
    assert "has a link" in text and "/welcome/" not in text

    page = ada.send("/people", {"name": "Otto", "email": "otto@people.example", "role": "staff"})
    path = link_on(page.text)
    visitor = Browser(nobody)
    assert "otto@people.example" in visitor.get(path)
    answer = nobody.send(path, {"name": "Otto O.", "password": PASSWORD, "again": PASSWORD})
    assert answer.location == "/"
    assert "Otto O." in visitor.get("/account")
    with database.reading() as session:
        kept = session.scalars(sa.select(User.password).where(User.name == "Otto O.")).one()
        hashes = session.scalars(sa.select(Invitation.token_hash)).all()
    assert kept and kept.startswith("$argon2id$")
    assert path.rsplit("/", 1)[1] not in hashes


def test_a_link_nobody_made_leads_nowhere(nobody: Client) -> None:
    answer = nobody.get("/welcome/made-up")

    assert answer.status_code == 404
    assert "Ask an admin" in answer.text


def test_a_taken_address_is_said_at_its_field(
    ada: Client, database: Database, people: dict[str, Actor]
) -> None:
    with database.reading() as session:
        taken = session.get_one(User, people["sam"].user_id).email
    browser = Browser(ada)
    browser.get("accounts.people")

    page = browser.press(
        "Add and show the link", name="Nina", email=taken, role="staff", status=422
    )
    assert "already an account" in page


def test_a_role_is_changed(
    ada: Client, database: Database, people: dict[str, Actor], lone_admin: None
) -> None:
    sam = people["sam"].user_id
    browser = Browser(ada)
    browser.get("accounts.people")

    page = browser.press("Change role", within="Role of Sam", role="organiser")

    assert "The role of Sam is changed" in page
    assert role_of(database, sam) is Role.ORGANISER
    assert ada.send(f"/people/{sam}/role", {"role": "emperor"}).status_code == 422


def test_the_last_admin_can_neither_step_down_nor_go(
    ada: Client, database: Database, people: dict[str, Actor], lone_admin: None
) -> None:
    mine = people["ada"].user_id

    for path, data in (
        (f"/people/{mine}/role", {"role": "staff"}),
        (f"/people/{mine}/disable", {}),
    ):
        answer = ada.send(path, data)
        assert answer.status_code == 409
        assert "last admin" in answer.text
    assert role_of(database, mine) is Role.ADMIN


def test_an_admin_who_steps_down_lands_on_their_own_page(
    ada: Client, database: Database, people: dict[str, Actor], lone_admin: None
) -> None:
    ada.send(f"/people/{people['sam'].user_id}/role", {"role": "admin"})

    answer = ada.send(f"/people/{people['ada'].user_id}/role", {"role": "staff"})

    assert answer.location == "/"
    assert ada.get("/people").status_code == 403


def test_access_ends_at_once_and_comes_back(
    ada: Client, sam: Client, people: dict[str, Actor], database: Database, lone_admin: None
) -> None:
    browser = Browser(ada)
    browser.get("accounts.people")
    page = browser.press("End access of Sam")
    assert "Sam is signed out" in page
    assert sam.get("/account").status_code == 302

    assert "Sam can sign in again" in browser.press("Let Sam in again")
    with database.reading() as session:
        names = session.scalars(
            sa.select(Event.name)
            .where(Event.subject_kind == "user", Event.subject_id == people["sam"].user_id)
            .order_by(Event.id)
        ).all()
    assert names == ["disabled", "enabled"]


def test_somebody_locked_out_gets_a_new_link(
    ada: Client, nobody: Client, people: dict[str, Actor], lone_admin: None
) -> None:
    page = ada.send(f"/people/{people['vera'].user_id}/link")
    path = link_on(page.text)

    answer = nobody.send(path, {"name": "Vera", "password": PASSWORD, "again": PASSWORD})

    assert answer.location == "/"


def test_numbers_of_nobody_and_of_other_campaigns(ada: Client) -> None:
    for what in ("role", "disable", "enable", "link"):
        assert ada.send(f"/people/999/{what}", {"role": "staff"}).status_code == 404


def test_the_list_of_people_asks_the_database_little(
    ada: Client, database: Database, campaign: Campaign
) -> None:
    from tests import make

    ada.get("/people")
    with database.writing() as session:
        for n in range(30):
            make.user(session, f"Person {n}", campaign, Role.VOLUNTEER)
    with counted_queries(database.engine, at_most=6):
        assert "Person 29" in ada.get("/people").text


def test_hostile_names_are_only_text(ada: Client) -> None:
    name = '<script>alert("x")</script>{{ 7 * 7 }} %(name)s 100%'
    page = ada.send("/people", {"name": name, "email": "x@people.example", "role": "staff"})

    assert page.status_code == 200
    assert "<script>alert" not in page.text
    listed = ada.get("/people").text
    assert "<script>alert" not in listed and "{{ 7 * 7 }}" in listed


def test_everybody_sees_what_they_may_do(vera: Client, olga: Client) -> None:
    assert "log an answer" in vera.get("/account").text
    assert "switch the campaign live" not in vera.get("/account").text
    assert "switch the campaign live" in olga.get("/account").text
