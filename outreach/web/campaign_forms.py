"""What an admin says about the campaign and about who signs its letters."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Collection
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    EmailField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    ValidationError,
)

from outreach.accounts.campaigns import Settings
from outreach.accounts.models import Campaign, Sender, SenderKind, Voice
from outreach.accounts.senders import SenderValues
from outreach.petitions.figures import base
from outreach.petitions.phrases import all_phrases
from outreach.web.filters import label, language_name
from outreach.web.forms import Form

# The rest of the time zone database is old names and offsets nobody lives by.
_PLACES = tuple(
    f"{part}/"
    for part in (
        "Africa",
        "America",
        "Antarctica",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    )
)


def _zones() -> list[str]:
    """Return the time zones a campaign can choose: UTC and those named after a place."""
    named = sorted(name for name in zoneinfo.available_timezones() if name.startswith(_PLACES))
    return ["UTC", *named]


class SettingsForm(Form):
    """Goal, cooling, time zone, what letters are like, four eyes."""

    goal = IntegerField(
        _("Goal"),
        validators=[
            InputRequired(_("Write a number.")),
            NumberRange(1, 1_000_000_000, _("Write how many signatures you want, 1 or more.")),
        ],
        description=_("How many signatures the campaign wants; a platform's next step is not it."),
    )
    cooling_days = IntegerField(
        _("Working days between two letters to one desk"),
        validators=[
            InputRequired(_("Write a number.")),
            NumberRange(0, 365, _("Write a number of working days, 0 to 365.")),
        ],
    )
    timezone = SelectField(
        _("Time zone"),
        choices=_zones,
        description=_("Times on these pages, and times you type, are in this zone."),
    )
    most_alike = IntegerField(
        _("How alike two letters may be, in per cent"),
        validators=[
            InputRequired(_("Write a number.")),
            NumberRange(1, 100, _("Write per cent, 1 to 100.")),
        ],
        description=_(
            "Of one mailing, or to one body. Above it an approver has to say why it may pass."
        ),
    )
    canaries = IntegerField(
        _("How many letters of a large mailing go first"),
        validators=[
            InputRequired(_("Write a number.")),
            NumberRange(0, 100, _("Write how many letters go first, 0 to 100.")),
        ],
        description=_(
            "So that a mistake costs a handful. 0: all at once. A mailing of four times as many "
            "or fewer has none."
        ),
    )
    canary_hours = IntegerField(
        _("Hours the rest waits for what comes back"),
        validators=[
            InputRequired(_("Write a number.")),
            NumberRange(1, 336, _("Write how many hours the rest waits, 1 to 336.")),
        ],
        description=_("Most letters that can't be delivered come back within a day."),
    )
    retry_minutes = StringField(
        _("When a server says “later”, try again after (minutes)"),
        validators=[InputRequired(_("Write numbers of minutes.")), Length(max=200)],
        description=_("After the first try, the second, and so on; the last holds for all later."),
    )
    html_part = BooleanField(
        _("Letters carry an HTML part beside the plain text"),
        description=_("Made from the same words: no images, no colours, nothing to track."),
    )
    second_reader = BooleanField(
        _("Two people read what changes a stance or closes a thread"),
        description=_("Until the second has read it, it counts, marked “one reader”."),
    )
    four_eyes = BooleanField(
        _("Whoever wrote a letter can't approve it"),
        description=_("Switch it off only if one person runs the campaign alone."),
    )
    reason = TextAreaField(
        _("Why authors may approve their own letters"),
        validators=[Length(max=1000)],
        description=_("Needed to switch this off. It is kept with every letter approved that way."),
        render_kw={"rows": 2},
    )

    @classmethod
    def of(cls, campaign: Campaign) -> SettingsForm:
        """Return the form as it shows what is set now."""
        return cls(
            goal=campaign.goal,
            cooling_days=campaign.cooling_days,
            timezone=campaign.timezone,
            most_alike=campaign.most_alike,
            canaries=campaign.canaries,
            canary_hours=campaign.canary_hours,
            retry_minutes=", ".join(map(str, campaign.retry_minutes)),
            html_part=campaign.html_part,
            second_reader=campaign.second_reader,
            four_eyes=campaign.four_eyes,
            reason=campaign.self_approval_under or "",
        )

    def minutes(self) -> list[int]:
        """Return the minutes as numbers. Raises ValueError for anything else."""
        return [int(one) for one in re.split(r"[\s,;]+", self.retry_minutes.data.strip(" ,;"))]

    def validate_retry_minutes(self, field: StringField) -> None:
        """Raise ValidationError for what is no list of numbers."""
        try:
            self.minutes()
        except ValueError as error:
            raise ValidationError(_("Write numbers with commas between: 1, 5, 15.")) from error

    def typed(self) -> Settings:
        """Return what was typed; the form is valid."""
        return Settings(
            goal=self.goal.data,
            cooling_days=self.cooling_days.data,
            timezone=self.timezone.data,
            four_eyes=self.four_eyes.data,
            html_part=self.html_part.data,
            second_reader=self.second_reader.data,
            most_alike=self.most_alike.data,
            canaries=self.canaries.data,
            canary_hours=self.canary_hours.data,
            retry_minutes=self.minutes(),
            reason=self.reason.data or "",
        )


class SenderForm(Form):
    """Who signs, how to reach them, and what stands under every letter."""

    kind = RadioField(
        _("Who signs"), choices=lambda: [(kind.value, label(kind)) for kind in SenderKind]
    )
    voice = RadioField(
        _("They speak of themselves as"),
        choices=lambda: [(voice.value, label(voice)) for voice in Voice],
    )
    name = StringField(
        _("Name"),
        validators=[DataRequired(_("Write who signs.")), Length(max=200)],
        description=_("The petition's author is credited in the letter and is not a sender."),
    )
    role_line = StringField(
        _("Line under the name"),
        validators=[Length(max=200)],
        description=_("For example who signs for the organisation."),
    )
    postal_address = TextAreaField(
        _("Postal address"), validators=[Length(max=1000)], render_kw={"rows": 3}
    )
    from_address = EmailField(
        _("Sends from"),
        validators=[DataRequired(_("Write an e-mail address.")), Length(max=254)],
    )
    reply_to = EmailField(
        _("Answers go to"),
        validators=[Length(max=254)],
        description=_("Empty: to the address it is sent from."),
    )
    imprint = StringField(
        _("Who is behind this letter"),
        validators=[Length(max=300)],
        description=_("One line under every letter. A home address becomes public with it."),
    )
    active = BooleanField(_("In use"))

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        for language, known in all_phrases().items():
            field = self[f"notice_{language}"]
            field.label.text = _("Data notice, %(language)s", language=language_name(language))
            field.description = _("Empty: “%(line)s”", line=known.data_notice)

    def notices(self, written: Collection[str]) -> tuple[list[Any], list[Any]]:
        """Return the fields of the data notices: those in use, and those of more languages.

        In use is what is filled in or wrong, English, and every language in `written` (BCP 47).
        """
        in_use = {"en"} | {base(language) for language in written}
        used: list[Any] = []
        more: list[Any] = []
        for language in all_phrases():
            field = self[f"notice_{language}"]
            (used if field.data or field.errors or language in in_use else more).append(field)
        return used, more

    @classmethod
    def of(cls, sender: Sender | None) -> SenderForm:
        """Return the form as it shows a sender, or an empty one."""
        if sender is None:
            return cls(kind=SenderKind.ORGANISATION.value, voice=Voice.WE.value, active=True)
        notices = {f"notice_{one}": sender.data_notice.get(one, "") for one in all_phrases()}
        kept = ("name", "role_line", "postal_address", "from_address", "reply_to", "imprint")
        return cls(
            kind=sender.kind.value,
            voice=sender.voice.value,
            active=sender.active,
            **notices,
            **{name: getattr(sender, name) for name in kept},
        )

    def typed(self, before: Sender | None) -> SenderValues:
        """Return what was typed; notices in languages the form doesn't show stay as they are."""
        notices = dict(before.data_notice) if before else {}
        notices |= {one: self[f"notice_{one}"].data or "" for one in all_phrases()}
        return SenderValues(
            kind=SenderKind(self.kind.data),
            voice=Voice(self.voice.data),
            name=self.name.data,
            from_address=self.from_address.data,
            role_line=self.role_line.data or "",
            postal_address=self.postal_address.data or "",
            reply_to=self.reply_to.data or "",
            imprint=self.imprint.data or "",
            data_notice=notices,
            active=self.active.data,
        )


# One line for each language that letters can be written in.
for _language in all_phrases():
    setattr(SenderForm, f"notice_{_language}", StringField(validators=[Length(max=300)]))


class LiveForm(Form):
    """The campaign's short title, typed."""

    confirmation = StringField(
        _("Short title of the campaign"),
        validators=[DataRequired(_("Type the short title."))],
        render_kw={"autocomplete": "off"},
    )
