"""The calendar of a country in the browser, and letters scheduled at good hours."""

from __future__ import annotations

import io
from zoneinfo import ZoneInfo

import pytest

from outreach.accounts.models import Campaign
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from tests import make
from tests.directory.test_calendar import ICS
from tests.sending.conftest import sendable


@pytest.fixture
def place(database):
    """A country with one house."""
    with database.writing() as session:
        make.jurisdiction(session, "GB", name="Great Example", timezone="Europe/London")
        make.organization(session, jurisdiction_code="GB", name="House of Examples")
    return "/directory/jurisdictions/GB/calendar"


def test_an_empty_calendar_says_what_is_passed_over_anyway(olga, place) -> None:
    page = olga.get(place).text
    assert "only weekends and public holidays" in page
    assert "Good Friday" in page


def test_days_are_entered_and_taken_out(olga, place) -> None:
    days = {
        "kind": "recess",
        "name": "Easter recess",
        "starts_on": "2026-03-27",
        "ends_on": "2026-04-10",
        "organization": "0",
    }
    page = olga.send(place, days, follow_redirects=True).text
    assert "Letters planned from now on pass these days over." in page
    assert "Easter recess" in page and "27 March 2026 – 10 April 2026" in page
    page = olga.send(f"{place}/1/remove", follow_redirects=True).text
    assert "Taken out." in page and "Nothing is entered" in page


def test_what_is_wrong_stands_at_its_field(olga, place) -> None:
    days = {"kind": "recess", "name": "x", "starts_on": "2026-03-27", "ends_on": "2026-03-01"}
    page = olga.send(place, {**days, "organization": "0"})
    assert page.status_code == 422
    assert "The last day lies before the first." in page.text


def test_a_calendar_file_is_taken_in_once(olga, place) -> None:
    def sent(data: bytes):
        file = {"file": (io.BytesIO(data), "house.ics"), "kind": "recess", "organization": "0"}
        return olga.send(f"{place}/file", file, follow_redirects=True)

    assert "Events: 2 new, 0 moved." in sent(ICS.encode()).text
    assert "Nothing changed" in sent(ICS.encode()).text
    broken = sent(b"no calendar")
    assert broken.status_code == 422
    assert "house.ics" in broken.text


def test_only_organisers_enter_days(sam, vera, place) -> None:
    assert "Enter days" not in sam.get(place).text
    assert sam.send(place, {}).status_code == 403
    assert vera.get(place).status_code == 200


def test_a_letter_is_scheduled_for_a_good_hour_of_its_desk(olga, place, database, campaign) -> None:
    with database.writing() as session:
        to = make.target(session, jurisdiction_code="GB", address="desk1@office.example")
        letter_id = sendable(
            session,
            session.get_one(Campaign, campaign.id),
            target=to,
            address="desk1@office.example",
        ).id
    page = olga.send(f"/letters/{letter_id}/schedule", {"when": "good"}, follow_redirects=True).text
    assert "1 letter scheduled." in page
    assert "a working morning in the middle of their week" in page
    with database.reading() as session:
        letter = session.get_one(Letter, letter_id)
        assert letter.state is State.SCHEDULED
        assert 8 <= letter.send_after.astimezone(ZoneInfo("Europe/London")).hour < 11


def test_days_entered_later_show_what_falls_on_them_and_move_it(
    olga, place, database, campaign
) -> None:
    with database.writing() as session:
        to = make.target(session, jurisdiction_code="GB", address="desk1@office.example")
        values = {"target": to, "address": "desk1@office.example"}
        here = session.get_one(Campaign, campaign.id)
        letter_id = sendable(session, here, **values).id
    olga.send(f"/letters/{letter_id}/schedule", {"when": "good"})
    with database.reading() as session:
        before = session.get_one(Letter, letter_id).send_after
    assert "would go on a day of rest" not in olga.get(place).text
    recess = {"kind": "recess", "name": "Recess", "starts_on": "2026-03-01", "organization": "0"}
    page = olga.send(place, {**recess, "ends_on": "2026-03-15"}, follow_redirects=True).text
    assert "Find another hour for 1 letter" in page
    page = olga.send(f"{place}/plan", follow_redirects=True).text
    assert "1 letter has a new hour." in page
    with database.reading() as session:
        letter = session.get_one(Letter, letter_id)
        assert letter.state is State.SCHEDULED
        assert letter.send_after > before
        assert "passed over: Recess until 2026-03-15" in letter.send_because


def test_a_letter_hangs_on_a_meeting_and_moves_with_it(olga, place, database, campaign) -> None:
    with database.writing() as session:
        to = make.target(session, jurisdiction_code="GB", address="desk1@office.example")
        values = {"target": to, "address": "desk1@office.example"}
        letter_id = sendable(session, session.get_one(Campaign, campaign.id), **values).id
    days = {"kind": "event", "name": "Committee meets", "starts_on": "2026-03-19"}
    page = olga.send(place, {**days, "organization": "0"}, follow_redirects=True).text
    assert "Letters can hang on it now." in page
    address = f"/letters/{letter_id}"
    assert "19 March 2026: Committee meets (GB)" in olga.get(address).text
    chosen = {"when": "event", "event": "1", "event_days": "-2"}
    page = olga.send(f"{address}/schedule", chosen, follow_redirects=True).text
    assert "2 working days before “Committee meets” (19 March 2026)." in page
    assert "Tuesday 17 March" in page and "the letter moves with it" in page
    assert "1 letter depends on this" in olga.get(place).text
    moved = {"name": "Committee meets", "starts_on": "2026-03-26", "ends_on": ""}
    page = olga.send(f"{place}/1", moved, follow_redirects=True).text
    assert "1 letter moved with it." in page
    page = olga.get(address).text
    assert "Tuesday 24 March" in page
    assert "moved from 19 March 2026 to 26 March 2026" in page
    page = olga.send(f"{place}/1/remove", follow_redirects=True).text
    assert "it is held and says why" in page
    assert "does not take place, says Olga" in olga.get(address).text


def test_a_meeting_has_to_be_chosen(olga, place, database, campaign) -> None:
    with database.writing() as session:
        letter_id = sendable(session, session.get_one(Campaign, campaign.id)).id
    address = f"/letters/{letter_id}/schedule"
    page = olga.send(address, {"when": "event"}, follow_redirects=True).text
    assert "Choose the meeting." in page
    page = olga.send(address, {"when": "event", "event": "9"}, follow_redirects=True).text
    assert "no longer in the calendar" in page
