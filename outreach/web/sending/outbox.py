"""Pages about leaving: the outbox, a letter's window, its message, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as Answer

from outreach.accounts import mail_accounts
from outreach.database import transaction
from outreach.directory.models import Target
from outreach.errors import BadInput, MoveRefused, NotFound, OutreachError, Refused
from outreach.letters import queries
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Mailing
from outreach.sending import channels, domains, events, gate, listing, outbox, timetable
from outreach.sending.going_first import Scheduled
from outreach.sending.message import headers_of, html_in, words_of
from outreach.sending.models import Attempt
from outreach.sending.places import places_of
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.filters import instant as written
from outreach.web.filters import say
from outreach.web.sending.blueprint import bp
from outreach.web.sending_forms import PostForm, SettleForm, WindowForm
from outreach.words import Sentence

STUCK = (State.HELD, State.FAILED)


@bp.get("/outbox", endpoint="outbox")
@needs("letters.read")
def outbox_page() -> str:
    """Show what is leaving, what nobody knows of, what was missed, held or captured."""
    here = campaign().id
    leaving = listing.letters_in(session(), here, [State.SENDING, State.SCHEDULED])
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
        attempts=listing.last_attempts(session(), [*unknown, *failed, *waiting]),
        may_say_unsent=_may_say_unsent,
        captured=listing.captured(session(), here, page=request.args.get("page", 1, type=int) or 1),
    )


def _may_say_unsent(attempt: Attempt) -> dt.datetime | None:
    """Since when one may say that it didn't go, if that is still to come."""
    since = outbox.nobody_at_it_from(attempt)
    return since if since > now() else None


@bp.post("/letters/<int:letter_id>/schedule")
@needs("letters.approve")
def schedule(letter_id: int) -> Answer:
    """Give an approved, missed or failed letter its window."""
    letter, form = _letter(letter_id), WindowForm()
    if not form.validate():
        return _back(letter_id, form.complaints())
    if form.when.data in ("good", "event"):
        _schedule_all(sa.select(Letter).where(Letter.id == letter_id), form)
        return _to_letter(letter_id)
    begins, ends = form.window(campaign().timezone, now())
    try:
        with transaction(session()):
            waits = timetable.schedule(
                session(),
                letter,
                send_after=begins,
                send_before=ends,
                because=form.because.data or "",
                by=actor(),
                now=now(),
            )
    except (BadInput, Refused, MoveRefused) as error:
        return _back(letter_id, _all_of(error))
    flash(_said_window(letter), "success")
    for wait in waits:
        flash(say(wait.words), "warning")
    return _to_letter(letter_id)


@bp.post("/letters/<int:letter_id>/window")
@needs("letters.approve")
def move(letter_id: int) -> Answer:
    """Give a scheduled letter another window, and say why."""
    letter, form = _letter(letter_id), WindowForm()
    if not form.validate():
        return _back(letter_id, form.complaints())
    begins, ends = form.window(campaign().timezone, now())
    try:
        with transaction(session()):
            timetable.move_window(
                session(),
                letter,
                send_after=begins,
                send_before=ends,
                because=form.because.data or "",
                by=actor(),
                now=now(),
            )
    except (BadInput, Refused, MoveRefused) as error:
        return _back(letter_id, _all_of(error))
    flash(_said_window(letter), "success")
    return _to_letter(letter_id)


@bp.post("/mailings/<int:mailing_id>/schedule")
@needs("letters.approve")
def schedule_mailing(mailing_id: int) -> Answer:
    """Give every approved letter of a mailing the same window."""
    mailing = session().get(Mailing, mailing_id)
    if mailing is None or mailing.campaign_id != campaign().id:
        raise NotFound(Sentence("There is no such mailing in this campaign."))
    there = redirect(url_for("letters.mailing", mailing_id=mailing_id))
    form = WindowForm()
    if not form.validate():
        flash(form.complaints(), "error")
        return there
    _schedule_all(
        sa.select(Letter).where(Letter.mailing_id == mailing_id, Letter.state == State.APPROVED),
        form,
    )
    return there


@bp.post("/outbox/missed")
@needs("letters.approve")
def again() -> Answer:
    """Confirm a new window for every letter that missed its own, in one act."""
    form = WindowForm()
    if form.validate():
        _schedule_all(
            sa.select(Letter).where(
                Letter.campaign_id == campaign().id, Letter.state == State.MISSED
            ),
            form,
        )
    else:
        flash(form.complaints(), "error")
    return redirect(url_for("sending.outbox"))


def _schedule_all(query: sa.Select[Letter], form: WindowForm) -> None:
    """Schedule what `query` finds; tell how many, and why not the others."""
    there = joinedload(Letter.target).joinedload(Target.jurisdiction)
    try:
        with transaction(session()):
            letters = session().scalars(query.options(there).order_by(Letter.id)).all()
            result = _scheduled(letters, form)
    except (BadInput, NotFound) as error:
        flash(_all_of(error), "error")
        return
    done = len(result.letters)
    if done:
        flash(ngettext("%(num)s letter scheduled.", "%(num)s letters scheduled.", done), "success")
    for words, number in _counted([reasons for _one, reasons in result.refused]):
        flash(
            ngettext(
                "%(num)s letter stays as it is: %(why)s",
                "%(num)s letters stay as they are: %(why)s",
                number,
                why=words,
            ),
            "warning",
        )
    if not done and not result.refused:
        flash(_("There was nothing to schedule."), "warning")


def _scheduled(letters: Sequence[Letter], form: WindowForm) -> Scheduled:
    """Schedule `letters` in the way that was chosen. Raises BadInput, NotFound."""
    begins, ends = form.window(campaign().timezone, now())
    who: dict[str, Any] = {"by": actor(), "now": now()}
    if form.when.data == "event":
        event_id, days = form.tie()
        return events.schedule_by(session(), letters, entry_id=event_id, offset=days, **who)
    if form.when.data == "good":
        return timetable.schedule_at_good_hours(session(), letters, send_after=begins, **who)
    return timetable.schedule_many(
        session(),
        letters,
        send_after=begins,
        send_before=ends,
        because=form.because.data or "",
        **who,
    )


def _counted(several: Sequence[Sequence[Sentence]]) -> list[tuple[str, int]]:
    """Return each different explanation once, with how many letters it holds for."""
    counts: dict[str, int] = {}
    for reasons in several:
        words = " ".join(map(say, reasons))
        counts[words] = counts.get(words, 0) + 1
    return list(counts.items())


@bp.post("/letters/<int:letter_id>/post")
@needs("letters.post")
def post(letter_id: int) -> Answer:
    """Record that a letter was posted, or put into a form."""
    letter, form = _letter(letter_id), PostForm()
    if not form.validate():
        return _back(letter_id, form.complaints())
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
        return _back(letter_id, _all_of(error))
    flash(_("Recorded. The letter counts as sent; its task is done."), "success")
    return _to_letter(letter_id)


@bp.post("/letters/<int:letter_id>/settle")
@needs("letters.approve")
def settle(letter_id: int) -> Answer:
    """Say of a letter nobody knows about whether it went."""
    letter, form = _letter(letter_id), SettleForm()
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
        flash(_all_of(error), "error")
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
    letter = _letter(letter_id)
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
    shown = _chosen(listing.attempts_of(session(), _letter(letter_id)))
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


def _letter(letter_id: int) -> Letter:
    letter = queries.letter_with_everything(session(), letter_id)
    if letter.campaign_id != campaign().id:
        raise NotFound(Sentence("There is no such letter in this campaign."))
    return letter


def _said_window(letter: Letter) -> str:
    return str(
        _(
            "Scheduled: it goes after %(start)s, and not after %(end)s.",
            start=written(letter.send_after),
            end=written(letter.send_before),
        )
    )


def _all_of(error: OutreachError) -> str:
    return " ".join(map(say, (error.sentence, *getattr(error, "reasons", ()))))


def _back(letter_id: int, words: str) -> Answer:
    flash(words, "error")
    return _to_letter(letter_id)


def _to_letter(letter_id: int) -> Answer:
    return redirect(url_for("letters.letter", letter_id=letter_id))
