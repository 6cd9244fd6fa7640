"""What people type about demands, facts, objections, measures and counts."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import ClassVar, TypeVar

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from wtforms import (
    DateField,
    Field,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, Optional

from outreach.directory.models import Confidence
from outreach.petitions import facts, phrases
from outreach.petitions.models import (
    Conflict,
    Demand,
    Fact,
    FactState,
    Measure,
    Objection,
    Origin,
    Petition,
    Use,
)
from outreach.web.filters import label, say
from outreach.web.forms import Form
from outreach.words import N_, Language, Sentence

Fields = TypeVar("Fields", bound="InLanguages")
_ROWS = {"rows": 3}


def words_of(kind: type[StrEnum]) -> list[tuple[str, str]]:
    """Return every member of `kind` as a choice of a form, in the reader's words."""
    return [(member.value, label(member)) for member in kind]


def paragraph(label: str, hint: str = "", *, needed: str = "", most: int = 4000) -> TextAreaField:
    """Return a field of several lines; `needed` is what is said when it stays empty."""
    checks = [DataRequired(needed)] if needed else [Optional()]
    return TextAreaField(
        label, validators=[*checks, Length(max=most)], description=hint, render_kw=_ROWS
    )


def line(label: str, hint: str = "", *, needed: str = "", most: int = 200) -> StringField:
    """Return a field of one line; `needed` is what is said when it stays empty."""
    checks = [DataRequired(needed)] if needed else [Optional()]
    return StringField(label, validators=[*checks, Length(max=most)], description=hint)


class InLanguages(Form):
    """A form with the same text once per language: `wording_en`, `wording_de`, …"""

    # The names that stand once per language, in their order; `in_each_language` fills it.
    each: ClassVar[tuple[str, ...]] = ()

    def texts(self, name: str, before: dict[str, str]) -> dict[str, str]:
        """Return {language: text} of the fields of `name`, keeping languages without a field."""
        typed = {language: self._of(name, language).data or "" for language in _languages()}
        return {
            language: words for language, words in ({**before, **typed}).items() if words.strip()
        }

    def show_texts(self, name: str, texts: dict[str, str]) -> None:
        """Fill the fields of `name` with what is kept."""
        for language in _languages():
            self._of(name, language).data = texts.get(language, "")

    def in_languages(self) -> list[tuple[str, list[Field], bool]]:
        """Return per language its code, its fields, and whether there is something to see."""
        rows = [
            (language, [self._of(name, language) for name in self.each])
            for language in _languages()
        ]
        return [(code, some, any(one.data or one.errors for one in some)) for code, some in rows]

    def plain(self) -> list[Field]:
        """Return the fields that stand once, in their order."""
        ends = tuple(f"{name}_" for name in self.each)
        return [one for one in self if not (ends and one.name.startswith(ends))]

    def _of(self, name: str, language: str) -> Field:
        return self[f"{name}_{language}"]


def _languages() -> list[str]:
    """The languages letters can be written in, English first."""
    return sorted(phrases.all_phrases(), key=lambda code: (code != "en", code))


def in_each_language(
    name: str,
    label: str,
    hint: str = "",
    *,
    kind: Callable[..., Field] = paragraph,
    needed: str = "",
    most: int = 4000,
) -> Callable[[type[Fields]], type[Fields]]:
    """Return a decorator that gives a form the text `name` in every language letters know.

    `label` has a gap %(language)s; `needed` is what is said when the English one stays empty.
    """

    def add(form: type[Fields]) -> type[Fields]:
        for code in _languages():
            said = LazyString(lambda code=code: say(Sentence(label, language=Language(code))))
            wanted = needed if code == "en" else ""
            setattr(form, f"{name}_{code}", kind(said, hint, needed=wanted, most=most))
        form.each = (*form.each, name)
        return form

    return add


@in_each_language("wording", N_("Clause in %(language)s"), _("Continues “We ask you …”."))
class DemandForm(InLanguages):
    """A demand's text, and the clause letters print."""

    text = paragraph(_("The demand, in one sentence"), needed=_("Say what is demanded."))
    legal_effect = paragraph(_("Legal effect"), _("What follows in law when it is met."))
    success_test = paragraph(_("Met when"), _("By what a stranger could see that it is met."))

    def fill(self, demand: Demand) -> None:
        """Show what is kept."""
        self.text.data = demand.text
        self.legal_effect.data = demand.legal_effect
        self.success_test.data = demand.success_test
        self.show_texts("wording", demand.wording)


@in_each_language("citation", N_("Source line in %(language)s"), kind=line, most=400)
@in_each_language("wording", N_("Sentence in %(language)s"), _("{figure} stands for the figure."))
class FactForm(InLanguages):
    """Everything about a fact; the only way a figure gets into a letter."""

    # The version the writer saw; 0 for a new fact.
    seen = HiddenField(default="0")
    code = line(
        _("Code"),
        _("Short and for good, such as R08."),
        needed=_("Give the fact a code."),
        most=20,
    )
    origin = SelectField(
        _("Who says it"),
        choices=lambda: words_of(Origin),
        description=_("What we found ourselves is never put into the petition's mouth."),
    )
    statement = paragraph(
        _("Statement"),
        _("What is counted or found, with its period, in one sentence."),
        needed=_("Say in one sentence what the fact is."),
    )
    qualifier = SelectField(
        _("The figure is"),
        choices=lambda: [("", _("no figure")), *((name, name) for name in facts.QUALIFIERS)],
        validators=[Optional()],
    )
    figure = IntegerField(
        _("Figure"),
        validators=[Optional()],
        description=_("Digits only. Leave it empty when nothing is counted."),
    )
    unit = line(_("Unit"), _("What is counted: people, cases, complaints …"), most=40)
    period = line(
        _("Period"),
        _("The time the figure is about, if not the as-of day: 9 to 14 August 2020."),
        most=120,
    )
    as_of = line(_("As of"), _("As exactly as it is known: 2021, 2020-12 or 2020-12-01."), most=10)
    source_title = line(_("Source: title"), most=400)
    source_publisher = line(_("Source: publisher"))
    source_date = line(_("Source: date"), most=20)
    source_url = line(
        _("Source: address"), _("The page itself, beginning with https://."), most=800
    )
    use = SelectField(_("Use"), choices=lambda: words_of(Use))
    state = SelectField(
        _("State"),
        choices=lambda: words_of(FactState),
        description=_("Anything but current stops the letters that use it."),
    )
    caveat = paragraph(_("Caveat"), _("What a writer must know before using it."))
    safe_wording = paragraph(_("Safe wording"), _("How to say it without saying too much."))
    conflict_group = SelectField(_("Conflicts with others of"), validators=[Optional()])
    preferred_now = SelectField(_("Better now"), validators=[Optional()])
    review_by = DateField(
        _("Check again by"),
        validators=[Optional()],
        description=_("After this day no letter prints it until somebody checked it."),
    )

    def offer(self, others: list[str], groups: list[Conflict]) -> None:
        """Offer the codes of the other facts and of the conflicts."""
        self.preferred_now.choices = [("", _("nothing")), *((code, code) for code in others)]
        self.conflict_group.choices = [
            ("", _("none")),
            *((group.code, f"{group.code}: {group.what}") for group in groups),
        ]

    def fill(self, fact: Fact) -> None:
        """Show what is kept."""
        for name, field in self._fields.items():
            if hasattr(fact, name) and name != "as_of":
                kept = getattr(fact, name)
                field.data = kept.value if isinstance(kept, StrEnum) else kept
        self.seen.data = str(fact.version)
        self.as_of.data = facts.as_of_text(fact)
        self.show_texts("wording", fact.wording)
        self.show_texts("citation", fact.citation)

    def values(self, before: Fact | None) -> facts.FactValues:
        """Return what was typed. Raises BadInput for an as-of day that can't be read."""
        as_of, precision = facts.as_of_from(self.as_of.data) if self.as_of.data else (None, None)
        return facts.FactValues(
            origin=Origin(self.origin.data),
            statement=self.statement.data,
            figure=self.figure.data,
            qualifier=self.qualifier.data or None,
            unit=self.unit.data or None,
            period=self.period.data or "",
            as_of=as_of,
            as_of_precision=precision,
            source_title=self.source_title.data or "",
            source_publisher=self.source_publisher.data or "",
            source_date=self.source_date.data or "",
            source_url=self.source_url.data or "",
            use=Use(self.use.data),
            caveat=self.caveat.data or "",
            safe_wording=self.safe_wording.data or "",
            conflict_group=self.conflict_group.data or None,
            preferred_now=self.preferred_now.data or None,
            review_by=self.review_by.data,
            state=FactState(self.state.data),
            wording=self.texts("wording", before.wording if before else {}),
            citation=self.texts("citation", before.citation if before else {}),
        )


class ObjectionForm(Form):
    """What recipients say, and what we may answer."""

    says = paragraph(_("What they say"), needed=_("Say what they object."))
    known_from = paragraph(_("Known from"), _("Who said so, and when."))
    answer = paragraph(
        _("Our answer"),
        _("Honest first: conceding is an answer."),
        needed=_("Say what may be answered."),
    )
    strength = line(_("How strong the answer is"), most=80)

    def fill(self, objection: Objection) -> None:
        """Show what is kept."""
        for name in ("says", "known_from", "answer", "strength"):
            self[name].data = getattr(objection, name)


@in_each_language("citation", N_("Source line in %(language)s"), kind=line, most=400)
@in_each_language(
    "wording",
    N_("Sentence in %(language)s"),
    _("What they did, as letters say it. Without it letters don't mention the measure."),
)
class MeasureForm(InLanguages):
    """What exists already, so that no letter asks for it again."""

    jurisdictions = line(
        _("Jurisdictions"),
        _("Codes with commas between them: US, or GB, CA."),
        needed=_("Name at least one jurisdiction."),
    )
    taken_on = line(
        _("Since"),
        _("2020-12-23, or as exactly as it is known."),
        needed=_("Say since when."),
        most=20,
    )
    what = paragraph(_("What exists"), needed=_("Say what exists already."))
    confidence = SelectField(_("How sure we are"), choices=lambda: words_of(Confidence))
    sources = paragraph(_("Sources"), _("One a line: who says so, and the page's address."))

    def fill(self, measure: Measure) -> None:
        """Show what is kept."""
        self.jurisdictions.data = ", ".join(measure.jurisdictions)
        self.taken_on.data = measure.taken_on
        self.what.data = measure.what
        self.confidence.data = measure.confidence.value
        self.sources.data = "\n".join(measure.sources)
        self.show_texts("wording", measure.wording)
        self.show_texts("citation", measure.citation)


class ReadingForm(Form):
    """A count somebody read off a page."""

    petition = SelectField(_("Petition"), coerce=int)
    value = IntegerField(
        _("Count on the page"),
        validators=[Optional()],
        description=_("Digits only, exactly as the page shows it."),
        render_kw={"required": True, "min": 0},
    )
    page_url = line(
        _("Address of the page"),
        _("Beginning with https://."),
        needed=_("Give the page's full address."),
        most=800,
    )
    read_on = DateField(
        _("Day you read it"),
        validators=[Optional()],
        description=_("Without a day the count is kept, but no letter can print it."),
    )

    def offer(self, petitions: list[Petition]) -> None:
        """Offer the campaign's petitions."""
        self.petition.choices = [(petition.id, petition.title) for petition in petitions]
