"""From an audience to drafts: who is left out, shared desks, progress, likeness, newer texts."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Campaign
from outreach.database import Database
from outreach.directory.models import TargetRole
from outreach.letters import drafting, making
from outreach.letters.models import Audience, Letter, Mailing, MailingState, Template
from outreach.words import Sentence
from tests import make
from tests.browser import Browser, counted_queries
from tests.conftest import NOW
from tests.web.conftest import Client

BODY = (
    "Please ask the government. {% if variant == 'b' %}Your voters would like to know.{% endif %}"
)


class House:
    """A campaign with a template for members, a sender, and an audience of everybody."""

    def __init__(self, database: Database, campaign: Campaign) -> None:
        self.database, self.campaign = database, campaign
        with database.writing() as session:
            self.ask_id = make.ask(session, campaign, code="D2a").id
            version = make.template_version(session, campaign, body=BODY)
            self.template_id = version.template_id
            template = session.get_one(Template, self.template_id)
            template.asks, template.name = ["D2a"], "To a member"
            make.sender(session, campaign, name="Example Association")
            audience = Audience(
                campaign_id=campaign.id, name="Everybody", filters={}, by="Sam", at=NOW
            )
            session.add(audience)
            session.flush()
            self.audience_id = audience.id

    def members(self, number: int, **values: Any) -> list[int]:
        with self.database.writing() as session:
            return [make.target(session, name=f"Member {n:03}", **values).id for n in range(number)]

    def version(self, body: str, number: int = 2) -> None:
        with self.database.writing() as session:
            template = session.get_one(Template, self.template_id)
            make.template_version(
                session, self.campaign, template=template, body=body, number=number
            )

    def letters(self) -> list[Letter]:
        with self.database.reading() as session:
            rows = list(session.scalars(sa.select(Letter).order_by(Letter.id)))
            session.expunge_all()
            return rows


@pytest.fixture
def house(database: Database, campaign: Campaign) -> House:
    return House(database, campaign)


@pytest.fixture
def browser(sam: Client) -> Browser:
    return Browser(sam)


def made(browser: Browser, house: House, **values: str) -> str:
    """The address of a mailing to the whole audience, drafts made."""
    browser.get("letters.compose", audience=house.audience_id, look="yes", **values)
    drafts = next(one for one in browser.buttons() if one.startswith("Make "))
    return browser.press(drafts).url


def test_a_value_missing_for_three_is_said_before_anything_is_made(
    browser: Browser, house: House, database: Database
) -> None:
    house.version("Dear member of {{ recipient.group }}, please ask.")
    with database.writing() as session:
        group = make.organization(session, name="The Group").id
    house.members(137, group_id=group)
    with database.writing() as session:
        for name in ("Ines Independent", "Ivo Independent", "Ida Independent"):
            make.target(session, name=name)
    page = browser.get("letters.compose", audience=house.audience_id, look="yes")
    assert "137 drafts, 3 targets left out" in page
    assert "3 The text needs {{ recipient.group }}, which is empty here." in page
    assert "Ines Independent" in page and "Ivo Independent" in page
    assert house.letters() == []


def test_everybody_left_out_stands_under_the_reason(
    browser: Browser, house: House, database: Database
) -> None:
    with database.writing() as session:
        make.target(session, name="Good")
        for n in range(5):
            make.target(session, name=f"Polish {n}", language="pl")
        make.target(session, name="Gone", ended_on=NOW.date())
        make.target(session, name="Unreachable", address=None)
        make.target(session, name="Minister", role=TargetRole.MINISTER)
    page = browser.get("letters.compose", audience=house.audience_id, look="yes")
    assert "5 There is no text in their language (Polish), and no other was chosen." in page
    assert "In their languages: English 1." in page
    made(browser, house)
    (letter,) = house.letters()
    page = browser.get("letters.mailing", mailing_id=letter.mailing_id)
    assert "5 There is no text in their language (Polish), and no other was chosen." in page
    assert "There is no way to reach them" in page
    assert "This letter is not written for this office (minister)." in page


@pytest.fixture
def shared_mailbox(house: House, database: Database) -> House:
    """Two ministries behind info@gov.xx."""
    with database.writing() as session:
        template = session.get_one(Template, house.template_id)
        template.roles = [TargetRole.MINISTRY.value]
        for code in ("D2a", "D2b"):
            ask = session.scalar(sa.select(make.Ask).where(make.Ask.code == code))
            ask = ask or make.ask(session, house.campaign, code=code)
            ask.roles = [TargetRole.MINISTRY.value]
        template.asks = ["D2a", "D2b"]
        desk = make.office(session, key="email:info@gov.xx", name="info@gov.xx")
        for name in ("Ministry of the Interior", "Ministry of Foreign Affairs"):
            make.target(session, name=name, role=TargetRole.MINISTRY, office=desk)
    return house


def test_two_ministries_behind_one_mailbox_need_a_choice(
    browser: Browser, shared_mailbox: House
) -> None:
    house = shared_mailbox
    page = browser.get("letters.compose", audience=house.audience_id, look="yes")
    assert "These 2 targets share one desk" in page
    assert "Several targets share one desk. Say above how to write to them" in page
    assert not any(one.startswith("Make ") for one in browser.buttons())
    refused = browser.post(
        "/letters/new",
        {"template": house.template_id, "audience": house.audience_id, "sender": 1, "fallback": ""},
        status=422,
    )
    assert "Some of these targets share one desk" in refused
    assert house.letters() == []


def test_of_two_ministries_behind_one_mailbox_one_is_dropped(
    browser: Browser, shared_mailbox: House
) -> None:
    browser.get(made(browser, shared_mailbox, desks="one"))
    (letter,) = shared_mailbox.letters()
    page = browser.get("letters.mailing", mailing_id=letter.mailing_id)
    assert f"Shares its desk with {letter.recipient}, who gets this letter already." in page


def test_two_ministries_behind_one_mailbox_get_one_letter_after_the_other(
    browser: Browser, shared_mailbox: House
) -> None:
    browser.get(made(browser, shared_mailbox, desks="in_turn"))
    one, other = shared_mailbox.letters()
    assert one.office_id == other.office_id and one.ask_id != other.ask_id
    assert one.body_hash != other.body_hash


def test_many_drafts_are_made_beside_and_the_page_says_how_far(
    browser: Browser, house: House, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafting, "STEP", 20)
    house.members(making.AT_ONCE + 10)
    where = made(browser, house)
    page = browser.get(where)
    assert "0 of 40, 40 left" in page and "You can leave this page: the work goes on." in page
    assert house.letters() == []
    making.work(database, now=lambda: NOW, worker="test")
    page = browser.get(where)
    assert "20 of 40, 20 left" in page
    assert not any(one.startswith("Submit") for one in browser.buttons())
    progress = browser.client.get(f"{where}/progress.json").json
    assert progress is not None
    assert (progress["state"], progress["done"], progress["total"]) == ("making", 20, 40)
    while making.work(database, now=lambda: NOW, worker="test"):
        pass
    page = browser.get(where)
    assert "40 letters made, 0 targets left out" in page and "Submit 40 drafts" in page


def test_drafts_that_stopped_go_on_by_a_button(
    browser: Browser, house: House, database: Database
) -> None:
    house.members(making.AT_ONCE + 1)
    where = made(browser, house)
    with database.writing() as session:
        mailing = session.scalars(sa.select(Mailing)).one()
        mailing.state = MailingState.FAILED
        mailing.failure = Sentence("It stopped at %(code)s.", code="R02").as_json()
    assert "It stopped at R02." in browser.get(where)
    browser.press("Go on with the drafts")
    with database.reading() as session:
        assert session.scalars(sa.select(Mailing.state)).one() is MailingState.WAITING


def test_the_most_alike_letters_stand_side_by_side(browser: Browser, house: House) -> None:
    house.members(3)
    page = browser.get(made(browser, house))
    assert "Highest likeness 100 %, limit 90 %." in page
    assert "are above the limit" in page
    # The text has one place with alternatives, of which it words two alike.
    assert "The text makes at most 3 different letters." in page and "four 81" in page
    first = house.letters()[0]
    assert f"100 % {first.recipient}" in page
    # The words that differ are marked, those of the most alike pair have none.
    assert page.page.html.count("<mark>") >= 1


def test_one_letter_is_edited_by_hand_and_the_text_changes_afterwards(
    browser: Browser, house: House
) -> None:
    """Scenario 15: later edits of the text show which letters differ and overwrite none."""
    house.members(4)
    where = made(browser, house)
    edited = house.letters()[1]
    browser.get("letters.letter", letter_id=edited.id)
    browser.follow("Edit")
    browser.press("Save the letter", text=edited.text.replace("Please ask", "Would you please ask"))
    house.version("We ask you to speak up. {% if variant == 'b' %}Others listen.{% endif %}")
    page = browser.get(where)
    assert "A newer text exists" in page and "English: version 2." in page
    assert "3 drafts can be renewed." in page
    assert "1 customised letter differs and is not touched." in page
    page = browser.press("Renew 3 drafts")
    assert "3 drafts have the newest text." in page
    words = {letter.id: letter.text for letter in house.letters()}
    assert "Would you please ask" in words.pop(edited.id)
    assert all("We ask you to speak up." in text for text in words.values())

    page = browser.get(where)
    assert "can be renewed" not in page
    page = browser.follow(f"Compare the letter to {edited.recipient}")
    assert "Would" in page and "speak" in page
    page = browser.press("Take the new text")
    assert "The letter has the newest text." in page
    assert "We ask you to speak up." in house.letters()[1].text
    assert "A newer text exists" not in browser.get(where)


def test_words_kept_by_hand_are_not_asked_about_again(browser: Browser, house: House) -> None:
    house.members(1)
    made(browser, house)
    (letter,) = house.letters()
    browser.get("letters.letter", letter_id=letter.id)
    browser.follow("Edit")
    browser.press("Save the letter", text=letter.text.replace("Please ask", "Would you please ask"))
    house.version("We ask you to speak up.")
    browser.get("letters.newer_text", letter_id=letter.id)
    browser.press("Keep these words")
    assert "Would you please ask" in house.letters()[0].text
    page = browser.get("letters.mailing", mailing_id=letter.mailing_id)
    assert "A newer text exists" not in page


def test_letters_that_wait_for_approval_keep_the_older_text(browser: Browser, house: House) -> None:
    house.members(2)
    where = made(browser, house)
    browser.get(where)
    browser.press("Submit 2 drafts")
    house.version("We ask you to speak up.")
    page = browser.get(where)
    assert "2 letters wait for approval with the older text." in page
    assert not any(one.startswith("Renew") for one in browser.buttons())


def test_the_page_of_a_mailing_runs_as_many_queries_for_many(
    browser: Browser, house: House, database: Database
) -> None:
    house.members(25)
    where = made(browser, house)
    browser.get(where)
    with counted_queries(database.engine, at_most=40):
        browser.get(where)
