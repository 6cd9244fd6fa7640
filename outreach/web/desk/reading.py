"""What did they say? One message beside the form that files it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.accounts.models import Task
from outreach.accounts.roles import STAFF
from outreach.database import transaction
from outreach.errors import BadInput, Refused
from outreach.petitions.models import Position
from outreach.replies.consequences.rules import around
from outreach.replies.deskwork import queue, reading, second_reading
from outreach.replies.kinds import KINDS, grouped
from outreach.replies.mail import parsing
from outreach.replies.mail.authenticity import warnings
from outreach.replies.mail.parsing import Mail
from outreach.replies.matches import sorting
from outreach.replies.models import InboxState, Incoming, MailKind, Reply, ReplyKind
from outreach.replies.receiving import inbox, intake
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.desk.frame import bp
from outreach.web.filters import day
from outreach.web.going_on import after_filing, filed_just_now, remember_filed, said_before
from outreach.web.replies_filing import file_answer
from outreach.web.replies_forms import AnswerForm
from outreach.words import Sentence


@bp.post("/inbox/mail/<int:incoming_id>/take")
@needs("replies.log")
def take_message(incoming_id: int) -> Response:
    """Take the task of reading a message, so that nobody else reads it meanwhile."""
    row = session().get(Incoming, incoming_id)
    if row is None or row.campaign_id != campaign().id:
        row = inbox.message(session(), campaign(), incoming_id, by=actor())
    with transaction(session()):
        reading.take_message(session(), row, by=actor(), now=now())
    return _to("desk.read", incoming_id=incoming_id)


@bp.route("/inbox/mail/<int:incoming_id>/read", methods=["GET", "POST"])
@needs("replies.log")
def read(incoming_id: int) -> str | Response | tuple[str, int]:
    """Read one message and file what it says, for the letters of one desk."""
    row = reading.message_to_read(session(), campaign(), incoming_id, by=actor())
    mail = parsing.read(inbox.original(session(), row.id))
    letters = reading.letters_left(session(), row)
    task = reading.reading_task(session(), row.id)
    if not letters and request.method == "POST":
        return _read_by_two(row)
    if not letters:
        if row.state is InboxState.FILED:
            flash(_("Somebody has read this message meanwhile."), "info")
        return _to("incoming.message", incoming_id=row.id) if _staff() else _to("replies.inbox")
    form = AnswerForm(data=_prefilled(row, mail, letters) | said_before())
    form.offer([(it.id, f"{it.code} · {it.recipient} · {day(it.sent_at)}") for it in letters[1:]])
    if form.validate_on_submit():
        chosen = [it for it in letters if it is letters[0] or it.id in (form.also.data or [])]
        try:
            with transaction(session()):
                reply = file_answer(form, chosen, incoming=row)
        except BadInput as error:
            form.show(error)
        else:
            return _after(row, reply)
    page = _page(row, mail, letters, task, form)
    return (page, 422) if form.errors or form.form_errors else page


def _read_by_two(row: Incoming) -> Response:
    """Somebody filed it meanwhile: what is sent now is what a second person read in it."""
    form = AnswerForm()
    form.offer([])
    reply = reading.read_meanwhile(session(), row, by=actor())
    if reply is None or not form.kind.data or not form.validate():
        raise Refused(Sentence("Somebody has read this message meanwhile. Choose another one."))
    with transaction(session()):
        second = second_reading.read_again(
            session(),
            reply,
            kind=ReplyKind(form.kind.data),
            stance=Position(form.stance.data) if form.stance.data else None,
            quote=form.quote.data or "",
            by=actor(),
            now=now(),
        )
    if second.agrees:
        flash(_("%(name)s filed it meanwhile and read the same.", name=reply.logged_by), "info")
    else:
        words = _("%(name)s filed it meanwhile and read it differently: an organiser decides.")
        flash(words % {"name": reply.logged_by}, "info")
    return _to("replies.inbox")


def _prefilled(row: Incoming, mail: Mail, letters: Any) -> dict[str, Any]:
    """What the message says by itself."""
    said: dict[str, Any] = {
        "channel": "email",
        "received_on": sorting.received_on(campaign(), row, letters[0]),
        "text": mail.reading or mail.text or mail.subject,
        "also": [it.id for it in letters[1:]],
    }
    if row.kind is MailKind.AUTO_REPLY:
        away = row.back_on is not None
        said |= {"kind": (ReplyKind.OUT_OF_OFFICE if away else ReplyKind.AUTO_REPLY).value}
        said |= {"back_on": row.back_on, "signed_by": "automatic"}
    return said


def _page(row: Incoming, mail: Mail, letters: Any, task: Task | None, form: AnswerForm) -> str:
    others = task if task and task.owner_id not in (None, actor().user_id) else None
    return render_template(
        "pages/desk/read.html",
        row=row,
        mail=mail,
        letters=letters,
        pieces=around(form.quote.data or "", mail.reading or mail.text),
        form=form,
        groups=grouped(),
        task=task,
        others=others,
        mine=task is not None and task.owner_id == actor().user_id,
        people=queue.people_for(session(), campaign(), task, by=actor()) if task else [],
        questions=queue.questions_about(session(), task, by=actor()) if task else [],
        warnings=warnings(session(), mail, intake.checked_by(session(), row)),
        staff=_staff(),
        filed=filed_just_now(),
        kinds=KINDS,
    )


def _after(row: Incoming, reply: Reply) -> Response:
    if reading.letters_left(session(), row):
        flash(
            _("Filed. The same message answers another letter too: read it for that one."), "info"
        )
        remember_filed(reply)
        return _to("desk.read", incoming_id=row.id, filed=reply.id)
    return after_filing(reply, reading=True)


@bp.post("/inbox/mail/<int:incoming_id>/real")
@needs("replies.read")
def real_answer(incoming_id: int) -> Response:
    """Say that what looked like a machine's was a real answer, and read it."""
    row = inbox.message(session(), campaign(), incoming_id, by=actor())
    with transaction(session()):
        reading.is_real_answer(session(), row, by=actor(), now=now())
    flash(_("It counts as a real answer now: say what it says."), "success")
    return _to("desk.read", incoming_id=row.id)


@bp.post("/inbox/mail/<int:incoming_id>/not-theirs")
@needs("replies.log")
def not_theirs(incoming_id: int) -> Response:
    """Send a message back: it answers another letter, or none."""
    row = inbox.message(session(), campaign(), incoming_id, by=actor())
    with transaction(session()):
        reading.is_none_of_theirs(session(), row, by=actor(), now=now())
    flash(_("It waits to be filed with the right letter."), "success")
    return _to("desk.letters", incoming_id=row.id) if _staff() else _to("replies.inbox")


def _staff() -> bool:
    return actor().role in STAFF


def _to(endpoint: str, **values: Any) -> Response:
    answer: Response = redirect(url_for(endpoint, **values), code=303)
    return answer
