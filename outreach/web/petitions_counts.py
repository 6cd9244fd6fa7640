"""The pages of the signature counts: their history, entering one, deciding on a held one."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.errors import BadInput
from outreach.petitions import counts, texts
from outreach.petitions.models import Reading, ReadingState
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.filters import say, word
from outreach.web.petitions_forms import ReadingForm
from outreach.web.petitions_frame import Answer, bp, form_page, last_count, page_of, today


@bp.get("/petition/readings")
@needs("petition.read")
def readings() -> str:
    """Every count ever entered, held and refused too, and how letters say the last good one."""
    every = counts.history(session(), campaign().id)
    return page_of(
        "readings",
        held=[reading for reading in every if reading.state is ReadingState.HELD],
        decided=[reading for reading in every if reading.state is not ReadingState.HELD],
        count=last_count(),
    )


@bp.route("/petition/readings/new", methods=["GET", "POST"])
@needs("petition.write")
def new_reading() -> Answer:
    """Enter a count by hand; who enters it is who is signed in."""
    form = ReadingForm()
    petitions = {row.id: row for row in texts.petitions_of(session(), campaign().id)}
    form.offer(list(petitions.values()))
    if request.method == "GET":
        form.read_on.data = today()
    if form.validate_on_submit():
        try:
            if form.value.data is None:
                raise BadInput(counts.WANTED, "value")
            with transaction(session()):
                reading = counts.add_reading(
                    session(),
                    petition=petitions[form.petition.data],
                    value=form.value.data,
                    page_url=form.page_url.data,
                    read_on=form.read_on.data,
                    by=actor(),
                    now=now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            _tell_reading(reading)
            return redirect(url_for("petitions.readings"))
    return form_page("new_reading", form)


@bp.post("/petition/readings/<int:reading_id>/accept")
@needs("petition.accept")
def accept_reading(reading_id: int) -> Response:
    """Accept a held count."""
    reading = counts.reading_by_id(session(), campaign().id, reading_id)
    with transaction(session()):
        counts.accept(session(), reading, by=actor(), now=now())
    flash(_("Accepted. Letters drafted from now on may print it."), "success")
    return redirect(url_for("petitions.readings"))


@bp.post("/petition/readings/<int:reading_id>/refuse")
@needs("petition.accept")
def refuse_reading(reading_id: int) -> Response:
    """Refuse a held count; it stays in the history."""
    reading = counts.reading_by_id(session(), campaign().id, reading_id)
    with transaction(session()):
        counts.refuse(session(), reading, by=actor(), now=now())
    flash(_("Refused. It stays in the history and is never printed."), "success")
    return redirect(url_for("petitions.readings"))


def _tell_reading(reading: Reading) -> None:
    if reading.state is ReadingState.HELD:
        why = " ".join(say(reason) for reason in reading.reasons)
        flash(_("Kept. It waits for an organiser: %(why)s", why=why), "warning")
    else:
        flash(
            _(
                "%(state)s. Letters drafted from now on may print it.",
                state=word(reading.state).capitalize(),
            ),
            "success",
        )
