"""The inbox in a browser: tasks, finding a letter, logging and undoing an answer."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from outreach.accounts import tasks
from outreach.accounts.models import Event, Task, TaskKind
from outreach.directory.spelling import search_key
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.petitions.models import Position, Promise, Stance
from outreach.replies.consequences.filing import log_answer
from outreach.replies.models import Reply, ReplyChannel, ReplyKind, SignedBy
from tests import make
from tests.browser import Browser

TEXT = "Dear friends,\n\nI will table\nthe question. I support it."


@pytest.fixture
def letter(database, campaign, people) -> Letter:
    with database.writing() as session:
        make.jurisdiction(session, "LV", name="Latvia")
        target = make.target(session, name="Jānis Ozoliņš", jurisdiction_code="LV")
        target.search_key = search_key(target.name)
        return make.letter(session, campaign, state=State.SENT, target=target, code="7K4-Q2M")


@pytest.fixture
def log(database, letter, people, now):
    """Log an answer of somebody."""

    def write(name: str = "vera", **values):
        with database.writing() as session:
            values = {
                "channel": ReplyChannel.EMAIL,
                "received_on": now.date(),
                "text": TEXT,
                "kind": ReplyKind.ACKNOWLEDGEMENT,
                "signed_by": SignedBy.STAFF,
            } | values
            return log_answer(
                session,
                letters=[session.get_one(Letter, letter.id)],
                by=people[name],
                now=now,
                **values,
            ).id

    return write


@pytest.fixture
def open_task(database, campaign, people, now):
    def write(kind: TaskKind, subject: tuple[str, int], title: str, due_on=None) -> int:
        with database.writing() as session:
            return tasks.open_task(
                session,
                campaign_id=campaign.id,
                kind=kind,
                subject=subject,
                title=title,
                due_on=due_on,
                rehearsal=True,
                now=now,
                by=people["sam"],
            ).id

    return write


def test_an_empty_desk_says_what_to_do(vera) -> None:
    page = Browser(vera).get("replies.inbox")
    assert page.heading == "What did they answer?"
    assert "find the letter above and log it" in page


@pytest.mark.parametrize("typed", ["ozolins", "Latvia", "7k4q2m", "1K4-O2M"])
def test_a_volunteer_finds_takes_and_logs_in_four_steps(vera, database, letter, now, typed) -> None:
    browser = Browser(vera)
    browser.get("replies.inbox")
    found = browser.press("Find the letter", q=typed)
    assert "Jānis Ozoliņš" in found and "Latvia" in found and "7K4-Q2M" in found
    assert "Please ask the government" not in found
    form = browser.press("Log an answer")
    assert form.heading == "What did Jānis Ozoliņš answer?"
    assert "Please ask the government" in form
    page = browser.press(
        "File and next",
        text=TEXT,
        kind="supportive",
        stance="support",
        quote="I will table the question.",
        promise="Tables a question",
        due_on="2026-05-15",
    )
    assert page.heading == "What did they answer?"
    assert "Filed: Yes, they support it." in page
    assert "The letter counts as answered: no reminder follows." in page
    with database.reading() as session:
        reply = session.scalars(sa.select(Reply)).one()
        kept = session.get_one(Letter, letter.id)
        assert (reply.received_on, reply.logged_by) == (now.date(), "Vera")
        assert (kept.answered_on, kept.last_reply_kind) == (now.date(), "supportive")
        assert session.scalars(sa.select(Stance.position)).one() is Position.SUPPORT
        assert session.scalars(sa.select(Promise.due_on)).one() == dt.date(2026, 5, 15)
        assert session.scalars(sa.select(Event).where(Event.name == "looked_at")).one()
        log_tasks = session.scalars(sa.select(Task).where(Task.kind == TaskKind.LOG_ANSWER)).all()
        assert [task.done_at is not None for task in log_tasks] == [True]


def test_nothing_found_says_what_to_try(vera, letter) -> None:
    browser = Browser(vera)
    assert "No letter that left fits" in browser.get("replies.find", q="nobody")
    assert "Nothing to look for yet" in browser.get("replies.find")


def test_a_volunteer_sees_no_text_before_taking(vera, letter) -> None:
    page = Browser(vera).get("replies.log", letter_id=letter.id, status=409)
    assert "take it first" in page


def test_the_second_volunteer_hears_who_is_on_it(vera, app, database, campaign, letter, now):
    with database.writing() as session:
        other = make.user(session, "Viktor", campaign, "volunteer")
    browser = Browser(vera)
    browser.get("replies.find", q="ozol")
    browser.press("Log an answer")
    second = app.test_client()
    with database.reading() as session:
        second.sign_in(app, session.get_one(make.User, other.user_id))
    browser = Browser(second)
    browser.get("replies.find", q="ozol")
    assert "Vera is logging an answer" in browser.press("Log an answer", status=409)


def test_staff_are_told_who_is_on_it(vera, sam, letter) -> None:
    browser = Browser(vera)
    browser.get("replies.find", q="ozol")
    browser.press("Log an answer")
    assert "Vera took this letter" in Browser(sam).get("replies.log", letter_id=letter.id)


def test_what_is_wrong_is_said_at_its_field(sam, letter) -> None:
    browser = Browser(sam)
    browser.get("replies.log", letter_id=letter.id)
    page = browser.press(
        "File and next",
        status=422,
        text=TEXT,
        kind="supportive",
        stance="support",
        quote="I love it",
    )
    assert "Copy it word for word" in page
    page = browser.press("File and next", status=422, quote="", stance="", kind="")
    assert "Choose the kind." in page
    page = browser.press("File and next", status=422, kind="holding", received_on="2026-03-04")
    assert "This day has not come yet" in page
    page = browser.press(
        "File and next", status=422, received_on="2026-03-03", promise="Asks", due_on=""
    )
    assert "By which day?" in page


def test_the_warning_stands_beside_the_note(sam, letter) -> None:
    page = Browser(sam).get("replies.log", letter_id=letter.id)
    assert "names of people in Belarus, anybody's health, anybody's origin" in page


def test_one_answer_to_several_letters(sam, database, campaign, letter) -> None:
    with database.writing() as session:
        target = session.get_one(make.Target, letter.target_id)
        other = make.letter(session, campaign, state=State.SENT, target=target)
    browser = Browser(sam)
    browser.get("replies.log", letter_id=letter.id)
    browser.press("File and next", text=TEXT, kind="holding", also=[str(other.id)])
    with database.reading() as session:
        assert session.get_one(Letter, other.id).answered_on is not None


def test_undo_right_after_filing(vera, database, letter) -> None:
    browser = Browser(vera)
    browser.get("replies.find", q="ozol")
    browser.press("Log an answer")
    browser.press("File and next", text=TEXT, kind="opposed")
    page = browser.press("Undo")
    assert page.heading == "What did Jānis Ozoliņš answer?"
    assert "Undone: the answer counts nowhere." in page
    assert "I support it." in page
    with database.reading() as session:
        assert session.get_one(Letter, letter.id).answered_on is None
    browser.press("File and next", kind="supportive")
    with database.reading() as session:
        assert session.get_one(Letter, letter.id).last_reply_kind == "supportive"


def test_undo_from_its_page(olga, log, database) -> None:
    number = log()
    browser = Browser(olga)
    browser.get("replies.reply", reply_id=number)
    page = browser.press("Undo the answer")
    assert "It counts nowhere." in page


def test_an_old_answer_is_not_undone_by_its_volunteer(vera, log) -> None:
    number = log()
    browser = Browser(vera)
    page = browser.get("replies.reply", reply_id=number)
    assert "Undo this answer" not in page
    browser.get("replies.inbox")
    browser.post(f"/answers/{number}/undo", status=403) if browser.buttons() else None


def test_the_quoted_sentence_is_marked(vera, log) -> None:
    number = log(
        kind=ReplyKind.SUPPORTIVE,
        stance=Position.SUPPORT,
        quote="I will table the question.",
        promise="Tables it",
        due_on=dt.date(2026, 5, 15),
        note="By the secretary",
        link="https://parliament.example/1",
    )
    page = Browser(vera).get("replies.reply", reply_id=number)
    marked = ["".join(it.itertext()) for it in page.page.elements("mark")]
    assert marked == ["I will table\nthe question."]
    assert "Tables it" in page and "15 May 2026" in page


def test_who_sees_an_answer(vera, sam, olga, log) -> None:
    plain, hostile = log("sam"), log("olga", kind=ReplyKind.HOSTILE)
    for client, seen in ((vera, ()), (sam, (plain,)), (olga, (plain, hostile))):
        for number in (plain, hostile):
            status = 200 if number in seen else 404
            Browser(client).get("replies.reply", reply_id=number, status=status)


def test_who_holds_a_task_reads_what_it_is_about(vera, log, database) -> None:
    log("sam", kind=ReplyKind.REFERRAL)
    browser = Browser(vera)
    browser.get("replies.inbox")
    browser.press("Take this task")
    assert "I support it." in browser.follow("Open it")


def test_a_task_is_taken_put_off_and_given_back(vera, open_task, database) -> None:
    open_task(TaskKind.FIND_ADDRESS, ("target", 1), "Find an address of Somebody")
    browser = Browser(vera)
    assert "Find an address of Somebody" in browser.get("replies.inbox")
    browser.press("Take this task")
    assert "The task is free again" in browser.press("Give it back")
    browser.press("Take this task")
    assert "Choose a day that is still to come" in browser.press(
        "Put off until then", until="2026-03-03", status=422
    )
    browser.get("replies.inbox")
    page = browser.press("Put off until then", until="2026-03-10")
    assert "Out of sight until 10 March 2026" in page
    assert "No task waits for you" in page


def test_a_task_is_done(vera, open_task, database) -> None:
    number = open_task(TaskKind.FIND_ADDRESS, ("target", 1), "Find it")
    browser = Browser(vera)
    browser.get("replies.inbox")
    browser.press("Take this task")
    assert "Done: Find it" in browser.press("It is done")
    with database.reading() as session:
        assert session.get_one(Task, number).done_by == "Vera"


def test_the_task_just_taken_is_shown(vera, open_task) -> None:
    for day, title in ((3, "First"), (4, "Second"), (5, "Third")):
        due_on = dt.date(2026, 6, day)
        open_task(TaskKind.FIND_ADDRESS, ("target", day), title, due_on=due_on)
    browser = Browser(vera)
    browser.get("replies.inbox")
    browser.press("Take this task")
    browser.get("replies.inbox", at=3)
    page = browser.press("Take this task")
    assert "Task 2 of 3" in page
    assert page.words.index("Third") < page.words.index("It is done")


def test_a_letter_to_post_is_done_when_it_is_posted(vera, open_task, database, letter) -> None:
    number = open_task(TaskKind.SEND_BY_HAND, ("letter", letter.id), "Print and post it")
    with database.writing() as session:
        session.execute(sa.update(Letter).values(state=State.APPROVED, sent_at=None))
    browser = Browser(vera)
    browser.get("replies.inbox")
    page = browser.press("Take this task")
    assert "record it as posted once it is" in page
    assert "It is done" not in browser.buttons()
    vera.send(f"/tasks/{number}/done")
    with database.reading() as session:
        assert session.get_one(Task, number).done_at is None


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ReplyKind.OBJECTION_DATA, "The letter counts as answered: no reminder follows."),
        (ReplyKind.AUTO_REPLY, "the reminder stays as planned"),
        (ReplyKind.BOUNCE_HARD, "The letter counts as come back. This was rehearsed: no address"),
    ],
)
def test_an_answer_says_what_it_made_of_the_letter(vera, log, kind, words) -> None:
    number = log(kind=kind)
    assert words in Browser(vera).get("replies.reply", reply_id=number)


def test_an_absence_says_until_when_no_reminder_goes(vera, log) -> None:
    number = log(kind=ReplyKind.OUT_OF_OFFICE, back_on=dt.date(2026, 4, 7))
    page = Browser(vera).get("replies.reply", reply_id=number)
    assert "No reminder before 7 April 2026, when they are back." in page


def test_what_became_of_a_promise(sam, log, database) -> None:
    log(kind=ReplyKind.HOLDING, due_on=dt.date(2026, 4, 1))
    browser = Browser(sam)
    browser.get("replies.inbox")
    browser.press("Take this task")
    browser.press("They kept it")
    with database.reading() as session:
        assert session.scalars(sa.select(Promise.state)).one() == "kept"


def test_a_task_is_skipped(vera, open_task) -> None:
    for title in ("First", "Second"):
        open_task(TaskKind.FIND_ADDRESS, ("target", 1), title)
    browser = Browser(vera)
    assert "Task 1 of 2" in browser.get("replies.inbox")
    assert "Task 2 of 2" in browser.follow("Skip this one")
    assert "Task 1 of 2" in browser.follow("Skip this one")


def test_a_volunteer_takes_no_task_of_staff(vera, open_task) -> None:
    number = open_task(TaskKind.OTHER, ("reply", 1), "Thank them")
    browser = Browser(vera)
    assert "Thank them" not in browser.get("replies.inbox")
    browser.get("replies.find", q="x")
    vera.send(f"/tasks/{number}/take")
    response = vera.send(f"/tasks/{number}/take")
    assert response.status_code == 403


def test_a_thread_tells_the_whole_story(sam, log, letter, database) -> None:
    log(kind=ReplyKind.SUPPORTIVE, stance=Position.SUPPORT, quote="I support it.")
    page = Browser(sam).get("replies.thread", office_id=letter.office_id)
    assert "Answer (e-mail): Yes, they support it" in page
    Browser(sam).get("/desks/99999", status=404)


def test_a_volunteer_reads_no_thread(vera, letter, log) -> None:
    log()
    Browser(vera).get("replies.thread", office_id=letter.office_id, status=403)


def test_the_inbox_takes_as_many_queries_for_three_as_for_thirty(
    sam, log, open_task, database
) -> None:
    counts = []
    for many in (3, 27):
        for _ in range(many):
            open_task(TaskKind.FIND_ADDRESS, ("target", 1), "Find it")
            log()
        seen: list[str] = []

        def watch(*args, seen=seen):
            seen.append(args[2])

        engine = sam.application.extensions["outreach"].database.engine
        sa.event.listen(engine, "before_cursor_execute", watch)
        sam.get("/inbox")
        sa.event.remove(engine, "before_cursor_execute", watch)
        counts.append(len(seen))
    assert counts[0] == counts[1]
