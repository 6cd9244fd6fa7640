"""What people do with answers (acceptance scenarios 40 to 43)."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Campaign, Role
from outreach.directory.models import TargetRole
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Template
from outreach.petitions.models import Position, Promise, Stance, StanceBasis
from outreach.replies.models import Reply, ReplyChannel, ReplyKind
from tests import make
from tests.browser import Browser
from tests.web.conftest import Client
from tests.web.mail_house import House, answer, house

__all__ = ["house"]

pytestmark = pytest.mark.long


def the_reply(house: House) -> Reply:
    """The only answer that counts."""
    with house.database.reading() as session:
        row = session.scalars(sa.select(Reply).where(Reply.undone_at.is_(None))).one()
        session.expunge(row)
    return row


def test_scenario_40_a_phone_call_and_what_was_promised(house, vera, olga, database) -> None:
    letter = house.sends("Ida Example", "ida@office.zz")
    browser = Browser(vera)
    browser.get("replies.inbox")
    page = browser.press("Find the letter", q="Ida")
    assert "Ida Example" in page
    browser.press("Log an answer")
    page = browser.press(
        "File and next",
        channel="phone",
        received_on="2026-03-03",
        text="Her office called: she will table the question.",
        kind="supportive",
        stance="support",
        promise="Tables the question",
        due_on="2026-05-15",
        signed_by="staff",
    )
    assert "Filed" in page
    reply = the_reply(house)
    # Who, when, and in short what.
    assert (reply.logged_by, reply.channel) == ("Vera", ReplyChannel.PHONE)
    assert reply.received_on == dt.date(2026, 3, 3)
    assert "she will table the question" in reply.text
    assert house.letter(letter).answered_on == dt.date(2026, 3, 3)
    with database.reading() as session:
        assert session.scalars(sa.select(Promise.due_on)).one() == dt.date(2026, 5, 15)
        assert session.scalars(sa.select(Stance.basis)).one() is StanceBasis.NOTE
    # On its day, and not before, it is on the organiser's lists.
    organiser = Browser(olga)
    for day, there in ((14, False), (15, True)):
        house.at(dt.datetime(2026, 5, day, 9, tzinfo=dt.UTC))
        page = organiser.get("overview.behind", part="promises")
        assert ("Tables the question" in page) is there
        page = organiser.get("overview.today")
        assert ("promise" in page.words.lower()) is there, page.words
    organiser.get("replies.inbox")
    organiser.follow("Tables the question")
    organiser.press("Take this task")
    organiser.press("They kept it")
    assert "Tables the question" not in organiser.get("overview.behind", part="promises")


def test_scenario_41_passed_on_to_the_ministry_of_the_interior(house, sam, database) -> None:
    letter = house.sends("Ida Example", "ida@office.zz")
    with database.writing() as session:
        campaign = session.get_one(Campaign, house.campaign_id)
        make.ask(session, campaign, roles=["ministry"], code="DM")
        version = make.template_version(session, campaign, body="First words.\n\nSecond words.")
        template = session.get_one(Template, version.template_id)
        template.roles, template.asks = ["ministry"], ["DM"]
        ministry = make.target(
            session,
            name="Ministry of the Interior",
            role=TargetRole.MINISTRY,
            address="mail@interior.zz",
        ).id
    words = "We have forwarded your letter to the Ministry of the Interior."
    row = house.comes(answer(words, to=house.sent(letter)["Reply-To"]))
    browser = Browser(sam)
    browser.get("incoming.message", incoming_id=row.id)
    browser.press("Read it and say what it is")
    browser.press("File and show", kind="referral")
    assert the_reply(house).kind is ReplyKind.REFERRAL
    assert "It is no refusal." in browser.shown
    # The new desk is proposed, with where the letter came from.
    page = browser.follow("Find the new desk and write there")
    assert "Ministry of the Interior" in page and words in page
    page = browser.press("Write there")
    with database.reading() as session:
        made = session.scalars(sa.select(Letter).where(Letter.target_id == ministry)).one()
        assert (made.state, made.instead_of_id) == (State.DRAFT, letter)
        assert "3 March 2026" in made.text and "Ida Example" in made.text
        session.expunge(made)
        # Nobody has refused: the ask stays open, no stance is taken, and the board counts none.
        assert session.scalars(sa.select(Stance)).all() == []
    first = house.letter(letter)
    assert (first.closed_on, first.answered_on) == (None, make.NOW.date())
    page = browser.get("replies.thread", office_id=first.office_id)
    assert f"Passed on: letter {made.code} to Ministry of the Interior" in page
    assert "oppose" not in page
    assert "0 Answers in substance" in browser.get("overview.board")


@pytest.fixture
def viktor(house: House, app) -> Client:
    """Another volunteer's browser."""
    with house.database.writing() as session:
        campaign = session.get_one(Campaign, house.campaign_id)
        campaign.second_reader = True
        actor = make.user(session, "Viktor", campaign, Role.VOLUNTEER)
    client = app.test_client()
    with house.database.reading() as session:
        client.sign_in(app, session.get_one(make.User, actor.user_id))
    return client


def test_scenario_42_two_volunteers_and_one_reply(house, vera, viktor, sam, olga, database) -> None:
    letter = house.sends("Ida Example", "ida@office.zz")
    words = "I will table the question, perhaps."
    row = house.comes(answer(words, to=house.sent(letter)["Reply-To"]))
    first, second = Browser(vera), Browser(viktor)
    first.get("replies.inbox")
    first.press("Next")
    # The second sees who is on it, and since when.
    page = second.get("replies.inbox")
    refused = second.post(f"/inbox/mail/{row.id}/take", status=409)
    assert "Vera is on this since 3 March 2026, 09:00 UTC" in refused
    first.press("File and next", kind="supportive", stance="support", quote=words)
    # What changes a stance is read again, without what the first had.
    second.get("replies.inbox")
    page = second.press("Next")
    assert "Vera" not in page and words in page
    page = second.press(
        "This is what I read", kind="leaning_supportive", stance="lean_support", quote=words
    )
    assert "an organiser decides" in page
    # The organiser has both readings; staff can't decide.
    reply = the_reply(house)
    assert sam.send(f"/answers/{reply.id}/decide", {"right": "first"}).status_code == 403
    organiser = Browser(olga)
    assert "Two people read the answer of Ida Example differently" in organiser.get("replies.inbox")
    page = organiser.get("replies.reply", reply_id=reply.id)
    assert "Viktor read: Rather yes, with a condition" in page
    assert "Yes, they support it" in page
    organiser.press("Viktor is right")
    assert the_reply(house).kind is ReplyKind.LEANING_SUPPORTIVE


LATVIAN = (
    "Labdien! Paldies par Jūsu vēstuli. Es atbalstu Jūsu prasību un iesniegšu jautājumu "
    "ministram.\n\nAr cieņu,\nIda"
)
QUOTE = "Es atbalstu Jūsu prasību un iesniegšu jautājumu ministram."
ENGLISH = "Thank you for your letter. I support your demand and will put a question."


@pytest.mark.parametrize(("machine", "maker"), [(True, "Example Translator"), (False, "Vera")])
def test_scenario_43_a_reply_in_latvian(
    house, vera, sam, database, machine: bool, maker: str
) -> None:
    letter = house.sends("Ida Example", "ida@office.zz")
    house.comes(answer(LATVIAN, to=house.sent(letter)["Reply-To"]))
    browser = Browser(vera)
    browser.get("replies.inbox")
    page = browser.press("Next")
    assert QUOTE in " ".join(page.words.split())
    typed = {"translated_by": maker, "by_machine": "y"} if machine else {}
    browser.press(
        "File and show",
        kind="supportive",
        stance="support",
        quote=QUOTE,
        translation=ENGLISH,
        **typed,
    )
    # The original counts, the translation stands beside it and says who made it.
    page = Browser(sam).get("replies.reply", reply_id=the_reply(house).id)
    assert "Es atbalstu Jūsu prasību" in page and ENGLISH in page
    assert f"Working translation by {maker}" in page
    assert (f"{maker}, a machine" in page) is machine
    assert "What counts is the original." in page
    assert "<mark>" in page.page.html
    with database.reading() as session:
        stance = session.scalars(sa.select(Stance)).one()
        assert (stance.position, stance.quote) == (Position.SUPPORT, QUOTE)
    # Both are found, with or without the marks on the letters.
    house.tick()
    for said, where in (
        ("iesniegsu jautajumu", "Answer from"),
        ("support your demand", "Translation of an answer from"),
    ):
        page = Browser(sam).get("searching.search", q=said)
        assert where in page and "1 place" in page, said
