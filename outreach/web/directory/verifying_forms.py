"""Forms around checking addresses: one, a whole list, how long it holds, proposals, rules."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    validators,
)

from outreach.directory.identity import RuleKind
from outreach.directory.models import ContactKind
from outreach.directory.offices import WRITTEN_BY
from outreach.directory.shelf_life import Ending
from outreach.web.filters import label, language_name
from outreach.web.forms import Form

REQUIRED = validators.InputRequired(_l("Fill this in."))


class SeenForm(Form):
    """The page on which somebody sees an address today."""

    url = StringField(
        _l("Link of the page that shows it"),
        [REQUIRED, validators.Length(max=500)],
        render_kw={"autofocus": True, "inputmode": "url"},
    )


class ListForm(Form):
    """The page and day of an official list that somebody compared with ours."""

    url = StringField(_l("Link of the official list"), [REQUIRED, validators.Length(max=500)])
    on = DateField(_l("Compared on"), [REQUIRED])


class LivesForm(Form):
    """How many days a check holds, by class of address."""

    minister = IntegerField(_l("Address of a minister, an ambassador or a post"), [REQUIRED])
    member = IntegerField(_l("Address of a member of a parliament"), [REQUIRED])
    registry = IntegerField(_l("Address of a body"), [REQUIRED])
    hand = IntegerField(_l("Address that one of us typed"), [REQUIRED])


class ProposalForm(Form):
    """A correction somebody suggests."""

    detail = SelectField(_l("What is wrong?"))
    kind = SelectField(_l("Kind of the new one"))
    value = TextAreaField(
        _l("The right address, number or link"),
        [validators.Length(max=1000)],
        description=_l("Leave it empty if the old one is simply no longer in use."),
        render_kw={"rows": 2},
    )
    source = StringField(_l("Where do you have it from?"), [REQUIRED, validators.Length(max=200)])
    url = StringField(_l("Link to that page"), [validators.Length(max=500)])

    def offer(self, details: list[tuple[str, str]], new: str) -> None:
        """Set what can be chosen: `details` are (id, address); `new` says that one is missing."""
        self.detail.choices = [*details, ("", new)]
        self.kind.choices = [(kind.value, label(kind)) for kind in ContactKind]


class RuleForm(Form):
    """What somebody asked of us."""

    kind = RadioField(_l("They want letters"), [REQUIRED])
    language = SelectField(_l("The language"))
    channel = SelectField(_l("The way"))
    source = StringField(
        _l("Who said so, and where?"),
        [REQUIRED, validators.Length(max=300)],
        description=_l("For example: letter of the secretariat, phone call with the office."),
    )
    said_on = DateField(_l("Said on"), [REQUIRED])

    def offer(self, languages: set[str]) -> None:
        """Set what can be chosen; `languages` are BCP 47 codes."""
        self.kind.choices = [(kind.value, label(kind)) for kind in RuleKind]
        self.language.choices = sorted(
            ((code, language_name(code)) for code in languages), key=lambda one: one[1]
        )
        self.channel.choices = [(kind.value, label(kind)) for kind in WRITTEN_BY]


class EndingForm(Form):
    """Why and when the seats of a body end."""

    kind = RadioField(_l("What happened"), [REQUIRED])
    on = DateField(
        _l("On"),
        [REQUIRED],
        description=_l("The first day on which nobody holds a seat. It may lie ahead."),
    )
    gone = BooleanField(_l("The body itself is gone for good: nobody will be elected to it again"))

    def offer(self) -> None:
        """Set what can be chosen."""
        self.kind.choices = [(kind.value, label(kind)) for kind in Ending]
