"""Placing a message with the letters it answers: what follows, and how it is taken away again."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import INBOX, Actor, Campaign, Task, TaskKind
from outreach.errors import BadInput, NotAllowed, Refused
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind
from outreach.replies.consequences import placing
from outreach.replies.consequences.filing import log_answer, undo_answer
from outreach.replies.models import (
    InboxState,
    Incoming,
    MailKind,
    ReplyChannel,
    ReplyKind,
    SignedBy,
    Way,
)
from outreach.replies.receiving import inbox
from outreach.sending import gate
from tests import make

RAW = b"From: a@office.example\r\nSubject: Re: A question\r\nMessage-ID: <%d@x>\r\n\r\nYes.\r\n"


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return make.campaign(session)


@pytest.fixture
def olga(session: Session, campaign: Campaign) -> Actor:
    return make.olga(session, campaign)


@pytest.fixture
def letter(session: Session, campaign: Campaign) -> Letter:
    return make.letter(session, campaign, state=State.SENT)


def message(session: Session, campaign: Campaign | None, number: int = 1) -> Incoming:
    kept = inbox.keep(session, RAW % number, way=Way.UPLOAD, campaign=campaign, now=make.NOW)
    row = session.get_one(Incoming, kept.id)
    row.kind = MailKind.ANSWER
    inbox.change_state(session, row, InboxState.READ, by=INBOX, now=make.NOW)
    return row


def place(session, row, *letters, unread=True, by=INBOX):
    placing.place(session, row, letters, unread=unread, by=by, now=make.NOW)


def tasks_about(session, row) -> list[Task]:
    rows = sa.select(Task).where(Task.subject_kind == "incoming", Task.subject_id == row.id)
    return list(session.scalars(rows.where(Task.done_at.is_(None))))


def log(session, row, letter, by):
    return log_answer(
        session,
        letters=[letter],
        incoming=row,
        by=by,
        now=make.NOW,
        channel=ReplyChannel.EMAIL,
        received_on=make.NOW.date(),
        text="Yes.",
        kind=ReplyKind.HOLDING,
        signed_by=SignedBy.UNIT,
    )


def test_a_placed_message_waits_to_be_read_and_no_reminder_goes(session, campaign, letter) -> None:
    reminder = make.letter(
        session,
        campaign,
        state=State.SCHEDULED,
        kind=LetterKind.REMINDER,
        follows_id=letter.id,
        office_id=letter.office_id,
    )
    row = message(session, None)
    place(session, row, letter)
    assert (row.state, row.campaign_id) == (InboxState.FILED, campaign.id)
    assert letter.unread_since == make.NOW
    assert letter.answered_on is None
    assert [task.kind for task in tasks_about(session, row)] == [TaskKind.READ_REPLY]
    waits = gate.reasons(session, reminder, now=make.NOW)[1]
    assert "nobody has read" in " ".join(str(wait.words) for wait in waits)


def test_saying_what_it_is_ends_the_waiting(session, campaign, letter, olga) -> None:
    row = message(session, campaign)
    place(session, row, letter)
    reply = log(session, row, letter, olga)
    assert (letter.unread_since, reply.incoming_id) == (None, row.id)
    assert letter.answered_on == make.NOW.date()
    assert tasks_about(session, row) == []


def test_of_two_letters_each_is_read_by_itself(session, campaign, letter, olga) -> None:
    other = make.letter(session, campaign, state=State.SENT)
    row = message(session, campaign)
    place(session, row, letter, other)
    log(session, row, letter, olga)
    assert (letter.unread_since, other.unread_since) == (None, make.NOW)
    assert tasks_about(session, row)
    log(session, row, other, olga)
    assert other.unread_since is None
    assert tasks_about(session, row) == []


def test_what_lies_unread_with_a_reminder_stops_the_next_one(session, campaign, letter) -> None:
    reminder = make.letter(
        session,
        campaign,
        state=State.SENT,
        kind=LetterKind.REMINDER,
        follows_id=letter.id,
    )
    row = message(session, campaign)
    place(session, row, reminder)
    assert letter.unread_since == reminder.unread_since == make.NOW
    other = message(session, campaign, 2)
    place(session, other, letter)
    placing.take_away(session, other, by=make.olga(session, campaign), now=make.NOW)
    # The other one still lies there.
    assert letter.unread_since == make.NOW


def test_a_message_is_moved_to_another_letter(session, campaign, letter, olga) -> None:
    other = make.letter(session, campaign, state=State.SENT)
    row = message(session, campaign)
    place(session, row, letter)
    placing.take_away(session, row, by=olga, now=make.NOW)
    assert (row.state, letter.unread_since) == (InboxState.UNMATCHED, None)
    assert tasks_about(session, row) == []
    place(session, row, other, by=olga)
    assert other.unread_since == make.NOW
    assert [one.id for one in placing.letters_of(session, row)] == [other.id]


def test_what_was_said_of_it_is_undone_before_it_moves(session, campaign, letter, olga) -> None:
    row = message(session, campaign)
    place(session, row, letter)
    reply = log(session, row, letter, olga)
    with pytest.raises(Refused, match="Undo that first"):
        placing.take_away(session, row, by=olga, now=make.NOW)
    undo_answer(session, reply, by=olga, now=make.NOW)
    assert letter.unread_since == make.NOW
    assert tasks_about(session, row)
    placing.take_away(session, row, by=olga, now=make.NOW)
    assert letter.unread_since is None


def test_an_unknown_letter_that_is_answered_went(session, campaign) -> None:
    letter = make.letter(session, campaign, state=State.UNKNOWN)
    place(session, message(session, campaign), letter)
    assert letter.state is State.SENT


def test_a_message_is_placed_once(session, campaign, letter) -> None:
    row = message(session, campaign)
    place(session, row, letter)
    with pytest.raises(Refused, match="filed meanwhile"):
        place(session, row, letter)


@pytest.mark.parametrize("state", [State.DRAFT, State.SCHEDULED, State.HELD])
def test_nothing_answers_a_letter_that_has_not_left(session, campaign, state) -> None:
    letter = make.letter(session, campaign, state=state)
    with pytest.raises(BadInput, match="has not left"):
        place(session, message(session, campaign), letter)


def test_no_letter_of_another_campaign(session, campaign) -> None:
    other = make.campaign(session, slug="other")
    letter = make.letter(session, other, state=State.SENT)
    with pytest.raises(BadInput, match="another campaign"):
        place(session, message(session, campaign), letter)


def test_a_volunteer_moves_no_message(session, campaign, letter) -> None:
    row = message(session, campaign)
    place(session, row, letter)
    with pytest.raises(NotAllowed):
        placing.take_away(session, row, by=make.vera(session, campaign), now=make.NOW)


@pytest.mark.parametrize(
    ("came_from", "warned", "renewed"),
    [
        ("Desk@Office.example", False, True),
        ("desk@office.example", True, False),
        ("clerk@office.example", False, False),
    ],
)
def test_an_answer_from_the_address_we_wrote_to_renews_its_check(
    session, campaign, letter, came_from, warned, renewed
) -> None:
    checked = make.NOW.date() - dt.timedelta(days=100)
    detail, never = (
        make.contact(
            session,
            make.person(session),
            value=letter.address,
            normalised=letter.address,
            verified_on=day,
            verified_by="Sam" if day else None,
        )
        for day in (checked, None)
    )
    row = message(session, campaign)
    row.from_address, row.warned = came_from, warned
    place(session, row, letter)
    assert detail.verified_on == (make.NOW.date() if renewed else checked)
    # It never makes a check.
    assert never.verified_on is None
