"""The queue: the next thing, later, somebody else, or a question to an organiser."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask import session as cookie
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.accounts import tasks
from outreach.accounts.models import Task
from outreach.database import transaction
from outreach.errors import NotAllowed
from outreach.replies.deskwork import desk, queue
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.desk.frame import bp
from outreach.web.going_on import subject_url, take_next
from outreach.words import Sentence

# What this browser put behind everything else; the cookie stays small.
SKIPPED = 50


@bp.post("/inbox/next")
@needs("tasks.take")
def next_thing() -> Response:
    """Take the next thing that waits and open it; what one holds and has seen waits meanwhile."""
    if seen := request.form.get("seen", 0, type=int):
        _put_behind(seen)
    task = take_next()
    if task is None:
        flash(_("Nothing waits for you."), "info")
        return _to("replies.inbox")
    return _open(task)


def _open(task: Task) -> Response:
    mine, free = desk.open_tasks(session(), campaign(), by=actor(), today=campaign().day_of(now()))
    if task.kind in queue.CLAIMED:
        answer: Response = redirect(subject_url(task), code=303)
        return answer
    places = [at for at, one in enumerate([*mine, *free], start=1) if one.id == task.id]
    return _to("replies.inbox", at=places[0] if places else 1)


@bp.post("/inbox/tasks/<int:task_id>/skip")
@needs("tasks.take")
def skip(task_id: int) -> Response:
    """Put a task behind all others, free for somebody else, and open the next one."""
    task = _task(task_id)
    with transaction(session()):
        if task.owner_id == actor().user_id and task.done_at is None:
            tasks.release(session(), task, by=actor(), now=now())
    _put_behind(task_id)
    return next_thing()


def _put_behind(task_id: int) -> None:
    others = [one for one in cookie.get("skipped", []) if one != task_id]
    cookie["skipped"] = [*others, task_id][-SKIPPED:]


@bp.post("/inbox/tasks/<int:task_id>/hand-over")
@needs("tasks.take")
def hand_over(task_id: int) -> Response:
    """Give a task to somebody who may do it."""
    task = _task(task_id)
    person = request.form.get("person", 0, type=int)
    with transaction(session()):
        to = queue.hand_over(session(), campaign(), task, person, by=actor(), now=now())
    flash(_("%(name)s has it now.", name=to.name), "success")
    return _to("replies.inbox")


@bp.post("/inbox/tasks/<int:task_id>/ask")
@needs("tasks.take")
def ask(task_id: int) -> Response:
    """Ask the organisers about a task."""
    task = _task(task_id)
    words = request.form.get("words", "")
    with transaction(session()):
        queue.ask(session(), campaign(), task, words, by=actor(), now=now())
    flash(_("Asked. The answer shows with the task."), "success")
    address = subject_url(task) if task.kind in queue.CLAIMED else url_for("replies.inbox")
    answer: Response = redirect(address, code=303)
    return answer


@bp.post("/inbox/tasks/<int:task_id>/answer")
@needs("replies.read")
def answer_question(task_id: int) -> Response:
    """Answer the question of somebody at the desk."""
    words = request.form.get("words", "")
    with transaction(session()):
        queue.answer(session(), _task(task_id), words, by=actor(), now=now())
    flash(_("Answered."), "success")
    return _to("replies.inbox")


def _task(task_id: int) -> Task:
    task = tasks.task_by_id(session(), campaign().id, task_id)
    if task.owner_id != actor().user_id and not desk.may_have(session(), task, actor()):
        raise NotAllowed(Sentence("This task needs somebody who may read every letter."))
    return task


def _to(endpoint: str, **values: Any) -> Response:
    answer: Response = redirect(url_for(endpoint, **values), code=303)
    return answer
