"""Time to remind: the list by country, and the question asked before a draft is made."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from outreach.accounts.roles import may
from outreach.database import transaction
from outreach.errors import Refused
from outreach.letters import lists
from outreach.letters.chains import MOST_REMINDERS
from outreach.letters.models import Letter
from outreach.replies import reminders as cadence
from outreach.replies import reminding
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.filters import say
from outreach.web.letters.letter import this_letter

bp = Blueprint("reminders", __name__)


@bp.get("/reminders")
@needs("letters.read")
def time_to_remind() -> str:
    """Whom is it time to remind today, country by country, and who comes next?"""
    return _list()


@bp.post("/reminders")
@needs("letters.write")
def remind_several() -> Response | tuple[str, int]:
    """Make drafts for those that were ticked, once nothing came from them by another way."""
    chosen = request.form.getlist("letters", type=int)
    if not chosen or request.form.get("asked") != "yes":
        words = (
            _("Say first that nothing came from them by post or phone.")
            if chosen
            else _("Tick whom to remind.")
        )
        return _list(wrong=words, chosen=chosen), 422
    with transaction(session()):
        made = reminding.draft(session(), campaign(), chosen, by=actor(), now=now())
    _tell(made)
    if len(made.mailings) == 1:
        return redirect(url_for("letters.mailing", mailing_id=made.mailings[0].id))
    return redirect(url_for("letters.mailings"))


@bp.get("/reminders/<int:letter_id>")
@needs("letters.read")
def remind(letter_id: int) -> str:
    """Did anything come by post or phone? Yes: it is logged. No: a draft of the reminder."""
    letter = this_letter(letter_id)
    today = campaign().day_of(now())
    found = cadence.planned(session(), campaign(), today=today, letter_id=letter.id)
    other = lists.reminder_of(session(), letter)
    return render_template(
        "pages/replies/remind.html",
        letter=letter,
        found=found[0] if found else None,
        today=today,
        other=other,
        last=MOST_REMINDERS,
        may_write=may(actor(), "letters.write"),
    )


@bp.post("/reminders/<int:letter_id>")
@needs("letters.write")
def draft(letter_id: int) -> Response:
    """Make the draft of one reminder and open it."""
    letter = this_letter(letter_id)
    try:
        with transaction(session()):
            made = reminding.draft(session(), campaign(), [letter.id], by=actor(), now=now())
    except Refused as error:
        # Somebody was first, or something came meanwhile: the page says which.
        flash(say(error.sentence), "warning")
        return redirect(url_for("reminders.remind", letter_id=letter.id))
    _tell(made)
    return redirect(url_for("letters.letter", letter_id=made.drafts[0].id))


def _tell(made: reminding.Made) -> None:
    flash(
        ngettext(
            "%(num)s draft made. Read it, then submit it for approval.",
            "%(num)s drafts made. Read them, then submit them for approval.",
            len(made.drafts),
        ),
        "success",
    )
    for name, why in made.refused:
        flash(f"{name}: {say(why)}", "warning")


def _list(*, wrong: str = "", chosen: list[int] | None = None) -> str:
    today = campaign().day_of(now())
    every = cadence.planned(session(), campaign(), today=today)
    due = cadence.due_of(every, today=today)
    later = sorted((one for one in every if one.on > today), key=lambda it: it.on)
    return render_template(
        "pages/replies/reminders.html",
        countries=[(code, list(rows)) for code, rows in groupby(due, key=_country)],
        many=len(due),
        later=later[:10],
        more=max(0, len(later) - 10),
        wrong=wrong,
        chosen=chosen or [],
        may_write=may(actor(), "letters.write"),
    )


def _country(one: cadence.Reminder) -> str:
    letter: Letter = one.letter
    return letter.target.jurisdiction_code
