"""Letters on paper: one as PDF, the pile of those that go by hand, and the list to tick off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.errors import BadInput, NotFound
from outreach.letters import looking, printing, queries, typesetting
from outreach.letters.lifecycle import SEALED, UNSENT
from outreach.letters.models import Letter
from outreach.letters.together import Refusal
from outreach.sending import channels, posting
from outreach.web.access import actor, campaign, installation, may, needs, now, session
from outreach.web.filters import country_name, label, say
from outreach.web.sending.blueprint import bp
from outreach.web.sending_forms import PostForm
from outreach.words import Sentence


@bp.get("/letters/<int:letter_id>/letter.pdf", endpoint="pdf")
@needs("letters.find")
def letter_pdf(letter_id: int) -> Response:
    """Hand out one letter as PDF, to whoever may read it."""
    letter = queries.letter_with_everything(session(), letter_id)
    if letter.campaign_id != campaign().id:
        raise NotFound(Sentence("There is no such letter in this campaign."))
    if not may("letters.read"):
        owners = {task.owner_id for task in looking.open_tasks_about(session(), letter)}
        if actor().user_id not in owners:
            raise NotFound(Sentence("Take the task of this letter first, then you can print it."))
        with installation().database.writing() as writing:
            looking.note_look(writing, letter, by=actor(), now=now())
    sheet = printing.sheet_of(letter, on=_today(), mark=_mark(letter))
    made = typesetting.pdf([sheet], title=letter.subject, fonts=_fonts())
    return _file(made, f"letter-{letter.code}.pdf")


@bp.get("/outbox/by-hand")
@needs("letters.read")
def by_hand() -> str:
    """Show what goes by post or into a form: what to print, what to tick off."""
    return _page()


@bp.get("/outbox/by-hand/pile.pdf", endpoint="pile")
@needs("letters.read")
def pile_pdf() -> Response:
    """Hand out the letters of one part in one file, sorted by country, with a list at the end."""
    found = _pile()
    if not found.rows:
        raise NotFound(Sentence("No letter waits to be carried. Approve some first."))
    made = typesetting.pdf_apart(
        [printing.sheet_of(one, on=_today(), mark=_mark(one)) for one in found.rows],
        title=_("Letters to carry, %(day)s", day=_today().isoformat()),
        fonts=_fonts(),
        ticks=_ticks(found.rows),
    )
    return _file(made, f"letters-{_today().isoformat()}-{found.page}.pdf")


@bp.post("/outbox/by-hand")
@needs("letters.post")
def post_ticked() -> Response | str:
    """Record the ticked letters as posted; those that can't be stay and say why."""
    form = PostForm()
    ticked = {int(one) for one in request.form.getlist("letters") if one.isdecimal()}
    if not ticked or not form.validate():
        flash(form.complaints() or _("Tick the letters that were posted."), "error")
        return _page(ticked=ticked, form=form)
    letters = posting.pile(session(), campaign().id, only=ticked).rows
    try:
        with transaction(session()):
            outcome = posting.post_many(
                session(), letters, on=form.on.data, proof=form.proof.data, by=actor(), now=now()
            )
    except BadInput as error:
        flash(say(error.sentence), "error")
        return _page(ticked=ticked, form=form)
    if outcome.moved:
        flash(
            ngettext(
                "%(num)s letter recorded as posted; its task is done.",
                "%(num)s letters recorded as posted; their tasks are done.",
                outcome.moved,
            ),
            "success",
        )
    if outcome.refused:
        return _page(refused=outcome.refused)
    page = request.args.get("page", type=int)
    return redirect(url_for("sending.by_hand", mailing=_mailing_id(), page=page))


def _page(
    *,
    refused: Sequence[Refusal] = (),
    ticked: set[int] | None = None,
    form: PostForm | None = None,
) -> str:
    found = _pile()
    return render_template(
        "pages/sending/by_hand.html",
        found=found,
        refused=refused,
        ticked=ticked or set(),
        form=form or PostForm(formdata=None, data={"on": _today()}),
        mailing_id=_mailing_id(),
    )


def _pile() -> posting.Pile:
    return posting.pile(
        session(),
        campaign().id,
        mailing_id=_mailing_id(),
        page=request.args.get("page", 1, type=int) or 1,
    )


def _mailing_id() -> int | None:
    return request.args.get("mailing", type=int)


def _today() -> dt.date:
    return campaign().day_of(now())


def _fonts() -> Path:
    assert current_app.static_folder is not None
    return Path(current_app.static_folder) / "vendor" / "fonts"


def _mark(letter: Letter) -> str:
    """What a sheet says that must not be posted as it is."""
    if letter.state not in SEALED:
        return str(_("Draft, not approved"))
    if campaign().rehearsing:
        return str(_("Rehearsal, not to be sent"))
    if letter.state in UNSENT and channels.in_the_way(session(), letter, now=now()):
        return str(_("Not to be posted as it stands: open the letter and see why"))
    return ""


def _ticks(letters: Sequence[Letter]) -> typesetting.TickList:
    return typesetting.TickList(
        title=_("To tick off"),
        lang=str(get_locale().language),
        columns=["", _("To"), _("Country"), _("Reference"), _("Goes by"), _("Posted on")],
        rows=[
            [
                "☐",
                one.recipient,
                country_name(one.target.jurisdiction_code),
                one.code,
                label(one.channel) if one.channel else "",
                "",
            ]
            for one in letters
        ],
    )


def _file(made: bytes, name: str) -> Response:
    answer = Response(made, mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
