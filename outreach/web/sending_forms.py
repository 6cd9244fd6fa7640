"""When a letter may go, and what became of one."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from wtforms import (
    DateField,
    DateTimeLocalField,
    IntegerField,
    RadioField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from outreach.web.forms import Form

# What browsers send for a moment, with and without seconds.
MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


class WindowForm(Form):
    """A window, typed in the campaign's zone; without one, as soon as the desk allows.

    `good`: each letter at a good hour of its own desk, not before the time given, if any; `event`:
    so many working days before or after an entry of a calendar.
    """

    when = RadioField(
        _("When may it go?"),
        choices=["good", "soon", "at", "event"],
        default="soon",
    )
    send_after = DateTimeLocalField(_("Not before"), format=MOMENTS, validators=[Optional()])
    send_before = DateTimeLocalField(_("Not after"), format=MOMENTS, validators=[Optional()])
    because = StringField(_("Why then?"), validators=[Length(max=300)])
    event = IntegerField(_("Meeting"), validators=[Optional()])
    event_days = IntegerField(_("Working days"), validators=[Optional()])

    def tie(self) -> tuple[int, int]:
        """Return the id of the meeting and the working days from it: negative before it."""
        assert self.event.data is not None
        return self.event.data, self.event_days.data or 0

    def validate_when(self, field: RadioField) -> None:
        """Raise ValidationError when a time was promised and none given."""
        if field.data == "at" and not any(self.send_after.raw_data or []):
            raise ValidationError(_("Choose a day and a time."))
        if field.data == "event" and self.event.data is None:
            raise ValidationError(_("Choose the meeting."))

    def window(self, zone: str, now: dt.datetime) -> tuple[dt.datetime, dt.datetime | None]:
        """Return beginning and end as UTC instants; `zone` is the IANA name people type in."""
        begins = None if self.when.data == "soon" else self.send_after.data
        return instant(begins, zone) or now, instant(self.send_before.data, zone)

    def complaints(self) -> str:
        """Return everything that is wrong, as one text for a page without this form."""
        return " ".join(str(words) for several in self.errors.values() for words in several)


class FirstForm(Form):
    """How many letters of a mailing go first, and how long its rest waits."""

    canaries = IntegerField(_("How many go first"), validators=[Optional()])
    canary_hours = IntegerField(_("Hours the rest waits"), validators=[Optional()])

    complaints = WindowForm.complaints


class PostForm(Form):
    """A day and how we know."""

    on = DateField(_("On which day"), validators=[InputRequired(_("Choose the day."))])
    proof = StringField(
        _("Proof"), validators=[InputRequired(_("Say how you know.")), Length(max=300)]
    )

    complaints = WindowForm.complaints


class SettleForm(Form):
    """Whether an unknown letter went, and why we think so."""

    went = RadioField(
        _("Did it go?"),
        choices=["yes", "no"],
        validators=[InputRequired(_("Say whether it went."))],
    )
    reason = TextAreaField(_("How do you know?"), validators=[Length(max=1000)])

    complaints = WindowForm.complaints


def instant(moment: dt.datetime | None, zone: str) -> dt.datetime | None:
    """Return the UTC instant that a moment on the clocks of `zone` (IANA name) means."""
    return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC) if moment else None
