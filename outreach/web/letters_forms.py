"""The forms of the pages about letters."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from outreach.web.forms import Form

LONGEST_TEXT = 40_000


class EditForm(Form):
    """The words of one letter, and the version of them that was on the screen."""

    subject = StringField(_l("Subject"), [InputRequired(), Length(max=200)])
    text = TextAreaField(_l("Letter"), [InputRequired(), Length(max=LONGEST_TEXT)])
    seen = HiddenField()


class NameForm(Form):
    """The name of an audience."""

    name = StringField(_l("Name of the audience"), [InputRequired(), Length(max=200)])


class ReaderForm(Form):
    """The native speaker who read a text, and when."""

    read_by = StringField(_l("Who read it"), [InputRequired(), Length(max=120)])
    read_on = DateField(_l("On which day"), [InputRequired()])


class ComposeForm(Form):
    """Which words, to whom, from whom."""

    template = SelectField(_l("Template"), coerce=int)
    audience = SelectField(_l("To"), coerce=int)
    sender = SelectField(_l("From"), coerce=int)
    fallback = SelectField(_l("If a language is missing"), [Optional()])
    desks = RadioField(_l("Targets that share one desk"), [Optional()])
    name = StringField(_l("Name of the mailing"), [Optional(), Length(max=200)])
    follows = HiddenField()
    target = HiddenField()
