"""Reviewing a mailing, approving many after a sample, remarks on passages, who approved what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from outreach.accounts.models import Actor, Campaign
from outreach.database import Database
from outreach.directory.models import ContactKind, Publicity
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Quotation
from outreach.letters.reviewing import ApprovalRound, ApprovedAs
from outreach.petitions import counts
from outreach.petitions.models import ReadingState
from tests import make
from tests.browser import Browser
from tests.letters.review_world import in_review
from tests.web.browser_fixtures import (
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)
from tests.web.conftest import Client


@pytest.fixture
def mailing_id(database: Database, campaign: Campaign, people: dict[str, Actor]) -> int:
    """Six letters of one mailing, written by Sam, that wait for approval."""
    with database.writing() as session:
        return in_review(session, campaign, people["sam"], 6)[0].mailing_id


def letters_of(database: Database, mailing_id: int) -> list[Letter]:
    """The letters of a mailing as they are now, to be looked at after the session."""
    with database.reading() as session:
        select = sa.select(Letter).where(Letter.mailing_id == mailing_id).order_by(Letter.id)
        found = list(session.scalars(select))
        session.expunge_all()
        return found


def change(database: Database, letter_id: int, **values: object) -> None:
    with database.writing() as session:
        for name, value in values.items():
            setattr(session.get_one(Letter, letter_id), name, value)


def read_sample(browser: Browser, database: Database) -> list[int]:
    """Open every letter of the newest round's sample; come back to the round."""
    with database.reading() as session:
        one = session.scalars(sa.select(ApprovalRound).order_by(ApprovalRound.id.desc())).first()
        assert one is not None
        round_id, sample = one.id, list(one.sample)
    for letter_id in sample:
        page = browser.get("letters.letter", letter_id=letter_id)
        assert "Back to the sample" in page
    browser.get("letters.approval_round", round_id=round_id)
    return sample


# -- the review ------------------------------------------------------------------------------------


def test_each_text_is_read_once_and_then_what_differs(
    olga: Client, database: Database, mailing_id: int
) -> None:
    letters = letters_of(database, mailing_id)
    change(database, letters[2].id, subject="Another question")
    browser = Browser(olga)
    browser.get("letters.mailing", mailing_id=mailing_id)
    page = browser.follow("Review 6 letters")
    assert page.heading == "Review: who reads what?"
    assert page.words.count("The text, once") == 1
    assert len(list(page.page.elements("article"))) == 1
    for letter in letters:
        assert f"Dear {letter.recipient}," in page
    assert "Another" in page
    assert "Length" in page


def test_checks_of_a_whole_mailing_name_the_letters(
    olga: Client, database: Database, mailing_id: int
) -> None:
    letter = letters_of(database, mailing_id)[0]
    change(database, letter.id, text=letter.text.replace("Please", "Shame on you. Please", 1))
    page = Browser(olga).get("letters.review", mailing_id=mailing_id)
    assert "1 letter has to be read by itself" in page
    assert "Reads as a threat or an insult: “shame on you”." in page


def test_staff_read_the_review_and_approve_nothing(
    sam: Client, database: Database, mailing_id: int
) -> None:
    page = Browser(sam).get("letters.review", mailing_id=mailing_id)
    assert "Read a sample" not in page
    assert sam.send(f"/mailings/{mailing_id}/rounds").status_code == 403


def test_a_mailing_without_letters_in_review_says_what_to_do(
    olga: Client, database: Database, mailing_id: int
) -> None:
    for letter in letters_of(database, mailing_id):
        change(database, letter.id, state=State.DRAFT)
    assert "No letter waits for approval" in Browser(olga).get(
        "letters.review", mailing_id=mailing_id
    )


# -- many after a sample ---------------------------------------------------------------------------


def test_many_are_approved_after_a_sample(
    olga: Client, database: Database, mailing_id: int
) -> None:
    browser = Browser(olga)
    browser.get("letters.review", mailing_id=mailing_id)
    page = browser.press("Read a sample, approve 6 letters together")
    assert "Approve 6 letters" not in page
    assert "of the sample are not read yet" in page
    sample = read_sample(browser, database)
    page = browser.press("Approve 6 letters")
    assert page.heading == "What was approved together?"
    assert "6 letters approved by Olga" in page
    letters = letters_of(database, mailing_id)
    assert {letter.state for letter in letters} == {State.APPROVED}
    assert {letter.id for letter in letters if letter.approved_as is ApprovedAs.READ} == set(sample)
    sampled = next(letter for letter in letters if letter.approved_as is ApprovedAs.SAMPLED)
    assert "sampled" in browser.get("letters.letter", letter_id=sampled.id)
    proof = browser.follow("Who approved which words?")
    assert "The words are those approved" in proof
    assert sampled.seal is not None
    assert sampled.seal in proof
    for letter in letters:
        assert (letter.recipient in proof) is (letter.id in {*sample, sampled.id})


def test_other_words_than_those_approved_are_told(
    olga: Client, database: Database, mailing_id: int
) -> None:
    browser = Browser(olga)
    letter = letters_of(database, mailing_id)[0]
    browser.get("letters.letter", letter_id=letter.id)
    browser.press("Approve")
    change(database, letter.id, address="elsewhere@office.example")
    page = browser.get("letters.approval", letter_id=letter.id)
    assert "The words are not those approved" in page


def test_a_letter_that_changed_meanwhile_stays_and_is_named(
    olga: Client, database: Database, mailing_id: int
) -> None:
    browser = Browser(olga)
    browser.get("letters.review", mailing_id=mailing_id)
    browser.press("Read a sample, approve 6 letters together")
    sample = read_sample(browser, database)
    letter = next(one for one in letters_of(database, mailing_id) if one.id not in sample)
    change(database, letter.id, subject="Another question")
    page = browser.press("Approve 6 letters")
    assert "5 letters approved by Olga" in page
    assert "1 letter stayed" in page
    assert "was changed since you opened it" in page


def test_the_button_stands_behind_the_last_row(
    olga: Client, database: Database, mailing_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outreach.web.letters.review.ROWS_PER_PAGE", 4)
    browser = Browser(olga)
    browser.get("letters.review", mailing_id=mailing_id)
    browser.press("Read a sample, approve 6 letters together")
    round_id = browser.shown.url.rsplit("/", 1)[1] if browser.shown else ""
    read_sample(browser, database)
    refused = browser.post(f"/rounds/{round_id}/approve")
    assert "Go to the end of the table: 2 rows are left." in refused
    assert "Approve 6 letters" not in refused
    page = browser.follow("Next rows")
    assert "Approve 6 letters" in page


def test_a_second_press_approves_nothing_again(
    olga: Client, database: Database, mailing_id: int
) -> None:
    browser = Browser(olga)
    browser.get("letters.review", mailing_id=mailing_id)
    browser.press("Read a sample, approve 6 letters together")
    read_sample(browser, database)
    browser.press("Approve 6 letters")
    assert browser.shown is not None
    page = browser.post(browser.shown.url.split("?")[0] + "/approve")
    assert "These letters were approved already." in page


def test_an_author_approves_neither_one_nor_many_of_their_own(
    olga: Client, ada: Client, database: Database, campaign: Campaign, people: dict[str, Actor]
) -> None:
    with database.writing() as session:
        letter = in_review(session, campaign, people["olga"], 2)[0]
        letter_id, mailing_id = letter.id, letter.mailing_id
    browser = Browser(olga)
    page = browser.get("letters.review", mailing_id=mailing_id)
    assert "Read a sample" not in page
    assert page.words.count("You wrote its words") == 2
    assert "No letter of this mailing" in browser.post(f"/mailings/{mailing_id}/rounds")
    refused = browser.post(f"/letters/{letter_id}/approve")
    assert "You wrote these words" in refused
    other = Browser(ada)
    other.get("letters.letter", letter_id=letter_id)
    assert "Approved and frozen" in other.press("Approve")


def test_letters_that_strangers_read_are_acknowledged(
    olga: Client, database: Database, campaign: Campaign, people: dict[str, Actor]
) -> None:
    with database.writing() as session:
        make.jurisdiction(session, "SE", publicity=Publicity.HIGH, publicity_basis="By law.")
        many = in_review(session, campaign, people["sam"], 3, jurisdiction_code="SE")
        mailing_id = many[0].mailing_id
    browser = Browser(olga)
    page = browser.get("letters.review", mailing_id=mailing_id)
    assert "Sweden: 3 letters" in page
    assert "letters are public" in page
    browser.press("Read a sample, approve 3 letters together")
    read_sample(browser, database)
    assert "Say that you know" in browser.press("Approve 3 letters")
    assert {one.state for one in letters_of(database, mailing_id)} == {State.REVIEW}
    browser.press("Approve 3 letters", public_known="yes")
    assert {one.state for one in letters_of(database, mailing_id)} == {State.APPROVED}


# -- one letter ------------------------------------------------------------------------------------


def test_a_typo_fix_takes_the_approval_and_the_log_says_why(
    olga: Client, sam: Client, database: Database, mailing_id: int
) -> None:
    letter = letters_of(database, mailing_id)[0]
    approver = Browser(olga)
    approver.get("letters.letter", letter_id=letter.id)
    approver.press("Approve")
    author = Browser(sam)
    author.get("letters.letter", letter_id=letter.id)
    author.press("Change the letter", reason="A typo in the second line.")
    author.follow("Edit the words")
    page = author.press("Save the letter", text=letter.text.replace("summer", "summre", 1))
    assert "the approval by Olga is void" in page
    assert "A typo in the second line." in page
    assert "summre" in page
    assert "What changed" in page
    proof = author.get("letters.approval", letter_id=letter.id)
    assert "No approval holds" in proof
    (now_is, *_) = letters_of(database, mailing_id)
    assert (now_is.state, now_is.seal) == (State.DRAFT, None)


def test_a_risen_count_leaves_an_approval_alone(
    olga: Client,
    database: Database,
    mailing_id: int,
    campaign: Campaign,
    people: dict[str, Actor],
    now: dt.datetime,
) -> None:
    letter = letters_of(database, mailing_id)[0]
    with database.writing() as session:
        petition = make.petition(session, campaign)
        reading = _accepted(session, petition, 62_001, people["ada"], now)
        session.add(
            Quotation(letter_id=letter.id, reading_id=reading, text="62,001 people had signed.")
        )
    browser = Browser(olga)
    browser.get("letters.letter", letter_id=letter.id)
    browser.press("Approve")
    (approved, *_) = letters_of(database, mailing_id)
    with database.writing() as session:
        petition = session.merge(petition)
        _accepted(session, petition, 62_400, people["ada"], now)
    page = browser.get("letters.letter", letter_id=letter.id)
    assert "Number changed" not in page
    (after, *_) = letters_of(database, mailing_id)
    assert (after.state, after.seal) == (State.APPROVED, approved.seal)
    assert "The words are those approved" in browser.get("letters.approval", letter_id=letter.id)


def _accepted(session, petition, value, by, now):  # type: ignore[no-untyped-def]
    """The id of an accepted reading; one that holds by no rule is accepted as it is added."""
    reading = counts.add_reading(
        session,
        petition=petition,
        value=value,
        page_url="https://www.change.org/p/example",
        read_on=now.date(),
        by=by,
        now=now,
    )
    if reading.state is ReadingState.HELD:
        counts.accept(session, reading, by=by, now=now)
    return reading.id


def test_a_remark_stands_at_its_passage_until_it_is_dealt_with(
    olga: Client, sam: Client, database: Database, mailing_id: int
) -> None:
    letter = letters_of(database, mailing_id)[0]
    browser = Browser(olga)
    browser.get("letters.letter", letter_id=letter.id)
    page = browser.press("Return with a remark", paragraph="2", reason="By which day?")
    assert "Returned to its author, with your remark." in page
    author = Browser(sam)
    page = author.get("letters.letter", letter_id=letter.id)
    (passage,) = page.page.elements("mark")
    assert "".join(passage.itertext()) == "Would you tell us when?"
    assert "By which day?" in page
    author.follow("Edit the words")
    changed = letter.text.replace("tell us when?", "tell us by 1 June?")
    page = author.press("Save the letter", text=changed)
    assert not list(page.page.elements("mark"))
    assert "settled" in page


def test_selected_words_that_are_not_in_the_letter_return_nothing(
    olga: Client, database: Database, mailing_id: int
) -> None:
    letter = letters_of(database, mailing_id)[0]
    browser = Browser(olga)
    browser.get("letters.letter", letter_id=letter.id)
    page = browser.press("Return with a remark", passage="No such words", reason="Why?")
    assert "These words don't stand in the letter" in page
    assert letters_of(database, mailing_id)[0].state is State.REVIEW


def test_a_letter_shows_what_changed_since_their_last_one(
    olga: Client, database: Database, campaign: Campaign, people: dict[str, Actor]
) -> None:
    may = dt.datetime(2025, 5, 12, 9, 0, tzinfo=dt.UTC)
    with database.writing() as session:
        ida = make.person(session, "Ida Example")
        target = make.target(session, person=ida, address="ida@office.example")
        make.letter(
            session,
            campaign,
            target=target,
            state=State.SENT,
            sent_at=may,
            text="Dear Ida,\n\nIn May we asked.\n\nSame.\n\nYours",
        )
        letter = make.letter(
            session,
            campaign,
            target=target,
            channel=ContactKind.EMAIL,
            address="ida@office.example",
            state=State.REVIEW,
            text="Dear Ida,\n\nNow we ask again.\n\nSame.\n\nMore.\n\nYours",
        )
        letter_id, mailing_id = letter.id, letter.mailing_id
    browser = Browser(olga)
    page = browser.get("letters.letter", letter_id=letter_id)
    assert "since their last letter (12 May 2025): 2 paragraphs changed" in page
    gone = ["".join(one.itertext()) for one in page.page.elements("del")]
    assert gone
    assert all(words in "In May we asked." for words in gone)
    assert "since their last letter (12 May 2025)" in browser.get(
        "letters.review", mailing_id=mailing_id
    )


def test_a_letter_too_much_alike_asks_for_a_reason(
    olga: Client, database: Database, mailing_id: int
) -> None:
    first, second, *_ = letters_of(database, mailing_id)
    change(database, first.id, alike=96, alike_id=second.id)
    browser = Browser(olga)
    page = browser.get("letters.letter", letter_id=first.id)
    assert "96 % like another letter, more than 90 %" in page
    assert "too much like another one" in browser.press("Approve", alike_because=" ")
    browser.get("letters.letter", letter_id=first.id)
    page = browser.press("Approve", alike_because="Both asked for the same.")
    assert "Approved and frozen" in page
    assert "Both asked for the same." in browser.get("letters.approval", letter_id=first.id)


# -- in a real browser -----------------------------------------------------------------------------

Open = Callable[..., Page]


@pytest.mark.long
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_sample_is_read_and_many_approved_by_keyboard(
    window: Open, database: Database, mailing_id: int, size: str
) -> None:
    page = window("olga", f"/mailings/{mailing_id}/review", size=size)
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    take_picture(page, f"review-{size}")
    page.get_by_role("button", name="Read a sample").press("Enter")
    expect(page.locator("h1")).to_have_text("Which letters stand for all?")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    take_picture(page, f"round-{size}")
    here = page.url
    count = page.get_by_text("not read yet", exact=True).count()
    assert count > 1
    for _one in range(count):
        unread = page.locator("li", has=page.get_by_text("not read yet", exact=True)).first
        unread.get_by_role("link").press("Enter")
        page.get_by_role("link", name="Back to the sample").press("Enter")
        expect(page.locator("h1")).to_have_text("Which letters stand for all?")
    assert page.url == here
    page.get_by_role("button", name="Approve 6 letters").press("Enter")
    expect(page.locator("h1")).to_have_text("What was approved together?")
    take_picture(page, f"round-done-{size}")
    assert_no_sideways_scroll(page)
    page.get_by_role("link", name="Approval").first.press("Enter")
    expect(page.locator("h1")).to_have_text("Who approved which words?")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    take_picture(page, f"approval-{size}")


@pytest.mark.long
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_selected_words_become_the_passage(
    window: Open, database: Database, mailing_id: int, size: str
) -> None:
    letter = letters_of(database, mailing_id)[0]
    page = window("olga", f"/letters/{letter.id}", size=size)
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.evaluate(
        """() => {
      const text = document.querySelector('.sheet > .sheet-text').firstChild;
      const start = text.data.indexOf('tell us when');
      const range = document.createRange();
      range.setStart(text, start); range.setEnd(text, start + 'tell us when'.length);
      const chosen = document.getSelection();
      chosen.removeAllRanges(); chosen.addRange(range);
    }"""
    )
    page.locator("summary", has_text="Return with a remark").press("Enter")
    take_picture(page, f"return-{size}")
    expect(page.get_by_label("The words you selected")).to_have_value("tell us when")
    page.locator("details[open]").get_by_label("Why?").fill("By which day?")
    page.get_by_role("button", name="Return with a remark").press("Enter")
    expect(page.locator(".sheet mark")).to_have_text("tell us when")
    take_picture(page, f"remark-{size}")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
