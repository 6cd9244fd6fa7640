"""Roll calls: the list, entering one, putting names right, undoing it."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from outreach.database import transaction
from outreach.directory.models import Organization
from outreach.errors import BadInput, NotFound
from outreach.petitions import asks
from outreach.petitions.models import Position
from outreach.replies.models import RollCall, Vote
from outreach.replies.rollcalls import confirming, names, votes
from outreach.replies.rollcalls.votes import Entry, Meaning
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.filters import label, say
from outreach.web.forms import Form
from outreach.words import Sentence

bp = Blueprint("votes", __name__)

# What one most often means; each can be changed.
USUAL = {"aye": Position.SUPPORT, "no": Position.OPPOSE, "abstain": Position.UNDECIDED}


class RollCallForm(Form):
    """What was voted on, what it means, and who voted how."""

    title = StringField(_l("What was voted on"), [DataRequired(_l("Say what was voted on."))])
    voted_on = DateField(_l("Day"), [DataRequired(_l("Enter the day."))])
    link = StringField(
        _l("Link to the official record"),
        [DataRequired(_l("Give the link to the official record.")), Length(max=1000)],
    )
    ask = SelectField(_l("It says where they stand on"), coerce=int)
    aye = SelectField(_l("Aye means"), default=USUAL["aye"].value)
    no = SelectField(_l("No means"), default=USUAL["no"].value)
    abstain = SelectField(_l("Abstaining means"), default=USUAL["abstain"].value)
    names = TextAreaField(
        _l("Names, one in each line"),
        description=_l(
            "Perhaps with the vote behind the name: “Ozola, Anna; no”. Without: the one below."
        ),
        render_kw={"rows": 10, "dir": "auto"},
    )
    vote = SelectField(_l("Names without a vote voted"), default=Vote.AYE.value)

    def offer(self) -> None:
        """Fill in what can be chosen."""
        every = asks.asks(session(), campaign().id)
        self.ask.choices = [(one.id, f"{one.code}: {one.text[:120]}") for one in every]
        means = [(one.value, label(one)) for one in Position]
        self.aye.choices = self.no.choices = self.abstain.choices = means
        self.vote.choices = [(one.value, label(one)) for one in Vote]

    def meaning(self) -> Meaning:
        """Return what each way of voting says."""
        return Meaning(Position(self.aye.data), Position(self.no.data), Position(self.abstain.data))


@bp.get("/votes")
@needs("replies.read")
def roll_calls() -> str:
    """How did they vote? Every roll call that was entered."""
    rows = votes.roll_calls(session(), campaign())
    return render_template(
        "pages/replies/votes.html",
        rows=rows,
        bodies=votes.bodies(session()),
        waiting={one.id for one in rows if confirming.waits(one, campaign())},
    )


@bp.route("/votes/new", methods=["GET", "POST"])
@needs("petition.write")
def new() -> str | Response | tuple[str, int]:
    """Enter a roll call of one body; its members of that day can be ticked."""
    body = session().get(Organization, request.args.get("body", 0, type=int))
    if body is None:
        raise NotFound(Sentence("There is no such body in the directory."))
    form = RollCallForm(voted_on=_day())
    form.offer()
    if form.validate_on_submit():
        try:
            return _entered(form, body)
        except BadInput as error:
            form.show(error)
    page = render_template(
        "pages/replies/vote_new.html",
        form=form,
        body=body,
        members=votes.members(session(), body.id, form.voted_on.data or _day()),
        day=_day(),
        votes=list(Vote),
        ticked=request.form,
    )
    return (page, 422) if form.errors or form.form_errors else page


def _day() -> dt.date:
    try:
        return dt.date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return campaign().day_of(now())


def _entered(form: RollCallForm, body: Organization) -> Response:
    ticked = {
        int(name.removeprefix("member-")): Vote(value)
        for name, value in request.form.items()
        if name.removeprefix("member-").isdecimal() and value in set(Vote)
    }
    entry = Entry(
        body_id=body.id,
        ask_id=form.ask.data,
        title=form.title.data,
        voted_on=form.voted_on.data,
        link=form.link.data,
        meaning=form.meaning(),
    )
    lines = names.lines_of(form.names.data or "", Vote(form.vote.data))
    with transaction(session()):
        roll = votes.enter(
            session(), campaign(), entry, lines=lines, ticked=ticked, by=actor(), now=now()
        )
    known = sum(one.target_id is not None for one in votes.votes_of(session(), roll))
    said = ngettext("%(num)s vote is entered.", "%(num)s votes are entered.", known)
    flash(said, "success")
    return redirect(url_for("votes.roll_call", roll_call_id=roll.id), code=303)


@bp.get("/votes/<int:roll_call_id>")
@needs("replies.read")
def roll_call(roll_call_id: int) -> str:
    """Who voted how? One roll call, with the names that nobody could match."""
    roll = _roll(roll_call_id)
    rows = votes.votes_of(session(), roll)
    voted = {one.target_id for one in rows}
    free = [
        one for one in votes.members(session(), roll.body_id, roll.voted_on) if one.id not in voted
    ]
    return render_template(
        "pages/replies/vote.html",
        roll=roll,
        rows=rows,
        free={one.id: names.by_likeness(one.said, free) for one in rows if one.target_id is None},
        left_out=confirming.left_out(session(), roll),
        waits=confirming.waits(roll, campaign()),
        why_not=confirming.why_not(session(), roll, actor()),
        seen=confirming.fingerprint(session(), roll),
    )


@bp.post("/votes/<int:roll_call_id>/names/<int:vote_id>")
@needs("petition.write")
def put_right(roll_call_id: int, vote_id: int) -> Response:
    """Say which member a name means."""
    target = request.form.get("target", 0, type=int)
    roll = _roll(roll_call_id)
    try:
        with transaction(session()):
            votes.put_right(session(), roll, vote_id, target, by=actor(), now=now())
    except BadInput as error:
        flash(say(error.sentence), "error")
    else:
        flash(_("Put right."), "success")
    return redirect(url_for("votes.roll_call", roll_call_id=roll_call_id), code=303)


@bp.post("/votes/<int:roll_call_id>/names/<int:vote_id>/leave-out")
@needs("petition.write")
def leave_out(roll_call_id: int, vote_id: int) -> Response:
    """Say that a name is none of a member."""
    with transaction(session()):
        votes.leave_out(session(), _roll(roll_call_id), vote_id, by=actor(), now=now())
    flash(_("Left out."), "success")
    return redirect(url_for("votes.roll_call", roll_call_id=roll_call_id), code=303)


@bp.post("/votes/<int:roll_call_id>/confirm")
@needs("petition.accept")
def confirm(roll_call_id: int) -> Response:
    """Say that the whole list was compared with the record, as the second person."""
    roll, seen = _roll(roll_call_id), request.form.get("seen", "")
    with transaction(session()):
        confirming.confirm(session(), roll, seen=seen, by=actor(), now=now())
    flash(_("Confirmed: two people have compared it with the record."), "success")
    return redirect(url_for("votes.roll_call", roll_call_id=roll_call_id), code=303)


@bp.post("/votes/<int:roll_call_id>/undo")
@needs("petition.write")
def undo(roll_call_id: int) -> Response:
    """Undo a roll call as one."""
    with transaction(session()):
        votes.undo(session(), _roll(roll_call_id), by=actor(), now=now())
    flash(_("Undone: none of its votes counts."), "success")
    return redirect(url_for("votes.roll_call", roll_call_id=roll_call_id), code=303)


def _roll(roll_call_id: int) -> RollCall:
    return votes.roll_call(session(), campaign(), roll_call_id)
