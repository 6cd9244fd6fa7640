"""What came in is kept as it is, once by whichever way it came."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from outreach import backup
from outreach.accounts.models import Actor, Event, Role
from outreach.database import Database
from outreach.errors import NotAllowed, NotFound
from outreach.replies.models import Arrival, InboxState, Incoming, MailKind, Original, Way
from outreach.replies.receiving import inbox
from tests import make

MAIL = (
    b"From: Office <office@house.example>\r\nTo: answers@campaign.example\r\n"
    b"Date: Mon, 2 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@house.example>\r\n"
    b"Subject: Re: Your\r\n letter\r\n\r\nThank you.\r\n"
)
TRACE = b"Return-Path: <office@house.example>\r\nReceived: from a by b; Mon, 2 Nov 2026\r\n"


def keep(session, raw, now, campaign=None, **more):
    return inbox.keep(session, raw, way=Way.PIPE, campaign=campaign, now=now, **more)


@pytest.mark.parametrize(
    "other",
    [
        TRACE + MAIL,
        b"From office@house.example Mon Nov  2 10:00:00 2026\n" + MAIL.replace(b"\r\n", b"\n"),
        MAIL.replace(b"\r\n", b"\n"),
        MAIL + b"\r\n",
        MAIL.replace(b"Your\r\n letter", b"Your letter"),
        MAIL.replace(b"Subject:", b"subject:").replace(b"Date", b"X-Spam: no\r\nDate"),
    ],
)
def test_the_same_message_by_another_way_is_the_same(other):
    assert inbox.fingerprint(other) == inbox.fingerprint(MAIL)


@pytest.mark.parametrize(
    "other",
    [
        MAIL.replace(b"<1@", b"<2@"),
        MAIL.replace(b"Thank you.", b"Thank you!"),
        MAIL.replace(b"office@", b"minister@"),
        b"",
        b"\r\n\r\n" + MAIL,
        b"no mail at all",
        b"nor this",
    ],
)
def test_another_message_is_another(other):
    assert inbox.fingerprint(other) != inbox.fingerprint(MAIL)
    assert inbox.fingerprint(other + b"x") != inbox.fingerprint(other)


@pytest.mark.parametrize(
    "raw", [b"", b"\0" * 50, b"\n", b"\xff\xfe", b"A" * 3_000_000, b":\n:\n\n"]
)
def test_anything_is_stored_byte_by_byte(session, now, raw):
    kept = keep(session, raw, now)
    assert kept.new
    assert inbox.original(session, kept.id) == raw
    row = session.get_one(Incoming, kept.id)
    assert (row.size, row.state, row.kind) == (len(raw), InboxState.NEW, None)


def test_it_is_stored_once_and_each_coming_is_noted(session, now):
    campaign = make.campaign(session)
    first = keep(session, MAIL, now, campaign, source="imap:1", mark="7/1")
    again = keep(session, TRACE + MAIL, now, campaign, source="imap:1", mark="8/1")
    piped = keep(session, MAIL, now)
    assert (again.id, again.new, piped.id, piped.new) == (first.id, False, first.id, False)
    assert inbox.original(session, first.id) == MAIL
    assert inbox.known_marks(session, "imap:1") == {"7/1", "8/1"}
    assert session.scalars(sa.select(Event.name).where(Event.subject_kind == "incoming")).all() == [
        "received"
    ]


def test_what_was_piped_for_nobody_is_not_stored_again_for_a_campaign(session, now):
    campaign = make.campaign(session)
    assert keep(session, MAIL, now).id == keep(session, MAIL, now, campaign).id


def test_a_mail_to_two_campaigns_is_each_one_s_own(session, now):
    one, other = make.campaign(session), make.campaign(session)
    assert keep(session, MAIL, now, one).id != keep(session, MAIL, now, other).id


def test_two_at_once_store_it_once(database: Database, now):
    start, kept = threading.Barrier(4), []

    def store(number: int) -> None:
        start.wait()
        with database.writing() as session:
            kept.append(keep(session, MAIL, now, source=f"way{number}", mark="1"))

    threads = [threading.Thread(target=store, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.new for one in kept) == [False, False, False, True]
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Incoming.id))) == 1
        assert session.scalar(sa.select(sa.func.count(Arrival.id))) == 4


def _read(session, kept):
    row = session.get_one(Incoming, kept.id)
    row.kind, row.state = MailKind.ANSWER, InboxState.READ
    session.flush()
    return row


def test_what_was_read_waits_to_be_filed_until_it_is_set_aside(session, now):
    campaign, sam = make.campaign(session), Actor("Sam", 1, Role.STAFF)
    row = _read(session, keep(session, MAIL, now, campaign))
    assert inbox.waiting(session, campaign.id) == [row]
    assert inbox.waiting(session, campaign.id + 1) == []
    inbox.set_aside(session, row, by=sam, now=now)
    assert inbox.waiting(session) == []
    inbox.take_back(session, row, by=sam, now=now)
    assert row.state is InboxState.UNMATCHED


def test_who_may_read_a_message(session, now):
    campaign = make.campaign(session)
    sam, vera, olga = (getattr(make, name)(session, campaign) for name in ("sam", "vera", "olga"))
    row = _read(session, keep(session, MAIL, now, campaign))
    assert inbox.message(session, campaign, row.id, by=sam) is row
    with pytest.raises(NotFound):
        inbox.message(session, campaign, row.id, by=vera)
    make.task(session, campaign, subject=("incoming", row.id), owner_id=vera.user_id)
    assert inbox.message(session, campaign, row.id, by=vera) is row
    with pytest.raises(NotAllowed):
        inbox.make_confidential(session, row, True, by=sam, now=now)
    inbox.make_confidential(session, row, True, by=olga, now=now)
    for who in (sam, vera):
        with pytest.raises(NotFound):
            inbox.message(session, campaign, row.id, by=who)
    assert inbox.message(session, campaign, row.id, by=olga) is row
    with pytest.raises(NotFound):
        inbox.message(session, make.campaign(session), row.id, by=olga)


def test_a_backup_carries_the_originals(empty_sqlite, tmp_path, now):
    raws = [b"\0\xff%d" % number for number in range(backup.LARGE_BATCH + 2)]
    with empty_sqlite.writing() as session:
        for raw in raws:
            keep(session, raw, now)
    backup.write(empty_sqlite, tmp_path / "home", tmp_path / "all.zip", now=now)
    other = Database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    backup.read(other, tmp_path / "there", tmp_path / "all.zip")
    with other.reading() as session:
        assert session.scalars(sa.select(Original.raw).order_by(Original.incoming_id)).all() == raws
    other.close()
