"""The pages of the signature counts: their history, entering one, deciding on a held one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from outreach.database import transaction
from outreach.errors import BadInput
from outreach.petitions import count_files, counts, milestones, page_rules, texts
from outreach.petitions.models import Reading, ReadingState
from outreach.petitions.pages import Page
from outreach.petitions.sources.adapters import SOURCES
from outreach.web import chart
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.filters import number, say, word
from outreach.web.petitions_count_forms import CountFileForm
from outreach.web.petitions_forms import ReadingForm
from outreach.web.petitions_frame import Answer, bp, form_page, last_count, page_of, today

# A page that is fetched every hour gathers thousands; the chart shows them all.
MOST_SHOWN = 200


@bp.get("/petition/readings")
@needs("petition.read")
def readings() -> str:
    """The number and its history, the pages it comes from, what is held, and the milestones."""
    every = counts.history(session(), campaign().id)
    pages = page_rules.pages_of(session(), campaign().id)
    rules = {page.id: page.rule for page in pages}
    held = [reading for reading in every if reading.state is ReadingState.HELD]
    decided = [reading for reading in every if reading.state is not ReadingState.HELD]
    return page_of(
        "readings",
        held=held,
        decided=decided[:MOST_SHOWN],
        decided_total=len(decided),
        count=last_count(),
        pages=[(page, _newest(page, every)) for page in pages],
        failing=[page for page in pages if page.failure],
        source_label=lambda name: SOURCES[name].label if name in SOURCES else name,
        drawn=chart.chart(
            _by_day(counts.over_time(every, rules)),
            [(one.read_on, one.value) for one in held if one.read_on],
        ),
        milestones=milestones.milestones_of(session(), campaign().id),
        newest_day=lambda reading: (today() - reading.read_on).days,
    )


def _newest(page: Page, every: Sequence[Reading]) -> Reading | None:
    """The page's accepted reading of the latest day."""
    good = [one for one in every if one.page_id == page.id and one.state is ReadingState.ACCEPTED]
    return max(good, key=lambda one: (one.read_on or dt.date.min, one.id), default=None)


def _by_day(made: Sequence[counts.Count]) -> list[tuple[dt.date, int]]:
    """The number at the end of each day that brought a reading."""
    last: dict[dt.date, int] = {}
    for count in made:
        last[max(one.read_on for one in count.readings if one.read_on)] = count.value
    return sorted(last.items())


@bp.route("/petition/readings/file", methods=["GET", "POST"])
@needs("petition.write")
def upload_readings() -> Answer:
    """Take counts out of a file; all of its lines or none."""
    form = CountFileForm()
    petitions = {row.id: row for row in texts.petitions_of(session(), campaign().id)}
    form.offer(list(petitions.values()))
    if form.validate_on_submit():
        try:
            with transaction(session()):
                done = count_files.import_file(
                    session(),
                    form.file.data.read(count_files.MOST_BYTES + 1),
                    petition=petitions[form.petition.data],
                    page_url=form.page_url.data or "",
                    by=actor(),
                    now=now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            flash(
                _(
                    "%(added)s counts added, %(held)s of them wait; %(known)s were known.",
                    added=number(done.added),
                    held=number(done.held),
                    known=number(done.known),
                ),
                "warning" if done.held else "success",
            )
            return redirect(url_for("petitions.readings"))
    return form_page("upload_readings", form)


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
