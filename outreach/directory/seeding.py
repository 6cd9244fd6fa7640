"""Fills the directory from `contacts/`: jurisdictions, bodies and posts, never people.

A row is only ever added, when its code or slug is absent; what stands in the database is never
changed from a file, so every edit made in the browser is kept. Posts come with their body.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from zoneinfo import available_timezones

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import datafile
from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.directory.files import (
    ChamberCard,
    JurisdictionFile,
    OfficeCard,
    PostCard,
    PrecedentCard,
    PrecedentsFile,
    SourcesFile,
)
from outreach.directory.models import (
    Jurisdiction,
    Organization,
    OrganizationKind,
    Post,
)
from outreach.directory.salutations import SPOKEN_OFFICE
from outreach.directory.spelling import search_key
from outreach.errors import BadFile
from outreach.words import Sentence

FROM_SEED = "contacts/"


def seed_directory(session: Session, folder: Path, *, now: dt.datetime, by: Actor) -> Counter[str]:
    """Add what `folder` (the `contacts` of a checkout) has and the directory lacks.

    Returns how many jurisdictions, organizations and posts were added; a second run adds none.
    Raises BadFile with file and line before anything is added when a file is broken.
    """
    files = read_jurisdictions(folder)
    precedents = _precedents(folder)
    counts: Counter[str] = Counter(jurisdictions=0, organizations=0, posts=0)
    known = set(session.scalars(sa.select(Jurisdiction.code)))
    bodies = set(session.scalars(sa.select(Organization.slug)))
    for card in files:
        if card.code not in known:
            session.add(_jurisdiction(card, precedents))
            counts["jurisdictions"] += 1
    session.flush()
    for card in files:
        _add_bodies(session, card, bodies, counts)
    if counts.total():
        record(
            session,
            subject=("directory", 0),
            name="seeded",
            by=by,
            now=now,
            campaign_id=None,
            detail=dict(counts),
        )
    return counts


def read_jurisdictions(folder: Path) -> list[JurisdictionFile]:
    """Return every file of `folder`/jurisdictions, checked: zones, precedents and sources exist.

    Raises BadFile with file and line.
    """
    sources = set(read_sources(folder).sources)
    precedents = set(_precedents(folder))
    paths = sorted((folder / "jurisdictions").glob("*.yaml"))
    if not paths:
        raise BadFile(
            "jurisdictions", None, Sentence("There is no file of a jurisdiction in this folder.")
        )
    found = []
    for path in paths:
        name = f"jurisdictions/{path.name}"
        card = datafile.read(path, JurisdictionFile, name=name)
        if card.code.lower() != path.stem:
            raise BadFile(
                name, _line(path, card.code), Sentence("The file must be named after its code.")
            )
        _known(path, name, [card.timezone], available_timezones(), "time zone")
        _known(path, name, card.precedents, precedents, "precedent")
        _known(path, name, _sources(card), sources, "source")
        found.append(card)
    return found


def read_sources(folder: Path) -> SourcesFile:
    """Return `folder`/sources.yaml. Raises BadFile."""
    return datafile.read(folder / "sources.yaml", SourcesFile, name="sources.yaml")


def _precedents(folder: Path) -> dict[str, PrecedentCard]:
    path = folder / "precedents.yaml"
    cards = datafile.read(path, PrecedentsFile, name="precedents.yaml").precedents
    return {card.id: card for card in cards}


def _known(path: Path, name: str, used: Iterable[str], known: set[str], what: str) -> None:
    for word in used:
        if word not in known:
            raise BadFile(
                name,
                _line(path, word),
                Sentence(
                    "There is no %(what)s “%(word)s”. Check its spelling.", what=what, word=word
                ),
            )


def _line(path: Path, word: str) -> int | None:
    """Return the first line of the file that holds `word`."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    return next((number for number, line in enumerate(lines, 1) if word in line), None)


def _sources(card: JurisdictionFile) -> Iterable[str]:
    parts: list[ChamberCard | OfficeCard] = [*card.parliament.chambers, *card.offices]
    for part in parts:
        yield from part.sources
    for other in (card.designation, card.publicity, card.recess):
        yield from other.sources


def _jurisdiction(card: JurisdictionFile, precedents: dict[str, PrecedentCard]) -> Jurisdiction:
    return Jurisdiction(
        code=card.code,
        kind=card.kind,
        name=card.name,
        eu_member=card.eu_member,
        timezone=card.timezone,
        languages=card.languages,
        publicity=card.publicity.level,
        publicity_basis=card.publicity.basis,
        publicity_confidence=card.publicity.confidence,
        constituency_norm=card.constituency.norm,
        recess=card.recess.pattern,
        recess_confidence=card.recess.confidence,
        designation=card.designation.model_dump(mode="json"),
        tools=[tool.model_dump(mode="json") for tool in card.tools],
        precedents=[precedents[name].model_dump(mode="json") for name in card.precedents],
        notes=_notes(card),
        checked_on=card.checked_on,
    )


def _notes(card: JurisdictionFile) -> list[str]:
    """What is said of the place, of its members' constituencies and of single bodies."""
    parts: list[ChamberCard | OfficeCard] = [*card.parliament.chambers, *card.offices]
    of_bodies = [f"{part.name}: {part.note}" for part in parts if part.note]
    own = [card.constituency.note] if card.constituency.note else []
    return [*card.notes, *own, *of_bodies]


def _add_bodies(
    session: Session, card: JurisdictionFile, known: set[str], counts: Counter[str]
) -> None:
    code = card.code.lower()
    parliament_slug = f"{code}/parliament-as-a-whole"
    parliament = session.scalar(sa.select(Organization).where(Organization.slug == parliament_slug))
    if parliament is None:
        house = card.parliament
        parliament = Organization(
            slug=parliament_slug,
            jurisdiction_code=card.code,
            kind=OrganizationKind.PARLIAMENT,
            name=house.name,
            names=house.names,
            confidence=house.confidence,
            source=FROM_SEED,
            search_key=search_key(house.name, *house.names.values()),
        )
        session.add(parliament)
        session.flush()
        counts["organizations"] += 1
    parts: list[ChamberCard | OfficeCard] = [*card.parliament.chambers, *card.offices]
    for part in parts:
        if f"{code}/{part.slug}" not in known:
            body = _body(card.code, part, parliament)
            session.add(body)
            session.flush()
            session.add_all(_post(body, post) for post in part.posts)
            counts["organizations"] += 1
            counts["posts"] += len(part.posts)


def _body(code: str, card: ChamberCard | OfficeCard, parliament: Organization) -> Organization:
    chamber = isinstance(card, ChamberCard)
    return Organization(
        slug=f"{code.lower()}/{card.slug}",
        jurisdiction_code=code,
        parent_id=parliament.id if chamber else None,
        kind=OrganizationKind.CHAMBER if isinstance(card, ChamberCard) else card.kind,
        name=card.name,
        names=card.names,
        members=card.members if isinstance(card, ChamberCard) else None,
        members_as_of=card.members_as_of or None if isinstance(card, ChamberCard) else None,
        confidence=card.confidence,
        source=", ".join(card.sources) or FROM_SEED,
        search_key=search_key(card.name, *card.names.values()),
    )


def _post(body: Organization, card: PostCard) -> Post:
    spoken = {SPOKEN_OFFICE: card.spoken} if card.spoken else {}
    return Post(
        organization_id=body.id,
        role=card.role,
        label=card.label,
        labels=card.labels | spoken,
        confidence=card.confidence,
    )
