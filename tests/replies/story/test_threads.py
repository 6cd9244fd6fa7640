"""A thread tells everything between a campaign and a desk, in the order it happened."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from outreach.accounts.models import INBOX, Event
from outreach.directory.models import Confidence, Membership, Post
from outreach.errors import BadInput, NotAllowed
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.petitions.models import Position
from outreach.replies.consequences import placing
from outreach.replies.consequences.filing import undo_answer
from outreach.replies.models import InboxState, Incoming, MailKind, ReplyKind, Way
from outreach.replies.receiving import inbox
from outreach.replies.story.taking_along import write_thread
from outreach.replies.story.threads import add_note, thread
from outreach.sending.models import Attempt, Outcome
from tests import make
from tests.replies.consequences.test_filing import TEXT, campaign, letter, log, vera

__all__ = ["campaign", "letter", "vera"]


def test_letters_answers_stances_and_promises_in_order(session, campaign, vera, now) -> None:
    olga = make.olga(session, campaign)
    letter = make.letter(session, campaign, state=State.APPROVED)
    moving.make(session, letter, "post", by=olga, now=now, reason="registered")
    later = now + dt.timedelta(days=2)
    log(
        session,
        letter,
        vera,
        received_on=later.date(),
        stance=Position.SUPPORT,
        quote="I support it.",
        promise="Asks",
        due_on=dt.date(2026, 5, 15),
        now=later,
    )
    rows = thread(session, campaign.id, letter.office_id)
    assert [row.kind for row in rows] == ["letter", "reply", "stance", "promise"]
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    assert rows[0].detail == "registered"
    assert rows[1].detail == TEXT.strip()
    assert rows[2].detail == "I support it."
    assert "posted by hand" in str(rows[0].text)


def test_what_was_undone_stays_and_says_so(session, campaign, letter, vera, now) -> None:
    reply = log(session, letter, vera, stance=Position.SUPPORT, quote="I support it.")
    undo_answer(session, reply, by=vera, now=now)
    rows = thread(session, campaign.id, letter.office_id)
    assert {row.kind: row.void for row in rows} == {"reply": True, "stance": True}


def test_a_guarded_answer_keeps_its_text(session, campaign, letter) -> None:
    olga, sam = make.olga(session, campaign), make.sam(session, campaign)
    log(session, letter, olga, kind=ReplyKind.HOSTILE)
    (seen,) = thread(session, campaign.id, letter.office_id, by=olga)
    (hidden,) = thread(session, campaign.id, letter.office_id, by=sam)
    assert (seen.detail, hidden.detail) == (TEXT.strip(), "")


def test_another_desk_or_campaign_is_another_thread(session, campaign, letter, vera) -> None:
    log(session, letter, vera)
    other = make.letter(session, campaign, state=State.SENT)
    assert thread(session, campaign.id, other.office_id) == []
    assert thread(session, make.campaign(session).id, letter.office_id) == []


def test_a_long_thread_takes_as_many_queries_as_a_short_one(
    session, campaign, letter, vera
) -> None:
    counts = []
    for _ in range(2):
        log(session, letter, vera, stance=Position.SUPPORT, quote="I support it.")
        session.expire_all()
        ids = (campaign.id, letter.office_id)
        seen: list[str] = []
        engine = session.get_bind()
        watch = lambda *args, seen=seen: seen.append(args[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", watch)
        thread(session, *ids)
        event.remove(engine, "before_cursor_execute", watch)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 10


RAW = b"From: a@office.example\r\nSubject: =cmd\r\nMessage-ID: <1@x>\r\n\r\nYes.\r\n"


def attempt(session, letter, **values) -> Attempt:
    return make._keep(
        session,
        Attempt(
            letter_id=letter.id,
            number=1,
            message_id=f"{letter.code}@us.example",
            transport="smtp",
            worker="w",
            rehearsal=letter.rehearsal,
            started_at=make.NOW,
            ended_at=make.NOW,
            lease_until=make.NOW,
            outcome=Outcome.DELIVERED,
            server_words="250 taken as 7F",
            message=f"Subject: {letter.code}\r\n\r\nWords\r\n".encode(),
            **values,
        ),
    )


def came(session, campaign, letter, *, confidential=False) -> Incoming:
    kept = inbox.keep(session, RAW, way=Way.IMAP, campaign=campaign, now=make.NOW)
    row = session.get_one(Incoming, kept.id)
    row.kind, row.subject, row.confidential = MailKind.ANSWER, "=cmd", confidential
    inbox.change_state(session, row, InboxState.READ, by=INBOX, now=make.NOW)
    placing.place(session, row, [letter], unread=True, by=INBOX, now=make.NOW)
    return row


def test_what_servers_said_what_came_and_what_was_noted(session, campaign, letter) -> None:
    olga, sam = make.olga(session, campaign), make.sam(session, campaign)
    attempt(session, letter)
    came(session, campaign, letter, confidential=True)
    same = {"campaign_id": campaign.id, "office_id": letter.office_id, "rehearsal": True}
    add_note(session, text="Call on Monday", by=sam, now=make.NOW, **same)
    rows = {row.kind: row for row in thread(session, campaign.id, letter.office_id, by=olga)}
    assert rows["attempt"].detail == "250 taken as 7F"
    assert rows["message"].unread and rows["message"].detail == "=cmd"
    assert (rows["note"].detail, rows["note"].by) == ("Call on Monday", "Sam")
    seen = {row.kind: row for row in thread(session, campaign.id, letter.office_id, by=sam)}
    assert seen["message"].hidden and seen["message"].detail == ""
    assert thread(session, campaign.id, letter.office_id, rehearsal=False) == []
    with pytest.raises(NotAllowed):
        add_note(session, text="x", by=make.vera(session, campaign), now=make.NOW, **same)
    with pytest.raises(BadInput):
        add_note(session, text=" ", by=sam, now=make.NOW, **same)


def test_letters_to_whoever_held_the_post_before_are_part_of_it(session, campaign, vera) -> None:
    earlier, later = make.target(session, name="Old One"), make.target(session, name="New One")
    ministry = session.get_one(make.Organization, earlier.body_id)
    post = make._keep(
        session,
        Post(
            organization_id=ministry.id,
            role=earlier.role,
            label="Minister",
            labels={},
            confidence=Confidence.HIGH,
        ),
    )
    for one in (earlier, later):
        session.get_one(Membership, one.membership_id).post_id = post.id
    first = make.letter(session, campaign, state=State.SENT, target=earlier)
    second = make.letter(session, campaign, state=State.SENT, target=later)
    assert first.office_id != second.office_id
    log(session, first, vera)
    attempt(session, first)
    attempt(session, second)
    rows = thread(session, campaign.id, later.office_id)
    assert [row.kind for row in rows if row.kind in ("attempt", "reply")].count("attempt") == 2
    assert "reply" in {row.kind for row in rows}
    other = make.letter(session, campaign, state=State.SENT)
    assert thread(session, campaign.id, other.office_id) == []


def test_the_originals_are_taken_along_with_a_list(session, campaign, letter) -> None:
    olga = make.olga(session, campaign)
    sent = attempt(session, letter)
    real = make.letter(
        session, campaign, state=State.SENT, rehearsal=False, office_id=letter.office_id
    )
    attempt(session, real)
    came(session, campaign, letter)
    into = io.BytesIO()
    assert write_thread(session, campaign, letter.office_id, into, by=olga, now=make.NOW) == 2
    with zipfile.ZipFile(into) as packed:
        names = packed.namelist()
        files = [packed.read(name) for name in names]
    # Byte for byte, and nothing that was not rehearsed among what was.
    assert files[:2] == [sent.message, RAW]
    assert not [name for name in names if real.code in name]
    rows = list(csv.reader(io.StringIO(files[2].decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:3]] == names[:2]
    # A subject is no formula.
    assert rows[2][4] == "'=cmd"
    told = session.scalar(sa.select(Event).where(Event.name == "thread_exported"))
    assert told is not None and told.by == "Olga"
    with pytest.raises(NotAllowed):
        sam = make.sam(session, campaign)
        write_thread(session, campaign, letter.office_id, into, by=sam, now=make.NOW)
