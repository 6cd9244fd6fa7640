"""The formats we read, in order of recognition: the particular before the general.

A new format is one file with a `FORMAT` and one line here.
"""

from __future__ import annotations

from outreach.directory.importing import ep_csv, ep_xml, uk_api
from outreach.directory.importing.congress import reader as congress
from outreach.directory.importing.opening import Upload
from outreach.directory.importing.openstates import reader as openstates
from outreach.directory.importing.popolo import reader as popolo
from outreach.directory.importing.refusing import why_unknown
from outreach.directory.importing.registry import Dataset, Format
from outreach.directory.importing.sheets import reader as tabular
from outreach.directory.importing.vcard import reader as vcard
from outreach.directory.importing.wikidata import reader as sparql
from outreach.errors import BadInput
from outreach.words import Sentence

FORMATS: tuple[Format, ...] = (
    congress.FORMAT,
    openstates.FORMAT,
    vcard.FORMAT,
    ep_xml.FORMAT,
    uk_api.FORMAT,
    sparql.FORMAT,
    popolo.FORMAT,
    ep_csv.FORMAT,
    # Last: whatever has a header is a table.
    tabular.FORMAT,
)


def recognised(upload: Upload) -> list[Dataset]:
    """Return the lists in `upload`, as the first format that knows it finds them.

    Raises BadFile when the format is clear but the file can't be read, and when no format knows
    it: it says what the file is instead.
    """
    for one in FORMATS:
        if found := one.datasets(upload):
            return found
    raise why_unknown(upload)


def format_named(name: str) -> Format:
    """Return the format called `name`. Raises BadInput (field "format"), naming those there are."""
    for one in FORMATS:
        if one.name == name:
            return one
    raise BadInput(
        Sentence(
            "No format is called “%(name)s”. There are: %(names)s.",
            name=name,
            names=", ".join(one.name for one in FORMATS),
        ),
        "format",
    )
