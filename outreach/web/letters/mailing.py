"""A mailing: one template, one audience; how far, who is left out and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.errors import BadInput, MoveRefused, NotFound
from outreach.letters import lists, making, numbers, queries, redrawing, together
from outreach.letters.left_out import Reason, by_reason
from outreach.letters.lifecycle import UNSENT, State
from outreach.letters.models import Letter, Mailing, MailingState
from outreach.letters.together import Refusal
from outreach.sending import events, listing
from outreach.web.access import actor, campaign, may, needs, now, session
from outreach.web.directory.imports_words import rate_words
from outreach.web.filters import day, language_name, say
from outreach.web.letters.blueprint import bp
from outreach.web.letters.distinct import distinct
from outreach.web.letters.listing import waits
from outreach.web.sending.going_first import going_first
from outreach.web.sending.scheduling import undo_offer
from outreach.words import Sentence


def this_mailing(mailing_id: int) -> Mailing:
    """Return a mailing of the current campaign. Raises NotFound."""
    found = queries.mailing_with_everything(session(), mailing_id)
    if found.campaign_id != campaign().id:
        raise NotFound(Sentence("There is no such mailing in this campaign."))
    return found


@bp.get("/mailings")
@needs("letters.read")
def mailings() -> str:
    """Every mailing with how far it is."""
    return render_template(
        "pages/letters/mailings.html",
        rows=lists.mailing_rows(session(), campaign().id),
        audience_of=_audience,
    )


@bp.get("/mailings/<int:mailing_id>")
@needs("letters.read")
def mailing(mailing_id: int) -> str:
    """One mailing: letters by state, each number opening its letters, and everybody left out."""
    return mailing_page(this_mailing(mailing_id))


@bp.post("/mailings/<int:mailing_id>/submit")
@needs("letters.write")
def submit_mailing(mailing_id: int) -> Response | str:
    """Submit every draft of the mailing; those that stay say why."""
    shown = this_mailing(mailing_id)
    with transaction(session()):
        outcome = together.submit_drafts(session(), shown, by=actor(), now=now())
    if outcome.moved:
        flash(
            ngettext(
                "%(num)s letter submitted. Somebody who did not write it can approve it now.",
                "%(num)s letters submitted. Somebody who did not write them can approve them now.",
                outcome.moved,
            ),
            "success",
        )
    elif not outcome.refused:
        flash(_("No draft is left to submit."), "info")
    if outcome.refused:
        return mailing_page(shown, outcome.refused)
    return redirect(url_for("letters.mailing", mailing_id=mailing_id))


@bp.post("/mailings/<int:mailing_id>/withdraw")
@needs("letters.write")
def withdraw_mailing(mailing_id: int) -> Response | str:
    """Withdraw every letter of the mailing that has not left."""
    shown = this_mailing(mailing_id)
    try:
        with transaction(session()):
            outcome = together.withdraw_unsent(
                session(), shown, reason=request.form.get("reason", ""), by=actor(), now=now()
            )
    except BadInput as error:
        flash(say(error.sentence), "warning")
        return redirect(url_for("letters.mailing", mailing_id=mailing_id))
    flash(
        ngettext(
            "%(num)s letter withdrawn. Its desk is free again.",
            "%(num)s letters withdrawn. Their desks are free again.",
            outcome.moved,
        ),
        "success" if outcome.moved else "info",
    )
    if outcome.refused:
        return mailing_page(shown, outcome.refused)
    return redirect(url_for("letters.mailing", mailing_id=mailing_id))


@bp.get("/mailings/<int:mailing_id>/progress.json")
@needs("letters.read")
def mailing_progress(mailing_id: int) -> Response:
    """How far the drafts are, for the page's script."""
    return jsonify(_moment(this_mailing(mailing_id)))


@bp.post("/mailings/<int:mailing_id>/go-on")
@needs("letters.write")
def resume_mailing(mailing_id: int) -> Response:
    """Let drafts that stopped go on where they were."""
    shown = this_mailing(mailing_id)
    try:
        with transaction(session()):
            making.go_on(session(), shown, by=actor(), now=now())
    except MoveRefused as error:
        flash(say(error.sentence), "info")
    return redirect(url_for("letters.mailing", mailing_id=mailing_id))


def _moment(shown: Mailing) -> dict[str, Any]:
    """How far the drafts are, as the page and its script show it."""
    comparing = shown.state is MailingState.MAKING and shown.done >= shown.total
    seconds = (now() - shown.at) / dt.timedelta(seconds=1)
    return {
        "state": shown.state.value,
        "step": _("Comparing the letters") if comparing else _("Making drafts"),
        "done": shown.done,
        "total": shown.total,
        "words": rate_words(shown.done, shown.total, seconds),
    }


def mailing_page(
    shown: Mailing,
    refused: Sequence[Refusal] = (),
    *,
    not_renewed: Sequence[tuple[Letter, Sentence]] = (),
) -> str:
    """Return a mailing's page; `refused` and `not_renewed` say which letters stayed, and why."""
    rehearsal, today = lists.is_rehearsal(session(), shown, campaign()), campaign().day_of(now())
    wanted = lists.LetterFilter(rehearsal, mailing_id=shown.id)
    counts = lists.state_counts(session(), campaign().id, wanted)
    unread = lists.unread_languages(session(), shown)
    return render_template(
        "pages/letters/mailing.html",
        mailing=shown,
        counts=counts,
        found=lists.letter_rows(session(), campaign().id, wanted, 1, counts=counts),
        waits=waits,
        total=sum(counts.values()),
        unsent=sum(count for state, count in counts.items() if state in UNSENT),
        heading={} if rehearsal == campaign().rehearsing else {"rehearsal": "yes"},
        unread=", ".join(map(language_name, unread)),
        review_id=lists.first_in_review(session(), shown.id) if may("letters.approve") else None,
        refused=refused,
        not_renewed=not_renewed,
        making=shown.state in making.BEGUN,
        moment=_moment(shown),
        left_out=reasons(shown.left_out),
        distinct=distinct(shown) if shown.state is MailingState.MADE else None,
        occasions=events.occasions_of(session(), shown.id, today=today)
        if counts.get(State.APPROVED)
        else (),
        first=going_first(shown, sum(counts.values())),
        newer=redrawing.newer_text(session(), shown),
        number_changed=numbers.changed_in(session(), campaign(), shown.id, today=today),
        about=_about(shown),
        states=State,
        by_hand=listing.by_hand_of(session(), shown.id) if counts.get(State.APPROVED) else 0,
        undo=undo_offer(),
    )


def reasons(left_out: Sequence[dict[str, Any]]) -> list[tuple[str, Reason]]:
    """Return who is left out by reason, in the reader's words; a language by its name."""
    found = []
    for reason in by_reason(left_out):
        values = dict(reason.sentence.values)
        if "language" in values:
            values["language"] = language_name(str(values["language"]))
        found.append((say(Sentence(reason.sentence.text, **values)), reason))
    return found


def _audience(shown: Mailing) -> str:
    """Whom a mailing is for; those that begin at a number or a fact have no saved audience."""
    if shown.audience is not None:
        return shown.audience.name
    if shown.milestone_id is not None:
        return str(_("who was told a lower number"))
    if shown.fact_id is not None:
        return str(_("who was sent the fact"))
    return str(_("one target"))


def _about(shown: Mailing) -> list[tuple[str, Any]]:
    return [
        (_("Template"), shown.template.name),
        (_("Audience"), _audience(shown)),
        (_("From"), shown.sender.name),
        (
            _("If a language is missing"),
            language_name(shown.fallback_language)
            if shown.fallback_language
            else _("the target is left out"),
        ),
        (_("Made by"), _("%(who)s, %(day)s", who=shown.by, day=day(shown.at))),
    ]
