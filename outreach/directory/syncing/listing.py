"""Works out the target rows of an import: whom lists show, and the desk behind each.

One target for each person and body: a second term in the same seat goes on under the same target,
so that our history with the person stays together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.importing.records import PersonRecord
from outreach.directory.models import (
    ContactDetail,
    Jurisdiction,
    Office,
    Organization,
    OrganizationKind,
    Post,
    Target,
)
from outreach.directory.offices import ORGANIZATION_ROLE, best_of, office_key
from outreach.directory.spelling import search_key
from outreach.directory.syncing import territories
from outreach.directory.syncing.bulk import chunks
from outreach.directory.syncing.merging import Held, Standing, Way
from outreach.directory.syncing.planning import Plan
from outreach.directory.syncing.seating import Place
from outreach.directory.syncing.standing import ways_of_posts

# A seat here can be written to; one in a party, a group or a committee is about somebody who has
# another seat.
WRITTEN_TO = frozenset(
    {
        OrganizationKind.GOVERNMENT,
        OrganizationKind.MINISTRY,
        OrganizationKind.AUTHORITY,
        OrganizationKind.PARLIAMENT,
        OrganizationKind.CHAMBER,
        OrganizationKind.COUNCIL,
    }
)
# These are written to as themselves too.
OFFICES = frozenset(
    {OrganizationKind.GOVERNMENT, OrganizationKind.MINISTRY, OrganizationKind.AUTHORITY}
)


@dataclass(slots=True)
class _Body:
    name: str
    names: tuple[str, ...]
    jurisdiction: str
    kind: OrganizationKind


@dataclass(slots=True)
class _Row:
    """A target that waits for the number of its desk."""

    values: dict[str, Any]
    desk: str
    desk_name: str


@dataclass(slots=True)
class _Lists:
    rows: list[_Row] = field(default_factory=list)
    # Existing people whose seats changed: (standing, new seats, ways, name, key, language).
    changed: list[tuple[Standing, list[Held], list[Way], str, str, str]] = field(
        default_factory=list
    )


class Listing:
    """Collects target rows while an import is prepared; `close` numbers their desks."""

    def __init__(self, session: Session, plan: Plan, today: dt.date) -> None:
        self._session = session
        self._plan = plan
        self._today = today
        self._lists = _Lists()
        self._bodies: dict[int, _Body] = {
            number: _Body(name, tuple(names.values()), code, kind)
            for number, name, names, code, kind in session.execute(
                sa.select(
                    Organization.id,
                    Organization.name,
                    Organization.names,
                    Organization.jurisdiction_code,
                    Organization.kind,
                )
            )
        }
        known: Iterable[Any] = session.execute(sa.select(Jurisdiction.code, Jurisdiction.languages))
        self._languages: dict[str, list[str]] = {row[0]: row[1] for row in known}
        self._around: dict[tuple[int, int | None, str], str] = {}

    def know(self, place: Place, names: dict[str, str]) -> None:
        """Remember a body that the plan adds."""
        self._bodies[place.id] = _Body(
            place.name, tuple(names.values()), place.jurisdiction, place.kind
        )

    def body(self, place: Place, ways: list[Way], changed: bool) -> None:
        """Note a body that can be written to as itself."""
        new = place.id >= self._plan.first[Organization]
        if not new:
            if changed:
                self._plan.settle.update(
                    self._session.scalars(
                        sa.select(Target.id).where(Target.organization_id == place.id)
                    )
                )
            return
        if place.kind not in OFFICES:
            return
        body = self._bodies[place.id]
        self._note(
            {
                "organization_id": place.id,
                "membership_id": None,
                "body_id": place.id,
                "role": ORGANIZATION_ROLE,
                "name": body.name,
                "search_key": search_key(body.name, *body.names),
                "language": self._language("", body.jurisdiction),
                "group_id": None,
                "ended_on": None,
            },
            ways,
            f"organization:{place.id}",
        )

    def person(
        self, person: int, record: PersonRecord, key: str, held: list[Held], ways: list[Way]
    ) -> None:
        """Note the targets of somebody new: one for each body where they sit today."""
        del person
        for seat in self._current(held):
            self._seat(seat, record.name, key, record.reading_language, ways)

    def changed(
        self, ours: Standing, record: PersonRecord | None, new: list[Held], ways: list[Way]
    ) -> None:
        """Note somebody who stands and whose name, seats or ways changed."""
        name = ours.texts["name"]
        names = [name, *ours.names.values()]
        if record is not None:
            names += [record.name, *record.names.values()]
        usable = [way for way in ours.ways if way.post_id is None] + ways
        language = ours.texts.get("reading_language", "")
        self._lists.changed.append((ours, new, usable, name, search_key(*names), language))
        if len(self._lists.changed) >= 500:
            self._settle_changed()

    def close(self) -> None:
        """Give every new target its desk, making those that are not there yet."""
        self._settle_changed()
        desks: dict[str, int] = {}
        for part in chunks(sorted({row.desk for row in self._lists.rows})):
            found: Iterable[Any] = self._session.execute(
                sa.select(Office.key, Office.id).where(Office.key.in_(part))
            )
            desks |= {row[0]: row[1] for row in found}
        for row in self._lists.rows:
            if row.desk not in desks:
                desks[row.desk] = self._plan.add(Office, row.desk, row.desk_name)
            values = row.values
            self._plan.add(
                Target,
                values["membership_id"],
                values["organization_id"],
                desks[row.desk],
                self._bodies[values["body_id"]].jurisdiction,
                values["body_id"],
                values["group_id"],
                values["role"],
                values["name"],
                values["search_key"],
                values["language"],
                values["channel"],
                values["ended_on"],
                False,
            )
            self._plan.counts["targets added"] += 1

    def _settle_changed(self) -> None:
        """Take existing targets along to the newest seat in the same body, and note new ones."""
        changed, self._lists.changed = self._lists.changed, []
        numbers = [held.id for ours, *_ in changed for held in ours.held if held.id]
        listed: dict[int, int] = {}
        for part in chunks(numbers):
            rows: Iterable[Any] = self._session.execute(
                sa.select(Target.membership_id, Target.id).where(Target.membership_id.in_(part))
            )
            listed |= {row[0]: row[1] for row in rows}
        for ours, new, ways, name, key, language in changed:
            self._settle_person(ours, new, listed, (ways, name, key, language))

    def _settle_person(
        self,
        ours: Standing,
        new: list[Held],
        listed: dict[int, int],
        said: tuple[list[Way], str, str, str],
    ) -> None:
        ways, name, key, language = said
        in_body: dict[int, tuple[int, Held]] = {}
        for held in ours.held:
            if held.id in listed:
                in_body[held.organization_id] = (listed[held.id], held)
                self._plan.settle.add(listed[held.id])
        for seat in self._current([*ours.held, *new]):
            there = in_body.get(seat.organization_id)
            if there is None:
                self._seat(seat, name, key, language, ways)
            elif there[1] is not seat and not there[1].is_open(self._today):
                self._plan.set(
                    Target,
                    there[0],
                    {"membership_id": there[1].id},
                    {"membership_id": seat.id},
                )

    def _current(self, held: list[Held]) -> list[Held]:
        """Return the seats held today that can be written to, one for each body: the newest."""
        newest: dict[int, Held] = {}
        for seat in held:
            body = self._bodies.get(seat.organization_id)
            if body is None or body.kind not in WRITTEN_TO or not seat.is_open(self._today):
                continue
            before = newest.get(seat.organization_id)
            if before is None or (seat.start_on or dt.date.min) >= (before.start_on or dt.date.min):
                newest[seat.organization_id] = seat
        return list(newest.values())

    def _seat(self, seat: Held, name: str, key: str, language: str, ways: list[Way]) -> None:
        body = self._bodies[seat.organization_id]
        all_ways = list(ways)
        if seat.post_id is not None and seat.post_id < self._plan.first[Post]:
            all_ways += ways_of_posts(self._session, [seat.post_id]).get(seat.post_id, [])
        self._note(
            {
                "membership_id": seat.id,
                "organization_id": None,
                "body_id": seat.organization_id,
                "role": seat.role,
                "name": name,
                "search_key": f"{key} {self._words_around(seat)}",
                "language": self._language(language, body.jurisdiction),
                "group_id": seat.on_behalf_of_id,
                "ended_on": seat.end_on,
            },
            all_ways,
            f"membership:{seat.id}",
        )

    def _note(self, values: dict[str, Any], ways: list[Way], own: str) -> None:
        best = best_of(cast("list[ContactDetail]", ways))
        values["channel"] = best.kind if best else None
        desk = office_key(best)[:520] if best else own
        self._lists.rows.append(_Row(values, desk, self._bodies[values["body_id"]].name))

    def _words_around(self, seat: Held) -> str:
        key = (seat.organization_id, seat.on_behalf_of_id, seat.post)
        if key not in self._around:
            body = self._bodies[seat.organization_id]
            group = self._bodies.get(seat.on_behalf_of_id or 0)
            around = [seat.post] if seat.post else []
            around += [body.name, *body.names] + ([group.name] if group else [])
            self._around[key] = search_key(*around)
        return self._around[key]

    def _language(self, reads: str, jurisdiction: str) -> str:
        if reads:
            return reads
        if jurisdiction not in self._languages:
            self._languages[jurisdiction] = territories.languages(jurisdiction)
        return next(iter(self._languages[jurisdiction]), "en")
