"""What people type about the pages of a petition, files of counts, and milestones."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, RadioField, SelectField, TextAreaField
from wtforms.validators import Optional

from outreach.accounts.models import Sender
from outreach.errors import BadInput
from outreach.letters.models import Template
from outreach.petitions.models import Petition
from outreach.petitions.page_rules import Settings
from outreach.petitions.pages import Page, PageRule
from outreach.petitions.sources.adapters import SOURCES
from outreach.web.filters import label, say
from outreach.web.forms import Form
from outreach.web.petitions_forms import line
from outreach.words import Sentence

_HOURS = (
    ("", _("Only when somebody asks")),
    ("6", _("Every 6 hours")),
    ("24", _("Every day")),
    ("168", _("Every week")),
)


class PageForm(Form):
    """How one page goes into the number, and how it is read."""

    petition = SelectField(_("Petition"), coerce=int)
    page_url = line(
        _("Address of the page"),
        _("Beginning with https://."),
        needed=_("Give the page's full address."),
        most=800,
    )
    name = line(_("What we call it"), _("Such as “French page”. Empty: its address."))
    rule = RadioField(_("Its signatures are"))
    adapter = SelectField(_("Who reads it"))
    path = line(
        _("Where the count stands in the JSON"),
        _("Only for a server that answers with JSON: names with dots, such as data.count."),
        most=300,
    )
    selector = line(
        _("Where the count stands on the page"),
        _("Only for a web page that shows the number: a CSS selector, such as .signatures strong."),
        most=300,
    )
    every_hours = SelectField(_("How often"))
    # The rule whose consequences were shown.
    looked = HiddenField()

    def offer(self, petitions: Sequence[Petition], page: Page | None, *, decides: bool) -> None:
        """Offer what there is to choose; a known page keeps its petition and address."""
        self.petition.choices = [(one.id, one.title) for one in petitions]
        self.rule.choices = [(one.value, label(one)) for one in PageRule]
        self.adapter.choices = [
            ("", _("People, who enter the count")),
            *((name, say(source.label)) for name, source in SOURCES.items()),
        ]
        hours = str(page.every_hours or "") if page else ""
        extra = [] if hours in dict(_HOURS) else [(hours, _("Every %(n)s hours", n=hours))]
        self.every_hours.choices = [*_HOURS, *extra]
        if page is not None:
            del self.petition, self.page_url
        if not decides:
            del self.rule

    def fill(self, page: Page) -> None:
        """Show what is kept."""
        self.name.data = page.name
        if "rule" in self:
            self.rule.data = page.rule.value
        self.adapter.data = page.adapter or ""
        self.path.data = page.options.get("path", "")
        self.selector.data = page.options.get("selector", "")
        self.every_hours.data = str(page.every_hours or "")

    def settings(self, before: PageRule) -> Settings:
        """Return what was typed; `before` is the rule of who may not choose one."""
        adapter = self.adapter.data or None
        wanted = [one.name for one in SOURCES[adapter].options] if adapter else []
        return Settings(
            name=self.name.data or "",
            rule=PageRule(self.rule.data) if "rule" in self else before,
            adapter=adapter,
            options={name: self[name].data or "" for name in wanted},
            every_hours=int(self.every_hours.data) if self.every_hours.data else None,
        )


class CountFileForm(Form):
    """A file of counts."""

    petition = SelectField(_("Petition"), coerce=int)
    file = FileField(
        _("File"),
        validators=[FileRequired(_("Choose a file."))],
        description=_(
            "CSV in UTF-8: on each line a day such as 2026-03-31, a count and, if you like, the "
            "page's address."
        ),
    )
    page_url = line(
        _("Address of the page"), _("For lines that name no page of their own."), most=800
    )

    def offer(self, petitions: Sequence[Petition]) -> None:
        """Offer the campaign's petitions."""
        self.petition.choices = [(one.id, one.title) for one in petitions]


class MilestonesForm(Form):
    """The numbers worth telling."""

    values = TextAreaField(
        _("Numbers of signatures"),
        validators=[Optional()],
        description=_("One per line. One that was reached stays."),
        render_kw={"rows": 5, "inputmode": "numeric"},
    )

    def numbers(self) -> list[int]:
        """Return the numbers typed. Raises BadInput naming what is none."""
        found = []
        for words in (self.values.data or "").splitlines():
            plain = re.sub(r"[\s.,'’\u00a0\u202f]", "", words)
            if plain and not (plain.isascii() and plain.isdigit() and len(plain) < 11):
                raise BadInput(Sentence("“%(words)s” is no whole number.", words=words), "values")
            if plain:
                found.append(int(plain))
        return found


class FollowUpForm(Form):
    """Which words tell of a milestone, and who signs."""

    template = SelectField(_("Letter"), coerce=int)
    sender = SelectField(_("Sender"), coerce=int)

    def offer(self, templates: Sequence[Template], senders: Sequence[Sender]) -> None:
        """Offer the letters that follow another one, and who can sign."""
        self.template.choices = [(one.id, one.name) for one in templates]
        self.sender.choices = [(one.id, one.name) for one in senders]
