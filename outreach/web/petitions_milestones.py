"""Milestones: which numbers are worth telling, and to whom one that was reached is news."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.accounts.senders import senders
from outreach.database import transaction
from outreach.errors import BadInput
from outreach.letters import proposals
from outreach.petitions import counts, milestones
from outreach.petitions.pages import MilestoneState
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.petitions_count_forms import FollowUpForm, MilestonesForm
from outreach.web.petitions_frame import Answer, bp, form_page, today


@bp.route("/petition/milestones", methods=["GET", "POST"])
@needs("petition.accept")
def edit_milestones() -> Answer:
    """Say which numbers of signatures are worth telling."""
    form = MilestonesForm()
    known = milestones.milestones_of(session(), campaign().id)
    ahead = [one.value for one in known if one.state is MilestoneState.AHEAD]
    count = counts.current_count(session(), campaign().id, today())
    if request.method == "GET":
        proposed = milestones.proposed(campaign().goal, count.value if count else 0)
        form.values.data = "\n".join(str(value) for value in ahead or proposed)
    if form.validate_on_submit():
        try:
            with transaction(session()):
                milestones.set_values(session(), campaign(), form.numbers(), by=actor(), now=now())
        except BadInput as error:
            form.show(error)
        else:
            flash(_("Saved."), "success")
            return redirect(url_for("petitions.readings"))
    return form_page("edit_milestones", form, known=known, proposed=not ahead, count=count)


@bp.route("/petition/milestones/<int:milestone_id>", methods=["GET", "POST"])
@needs("letters.write")
def milestone(milestone_id: int) -> Answer:
    """To whom a milestone is news, with the number they were told; nobody is written to yet."""
    found = milestones.milestone_by_id(session(), campaign().id, milestone_id)
    form = FollowUpForm()
    templates = proposals.templates_for(session(), campaign().id)
    signing = [one for one in senders(session(), campaign().id) if one.active]
    form.offer(templates, signing)
    if form.validate_on_submit():
        with transaction(session()):
            mailing = proposals.write(
                session(),
                campaign=campaign(),
                milestone=found,
                template=next(one for one in templates if one.id == form.template.data),
                sender=next(one for one in signing if one.id == form.sender.data),
                by=actor(),
                now=now(),
            )
        flash(_("The drafts are being made. Read them, then submit them for approval."), "success")
        return redirect(url_for("letters.mailing", mailing_id=mailing.id))
    reached = found.state is MilestoneState.REACHED
    return form_page(
        "milestone",
        form,
        milestone=found,
        proposed=proposals.follow_ups(session(), campaign(), found) if reached else [],
        can_write=bool(templates and signing),
        mailings=proposals.mailings_of(session(), found),
    )


@bp.post("/petition/milestones/<int:milestone_id>/pass")
@needs("petition.accept")
def pass_milestone(milestone_id: int) -> Response:
    """Tell nobody of a milestone."""
    found = milestones.milestone_by_id(session(), campaign().id, milestone_id)
    with transaction(session()):
        milestones.settle(session(), found, wrote=False, by=actor(), now=now())
    flash(_("Nobody is told of it."), "success")
    return redirect(url_for("petitions.readings"))
