"""Settings, senders, the red button and going live, in the browser."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts import audit
from outreach.accounts.models import Actor, Campaign, Event, Mode, Security, Sender, User
from outreach.database import Database
from outreach.petitions.phrases import all_phrases
from outreach.replies.models import Mailbox
from tests import make
from tests.browser import Browser
from tests.web.conftest import Client


def stored(database: Database) -> Campaign:
    with database.reading() as session:
        found = session.scalars(sa.select(Campaign)).one()
        session.expunge_all()
        return found


# What the form of the settings holds when nothing was typed.
HELD = {
    "goal": "75000",
    "cooling_days": "5",
    "most_alike": "90",
    "timezone": "UTC",
    "canaries": "5",
    "canary_hours": "24",
    "retry_minutes": "1, 5, 15, 60, 240",
}


def test_an_admin_changes_the_settings(ada: Client, database: Database) -> None:
    browser = Browser(ada)
    browser.get("campaign.settings")

    page = browser.press("Save settings", goal="80000", timezone="Europe/Vilnius")

    assert "The settings are saved" in page
    assert "goal: 75000, now 80000" in page
    assert (stored(database).goal, stored(database).timezone) == (80_000, "Europe/Vilnius")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"goal": "many"}, "Write a whole number"),
        ({"goal": "0"}, "1 or more"),
        ({"cooling_days": "-3"}, "0 to 365"),
        ({"most_alike": "101"}, "1 to 100"),
        ({"canaries": "-1"}, "how many letters go first"),
        ({"canary_hours": "0"}, "how many hours the rest waits"),
        ({"retry_minutes": "soon"}, "Write numbers with commas between"),
        ({"retry_minutes": "0, 5"}, "each 1 to"),
        ({"retry_minutes": "60, 5"}, "at least as long as the one before it"),
        ({"timezone": "Mars/Base"}, "Choose one of those in the list"),
    ],
)
def test_nonsense_is_said_at_its_field(
    ada: Client, database: Database, typed: dict[str, str], words: str
) -> None:
    values = {**HELD, "four_eyes": "y"}

    answer = ada.send("/campaign", values | typed)

    assert answer.status_code == 422
    assert words in answer.text
    assert stored(database).goal == 75_000


def test_four_eyes_are_switched_off_with_a_reason_that_stays(
    ada: Client, database: Database, olga: Client
) -> None:
    values = HELD
    assert ada.send("/campaign", values).status_code == 422
    why = "Ada runs this campaign alone."
    assert ada.send("/campaign", {**values, "reason": why}).status_code == 302

    assert (stored(database).four_eyes, stored(database).self_approval_under) == (False, why)
    with database.reading() as session:
        (detail,) = session.scalars(sa.select(Event.detail).where(Event.name == "settings_changed"))
    assert detail["self_approval_under"]["to"] == why
    assert why in olga.get("/campaign").text


def test_letters_can_carry_html_and_be_kept_apart(
    ada: Client, sam: Client, database: Database
) -> None:
    browser = Browser(ada)
    browser.get("campaign.settings")
    page = browser.press("Save settings", html_part="y", most_alike="75")
    assert "HTML beside plain text: off, now on" in page
    with database.reading() as session:
        (campaign,) = session.scalars(sa.select(Campaign))
        assert (campaign.html_part, campaign.most_alike) == (True, 75)
    page = sam.get("/campaign").get_data(as_text=True)
    assert "75 per cent" in page and "the same words as HTML" in page


def test_times_between_tries_and_letters_that_go_first_are_settings(
    ada: Client, sam: Client, database: Database
) -> None:
    browser = Browser(ada)
    assert 'value="1, 5, 15, 60, 240"' in ada.get("/campaign").text
    browser.get("campaign.settings")
    page = browser.press("Save settings", retry_minutes="2 10;30", canaries="3", canary_hours="12")
    assert "minutes until the next try: 1, 5, 15, 60, 240, now 2, 10, 30" in page
    assert "letters of a mailing that go first: 5, now 3" in page
    campaign = stored(database)
    assert campaign.retry_minutes == [2, 10, 30]
    assert (campaign.canaries, campaign.canary_hours) == (3, 12)
    page = sam.get("/campaign").text
    assert "3, the rest 12 hours later" in page and "2, 10, 30" in page


def test_others_see_the_settings_without_a_form(sam: Client, vera: Client) -> None:
    text = sam.get("/campaign").text

    assert "75,000 signatures" in text
    assert "Save settings" not in text and "Add a sender" not in text
    assert vera.get("/campaign").status_code == 403
    assert sam.send("/campaign", {"goal": "1"}).status_code == 403


def test_only_the_languages_in_use_ask_for_a_notice(
    ada: Client, database: Database, campaign: Campaign
) -> None:
    with database.writing() as session:
        make.template_version(session, campaign, language="pl")
    browser = Browser(ada)
    page = browser.get("campaign.new_sender")
    first, _, more = page.page.html.partition("More languages")
    assert 'name="notice_pl"' in first
    assert 'name="notice_en"' in first
    assert 'name="notice_uk"' not in first
    assert all(f'name="notice_{language}"' in first + more for language in all_phrases())
    # What stands there if nobody writes one is shown.
    assert "Ochrona danych" in page

    said = {"name": "House", "from_address": "letters@house.org"}
    browser.press("Save sender", **said, notice_uk="Ми зберігаємо Ваше ім’я.")
    page = browser.follow("House")
    first, _, more = page.page.html.partition("More languages")
    assert 'name="notice_uk"' in first


def test_a_sender_is_added_and_changed(ada: Client, database: Database) -> None:
    browser = Browser(ada)
    browser.get("campaign.new_sender")
    browser.press(
        "Save sender",
        name="Human Rights House",
        from_address="letters@house.org",
        postal_address="1 Street\nTown",
        imprint="Human Rights House, Town",
        notice_de="Wir speichern Ihre Adresse.",
    )
    page = browser.follow("Human Rights House")
    assert page.heading == "Change Human Rights House"
    browser.press("Save sender", notice_fr="Nous gardons votre adresse.", voice="i")

    with database.reading() as session:
        sender = session.scalars(sa.select(Sender)).one()
        session.expunge_all()
    assert sender.data_notice == {
        "de": "Wir speichern Ihre Adresse.",
        "fr": "Nous gardons votre adresse.",
    }
    assert sender.postal_address == "1 Street\nTown"
    assert sender.voice.value == "i" and sender.active


def test_a_sender_needs_a_name_and_an_address(ada: Client) -> None:
    answer = ada.send("/campaign/senders/new", {"kind": "person", "voice": "i", "name": ""})
    assert answer.status_code == 422

    wrong = {"kind": "person", "voice": "i", "name": "Ada", "from_address": "ada"}
    answer = ada.send("/campaign/senders/new", wrong)
    assert answer.status_code == 422 and "not an e-mail address" in answer.text
    assert ada.get("/campaign/senders/999").status_code == 404


@pytest.mark.parametrize("who", ["ada", "olga", "sam"])
def test_the_red_button_stops_everything(
    who: str, request: pytest.FixtureRequest, database: Database
) -> None:
    client: Client = request.getfixturevalue(who)
    browser = Browser(client)
    browser.get("/account")

    page = browser.press("Pause all sending now")

    assert "Everything is paused by" in page
    assert stored(database).paused_by == who.capitalize()
    if who == "sam":
        assert client.send("/campaign/resume").status_code == 403
    else:
        browser.get("/account")
        browser.press("Resume sending")
        assert stored(database).paused_at is None


def test_a_volunteer_has_no_red_button(vera: Client, database: Database) -> None:
    assert "Pause all sending" not in vera.get("/account").text
    assert vera.send("/campaign/pause").status_code == 403
    assert stored(database).paused_at is None


def test_the_red_button_leads_back_to_where_one_was(ada: Client) -> None:
    back = ada.send("/campaign/pause", headers={"Referer": "http://localhost/people"})
    assert back.location == "/people"
    elsewhere = ada.send("/campaign/resume", headers={"Referer": "http://elsewhere.example/x"})
    assert elsewhere.location == "/"


@pytest.fixture
def ready(database: Database, people: dict[str, Actor], campaign: Campaign) -> None:
    """Give people passwords and the campaign a real sender."""
    with database.writing() as session:
        session.execute(sa.update(User).values(password="hash"))
        make.sender(session, campaign, from_address="letters@house.org")


def test_going_live_waits_for_what_is_missing(
    olga: Client, ada: Client, database: Database
) -> None:
    page = Browser(olga).get("campaign.live")
    assert "not yet" in page and "Go live for good" not in page
    assert "An admin of the campaign adds people and who signs." in page
    assert "Add a sender" in Browser(ada).get("campaign.live")

    title = stored(database).short_title
    answer = olga.send("/campaign/live", {"confirmation": title})
    assert answer.status_code == 409
    assert stored(database).mode is Mode.REHEARSAL


def test_going_live_is_typed_and_for_good(
    olga: Client, database: Database, ready: None, now: dt.datetime
) -> None:
    title = stored(database).short_title
    browser = Browser(olga)
    browser.get("campaign.live")
    page = browser.press("Go live for good", confirmation=title.upper(), status=422)
    assert "Type the short title exactly" in page

    page = browser.press("Go live for good", confirmation=title)

    assert "The campaign is live" in page
    assert (stored(database).mode, stored(database).live_at) == (Mode.LIVE, now)
    assert "Rehearsal: nothing leaves" not in olga.get("/account").text
    assert olga.send("/campaign/live", {"confirmation": title}).status_code == 409


def test_staff_can_not_go_live(sam: Client, ready: None) -> None:
    assert sam.get("/campaign/live").status_code == 403
    assert sam.send("/campaign/live", {"confirmation": "x"}).status_code == 403


def test_who_goes_live_is_told_what_will_not_leave(olga, database, campaign) -> None:
    page = olga.get("/campaign/live").text
    assert "only what goes by post or into a form will leave" in page
    assert "gets words that no native speaker has read" in page and 'id="readers"' not in page
    assert "No mailbox for answers is in use" in page
    with database.writing() as session:
        box = Mailbox(campaign_id=campaign.id, name="x", host="h.example", port=993, username="u")
        box.security, box.enabled = Security.TLS, False
        session.add(box)
    assert "No mailbox for answers is in use" in olga.get("/campaign/live").text
    with database.writing() as session:
        session.scalars(sa.select(Mailbox)).one().enabled = True
        here = session.get_one(Campaign, campaign.id)
        account = make.mail_account(session, here)
        make.letter(session, here)
        account_id = account.id
    page = olga.get("/campaign/live").text
    assert "nobody knows whether e-mails leave" in page
    assert "Answers are taken from a mailbox." in page
    assert "wait for a native speaker to read them: 1, with 1 targets." in page
    assert 'id="readers"' in page and "forms of address: English" in page
    with database.writing() as session:
        audit.record(
            session,
            subject=("mail_account", account_id),
            name="tried",
            by=Actor("Ada"),
            now=make.NOW,
            campaign_id=campaign.id,
            detail={"taken": True, "words": "250 ok"},
        )
    assert "A mail account has taken a test letter." in olga.get("/campaign/live").text
