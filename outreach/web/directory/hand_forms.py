"""Forms of what is added and mended by hand: bodies, lists, postal addresses, people's fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    validators,
    widgets,
)

from outreach.directory.addresses import FIELDS, Layout, countries
from outreach.directory.models import FormOfAddress, OrganizationKind, Person, TargetRole
from outreach.web.directory.forms import REQUIRED
from outreach.web.filters import label, language_name
from outreach.web.forms import Form

# Rows for names in languages nobody wrote yet.
FREE_ROWS = 2


class Checkboxes(SelectMultipleField):  # type: ignore[misc]  # WTForms is untyped
    """Several choices, each with a box."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class NamesForm(Form):
    """Names in languages: pairs of fields `lang-<n>` and `text-<n>`, read from the request."""

    @staticmethod
    def rows(typed: Mapping[str, Any]) -> dict[str, str]:
        """Return {language: name} of the pairs that hold both."""
        numbers = [key.removeprefix("lang-") for key in typed if key.startswith("lang-")]
        pairs = (
            (str(typed[f"lang-{n}"]).strip(), str(typed.get(f"text-{n}", "")).strip())
            for n in numbers
        )
        return {code: text for code, text in pairs if code and text}


class BodyForm(NamesForm):
    """A ministry, authority, committee or other body, added by hand."""

    name = StringField(
        _l("Name in English"), [REQUIRED, validators.Length(max=300)], render_kw={"autofocus": True}
    )
    kind = SelectField(_l("What it is"), [REQUIRED])
    parent = SelectField(_l("Part of"))

    def offer(self, parents: list[tuple[str, str]]) -> None:
        """Set what can be chosen: `parents` are (id, name)."""
        self.kind.choices = [
            ("", _("Choose one")),
            *((kind.value, label(kind)) for kind in OrganizationKind),
        ]
        self.parent.choices = [("", _("No other body")), *parents]


class ListForm(Form):
    """A pasted list of people of one body."""

    text = TextAreaField(
        _l("The list"),
        [REQUIRED, validators.Length(max=200_000)],
        description=_l(
            "One person on a line: name, e-mail address, with a tab, comma or semicolon between. "
            "Or blocks with an empty line between: name, then the postal address."
        ),
        render_kw={"rows": 10, "autofocus": True, "spellcheck": "false"},
    )
    order = RadioField(
        _l("How are names written?"),
        default="given",
        description=_l("“Muster, Anna” is understood either way."),
    )
    role = SelectField(_l("Role"), [REQUIRED])
    source = StringField(_l("Where do you have it from?"), [REQUIRED, validators.Length(max=200)])
    url = StringField(_l("Link to that page"), [validators.Length(max=500)])

    def offer(self) -> None:
        """Set what can be chosen."""
        self.order.choices = [
            ("given", _("Given name first: Anna Muster")),
            ("family", _("Family name first: Muster Anna")),
        ]
        self.role.choices = [
            ("", _("Choose one")),
            *((role.value, label(role)) for role in TargetRole),
        ]


class PostalForm(Form):
    """A postal address, its lines as one country writes them."""

    owner = SelectField(_l("Belongs to"))
    company_name = StringField(_l(FIELDS["company_name"]), [validators.Length(max=200)])
    name = StringField(_l(FIELDS["name"]), [validators.Length(max=200)])
    street_address = TextAreaField(
        _l(FIELDS["street_address"]), [validators.Length(max=300)], render_kw={"rows": 2}
    )
    sorting_code = StringField(_l(FIELDS["sorting_code"]), [validators.Length(max=40)])
    postal_code = StringField(_l(FIELDS["postal_code"]), [validators.Length(max=40)])
    city_area = StringField(_l(FIELDS["city_area"]), [validators.Length(max=100)])
    city = StringField(_l(FIELDS["city"]), [validators.Length(max=100)])
    country_area = StringField(_l(FIELDS["country_area"]), [validators.Length(max=100)])
    source = StringField(_l("Where do you have it from?"), [REQUIRED, validators.Length(max=200)])
    url = StringField(_l("Link to that page"), [validators.Length(max=500)])

    def lay_out(self, layout: Layout, owners: list[tuple[str, str]]) -> list[Any]:
        """Return the fields of a country in its order; those it doesn't write are left out."""
        self.owner.choices = owners
        fields = []
        for line in layout.fields:
            bound = self[line.name]
            bound.flags.required = line.required
            if line.name == "postal_code" and layout.example:
                bound.description = _("Looks like %(example)s.", example=layout.example)
            fields.append(bound)
        return fields

    def typed(self) -> dict[str, str]:
        """Return {name of a line: what was typed}."""
        return {name: self[name].data or "" for name in FIELDS}


def country_choices() -> list[tuple[str, str]]:
    """Return (code, name in the reader's language) of every country, by name."""
    names = get_locale().territories
    return sorted(((code, names.get(code, code)) for code in countries()), key=lambda one: one[1])


class EditPersonForm(NamesForm):
    """What stands about a person, and which of it no import may change."""

    name = StringField(
        _l("Full name, as their own page writes it"), [REQUIRED, validators.Length(max=300)]
    )
    given_name = StringField(_l("Given name"), [validators.Length(max=200)])
    family_name = StringField(
        _l("Family name, for “Dear Mr …”"), [REQUIRED, validators.Length(max=200)]
    )
    title_prefix = StringField(_l("Earned title (Dr., Prof.)"), [validators.Length(max=60)])
    honorific = StringField(_l("Honorific (The Rt Hon, H.E.)"), [validators.Length(max=60)])
    postnominal = StringField(
        _l("Letters after the name (MP, MdB, TD)"), [validators.Length(max=60)]
    )
    form_of_address = SelectField(_l("Form of address"))
    basis = StringField(
        _l("How do we know the form of address?"),
        [validators.Length(max=200)],
        description=_l("Their own page, the parliament's page, or told by them. Never guessed."),
    )
    reading_language = SelectField(_l("Language they read"))

    def offer(self, languages: set[str]) -> None:
        """Set what can be chosen: `languages` are BCP 47 codes."""
        self.form_of_address.choices = [
            (FormOfAddress.X.value, _("Not known")),
            (FormOfAddress.F.value, _("As a woman")),
            (FormOfAddress.M.value, _("As a man")),
        ]
        self.reading_language.choices = [
            ("", _("Not known")),
            *sorted(((code, language_name(code)) for code in languages), key=lambda one: one[1]),
        ]

    def fill(self, person: Person) -> None:
        """Show what stands about `person`."""
        for name in ("name", "given_name", "family_name", "title_prefix", "honorific"):
            self[name].data = getattr(person, name)
        self.postnominal.data = person.postnominal
        self.form_of_address.data = person.form_of_address.value
        self.basis.data = person.form_of_address_basis
        self.reading_language.data = person.reading_language or ""

    def wanted(self, names: dict[str, str]) -> dict[str, Any]:
        """Return what people.change_person takes."""
        texts = ("name", "given_name", "family_name", "title_prefix", "honorific", "postnominal")
        form = FormOfAddress(self.form_of_address.data)
        return {name: self[name].data or "" for name in texts} | {
            "form_of_address": form,
            "form_of_address_basis": "" if form is FormOfAddress.X else self.basis.data or "",
            "reading_language": self.reading_language.data or None,
            "names": names,
        }


class CorrectForm(Form):
    """A new value in the place of a way to reach somebody."""

    value = TextAreaField(_l("What it is now"), [REQUIRED], render_kw={"rows": 2})
    source = StringField(_l("Where do you have it from?"), [REQUIRED, validators.Length(max=200)])
    url = StringField(_l("Link to that page"), [validators.Length(max=500)])


class SplitForm(Form):
    """Which seats, addresses and sources belong to somebody else."""

    name = StringField(_l("Name of the other person"), [REQUIRED, validators.Length(max=300)])
    seats = Checkboxes(_l("Seats that are the other person's"))
    details = Checkboxes(_l("Addresses that are the other person's"))
    records = Checkboxes(_l("Lists that speak of the other person"))


class SeenForm(Form):
    """The token of a form that is drawn by hand."""

    seen = BooleanField(_l("I saw it on that page today: it counts as checked"))
