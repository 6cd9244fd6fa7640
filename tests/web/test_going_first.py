"""The page of a mailing of which a few letters go first."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Campaign, Event, Mode
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Mailing
from outreach.sending import timetable
from tests import make
from tests.sending.conftest import EVERYBODY, sendable
from tests.sending.test_canary import alike


@pytest.fixture
def letters(database, campaign, now) -> list[int]:
    """Twenty-five letters of one mailing, scheduled together in a live campaign."""
    with database.writing() as session:
        make.greetings_read(session)
        here = session.get_one(Campaign, campaign.id)
        here.mode, here.live_at = Mode.LIVE, now
        make.mail_account(session, here)
        first = sendable(session, here)
        shared = alike(session, first)
        made = [first, *(sendable(session, here, **shared) for _ in range(24))]
        timetable.schedule_many(session, made, send_after=now, by=EVERYBODY, now=now)
        return [letter.id for letter in made]


def went(database, ids, state, now, reason="") -> int:
    """Let these have gone a day and more ago; return their mailing's id."""
    with database.writing() as session:
        for letter in session.scalars(sa.select(Letter).where(Letter.id.in_(ids))):
            letter.state, letter.sent_at = state, now - dt.timedelta(hours=30)
            letter.reason = reason
        return letter.mailing_id


def test_a_mailing_says_who_goes_first_and_when_the_rest_follows(olga, letters, database) -> None:
    page = olga.get("/mailings/1").text
    assert "5 letters go ahead of the others: 0 went, 5 are still to go." in page
    assert "The rest goes from 4 March 2026, 09:00 UTC on, if fewer than 2" in page
    page = olga.get(f"/letters/{letters[10]}").text
    assert "The first 5 letters of this mailing go first" in page


@pytest.mark.long
def test_an_organiser_looks_at_what_came_back_and_lets_the_rest_go(
    olga, sam, letters, database, now
) -> None:
    went(database, letters[:5], State.SENT, now)
    mailing_id = went(database, letters[:3], State.BOUNCED, now, "550 5.1.1 no such user")
    page = olga.get(f"/mailings/{mailing_id}").text
    assert "3 were refused or came back." in page and "The rest is held back" in page
    assert "550 5.1.1 no such user" in page
    page = olga.get(f"/letters/{letters[10]}").text
    assert "3 of the first 5 letters of this mailing came back." in page
    assert "Look, then let the rest go" in page
    assert sam.send(f"/mailings/{mailing_id}/rest").status_code == 403
    page = olga.send(f"/mailings/{mailing_id}/rest", follow_redirects=True).text
    assert "Olga looked and let the rest go" in page
    assert "came back" not in olga.get(f"/letters/{letters[10]}").text
    with database.reading() as session:
        detail = session.scalar(sa.select(Event.detail).where(Event.name == "rest_let_go"))
    assert detail == {"went": 5, "came_back": 3}


def test_a_mailing_has_its_own_numbers(olga, letters, database) -> None:
    page = olga.send("/mailings/1/first", {"canaries": "2", "canary_hours": "6"})
    assert page.status_code == 302
    with database.reading() as session:
        mailing = session.get_one(Mailing, 1)
        assert (mailing.canaries, mailing.canary_hours) == (2, 6)
    page = olga.send("/mailings/1/first", {"canaries": "500"}, follow_redirects=True).text
    assert "0 to 100" in page
    assert olga.send("/mailings/99/rest").status_code == 404
