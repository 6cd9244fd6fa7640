"""Time to remind: the list by country, and the question asked before a draft is made."""

from __future__ import annotations

from dataclasses import astuple
from itertools import groupby

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.wrappers import Response
from wtforms import IntegerField
from wtforms.validators import InputRequired

from outreach.accounts.audit import history
from outreach.accounts.roles import may
from outreach.database import transaction
from outreach.errors import BadInput, Refused
from outreach.letters import lists
from outreach.letters.chains import MOST_REMINDERS
from outreach.replies.overdue import cadence, reminders, reminding
from outreach.replies.overdue.cadence import Cadence, Part
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.filters import label, say
from outreach.web.forms import Form
from outreach.web.letters.letter import this_letter

bp = Blueprint("reminders", __name__)


class DaysForm(Form):
    """Working days between letters and reminders, three for each part."""


for _part in Part:
    for _name, _words in (
        ("first", _l("Until the first reminder")),
        ("second", _l("From there to the last one")),
        ("promise", _l("After the day of a promise")),
    ):
        _field = IntegerField(_words, [InputRequired(_l("Write a number."))])
        setattr(DaysForm, f"{_part.value}_{_name}", _field)


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
    found = reminders.planned(session(), campaign(), today=today, letter_id=letter.id)
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


@bp.get("/reminders/days")
@needs("letters.read")
def days() -> str:
    """After how many working days do we remind, by the part somebody plays?"""
    set_days = cadence.cadences(campaign())
    return _days_page(DaysForm(formdata=None, data=_fields(set_days)))


@bp.post("/reminders/days")
@needs("replies.cadence")
def change_days() -> str | Response | tuple[str, int]:
    """Set after how many working days we remind."""
    form = DaysForm()
    if form.validate_on_submit():
        wanted = {part: Cadence(*(form[name].data for name in _names(part))) for part in Part}
        try:
            with transaction(session()):
                cadence.change_cadences(session(), campaign(), wanted, by=actor(), now=now())
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Saved. Whom to remind goes by the new days now."), "success")
            return redirect(url_for("reminders.days"))
    return _days_page(form), 422


def _names(part: Part) -> list[str]:
    return [f"{part.value}_{name}" for name in ("first", "second", "promise")]


def _fields(set_days: dict[Part, Cadence]) -> dict[str, int]:
    return {
        name: number
        for part, days in set_days.items()
        for name, number in zip(_names(part), astuple(days), strict=True)
    }


def _days_page(form: DaysForm) -> str:
    # Three fields of one name each: a complaint says whose days are meant.
    for part in Part:
        for name in _names(part):
            form[name].errors = [f"{label(part)}: {say(error)}" for error in form[name].errors]
    return render_template(
        "pages/replies/reminder_days.html",
        form=form,
        parts=[(part, [form[name] for name in _names(part)]) for part in Part],
        defaults=_fields(dict(cadence.DEFAULTS)),
        may_change=may(actor(), "replies.cadence"),
        changes=list(reversed(history(session(), "cadence", campaign().id))),
    )


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
    found = reminders.due(session(), campaign(), today=today)
    later, more = reminders.coming(session(), campaign(), found, today=today)
    return render_template(
        "pages/replies/reminders.html",
        countries=[(code, list(rows)) for code, rows in groupby(found.now, key=_country)],
        many=len(found.now),
        beyond=found.more,
        later=later[:10],
        later_count=max(0, len(later) - 10),
        later_beyond=more,
        wrong=wrong,
        chosen=chosen or [],
        may_write=may(actor(), "letters.write"),
        set_days=cadence.cadences(campaign()),
    )


def _country(one: reminders.Reminder) -> str:
    return one.letter.jurisdiction_code
