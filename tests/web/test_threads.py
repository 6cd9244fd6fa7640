"""A correspondence in a browser: read it, note something, answer it, take it along."""

from __future__ import annotations

import io
import zipfile

import pytest
import sqlalchemy as sa

from outreach.accounts import audit
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Template
from outreach.petitions.models import Objection
from outreach.replies.consequences.filing import log_answer
from outreach.replies.models import Reply, ReplyChannel, ReplyKind, SignedBy, ThreadNote
from tests import make
from tests.browser import Browser
from tests.judge import words_of


@pytest.fixture
def letter(database, campaign) -> Letter:
    with database.writing() as session:
        session.add(
            Objection(campaign_id=campaign.id, code="O1", says="It is done.", answer="It is not.")
        )
        for kind in (LetterKind.ANSWER, LetterKind.THANKS):
            made = make._keep(
                session,
                Template(
                    campaign_id=campaign.id,
                    slug=kind.value,
                    name=kind.value,
                    kind=kind,
                    roles=["member_lower"],
                    asks=[],
                ),
            )
            make.template_version(session, campaign, template=made, body="Thank you for writing.")
        return make.letter(session, campaign, state=State.SENT, code="7K4-Q2M")


@pytest.fixture
def reply_id(database, letter, people, now) -> int:
    with database.writing() as session:
        return log_answer(
            session,
            letters=[session.get_one(Letter, letter.id)],
            by=people["vera"],
            now=now,
            channel=ReplyChannel.PHONE,
            received_on=now.date(),
            text="She said it is done already.",
            kind=ReplyKind.NONCOMMITTAL,
            signed_by=SignedBy.STAFF,
        ).id


def test_an_answer_is_drafted_with_one_press(database, sam, letter, reply_id) -> None:
    browser = Browser(sam)
    page = browser.get("replies.thread", office_id=letter.office_id)
    assert "She said it is done already." in page and "Draft an answer" in page
    sam.send(f"/answers/{reply_id}/draft", {"kind": "answer", "objection": "O1"})
    sam.send(f"/answers/{reply_id}/draft", {"kind": "thanks"})
    with database.reading() as session:
        (made,) = session.scalars(sa.select(Letter).where(Letter.follows_id == letter.id)).all()
        assert (made.kind, made.subject) == (LetterKind.ANSWER, "Re: A question")
        assert "It is not." in made.text
    page = browser.get("replies.reply", reply_id=reply_id)
    assert "An answer is under way" in page and "Draft thanks" not in page


def test_a_volunteer_drafts_nothing_and_reads_no_thread(vera, letter, reply_id) -> None:
    assert vera.send(f"/answers/{reply_id}/draft", {"kind": "answer"}).status_code == 403
    assert vera.send(f"/desks/{letter.office_id}/notes", {"text": "x"}).status_code == 403
    assert vera.get(f"/desks/{letter.office_id}").status_code == 403
    assert "Draft an answer" not in Browser(vera).get("replies.reply", reply_id=reply_id)


def test_the_words_of_letters_and_long_answers_are_whole_on_paper(
    database, sam, letter, reply_id, people, now
) -> None:
    long = "She said it is done. " * 60 + "That was the end of it."
    with database.writing() as session:
        session.get_one(Reply, reply_id).text = long
        audit.record(
            session,
            subject=("letter", letter.id),
            name="deliver",
            by=people["sam"],
            now=now,
            campaign_id=letter.campaign_id,
        )
    page = Browser(sam).get("replies.thread", office_id=letter.office_id)
    printed = [
        words_of(it) for it in page.page.elements("p") if "d-print-block" in it.get("class", "")
    ]
    assert [" ".join(it.split()) for it in printed] == [" ".join(letter.text.split()), long]


def test_a_note_stands_in_the_thread(database, sam, letter, reply_id) -> None:
    sam.send(f"/desks/{letter.office_id}/notes", {"text": "Call on <Monday>"})
    assert "Call on <Monday>" in Browser(sam).get("replies.thread", office_id=letter.office_id)
    assert sam.send("/desks/9999/notes", {"text": "x"}).status_code == 404
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ThreadNote)) == 1


def test_only_an_organiser_takes_it_along(olga, sam, letter, reply_id) -> None:
    assert sam.send(f"/desks/{letter.office_id}/export").status_code == 403
    answer = olga.send(f"/desks/{letter.office_id}/export")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        assert packed.namelist() == ["index.csv"]
        assert "She said it is done" in packed.read("index.csv").decode("utf-8-sig")
    answer.close()


def test_what_was_said_is_found_and_marked(sam, vera, letter, reply_id) -> None:
    page = Browser(sam).get("searching.search", q="DONE already")
    assert "<mark>done</mark> <mark>already</mark>" in page.page.html
    assert "Nothing you may read" in Browser(sam).get("searching.search", q="<zq>")
    # Her own answer; our letter only with a task of hers.
    assert "1 place" in Browser(vera).get("searching.search", q="done")
    assert "Nothing you may read" in Browser(vera).get("searching.search", q="government")
    assert "1 place" in Browser(sam).get("searching.search", q="government")


def test_what_was_passed_on_is_written_to_again(database, campaign, sam, people, letter, now):
    with database.writing() as session:
        make.ask(session, campaign, roles=["ministry"], code="DM")
        version = make.template_version(session, campaign, body="First.\n\nSecond.")
        template = session.get_one(Template, version.template_id)
        template.roles, template.asks = ["ministry"], ["DM"]
        ministry = make.target(session, name="Ministry of the Interior", role="ministry")
        reply = log_answer(
            session,
            letters=[session.get_one(Letter, letter.id)],
            by=people["sam"],
            now=now,
            channel=ReplyChannel.POST,
            received_on=now.date(),
            text="Forwarded to the Ministry of the Interior.",
            kind=ReplyKind.REFERRAL,
            signed_by=SignedBy.UNIT,
        )
    browser = Browser(sam)
    assert "Find the new desk" in browser.get("replies.reply", reply_id=reply.id)
    page = browser.get("threads.passed_on", reply_id=reply.id)
    assert "Ministry of the Interior" in page and "Write there" in page
    sam.send(f"/answers/{reply.id}/passed-on", {"target": ministry.id})
    assert "written already" in browser.get("threads.passed_on", reply_id=reply.id)
    again = sam.send(f"/answers/{reply.id}/passed-on", {"target": ministry.id})
    assert again.status_code == 303
    assert sam.send(f"/answers/{reply.id}/passed-on", {"target": 9999}).status_code == 404
