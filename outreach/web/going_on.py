"""Where the desk goes on: the page of a task, the next thing, what was filed a moment ago."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask import session as cookie
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.accounts.models import Task, TaskKind
from outreach.accounts.roles import STAFF, may
from outreach.database import transaction
from outreach.letters.models import Letter
from outreach.petitions.models import Fact, Promise
from outreach.replies.consequences import filing
from outreach.replies.deskwork import desk, queue
from outreach.replies.models import Reply
from outreach.web.access import actor, campaign, now, session

# The answers this browser filed and may still undo; the cookie stays small.
UNDOABLE = 20


def filed_just_now() -> Reply | None:
    """Return the answer this browser has just filed, for the line that offers to undo it."""
    number = request.args.get("filed", type=int)
    reply = session().get(Reply, number) if number in cookie.get("filed", []) else None
    return reply if reply and filing.may_undo(reply, actor()) else None


# Things that have a page of their own, for whoever may see it.
PAGE_OF_ONE = {
    "letter": ("letters.letter", "letter_id"),
    "target": ("directory.target", "target_id"),
    "incoming": ("incoming.message", "incoming_id"),
    "roll_call": ("votes.roll_call", "roll_call_id"),
}
# Where a task is done by who holds it.
WORKPLACES = {
    "log": ("replies.log", "letter_id"),
    "incoming": ("desk.read", "incoming_id"),
    "second_reading": ("desk.read_again", "reply_id"),
}
# Things that have one page together: where, and what one needs to see it.
PAGES = {
    "page": ("petitions.readings", "petition.read"),
    "reading": ("petitions.readings", "petition.read"),
    "mail_account": ("mail.accounts", "campaign.read"),
    "mailbox": ("mailboxes.mailboxes", "campaign.read"),
    "domain_stop": ("mail.accounts", "campaign.read"),
}


def subject_url(task: Task, **more: Any) -> str:
    """Return the page of what `task` is about, or nothing where the reader has none to go to.

    `more` goes into the address of a page on which the task is done.
    """
    about = "log" if task.kind is TaskKind.LOG_ANSWER else task.subject_kind
    own = task.owner_id == actor().user_id
    if about in WORKPLACES and (own or about == "second_reading"):
        endpoint, name = WORKPLACES[about]
        place: dict[str, Any] = {name: task.subject_id}
        return url_for(endpoint, **place, **more) if own else ""
    if task.subject_kind in PAGE_OF_ONE:
        endpoint, name = PAGE_OF_ONE[task.subject_kind]
        values: dict[str, Any] = {name: task.subject_id}
        return url_for(endpoint, **values)
    if task.subject_kind in ("reply", "disagreement"):
        held = task.owner_id == actor().user_id or actor().role in STAFF
        return url_for("replies.reply", reply_id=task.subject_id) if held else ""
    if task.subject_kind == "office" and actor().role in STAFF:
        return url_for("replies.thread", office_id=task.subject_id)
    if task.subject_kind == "fact":
        fact = session().get(Fact, task.subject_id)
        return url_for("petitions.fact", code=fact.code) if fact else ""
    if task.subject_kind == "milestone" and actor().role in STAFF:
        return url_for("petitions.milestone", milestone_id=task.subject_id)
    if task.subject_kind in PAGES:
        endpoint, permission = PAGES[task.subject_kind]
        return url_for(endpoint) if may(actor(), permission) else ""
    if task.subject_kind == "promise":
        promise = promise_of(task)
        return url_for("directory.target", target_id=promise.target_id) if promise else ""
    return url_for("petitions.index") if task.kind is TaskKind.CHECK_READING else ""


def promise_of(task: Task | None) -> Promise | None:
    """Return the promise that a task is about, or None."""
    if task is None or task.subject_kind != "promise":
        return None
    return session().get(Promise, task.subject_id)


def said_before() -> dict[str, Any]:
    """Return what a form begins with after one's own answer was undone to correct it: its words."""
    number = request.args.get("again", type=int)
    reply = session().get(Reply, number) if number in cookie.get("filed", []) else None
    if reply is None or reply.logged_by_id != actor().user_id:
        return {}
    return {
        name: getattr(reply, name) for name in ("received_on", "text", "note", "link", "back_on")
    } | {
        "channel": reply.channel.value,
        "kind": reply.kind.value,
        "signed_by": reply.signed_by.value,
    }


def after_filing(reply: Reply, *, reading: bool = False) -> Response:
    """Go on after an answer was filed: to it, or to where the next begins; it can be undone there.

    Whoever reads what came in goes on `reading`; whoever logs calls and post looks for a letter.
    """
    remember_filed(reply)
    if request.form.get("then") == "show":
        flash(_("Filed. The letter counts as it says below."), "success")
        return _to(url_for("replies.reply", reply_id=reply.id))
    return go_on_reading(filed=reply.id) if reading else _to(_inbox(filed=reply.id))


def go_on_reading(**more: Any) -> Response:
    """Open the next thing to read, or the inbox; `more` goes into the address."""
    task = take_next(reading=True)
    return _to(subject_url(task, **more) if task else _inbox(**more))


def remember_filed(reply: Reply) -> None:
    """Let this browser undo an answer as long as it is signed in."""
    cookie["filed"] = [*cookie.get("filed", []), reply.id][-UNDOABLE:]


def take_next(*, reading: bool = False) -> Task | None:
    """Take what this person should do next, and return it: only what is read, if `reading`."""
    skipped = cookie.get("skipped", [])
    with transaction(session()):
        queue.end_old_claims(session(), now=now())
        task = queue.next_free(
            session(), campaign(), skipped=skipped, by=actor(), now=now(), reading=reading
        )
        if task is not None and task.owner_id is None:
            _take(task)
    if task is not None and task.id in skipped:
        # All is skipped: it begins anew.
        cookie["skipped"] = []
    return task


def _take(task: Task) -> None:
    if task.kind is TaskKind.LOG_ANSWER:
        letter = session().get_one(Letter, task.subject_id)
        desk.take_letter(session(), letter, by=actor(), now=now())
    else:
        queue.take(session(), task, by=actor(), now=now())


def _inbox(**values: Any) -> str:
    return url_for("replies.inbox", **values)


def _to(address: str) -> Response:
    answer: Response = redirect(address, code=303)
    return answer
