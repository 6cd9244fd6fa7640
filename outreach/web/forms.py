"""The base of every form a person fills in, and how a room's complaint finds its field."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import Field

from outreach.errors import BadInput
from outreach.web.filters import say

# What WTForms says by itself, said so that it tells what to do.
PLAINLY = {
    "Not a valid integer value.": _("Write a whole number, in figures only."),
    "Not a valid date value.": _("Write a day, such as 2026-03-31."),
    "Not a valid choice.": _("Choose one of those in the list."),
    "Invalid Choice: could not coerce.": _("Choose one of those in the list."),
    "This field is required.": _("This can't be left empty."),
}


class Plainly:
    """The words of WTForms' own complaints, in the reader's language."""

    def gettext(self, words: str) -> str:
        """Return a complaint as we say it."""
        ours = PLAINLY.get(words)
        return str(ours) if ours is not None else str(gettext(words))

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Return a complaint that counts."""
        return one if number == 1 else many


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF is untyped
    """A form with a CSRF token, whose text fields lose the spaces around what was typed."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Strips text, but leaves passwords alone."""

        def get_translations(self, form: Any) -> Plainly:
            """Return who words the complaints of fields."""
            return Plainly()

        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Field:
            """Return the field; text is stripped before any validator sees it."""
            if unbound_field.field_class.__name__ in ("StringField", "TextAreaField", "EmailField"):
                filters = list(unbound_field.kwargs.get("filters", []))
                unbound_field.kwargs["filters"] = [strip, *(f for f in filters if f is not strip)]
            return unbound_field.bind(form=form, **options)

    def show(self, error: BadInput) -> None:
        """Put what a room said about a value at its field, or above the form if it has none."""
        words = say(error.sentence)
        field = self._fields.get(error.field) if error.field else None
        if field is None:
            self.form_errors.append(words)
        else:
            field.errors = [*field.errors, words]


def strip(value: str | None) -> str | None:
    """Return `value` without spaces around it and with line ends as a plain newline."""
    return value.strip().replace("\r\n", "\n") if isinstance(value, str) else value
