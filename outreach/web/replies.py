"""The inbox: tasks one at a time, the letter an answer belongs to, the answer itself."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.accounts import tasks
from outreach.accounts.models import Task, TaskKind
from outreach.accounts.roles import ORGANISERS, STAFF
from outreach.database import transaction
from outreach.directory.models import Office
from outreach.errors import BadInput, NotAllowed, NotFound, Refused
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.petitions.models import PromiseState
from outreach.petitions.promises import settle
from outreach.replies.consequences import filing
from outreach.replies.consequences.rules import around
from outreach.replies.deskwork import desk, queue, reading, second_reading
from outreach.replies.deskwork.scans import MOST_BYTES
from outreach.replies.kinds import KINDS, grouped
from outreach.replies.models import Incoming, Reply
from outreach.replies.story.threads import thread as thread_of
from outreach.web.access import actor, campaign, needs, now, reader_in, session, takes_files
from outreach.web.answering import newest_of, to_answer, ways_after, ways_at_desk, ways_of_task
from outreach.web.filters import day
from outreach.web.going_on import after_filing, filed_just_now, promise_of, said_before, subject_url
from outreach.web.replies_filing import file_answer
from outreach.web.replies_forms import AnswerForm, DeferForm, TranslationForm
from outreach.words import Sentence

bp = Blueprint("replies", __name__)

RECENT = 10


@bp.get("/inbox")
@needs("replies.log")
def inbox() -> str:
    """What waits for me, one thing at a time; the answers I may see, newest first."""
    today = campaign().day_of(now())
    mine, free = desk.open_tasks(session(), campaign(), by=actor(), today=today)
    every = [*mine, *free]
    at = min(max(request.args.get("at", 1, type=int), 1), max(len(every), 1))
    current = every[at - 1] if every else None
    answers = desk.answers_of(campaign().id, rehearsal=campaign().rehearsing, by=actor())
    return render_template(
        "pages/replies/inbox.html",
        current=current,
        current_url=subject_url(current) if current else "",
        promise=promise_of(current),
        unposted=_unposted(current),
        next_ways=ways_of_task(current),
        people=queue.people_for(session(), campaign(), current, by=actor()) if current else [],
        questions=queue.questions_about(session(), current, by=actor()) if current else [],
        at=at,
        seen=current.id if current and _may_wait(current) else None,
        every=every,
        today=today,
        filed=filed_just_now(),
        form=DeferForm(formdata=None),
        recent=desk.answer_rows(session(), answers, limit=RECENT),
        kinds=KINDS,
    )


def _may_wait(task: Task) -> bool:
    """Whether one goes on from a task one holds: not from an answer that is half read."""
    return task.owner_id == actor().user_id and task.kind not in queue.CLAIMED


def _unposted(task: Task | None) -> bool:
    """Whether the task is to post a letter that nobody has recorded as posted."""
    if task is None or task.kind is not TaskKind.SEND_BY_HAND:
        return False
    return _letter(task.subject_id).state is State.APPROVED


@bp.get("/inbox/find")
@needs("letters.find")
def find() -> str:
    """Which letter does this answer? By name, country or reference code."""
    text = request.args.get("q", "").strip()[:200]
    return render_template(
        "pages/replies/find.html",
        q=text,
        found=desk.find_letters(session(), campaign().id, text),
        most=desk.MOST_FOUND,
    )


@bp.post("/letters/<int:letter_id>/answers/take")
@needs("replies.log")
def take_letter(letter_id: int) -> Response:
    """Take the task of logging an answer to a letter, so that one sees its text."""
    letter = _letter(letter_id)
    with transaction(session()):
        desk.take_letter(session(), letter, by=actor(), now=now())
    return _to("replies.log", letter_id=letter_id)


@bp.route("/letters/<int:letter_id>/answers/new", methods=["GET", "POST"])
@needs("replies.log")
@takes_files(MOST_BYTES + 1_000_000)
def log(letter_id: int) -> str | Response | tuple[str, int]:
    """Log one answer to a letter: the form, and what it files."""
    letter = desk.letter_to_answer(session(), campaign().id, letter_id, by=actor())
    others = desk.others_at_desk(session(), letter)
    today = campaign().day_of(now())
    form = AnswerForm(data={"received_on": today} | said_before())
    form.offer([(it.id, f"{it.code} · {it.recipient} · {day(it.sent_at)}") for it in others])
    task = desk.logging_task(session(), letter)
    if form.validate_on_submit():
        chosen = [letter, *(it for it in others if it.id in (form.also.data or []))]
        try:
            with transaction(session()):
                reply = file_answer(form, chosen)
        except BadInput as error:
            form.show(error)
        else:
            return after_filing(reply)
    page = render_template(
        "pages/replies/log.html",
        letter=letter,
        form=form,
        groups=grouped(),
        others=others,
        task=task if task and task.owner_id not in (None, actor().user_id) else None,
        filed=filed_just_now(),
        kinds=KINDS,
    )
    return (page, 422) if form.errors or form.form_errors else page


@bp.get("/answers/<int:reply_id>")
@needs("replies.log")
def reply(reply_id: int) -> str:
    """What did they say? One answer with its letters, stance and promise."""
    found = desk.answer(session(), campaign().id, reply_id, by=actor())
    stance, promise = desk.positions_from(session(), found)
    return render_template(
        "pages/replies/reply.html",
        reply=found,
        kind=KINDS[found.kind],
        kinds=KINDS,
        stance=stance,
        promise=promise,
        pieces=around(stance.quote if stance else "", found.text),
        may_undo=_may_undo(found),
        may_see=desk.may_see(found, actor()),
        translating=TranslationForm(formdata=None, data={"translation": found.translation or ""}),
        readings=second_reading.readings_of(session(), found),
        organiser=actor().role in ORGANISERS,
        staff=actor().role in STAFF,
        next_ways=ways_after(found),
        **to_answer(found),
    )


def _may_undo(found: Reply) -> bool:
    """One's own within the session that filed it; an organiser any, whenever."""
    by = actor()
    here = by.role in ORGANISERS or found.id in cookie.get("filed", [])
    return here and filing.may_undo(found, by)


@bp.post("/answers/<int:reply_id>/undo")
@needs("replies.log")
def undo(reply_id: int) -> Response:
    """Undo an answer that was logged by mistake, and go back to its form."""
    found = desk.answer(session(), campaign().id, reply_id, by=actor())
    if found.undone_at is None and not _may_undo(found):
        raise NotAllowed(
            Sentence("An answer can be undone until you sign out. Now ask an organiser to undo it.")
        )
    first = min(found.letters, key=lambda it: it.id)
    with transaction(session()):
        filing.undo_answer(session(), found, by=actor(), now=now())
        own = found.logged_by_id == actor().user_id
        message = _to_read_again(found) if own else None
        if message is not None:
            reading.take_message(session(), message, by=actor(), now=now())
        elif own and desk.logging_task(session(), first) is None:
            desk.take_letter(session(), first, by=actor(), now=now())
    flash(_("Undone: the answer counts nowhere. Log it again if it came."), "success")
    if not own:
        return _to("replies.reply", reply_id=found.id)
    if message is not None:
        return _to("desk.read", incoming_id=message.id, again=found.id)
    return _to("replies.log", letter_id=first.id, again=found.id)


def _to_read_again(found: Reply) -> Incoming | None:
    """The message an undone answer was read out of, if nobody else has begun to read it again."""
    row = session().get(Incoming, found.incoming_id) if found.incoming_id else None
    task = reading.reading_task(session(), row.id) if row is not None else None
    return row if task is not None and task.owner_id in (None, actor().user_id) else None


@bp.get("/desks/<int:office_id>")
@needs("replies.read")
def thread(office_id: int) -> str:
    """What is between us? Everything between the campaign and one desk, in time order."""
    office = session().get(Office, office_id)
    other = request.args.get("campaign", campaign().id, type=int)
    reader = actor() if other == campaign().id else reader_in(other)
    rows = thread_of(session(), other, office_id, by=reader) if office and reader else []
    if office is None or not rows:
        raise NotFound(Sentence("There is nothing between this campaign and that desk."))
    own = other == campaign().id
    return render_template(
        "pages/replies/thread.html",
        office=office,
        rows=rows,
        own=own,
        next_ways=ways_at_desk(office_id) if own else (),
        **to_answer(newest_of(rows) if own else None),
    )


@bp.post("/tasks/<int:task_id>/take")
@needs("tasks.take")
def take(task_id: int) -> Response:
    """Take a task; the form of its answer opens, or the task itself."""
    task = _task(task_id)
    desk.require_reach(session(), task, actor())
    with transaction(session()):
        if task.kind is TaskKind.LOG_ANSWER:
            desk.take_letter(session(), _letter(task.subject_id), by=actor(), now=now())
        else:
            queue.take(session(), task, by=actor(), now=now())
    flash(_("The task is yours."), "success")
    if task.kind in queue.CLAIMED:
        answer: Response = redirect(subject_url(task), code=303)
        return answer
    mine, _free = desk.open_tasks(session(), campaign(), by=actor(), today=campaign().day_of(now()))
    places = [at for at, it in enumerate(mine, start=1) if it.id == task_id]
    return _to("replies.inbox", at=places[0] if places else 1)


@bp.post("/tasks/<int:task_id>/release")
@needs("tasks.take")
def release(task_id: int) -> Response:
    """Give a task back for somebody else."""
    task = _task(task_id)
    with transaction(session()):
        tasks.release(session(), task, by=actor(), now=now())
    flash(_("The task is free again: %(title)s", title=task.title), "success")
    return _to("replies.inbox")


@bp.post("/tasks/<int:task_id>/defer")
@needs("tasks.take")
def defer(task_id: int) -> Response:
    """Put a task out of sight until a day."""
    task, form = _task(task_id), DeferForm()
    if not form.validate_on_submit():
        raise BadInput(Sentence("Enter the day on which the task should show again."))
    if form.until.data <= campaign().day_of(now()):
        raise BadInput(Sentence("Choose a day that is still to come."))
    with transaction(session()):
        tasks.defer(session(), task, form.until.data, by=actor(), now=now())
    flash(_("Out of sight until %(day)s.", day=day(form.until.data)), "success")
    return _to("replies.inbox")


@bp.post("/tasks/<int:task_id>/done")
@needs("tasks.take")
def done(task_id: int) -> Response:
    """Say that a task is done; for a promise also what became of it."""
    task = _task(task_id)
    if task.owner_id != actor().user_id and actor().role not in ORGANISERS:
        raise NotAllowed(Sentence("Take the task first; then you can say that it is done."))
    if _unposted(task):
        raise Refused(
            Sentence("The letter is not posted yet. Open it and record it as posted: that is it.")
        )
    promise = promise_of(task)
    with transaction(session()):
        if promise is not None and promise.state is PromiseState.OPEN:
            became = request.form.get("state", "")
            if became not in set(PromiseState):
                raise BadInput(Sentence("Say what became of the promise: kept or broken."))
            settle(session(), promise, state=PromiseState(became), by=actor(), now=now())
        tasks.finish(session(), task, by=actor(), now=now())
    flash(_("Done: %(title)s", title=task.title), "success")
    return _to("replies.inbox")


def _task(task_id: int) -> Task:
    return tasks.task_by_id(session(), campaign().id, task_id)


def _letter(letter_id: int) -> Letter:
    letter = session().get(Letter, letter_id)
    if letter is None or letter.campaign_id != campaign().id:
        raise NotFound(Sentence("There is no such letter."))
    return letter


def _to(endpoint: str, **values: Any) -> Response:
    answer: Response = redirect(url_for(endpoint, **values), code=303)
    return answer
