"""Mail that came in, in the browser: listed, read, saved; hostile mail can do nothing here."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Campaign, Role
from outreach.database import Database
from outreach.replies.mail.parsing import Mail, read
from outreach.replies.mail.showing import harmless
from outreach.replies.matches import sorting
from outreach.replies.models import InboxState, Incoming, Mailbox, Way
from outreach.replies.receiving import inbox, intake, mailboxes
from outreach.signing import Vault
from outreach.web import incoming
from outreach.web import mailboxes as pages
from outreach.words import Sentence
from tests import make
from tests.browser import Browser
from tests.web.conftest import Client
from tests.web.desk_world import mail, sent_letter

HOSTILE = b"""From: =?utf-8?q?Anna_=3Cb=3EBerg?= <evil@elsewhere.example>\r
To: answers@campaign.example\r
Date: Tue, 3 Nov 2026 10:00:00 +0100\r
Subject: <script>alert(1)</script>\r
Message-ID: <1@elsewhere.example>\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=q\r
\r
--q\r
Content-Type: multipart/alternative; boundary=r\r
\r
--r\r
Content-Type: text/plain\r
\r
Dear <img src=x> friends, see http://evil.example\r
--r\r
Content-Type: text/html\r
\r
<p onclick="x()">Dear <a href="javascript:x()">friends</a><img src="http://evil.example/p.gif">
<script>x()</script><style>p{background:url(http://evil.example)}</style>
<form action=x><input></form>
<table><tr><td style="x" colspan=2>cell</td></tr></table></p>\r
--r--\r
--q\r
Content-Type: text/html; name="../../bill.html"\r
Content-Disposition: attachment; filename="../../bill.html"\r
\r
<script>alert(1)</script>\r
--q--\r
"""


def stored(database: Database, campaign: Campaign, raw: bytes = HOSTILE) -> int:
    with database.writing() as session:
        number = inbox.keep(session, raw, way=Way.PIPE, campaign=campaign, now=make.NOW).id
    intake.read_new(database, now=make.NOW)
    return number


def test_hostile_html_is_words_only() -> None:
    html = harmless(HOSTILE.decode().split("text/html\r\n\r\n")[1])
    assert "cell" in html
    assert 'colspan="2"' in html
    for bad in ("script", "onclick", "javascript", "evil.example", "style", "form", "<a", "<img"):
        assert bad not in html.split("--r--")[0], bad


def test_a_message_is_shown_and_nothing_in_it_acts(
    sam: Client, database: Database, campaign: Campaign
) -> None:
    number = stored(database, campaign)
    listed = sam.get("/inbox/mail")
    assert "evil@elsewhere.example" in listed.text
    assert "<script>alert" not in listed.text
    page = sam.get(f"/inbox/mail/{number}")
    assert "Dear &lt;img src=x&gt; friends" in page.text
    assert "take care" in listed.text
    assert "A file in it can do harm" in page.text
    assert "attachment-1.bin" in page.text
    framed = sam.get(f"/inbox/mail/{number}/html")
    assert "sandbox" in framed.headers["Content-Security-Policy"]
    assert "script-src 'none'" in framed.headers["Content-Security-Policy"]
    assert framed.headers["X-Content-Type-Options"] == "nosniff"
    assert "evil.example" not in framed.text


def test_files_and_the_original_are_saved_never_opened(
    sam: Client, database: Database, campaign: Campaign
) -> None:
    number = stored(database, campaign)
    for path, data, name in (
        ("files/1", b"<script>alert(1)</script>", f"message-{number}-attachment-1.bin"),
        ("original", HOSTILE, f"message-{number}.eml"),
    ):
        got = sam.get(f"/inbox/mail/{number}/{path}")
        assert got.data == data
        assert got.headers["Content-Type"] == "application/octet-stream"
        assert got.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in got.headers["Content-Security-Policy"]
    assert sam.get(f"/inbox/mail/{number}/files/2").status_code == 404


def test_what_could_not_be_read_has_a_page_and_its_original(
    sam: Client, database: Database, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trip(raw: bytes, **_: str) -> Mail:
        if raw:
            raise RecursionError
        return read(raw)

    monkeypatch.setattr(intake, "read", trip)
    monkeypatch.setattr(incoming, "read", trip)
    number = stored(database, campaign)
    assert "could not read it" in sam.get(f"/inbox/mail/{number}").text
    assert sam.get(f"/inbox/mail/{number}/original").data == HOSTILE


def test_who_sees_what(
    vera: Client, sam: Client, olga: Client, database: Database, campaign: Campaign, people
) -> None:
    number = stored(database, campaign)
    paths = [f"/inbox/mail/{number}{end}" for end in ("", "/html", "/original", "/files/1")]
    assert [vera.get(path).status_code for path in paths] == [404] * 4
    with database.writing() as session:
        make.task(session, campaign, subject=("incoming", number), owner_id=people["vera"].user_id)
    assert [vera.get(path).status_code for path in paths] == [200] * 4
    olga.send(f"/inbox/mail/{number}/confidential")
    for client in (vera, sam):
        assert [client.get(path).status_code for path in paths] == [404] * 4
    assert olga.get(paths[0]).status_code == 200
    assert sam.send(f"/inbox/mail/{number}/open").status_code == 404


def test_what_is_no_campaign_s_is_for_organisers_until_one_says_whose(
    vera: Client, sam: Client, olga: Client, database: Database, campaign: Campaign
) -> None:
    words = "Thank you for your letter about the border guards."
    sent_letter(database, campaign, "Ida Ours", "7K4-Q2M")
    with database.writing() as session:
        other = make.campaign(session)
        theirs = make.user(session, "Otto", other, Role.ORGANISER)
    sent_letter(database, other, "Otto Theirs", "8M5-R3N")
    with database.writing() as session:
        raw = mail(words, who="ida@office.example")
        number = inbox.keep(session, raw, way=Way.PIPE, campaign=None, now=make.NOW).id
    intake.read_new(database, now=make.NOW)
    sorting.sort_waiting(database, now=make.NOW, letter_of=lambda _address: None)
    path = f"/inbox/mail/{number}"
    for client in (vera, sam):
        assert client.get(path).status_code == 404
        assert client.get(f"{path}/original").status_code == 404
        assert client.send(f"{path}/ours").status_code in (403, 404)
    assert "Secretary" not in sam.get("/inbox/mail").text
    assert "Secretary" not in sam.get("/board/unmatched").text
    browser = Browser(olga)
    assert "organisers only" in browser.get("incoming.messages")
    # Beside it stand letters of the campaign she reads, of no other.
    page = browser.get("desk.letters", incoming_id=number)
    assert "Ida Ours" in page and "Otto Theirs" not in page
    assert "Nobody knows yet which campaign it is for" in browser.get(
        "incoming.message", incoming_id=number
    )
    browser.press("It is for this campaign")
    assert sam.get(path).status_code == 200
    assert olga.send(f"{path}/ours").status_code == 409
    with database.reading() as session:
        assert session.get_one(Incoming, number).campaign_id == campaign.id
        assert session.scalars(inbox.messages(other, by=theirs)).all() == []


def test_it_is_set_aside_and_comes_back(
    sam: Client, database: Database, campaign: Campaign
) -> None:
    number = stored(database, campaign)
    browser = Browser(sam)
    browser.get("incoming.message", incoming_id=number)
    browser.press("Set it aside")
    assert "evil@" not in sam.get("/inbox/mail").text
    assert "evil@" in sam.get("/inbox/mail?show=aside").text
    sam.send(f"/inbox/mail/{number}/back")
    with database.reading() as session:
        assert session.get_one(Incoming, number).state is InboxState.UNMATCHED


def test_words_without_headers_are_no_message(sam: Client, database: Database) -> None:
    answer = sam.send("/inbox/mail/add", {"pasted": "Dear friends,\nwe support you."})
    assert answer.status_code == 422
    assert "without headers" in answer.text and "we support you." in answer.text
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Incoming.id))) == 0


def test_messages_are_uploaded_and_pasted(sam: Client, database: Database) -> None:
    files = [(io.BytesIO(HOSTILE), "a.eml"), (io.BytesIO(b"\0\xff"), "b.eml")]
    sam.send("/inbox/mail/add", {"files": files}, content_type="multipart/form-data")
    again = sam.send("/inbox/mail/add", {"pasted": HOSTILE.decode()})
    assert again.status_code == 303
    with database.reading() as session:
        rows = session.scalars(sa.select(Incoming).order_by(Incoming.id)).all()
        assert [row.way for row in rows] == [Way.UPLOAD, Way.UPLOAD]
        assert all(row.state is InboxState.UNMATCHED for row in rows)
        assert inbox.original(session, rows[1].id) == b"\0\xff"
    assert sam.send("/inbox/mail/add", {}).status_code == 422


def test_a_list_asks_as_little_for_many_as_for_few(
    sam: Client, database: Database, campaign: Campaign
) -> None:
    def asked() -> int:
        said: list[str] = []
        listen = sa.event.listen
        listen(database.engine, "before_cursor_execute", lambda *a: said.append(a[2]))
        sam.get("/inbox/mail")
        return len(said)

    stored(database, campaign)
    few = asked()
    with database.writing() as session:
        for number in range(30):
            inbox.keep(
                session,
                b"Subject: %d\r\n\r\nx" % number,
                way=Way.PIPE,
                campaign=campaign,
                now=make.NOW,
            )
    assert asked() <= 2 * few + 1


def test_a_mailbox_is_set_up_tried_and_removed(
    ada: Client, database: Database, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = {
        "name": "Answers",
        "host": "127.0.0.1",
        "port": "1",
        "security": "none",
        "username": "answers",
        "password": "hush hush",
        "folder": "INBOX",
        "enabled": "y",
    }
    assert (
        ada.send("/campaign/mailboxes/new", typed | {"host": "mail.example.org"}).status_code == 422
    )
    ada.send("/campaign/mailboxes/new", typed)
    with database.reading() as session:
        box = session.scalars(sa.select(Mailbox)).one()
        number = box.id
        assert "hush" not in box.password
        assert Vault(settings.secret_key).unlock(box.password) == "hush hush"
    page = ada.get(f"/campaign/mailboxes/{number}").text
    assert "hush" not in page
    ada.send(f"/campaign/mailboxes/{number}", typed | {"password": "", "move_to": "Done"})
    with database.reading() as session:
        box = session.get_one(Mailbox, number)
        assert Vault(settings.secret_key).unlock(box.password) == "hush hush"
        assert box.move_to == "Done"
    monkeypatch.setattr(pages.boxes.imap, "SECONDS", 2)
    ada.send(f"/campaign/mailboxes/{number}/connection")
    assert "can&#39;t be reached" in ada.get(f"/campaign/mailboxes/{number}").text
    assert "Answers" in ada.get("/campaign/mailboxes").text
    ada.send(f"/campaign/mailboxes/{number}/remove")
    assert "No mailbox yet" in ada.get("/campaign/mailboxes").text


def test_a_broken_maildir_stands_beside_the_mailboxes(
    ada: Client, olga: Client, database, campaign
):
    with database.writing() as session:
        box = mailboxes.folder_of(session, campaign.id, "/home/maildir/x", now=make.NOW)
        mailboxes.note_look(session, box, Sentence("It is gone."), now=make.NOW)
        number = box.id
    assert "It is gone." in olga.get("/campaign/mailboxes").text
    assert "It is gone." in olga.get("/inbox/mail").text
    assert "It is gone." in olga.get("/board/mailboxes").text
    page = ada.get(f"/campaign/mailboxes/{number}").text
    assert "/home/maildir/x" in page and "Server for incoming mail" not in page
    said = {"checked_by": "MX.example.org", "enabled": "y"}
    assert ada.send(f"/campaign/mailboxes/{number}", said).status_code == 302
    assert "It is gone." not in olga.get("/inbox/mail").text
    with database.reading() as session:
        assert session.get_one(Mailbox, number).checked_by == "mx.example.org"
