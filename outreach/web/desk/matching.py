"""Which letter does this message answer? One message at a time, beside the letters it may mean."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.errors import BadInput
from outreach.replies.consequences import placing
from outreach.replies.deskwork import desk
from outreach.replies.mail import parsing
from outreach.replies.mail.authenticity import warnings
from outreach.replies.matches import sorting, unmatched
from outreach.replies.models import InboxState, Incoming
from outreach.replies.receiving import inbox, intake
from outreach.signing import Vault
from outreach.web.access import actor, campaign, installation, needs, now, session
from outreach.web.desk.frame import bp
from outreach.words import Sentence


@bp.get("/inbox/unmatched")
@needs("replies.read")
def unmatched_next() -> str | Response:
    """Go to the next message that nothing proves a letter of."""
    after = request.args.get("after", 0, type=int)
    row, _count = unmatched.next_waiting(session(), campaign(), after=after, by=actor())
    if row is None:
        return render_template("pages/desk/unmatched_none.html")
    return _to("desk.letters", incoming_id=row.id)


@bp.get("/inbox/mail/<int:incoming_id>/letters")
@needs("replies.read")
def letters(incoming_id: int) -> str:
    """One message, beside the letters it may answer, and a search for others."""
    return _page(_row(incoming_id))


@bp.post("/inbox/mail/<int:incoming_id>/letters")
@needs("replies.read")
def file_letters(incoming_id: int) -> Response | tuple[str, int]:
    """File a message with one letter or several, or move it there."""
    row = _row(incoming_id)
    moved = row.state is InboxState.FILED
    wanted = request.form.getlist("only", type=int) or request.form.getlist("letters", type=int)
    try:
        chosen = unmatched.letters_to_file_with(session(), row, campaign(), wanted)
        with transaction(session()):
            proposed = unmatched.file_with(session(), row, chosen, by=actor(), now=now())
    except BadInput as error:
        return _page(_row(incoming_id), wrong=error.sentence), 422
    codes = ", ".join(one.code for one in chosen)
    flash(_("Filed with %(codes)s.", codes=codes), "success")
    if proposed:
        flash(_("Its address is new: it is proposed for the directory."), "info")
    if moved:
        return _to("incoming.message", incoming_id=row.id)
    return _to("desk.unmatched_next", after=row.id)


@bp.post("/inbox/mail/<int:incoming_id>/letters/none")
@needs("replies.read")
def no_letter(incoming_id: int) -> Response:
    """Set a message aside that answers no letter, and go on with the next."""
    row = _row(incoming_id)
    with transaction(session()):
        inbox.set_aside(session(), row, by=actor(), now=now())
    flash(_("Set aside; it stays readable."), "success")
    return _to("desk.unmatched_next", after=row.id)


def _page(row: Incoming, *, wrong: Sentence | None = None) -> str:
    mail = parsing.read(inbox.original(session(), row.id))
    read_tag = sorting.reader_of_tags(Vault(installation().settings.secret_key))
    guesses, words = unmatched.beside(session(), row, mail, campaign(), letter_of=read_tag)
    after, waiting = unmatched.next_waiting(session(), campaign(), after=row.id, by=actor())
    text = request.args.get("q", "").strip()[:200]
    known = {one.letter.id for one in guesses}
    found = desk.find_letters(session(), row.came_for or campaign().id, text)
    return render_template(
        "pages/desk/letters.html",
        row=row,
        mail=mail,
        words=words,
        guesses=guesses,
        placed=placing.letters_of(session(), row),
        warnings=warnings(session(), mail, intake.checked_by(session(), row)),
        wrong=wrong,
        q=text,
        found=[one for one in found if one.letter_id not in known],
        waiting=waiting,
        after=after if after is not None and after.id != row.id else None,
    )


def _row(incoming_id: int) -> Incoming:
    return inbox.message(session(), campaign(), incoming_id, by=actor())


def _to(endpoint: str, **values: Any) -> Response:
    answer: Response = redirect(url_for(endpoint, **values), code=303)
    return answer
