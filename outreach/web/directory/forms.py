"""Forms of the directory: narrowing a list, adding a way to reach somebody, checking one."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, SelectField, StringField, TextAreaField, validators

from outreach.directory.models import ContactKind, FormOfAddress, TargetRole
from outreach.web.filters import label, language_name
from outreach.web.forms import Form

REQUIRED = validators.InputRequired(_l("Fill this in."))


class ContactForm(Form):
    """A new way to reach a person, a post or an organization."""

    owner = SelectField(_l("Belongs to"))
    kind = SelectField(_l("Kind"))
    value = TextAreaField(
        _l("Address, number or link"),
        [REQUIRED],
        description=_l("Only what belongs to the office: no home address, no private number."),
        render_kw={"rows": 2},
    )
    source = StringField(
        _l("Where do you have it from?"),
        [REQUIRED, validators.Length(max=200)],
        description=_l("For example: the ministry's contact page, a phone call on 3 March."),
    )
    url = StringField(_l("Link to that page"), [validators.Length(max=500)])

    def offer(self, owners: list[tuple[str, str]]) -> None:
        """Set what can be chosen: `owners` are (kind, name)."""
        self.owner.choices = owners
        self.kind.choices = [(kind.value, label(kind)) for kind in ContactKind]


class VerifyForm(Form):
    """The page on which somebody saw an address, and the day."""

    url = StringField(_l("Link of the page that shows it"), [REQUIRED, validators.Length(max=500)])
    on = DateField(_l("Seen on"), [REQUIRED])


class PersonForm(Form):
    """A person in a body, added by hand."""

    name = StringField(
        _l("Full name, as their own page writes it"),
        [REQUIRED, validators.Length(max=300)],
        render_kw={"autofocus": True},
    )
    given = StringField(_l("Given name"), [validators.Length(max=200)])
    family = StringField(_l("Family name, for “Dear Mr …”"), [REQUIRED, validators.Length(max=200)])
    latin = StringField(_l("The name in Latin letters, if it is not"), [validators.Length(max=300)])
    title_prefix = StringField(_l("Earned title (Dr., Prof.)"), [validators.Length(max=60)])
    honorific = StringField(_l("Honorific (The Rt Hon, H.E.)"), [validators.Length(max=60)])
    postnominal = StringField(
        _l("Letters after the name (MP, MdB, TD)"), [validators.Length(max=60)]
    )
    role = SelectField(_l("Role"), [REQUIRED])
    post = SelectField(_l("Post"))
    form = SelectField(_l("Form of address"))
    basis = StringField(
        _l("How do we know the form of address?"),
        [validators.Length(max=200)],
        description=_l("Their own page, the parliament's page, or told by them. Never guessed."),
    )
    reads = SelectField(
        _l("Language they read"),
        default="",
        description=_l("Leave it open to write in a language of their country."),
    )
    way = TextAreaField(
        _l("Address, if you have it"),
        description=_l(
            "An e-mail address, the link of a form, a number, or the lines of a postal address."
        ),
        render_kw={"rows": 2},
    )
    way_source = StringField(_l("Where is it from?"), [validators.Length(max=200)])
    way_url = StringField(_l("Link to that page"), [validators.Length(max=500)])

    def offer(self, posts: list[tuple[str, str]], languages: set[str]) -> None:
        """Set what can be chosen: `posts` are (id, name), `languages` BCP 47 codes."""
        self.reads.choices = [
            ("", _("Not known")),
            *sorted(((code, language_name(code)) for code in languages), key=lambda one: one[1]),
        ]
        self.role.choices = [
            ("", _("Choose one")),
            *((role.value, label(role)) for role in TargetRole),
        ]
        self.post.choices = [("", _("No post of their own")), *posts]
        self.form.choices = [
            (FormOfAddress.X.value, _("Not known")),
            (FormOfAddress.F.value, _("As a woman")),
            (FormOfAddress.M.value, _("As a man")),
        ]
