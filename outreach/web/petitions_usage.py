"""Which letters said that? From a fact or a count: its letters, new words, a correction."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.wrappers import Response
from wtforms import SelectField

from outreach.accounts.senders import senders
from outreach.database import transaction
from outreach.errors import BadInput, NotFound
from outreach.letters import corrections, renewing, usage
from outreach.letters.models import Template
from outreach.letters.renewing import Fate, Renewal
from outreach.petitions import facts
from outreach.petitions.models import Fact, Reading
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.forms import Form
from outreach.web.petitions_frame import Answer, bp, form_page, page_of, today
from outreach.words import Sentence

_WHICH = {"sent": True, "unsent": False}


class CorrectionForm(Form):
    """Which words correct, and who signs."""

    template = SelectField(_l("Letter"), coerce=int)
    sender = SelectField(_l("From"), coerce=int)


@bp.get("/petition/facts/<code>/letters")
@needs("letters.read")
def fact_letters(code: str) -> str:
    """Every letter that quotes one fact: the words, the version, the day, how far it is."""
    fact = facts.fact_by_code(session(), campaign().id, code)
    return _said(
        {"fact_id": fact.id},
        fact=fact,
        here=url_for("petitions.fact_letters", code=code),
        outlook=renewing.outlook(session(), fact, today=today()),
        fates=Fate,
        owed=corrections.owed(session(), campaign(), fact, today=today()),
    )


@bp.get("/petition/readings/<int:reading_id>/letters")
@needs("letters.read")
def reading_letters(reading_id: int) -> str:
    """Every letter that quotes one signature count."""
    reading = session().get(Reading, reading_id)
    if reading is None or reading.campaign_id != campaign().id:
        raise NotFound(Sentence("There is no such count in this campaign."))
    return _said(
        {"reading_id": reading.id},
        reading=reading,
        here=url_for("petitions.reading_letters", reading_id=reading_id),
    )


def _said(quoted: dict[str, int], *, here: str, **values: Any) -> str:
    which = request.args.get("which", "")
    which = which if which in _WHICH else ""
    numbers = {
        name: usage.number_of(session(), usage.quoting(campaign().id, sent=sent, **quoted))
        for name, sent in {"": None, **_WHICH}.items()
    }
    query = usage.quoting(campaign().id, sent=_WHICH.get(which), **quoted)
    shown = usage.page_of(session(), query, page=request.args.get("page", 1, type=int))
    return page_of("letters", shown=shown, which=which, numbers=numbers, here=here, **values)


@bp.post("/petition/facts/<code>/renew")
@needs("petition.write")
def renew_fact(code: str) -> Response:
    """Put what the fact says now into the letters that have not left."""
    with transaction(session()):
        fact = facts.fact_by_code(session(), campaign().id, code)
        done = renewing.renew(session(), fact, by=actor(), now=now())
    tell_renewal(done)
    return redirect(url_for("petitions.fact_letters", code=code, which="unsent"))


def tell_renewal(done: Renewal) -> None:
    """Say what became of the letters that quote a fact which was changed."""
    renewed, released = done.number(Fate.RENEWED), done.number(Fate.RELEASED)
    by_hand, blocked = done.number(Fate.BY_HAND), done.number(Fate.BLOCKED)
    if renewed:
        flash(
            ngettext(
                "%(num)s letter has the new sentence. If it was approved, it is a draft again.",
                "%(num)s letters have the new sentence. Those that were approved are drafts again.",
                renewed,
            ),
            "success",
        )
    if released:
        flash(
            ngettext(
                "%(num)s letter that was held for this fact is released: schedule it again.",
                "%(num)s letters that were held for this fact are released: schedule them again.",
                released,
            ),
            "success",
        )
    if by_hand:
        flash(
            ngettext(
                "%(num)s letter says it in words of its own: change it by hand.",
                "%(num)s letters say it in words of their own: change them by hand.",
                by_hand,
            ),
            "warning",
        )
    if blocked:
        flash(
            ngettext(
                "%(num)s letter that has not left is blocked by this fact.",
                "%(num)s letters that have not left are blocked by this fact.",
                blocked,
            ),
            "warning",
        )


@bp.route("/petition/facts/<code>/correct", methods=["GET", "POST"])
@needs("letters.write")
def correct_fact(code: str) -> Answer:
    """Make a correction for exactly those who were sent words that no longer hold."""
    fact = facts.fact_by_code(session(), campaign().id, code)
    templates = corrections.templates_for(session(), campaign().id)
    form = CorrectionForm()
    form.template.choices = [(row.id, row.name) for row in templates]
    form.sender.choices = [
        (row.id, row.name) for row in senders(session(), campaign().id) if row.active
    ]
    if form.validate_on_submit():
        try:
            return _corrected(fact, form)
        except BadInput as error:
            form.show(error)
    owed = corrections.owed(session(), campaign(), fact, today=today())
    return form_page("correct", form, fact=fact, owed=owed, templates=templates)


def _corrected(fact: Fact, form: CorrectionForm) -> Response:
    every = {row.id: row for row in senders(session(), campaign().id)}
    with transaction(session()):
        mailing = corrections.make(
            session(),
            campaign=campaign(),
            fact=fact,
            template=session().get_one(Template, form.template.data),
            sender=every[form.sender.data],
            by=actor(),
            now=now(),
        )
    flash(_("The correction is being made. Read it, then submit it for approval."), "success")
    return redirect(url_for("letters.mailing", mailing_id=mailing.id))
