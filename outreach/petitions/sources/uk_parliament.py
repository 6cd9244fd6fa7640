"""UK Parliament petitions: the page's address with `.json` behind it gives its data.

`data.attributes.signature_count`; `data.attributes.state` and `action` tell which petition it is
(https://petition.parliament.uk/help, Open Government Licence).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from outreach.petitions.sources.json_path import at, data_of, whole
from outreach.petitions.sources.reading import Answer, Found, NoCount, Source, shape_of
from outreach.words import N_, Sentence

_PATH = re.compile(r"/(?:archived/)?petitions/(\d+)(?:\.json)?/?")
_WHERE = "data.attributes.signature_count"


def _address(url: str) -> str:
    parts = urlsplit(url)
    if not _PATH.fullmatch(parts.path):
        raise NoCount(
            Sentence(
                "Give the petition's own page: its address ends with /petitions/ and a number."
            )
        )
    path = parts.path.rstrip("/").removesuffix(".json")
    return f"{parts.scheme}://{parts.netloc}{path}.json"


def _read(answer: Answer, url: str, _options: Mapping[str, str]) -> Found:
    data = data_of(answer)
    value = whole(at(data, _WHERE), _WHERE)
    named = _PATH.fullmatch(urlsplit(url).path)
    if named and str(at(data, "data.id")) != named.group(1):
        raise NoCount(
            Sentence("The server answered for another petition. Look at the page in a browser.")
        )
    return Found(value, shape_of("uk_parliament", _WHERE), f"signature_count: {value}")


SOURCE = Source(
    name="uk_parliament",
    label=Sentence(N_("petition.parliament.uk")),
    about=Sentence(N_("Asks the UK Parliament's petitions site for the petition's data.")),
    accept="application/json",
    read=_read,
    address=_address,
)
