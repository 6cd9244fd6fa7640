"""What one does from a correspondence: answer it, note something, take it along as files."""

from __future__ import annotations

import contextlib
import tempfile

from flask import (
    Blueprint,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.directory.models import Office, Target
from outreach.errors import BadInput, NotFound, Refused
from outreach.letters.models import Letter, LetterKind
from outreach.petitions import texts
from outreach.petitions.models import Objection
from outreach.replies.consequences import next_way, referring
from outreach.replies.deskwork import answering, desk
from outreach.replies.story.taking_along import write_thread
from outreach.replies.story.threads import add_note, letters_between
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.filters import say
from outreach.words import Sentence

bp = Blueprint("threads", __name__)

# Beyond this a file to take along is written to disk.
IN_MEMORY = 20_000_000


@bp.post("/answers/<int:reply_id>/draft")
@needs("letters.write")
def draft(reply_id: int) -> Response:
    """Draft our answer, thanks or correction, and open it to be edited."""
    reply = desk.answer(session(), campaign().id, reply_id, by=actor())
    kind = request.form.get("kind", "")
    if kind not in set(LetterKind):
        raise BadInput(Sentence("Choose what kind of letter it is to be."))
    try:
        with transaction(session()):
            made = answering.draft(
                session(),
                reply,
                kind=LetterKind(kind),
                objection=_objection(request.form.get("objection", "")),
                by=actor(),
                now=now(),
            )
    except Refused as error:
        flash(" ".join(map(say, (error.sentence, *error.reasons))), "error")
        return redirect(url_for("replies.reply", reply_id=reply_id), code=303)
    flash(_("A draft. Say what you want to say, then hand it in for approval."), "success")
    return _opened(made)


def _objection(code: str) -> Objection | None:
    return texts.objection_by_code(session(), campaign().id, code) if code else None


@bp.post("/letters/<int:letter_id>/next-way")
@needs("letters.write")
def write_again(letter_id: int) -> Response:
    """Draft a letter that came back for the next way, and open the draft."""
    letter = session().get(Letter, letter_id)
    if letter is None or letter.campaign_id != campaign().id:
        raise NotFound(Sentence("There is no such letter."))
    try:
        with transaction(session()):
            made = next_way.write_again(session(), letter, by=actor(), now=now())
    except Refused as error:
        flash(say(error.sentence), "error")
        return redirect(url_for("letters.letter", letter_id=letter_id), code=303)
    flash(_("A draft for the next way. Read it, then hand it in for approval."), "success")
    return redirect(url_for("letters.letter", letter_id=made.id), code=303)


def _opened(made: Letter) -> Response:
    page = "letters.edit" if made.state.value == "draft" else "letters.letter"
    return redirect(url_for(page, letter_id=made.id), code=303)


@bp.get("/answers/<int:reply_id>/passed-on")
@needs("letters.write")
def passed_on(reply_id: int) -> str:
    """Where did they pass our letter on to?"""
    reply = desk.answer(session(), campaign().id, reply_id, by=actor())
    text = request.args.get("q", "").strip()[:200]
    today = campaign().day_of(now())
    return render_template(
        "pages/replies/passed_on.html",
        reply=reply,
        q=text,
        found=referring.places(session(), reply, text, today=today),
        written=referring.written_since(session(), reply.letters),
    )


@bp.post("/answers/<int:reply_id>/passed-on")
@needs("letters.write")
def write_there(reply_id: int) -> Response:
    """Draft the letter to the desk that ours was passed on to."""
    reply = desk.answer(session(), campaign().id, reply_id, by=actor())
    target = session().get(Target, request.form.get("target", 0, type=int))
    if target is None:
        raise NotFound(Sentence("There is no such recipient in the directory."))
    try:
        with transaction(session()):
            made = referring.follow(session(), reply, target, by=actor(), now=now())
    except (BadInput, Refused) as error:
        flash(say(error.sentence), "error")
        return redirect(url_for("threads.passed_on", reply_id=reply_id), code=303)
    flash(_("A draft that says from whom it was passed on. Read it, then hand it in."), "success")
    return _opened(made)


@bp.post("/desks/<int:office_id>/notes")
@needs("replies.read")
def note(office_id: int) -> Response:
    """Write down something about the correspondence with a desk."""
    _known(office_id)
    try:
        with transaction(session()):
            add_note(
                session(),
                campaign_id=campaign().id,
                office_id=office_id,
                text=request.form.get("text", "").replace("\r\n", "\n"),
                rehearsal=campaign().rehearsing,
                by=actor(),
                now=now(),
            )
    except BadInput as error:
        flash(say(error.sentence), "error")
    else:
        flash(_("Noted."), "success")
    return redirect(url_for("replies.thread", office_id=office_id) + "#notes", code=303)


@bp.post("/desks/<int:office_id>/export")
@needs("board.export")
def export(office_id: int) -> Response:
    """The correspondence as a zip: every message as it left or came, and a list."""
    _known(office_id)
    with contextlib.ExitStack() as opened:
        file = opened.enter_context(tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))
        with transaction(session()):
            write_thread(session(), campaign(), office_id, file, by=actor(), now=now())
        file.seek(0)
        # From here on whoever sends it closes it.
        opened.pop_all()
    name = f"correspondence-{office_id}.zip"
    return send_file(file, "application/zip", as_attachment=True, download_name=name)


def _known(office_id: int) -> None:
    if session().get(Office, office_id) is None or not letters_between(
        session(), campaign().id, office_id
    ):
        raise NotFound(Sentence("There is nothing between this campaign and that desk."))
