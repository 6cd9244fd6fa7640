"""Answers off e-mail, with scans and promised days; translations beside the original."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import sqlalchemy as sa

from outreach.accounts.models import TaskKind
from outreach.petitions.models import Promise
from outreach.replies.deskwork import desk
from outreach.replies.mail import parsing
from outreach.replies.models import InboxState, Incoming, Reply, ReplyChannel
from outreach.replies.receiving import inbox
from tests.browser import Browser
from tests.web.desk_world import sent_letter

PDF = b"%PDF-1.7\n<script>alert(1)</script>"


@pytest.fixture
def letter(database, campaign) -> int:
    return sent_letter(database, campaign, "Jānis Ozoliņš", "7K4-Q2M")


def log(client, letter: int, **said):
    client.send(f"/letters/{letter}/answers/take")
    values = {
        "channel": "phone",
        "received_on": "2026-03-03",
        "text": "They will answer.",
        "kind": "holding",
        "stance": "",
        "signed_by": "staff",
    }
    return client.send(
        f"/letters/{letter}/answers/new", values | said, content_type="multipart/form-data"
    )


def the_reply(database) -> Reply:
    with database.reading() as session:
        reply = session.scalars(sa.select(Reply)).one()
        session.expunge(reply)
        return reply


def test_a_call_with_a_promise_is_on_the_organisers_list_on_its_day(
    vera, database, campaign, people, letter
) -> None:
    assert log(vera, letter, due_on="2026-05-15").status_code == 303
    assert the_reply(database).channel is ReplyChannel.PHONE
    with database.reading() as session:
        assert session.scalars(sa.select(Promise.due_on)).one() == dt.date(2026, 5, 15)

        def due(day: dt.date) -> list[TaskKind]:
            mine, free = desk.open_tasks(session, campaign, by=people["olga"], today=day)
            return [one.kind for one in [*mine, *free] if one.due_on and one.due_on <= day]

        assert TaskKind.KEEP_PROMISE in due(dt.date(2026, 5, 15))


def test_a_scan_is_kept_as_it_is_and_never_shown(vera, sam, database, letter) -> None:
    answer = log(vera, letter, channel="post", scan=(io.BytesIO(PDF), "../../answer.pdf"))
    assert answer.status_code == 303
    number = the_reply(database).incoming_id
    with database.reading() as session:
        row = session.get_one(Incoming, number)
        assert row.state is InboxState.FILED
        (file,) = parsing.read(inbox.original(session, row.id)).attachments
        assert file.data() == PDF
    assert "The original, with its files" in Browser(sam).get("replies.reply", reply_id=1)
    got = sam.get(f"/inbox/mail/{number}/files/1")
    assert got.data == PDF
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.headers["Content-Type"] == "application/octet-stream"


def test_what_is_no_scan_is_refused_and_nothing_is_filed(vera, database, letter) -> None:
    answer = log(vera, letter, channel="post", scan=(io.BytesIO(b"MZ\x90"), "answer.pdf"))
    assert answer.status_code == 422
    assert "A scan is a PDF, a JPEG or a PNG." in answer.text
    with database.reading() as session:
        assert session.scalars(sa.select(Reply)).all() == []
        assert session.scalars(sa.select(Incoming)).all() == []


def test_a_translation_stands_beside_the_original_with_its_maker(
    vera, sam, database, letter
) -> None:
    log(vera, letter, text="Es atbalstu.", translation="I support it.", kind="acknowledgement")
    assert (the_reply(database).translation, the_reply(database).translated_by) == (
        "I support it.",
        "Vera",
    )
    browser = Browser(sam)
    page = browser.get("replies.reply", reply_id=1)
    assert "Es atbalstu." in page
    assert "Working translation by Vera. What counts is the original." in page
    page = browser.press(
        "Keep the translation",
        translation="I do support it.",
        translated_by="Example Translator",
        by_machine="y",
    )
    assert "Working translation by Example Translator, a machine." in page
    assert "Es atbalstu." in page
    wrong = sam.send("/answers/1/translation", {"translation": "x", "by_machine": "y"})
    assert wrong.status_code == 422
    assert the_reply(database).text == "Es atbalstu."
    browser.get("replies.reply", reply_id=1)
    browser.press("Keep the translation", translation="")
    assert the_reply(database).translation is None


def test_somebody_elses_answer_is_not_a_volunteers_to_translate(
    vera, sam, database, campaign, letter
) -> None:
    log(sam, letter)
    assert vera.send("/answers/1/translation", {"translation": "x"}).status_code == 404
