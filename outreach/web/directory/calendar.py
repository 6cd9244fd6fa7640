"""The calendar of a country or assembly: recess, days closed, sittings, events."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf.file import FileField, FileRequired
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from outreach.database import transaction
from outreach.directory import calendar
from outreach.directory.calendar import CalendarEntry, EntryKind
from outreach.directory.models import Jurisdiction, Organization, OrganizationKind
from outreach.errors import BadFile, BadInput, NotFound
from outreach.sending import events, planning, timetable
from outreach.web.access import actor, campaign, may, needs, now, session
from outreach.web.directory.blueprint import bp
from outreach.web.filters import label, say
from outreach.web.forms import Form
from outreach.words import Sentence

# Holidays are listed for this long from today.
SHOWN = dt.timedelta(days=120)
BODIES = (OrganizationKind.CHAMBER, OrganizationKind.COMMITTEE, OrganizationKind.MINISTRY)


class DaysForm(Form):
    """Days of one house, or of all there."""

    kind = SelectField(_l("What it is"), choices=[], validators=[InputRequired()])
    name = StringField(
        _l("Name"),
        validators=[InputRequired(_l("Say what it is: “summer recess”, “committee meets”."))],
    )
    starts_on = DateField(_l("First day"), validators=[InputRequired(_l("Choose the first day."))])
    ends_on = DateField(_l("Last day"), validators=[Optional()])
    organization = SelectField(_l("For"), choices=[], coerce=int, default=0)
    source = StringField(_l("Where it is published"), validators=[Length(max=500)])


class ChangeForm(Form):
    """Other days, or another name, of what is entered."""

    name = StringField(_l("Name"), validators=[InputRequired(_l("Say what it is."))])
    starts_on = DateField(_l("First day"), validators=[InputRequired(_l("Choose the first day."))])
    ends_on = DateField(_l("Last day"), validators=[Optional()])


class FileForm(Form):
    """A calendar file (.ics)."""

    file = FileField(_l("Calendar file (.ics)"), validators=[FileRequired(_l("Choose a file."))])
    kind = SelectField(_l("Its events are"), choices=[], validators=[InputRequired()])
    organization = SelectField(_l("For"), choices=[], coerce=int, default=0)
    source = StringField(_l("Where it is published"), validators=[Length(max=500)])


@bp.get("/directory/jurisdictions/<code>/calendar", endpoint="calendar")
@needs("directory.read")
def calendar_page(code: str) -> str:
    """Show when they sit and rest, with the holidays to come."""
    return _page(_country(code), DaysForm(formdata=None), FileForm(formdata=None))


@bp.post("/directory/jurisdictions/<code>/calendar")
@needs("directory.end")
def add_days(code: str) -> Response | tuple[str, int]:
    """Enter days by hand."""
    country, form = _country(code), DaysForm()
    _choices(form, country)
    if form.validate_on_submit():
        try:
            with transaction(session()):
                values = {
                    "jurisdiction_code": country.code,
                    "kind": EntryKind(form.kind.data),
                    "name": form.name.data,
                    "starts_on": form.starts_on.data,
                    "ends_on": form.ends_on.data,
                    "organization_id": form.organization.data or None,
                    "source": form.source.data or "",
                }
                followed = events.add_entry(session(), values, by=actor(), now=now())
        except BadInput as error:
            form.show(error)
        else:
            flash(
                _("Entered. Letters can hang on it now.")
                if form.kind.data in events.OCCASIONS
                else _("Entered. Letters planned from now on pass these days over."),
                "success",
            )
            _say_followed(followed)
            return _back(country)
    return _page(country, form, FileForm(formdata=None)), 422


@bp.post("/directory/jurisdictions/<code>/calendar/file", endpoint="calendar_file")
@needs("directory.end")
def add_file(code: str) -> Response | tuple[str, int]:
    """Take the events of a calendar file in."""
    country, form = _country(code), FileForm()
    _choices(form, country)
    if form.validate_on_submit():
        upload = form.file.data
        try:
            with transaction(session()):
                (new, moved, removed), followed = events.import_ics(
                    session(),
                    upload.read(calendar.MAX_BYTES + 1),
                    file=upload.filename or "calendar.ics",
                    jurisdiction_code=country.code,
                    kind=EntryKind(form.kind.data),
                    organization_id=form.organization.data or None,
                    source=form.source.data or "",
                    by=actor(),
                    now=now(),
                )
        except BadFile as error:
            form.file.errors = [say(error.sentence)]
        else:
            flash(
                _("Events: %(new)s new, %(moved)s moved.", new=new, moved=moved)
                + (_(" %(number)s cancelled.", number=removed) if removed else "")
                if new or moved or removed
                else _("Nothing changed: all of it was here already."),
                "success",
            )
            _say_followed(followed)
            return _back(country)
    return _page(country, DaysForm(formdata=None), form), 422


@bp.post("/directory/jurisdictions/<code>/calendar/<int:entry_id>/remove")
@needs("directory.end")
def remove_days(code: str, entry_id: int) -> Response:
    """Take days out of the calendar."""
    country, entry = _country(code), _entry(code, entry_id)
    rested = entry.kind in calendar.RESTING
    with transaction(session()):
        followed = events.remove_entry(session(), entry.id, by=actor(), now=now())
    flash(
        _("Taken out. Letters planned from now on may go on these days.")
        if rested
        else _("Taken out."),
        "success",
    )
    _say_followed(followed)
    return _back(country)


@bp.post("/directory/jurisdictions/<code>/calendar/<int:entry_id>")
@needs("directory.end")
def change_days(code: str, entry_id: int) -> Response:
    """Move what is entered to other days; letters that hang on it follow."""
    country, entry, form = _country(code), _entry(code, entry_id), ChangeForm()
    if not form.validate():
        flash(" ".join(map(str, (one for some in form.errors.values() for one in some))), "error")
        return _back(country)
    try:
        with transaction(session()):
            followed = events.change_entry(
                session(),
                entry,
                name=form.name.data,
                starts_on=form.starts_on.data,
                ends_on=form.ends_on.data,
                by=actor(),
                now=now(),
            )
    except BadInput as error:
        flash(say(error.sentence), "error")
    else:
        flash(_("Changed."), "success")
        _say_followed(followed)
    return _back(country)


def _entry(code: str, entry_id: int) -> CalendarEntry:
    entry = session().get(CalendarEntry, entry_id)
    if entry is None or entry.jurisdiction_code != code:
        raise NotFound(Sentence("These days are gone already. Reload the page."))
    return entry


def _say_followed(followed: events.Followed) -> None:
    """Tell what became of the letters that hang on a meeting."""
    if followed.moved:
        flash(
            ngettext(
                "%(num)s letter moved with it.", "%(num)s letters moved with it.", followed.moved
            ),
            "success",
        )
    if followed.held:
        flash(
            ngettext(
                "%(num)s letter can't go any more as planned: it is held and says why.",
                "%(num)s letters can't go any more as planned: they are held and say why.",
                followed.held,
            ),
            "warning",
        )


@bp.post("/directory/jurisdictions/<code>/calendar/plan")
@needs("letters.approve")
def plan_anew(code: str) -> Response:
    """Move the letters that would go on a day of rest to the next good hour of their desks."""
    country = _country(code)
    with transaction(session()):
        result = timetable.plan_anew(
            session(),
            planning.resting(session(), campaign().id, country.code, now=now()),
            because=_("They rest on that day."),
            by=actor(),
            now=now(),
        )
    moved = len(result.letters)
    flash(
        ngettext("%(num)s letter has a new hour.", "%(num)s letters have a new hour.", moved),
        "success",
    )
    for letter, reasons in result.refused:
        flash(f"{letter.recipient}: {' '.join(map(say, reasons))}", "warning")
    return _back(country)


def _country(code: str) -> Jurisdiction:
    found = session().get(Jurisdiction, code)
    if found is None:
        raise NotFound(Sentence("There is no such country or assembly."))
    return found


def _back(country: Jurisdiction) -> Response:
    return redirect(url_for("directory.calendar", code=country.code))


def _bodies(country: Jurisdiction) -> dict[int, str]:
    rows = session().execute(
        sa.select(Organization.id, Organization.name)
        .where(
            Organization.jurisdiction_code == country.code,
            Organization.kind.in_(BODIES),
            Organization.ended_on.is_(None),
        )
        .order_by(Organization.name)
    )
    return {row.id: row.name for row in rows}


def _choices(form: DaysForm | FileForm, country: Jurisdiction) -> None:
    form.kind.choices = [(kind.value, label(kind)) for kind in EntryKind]
    form.organization.choices = [(0, _("all of them")), *_bodies(country).items()]


def _page(country: Jurisdiction, days: DaysForm, file: FileForm) -> str:
    for form, prefix in ((days, "days"), (file, "file")):
        _choices(form, country)
        for one in form:
            one.id = f"{prefix}-{one.name}"
            one.label.field_id = one.id
    today = now().date()
    coming = [today + dt.timedelta(days=n) for n in range(SHOWN.days)]
    entries = calendar.entries(session(), [country.code], after=today)
    return render_template(
        "pages/directory/calendar.html",
        country=country,
        entries=entries,
        tied=events.tied(session(), [entry.id for entry in entries]),
        bodies=_bodies(country),
        holidays=[(day, name) for day in coming if (name := calendar.holiday(country.code, day))],
        days=days,
        file=file,
        resting=planning.resting(session(), campaign().id, country.code, now=now())
        if may("letters.approve")
        else (),
    )
