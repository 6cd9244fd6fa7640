"""Finds the organizations a list names among those we have."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.importing.records import Body, as_json, digest
from outreach.directory.models import Organization, OrganizationKind
from outreach.directory.spelling import fold
from outreach.directory.syncing.models import SourceRecord
from outreach.directory.syncing.seating import Place, Places

# What nobody could tell the country of.
UNKNOWN = "ZZ"
_LONGEST_CODE = 16
# Kinds that different sources use for the same body.
_FAMILIES: Mapping[OrganizationKind, str] = {
    OrganizationKind.PARLIAMENT: "parliament",
    OrganizationKind.CHAMBER: "parliament",
    OrganizationKind.MINISTRY: "office",
    OrganizationKind.AUTHORITY: "office",
    OrganizationKind.GROUP: "party",
    OrganizationKind.PARTY: "party",
}


class Bodies:
    """The organizations of one list while it is read, each matched to one we have if we can.

    Match order: the source's own key, then the name in any language inside the jurisdiction and
    the family of kinds. New ones get negative numbers, -1 and on, in the order they come.
    """

    def __init__(self, session: Session, source_id: int, jurisdiction: str) -> None:
        self.places = Places()
        # key -> digest of what was said last.
        self.said: dict[str, str] = {}
        self.new: list[tuple[Place, Body]] = []
        self._session = session
        self._jurisdiction = jurisdiction
        self._named: dict[str, dict[tuple[str, str], int]] = {}
        self._load_known(source_id)

    def _load_known(self, source_id: int) -> None:
        rows = self._session.execute(
            sa.select(
                SourceRecord.key,
                SourceRecord.hash,
                Organization.id,
                Organization.kind,
                Organization.name,
                Organization.jurisdiction_code,
            )
            .join(Organization, Organization.id == SourceRecord.organization_id)
            .where(SourceRecord.source_id == source_id, SourceRecord.about == "organization")
        )
        for key, said, number, kind, name, code in rows:
            self.said[key] = said
            self.places.add(key, Place(number, kind, name, code))

    def take(self, body: Body) -> tuple[Place, bool]:
        """Return where `body` is, and whether this source said it just so before."""
        code = (body.jurisdiction or self._jurisdiction).strip().upper()
        body.jurisdiction = code if 2 <= len(code) <= _LONGEST_CODE else UNKNOWN
        known = self.places.get(body.key)
        if known is not None:
            return known, self.said.get(body.key) == digest(as_json(body))
        number = self._found(body)
        place = Place(number or -(len(self.new) + 1), body.kind, body.name, body.jurisdiction)
        if number is None:
            self.new.append((place, body))
        self.places.add(body.key, place)
        return place, False

    def _found(self, body: Body) -> int | None:
        """Return the one we have by that name; two bodies of one list are never one of ours."""
        names = self._names_in(body.jurisdiction)
        family = _FAMILIES.get(body.kind, body.kind.value)
        taken = self.places.numbers()
        for name in (body.name, *body.names.values()):
            number = names.get((family, fold(name)))
            if number is not None and number not in taken:
                return number
        return None

    def _names_in(self, jurisdiction: str) -> dict[tuple[str, str], int]:
        if jurisdiction not in self._named:
            names: dict[tuple[str, str], int] = {}
            rows = self._session.execute(
                sa.select(
                    Organization.id, Organization.kind, Organization.name, Organization.names
                ).where(
                    Organization.jurisdiction_code == jurisdiction,
                    Organization.demonstration.is_(False),
                )
            )
            for number, kind, name, other in rows:
                if kind is OrganizationKind.COMMITTEE:
                    continue  # every chamber has its "Budget"
                family = _FAMILIES.get(kind, kind.value)
                for text in (name, *other.values()):
                    names.setdefault((family, fold(text)), number)
            self._named[jurisdiction] = names
        return self._named[jurisdiction]
