"""The outbox and the acts around it, as people see them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.accounts.models import Actor, Campaign, Mode
from outreach.database import Database
from outreach.directory.models import ContactDetail, ContactKind, Office
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import gate
from outreach.sending.beginning import LEASE
from outreach.sending.capture import CapturePostman
from outreach.sending.models import Attempt, DomainStop
from outreach.sending.postman import Refusal, TransportError
from tests import make
from tests.browser import Browser
from tests.sending.conftest import FakePostman, sendable
from tests.web.conftest import Client


@pytest.fixture
def letters(database: Database, campaign: Campaign) -> Any:
    """Make letters of this campaign: `letters(state=…)` returns the id."""

    def one(**values: Any) -> int:
        with database.writing() as session:
            return sendable(session, session.get_one(Campaign, campaign.id), **values).id

    return one


def state_of(database: Database, letter_id: int) -> State:
    with database.reading() as session:
        return session.get_one(Letter, letter_id).state


def tick(database: Database, tmp_path: Path, now: dt.datetime, postman: Any = None) -> None:
    clock.tick(
        database, postman or CapturePostman(tmp_path / "capture"), now=lambda: now, worker="w"
    )


def test_an_empty_outbox_says_what_to_do(olga: Client) -> None:
    page = Browser(olga).get("sending.outbox")
    assert page.heading == "What is leaving, and what got stuck?"
    assert "Nothing is leaving" in page
    assert "Nothing was captured yet" in page


def test_a_live_outbox_says_how_letters_leave_and_which_domain_is_stopped(
    database: Database, campaign: Campaign, olga: Client, now: dt.datetime
) -> None:
    with database.writing() as session:
        here = session.get_one(Campaign, campaign.id)
        here.mode, here.live_at = Mode.LIVE, now
    page = Browser(olga).get("sending.outbox")
    assert "No mail account is in use" in page and "captured" not in page
    with database.writing() as session:
        here = session.get_one(Campaign, campaign.id)
        make.mail_account(session, here, port=25)
        stop = {"domain": "house.zz", "words": "554 5.7.1 no", "at": now}
        session.add(DomainStop(campaign_id=here.id, **stop))
    page = Browser(olga).get("sending.outbox")
    assert "No mail account" not in page and "leave by the campaign's mail account" in page
    assert "house.zz: 554 5.7.1 no" in page


def test_schedule_and_read_what_was_captured(
    database: Database, olga: Client, letters: Any, tmp_path: Path, now: dt.datetime
) -> None:
    letter_id = letters(text="Dear Member,\n\nPlease ask — “now”.\n")
    answer = olga.send(f"/letters/{letter_id}/schedule", {"when": "soon"})
    assert answer.status_code == 302
    assert state_of(database, letter_id) is State.SCHEDULED
    browser = Browser(olga)
    assert "A question" in browser.get("sending.outbox")
    tick(database, tmp_path, now)
    browser.get("sending.outbox")
    page = browser.follow("A question")
    assert "Captured: never left this machine." in page
    assert "Please ask — “now”." in page
    assert "X-Outreach-Rehearsal" in page and "Message-ID" in page
    raw = olga.get(f"/letters/{letter_id}/message.eml")
    assert raw.headers["Content-Disposition"].startswith("attachment; filename=")
    (file,) = (tmp_path / "capture").rglob("*.eml")
    assert raw.data == file.read_bytes()


def test_a_time_is_typed_in_the_campaigns_zone(
    database: Database, olga: Client, letters: Any
) -> None:
    with database.writing() as session:
        session.execute(sa.update(Campaign).values(timezone="Europe/Berlin"))
    letter_id = letters()
    olga.send(f"/letters/{letter_id}/schedule", {"when": "at", "send_after": "2026-04-07T09:30"})
    with database.reading() as session:
        letter = session.get_one(Letter, letter_id)
        assert letter.send_after == dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
        assert letter.send_before == dt.datetime(2026, 4, 8, 7, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "typed",
    [
        {"when": "at"},
        {"when": "at", "send_after": "soon"},
        {"when": "never"},
        {"when": "at", "send_after": "2036-04-07T09:30"},
        {"when": "soon", "send_before": "2020-01-01T00:00"},
    ],
)
def test_times_that_make_no_sense(
    database: Database, olga: Client, letters: Any, typed: dict[str, str]
) -> None:
    letter_id = letters()
    assert olga.send(f"/letters/{letter_id}/schedule", typed).status_code == 302
    assert state_of(database, letter_id) is State.APPROVED


def test_every_reason_is_told(database: Database, olga: Client, letters: Any) -> None:
    letter_id = letters()
    with database.writing() as session:
        session.execute(sa.update(ContactDetail).values(verified_on=None, verified_by=None))
    olga.send(f"/letters/{letter_id}/schedule", {"when": "soon"})
    assert state_of(database, letter_id) is State.APPROVED
    assert "Nobody has checked this address" in Browser(olga).get("sending.outbox")


def test_another_window_needs_a_reason(database: Database, olga: Client, letters: Any) -> None:
    letter_id = letters(state=State.SCHEDULED)
    later = {"when": "at", "send_after": "2026-03-09T09:00"}
    olga.send(f"/letters/{letter_id}/window", later)
    with database.reading() as session:
        assert session.get_one(Letter, letter_id).send_because == ""
    olga.send(f"/letters/{letter_id}/window", later | {"because": "a holiday there"})
    with database.reading() as session:
        assert session.get_one(Letter, letter_id).send_because == "a holiday there"


def test_a_whole_mailing(database: Database, olga: Client, letters: Any) -> None:
    first = letters()
    with database.reading() as session:
        mailing_id = session.get_one(Letter, first).mailing_id
    other, draft = letters(), letters(state=State.DRAFT)
    with database.writing() as session:
        session.execute(sa.update(Letter).values(mailing_id=mailing_id))
    olga.send(f"/mailings/{mailing_id}/schedule", {"when": "soon"})
    assert [state_of(database, one) for one in (first, other, draft)] == [
        State.SCHEDULED,
        State.SCHEDULED,
        State.DRAFT,
    ]
    assert "2 letters scheduled." in Browser(olga).get("sending.outbox")


def test_missed_letters_go_again_in_one_act_and_are_undone_in_one(
    database: Database, olga: Client, sam: Client, letters: Any
) -> None:
    ids = [letters(state=State.MISSED) for _ in range(3)]
    assert "Schedule 3 letters again" not in Browser(sam).get("sending.outbox")
    browser = Browser(olga)
    browser.get("sending.outbox")
    page = browser.press("Schedule 3 letters again")
    assert "3 letters scheduled." in page and "wait for the time they were given" in page
    assert {state_of(database, one) for one in ids} == {State.SCHEDULED}
    # Whoever may not schedule is offered no undoing.
    assert "Undo" not in Browser(sam).get(page.url)
    # What somebody gave another time since stays.
    later = {"when": "at", "send_after": "2026-03-09T09:00", "because": "a holiday there"}
    olga.send(f"/letters/{ids[0]}/window", later)
    assert "2 letters wait for the time they were given" in browser.get(page.url)
    page = browser.press("Undo")
    assert "2 letters taken off the schedule." in page
    assert "Approved, without a time" in page and "Missed their time" not in page
    states = [state_of(database, one) for one in ids]
    assert states == [State.SCHEDULED, State.APPROVED, State.APPROVED]


def test_an_act_is_undone_once_and_only_where_it_was_done(
    database: Database, olga: Client, letters: Any
) -> None:
    letters(state=State.MISSED)
    where = olga.send("/outbox/missed", {"when": "soon"}).headers["Location"]
    undo = f"/outbox/scheduled/{where.partition('scheduled=')[2]}/undo"
    with database.writing() as session:
        home = session.scalars(sa.select(Campaign)).one()
        letter = session.scalars(sa.select(Letter)).one()
        own, other = letter.campaign_id, make.campaign(session).id
        assert own == home.id
        letter.campaign_id = other
    said = olga.send(undo, follow_redirects=True).text
    assert "Nothing was left to undo" in said
    with database.writing() as session:
        session.scalars(sa.select(Letter)).one().campaign_id = own
    assert "1 letter taken off the schedule." in olga.send(undo, follow_redirects=True).text
    assert "Nothing was left to undo" in olga.send(undo, follow_redirects=True).text
    assert olga.send("/outbox/scheduled/nonsense/undo").status_code == 404


def test_a_mailing_says_what_goes_by_hand_and_comes_off_the_schedule_as_one(
    database: Database, olga: Client, letters: Any
) -> None:
    ids = [letters(), letters(), letters(channel=ContactKind.POSTAL)]
    with database.writing() as session:
        mailing_id = session.get_one(Letter, ids[0]).mailing_id
        session.execute(sa.update(Letter).values(mailing_id=mailing_id))
    browser = Browser(olga)
    page = browser.get("letters.mailing", mailing_id=mailing_id)
    assert "Schedule 2 approved letters" in page and "Carry 1 by hand" in page
    assert "1 more goes by hand and stays approved." in page
    page = browser.press("Schedule the letters", when="soon")
    assert "2 letters scheduled." in page and "2 letters wait for the time" in page
    assert "stays as it is" not in page
    browser.press("Take 2 letters off the schedule")
    assert {state_of(database, one) for one in ids} == {State.APPROVED}
    browser.press("Schedule the letters", when="soon")
    assert "2 letters taken off the schedule." in browser.press("Undo")
    assert {state_of(database, one) for one in ids} == {State.APPROVED}


def test_a_letter_that_was_put_back_says_so_on_its_own_page(
    database: Database, olga: Client, letters: Any, tmp_path: Path, now: dt.datetime
) -> None:
    letter_id = letters(state=State.SCHEDULED)
    tick(database, tmp_path, now, FakePostman(TransportError("451 busy", refusal=Refusal.LATER)))
    page = Browser(olga).get("letters.letter", letter_id=letter_id)
    assert "put back · clock" in page and page.words.count("451 busy") == 2
    assert "The message as it was tried" in page and "as it left" not in page


@pytest.mark.parametrize(
    ("button", "state"),
    [("Record that it went", State.SENT), ("Record that it didn't go", State.FAILED)],
)
def test_an_unknown_letter_is_settled(
    database: Database,
    olga: Client,
    letters: Any,
    tmp_path: Path,
    now: dt.datetime,
    button: str,
    state: State,
) -> None:
    letter_id = letters(state=State.SCHEDULED)
    tick(database, tmp_path, now, FakePostman(RuntimeError("reset")))
    browser = Browser(olga)
    page = browser.get("sending.outbox")
    assert "Nobody knows whether these went" in page and "RuntimeError while sending" in page
    # Its worker said so itself: nobody is at it any more.
    assert "Its worker may still be at it" not in page
    browser.press(button, reason="looked at the log")
    assert state_of(database, letter_id) is state


def test_a_worker_that_vanished_may_still_be_at_it(
    database: Database, olga: Client, letters: Any, tmp_path: Path, now: dt.datetime
) -> None:
    letters(state=State.SCHEDULED)
    tick(database, tmp_path, now, FakePostman(RuntimeError("reset")))
    with database.writing() as session:
        # As the sweeper leaves it: ended when its lease had.
        session.scalars(sa.select(Attempt)).one().lease_until = now
    page = Browser(olga).get("sending.outbox")
    assert "Its worker may still be at it" in page and "Record that it didn't go" not in page
    with database.writing() as session:
        attempt = session.scalars(sa.select(Attempt)).one()
        attempt.lease_until = attempt.ended_at = now - LEASE
    assert "Record that it didn't go" in Browser(olga).get("sending.outbox")


def test_letters_that_wait_say_for_what_as_their_own_page_does(
    database: Database,
    campaign: Campaign,
    olga: Client,
    letters: Any,
    tmp_path: Path,
    now: dt.datetime,
) -> None:
    for_rest, put_back = letters(state=State.SCHEDULED), letters(state=State.SCHEDULED)
    with database.writing() as session:
        office = session.get_one(Office, session.get_one(Letter, for_rest).office_id)
        office.quiet_until = now + dt.timedelta(days=3)
    tick(database, tmp_path, now, FakePostman(TransportError("451 busy", refusal=Refusal.LATER)))
    browser = Browser(olga)
    page = browser.get("sending.outbox")
    assert "451 busy" in page and "Put back on" in page
    with database.reading() as session:
        letter = session.get_one(Letter, for_rest)
        ((stops, waits),) = gate.reasons_of_many(session, [letter], now=now).values()
    assert not stops and waits
    there = browser.get("letters.letter", letter_id=for_rest)
    for wait in waits:
        assert str(wait.words) in page and str(wait.words) in there
    assert state_of(database, put_back) is State.SCHEDULED


def test_refused_words_say_what_to_do(
    database: Database, olga: Client, letters: Any, tmp_path: Path, now: dt.datetime
) -> None:
    letter_id = letters(state=State.SCHEDULED)
    said = TransportError("554 5.7.1 spam", refusal=Refusal.CONTENT)
    tick(database, tmp_path, now, FakePostman(said))
    browser = Browser(olga)
    assert "refused the words, not the address" in browser.get("sending.outbox")
    page = browser.follow("What to do")
    assert "Their server refused the words" in page and "554 5.7.1 spam" in page
    assert "Mail accounts" in page and "Ways to reach them" in page
    browser.press("Make it a draft again", reason="shorter")
    assert state_of(database, letter_id) is State.DRAFT
    assert "Their server refused the words" not in browser.get(
        "letters.letter", letter_id=letter_id
    )


def test_held_letters_say_why(
    database: Database, olga: Client, letters: Any, tmp_path: Path, now: dt.datetime
) -> None:
    letters(state=State.SCHEDULED)
    with database.writing() as session:
        session.execute(sa.update(Letter).values(text="Something nobody approved."))
    tick(database, tmp_path, now)
    page = Browser(olga).get("sending.outbox")
    assert "Something in this letter changed after it was approved." in page


def test_a_volunteer_records_a_posting(
    database: Database, vera: Client, letters: Any, now: dt.datetime
) -> None:
    letter_id = letters(channel=ContactKind.POSTAL)
    with database.writing() as session:
        session.execute(sa.update(ContactDetail).values(kind=ContactKind.POSTAL))
    path = f"/letters/{letter_id}/post"
    vera.send(path, {"on": "2026-03-03"})
    vera.send(path, {"on": "2027-03-03", "proof": "receipt 12"})
    assert state_of(database, letter_id) is State.APPROVED
    vera.send(path, {"on": "2026-03-03", "proof": "receipt 12"})
    assert state_of(database, letter_id) is State.SENT


def test_what_others_campaigns_do_is_not_shown(
    database: Database, olga: Client, people: dict[str, Actor]
) -> None:
    with database.writing() as session:
        foreign = sendable(session, make.campaign(session))
    assert olga.get(f"/letters/{foreign.id}/message").status_code == 404
    assert olga.send(f"/letters/{foreign.id}/schedule", {"when": "soon"}).status_code == 404
    assert olga.send(f"/mailings/{foreign.mailing_id}/schedule").status_code == 404


def test_no_message_yet(olga: Client, letters: Any) -> None:
    assert olga.get(f"/letters/{letters()}/message").status_code == 404
    assert olga.get("/letters/999999/message.eml").status_code == 404


def test_three_rows_or_thirty_take_the_same_queries(
    app: Flask, database: Database, olga: Client, letters: Any
) -> None:
    counts = []
    for more in (3, 27):
        for _ in range(more):
            letters(state=State.SCHEDULED)
        statements: list[str] = []

        def note(*args: Any, statements: list[str] = statements) -> None:
            statements.append(args[2])

        sa.event.listen(database.engine, "before_cursor_execute", note)
        olga.get("/outbox")
        sa.event.remove(database.engine, "before_cursor_execute", note)
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_the_gate_points_at_pages_that_exist(app: Flask) -> None:
    room = Path(app.root_path) / "sending"
    files = ("gate.py", "reachable.py", "reasons.py")
    text = "".join((room / name).read_text("utf-8") for name in files)
    for endpoint in (
        "directory.target",
        "letters.letter",
        "letters.template",
        "campaign.settings",
        "petitions.fact",
        "petitions.readings",
    ):
        assert f'"{endpoint}"' in text
        assert endpoint in app.view_functions
