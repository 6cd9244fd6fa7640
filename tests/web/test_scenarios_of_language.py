"""Acceptance scenarios 16 and 20 in the browser: how they are greeted, what they asked of us."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Campaign
from outreach.database import Database
from outreach.directory.identity import ContactRule, RuleKind
from outreach.directory.models import (
    ContactKind,
    FormOfAddress,
    Membership,
    Person,
    Target,
    TargetRole,
)
from outreach.letters.models import Letter, Template
from outreach.petitions.models import Demand, Petition
from tests import make
from tests.browser import Browser, Seen
from tests.web.conftest import Client

BODIES = {
    "en": "Please ask the government.",
    "de": "bitte fragen Sie die Regierung.",
    "fr": "Nous vous prions d’interroger le gouvernement.",
    "uk": "Просимо Вас звернутися до уряду.",
}


@pytest.fixture
def letters(database: Database, campaign: Campaign) -> None:
    """A text in four languages that ministers can be sent, and who signs."""
    with database.writing() as session:
        ask = make.ask(session, campaign, code="D1", roles=["minister"])
        demand = session.get_one(Demand, ask.demand_id)
        demand.wording = dict.fromkeys(BODIES, "…")
        petition = session.get_one(Petition, demand.petition_id)
        petition.credit = dict.fromkeys(BODIES, "StopHvalt")
        first = make.template_version(session, campaign, body=BODIES["en"])
        template = session.get_one(Template, first.template_id)
        template.asks, template.roles, template.name = ["D1"], ["minister"], "To a minister"
        for language in ("de", "fr", "uk"):
            make.template_version(
                session, campaign, template=template, language=language, body=BODIES[language]
            )
        make.sender(session, campaign, name="Example Association")


def _minister(database: Database, language: str, code: str, form: FormOfAddress) -> int:
    with database.writing() as session:
        make.jurisdiction(session, code, languages=["fr"] if code == "FR" else [language])
        person = make.person(
            session,
            name="Ada Beispiel",
            form_of_address=form,
            form_of_address_basis="their own page",
        )
        target = make.target(
            session,
            person=person,
            role=TargetRole.MINISTER,
            jurisdiction_code=code,
            language=language,
        )
        return target.id


def _draft(browser: Browser, target_id: int) -> Seen:
    """Write to the target as its page offers; return the letter's page."""
    browser.get("letters.compose", target=target_id)
    browser.press("Show examples")
    return browser.press("Make 1 draft")


@pytest.mark.parametrize(
    ("form", "opening"),
    [
        (FormOfAddress.F, "Sehr geehrte Frau Ministerin,"),
        (FormOfAddress.M, "Sehr geehrter Herr Minister,"),
        # Nobody told us: neither guessed from “Ada” nor left out.
        (FormOfAddress.X, "Guten Tag Ada Beispiel,"),
    ],
)
def test_scenario_16_a_minister_in_german(
    sam: Client, database: Database, letters: None, form: FormOfAddress, opening: str
) -> None:
    target = _minister(database, "de", "LU", form)
    page = _draft(Browser(sam), target)
    assert f"{opening}\n\nbitte fragen Sie" in page.page.html
    assert "Mit freundlichen Grüßen" in page


def test_scenario_16_a_ukrainian_vocative_by_override(
    sam: Client, database: Database, letters: None
) -> None:
    target = _minister(database, "uk", "UA", FormOfAddress.F)
    browser = Browser(sam)
    page = _draft(browser, target)
    # The office in the vocative; the name in no case that nobody typed.
    assert "Шановна пані Міністерко!\n\nПросимо Вас" in page.page.html
    assert "Міністерці" not in page
    browser.press("Withdraw", reason="She prefers the masculine title.")

    browser.get("directory.target", target_id=target)
    browser.follow("Edit")
    said = {"lang-1": "uk-x-opening", "text-1": "Шановна пані Міністре!"}
    browser.press("Save", **said)
    page = _draft(browser, target)
    assert "Шановна пані Міністре!\n\nПросимо Вас" in page.page.html


def test_scenario_20_only_in_french_and_only_by_post(
    sam: Client, olga: Client, database: Database, campaign: Campaign, letters: None
) -> None:
    """The rule is stored; the English e-mail of before is refused; French goes on paper."""
    target = _minister(database, "en", "FR", FormOfAddress.F)
    with database.writing() as session:
        held = session.get_one(Membership, session.get_one(Target, target).membership_id)
        person = session.get_one(Person, held.person_id)
        make.contact(
            session,
            person,
            kind=ContactKind.POSTAL,
            value="1 rue de l’Exemple\n75000 Paris",
            normalised="1 rue de l’exemple 75000 paris",
        )
    browser = Browser(sam)
    english = _draft(browser, target)
    assert "Please ask the government." in english
    number = int(english.url.rsplit("/", 1)[-1].partition("?")[0])

    browser.get("directory.target", target_id=target)
    source = "e-mail of the secretariat"
    said = {"rule-source": source, "rule-said_on": make.NOW.date().isoformat()}
    browser.press("Keep it", **said, **{"rule-kind": "language", "rule-language": "fr"})
    page = browser.press("Keep it", **said, **{"rule-kind": "channel", "rule-channel": "postal"})
    assert "only in French" in page
    with database.reading() as session:
        rules = session.scalars(sa.select(ContactRule).order_by(ContactRule.id)).all()
        assert [(rule.kind, rule.value) for rule in rules] == [
            (RuleKind.LANGUAGE, "fr"),
            (RuleKind.CHANNEL, "postal"),
        ]

    # The English e-mail can't leave any more, and says both reasons with where they are from.
    page = browser.get("letters.letter", letter_id=number)
    assert "They read letters in one language only (French)" in page
    assert "They take letters by one way only (post), and this one goes another" in page
    assert page.words.count(source) >= 2
    browser.press("Withdraw", reason="They want French and paper.")

    # The next one is in French and on paper: a print letter.
    page = browser.get("letters.compose", target=target)
    french = _draft(browser, target)
    assert (
        "Madame la Ministre,\n\nNous vous prions d’interroger le gouvernement." in french.page.html
    )
    assert "in one language only" not in french
    with database.reading() as session:
        letter = session.scalars(sa.select(Letter).order_by(Letter.id.desc())).first()
        assert letter is not None
        assert (letter.language, letter.channel) == ("fr", ContactKind.POSTAL)
        assert letter.address == "1 rue de l’Exemple\n75000 Paris"
        number = letter.id
    pdf = sam.get(f"/letters/{number}/letter.pdf")
    assert pdf.status_code == 200
    assert pdf.data.startswith(b"%PDF-")
