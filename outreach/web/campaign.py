"""Pages about the campaign itself: settings, who signs, the red button, going live."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.accounts import audit, campaigns, senders
from outreach.accounts.models import Campaign, Event, Sender
from outreach.database import transaction
from outreach.errors import BadInput
from outreach.letters import readers
from outreach.letters.templates import languages_written
from outreach.overview import readiness
from outreach.sending import consequences
from outreach.web import access
from outreach.web.access import needs
from outreach.web.campaign_forms import LiveForm, SenderForm, SettingsForm
from outreach.web.filters import number
from outreach.words import N_, Sentence

bp = Blueprint("campaign", __name__)

HAPPENED = {
    "created": N_("campaign made"),
    "settings_changed": N_("settings changed"),
    "paused": N_("everything paused"),
    "resumed": N_("sending resumed"),
    "went_live": N_("campaign went live"),
}
SETTINGS = {
    "goal": N_("goal"),
    "cooling_days": N_("working days between two letters"),
    "timezone": N_("time zone"),
    "four_eyes": N_("four eyes"),
    "second_reader": N_("second reader"),
    "html_part": N_("HTML beside plain text"),
    "most_alike": N_("how alike two letters may be, in per cent"),
    "canaries": N_("letters of a mailing that go first"),
    "canary_hours": N_("hours the rest waits"),
    "retry_minutes": N_("minutes until the next try"),
    "self_approval_under": N_("why authors may approve their own letters"),
}


@bp.get("/campaign")
@needs("campaign.read")
def settings() -> str:
    """Show mode, settings, senders and what was changed."""
    return _settings_page(SettingsForm.of(access.campaign()))


@bp.post("/campaign")
@needs("campaign.write")
def change_settings() -> str | Response | tuple[str, int]:
    """Change the settings."""
    form, session = SettingsForm(), access.session()
    if form.validate_on_submit():
        try:
            with transaction(session):
                campaigns.change_settings(
                    session,
                    access.campaign(),
                    form.typed(),
                    by=access.actor(),
                    now=access.now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(_("The settings are saved."), "success")
            return redirect(url_for("campaign.settings"))
    return _settings_page(form), 422


@bp.route("/campaign/senders/new", methods=["GET", "POST"])
@needs("campaign.write")
def new_sender() -> str | Response | tuple[str, int]:
    """Add somebody who signs."""
    return _edit_sender(None)


@bp.route("/campaign/senders/<int:sender_id>", methods=["GET", "POST"])
@needs("campaign.write")
def sender(sender_id: int) -> str | Response | tuple[str, int]:
    """Change who signs, or what stands under their letters."""
    return _edit_sender(senders.sender_by_id(access.session(), access.campaign().id, sender_id))


def _edit_sender(found: Sender | None) -> str | Response | tuple[str, int]:
    session, form = access.session(), SenderForm.of(found)
    if form.validate_on_submit():
        try:
            with transaction(session):
                senders.save_sender(
                    session,
                    access.campaign(),
                    found,
                    form.typed(found),
                    by=access.actor(),
                    now=access.now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(_("The sender is saved. Letters approved before keep their frame."), "success")
            return redirect(url_for("campaign.settings"))
    used, more = form.notices(languages_written(session, access.campaign().id))
    page = render_template(
        "pages/campaign/sender.html", form=form, sender=found, notices=used, more=more
    )
    return (page, 422) if form.is_submitted() else page


@bp.get("/campaign/live")
@needs("campaign.live")
def live() -> str:
    """Show what must be so before the campaign goes live, and what follows."""
    return _live_page(LiveForm())


@bp.post("/campaign/live")
@needs("campaign.live")
def go_live() -> Response | tuple[str, int]:
    """Switch the campaign live, for good."""
    form, session = LiveForm(), access.session()
    if form.validate_on_submit():
        try:
            with transaction(session):
                done = consequences.go_live(
                    session,
                    access.campaign(),
                    confirmation=form.confirmation.data,
                    by=access.actor(),
                    now=access.now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(
                _(
                    "The campaign is live. Letters approved from now on leave; "
                    "%(number)s went back to draft.",
                    number=number(done.back_to_draft),
                ),
                "success",
            )
            return redirect(url_for("campaign.settings"))
    return _live_page(form), 422


@bp.post("/campaign/pause")
@needs("campaign.pause")
def pause() -> Response:
    """Press the red button."""
    session = access.session()
    with transaction(session):
        campaigns.pause(session, access.campaign(), by=access.actor(), now=access.now())
    flash(_("Everything is paused. An organiser can resume."), "success")
    return redirect(access.came_from(url_for("overview.landing")))


@bp.post("/campaign/resume")
@needs("campaign.resume")
def resume() -> Response:
    """Let letters go again."""
    session = access.session()
    with transaction(session):
        campaigns.resume(session, access.campaign(), by=access.actor(), now=access.now())
    flash(_("Letters go again at their time."), "success")
    return redirect(access.came_from(url_for("overview.landing")))


def _settings_page(form: SettingsForm) -> str:
    session, campaign = access.session(), access.campaign()
    return render_template(
        "pages/campaign/settings.html",
        form=form,
        senders=senders.senders(session, campaign.id),
        rows=[_row(event) for event in audit.history(session, "campaign", campaign.id)],
    )


def _live_page(form: LiveForm) -> str:
    campaign: Campaign = access.campaign()
    return render_template(
        "pages/campaign/live.html",
        form=form,
        conditions=campaigns.checklist(access.session(), campaign),
        advice=readiness.advice(access.session(), campaign),
        unread=readers.unread_languages(access.session(), campaign.id),
    )


def _row(event: Event) -> dict[str, object]:
    """Return an event of the campaign as a row of the timeline."""
    changes = event.detail if event.name == "settings_changed" else {}
    said = [
        _(
            "%(what)s: %(before)s, now %(after)s",
            what=_(SETTINGS.get(name, name)),
            before=_shown(change["from"]),
            after=_shown(change["to"]),
        )
        for name, change in changes.items()
    ]
    return {
        "at": event.at,
        "by": event.by,
        "text": Sentence(HAPPENED.get(event.name, event.name)),
        "detail": "; ".join(said),
    }


def _shown(value: object) -> str:
    if value is None or value == "":
        return str(_("nothing"))
    if isinstance(value, bool):
        return str(_("on") if value else _("off"))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
