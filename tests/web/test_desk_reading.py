"""Reading at the desk: claimed by one, filed from the message, passed on, asked about."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts.models import Event, Role, Task, TaskKind
from outreach.database import Database
from outreach.letters.models import Letter
from outreach.petitions.models import Position, Promise, Stance
from outreach.replies.deskwork import queue
from outreach.replies.models import InboxState, Incoming, Reply, ReplyChannel, ReplyKind
from tests import make
from tests.browser import Browser
from tests.web.desk_world import arrives, incoming, mail, sent_letter

WORDS = "Dear friends,\n\nI will table the question. Code 7K4-Q2M.\n\nMr Ozoliņš"


@pytest.fixture
def letter(database, campaign) -> int:
    return sent_letter(database, campaign, "Jānis Ozoliņš", "7K4-Q2M")


@pytest.fixture
def message(database, campaign, letter) -> int:
    """A message that its code has filed and that nobody has read."""
    return arrives(database, campaign, mail(WORDS))


@pytest.fixture
def viktor(database, campaign, app):
    with database.writing() as session:
        actor = make.user(session, "Viktor", campaign, Role.VOLUNTEER)
    client = app.test_client()
    with database.reading() as session:
        client.sign_in(app, session.get_one(make.User, actor.user_id))
    return client


def open_task(database: Database, kind: TaskKind = TaskKind.READ_REPLY) -> Task:
    with database.reading() as session:
        wanted = sa.select(Task).where(Task.kind == kind, Task.done_at.is_(None))
        task = session.scalars(wanted.order_by(Task.id)).one()
        session.expunge(task)
        return task


def the_letter(database: Database, number: int) -> Letter:
    with database.reading() as session:
        row = session.get_one(Letter, number)
        session.expunge(row)
        return row


def test_next_opens_a_message_and_what_it_says_is_filed(vera, database, letter, message) -> None:
    assert the_letter(database, letter).unread_since is not None
    browser = Browser(vera)
    browser.get("replies.inbox")
    page = browser.press("Next")
    assert page.heading == "What does Jānis Ozoliņš say?"
    assert "I will table the question." in page
    assert "Please ask" not in page
    done = browser.press(
        "File and next",
        kind="supportive",
        stance="support",
        quote="I will table the question.",
        promise="Tables a question",
        due_on="2026-05-15",
    )
    assert "Filed: Yes, they support it." in done
    with database.reading() as session:
        reply = session.scalars(sa.select(Reply)).one()
        assert (reply.incoming_id, reply.channel) == (message, ReplyChannel.EMAIL)
        assert reply.received_on == make.NOW.astimezone(dt.UTC).date()
        assert "I will table the question." in reply.text
        assert session.scalars(sa.select(Stance.position)).one() is Position.SUPPORT
        assert session.scalars(sa.select(Promise.due_on)).one() == dt.date(2026, 5, 15)
        looked = sa.select(Event).where(Event.name == "looked_at", Event.subject_kind == "incoming")
        assert [one.by for one in session.scalars(looked)] == ["Vera"]
        kept = session.get_one(Letter, letter)
        assert (kept.unread_since, kept.last_reply_kind) == (None, "supportive")
    # Read once, it is nobody's to read again.
    assert vera.get(f"/inbox/mail/{message}/read").location == "/inbox"


def test_what_is_wrong_is_said_and_the_sentence_stays_marked(vera, message) -> None:
    browser = Browser(vera)
    browser.get("replies.inbox")
    browser.press("Next")
    page = browser.press(
        "File and next", status=422, kind="supportive", stance="support", quote="No such words"
    )
    assert "Copy it word for word" in page
    answer = vera.send(page.url, {"kind": "", "quote": "I will table the question"})
    assert answer.status_code == 422
    assert "<mark>I will table the question</mark>" in answer.text


def test_the_second_who_takes_it_hears_who_is_on_it(vera, viktor, database, message) -> None:
    vera.send("/inbox/next")
    refused = viktor.send(f"/inbox/mail/{message}/take")
    assert refused.status_code == 409
    assert "Vera is on this since" in refused.text
    assert viktor.get(f"/inbox/mail/{message}/read").status_code == 404
    assert viktor.get(f"/inbox/mail/{message}").status_code == 404
    # Next gives the other one nothing: the only thing is taken.
    first = open_task(database).owner_id
    viktor.send("/inbox/next")
    assert "Nothing waits for you." in Browser(viktor).get("replies.inbox")
    assert open_task(database).owner_id == first


def test_a_claim_ends_after_some_hours(vera, viktor, database, app_at, message) -> None:
    vera.send("/inbox/next")
    first = open_task(database).owner_id
    app_at(make.NOW + dt.timedelta(hours=3, minutes=59))
    viktor.send("/inbox/next")
    assert open_task(database).owner_id == first
    assert queue.end_claims(database, now=make.NOW + dt.timedelta(hours=3)) == 0
    app_at(make.NOW + queue.CLAIM)
    assert queue.end_claims(database, now=make.NOW + queue.CLAIM) == 1
    viktor.send("/inbox/next")
    assert open_task(database).owner_id not in (None, first)
    with database.reading() as session:
        names = session.scalars(sa.select(Event.name).where(Event.subject_kind == "task")).all()
        assert "claim_ended" in names


def test_what_is_skipped_comes_later(vera, database, campaign, message) -> None:
    other = arrives(database, campaign, mail(WORDS + " Again."))
    browser = Browser(vera)
    browser.get("replies.inbox")
    first = browser.press("Next")
    second = browser.press("Skip: it comes later")
    assert {first.url, second.url} == {f"/inbox/mail/{one}/read" for one in (message, other)}
    with database.reading() as session:
        owners = session.scalars(
            sa.select(Task.owner_id).where(Task.kind == TaskKind.READ_REPLY).order_by(Task.id)
        ).all()
        assert owners[0] is None
        assert owners[1] is not None
    assert browser.press("Skip: it comes later").url == first.url


def test_filing_one_opens_the_next_and_the_first_is_still_undone(
    vera, database, campaign, message
) -> None:
    other = arrives(database, campaign, mail(WORDS + " Again."))
    browser = Browser(vera)
    browser.get("replies.inbox")
    assert browser.press("Next").url == f"/inbox/mail/{message}/read"
    page = browser.press("File and next", kind="opposed")
    assert page.url.partition("?")[0] == f"/inbox/mail/{other}/read"
    assert "Filed: No, they refuse." in page
    # What is corrected is the message that was read: it counts once and is nobody else's to read.
    page = browser.press("Undo")
    assert page.url.partition("?")[0] == f"/inbox/mail/{message}/read"
    assert "Undone: the answer counts nowhere." in page
    browser.press("File and next", kind="supportive", stance="")
    with database.reading() as session:
        counts = sa.select(Reply).where(Reply.undone_at.is_(None))
        assert [(it.incoming_id, it.kind) for it in session.scalars(counts)] == [
            (message, ReplyKind.SUPPORTIVE)
        ]
        logging = sa.select(Task.id).where(Task.kind == TaskKind.LOG_ANSWER)
        assert session.scalars(logging).all() == []


def test_what_one_holds_for_longer_does_not_bar_the_way(sam, database, campaign, message) -> None:
    with database.writing() as session:
        number = make.task(session, campaign, subject=("desk", 1), title="Call them on Friday").id
    sam.send(f"/tasks/{number}/take")
    browser = Browser(sam)
    assert "Call them on Friday" in browser.get("replies.inbox")
    assert browser.press("Next").url == f"/inbox/mail/{message}/read"
    # What is half read is gone on with.
    browser.get("replies.inbox")
    assert browser.press("Next").url == f"/inbox/mail/{message}/read"


def test_what_one_asked_about_waits_behind_what_is_free(
    vera, olga, database, campaign, message
) -> None:
    other = arrives(database, campaign, mail(WORDS + " Again."))
    browser = Browser(vera)
    browser.get("replies.inbox")
    first = browser.press("Next").url
    browser.press("Send the question", words="Is this support?")
    browser.get("replies.inbox")
    assert browser.press("Next").url == f"/inbox/mail/{other}/read"
    question = open_task(database, TaskKind.OTHER)
    olga.send(f"/inbox/tasks/{question.id}/answer", {"words": "Yes."})
    browser.get("replies.inbox")
    assert browser.press("Next").url == first


def test_hostile_suspicious_and_confidential_mail_is_an_organisers(
    vera, sam, olga, database, campaign, people, letter
) -> None:
    doubtful = arrives(database, campaign, mail(WORDS, Reply_To="x@elsewhere.example"))
    assert incoming(database, doubtful).warned
    vera.send("/inbox/next")
    assert open_task(database).owner_id is None
    assert vera.send(f"/inbox/mail/{doubtful}/take").status_code == 403
    # It counts as no answer before somebody says so; it is shown with the warning.
    assert the_letter(database, letter).answered_on is None
    browser = Browser(sam)
    browser.get("replies.inbox")
    page = browser.press("Next")
    assert "It counts as no answer until you say here what it is." in page
    browser.press("File and next", kind="suspicious", signed_by="staff")
    with database.reading() as session:
        assert session.get_one(Incoming, doubtful).confidential
    assert sam.get(f"/inbox/mail/{doubtful}").status_code == 404
    assert olga.get(f"/inbox/mail/{doubtful}").status_code == 200
    assert open_task(database).subject_kind == "reply"
    assert sam.send(f"/tasks/{open_task(database).id}/take").status_code == 403


def test_an_absence_that_was_a_real_answer_is_flipped_and_read(
    sam, vera, database, campaign, letter
) -> None:
    raw = mail(
        "I am out of the office until 8 March. I support it. 7K4-Q2M",
        Auto_Submitted="auto-replied",
        subject="Out of office",
    )
    number = arrives(database, campaign, raw)
    assert the_letter(database, letter).parked_until is not None
    assert vera.send(f"/inbox/mail/{number}/real").status_code == 403
    browser = Browser(sam)
    browser.get("incoming.message", incoming_id=number)
    page = browser.press("It was a real answer")
    assert page.heading == "What does Jānis Ozoliņš say?"
    assert the_letter(database, letter).parked_until is None
    assert the_letter(database, letter).unread_since is not None
    browser.press("File and next", kind="supportive", stance="support", quote="I support it.")
    assert the_letter(database, letter).last_reply_kind == "supportive"
    with database.reading() as session:
        kinds = session.execute(sa.select(Reply.kind, Reply.undone_at.is_(None))).all()
        assert [tuple(one) for one in kinds] == [
            (ReplyKind.OUT_OF_OFFICE, False),
            (ReplyKind.SUPPORTIVE, True),
        ]
    assert "It was a real answer" not in Browser(sam).get("incoming.message", incoming_id=number)
    assert sam.send(f"/inbox/mail/{number}/real").status_code == 409


def test_whoever_reads_it_may_send_it_back(vera, database, letter, message) -> None:
    assert vera.send(f"/inbox/mail/{message}/not-theirs").status_code == 404
    browser = Browser(vera)
    browser.get("replies.inbox")
    browser.press("Next")
    browser.press("It is no answer to this letter")
    assert incoming(database, message).state is InboxState.UNMATCHED
    assert the_letter(database, letter).unread_since is None


def test_a_task_is_handed_over_to_who_may_do_it(
    vera, viktor, database, campaign, people, message
) -> None:
    browser = Browser(vera)
    browser.get("replies.inbox")
    browser.press("Next")
    with database.reading() as session:
        other = session.scalars(sa.select(make.User.id).where(make.User.name == "Viktor")).one()
    page = browser.press("Hand it over", person=str(other))
    assert "Viktor has it now." in page
    assert open_task(database).owner_id == other
    assert viktor.get(f"/inbox/mail/{message}/read").status_code == 200
    assert vera.get(f"/inbox/mail/{message}/read").status_code == 404
    task = open_task(database).id
    assert vera.send(f"/inbox/tasks/{task}/hand-over", {"person": str(other)}).status_code == 409
    assert viktor.send(f"/inbox/tasks/{task}/hand-over", {"person": "99"}).status_code == 422


def test_an_organiser_is_asked_and_answers(vera, viktor, sam, olga, database, message) -> None:
    browser = Browser(vera)
    browser.get("replies.inbox")
    browser.press("Next")
    page = browser.press("Send the question", words="Is this support?")
    assert "Vera asks: Is this support?" in page
    assert "Nobody has answered yet." in page
    question = open_task(database, TaskKind.OTHER)
    assert sam.send(f"/tasks/{question.id}/take").status_code == 403
    assert vera.send(f"/inbox/tasks/{question.id}/answer", {"words": "x"}).status_code == 403
    olgas = Browser(olga)
    olga.send(f"/tasks/{question.id}/take")
    assert "Vera asks: Is this support?" in olgas.get("replies.inbox")
    olgas.press("Answer the question", words="Only with a date.")
    assert "Olga answers: Only with a date." in browser.get("desk.read", incoming_id=message)
    assert viktor.send(f"/inbox/tasks/{question.id - 1}/ask", {"words": "x"}).status_code == 403
