"""The second reader, a working translation, and the organiser who decides where two differ."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.errors import BadInput
from outreach.petitions.models import Position
from outreach.replies.consequences.rules import around
from outreach.replies.deskwork import desk, second_reading
from outreach.replies.kinds import KINDS, grouped
from outreach.replies.models import ReplyKind
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.desk.frame import bp
from outreach.web.going_on import filed_just_now, go_on_reading
from outreach.web.replies_filing import keep_translation
from outreach.web.replies_forms import SecondForm, TranslationForm
from outreach.words import Sentence


@bp.route("/inbox/second/<int:reply_id>", methods=["GET", "POST"])
@needs("replies.log")
def read_again(reply_id: int) -> str | Response | tuple[str, int]:
    """Read an answer that somebody has read, without seeing what they read in it."""
    reply = second_reading.answer_to_read(session(), campaign(), reply_id, by=actor())
    form = SecondForm()
    form.offer()
    if form.validate_on_submit():
        try:
            with transaction(session()):
                row = second_reading.read_again(
                    session(),
                    reply,
                    kind=ReplyKind(form.kind.data),
                    stance=Position(form.stance.data) if form.stance.data else None,
                    quote=form.quote.data or "",
                    by=actor(),
                    now=now(),
                )
        except BadInput as error:
            form.show(error)
            reply = second_reading.answer_to_read(session(), campaign(), reply_id, by=actor())
        else:
            return _thanks(agrees=row.agrees)
    page = render_template(
        "pages/desk/second.html",
        reply=reply,
        letter=min(reply.letters, key=lambda one: one.id),
        pieces=around(form.quote.data or "", reply.text),
        form=form,
        groups=grouped(),
        filed=filed_just_now(),
        kinds=KINDS,
    )
    return (page, 422) if form.is_submitted() else page


def _thanks(*, agrees: bool) -> Response:
    if agrees:
        flash(_("You both read the same: it is confirmed."), "success")
    else:
        flash(_("You read it differently: an organiser decides."), "info")
    return go_on_reading()


@bp.post("/answers/<int:reply_id>/decide")
@needs("replies.read")
def decide(reply_id: int) -> Response:
    """Say which of two readings counts."""
    reply = desk.answer(session(), campaign().id, reply_id, by=actor())
    right = request.form.get("right", "")
    if right not in ("first", "second"):
        raise BadInput(Sentence("Say which reading is right."))
    with transaction(session()):
        counts = second_reading.decide(
            session(), reply, second_is_right=right == "second", by=actor(), now=now()
        )
    flash(_("Decided."), "success")
    return _to("replies.reply", reply_id=counts.id)


@bp.post("/answers/<int:reply_id>/translation")
@needs("replies.log")
def translate_answer(reply_id: int) -> Response:
    """Keep a working translation of an answer, or take it away."""
    reply = desk.answer(session(), campaign().id, reply_id, by=actor())
    with transaction(session()):
        keep_translation(TranslationForm(), reply)
    flash(_("The translation is kept beside the original."), "success")
    return _to("replies.reply", reply_id=reply_id)


def _to(endpoint: str, **values: Any) -> Response:
    answer: Response = redirect(url_for(endpoint, **values), code=303)
    return answer
