"""Whose work an export holds, and on what terms it may be passed on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.models import ContactDetail, Membership, Source
from outreach.directory.syncing.models import SourceRecord
from outreach.words import Sentence

_NON_COMMERCIAL = re.compile(r"(?<![A-Za-z])NC(?![A-Za-z])|non-?commercial", re.IGNORECASE)
_SHARE_ALIKE = re.compile(r"(?<![A-Za-z])SA(?![A-Za-z])|share-?alike|ODbL|GPL|GFDL", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Credit:
    """One source to be named wherever its data goes."""

    slug: str
    name: str
    url: str
    licence: str
    attribution: str
    # What the licence asks of whoever passes it on.
    terms: tuple[Sentence, ...]

    def __str__(self) -> str:
        known = ", ".join(filter(None, (self.attribution, self.licence, *map(str, self.terms))))
        return f"{self.name} ({known})" if known else self.name


def credits(session: Session) -> list[Credit]:
    """Return the sources that anything in the directory comes from, by name, in one query."""
    used: sa.CompoundSelect[int | None] = sa.union(
        sa.select(ContactDetail.source_id),
        sa.select(Membership.source_id),
        sa.select(SourceRecord.source_id),
    )
    query = sa.select(Source).where(Source.id.in_(used)).order_by(Source.name, Source.id)
    return [credit_of(source) for source in session.scalars(query)]


def credit_of(source: Source) -> Credit:
    """Return how `source` is to be named."""
    return Credit(
        slug=source.slug,
        name=source.name,
        url=source.url,
        licence=source.licence,
        attribution=source.attribution,
        terms=tuple(_terms(source.licence)),
    )


def _terms(licence: str) -> Iterable[Sentence]:
    if _NON_COMMERCIAL.search(licence):
        yield Sentence("not for commercial use")
    if _SHARE_ALIKE.search(licence):
        yield Sentence("share under the same licence")
