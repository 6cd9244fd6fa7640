"""Which body, party, committee or constituency somebody means by a few letters."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.models import Area, Organization, OrganizationKind, Source
from outreach.directory.queries import TargetFilter, found_in

AT_MOST = 20
_PARTIES = (OrganizationKind.GROUP, OrganizationKind.PARTY)
_COMMITTEES = (OrganizationKind.COMMITTEE, OrganizationKind.COUNCIL)
# The filters whose values are ids that nobody knows by heart, and the kinds each is about.
KINDS: Mapping[str, Collection[OrganizationKind]] = {
    "bodies": tuple(kind for kind in OrganizationKind if kind not in _PARTIES),
    "committees": _COMMITTEES,
    "groups": _PARTIES,
}
TYPED = (*KINDS, "areas")
# What a suggestion ends with once it is chosen: "Foreign Affairs, DE #71".
_NUMBERED = re.compile(r"#(\d{1,9})\s*$")


class Named(NamedTuple):
    """Something one can choose: its id, its name, and the jurisdiction it is in."""

    id: int
    name: str
    jurisdiction_code: str


def meant(
    session: Session, name: str, text: str, *, jurisdictions: Sequence[str] = ()
) -> Sequence[Named]:
    """Return up to twenty values of the filter `name` that `text` may mean, the likeliest first.

    One row alone means it is certain: the text ends with its number, or nothing else fits. `name`
    is one of TYPED; in `jurisdictions` only, if any are given. One query.
    """
    table: Any = Area if name == "areas" else Organization
    query = sa.select(table.id, table.name, table.jurisdiction_code)
    if name in KINDS:
        query = query.where(Organization.kind.in_(KINDS[name]))
    chosen = _NUMBERED.search(text)
    if chosen:
        query = query.where(table.id == int(chosen.group(1)))
    elif name == "areas":
        words = text.casefold().split()
        query = query.where(
            *(sa.func.lower(Area.name).contains(word, autoescape=True) for word in words)
        )
    else:
        query = query.where(*found_in(Organization.search_key, text))
    if jurisdictions and not chosen:
        query = query.where(table.jurisdiction_code.in_(jurisdictions))
    # A name typed in full stands before the longer ones that hold it.
    rows = session.execute(query.order_by(sa.func.length(table.name), table.id).limit(AT_MOST))
    return [Named(*row) for row in rows]


def names_of(session: Session, several: Iterable[TargetFilter]) -> dict[str, dict[int, str]]:
    """Return {filter: {id: name}} of every id in `several` filters; three queries."""
    asked = {name: _ids(several, name) for name in (*TYPED, "sources")}
    bodies = asked["bodies"] | asked["committees"] | asked["groups"]
    found = {
        "organization": _names(session, Organization, bodies),
        "area": _names(session, Area, asked["areas"]),
        "source": _names(session, Source, asked["sources"]),
    }
    tables = {"areas": "area", "sources": "source"}
    return {name: found[tables.get(name, "organization")] for name in asked}


def source_names(session: Session) -> Sequence[tuple[int, str]]:
    """Return (id, name) of every source, by name."""
    rows = session.execute(sa.select(Source.id, Source.name).order_by(Source.name))
    return [(row.id, row.name) for row in rows]


def _ids(several: Iterable[TargetFilter], name: str) -> set[int]:
    return {number for one in several for number in getattr(one, name)}


def _names(session: Session, table: Any, ids: Collection[int]) -> dict[int, str]:
    if not ids:
        return {}
    rows = session.execute(sa.select(table.id, table.name).where(table.id.in_(ids)))
    return {row.id: row.name for row in rows}
