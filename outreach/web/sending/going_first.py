"""The letters of a mailing that go first: what came of them, and letting the rest go."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.errors import BadInput, NotFound
from outreach.letters.models import Letter, Mailing
from outreach.sending import canary
from outreach.sending.canary import Trial
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.filters import say
from outreach.web.sending.blueprint import bp
from outreach.web.sending_forms import FirstForm
from outreach.words import Sentence


@dataclass(frozen=True, slots=True)
class GoingFirst:
    """What the page of a mailing shows of those that go first."""

    number: int
    hours: int
    own: bool
    trial: Trial | None
    over: bool
    # So many that came back hold the rest back.
    limit: int
    letters: list[Letter]


def going_first(mailing: Mailing, total: int) -> GoingFirst | None:
    """Return what to show of a mailing with `total` letters; None where nothing goes first."""
    trial = canary.trials_of(session(), [mailing.id]).get(mailing.id)
    number = campaign().canaries if mailing.canaries is None else mailing.canaries
    small = total <= canary.LARGE * campaign().canaries and mailing.canaries is None
    if trial is None and (campaign().rehearsing or small):
        return None
    letters = sa.select(Letter).where(Letter.id.in_(trial.ids if trial else ()))
    return GoingFirst(
        number=number,
        hours=campaign().canary_hours if mailing.canary_hours is None else mailing.canary_hours,
        own=(mailing.canaries, mailing.canary_hours) != (None, None),
        trial=trial,
        over=trial is not None and trial.over(now()),
        limit=canary.too_many(len(trial.ids) if trial else number),
        letters=list(session().scalars(letters.order_by(Letter.id))) if trial else [],
    )


@bp.post("/mailings/<int:mailing_id>/rest")
@needs("letters.approve")
def let_rest_go(mailing_id: int) -> Response:
    """Let the rest of a mailing go: somebody looked at what came back."""
    shown = _mailing(mailing_id)
    with transaction(session()):
        canary.let_rest_go(session(), shown, by=actor(), now=now())
    flash(_("The rest goes at its time."), "success")
    return _back(mailing_id)


@bp.post("/mailings/<int:mailing_id>/first")
@needs("letters.approve")
def set_first(mailing_id: int) -> Response:
    """Say how many of this mailing go first and how long its rest waits."""
    shown, form = _mailing(mailing_id), FirstForm()
    if not form.validate():
        flash(form.complaints(), "error")
        return _back(mailing_id)
    try:
        with transaction(session()):
            canary.set_canaries(
                session(),
                shown,
                canaries=form.canaries.data,
                hours=form.canary_hours.data,
                by=actor(),
                now=now(),
            )
    except BadInput as error:
        flash(say(error.sentence), "error")
    else:
        flash(_("Saved for this mailing."), "success")
    return _back(mailing_id)


def _mailing(mailing_id: int) -> Mailing:
    found = session().get(Mailing, mailing_id)
    if found is None or found.campaign_id != campaign().id:
        raise NotFound(Sentence("There is no such mailing in this campaign."))
    return found


def _back(mailing_id: int) -> Response:
    return redirect(url_for("letters.mailing", mailing_id=mailing_id))
