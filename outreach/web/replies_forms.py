"""What a person types about an answer."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from outreach.petitions.models import Position
from outreach.replies.kinds import grouped
from outreach.replies.models import ReplyChannel, SignedBy
from outreach.web.filters import label
from outreach.web.forms import Form

Member = TypeVar("Member", bound=StrEnum)


def _words(kind: type[Member]) -> list[tuple[str, str]]:
    return [(member.value, label(member)) for member in kind]


def _stances() -> list[tuple[str, str]]:
    return [("", gettext("They don't say"))] + [
        (it.value, label(it)) for it in Position if it is not Position.UNKNOWN
    ]


def _kinds() -> dict[str, list[tuple[str, str]]]:
    return {"": [("", gettext("Choose …"))]} | {
        gettext(words): [(kind.value, gettext(row.label)) for kind, row in rows]
        for words, rows in grouped()
    }


class AnswerForm(Form):
    """One answer: a few fields that every answer needs, and those that some do."""

    channel = SelectField(_("How it came"), default=ReplyChannel.EMAIL.value)
    received_on = DateField(_("Day"), validators=[DataRequired(_("Enter the day."))])
    text = TextAreaField(
        _("What they wrote or said"),
        description=_("Paste the whole text. After a call, sum up in a sentence or two."),
        render_kw={"rows": 7, "dir": "auto"},
    )
    kind = SelectField(
        _("What kind of answer is it?"), validators=[DataRequired(_("Choose the kind."))]
    )
    stance = SelectField(_("Where do they stand on what we ask?"))
    quote = TextAreaField(
        _("The sentence that shows it"),
        description=_("Copied word for word from the text above."),
        render_kw={"rows": 2, "dir": "auto"},
    )
    promise = StringField(_("What do they promise?"), render_kw={"dir": "auto"})
    due_on = DateField(_("By which day?"), validators=[Optional()])
    signed_by = SelectField(
        _("Who signed it?"),
        default=SignedBy.STAFF.value,
        description=_("Staff sign most answers, also those of a member."),
    )
    back_on = DateField(
        _("Out of office until"),
        validators=[Optional()],
        description=_("The day they are back. The reminder waits for it."),
    )
    link = StringField(
        _("Link to the public record"),
        description=_("Needed for a vote or a public statement."),
        render_kw={"type": "url", "inputmode": "url"},
    )
    also = SelectMultipleField(
        _("It answers these letters too"),
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validators=[Optional()],
    )
    note = TextAreaField(
        _("Note"),
        description=_(
            "Never write here: names of people in Belarus, anybody's health, anybody's origin."
        ),
        render_kw={"rows": 2, "dir": "auto"},
    )

    scan = FileField(
        _("Scan of a letter on paper"),
        validators=[Optional()],
        description=_("PDF, JPEG or PNG, at most 15 MB. It is kept as it is, never opened here."),
        render_kw={"accept": ".pdf,.jpg,.jpeg,.png"},
    )
    translation = TextAreaField(
        _("Working translation"),
        description=_("Typed or pasted; the original stays and is what counts."),
        render_kw={"rows": 4, "dir": "auto"},
    )
    translated_by = StringField(
        _("Who translated it?"),
        description=_("Empty: you. Else a name, or that of a program."),
    )
    by_machine = BooleanField(_("A machine translated it"))

    def offer(self, others: list[tuple[int, str]]) -> None:
        """Fill the lists to choose from; `others` are (id, words) of letters to the same desk."""
        self.channel.choices = _words(ReplyChannel)
        self.signed_by.choices = _words(SignedBy)
        self.stance.choices = _stances()
        self.kind.choices = _kinds()
        self.also.choices = others

    @property
    def more_is_wrong(self) -> bool:
        """Whether one of the fields behind “More” has to be mended, so that it must be open."""
        behind = ("promise", "due_on", "signed_by", "back_on", "link", "also", "note", "scan")
        read = ("translation", "translated_by")
        return any(self[name].errors for name in (*behind, *read))

    @property
    def behind_is_wrong(self) -> bool:
        """The same for what the page of a message keeps behind “More”."""
        behind = (
            "back_on",
            "received_on",
            "channel",
            "link",
            "text",
            "translation",
            "translated_by",
        )
        return any(self[name].errors for name in behind)

    @property
    def more_is_filled(self) -> bool:
        """Whether something is written in the fields behind “More”."""
        return bool(self.promise.data or self.link.data or self.note.data or self.back_on.data)


class TranslationForm(Form):
    """A working translation and who made it."""

    translation = TextAreaField(_("Working translation"), render_kw={"rows": 6, "dir": "auto"})
    translated_by = StringField(
        _("Who translated it?"),
        description=_("Empty: you. Else a name, or that of a program."),
    )
    by_machine = BooleanField(_("A machine translated it"))


class SecondForm(Form):
    """What a second person reads in an answer."""

    kind = SelectField(
        _("What kind of answer is it?"), validators=[DataRequired(_("Choose the kind."))]
    )
    stance = SelectField(_("Where do they stand on what we ask?"))
    quote = TextAreaField(
        _("The sentence that shows it"),
        description=_("Copied word for word from the text."),
        render_kw={"rows": 2, "dir": "auto"},
    )

    def offer(self) -> None:
        """Fill the lists to choose from."""
        self.stance.choices = _stances()
        self.kind.choices = _kinds()


class DeferForm(Form):
    """Until which day a task stays out of sight."""

    until = DateField(_("Show it again on"), validators=[DataRequired(_("Enter the day."))])
