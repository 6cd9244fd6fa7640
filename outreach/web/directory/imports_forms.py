"""Forms of the imports: a file with what is known about it, and what its columns mean."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.orm import Session
from wtforms import DateField, RadioField, SelectField, StringField, validators

from outreach.directory.importing.formats import FORMATS
from outreach.directory.models import Jurisdiction
from outreach.web.filters import say
from outreach.web.forms import Form

# Codes of the CLDR that are no country: the Eurozone, the United Nations, two for tests, unknown.
_NO_COUNTRY = frozenset(("EZ", "UN", "QO", "XA", "XB", "ZZ"))


def places(session: Session) -> list[tuple[str, str]]:
    """Return (code, name) of every country and of the jurisdictions we have, by name.

    A country that is not in the directory comes into it with the list.
    """
    names = {
        code: name
        for code, name in (get_locale() or Locale("en")).territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY
    }
    rows = session.execute(sa.select(Jurisdiction.code, Jurisdiction.name))
    names |= {code: name for code, name in rows if code not in _NO_COUNTRY}
    return sorted(names.items(), key=lambda one: one[1])


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
