"""What came in is read in its turn; what can't be read becomes a task and holds nobody up."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from outreach.accounts.models import Campaign, Security, Task
from outreach.cli_replies import replies
from outreach.config import read_settings
from outreach.database import Database
from outreach.replies.matches import sorting
from outreach.replies.models import InboxState, Incoming, Mailbox, MailKind, Way
from outreach.replies.receiving import fetching, imap, inbox, intake, mailboxes
from outreach.words import Sentence
from tests import make

MAIL = (
    b"From: Minister Anna Berg <evil@elsewhere.example>\r\nReply-To: x@third.example\r\n"
    b"To: answers@campaign.example\r\nDate: Tue, 3 Nov 2026 10:00:00 +0100\r\n"
    b"Authentication-Results: mx.campaign.example; dmarc=fail header.from=elsewhere.example\r\n"
    b"Message-ID: <%d@elsewhere.example>\r\nSubject: Re: %d\r\n\r\nThank you.\r\n"
)


def store(database: Database, *raws: bytes) -> list[int]:
    with database.writing() as session:
        campaign = make.campaign(session)
        return [
            inbox.keep(session, raw, way=Way.PIPE, campaign=campaign, now=make.NOW).id
            for raw in raws
        ]


def rows(database: Database) -> list[Incoming]:
    with database.reading() as session:
        found = list(session.scalars(sa.select(Incoming).order_by(Incoming.id)))
        session.expunge_all()
        return found


def test_each_is_read_and_recognised(database):
    store(database, MAIL % (1, 1), b"", b"\0", b"Auto-Submitted: auto-replied\r\n\r\nx")
    assert intake.read_new(database, now=make.NOW) == 4
    found = rows(database)
    assert [row.state for row in found] == [InboxState.READ] * 4
    assert [row.kind for row in found][::3] == [MailKind.ANSWER, MailKind.AUTO_REPLY]
    assert found[0].from_address == "evil@elsewhere.example"
    assert found[0].warned
    assert intake.read_new(database, now=make.NOW) == 0


def test_what_our_program_trips_over_becomes_a_task_and_the_next_is_read(database, monkeypatch):
    def trip(raw: bytes, *, ours: str) -> None:
        if b"Re: 1" in raw:
            raise RecursionError("a secret word")
        return original(raw, ours=ours)

    original = intake.read
    monkeypatch.setattr(intake, "read", trip)
    store(database, MAIL % (1, 1), MAIL % (2, 2))
    assert intake.read_new(database, now=make.NOW) == 1
    found = rows(database)
    assert [row.state for row in found] == [InboxState.UNREADABLE, InboxState.READ]
    assert "RecursionError" in str(found[0].failure)
    assert "secret" not in str(found[0].failure)
    with database.reading() as session:
        task = session.scalars(sa.select(Task)).one()
        assert (task.subject_kind, task.subject_id) == ("incoming", found[0].id)
        assert inbox.original(session, found[0].id) == MAIL % (1, 1)


def test_a_database_that_is_away_is_no_fault_of_the_message(database, monkeypatch):
    def away(*_: object) -> None:
        raise sa.exc.OperationalError("", {}, Exception("gone"))

    store(database, MAIL % (1, 1))
    with monkeypatch.context() as patched:
        patched.setattr(intake, "_keep", away)
        assert intake.read_new(database, now=make.NOW) == 0
    assert rows(database)[0].state is InboxState.NEW
    assert intake.read_new(database, now=make.NOW) == 1


def test_one_that_takes_the_process_down_is_given_up_in_the_end(database, monkeypatch):
    def die(raw: bytes, *, ours: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(intake, "read", die)
    store(database, MAIL % (1, 1))
    for _ in range(intake.MOST_TRIES):
        with pytest.raises(KeyboardInterrupt):
            intake.read_new(database, now=make.NOW)
    assert rows(database)[0].state is InboxState.NEW
    intake.read_new(database, now=make.NOW)
    assert rows(database)[0].state is InboxState.UNREADABLE


def test_a_minister_s_name_on_a_foreign_domain_is_called_out(database):
    from outreach.replies.mail.authenticity import warnings
    from outreach.replies.mail.parsing import read

    with database.writing() as session:
        target = make.target(session, name="Anna Berg", address="anna.berg@ministry.example")
        assert target.membership_id
        said = [str(one) for one in warnings(session, read(MAIL % (1, 1)), "mx.campaign.example")]
        assert any("ministry.example" in one and "elsewhere.example" in one for one in said)
        assert any("DMARC" in one and "fail" in one for one in said)
        assert any("third.example" in one for one in said)
        honest = (MAIL % (1, 1)).replace(b"elsewhere.example", b"mail.ministry.example")
        honest = honest.replace(b"x@third.example", b"office@ministry.example").replace(
            b"fail", b"pass"
        )
        assert warnings(session, read(honest), "mx.campaign.example") == []
        # A pass of their own making beside it changes nothing.
        forged = b"Authentication-Results: mx.campaign.example; dmarc=pass\r\n" + MAIL % (1, 1)
        said = [str(one) for one in warnings(session, read(forged), "mx.campaign.example")]
        assert any("DMARC" in one and "fail" in one for one in said)
        # Whose server says it counts: anybody can write such a header.
        assert not any("DMARC" in str(one) for one in warnings(session, read(MAIL % (1, 1)), ""))


@pytest.mark.parametrize(
    ("signed", "unsigned", "believed"),
    [(0, 9, False), (2, 0, False), (3, 0, True), (9, 2, True), (8, 3, False)],
)
def test_good_news_counts_where_our_server_signs_what_comes_in(
    database, signed, unsigned, believed
):
    plain = MAIL.replace(b"Authentication-Results: mx.campaign.example", b"X-Nothing: mx")
    mails = [MAIL % (n, n) for n in range(signed)]
    mails += [plain % (n, n) for n in range(100, 100 + unsigned)]
    store(database, *mails, forged := MAIL.replace(b"dmarc=fail", b"dmarc=pass") % (50, 50))
    assert intake.read_new(database, now=make.NOW) == len(mails) + 1
    with database.reading() as session:
        row = session.scalars(sa.select(Incoming).order_by(Incoming.id.desc())).first()
        assert inbox.original(session, row.id) == forged
        assert intake.signs_always(session, row, "MX.campaign.example ") is believed
        assert not intake.signs_always(session, row, "mx.elsewhere.example")


def test_a_maildir_is_taken_once_and_marked(database, tmp_path):
    with database.writing() as session:
        slug = make.campaign(session).slug
    folder = tmp_path / "maildir" / slug
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    (folder / "new" / "1.a.host").write_bytes(MAIL % (1, 1))
    (folder / "cur" / "2.b.host:2,S").write_bytes(MAIL % (2, 2))
    (folder / "tmp" / "3.c.host").write_bytes(b"half of a")
    now = lambda: make.NOW  # noqa: E731
    assert fetching.fetch_folders(database, tmp_path, now=now)[slug].taken == 2
    assert [path.name for path in (folder / "cur").iterdir()].count("1.a.host:2,S") == 1
    (folder / "cur" / "1.a.host:2,S").rename(folder / "cur" / "1.a.host:2,RS")
    assert fetching.fetch_folders(database, tmp_path, now=now)[slug].taken == 0
    assert len(rows(database)) == 2


def test_a_broken_maildir_says_so_like_a_mailbox_until_it_is_well(database, tmp_path):
    with database.writing() as session:
        campaign = make.campaign(session)
        slug, campaign_id = campaign.slug, campaign.id
    folder, clock = tmp_path / "maildir" / slug, [make.NOW]

    def look() -> list[str]:
        fetching.fetch_folders(database, tmp_path, now=lambda: clock[0])
        clock[0] += dt.timedelta(minutes=20)
        with database.reading() as session:
            return [str(box.trouble["text"]) for box in mailboxes.in_trouble(session, campaign_id)]

    # None was ever there: nothing is wrong, and there is no mailbox.
    assert look() == []
    with database.reading() as session:
        assert mailboxes.mailboxes(session, campaign_id) == []
    (folder / "new").mkdir(parents=True)
    assert look() == []
    (folder / "new").rmdir()
    folder.rmdir()
    assert "no folder" in look()[0]
    assert len(look()) == 1
    with database.reading() as session:
        assert session.scalars(sa.select(Task.subject_kind)).all() == ["mailbox"]
    (folder / "new").mkdir(parents=True)
    assert look() == []
    with database.reading() as session:
        assert session.scalars(sa.select(Task).where(Task.done_at.is_(None))).all() == []
        # Nobody signs in to a folder.
        assert [box.way for box in mailboxes.mailboxes(session, campaign_id)] == [Way.MAILDIR]
    assert fetching.fetch_due(database, make_vault(), now=lambda: clock[0]) == {}
    with database.writing() as session:
        box = mailboxes.mailboxes(session, campaign_id)[0]
        ada = make.ada(session, session.get_one(Campaign, campaign_id))
        mailboxes.change_folder(
            session, box, checked_by="MX.example", enabled=False, by=ada, now=clock[0]
        )
        assert box.checked_by == "mx.example"
    (folder / "new" / "1.a.host").write_bytes(MAIL % (1, 1))
    assert fetching.fetch_folders(database, tmp_path, now=lambda: clock[0]) == {}


def test_a_file_that_cant_be_stored_stays_and_holds_up_no_other(database, tmp_path, monkeypatch):
    def keep(session, raw, **how):
        if b"Re: 1" in raw:
            raise UnicodeError("a secret word")
        return original(session, raw, **how)

    original = inbox.keep
    monkeypatch.setattr(inbox, "keep", keep)
    with database.writing() as session:
        slug = make.campaign(session).slug
    folder = tmp_path / "maildir" / slug
    for name in ("new", "cur"):
        (folder / name).mkdir(parents=True)
    for number in (1, 2):
        (folder / "new" / f"{number}.a.host").write_bytes(MAIL % (number, number))
    found = fetching.fetch_folders(database, tmp_path, now=lambda: make.NOW)[slug]
    assert (found.taken, str(found.trouble).count("secret")) == (1, 0)
    assert found.trouble is not None
    assert [path.name for path in (folder / "new").iterdir()] == ["1.a.host"]


def test_a_mailbox_our_program_trips_over_says_so_and_holds_up_no_other(database, monkeypatch):
    def opened(access, trust=None):
        if access.host == "odd.example":
            raise TypeError("a secret word")
        raise imap.MailboxTrouble(Sentence("closed"))

    monkeypatch.setattr(imap, "opened", opened)
    with database.writing() as session:
        campaign = make.campaign(session)
        for host in ("odd.example", "closed.example"):
            box = Mailbox(campaign_id=campaign.id, name=host, host=host, port=1, username="u")
            box.security = Security.TLS
            session.add(box)
    found = fetching.fetch_due(database, make_vault(), now=lambda: make.NOW)
    said = [str(one.trouble) for one in found.values()]
    assert said == ["Our program tripped over it (TypeError).", "closed"]
    with database.reading() as session:
        assert all(box.trouble_since for box in session.scalars(sa.select(Mailbox)))


def test_mailboxes_are_claimed_once_in_a_minute(database):
    with database.writing() as session:
        campaign = make.campaign(session)
        session.add(
            Mailbox(
                campaign_id=campaign.id,
                name="x",
                host="127.0.0.1",
                port=1,
                security="none",
                username="u",
            )
        )
    vault = make_vault()
    seen = [fetching.fetch_due(database, vault, now=lambda: make.NOW) for _ in range(2)]
    assert [len(one) for one in seen] == [1, 0]
    assert "can't be reached" in str(next(iter(seen[0].values())).trouble)
    later = make.NOW + dt.timedelta(seconds=61)
    assert len(fetching.fetch_due(database, vault, now=lambda: later)) == 1


class OldServer:
    """A mailbox with one message, on a server that neither moves nor clears up one alone."""

    def __init__(self) -> None:
        self.flags, self.copies = b"\\Seen", 0

    def capability(self):
        return "OK", [b"IMAP4rev1"]

    def select(self, folder, readonly):
        return "OK", [b"1"]

    def response(self, name):
        return name, [b"7"] if name == "UIDVALIDITY" else [b"1"]

    def uid(self, command, number, *how):
        if command == "COPY":
            self.copies += 1
        elif command == "STORE":
            self.flags += b" \\Deleted"
        elif how == ("(UID BODY.PEEK[])",):
            return "OK", [(b"1 (UID 5 BODY[] {9}", MAIL % (1, 1)), b")"]
        elif command == "FETCH":
            return "OK", [b"1 (UID 5 FLAGS (%s) RFC822.SIZE 300)" % self.flags]
        return "OK", [b""]


def test_a_message_is_moved_once_by_a_server_that_can_only_copy(database, monkeypatch):
    line = OldServer()

    @contextlib.contextmanager
    def opened(access, trust=None):
        yield imap.Folder(line, access)

    monkeypatch.setattr(imap, "opened", opened)
    with database.writing() as session:
        box = Mailbox(campaign_id=make.campaign(session).id, name="x", host="h", port=1)
        box.username, box.security, box.move_to = "u", Security.TLS, "Stored"
        session.add(box)
    for minutes in range(0, 6, 2):
        later = make.NOW + dt.timedelta(minutes=minutes)
        fetching.fetch_due(database, make_vault(), now=lambda later=later: later)
    assert (len(rows(database)), line.copies) == (1, 1)


def make_vault():
    from outreach.signing import Vault

    return Vault("a key")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INBOX", '"INBOX"'),
        ("R&D", '"R&-D"'),
        ("Абв", '"&BBAEMQQy-"'),
        ('a "b" \\', '"a \\"b\\" \\\\"'),
        ("~peter/mail/台北/日本語", '"~peter/mail/&U,BTFw-/&ZeVnLIqe-"'),
    ],
)
def test_names_of_folders_as_the_protocol_writes_them(name, written):
    assert imap.quoted(name) == written


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation of its own for the command line."""
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path))
    monkeypatch.delenv("OUTREACH_DATABASE_URL", raising=False)
    database = Database(read_settings({"OUTREACH_HOME": str(tmp_path)}).database_url)
    database.migrate()
    with database.writing() as session:
        make.campaign(session)
    database.close()
    return tmp_path


def test_a_mail_server_pipes_a_message_in_and_it_is_stored_once(home):
    said = [
        CliRunner().invoke(replies, ["ingest", "--json"], input=io.BytesIO(MAIL % (1, 1)))
        for _ in range(2)
    ]
    assert [one.exit_code for one in said] == [0, 0]
    first, second = (json.loads(one.output) for one in said)
    # Read, and perhaps looked at further already; but there is no letter that it answers.
    assert (first["new"], first["kind"]) == (True, "answer")
    assert first["state"] in ("read", "unmatched")
    assert (second["new"], second["id"]) == (False, first["id"])


def test_a_mail_server_is_asked_to_try_again_whatever_fails(home, monkeypatch):
    monkeypatch.setenv("OUTREACH_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
    down = CliRunner().invoke(replies, ["ingest"], input=io.BytesIO(MAIL % (1, 1)))
    assert down.exit_code == 75
    monkeypatch.delenv("OUTREACH_DATABASE_URL")
    monkeypatch.setattr(inbox, "MOST_BYTES", 10)
    large = CliRunner().invoke(replies, ["ingest"], input=io.BytesIO(MAIL % (1, 1)))
    assert large.exit_code == 75
    assert "Thank you" not in down.output + large.output


def test_whatever_our_program_trips_over_no_message_goes_back(home, monkeypatch):
    def trip(*_: object, **__: object) -> None:
        raise KeyError("a secret word")

    with monkeypatch.context() as patched:
        patched.setattr(sorting, "read_and_sort", trip)
        stored = CliRunner().invoke(replies, ["ingest"], input=io.BytesIO(MAIL % (1, 1)))
    monkeypatch.setattr(inbox, "keep", trip)
    not_stored = CliRunner().invoke(replies, ["ingest"], input=io.BytesIO(MAIL % (2, 2)))
    assert (stored.exit_code, not_stored.exit_code) == (0, 75)
    assert "secret" not in stored.output + not_stored.output
