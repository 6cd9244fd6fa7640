"""A letter that came back is written again by the next way, with one press."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Task, TaskKind
from outreach.directory.models import ContactDetail, ContactKind, Membership, Person, Target
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.replies.models import ReplyKind
from tests import make
from tests.browser import Browser
from tests.replies.consequences.test_filing import log
from tests.web.browser_fixtures import Open, assert_accessible, take_picture
from tests.web.browser_fixtures import assert_no_sideways_scroll as no_scroll
from tests.web.desk_world import sent_letter


@pytest.fixture
def letter(database, campaign, people) -> int:
    number = sent_letter(database, campaign, "Ida Example", "7K4-Q2M", address="ida@house.example")
    with database.writing() as session:
        session.execute(sa.update(ContactDetail).values(value="ida@house.example"))
        returned = session.get_one(Letter, number)
        log(session, returned, people["sam"], kind=ReplyKind.BOUNCE_HARD, text="550 5.1.1")
    return number


def add_form(database, letter: int) -> None:
    with database.writing() as session:
        target = session.get_one(Target, session.get_one(Letter, letter).target_id)
        person = session.get_one(
            Person, session.get_one(Membership, target.membership_id).person_id
        )
        make.contact(session, person, kind=ContactKind.FORM, value="https://house.example/write")


def letters_instead(database, letter: int) -> list[Letter]:
    with database.reading() as session:
        rows = list(session.scalars(sa.select(Letter).where(Letter.instead_of_id == letter)))
        session.expunge_all()
        return rows


def test_the_task_the_answer_the_letter_and_the_conversation_offer_it(
    sam, vera, olga, database, campaign, letter
) -> None:
    with database.reading() as session:
        office = session.get_one(Letter, letter).office_id
    browser = Browser(sam)
    # Without a further way it is said plainly, with the way to where one is added.
    page = browser.get("letters.letter", letter_id=letter)
    assert "We know no other way to reach Ida Example" in page
    assert "Add a way to reach them" in browser.follow("Add or check an address")
    add_form(database, letter)
    for where, values in (
        ("letters.letter", {"letter_id": letter}),
        ("replies.reply", {"reply_id": 1}),
        ("replies.thread", {"office_id": office}),
    ):
        page = browser.get(where, **values)
        assert "https://house.example/write" in page, where
        assert "Write by their form" in browser.buttons(), where
    # A volunteer who has the task reads what is next; staff drafts it.
    volunteer = Browser(vera)
    page = volunteer.get("replies.inbox")
    assert "Find another way to reach Ida Example" in page and "They have a form" in page
    assert "Write by their form" not in volunteer.buttons()
    assert vera.send(f"/letters/{letter}/next-way").status_code == 403
    browser.get("replies.inbox")
    page = browser.press("Write by their form")
    (made,) = letters_instead(database, letter)
    assert page.url == f"/letters/{made.id}" and made.state is State.DRAFT
    assert "A draft for the next way" in page
    with database.reading() as session:
        tasks = sa.select(Task).where(Task.kind == TaskKind.FIND_ADDRESS, Task.done_at.is_(None))
        assert session.scalars(tasks).all() == []
    # No second one: the page leads to the one that waits, and another press too.
    page = browser.get("letters.letter", letter_id=letter)
    assert f"written again Letter {made.code}" in page
    assert "Write by their form" not in browser.buttons()
    assert sam.send(f"/letters/{letter}/next-way").location == f"/letters/{made.id}"
    assert len(letters_instead(database, letter)) == 1
    # The same review as any letter: handed in by one, approved by another, then a task to post it.
    browser.get("letters.letter", letter_id=made.id)
    browser.press("Submit for approval")
    with database.reading() as session:
        assert session.get_one(Letter, made.id).state is State.REVIEW
    olgas = Browser(olga)
    olgas.get("letters.letter", letter_id=made.id)
    approved = olgas.press("Approve")
    assert "This goes by hand" in approved
    with database.reading() as session:
        sealed = session.get_one(Letter, made.id)
        assert sealed.state is State.APPROVED and sealed.seal


def test_where_it_is_refused_the_reason_is_said(sam, database, campaign, letter) -> None:
    answer = sam.send(f"/letters/{letter}/next-way", follow_redirects=True)
    assert "We know no other way" in answer.text
    assert sam.send("/letters/9999/next-way").status_code == 404
    assert letters_instead(database, letter) == []


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_it_looks_as_it_should(window: Open, database, letter, size: str) -> None:
    with database.reading() as session:
        office = session.get_one(Letter, letter).office_id
    page = window("sam", f"/letters/{letter}", size=size)
    take_picture(page, f"next-way-none-{size}")
    add_form(database, letter)
    for name, path in (
        ("letter", f"/letters/{letter}"),
        ("answer", "/answers/1"),
        ("desk", f"/desks/{office}"),
        ("inbox", "/inbox"),
    ):
        page.goto(path)
        no_scroll(page)
        assert_accessible(page)
        take_picture(page, f"next-way-{name}-{size}")
    page.get_by_role("button", name="Write by their form").click()
    page.get_by_text("A draft for the next way").wait_for()
    page.goto(f"/letters/{letter}")
    no_scroll(page)
    assert_accessible(page)
    take_picture(page, f"next-way-written-{size}")
