"""Pages about leaving: the outbox, a letter's message, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from outreach.accounts import mail_accounts
from outreach.database import transaction
from outreach.errors import BadInput, MoveRefused, NotFound, Refused
from outreach.letters.lifecycle import State
from outreach.sending import channels, domains, gate, listing, outbox
from outreach.sending.message import headers_of, html_in, words_of
from outreach.sending.models import Attempt
from outreach.sending.places import places_of
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.sending.blueprint import bp
from outreach.web.sending.letter import all_of, back, this_letter, to_letter
from outreach.web.sending.scheduling import undo_offer
from outreach.web.sending_forms import PostForm, SettleForm
from outreach.words import Sentence


@bp.get("/outbox", endpoint="outbox")
@needs("letters.read")
def outbox_page() -> str:
    """Show what is leaving, what nobody knows of, what was missed, held or captured."""
    here = campaign().id
    states = [State.SENDING, State.SCHEDULED]
    # What each waits for is asked of the gate; the list of letters shows them all.
    leaving = listing.letters_in(session(), here, states, most=listing.PER_PAGE)
    waiting = [letter for letter in leaving[0] if letter.state is State.SCHEDULED]
    unknown, unknown_total = listing.letters_in(session(), here, [State.UNKNOWN])
    failed, failed_total = listing.letters_in(session(), here, [State.FAILED])
    return render_template(
        "pages/sending/outbox.html",
        mail_account=any(one.enabled for one in mail_accounts.accounts(session(), here)),
        stops=domains.stops(session(), here),
        leaving=leaving,
        places=places_of(session(), leaving[0], after=now()),
        reasons=gate.reasons_of_many(session(), waiting, now=now()),
        unknown=(unknown, unknown_total),
        missed=listing.letters_in(session(), here, [State.MISSED]),
        held=listing.letters_in(session(), here, [State.HELD]),
        failed=(failed, failed_total),
        by_hand=listing.letters_by_hand(session(), here),
        without_time=listing.without_time(session(), here),
        undo=undo_offer(),
        attempts=listing.last_attempts(session(), [*unknown, *failed, *waiting]),
        may_say_unsent=_may_say_unsent,
        captured=listing.captured(session(), here, page=request.args.get("page", 1, type=int) or 1),
    )


def _may_say_unsent(attempt: Attempt) -> dt.datetime | None:
    """Since when one may say that it didn't go, if that is still to come."""
    since = outbox.nobody_at_it_from(attempt)
    return since if since > now() else None


@bp.post("/letters/<int:letter_id>/post")
@needs("letters.post")
def post(letter_id: int) -> Answer:
    """Record that a letter was posted, or put into a form."""
    letter, form = this_letter(letter_id), PostForm()
    if not form.validate():
        return back(letter_id, form.complaints())
    try:
        with transaction(session()):
            channels.post_by_hand(
                session(),
                letter,
                on=form.on.data,
                proof=form.proof.data,
                by=actor(),
                now=now(),
            )
    except (BadInput, Refused, MoveRefused) as error:
        return back(letter_id, all_of(error))
    flash(_("Recorded. The letter counts as sent; its task is done."), "success")
    return to_letter(letter_id)


@bp.post("/letters/<int:letter_id>/settle")
@needs("letters.approve")
def settle(letter_id: int) -> Answer:
    """Say of a letter nobody knows about whether it went."""
    letter, form = this_letter(letter_id), SettleForm()
    there = redirect(url_for("sending.outbox"))
    if not form.validate():
        flash(form.complaints(), "error")
        return there
    went = form.went.data == "yes"
    try:
        with transaction(session()):
            outbox.settle(
                session(), letter, went, reason=form.reason.data or "", by=actor(), now=now()
            )
    except (BadInput, MoveRefused) as error:
        flash(all_of(error), "error")
        return there
    if went:
        flash(_("Settled: it went."), "success")
    else:
        flash(_("Settled: it didn't go. Schedule it again, or change it."), "success")
    return there


@bp.get("/letters/<int:letter_id>/message")
@needs("letters.read")
def message(letter_id: int) -> str:
    """Show the message as it left, or was captured: every header, every word."""
    letter = this_letter(letter_id)
    attempts = listing.attempts_of(session(), letter)
    shown = _chosen(attempts)
    return render_template(
        "pages/sending/message.html",
        letter=letter,
        attempts=attempts,
        shown=shown,
        headers=headers_of(shown.message or b""),
        text=words_of(shown.message or b""),
        html=html_in(shown.message or b""),
    )


@bp.get("/letters/<int:letter_id>/message.eml")
@needs("letters.read")
def raw_message(letter_id: int) -> Response:
    """Hand out the very bytes, as a file to keep, never to show."""
    shown = _chosen(listing.attempts_of(session(), this_letter(letter_id)))
    answer = Response(shown.message, mimetype="message/rfc822")
    name = f"{shown.message_id.partition('@')[0]}.eml"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _chosen(attempts: Sequence[Attempt]) -> Attempt:
    """Return the attempt the address asks for (`?attempt=2`), else the newest with a message."""
    number = request.args.get("attempt", type=int)
    for attempt in attempts:
        if attempt.message is not None and number in (None, attempt.number):
            return attempt
    raise NotFound(Sentence("There is no such message."))
