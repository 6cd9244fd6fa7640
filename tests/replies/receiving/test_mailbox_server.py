"""Mailboxes on a real Dovecot: everything comes in once, whatever happens to it."""

from __future__ import annotations

import datetime as dt
import imaplib
import smtplib
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
import trustme

from outreach import clock
from outreach.accounts.models import Campaign, Mode, Security, Task
from outreach.database import Database
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.replies.consequences import placing
from outreach.replies.mail import parsing
from outreach.replies.models import InboxState, Incoming, Mailbox, MailKind, Original
from outreach.replies.receiving import fetching, inbox, mailboxes
from outreach.sending.capture import CapturePostman
from outreach.sending.ways import Ways
from outreach.signing import Vault
from tests import make
from tests.sending.conftest import sendable
from tests.sending.servers import MailServers, mail_servers

pytestmark = pytest.mark.long
VAULT = Vault("a key of this test")
# “Gelesen & Абва” as the protocol writes it.
CYRILLIC = '"Gelesen &- &BBAEMQQyBDA-"'
LARGE = b"x" * 76 + b"\r\n"


@pytest.fixture(scope="module")
def servers() -> Iterator[MailServers]:
    """Postfix and Dovecot, for this file."""
    # Not in pytest's own folder, which it closes to everybody else at each start.
    with (
        tempfile.TemporaryDirectory(prefix="outreach-mail-") as folder,
        mail_servers(Path(folder)) as running,
    ):
        yield running


@pytest.fixture
def database(empty_sqlite: Database) -> Database:
    """What the databases differ in is tested with the inbox; this is about the line."""
    return empty_sqlite


@pytest.fixture
def box(database: Database, servers: MailServers) -> Iterator[int]:
    """The number of a mailbox of a campaign; empty at the beginning."""
    with imap_line(servers) as line:
        for folder in ("INBOX", CYRILLIC, "Moved"):
            status, count = line.select(folder)
            if status == "OK" and count != [b"0"]:
                line.store("1:*", "+FLAGS", r"\Deleted")
                line.expunge()
    with database.writing() as session:
        campaign = make.campaign(session)
        values = mailboxes.MailboxValues(
            "Answers",
            "127.0.0.1",
            servers.imap,
            Security.NONE,
            "reader@office.example",
            servers.password,
        )
        ada = make.ada(session, campaign)
        saved = mailboxes.save_mailbox(
            session, campaign, None, values, vault=VAULT, by=ada, now=make.NOW
        )
        number = saved.id
    yield number


@contextmanager
def imap_line(servers: MailServers) -> Iterator[imaplib.IMAP4]:
    with imaplib.IMAP4("127.0.0.1", servers.imap) as line:
        line.login("reader@office.example", servers.password)
        yield line


def message(number: int, body: bytes = b"Thank you.\r\n") -> bytes:
    return (
        b"From: Office <office@house.example>\r\nTo: answers@campaign.example\r\n"
        b"Subject: Answer %d\r\nDate: Tue, 3 Nov 2026 10:00:00 +0100\r\n"
        b"Message-ID: <%d@house.example>\r\n\r\n" % (number, number)
    ) + body


def put(servers: MailServers, *raws: bytes, folder: str = "INBOX") -> None:
    with imap_line(servers) as line:
        line.create(folder)
        for raw in raws:
            assert line.append(folder, "", None, raw)[0] == "OK"


def change(database: Database, box: int, **values: object) -> None:
    with database.writing() as session:
        session.execute(sa.update(Mailbox).where(Mailbox.id == box).values(**values))


def look(database: Database, box: int, **more: object) -> fetching.Fetched:
    return fetching.fetch(database, box, VAULT, now=lambda: make.NOW, **more)  # type: ignore[arg-type]


def subjects(database: Database) -> list[bytes]:
    with database.reading() as session:
        raws = session.scalars(sa.select(Original.raw).order_by(Original.incoming_id))
        return [next(line for line in raw.split(b"\r\n") if b"Subject" in line) for raw in raws]


def test_what_lies_there_comes_in_once_and_stays_unread(database, servers, box):
    put(servers, message(1), message(2))
    first, again = look(database, box), look(database, box)
    assert (first.taken, again.taken, again.had) == (2, 0, 0)
    put(servers, message(3), message(1))
    third = look(database, box)
    assert (third.taken, third.had) == (1, 1)
    assert subjects(database) == [b"Subject: Answer 1", b"Subject: Answer 2", b"Subject: Answer 3"]
    with imap_line(servers) as line:
        line.select(readonly=True)
        assert line.search(None, "UNSEEN")[1] == [b"1 2 3 4"]


def test_a_changed_uidvalidity_and_a_moved_mailbox_lose_and_double_nothing(database, servers, box):
    put(servers, message(1), message(2))
    look(database, box)
    # What Dovecot does when its list of UIDs is lost.
    (servers.folder / "mail" / "Maildir" / "dovecot-uidlist").unlink()
    for index in (servers.folder / "mail" / "Maildir").glob("dovecot.index*"):
        index.unlink()
    put(servers, message(3))
    after = look(database, box)
    assert (after.taken, after.had) == (1, 2)
    put(servers, message(2), message(4), folder="Moved")
    change(database, box, folder="Moved")
    moved = look(database, box)
    assert (moved.taken, moved.had) == (1, 1)
    assert len(subjects(database)) == 4


def test_a_line_cut_in_the_middle_of_a_message_is_taken_up_again(database, servers, box):
    put(servers, message(1), message(2, LARGE * 20_000), message(3))
    with through(servers.imap, cut_after=200_000) as port:
        change(database, box, port=port)
        cut = look(database, box)
    assert cut.taken == 1
    assert "broke off" in str(cut.trouble)
    with through(servers.imap) as port:
        # The same place by another port would be another source: it is the message that counts.
        change(database, box, port=port)
        rest = look(database, box)
    assert (rest.taken, rest.had, rest.trouble) == (2, 1, None)
    assert len(subjects(database)) == 3


def test_taken_messages_are_moved_also_those_of_before_the_cut(database, servers, box):
    put(servers, message(1))
    look(database, box)
    put(servers, message(2))
    name = "Gelesen & Абва"
    with imap_line(servers) as line:
        line.create(CYRILLIC)
    change(database, box, move_to=name)
    look(database, box)
    with imap_line(servers) as line:
        assert line.select(readonly=True)[1] == [b"0"]
        assert line.select(CYRILLIC, readonly=True)[1] == [b"2"]
    assert look(database, box).trouble is None


def test_a_missing_folder_or_wrong_password_says_so_and_ends_when_mended(database, servers, box):
    put(servers, message(1))
    change(database, box, folder="Nowhere")
    assert "Nowhere" in str(look(database, box).trouble)
    later = make.NOW + mailboxes.PATIENCE
    fetching.fetch(database, box, VAULT, now=lambda: later)
    with database.reading() as session:
        task = session.scalars(sa.select(Task).where(Task.subject_kind == "mailbox")).one()
        assert "Answers" in task.title
        number = task.id
        campaign_id = session.get_one(Mailbox, box).campaign_id
        assert [one.id for one in mailboxes.in_trouble(session, campaign_id)] == [box]
    change(database, box, folder="INBOX")
    assert look(database, box).taken == 1
    with database.reading() as session:
        assert mailboxes.in_trouble(session, campaign_id) == []
        assert session.get_one(Task, number).done_at is not None
    change(database, box, password=VAULT.lock("wrong"))
    assert "a password of its own for programs" in str(look(database, box).trouble)
    change(database, box, security=Security.TLS)
    assert "the other kind of encryption" in str(look(database, box).trouble)
    change(database, box, host="there-is-none.invalid")
    assert "no mail server called there-is-none.invalid" in str(look(database, box).trouble)


def test_encryption_needs_a_certificate_we_trust(database, servers, box):
    put(servers, message(1))
    authority = trustme.CA()
    with through(servers.imap, certificate=authority.issue_cert("localhost")) as port:
        change(database, box, port=port, host="localhost", security=Security.TLS)
        assert "can't prove that it is localhost" in str(look(database, box).trouble)
        trust = ssl.create_default_context()
        authority.configure_trust(trust)
        assert look(database, box, trust=trust).taken == 1


def test_trying_a_mailbox_takes_nothing_and_says_what_is_missing(database, servers, box):
    put(servers, message(1))
    with database.reading() as session:
        access = fetching.access_of(session.get_one(Mailbox, box), servers.password)
    said = mailboxes.try_mailbox(replace(access, move_to="Not there"))
    assert [one.found for one in said] == ["good", "wrong"]
    assert "1 messages" in str(said[0].words)
    assert mailboxes.try_mailbox(replace(access, port=1))[0].found == "wrong"
    assert subjects(database) == []


def test_a_real_mail_comes_in_at_the_next_tick_and_is_read(database, servers, box, tmp_path):
    with smtplib.SMTP("127.0.0.1", servers.smtp) as smtp:
        smtp.sendmail("office@house.example", ["reader@office.example"], message(7))
        absent = message(8, b"I am back on 8 December.").replace(
            b"Subject: Answer", b"Auto-Submitted: auto-replied\r\nSubject: Answer"
        )
        smtp.sendmail("office@house.example", ["reader@office.example"], absent)
    _wait_for(servers, 2)
    clock.take_in(database, now=lambda: make.NOW, home=tmp_path, vault=VAULT)
    with database.reading() as session:
        rows = session.scalars(sa.select(Incoming).order_by(Incoming.message_id)).all()
        # Nothing in them says which letter they answer: a person decides.
        assert [row.state for row in rows] == [InboxState.UNMATCHED] * 2
        assert [row.kind for row in rows] == [MailKind.ANSWER, MailKind.AUTO_REPLY]
        assert rows[1].back_on == dt.date(2026, 12, 8)
        assert len(inbox.waiting(session)) == 0


# As Thunderbird writes an answer; {to} and {answered} come from the letter that arrived.
ANSWER = """\
Message-ID: <5f0c7d2e-1b7a-4d5e-9c0e-1f2a3b4c5d6e@office.zz>
Date: Tue, 3 Mar 2026 11:15:00 +0100
MIME-Version: 1.0
User-Agent: Mozilla Thunderbird
Subject: Re: A question
Content-Language: en-GB
To: Example <{to}>
References: <{answered}>
From: Desk <desk@office.zz>
In-Reply-To: <{answered}>
Content-Type: text/plain; charset=UTF-8; format=flowed
Content-Transfer-Encoding: 8bit

I will ask the government. I support it.

On 03/03/2026 10:00, An association wrote:
> Dear Member,
>
> Please ask the government.
"""


def test_a_letter_is_sent_answered_and_the_answer_filed_at_the_next_tick(
    database, servers, box, tmp_path
):
    with database.writing() as session:
        campaign = session.get_one(Campaign, session.get_one(Mailbox, box).campaign_id)
        campaign.mode, campaign.live_at = Mode.LIVE, make.NOW - dt.timedelta(days=1)
        make.mail_account(
            session, campaign, port=servers.smtp, password=VAULT.lock(""), reply_tags=True
        )
        make.greetings_read(session)
        letter_id = sendable(
            session,
            campaign,
            address="desk@office.zz",
            state=State.SCHEDULED,
            send_after=make.NOW,
            send_before=make.NOW + dt.timedelta(hours=8),
        ).id
    with Ways(CapturePostman(tmp_path / "capture"), VAULT) as ways:
        clock.tick(database, ways, now=lambda: make.NOW, worker="w")
    (arrived,) = servers.letters(1)
    came = parsing.read(arrived)
    assert "+" in came.reply_to[0].address
    answer = ANSWER.format(to=came.reply_to[0].address, answered=came.message_id)
    with smtplib.SMTP("127.0.0.1", servers.smtp) as smtp:
        raw = answer.replace("\n", "\r\n").encode()
        smtp.sendmail("desk@office.zz", [came.reply_to[0].address], raw)
    _wait_for(servers, 1)
    later = make.NOW + dt.timedelta(minutes=1)
    clock.take_in(database, now=lambda: later, home=tmp_path, vault=VAULT)
    with database.reading() as session:
        row = session.scalars(sa.select(Incoming)).one()
        assert (row.state, row.kind) == (InboxState.FILED, MailKind.ANSWER)
        letter = session.get_one(Letter, letter_id)
        assert [one.id for one in placing.letters_of(session, row)] == [letter_id]
        assert (letter.state, letter.unread_since) == (State.SENT, later)
        mail = parsing.read(inbox.original(session, row.id))
        assert mail.reading == "I will ask the government. I support it."


def _wait_for(servers: MailServers, number: int) -> None:
    for _ in range(1_800):
        with imap_line(servers) as line:
            if int(line.select(readonly=True)[1][0] or b"0") >= number:
                return
        threading.Event().wait(0.1)
    pytest.fail("the mail did not arrive")


@contextmanager
def through(
    there: int, *, cut_after: int = 0, certificate: trustme.LeafCert | None = None
) -> Iterator[int]:
    """A port that leads to `there`, perhaps encrypted; cuts the line after so many bytes back."""
    listener = socket.create_server(("127.0.0.1", 0))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate:
        certificate.configure_cert(context)

    def serve() -> None:
        while True:
            try:
                ours, _ = listener.accept()
            except OSError:
                return
            with suppress(OSError), ours:
                near = context.wrap_socket(ours, server_side=True) if certificate else ours
                with near, socket.create_connection(("127.0.0.1", there)) as far:
                    back = threading.Thread(target=_pump, args=(near, far, 0), daemon=True)
                    back.start()
                    _pump(far, near, cut_after)
                    near.shutdown(socket.SHUT_RDWR)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield int(listener.getsockname()[1])
    listener.close()


def _pump(source: socket.socket, target: socket.socket, cut_after: int) -> None:
    passed = 0
    with suppress(OSError):
        while data := source.recv(16_384):
            target.sendall(data)
            passed += len(data)
            if cut_after and passed > cut_after:
                return
