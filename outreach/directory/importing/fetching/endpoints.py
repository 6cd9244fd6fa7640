"""Where public lists can be fetched from, under which licence, and how they are asked for.

A list that is not here can be downloaded by hand and imported as a file, which is the usual way:
public addresses get closed (the European Parliament's list stands behind a challenge since 2026).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from outreach.directory.importing.wikidata.queries import Asked, query
from outreach.errors import BadInput
from outreach.words import N_, Sentence


class Shape(StrEnum):
    """What a file must look like to be the data it is taken for."""

    JSON = "json"
    YAML = "yaml"
    XML = "xml"
    CSV = "csv"
    ZIP = "zip"


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a list: its path below the base (`{of}` is what the operator named)."""

    path: str
    file: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Paging:
    """A list in pages of JSON: `{skip}` counts on by `take` until `total` items have come.

    `each` is a path asked for every item, `{id}` being the value at `key`.
    """

    path: str
    take: int
    items: str = "items"
    total: str = "totalResults"
    key: tuple[str, ...] = ("value", "id")
    each: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A public list. `name` is what an operator types, `format` how its files are read."""

    name: str
    title: str
    base: str
    licence: str
    attribution: str
    # Where a person reads about the list and its licence.
    page: str
    format: str
    parts: tuple[Part, ...] = ()
    paging: Paging | None = None
    # What `--of` must name, in words, with the shape it has.
    of: str = ""
    of_pattern: str = ""
    # Whom its query asks for.
    asked: Asked | None = None
    # Whose rules ask for a way to reach whoever is asking.
    asks_who: bool = False
    # Why it can't be fetched yet; then it has no parts.
    not_yet: str = ""


_GITHUB = "https://raw.githubusercontent.com"
_EP = "© European Union, source: European Parliament"
_UK = "Contains Parliamentary information licensed under the Open Parliament Licence v3.0"


def _uk(name: str, title: str, house: int) -> Endpoint:
    return Endpoint(
        name=name,
        title=title,
        base="https://members-api.parliament.uk/api",
        licence="Open Parliament Licence v3.0",
        attribution=_UK,
        page="https://members-api.parliament.uk/",
        format="uk-api",
        paging=Paging(
            path=f"/Members/Search?IsCurrentMember=true&House={house}&skip={{skip}}&take=20",
            take=20,
            each="/Members/{id}/Contact",
        ),
    )


def _wikidata(name: str, title: str, asked: Asked, of: str) -> Endpoint:
    return Endpoint(
        name=name,
        title=title,
        base="https://query.wikidata.org",
        licence="CC0-1.0",
        attribution="Wikidata",
        page="https://www.wikidata.org/wiki/Wikidata:Data_access",
        format="sparql",
        parts=(Part("/sparql?format=json&query={query}", "wikidata.json", Shape.JSON),),
        of=of,
        of_pattern=r"Q[1-9]\d{0,12}",
        asked=asked,
        asks_who=True,
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        name="congress-legislators",
        title="United States Congress (unitedstates/congress-legislators)",
        base=f"{_GITHUB}/unitedstates/congress-legislators/main",
        licence="CC0-1.0",
        attribution="unitedstates/congress-legislators",
        page="https://github.com/unitedstates/congress-legislators",
        format="congress-legislators",
        parts=tuple(
            Part(f"/{name}.yaml", f"{name}.yaml", Shape.YAML)
            for name in (
                "legislators-current",
                "legislators-district-offices",
                "legislators-social-media",
                "committees-current",
                "committee-membership-current",
            )
        ),
    ),
    Endpoint(
        name="openstates",
        title="States of the United States (openstates/people)",
        # Where github.com sends on to: another host would be refused.
        base="https://codeload.github.com",
        licence="CC0-1.0",
        attribution="Open States",
        page="https://github.com/openstates/people",
        format="openstates",
        parts=(Part("/openstates/people/zip/refs/heads/main", "people-main.zip", Shape.ZIP),),
    ),
    Endpoint(
        name="ep-meps",
        title="Members of the European Parliament",
        base="https://www.europarl.europa.eu",
        licence="European Parliament legal notice",
        attribution=_EP,
        page="https://www.europarl.europa.eu/legal-notice/en/",
        format="ep-xml",
        parts=(Part("/meps/en/full-list/xml", "full-list.xml", Shape.XML),),
    ),
    _uk("uk-commons", "House of Commons of the United Kingdom", 1),
    _uk("uk-lords", "House of Lords of the United Kingdom", 2),
    Endpoint(
        name="everypolitician",
        title="EveryPolitician, one legislature as it was in 2019",
        base=f"{_GITHUB}/everypolitician/everypolitician-data/master/data",
        licence=N_("unknown: check each legislature's own source"),
        attribution="EveryPolitician",
        page="https://github.com/everypolitician/everypolitician-data",
        format="popolo",
        parts=(Part("/{of}/ep-popolo-v1.0.json", "ep-popolo-v1.0.json", Shape.JSON),),
        of=N_("Name country and legislature as the project does, such as Estonia/Riigikogu."),
        of_pattern=r"[\w-]+/[\w-]+",
    ),
    Endpoint(
        name="za-peoples-assembly",
        title="South Africa, People's Assembly",
        base="https://www.pa.org.za",
        licence=N_("unknown: ask the publisher"),
        attribution="People's Assembly (PMG)",
        page="https://www.pa.org.za/help/api",
        format="popolo",
        parts=(Part("/media_root/popolo_json/pombola.json", "pombola.json", Shape.JSON),),
    ),
    _wikidata(
        "wikidata",
        "Wikidata, holders of one position",
        Asked.HOLDERS,
        N_("Name the position by its number, such as Q486839 for members of parliament."),
    ),
    _wikidata(
        "wikidata-legislature",
        "Wikidata, everybody in one legislature",
        Asked.LEGISLATURE,
        N_("Name the legislature by its number, such as Q217799 for the Riigikogu."),
    ),
    _wikidata(
        "wikidata-ministers",
        "Wikidata, ministers of one country",
        Asked.MINISTERS,
        N_("Name the country by its number, such as Q191 for Estonia."),
    ),
    Endpoint(
        name="bundestag",
        title="Bundestag, MdB-Stammdaten",
        base="https://www.bundestag.de",
        licence=N_("terms of the Bundestag, name the source"),
        attribution="Deutscher Bundestag",
        page="https://www.bundestag.de/services/opendata",
        format="",
        not_yet=N_("Its format can't be read yet, and it gives no way to reach anybody."),
    ),
    Endpoint(
        name="opensanctions-peps",
        title="OpenSanctions, politically exposed persons",
        base="https://data.opensanctions.org",
        licence="CC BY-NC 4.0",
        attribution="OpenSanctions",
        page="https://www.opensanctions.org/datasets/peps/",
        format="",
        not_yet=N_("Its format can't be read yet, and its licence forbids commercial use."),
    ),
)


def endpoint_named(name: str) -> Endpoint:
    """Return the public list called `name`. Raises BadInput, naming those there are."""
    for one in ENDPOINTS:
        if one.name == name:
            return one
    raise BadInput(
        Sentence(
            "No public list is called “%(name)s”. There are: %(names)s.",
            name=name,
            names=", ".join(one.name for one in ENDPOINTS if not one.not_yet),
        ),
        "source",
    )


def address_of(endpoint: Endpoint, path: str, of: str) -> str:
    """Return `path` below the endpoint's base with what the operator named filled in."""
    asked = quote(query(of, endpoint.asked), safe="") if endpoint.asked else ""
    return endpoint.base + path.replace("{query}", asked).replace("{of}", of)


def checked_of(endpoint: Endpoint, of: str) -> str:
    """Return what the operator named, if this list needs it and it has the right shape.

    Raises BadInput (field "of") otherwise.
    """
    of = of.strip()
    if not endpoint.of_pattern:
        if of:
            raise BadInput(
                Sentence("%(title)s is one list: leave --of out.", title=endpoint.title), "of"
            )
        return ""
    if not re.fullmatch(endpoint.of_pattern, of):
        raise BadInput(
            Sentence(
                "%(title)s is many lists: say which one with --of. %(how)s",
                title=endpoint.title,
                how=Sentence(endpoint.of),
            ),
            "of",
        )
    return of
