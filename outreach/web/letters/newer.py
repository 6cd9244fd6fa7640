"""A newer text than the one a mailing's letters were made of: renew drafts, compare edited ones."""

from __future__ import annotations

import sqlalchemy as sa
from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.errors import OutreachError
from outreach.letters import editing, redrawing
from outreach.letters.diff import comparison, differences
from outreach.letters.models import Letter
from outreach.web.access import actor, needs, now, session
from outreach.web.filters import say
from outreach.web.letters.blueprint import bp
from outreach.web.letters.letter import this_letter
from outreach.web.letters.mailing import mailing_page, this_mailing

# So many drafts are worded anew in one go: somebody waits for the page.
AT_ONCE = 500


@bp.post("/mailings/<int:mailing_id>/renew")
@needs("letters.write")
def renew_mailing(mailing_id: int) -> Response | str:
    """Give every draft of the mailing that nobody edited the newest text."""
    shown = this_mailing(mailing_id)
    newer = redrawing.newer_text(session(), shown)
    if newer is None:
        flash(_("Every letter has the newest text already."), "info")
        return redirect(url_for("letters.mailing", mailing_id=mailing_id))
    with transaction(session()):
        wanted = sa.select(Letter).where(Letter.id.in_(newer.drafts[:AT_ONCE])).order_by(Letter.id)
        # As they are by now: one may have been submitted since it was looked at.
        held = wanted.with_for_update().execution_options(populate_existing=True)
        outcome = redrawing.redraw(
            session(),
            session().scalars(held).all(),
            by=actor(),
            now=now(),
            because="newer text",
        )
    renewed = len(outcome.renewed) + outcome.same
    flash(
        ngettext(
            "%(num)s draft has the newest text.", "%(num)s drafts have the newest text.", renewed
        ),
        "success" if renewed else "warning",
    )
    if outcome.refused:
        return mailing_page(shown, not_renewed=outcome.refused)
    return redirect(url_for("letters.mailing", mailing_id=mailing_id))


@bp.get("/letters/<int:letter_id>/newer")
@needs("letters.write")
def newer_text(letter_id: int) -> str:
    """An edited draft beside what the newest text would say in its place."""
    letter = this_letter(letter_id)
    try:
        new = redrawing.new_words(session(), letter, now=now())
    except OutreachError as error:
        return render_template(
            "pages/letters/newer.html", letter=letter, new=None, why=say(error.sentence)
        )
    return render_template(
        "pages/letters/newer.html",
        letter=letter,
        new=new,
        subject=differences(letter.subject, new.subject),
        blocks=comparison(letter.text, new.text).blocks,
        seen=editing.fingerprint(letter),
    )


@bp.post("/letters/<int:letter_id>/newer")
@needs("letters.write")
def settle_newer(letter_id: int) -> Response:
    """Take the newest text, or keep the words edited by hand."""
    letter = this_letter(letter_id)
    take = request.form.get("words")
    if take not in ("new", "own"):
        abort(400)
    try:
        with transaction(session()):
            if take == "new":
                seen = request.form.get("seen", "")
                redrawing.take_new_text(session(), letter, seen=seen, by=actor(), now=now())
            else:
                redrawing.keep_own_words(session(), letter, by=actor(), now=now())
    except OutreachError as error:
        flash(say(error.sentence), "warning")
        return redirect(url_for("letters.newer_text", letter_id=letter_id))
    done = (
        _("The letter has the newest text.") if take == "new" else _("The letter keeps its words.")
    )
    flash(done, "success")
    return redirect(url_for("letters.letter", letter_id=letter_id))
