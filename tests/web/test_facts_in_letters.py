"""Which letters said that: a fact's day passes, its figure changes, its readers are told."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Campaign
from outreach.database import Database
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Mailing, Quotation, Template
from outreach.letters.sealing import seal_of
from outreach.petitions import facts
from outreach.petitions.models import Fact
from tests import make
from tests.browser import Browser, counted_queries
from tests.conftest import NOW
from tests.web.conftest import Client

TODAY = NOW.date()
BODY = "We wrote: {{ correction.said }}{% if correction.now %} Now: {{ correction.now }}{% endif %}"


@pytest.fixture
def fact(database: Database, campaign: Campaign) -> str:
    """A fact whose day has passed, quoted by three queued letters and one that left."""
    with database.writing() as session:
        fact = make.fact(session, campaign, code="R01", figure=33_000)
        sent = make.letter(session, campaign, state=State.SENT)
        mailing = session.get_one(Mailing, sent.mailing_id)
        rows = [make.letter(session, campaign, state=State.SCHEDULED) for _ in range(3)]
        words = facts.sentence(fact, "en", today=TODAY)
        for letter in (sent, *rows):
            letter.text = f"Dear Ida,\n\n{words}\n\nYours sincerely,\nExample"
            letter.mailing_id = mailing.id
            session.add(Quotation(letter_id=letter.id, fact_id=fact.id, fact_version=1, text=words))
            session.flush()
            letter.seal = seal_of(session, letter)
        fact.review_by = TODAY - dt.timedelta(days=1)
        version = make.template_version(session, campaign, subject="A correction", body=BODY)
        template = session.get_one(Template, version.template_id)
        template.kind, template.name = LetterKind.CORRECTION, "A correction"
        template.asks = []
    return "R01"


def states(database: Database) -> list[State]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Letter.state).order_by(Letter.id)))


def test_a_fact_past_its_day_blocks_and_one_edit_recovers_all(
    sam: Client, olga: Client, database: Database, fact: str
) -> None:
    staff, organiser = Browser(sam), Browser(olga)
    page = staff.get(f"/petition/facts/{fact}/letters")
    assert "3 letters that have not left are blocked by this fact." in page
    assert "1 letter that left" in staff.get(f"/petition/facts/{fact}")
    with database.reading() as session:
        queued = session.scalars(sa.select(Letter.id).where(Letter.state == "scheduled")).first()
    page = organiser.get(f"/letters/{queued}")
    assert "Fact R01 was to be checked by" in page

    staff.get(f"/petition/facts/{fact}/edit")
    staff.press("Save the fact", review_by="2027-01-01")

    # The words are the same: everything queued stays queued, nothing is approved anew.
    assert states(database).count(State.SCHEDULED) == 3
    assert "Fact R01" not in organiser.get(f"/letters/{queued}")
    assert "blocked" not in staff.get(f"/petition/facts/{fact}/letters")


def test_a_new_figure_makes_drafts_of_what_was_approved(
    sam: Client, olga: Client, database: Database, fact: str
) -> None:
    staff = Browser(sam)
    staff.get(f"/petition/facts/{fact}/edit")
    page = staff.press("Save the fact", review_by="2027-01-01", figure="33500")
    assert "3 letters have the new sentence." in page
    assert states(database).count(State.DRAFT) == 3
    page = staff.get(f"/petition/facts/{fact}/letters?which=unsent")
    assert "33,500" in page and "33,000" not in page
    page = staff.get(f"/petition/facts/{fact}/letters?which=sent")
    assert "33,000" in page and "33,500" not in page
    assert "1 recipient was sent words that no longer hold." in page
    with database.reading() as session:
        draft = session.scalars(sa.select(Letter.id).where(Letter.state == "draft")).first()
    page = Browser(olga).get(f"/letters/{draft}")
    assert "Fact R01 reads differently now." in page
    assert "the sentence of a fact renewed" in page


def test_a_correction_goes_to_who_was_sent_it(sam: Client, database: Database, fact: str) -> None:
    with database.writing() as session:
        session.scalars(sa.select(Fact)).one().figure = 32_000
    staff = Browser(sam)
    staff.get(f"/petition/facts/{fact}/edit")
    staff.press("Save the fact", review_by="2027-01-01")
    staff.get(f"/petition/facts/{fact}/letters")
    page = staff.follow("Write them a correction")
    assert "1 recipient" in page
    staff.press("Make the drafts")
    with database.reading() as session:
        mailing = session.scalars(sa.select(Mailing).order_by(Mailing.id.desc())).first()
        assert mailing is not None and mailing.fact_id is not None
        assert len(mailing.plan["targets"]) == 1
    page = staff.get(f"/petition/facts/{fact}/correct")
    assert "Nobody is owed a correction now." in page


def test_volunteers_see_no_letters_of_a_fact(vera: Client, fact: str) -> None:
    assert vera.get(f"/petition/facts/{fact}/letters").status_code == 403
    assert "Which letters said it?" not in Browser(vera).get(f"/petition/facts/{fact}")


def test_a_list_of_letters_is_a_few_queries(sam: Client, database: Database, fact: str) -> None:
    with counted_queries(database.engine, at_most=25):
        Browser(sam).get(f"/petition/facts/{fact}/letters")


def test_who_can_be_asked_for_what(sam: Client, database: Database, campaign: Campaign) -> None:
    with database.writing() as session:
        make.jurisdiction(
            session,
            "AA",
            name="Aland",
            designation={
                "authority": "Ministry of Order",
                "instrument": "the Listing Act",
                "confidence": {"authority": "medium"},
            },
        )
        body = make.organization(session, jurisdiction_code="AA", name="Ministry of Order")
        make.target(session, jurisdiction_code="AA", role="minister", body=body, name="Ida Order")
        make.ask(session, campaign, code="D2", roles=["minister"], kind="designation")
        make.ask(session, campaign, code="D2a", roles=["member_lower"], kind="question")
    staff = Browser(sam)
    assert "Aland" in staff.get("/petition/asks")
    page = staff.get("/petition/asks?in=AA")
    for words in (
        "for what in Aland?",
        "the Listing Act",
        "Ministry of Order",
        "medium",
        "Ida Order",
        "1 target",
    ):
        assert words in page
    assert "none in the directory" in page
    assert sam.get("/petition/asks?in=QQ").status_code == 404


def test_what_a_writer_may_say_is_copied_from_one_page(
    vera: Client, database: Database, campaign: Campaign, fact: str
) -> None:
    with database.writing() as session:
        make.fact(session, campaign, code="DEF-931")
    page = Browser(vera).get("/petition/for-writers")
    assert "{{ fact.R01 }}" in page and "{{ fact.DEF_931 }}" in page
    assert "{% if recipient.group %}{{ recipient.group }}{% endif %}" in page
    assert "was to be checked by" in page


def test_who_lacks_what_the_text_needs_is_listed_before_any_draft(
    sam: Client, database: Database, campaign: Campaign
) -> None:
    with database.writing() as session:
        ask = make.ask(session, campaign, code="D1", roles=["member_lower"])
        body = "You sit for {{ recipient.group }}."
        version = make.template_version(session, campaign, body=body)
        session.get_one(Template, version.template_id).asks = [ask.code]
        make.sender(session, campaign)
        target = make.target(session, name="Ida Alone").id
    staff = Browser(sam)
    staff.get(f"/letters/new?target={target}")
    page = staff.press("Show examples")
    assert "1 of 1 lack what the text needs" in page
    assert "Ida Alone" in page and "recipient.group" in page
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 0
