"""The pages about facts and asks in a real browser: nothing sideways, nothing unreadable."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Actor, Campaign
from outreach.config import shipped
from outreach.database import Database
from outreach.directory.demonstration import seed_demonstration
from outreach.directory.seeding import seed_directory
from outreach.letters import loading
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Quotation
from outreach.petitions import facts, seeding
from outreach.petitions.facts import FactValues
from outreach.petitions.models import Fact
from tests import make
from tests.conftest import NOW
from tests.web.browser_fixtures import (
    Open,
    assert_accessible,
    assert_no_sideways_scroll,
    take_picture,
)

pytestmark = pytest.mark.long

PAGES = {
    "facts": "/petition/facts",
    "fact": "/petition/facts/R02",
    "edit": "/petition/facts/R02/edit",
    "letters": "/petition/facts/R02/letters",
    "correct": "/petition/facts/R02/correct",
    "asks": "/petition/asks",
    "asks-of": "/petition/asks?in=DE",
    "for-writers": "/petition/for-writers?language=de",
    "measure": "/petition/measures/M3/edit",
}


@pytest.fixture
def campaign(database: Database) -> Campaign:
    """What ships, with letters that quote R02 before and after it changed."""
    operator = Actor("operator")
    with database.writing() as session:
        seed_directory(session, shipped("contacts"), now=NOW, by=operator)
        seed_demonstration(session, shipped("contacts"), now=NOW, by=operator)
        campaign = seeding.seed_campaign(session, seeding.BUILTIN, now=NOW, by=operator)
        folder = shipped("templates") / "letters"
        loading.load_files(session, campaign, folder, now=NOW, by=operator)
        fact = session.scalars(sa.select(Fact).where(Fact.code == "R02")).one()
        words = facts.sentence(fact, "en", today=NOW.date())
        for state in (State.SENT, State.SENT, State.APPROVED, State.DRAFT):
            letter = make.letter(session, campaign, state=state)
            quoted = Quotation(fact_id=fact.id, fact_version=fact.version, text=words)
            quoted.letter_id = letter.id
            session.add(quoted)
        session.flush()
        before = {name: getattr(fact, name) for name in FactValues.__dataclass_fields__}
        values = FactValues(**before | {"figure": 38_000})
        by = Actor("Sam")
        facts.save_fact(session, campaign_id=campaign.id, code="R02", values=values, by=by, now=NOW)
        make.sender(session, campaign)
        return campaign


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_pages_about_facts_and_asks(window: Open, database: Database, size: str) -> None:
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 4
    for name, path in PAGES.items():
        page = window("olga", path, size=size)
        take_picture(page, f"facts-{name}-{size}")
        assert_no_sideways_scroll(page)
        assert_accessible(page)
