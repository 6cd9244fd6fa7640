"""Mail that came back, came twice, is broken or hostile (acceptance scenarios 35 and 37 to 39)."""

from __future__ import annotations

import datetime as dt
from email.message import EmailMessage
from email.policy import SMTP

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Security, Task, TaskKind
from outreach.directory.models import ContactKind, ContactState
from outreach.letters.lifecycle import State
from outreach.replies.models import (
    Arrival,
    InboxState,
    Incoming,
    Mailbox,
    MailKind,
    Original,
    Reply,
)
from outreach.replies.receiving import fetching, mailboxes
from tests import make
from tests.browser import Browser
from tests.replies.receiving.test_mailbox_server import imap_line, put, servers
from tests.web.mail_house import House, answer, house

__all__ = ["house", "servers"]

pytestmark = pytest.mark.long


def report(house: House, letter: int, status: str, said: str, *, who: str, was: str = "") -> bytes:
    """A delivery status notification (RFC 3464) about a letter of ours."""
    action = "delayed" if was == "delayed" else "failed"
    ours = house.sent(letter)["Message-ID"]
    original = f"Original-Recipient: rfc822;{was}\n" if was and was != "delayed" else ""
    return (
        f"From: Mail Delivery System <MAILER-DAEMON@mx.zz>\nTo: letters@campaign.zz\n"
        f"Subject: Undelivered Mail Returned to Sender\nMessage-ID: <{status}{who}{action}@mx.zz>\n"
        f"Date: Tue, 3 Mar 2026 10:00:00 +0000\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\n<{who}>: {said}\n\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.zz\n\n"
        f"{original}Final-Recipient: rfc822; {who}\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {said}\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {ours}\nTo: x\n\n--b--\n"
    ).encode()


def finding_tasks(house: House) -> int:
    with house.database.reading() as session:
        wanted = sa.select(sa.func.count()).where(
            Task.kind == TaskKind.FIND_ADDRESS, Task.done_at.is_(None)
        )
        return session.scalar(wanted) or 0


def test_scenario_35_bounces_of_every_kind(house, sam) -> None:
    browser = Browser(sam)
    # A report as the standard has it.
    dsn = house.sends("Ida Dsn", "ida@dsn.zz")
    row = house.comes(report(house, dsn, "5.1.1", "550 5.1.1 unknown", who="ida@dsn.zz"))
    assert row.kind is MailKind.BOUNCE_PERMANENT
    assert house.letter(dsn).state is State.BOUNCED
    assert house.contact("ida@dsn.zz").state is ContactState.BOUNCING
    assert finding_tasks(house) == 1
    page = browser.get("letters.letter", letter_id=dsn)
    assert "came back" in page and "We know no other way to reach Ida Dsn" in page

    # Words for people, in Portuguese.
    text = house.sends("Rui Texto", "rui@texto.zz")
    ours = house.sent(text)["Message-ID"]
    words = (
        "A sua mensagem não pôde ser entregue aos seguintes destinatários:\n\n"
        "  rui@texto.zz\n  550 5.1.1 Utilizador desconhecido\n\n"
        f"---- Cópia da mensagem ----\nMessage-ID: {ours}\nTo: rui@texto.zz\n"
    )
    postmaster = "Postmaster <postmaster@texto.zz>"
    row = house.comes(answer(words, who=postmaster, subject="Mensagem não entregue"))
    assert row.kind is MailKind.BOUNCE_PERMANENT
    assert house.letter(text).state is State.BOUNCED
    assert house.contact("rui@texto.zz").state is ContactState.BOUNCING

    # A mailbox that is full: nothing is wrong with the address.
    full = house.sends("Eva Voll", "eva@voll.zz")
    row = house.comes(report(house, full, "5.2.2", "552 5.2.2 mailbox full", who="eva@voll.zz"))
    assert row.kind is MailKind.BOUNCE_TEMPORARY
    assert house.letter(full).state is State.SENT
    assert house.contact("eva@voll.zz").state is ContactState.OK

    # A warning changes nothing; four days later they give up.
    late = house.sends("Leo Late", "leo@late.zz")
    house.comes(
        report(house, late, "4.4.1", "450 4.4.1 still trying", who="leo@late.zz", was="delayed")
    )
    assert house.letter(late).state is State.SENT
    assert house.contact("leo@late.zz").state is ContactState.OK
    house.at(house.now + dt.timedelta(days=4))
    row = house.comes(report(house, late, "5.4.7", "554 5.4.7 gave up", who="leo@late.zz"))
    assert row.state is InboxState.FILED
    assert "gave up" in browser.get("replies.thread", office_id=house.letter(late).office_id)
    # Their server could not be reached; that says nothing against the address.
    assert row.kind is MailKind.BOUNCE_TEMPORARY
    assert house.letter(late).state is State.SENT
    assert house.contact("leo@late.zz").state is ContactState.OK
    assert house.letter(late).answered_on is None

    # They forward to somebody's private box, and that one is dead: ours is not.
    copy = house.sends("Ana Forwards", "ana@forwards.zz")
    row = house.comes(report(house, copy, "5.1.1", "550 5.1.1 no such user", who="old@private.zz"))
    assert row.state is InboxState.FILED
    assert house.letter(copy).state is State.SENT
    assert house.contact("ana@forwards.zz").state is ContactState.OK
    assert house.letter(copy).answered_on is None


def test_scenario_35_the_next_way_from_the_bounce_to_the_post(house, sam, olga, database) -> None:
    with database.writing() as session:
        target = make.target(session, name="Ida Example", address="ida@house.zz")
        person = session.get_one(make.Person, 1)
        make.contact(session, person, kind=ContactKind.POSTAL, value="1 Street\n1000 Town")
    returned = house.sends("Ida Example", "ida@house.zz", target=target)
    house.comes(report(house, returned, "5.1.1", "550 5.1.1 unknown", who="ida@house.zz"))
    browser = Browser(sam)
    browser.get("replies.inbox")
    page = browser.press("Write by post")
    again = int(page.url.rpartition("/")[2])
    assert house.letter(again).address == "1 Street\n1000 Town"
    browser.press("Submit for approval")
    organiser = Browser(olga)
    organiser.get("letters.letter", letter_id=again)
    assert "approval" in organiser.press("Approve")
    house.tick()
    # By post it goes by hand: a task says so, and nothing goes to the dead address.
    assert "Print and post: Ida Example" in browser.get("replies.inbox")
    assert len(house.server.taken) == 1


def test_scenario_35_refused_at_their_door(house, sam, database) -> None:
    with database.writing() as session:
        target = make.target(session, name="Ida Example", address="ida@house.zz")
        person = session.get_one(make.Person, 1)
        make.contact(session, person, kind=ContactKind.FORM, value="https://house.zz/write")
    house.server.says = {"RCPT": b"550 5.1.1 nobody of this name"}
    refused = house.sends("Ida Example", "ida@house.zz", ends=State.FAILED, target=target)
    assert house.contact("ida@house.zz").state is ContactState.BOUNCING
    browser = Browser(sam)
    for where, values in (("replies.inbox", {}), ("letters.letter", {"letter_id": refused})):
        assert "https://house.zz/write" in browser.get(where, **values), where
    page = browser.press("Write by their form")
    assert "A draft for the next way" in page
    assert house.letter(refused).state is State.WITHDRAWN


def test_scenario_37_the_same_mail_twice(house, sam, database, servers, app) -> None:
    letter = house.sends("Ida Example", "ida@office.zz")
    message = answer("Yes.", to=house.sent(letter)["Reply-To"])
    raw = message.as_bytes(policy=SMTP)
    with imap_line(servers) as line:
        if line.select("INBOX")[1] != [b"0"]:
            line.store("1:*", "+FLAGS", r"\Deleted")
            line.expunge()
    with database.writing() as session:
        campaign = session.get_one(make.Campaign, house.campaign_id)
        values = mailboxes.MailboxValues(
            *("Answers", "127.0.0.1", servers.imap, Security.NONE, "reader@office.example"),
            servers.password,
        )
        ada = make.ada(session, campaign)
        how = {"vault": house.vault, "by": ada, "now": house.now}
        box = mailboxes.save_mailbox(session, campaign, None, values, **how).id

    def look() -> None:
        house.at(house.now + dt.timedelta(minutes=2))
        found = fetching.fetch_due(database, house.vault, now=lambda: house.now)
        assert found[box].trouble is None

    put(servers, raw)
    look()
    # Fetched again, with its numbers forgotten, from another folder, and by every other way.
    look()
    folder = servers.folder / "mail" / "Maildir"
    for index in (folder / "dovecot-uidlist", *folder.glob("dovecot.index*")):
        index.unlink(missing_ok=True)
    look()
    put(servers, raw, folder="Moved")
    with database.writing() as session:
        session.get_one(Mailbox, box).folder = "Moved"
    look()
    house.comes(b"Received: from elsewhere by here\r\nX-Spam: no\r\n" + raw)
    sam.send("/inbox/mail/add", {"pasted": raw.decode()})
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Arrival)) == 4
        assert session.scalars(sa.select(Original.raw)).all() == [raw]
    assert house.count(Incoming) == 1
    page = sam.get("/inbox/mail?show=filed").text
    assert page.count('href="/inbox/mail/1"') == 1
    office = house.letter(letter).office_id
    thread = Browser(sam).get("replies.thread", office_id=office)
    assert thread.words.count("A message came in") == 1


def odd_messages(to: str) -> dict[str, bytes]:
    """What breaks readers of mail, each to the tagged address `to`."""

    def head(kind: str, name: str) -> bytes:
        return (
            f"From: Ida <ida@office.zz>\r\nTo: {to}\r\nSubject: {name}\r\n"
            f"Message-ID: <{name}@office.zz>\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n"
        ).encode()

    winmail = answer("Shown beside it.", to=to, subject="winmail")
    winmail.add_attachment(
        b"\x78\x9f\x3e\x22\x01\x00garbage",
        maintype="application",
        subtype="ms-tnef",
        filename="winmail.dat",
    )
    large = answer("See the file.", to=to, subject="large")
    large.add_attachment(
        b"%PDF-1.7\n" + b"0123456789abcde\n" * 1_966_080,
        maintype="application",
        subtype="pdf",
        filename="study.pdf",
    )
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "Ida <ida@office.zz>", "inner"
    inner.set_content("The words within.")
    nested = answer("See below.", to=to, subject="nested")
    nested.add_attachment(inner)
    html = head("text/html; charset=utf-8", "html") + b"\r\n<p>Only <b>laid out</b></p>\r\n"
    none = head('application/pdf; name="a.pdf"', "none") + b"\r\n%PDF-1.7\r\n"
    cyrillic = "Дякуємо за ваш лист. Ми порушимо це питання.".encode("windows-1251")
    wrong = head("text/plain; charset=iso-8859-1", "wrong") + b"\r\n" + cyrillic + b"\r\n"
    zeros = head("text/plain; charset=utf-8", "zeros") + b"\r\nYes\x00 to\x00 it.\r\n\x00\x00"
    return {
        "winmail": winmail.as_bytes(policy=SMTP),
        "large": large.as_bytes(policy=SMTP),
        "nested": nested.as_bytes(policy=SMTP),
        "html": html,
        "none": none,
        "wrong": wrong,
        "zeros": zeros,
    }


SHOWN = {
    "winmail": "Shown beside it.",
    "large": "See the file.",
    "nested": "The words within.",
    "html": "Only laid out",
    "none": "a.pdf",
    "wrong": "Дякуємо за ваш лист. Ми порушимо це питання.",
    "zeros": "Yes to it.",
}


def test_scenario_38_what_breaks_readers(house, sam, database) -> None:
    letter = house.sends("Ida Example", "ida@office.zz")
    to = house.sent(letter)["Reply-To"]
    browser = Browser(sam)
    for name, raw in odd_messages(to).items():
        row = house.comes(raw)
        # Kept as it came, on its letter, shown as well as it goes; nothing holds up what follows.
        assert sam.get(f"/inbox/mail/{row.id}/original").data == raw, name
        assert row.state is InboxState.FILED, name
        page = browser.get("incoming.message", incoming_id=row.id)
        assert SHOWN[name] in page, name
        assert browser.get("desk.read", incoming_id=row.id).status == 200
    row = house.comes(answer("And a plain one.", to=to))
    assert row.state is InboxState.FILED
    with database.reading() as session:
        stuck = sa.select(Incoming.id).where(
            Incoming.state.in_((InboxState.NEW, InboxState.READ, InboxState.UNREADABLE))
        )
        assert session.scalars(stuck).all() == []
    assert house.count(Incoming) == len(SHOWN) + 1


def test_scenario_39_phishing_in_a_minister_s_name(house, sam, vera, olga, database) -> None:
    letter = house.sends("Minister Example", "minister@interior.zz")
    with database.writing() as session:
        campaign = session.get_one(make.Campaign, house.campaign_id)
        values = mailboxes.MailboxValues(
            *("Answers", "127.0.0.1", 1, Security.NONE, "answers"), checked_by="mx.campaign.zz"
        )
        how = {"vault": house.vault, "by": make.ada(session, campaign), "now": house.now}
        mailboxes.save_mailbox(session, campaign, None, values, **how).enabled = False
    message = answer(
        "Please open the attached question.",
        to=house.sent(letter)["Reply-To"],
        who="Minister Example <minister@interior.zz>",
        Authentication_Results="mx.campaign.zz; dmarc=fail header.from=interior.zz; spf=fail",
    )
    message.add_attachment(
        b"PK\x03\x04macro",
        maintype="application",
        subtype="vnd.ms-word.document.macroEnabled.12",
        filename="question.docm",
    )
    row = house.comes(message)
    assert row.warned
    browser = Browser(sam)
    page = browser.get("incoming.message", incoming_id=row.id)
    assert "Our mail server checked the sender (DMARC): fail." in page
    assert "A file in it can do harm when it is opened: question.docm." in page
    assert "take care" in browser.get("incoming.messages", show="filed")
    # The file is saved under a name of ours, never opened in the browser.
    file = sam.get(f"/inbox/mail/{row.id}/files/1")
    assert file.headers["Content-Type"] == "application/octet-stream"
    assert file.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "docm" not in file.headers["Content-Disposition"]
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in file.headers["Content-Security-Policy"]
    # It is no reply until a person says so; a volunteer is not offered it.
    assert house.letter(letter).answered_on is None and house.count(Reply) == 0
    assert "0 Answers by a person" in browser.get("overview.board")
    assert "Nothing waits for you." in vera.send("/inbox/next", follow_redirects=True).text
    assert vera.get(f"/inbox/mail/{row.id}").status_code == 404
    browser.get("replies.inbox")
    page = browser.press("Next")
    assert "It counts as no answer until you say here what it is." in page
    browser.press("File and next", kind="suspicious", signed_by="member")
    # From then on it is for organisers.
    assert sam.get(f"/inbox/mail/{row.id}").status_code == 404
    assert olga.get(f"/inbox/mail/{row.id}").status_code == 200
