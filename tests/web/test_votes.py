"""Roll calls in a browser: enter, put a name right, undo."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Campaign
from outreach.directory.models import OrganizationKind
from outreach.petitions.models import Stance
from outreach.replies.models import RollCallVote
from tests import make
from tests.browser import Browser


@pytest.fixture
def body(database, campaign):
    with database.writing() as session:
        body = make.organization(session, name="Saeima", kind=OrganizationKind.CHAMBER)
        for name in ("Anna Ozola", "Ilze Ozola", "Jānis Kalns"):
            make.target(session, name=name, body=body)
        make.ask(session, campaign)
        return body


def test_a_roll_call_is_entered_put_right_confirmed_and_undone(
    database, campaign, sam, olga, people, body, now
) -> None:
    with database.writing() as session:
        session.get_one(Campaign, campaign.id).second_reader = True
    browser = Browser(sam)
    assert "Saeima" in browser.get("votes.roll_calls")
    day = now.date().isoformat()
    page = browser.get("votes.new", body=body.id, day=day)
    assert "Tick the 3 members of that day" in page
    with database.reading() as session:
        ask_id = session.scalar(sa.select(make.Ask.id))
        kalns = session.scalar(sa.select(make.Target.id).where(make.Target.name == "Jānis Kalns"))
        ilze = session.scalar(sa.select(make.Target.id).where(make.Target.name == "Ilze Ozola"))
    entry = {
        "title": "Motion 7",
        "voted_on": day,
        "link": "https://record.example/7",
        "ask": ask_id,
        "aye": "support",
        "no": "oppose",
        "abstain": "undecided",
        "names": "Ozola, Anna\nOzola; no",
        "vote": "aye",
        f"member-{kalns}": "abstain",
    }
    wrong = sam.send(f"/votes/new?body={body.id}", entry | {"link": "here"})
    assert wrong.status_code == 422 and "Ozola; no" in wrong.text
    assert 'value="abstain" checked' in wrong.text
    sam.send(f"/votes/new?body={body.id}", entry)
    page = browser.get("votes.roll_call", roll_call_id=1)
    assert "nobody knows who this is" in page and "https://record.example/7" in page.page.html
    with database.reading() as session:
        unknown = session.scalar(sa.select(RollCallVote.id).where(RollCallVote.target_id.is_(None)))
        assert session.scalar(sa.select(sa.func.count()).select_from(Stance)) == 2
    sam.send(f"/votes/1/names/{unknown}", {"target": ilze})
    page = browser.get("votes.roll_call", roll_call_id=1)
    assert "nobody knows" not in page and "Ilze Ozola" in page
    assert "I compared all of it" not in page and "An organiser compares it" in page
    assert "one reader" in browser.get("votes.roll_calls")
    assert sam.send("/votes/1/confirm").status_code == 403
    page = olga.get("/votes/1").text
    assert "I compared all of it" in page
    shown = re.search(r'name="seen" value="(\w+)"', page)
    assert shown is not None
    assert "Compare the roll call" in olga.get("/inbox").text
    olga.send("/votes/1/confirm", {"seen": shown[1]})
    assert "Compared with the record by" in olga.get("/votes/1").text
    assert "one reader" not in browser.get("votes.roll_calls")
    sam.send("/votes/1/undo")
    assert "It counts nowhere" in browser.get("votes.roll_call", roll_call_id=1)


def test_an_unknown_name_is_left_out_when_everybody_has_a_vote(database, sam, body, now) -> None:
    with database.reading() as session:
        ask_id = session.scalar(sa.select(make.Ask.id))
    entry = {
        "title": "Motion 8",
        "voted_on": now.date().isoformat(),
        "link": "https://record.example/8",
        "ask": ask_id,
        "aye": "support",
        "no": "oppose",
        "abstain": "undecided",
        "names": "Anna Ozola\nIlze Ozola\nKalns\nThe Clerk",
        "vote": "aye",
    }
    sam.send(f"/votes/new?body={body.id}", entry)
    page = sam.get("/votes/1").text
    assert "It is this member" not in page and page.count("Leave this name out") == 1
    with database.reading() as session:
        unknown = session.scalar(sa.select(RollCallVote.id).where(RollCallVote.target_id.is_(None)))
    sam.send(f"/votes/1/names/{unknown}/leave-out")
    page = sam.get("/votes/1").text
    assert "left out by Sam" in page and "The Clerk" in page and "Leave this name" not in page


def test_a_volunteer_sees_and_enters_none(vera, body) -> None:
    assert vera.get("/votes").status_code == 403
    assert vera.send(f"/votes/new?body={body.id}", {}).status_code == 403
