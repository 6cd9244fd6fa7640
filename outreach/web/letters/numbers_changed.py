"""Drafts that quote a number which can't be said any more: drawn anew with the one of today."""

from __future__ import annotations

import sqlalchemy as sa
from flask import flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.letters import numbers, redrawing
from outreach.letters.models import Letter
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.letters.blueprint import bp
from outreach.web.letters.mailing import mailing_page, this_mailing
from outreach.web.letters.newer import AT_ONCE


@bp.post("/mailings/<int:mailing_id>/new-number")
@needs("letters.write")
def renew_number(mailing_id: int) -> Response | str:
    """Word those drafts of the mailing anew that quote a number which changed."""
    shown = this_mailing(mailing_id)
    found = numbers.changed_in(session(), campaign(), mailing_id, today=campaign().day_of(now()))
    if found is None:
        flash(_("No letter of this mailing says a number that changed."), "info")
        return redirect(url_for("letters.mailing", mailing_id=mailing_id))
    ids = [letter.id for letter in found.drafts[:AT_ONCE]]
    with transaction(session()):
        wanted = sa.select(Letter).where(Letter.id.in_(ids)).order_by(Letter.id)
        # As they are by now: one may have been submitted since it was looked at.
        held = wanted.with_for_update().execution_options(populate_existing=True)
        outcome = redrawing.redraw(
            session(),
            session().scalars(held).all(),
            by=actor(),
            now=now(),
            because="the number changed",
        )
    flash(
        ngettext(
            "%(num)s draft says the number of today.",
            "%(num)s drafts say the number of today.",
            len(outcome.renewed),
        ),
        "success" if outcome.renewed else "warning",
    )
    if outcome.refused:
        return mailing_page(shown, not_renewed=outcome.refused)
    return redirect(url_for("letters.mailing", mailing_id=mailing_id))
