"""Forms of the imports: a file with what is known about it, and what its columns mean."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, RadioField, SelectField, StringField, validators

from outreach.directory.importing.formats import FORMATS
from outreach.web.filters import say
from outreach.web.forms import Form


class UploadForm(Form):
    """A file, and what the person knows about it."""

    file = FileField(
        _l("File or zip of files"),
        [FileRequired(_l("Choose a file."))],
        description=_l("Up to 300 MB: a spreadsheet, CSV, JSON, YAML, XML, vCards, or a zip."),
    )
    whole = RadioField(
        _l("Is it the whole list?"),
        default="whole",
    )
    as_of = DateField(
        _l("The day it speaks of"),
        [validators.Optional()],
        description=_l("Leave it open if the file says so itself, or if it is of today."),
    )
    jurisdiction = SelectField(
        _l("Country or assembly"),
        description=_l("Only if the file does not say it."),
    )
    body = StringField(
        _l("Body they sit in"),
        [validators.Length(max=200)],
        description=_l("Only if the file does not say it, for example: National Council."),
    )
    url = StringField(
        _l("Where it is from (a link)"),
        [
            validators.Length(max=500),
            validators.Optional(),
            validators.Regexp(r"https?://\S+$", message=_l("Paste a link beginning with https.")),
        ],
    )
    format = SelectField(_l("Format"))

    def offer(self, places: Sequence[tuple[str, str]]) -> None:
        """Set what can be chosen: `places` are (code, name) of jurisdictions."""
        self.whole.choices = [
            ("whole", _("Whole: who is missing from it has left")),
            ("part", _("Only a part: nobody is ended")),
        ]
        self.jurisdiction.choices = [("", _("As the file says")), *places]
        self.format.choices = [
            ("", _("Recognise by itself")),
            *((one.name, say(one.label)) for one in FORMATS),
        ]
