"""Members of the European Parliament from its list in XML.

https://www.europarl.europa.eu/meps/en/full-list/xml: <meps><mep><fullName>, <country>,
<politicalGroup>, <id>, <nationalPoliticalGroup>. It names no way to reach anybody and no day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from outreach.directory.importing import cleaning
from outreach.directory.importing.dated import day_of
from outreach.directory.importing.opening import Upload
from outreach.directory.importing.parsing import read_xml
from outreach.directory.importing.records import Problem, Record
from outreach.directory.importing.registry import Dataset, Format
from outreach.directory.importing.sheets.mapping import Constants, Mapping
from outreach.directory.importing.sheets.people import People
from outreach.directory.importing.sheets.tables import Row
from outreach.directory.models import OrganizationKind, TargetRole
from outreach.errors import BadFile
from outreach.words import Sentence

_HEADERS = ("name", "given", "family", "country", "group", "party", "id", "start", "end")
_MAPPING = Mapping(
    columns={
        "name": "name",
        "given": "given",
        "family": "family",
        "country": "area_country",
        "group": "group",
        "party": "party",
        "id": "id",
        "start": "start",
        "end": "end",
    },
    constants=Constants(
        jurisdiction="EU",
        body="European Parliament",
        body_kind=OrganizationKind.PARLIAMENT,
        role=TargetRole.MEP,
        id_scheme="mep",
    ),
    same_id_same_person=True,
)
# What stands in the page that a guard against robots sends in place of the list.
_CHALLENGE = (b"awswaf", b"gokuprops", b"challenge.js", b"cf-challenge", b"captcha", b"robot")
_PARTICLES = frozenset(
    {
        *("de", "del", "della", "dello", "di", "da", "das", "dos", "do", "du", "des", "van", "von"),
        *("der", "den", "dem", "ten", "ter", "zu", "zum", "zur", "af", "av", "la", "le", "los"),
        *("las", "y", "i", "e", "in", "t", "und", "et", "bin", "ben", "al", "el", "os", "as"),
    }
)
_GAELIC = frozenset(("Ó", "Ní", "Nic", "Mac", "Uí"))
# What may be small in a family name that is written in capitals: McALLISTER, d'ORNANO, O'NEILL.
_SMALL_START = re.compile(
    r"^(?:Mc|Mac|Mag|Fitz|De|Di|Da|Le|La|Van|Von|[dDlLoO]['’])(?=[^\W\d_]{2})"
)


def datasets(upload: Upload) -> list[Dataset]:
    """Return the list in the upload. Raises BadFile when the file is the page of a guard."""
    found = []
    for file in upload.files:
        head = upload.head(file, 8192).lower()
        if b"<meps" not in head:
            _refuse_challenge(upload, head)
            continue
        found.append(
            Dataset(
                "ep-xml",
                (file,),
                "ep-meps",
                "European Parliament, list of members",
                jurisdiction="EU",
                as_of=day_of(upload, file),
                licence="European Parliament legal notice",
                attribution="© European Union, source: European Parliament",
                url="https://www.europarl.europa.eu/meps/en/full-list/xml",
                rank=1,
                options={"place": upload.place(file)},
            )
        )
    return found


def _refuse_challenge(upload: Upload, head: bytes) -> None:
    """Say what it is when the only file is a web page that a guard sent; other pages pass."""
    if len(upload.files) == 1 and b"<html" in head and any(word in head for word in _CHALLENGE):
        raise BadFile(
            upload.name,
            None,
            Sentence(
                "This is a page that checks for robots, not the list. Open the list in a browser"
                " and save it from there."
            ),
        )


def read(dataset: Dataset) -> Iterator[Record]:
    """Yield the records of the list. Raises BadFile (file, line)."""
    place = str(dataset.options.get("place") or dataset.files[0].name)
    head = dataset.files[0].read_bytes()[:8192].lower()
    if b"<meps" not in head and b"<html" in head:
        raise BadFile(place, None, Sentence("This is a web page, not the list of members."))
    root = read_xml(dataset.files[0], place)
    rows: list[Row] = []
    for number, mep in enumerate(root.iterfind(".//{*}mep"), start=1):
        said = {_plain(part.tag): cleaning.text(part.text) for part in mep}
        given, family = at_capitals(said.get("fullname", ""))
        row = [said.get("fullname", ""), given, family, said.get("country", "")]
        row += [said.get("politicalgroup", ""), said.get("nationalpoliticalgroup", "")]
        row += [said.get("id", ""), said.get("mandatestart", ""), said.get("mandateend", "")]
        if not said.get("id"):
            yield Problem(f"{place}, member {number}", Sentence("It has no id."), row[0])
        rows.append((number, row))
    if not rows:
        raise BadFile(place, None, Sentence("There is no member in it."))
    people = People(_MAPPING, _HEADERS, place, "", "BE")
    yield from people.records(iter(rows))


def _plain(tag: str) -> str:
    return re.sub(r"[^a-z]", "", tag.rpartition("}")[2].lower())


def at_capitals(name: str) -> tuple[str, str]:
    """Return (given, family) of a name whose family name stands at the end in capitals.

    Particles before it belong to it. ("", "") when there is no such run, or nothing before it.
    """
    words = name.split()
    first = len(words)
    while first and _in_capitals(words[first - 1]):
        first -= 1
        while first > 1 and words[first - 1].strip("'’").lower() in _PARTICLES:
            if not words[first - 1].strip("'’").islower():
                break
            first -= 1
        if first > 1 and words[first - 1] in _GAELIC:
            first -= 1
    if first == len(words) or first == 0:
        return "", ""
    return " ".join(words[:first]), " ".join(words[first:])


def _in_capitals(word: str) -> bool:
    """Tell a family name in capitals from a given name or an initial. ß has no capital in use."""
    rest = _SMALL_START.sub("", word)
    letters = [one for one in rest if one.isalpha()]
    if len(letters) < 2:
        return False
    return all(one.isupper() or one == "ß" for one in letters) and any(map(str.isupper, letters))


FORMAT = Format("ep-xml", "European Parliament, list of members (XML)", datasets, read)
