"""The board and Today in a browser: every number opens exactly that many things."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from outreach.accounts.models import User
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.overview.board import ON_BOARD, PARTS
from outreach.petitions.models import Position, Reading, ReadingState
from outreach.replies.consequences.filing import log_answer
from outreach.replies.models import (
    InboxState,
    Incoming,
    IncomingLetter,
    Mailbox,
    MailKind,
    ReplyChannel,
    ReplyKind,
    SignedBy,
    Way,
)
from outreach.replies.receiving import inbox
from outreach.words import Sentence
from tests import make
from tests.browser import Browser
from tests.judge import words_of

TODAY = dt.date(2026, 3, 3)


def answer(session, letter, by, **values):
    values = {
        "channel": ReplyChannel.EMAIL,
        "received_on": TODAY,
        "text": "I support it.",
        "kind": ReplyKind.SUPPORTIVE,
        "signed_by": SignedBy.STAFF,
    } | values
    return log_answer(session, letters=[letter], by=by, now=make.NOW, **values)


@pytest.fixture
def full(database, campaign, people, once):
    """Something of everything, rehearsed and live; who signed in before stays signed in."""
    with database.reading() as session:
        tokens = {user.id: user.fs_uniquifier for user in session.scalars(sa.select(User))}
    once(database, "something of everything", lambda session: _fill(session, campaign, people))
    with database.writing() as session:
        for user in session.scalars(sa.select(User)):
            user.fs_uniquifier = tokens[user.id]


def _fill(session, campaign, people):
    for rehearsal in (True, False):
        for code in ("LV", "EE", "LV"):
            for state in State:
                target = make.target(session, jurisdiction_code=code)
                make.letter(session, campaign, state=state, target=target, rehearsal=rehearsal)
        for kind in (ReplyKind.SUPPORTIVE, ReplyKind.HOSTILE):
            letter = make.letter(session, campaign, state=State.SENT, rehearsal=rehearsal)
            # A threat settles no stance and no promise.
            said = {
                "stance": Position.SUPPORT,
                "quote": "I support it.",
                "promise": "Asks",
                "due_on": TODAY,
            }
            more = said if kind is ReplyKind.SUPPORTIVE else {}
            answer(session, letter, people["olga"], kind=kind, **more)
        held = make.letter(session, campaign, state=State.APPROVED, rehearsal=rehearsal)
        moving.make(session, held, "hold", by=people["olga"], now=make.NOW, reason="The count fell")
    session.add(
        Reading(
            campaign_id=campaign.id,
            petition_id=make.petition(session, campaign).id,
            value=12_345,
            page_url="https://petition.example",
            read_on=TODAY,
            by="Sam",
            at=make.NOW,
            state=ReadingState.HELD,
            held_because="The first count of this page",
        )
    )
    _came_in(session, campaign)


def _came_in(session, campaign):
    """A broken mailbox, a message without a letter, one nobody read that only organisers may."""
    session.add(
        Mailbox(
            campaign_id=campaign.id,
            name="answers@association.example",
            host="imap.provider.example",
            port=993,
            security="tls",
            username="answers",
            trouble=Sentence("The mail server turned us away: %(w)s", w="NO").as_json(),
            trouble_since=make.NOW,
        )
    )
    letter = make.letter(session, campaign, state=State.SENT)
    for subject, state in (("Whose", InboxState.UNMATCHED), ("Secret", InboxState.FILED)):
        kept = inbox.keep(session, subject.encode(), way=Way.PIPE, campaign=campaign, now=make.NOW)
        row = session.get_one(Incoming, kept.id)
        row.state, row.kind, row.subject = state, MailKind.ANSWER, subject
        if state is InboxState.FILED:
            row.rehearsal = row.confidential = True
            session.flush()
            session.add(
                IncomingLetter(
                    incoming_id=row.id, letter_id=letter.id, unread=True, by="inbox", at=make.NOW
                )
            )


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("vera", "What did they answer?"),
        ("sam", "Which letters are where?"),
        ("olga", "What waits for me today?"),
        ("ada", "What waits for me today?"),
    ],
)
def test_the_role_decides_where_one_lands(request, name, heading) -> None:
    assert Browser(request.getfixturevalue(name)).get("/").heading == heading


def test_an_empty_house_says_the_next_step(olga) -> None:
    browser = Browser(olga)
    assert "Nothing waits" in browser.get("overview.today")
    board = browser.get("overview.board")
    assert "Nothing has left yet" in board
    assert "Nothing rehearsed yet" in board


def test_today_says_what_waits_and_what_went_wrong(olga, full) -> None:
    page = Browser(olga).get("overview.today")
    assert "The count fell" in page
    assert "Waiting for approval" in page


def _numbers(page):
    """Every link of the page that opens a list of the board, with its number."""
    for link in page.page.elements("a"):
        href = link.get("href", "")
        found = re.match(r"\s*([\d,]+)", words_of(link))
        if urlsplit(href).path.startswith("/board/") and found:
            yield href, int(found.group(1).replace(",", ""))


@pytest.mark.parametrize("where", ["overview.board", "overview.today"])
@pytest.mark.parametrize("name", [pytest.param("sam", marks=pytest.mark.long), "olga"])
def test_every_number_opens_exactly_that_many_things(request, full, where, name) -> None:
    browser = Browser(request.getfixturevalue(name))
    numbers = list(_numbers(browser.get(where)))
    assert len(numbers) > 10
    for href, many in numbers:
        page = browser.get(href)
        rows = [row for body in page.page.elements("tbody") for row in body.iter() if _is_row(row)]
        assert len(rows) == many, href


def _is_row(element) -> bool:
    return str(element.tag).rpartition("}")[2] == "tr"


def test_live_and_rehearsed_are_apart(olga, full) -> None:
    numbers = list(_numbers(Browser(olga).get("overview.board")))
    asked = {parse_qs(urlsplit(href).query)["rehearsal"][0] for href, _ in numbers}
    assert asked == {"yes", "no"}


def test_every_part_has_its_page(olga, full) -> None:
    browser = Browser(olga)
    for part in PARTS:
        for rehearsal in ("yes", "no"):
            assert browser.get("overview.behind", part=part, rehearsal=rehearsal).heading


def test_an_empty_part_leads_back(olga) -> None:
    for part in ON_BOARD:
        assert "Nothing here" in Browser(olga).get("overview.behind", part=part)


def test_mail_and_mailboxes_that_wait_stand_on_the_board(sam, olga, full) -> None:
    page = Browser(sam).get("overview.behind", part="mailboxes")
    assert "turned us away: NO" in page and "answers@association.example" in page
    assert "Whose" in Browser(sam).get("overview.behind", part="unmatched")
    assert "Secret" in Browser(olga).get("overview.behind", part="unread", rehearsal="yes")
    assert "Secret" not in Browser(sam).get("overview.behind", part="unread", rehearsal="yes")
    assert "Broken mailboxes" in Browser(olga).get("overview.today")


def test_nonsense_in_the_address_narrows_nothing(olga, full) -> None:
    browser = Browser(olga)
    odd = {"phase": "x", "position": "x", "ask": "x", "page": "-3", "rehearsal": "x"}
    assert browser.get("overview.behind", part="letters", **odd)
    assert browser.get("overview.behind", part="letters", page="99")
    browser.get("/board/nothing", status=404)


def test_a_hostile_answer_is_counted_but_not_opened_by_staff(sam, full) -> None:
    page = Browser(sam).get("overview.behind", part="answers", rehearsal="yes")
    links = [a for a in page.page.elements("a") if "/answers/" in a.get("href", "")]
    assert len(links) == 1


def test_a_volunteer_sees_no_board(vera, full) -> None:
    for where in ("overview.board", "overview.today"):
        Browser(vera).get(where, status=403)


def test_the_board_takes_as_many_queries_for_one_as_for_thirty(
    olga, database, campaign, people
) -> None:
    counts = []
    for many in (1, 30):
        with database.writing() as session:
            for _ in range(many):
                letter = make.letter(session, campaign, state=State.SENT)
                answer(session, letter, people["olga"], stance=Position.SUPPORT, quote="I support")
        seen: list[str] = []

        def watch(*args, seen=seen):
            seen.append(args[2])

        engine = olga.application.extensions["outreach"].database.engine
        sa.event.listen(engine, "before_cursor_execute", watch)
        for path in ("/board", "/board/letters", "/board/answers", "/board/stances", "/today"):
            olga.get(path)
        sa.event.remove(engine, "before_cursor_execute", watch)
        counts.append(len(seen))
    assert counts[0] == counts[1]
