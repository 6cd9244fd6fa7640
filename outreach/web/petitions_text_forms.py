"""What people type about the petition, asks, names and conflicts, and to add what is missing."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, IntegerField, SelectMultipleField
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from outreach.directory.models import TargetRole
from outreach.petitions.models import Ask, Conflict, Petition, Unit
from outreach.web.forms import Form
from outreach.web.petitions_forms import (
    InLanguages,
    MeasureForm,
    ObjectionForm,
    in_each_language,
    line,
    paragraph,
    words_of,
)
from outreach.words import N_


@in_each_language(
    "credit",
    N_("Credit line in %(language)s"),
    _("The English one stands in every letter of a language without its own line, too."),
    kind=line,
    needed=_("Write the credit line in English."),
    most=400,
)
class PetitionForm(InLanguages):
    """The petition as it was published, and how letters credit it."""

    title = line(
        _("Title"), _("As it was published."), needed=_("Give the title as published."), most=400
    )
    author = line(_("Author"), needed=_("Say who wrote it."))
    written = line(
        _("Written"),
        _("As exactly as it is known: December 2020."),
        needed=_("Say when it was written."),
        most=40,
    )
    platform = line(_("Platform"), _("Where people sign it."))
    platform_step = IntegerField(
        _("Platform's next step"),
        validators=[Optional()],
        description=_("What the platform shows to those who sign. It is not the campaign's goal."),
    )
    summary = paragraph(_("Summary"), needed=_("Say what the petition is."))

    def fill(self, petition: Petition) -> None:
        """Show what is kept."""
        for name in ("title", "author", "written", "platform", "platform_step", "summary"):
            self[name].data = getattr(petition, name)
        self.show_texts("credit", petition.credit)


class AskForm(Form):
    """What one office is asked, and which offices can do it."""

    text = paragraph(_("What is asked, in one sentence"), needed=_("Say what is asked."))
    roles = SelectMultipleField(
        _("Who can do it"),
        choices=lambda: words_of(TargetRole),
        description=_("Choose none for what is only counted apart: then it is in no letter."),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    jurisdictions = line(
        _("Jurisdictions"), _("Codes with commas between them: US, GB. Empty means everywhere.")
    )
    not_in = line(
        _("Not in"),
        _("Codes of jurisdictions where it makes no sense: PACE has no government to question."),
    )
    eu_members_only = BooleanField(_("Members of the EU only"))

    def fill(self, ask: Ask) -> None:
        """Show what is kept."""
        self.text.data = ask.text
        self.roles.data = list(ask.roles)
        self.jurisdictions.data = ", ".join(ask.jurisdictions)
        self.not_in.data = ", ".join(ask.not_in)
        self.eu_members_only.data = ask.eu_members_only


@in_each_language("expansions", N_("What it stands for in %(language)s"), kind=line, most=400)
@in_each_language(
    "names",
    N_("Name in %(language)s"),
    kind=line,
    needed=_("Write the name in English."),
    most=200,
)
class UnitForm(InLanguages):
    """How the name of a body is written, and what it stands for."""

    note = paragraph(_("Note"), _("What a writer must know: which bodies share the name."))

    def fill(self, unit: Unit) -> None:
        """Show what is kept."""
        self.show_texts("names", unit.names)
        self.show_texts("expansions", unit.expansions)
        self.note.data = unit.note


class ConflictForm(Form):
    """Facts that must not stand side by side."""

    what = line(_("What doesn't go together"), needed=_("Say what doesn't go together."), most=400)
    explanation = paragraph(_("Why"))
    resolution = paragraph(
        _("Which to use"),
        _("What a letter may say instead of both."),
        needed=_("Say which of them a letter may use."),
    )

    def fill(self, conflict: Conflict) -> None:
        """Show what is kept."""
        for name in ("what", "explanation", "resolution"):
            self[name].data = getattr(conflict, name)


class _Named(Form):
    """A form that also gives what it adds its code."""

    code = line(_("Code"), _("Short and for good."), needed=_("Give it a code."), most=20)


class NewConflictForm(_Named, ConflictForm):
    """A conflict that isn't there yet."""


class NewObjectionForm(_Named, ObjectionForm):
    """An objection that isn't there yet."""


class NewMeasureForm(_Named, MeasureForm):
    """A measure that isn't there yet."""
