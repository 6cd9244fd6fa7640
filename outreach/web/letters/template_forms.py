"""The forms of the pages about templates."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField, widgets
from wtforms.validators import DataRequired, InputRequired, Length

from outreach.directory.models import TargetRole
from outreach.letters.cards import LONGEST_SLUG, Card
from outreach.letters.models import LetterKind, Template
from outreach.web.filters import label
from outreach.web.forms import Form


class Checkboxes(SelectMultipleField):  # type: ignore[misc]  # WTForms is untyped
    """Several choices, each with a box."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class CardForm(Form):
    """What a letter is for."""

    name = StringField(_l("Name"), [DataRequired(), Length(max=200)])
    about = TextAreaField(_l("What it does"), [Length(max=1000)], render_kw={"rows": 3})
    kind = SelectField(
        _l("Kind"), choices=lambda: [(kind.value, label(kind)) for kind in LetterKind]
    )
    roles = Checkboxes(
        _l("For whom"),
        [DataRequired(_l("Choose at least one."))],
        choices=lambda: [(role.value, label(role)) for role in TargetRole],
    )
    asks = StringField(
        _l("Asks"),
        [DataRequired(_l("Write at least one code."))],
        description=_l(
            "Codes from the list, such as D2 D2a, the one we'd rather ask first; each recipient "
            "gets the first that office can take."
        ),
    )

    @classmethod
    def of(cls, template: Template | None) -> CardForm:
        """Return the form as it shows a template, or an empty one."""
        if template is None:
            return cls()
        return cls(
            name=template.name,
            about=template.about,
            kind=template.kind.value,
            roles=template.roles,
            asks=", ".join(template.asks),
        )

    def card(self) -> Card:
        """Return what was typed; the form is valid."""
        values: dict[str, Any] = {
            "name": self.name.data,
            "about": " ".join((self.about.data or "").split()),
            "kind": self.kind.data,
            "roles": self.roles.data,
            "asks": list(dict.fromkeys(self.asks.data.replace(",", " ").split())),
        }
        return Card.model_validate(values)


class NewTemplateForm(CardForm):
    """A new letter: its short name too."""

    slug = StringField(
        _l("Short name"),
        [InputRequired(), Length(max=LONGEST_SLUG)],
        description=_l("Small letters, figures and hyphens; the name of its folder and address."),
    )


class FileForm(Form):
    """One file of a letter."""

    file = FileField(_l("File"), [FileRequired(_l("Choose a file."))])
