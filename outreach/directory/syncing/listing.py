"""Works out the target rows of an import: whom lists show, and the desk behind each.

One target for each person and body: a second term in the same seat goes on under the same target,
so that our history with the person stays together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.importing.records import PersonRecord
from outreach.directory.languages_read import Languages
from outreach.directory.models import (
    ContactDetail,
    Membership,
    Office,
    Organization,
    OrganizationKind,
    Post,
    Target,
)
from outreach.directory.offices import ORGANIZATION_ROLE, USABLE, best_of, first_day, office_key
from outreach.directory.shelf_life import MINISTERLY
from outreach.directory.spelling import search_key
from outreach.directory.syncing.bulk import chunks
from outreach.directory.syncing.columns import COLUMNS
from outreach.directory.syncing.merging import Held, Merged, Standing, Way
from outreach.directory.syncing.planning import Plan
from outreach.directory.syncing.seating import Place
from outreach.directory.syncing.standing import ways_of_posts
from outreach.directory.ways import bits
from outreach.directory.wishes import Wish, wishes_of

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
    ended_on: dt.date | None = None


@dataclass(slots=True)
class _Row:
    """A target that waits for the number of its desk; `target` is 0 for a new one."""

    values: dict[str, Any]
    desk: str
    desk_name: str
    target: int = 0
    post: int | None = None


@dataclass(slots=True)
class _Changed:
    """Somebody who stands, as they are after the import."""

    held: list[Held]
    ways: list[Way]
    name: str
    key: str
    language: str


class Listing:
    """Collects target rows while an import is prepared; `close` numbers their desks."""

    def __init__(self, session: Session, plan: Plan, today: dt.date) -> None:
        self._session = session
        self._plan = plan
        self._today = today
        self._rows: list[_Row] = []
        self._changed: list[_Changed] = []
        self._bodies: dict[int, _Body] = {
            number: _Body(name, tuple(names.values()), code, kind, gone)
            for number, name, names, code, kind, gone in session.execute(
                sa.select(
                    Organization.id,
                    Organization.name,
                    Organization.names,
                    Organization.jurisdiction_code,
                    Organization.kind,
                    Organization.ended_on,
                )
            )
        }
        self._languages = Languages(session)
        self._around: dict[tuple[int, int | None, str], str] = {}
        self._ways_of_post: dict[int, list[Way]] = {}
        # Posts that get a new way: whoever holds them is settled after the writing.
        self._gaining: set[int] = set()

    def know(self, place: Place, names: dict[str, str]) -> None:
        """Remember a body that the plan adds."""
        self._bodies[place.id] = _Body(
            place.name, tuple(names.values()), place.jurisdiction, place.kind
        )

    def gains(self, post: int) -> None:
        """Note a post that gets a new way to be reached."""
        if post not in self._gaining and post < self._plan.first[Post]:
            self._plan.settle.update(
                self._session.scalars(
                    sa.select(Target.id)
                    .join(Membership, Membership.id == Target.membership_id)
                    .where(Membership.post_id == post)
                )
            )
        self._gaining.add(post)

    def body(self, place: Place, ways: list[Way], merged: Merged) -> None:
        """Note a body that can be written to as itself; `merged` adds to its `ways`."""
        new = place.id >= self._plan.first[Organization]
        if not new:
            if merged.new_ways or merged.changed_ways:
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
                "language": self._languages.read_by(None, jurisdiction=body.jurisdiction),
                "group_id": None,
                "ended_on": None,
                "settle": False,
            },
            [*ways, *merged.new_ways],
            f"organization:{place.id}",
        )

    def person(self, record: PersonRecord, key: str, held: list[Held], ways: list[Way]) -> None:
        """Note the targets of somebody new: one for each body where they sit today."""
        one = _Changed(held, ways, record.name, key, record.reading_language)
        for seat in self._current(held):
            self._seat(seat, one)

    def changed(self, ours: Standing, merged: Merged) -> None:
        """Note somebody who stands and whose name, seats or ways `merged` changes."""
        name = merged.columns.get("name", ours.texts["name"])
        names = merged.columns.get("names", ours.names)
        self._changed.append(
            _Changed(
                [*ours.held, *merged.new_held],
                [*ours.ways, *merged.new_ways],
                name,
                search_key(name, *names.values()),
                merged.columns.get("reading_language", ours.texts.get("reading_language", "")),
            )
        )
        if len(self._changed) >= 500:
            self._settle_changed()

    def withdrawn(self, detail: int) -> None:
        """Note that an address goes: whoever it belongs to is settled after the writing."""
        owner = sa.select(ContactDetail.person_id).where(ContactDetail.id == detail)
        body = sa.select(ContactDetail.organization_id).where(ContactDetail.id == detail)
        self._plan.settle.update(
            self._session.scalars(
                sa.select(Target.id)
                .outerjoin(Membership, Membership.id == Target.membership_id)
                .where(
                    sa.or_(
                        Membership.person_id == owner.scalar_subquery(),
                        Target.organization_id == body.scalar_subquery(),
                    )
                )
            )
        )

    def close(self) -> None:
        """Give every new target its desk, making those that are not there yet."""
        self._settle_changed()
        desks: dict[str, int] = {}
        for part in chunks(sorted({row.desk for row in self._rows})):
            found: Iterable[Any] = self._session.execute(
                sa.select(Office.key, Office.id).where(Office.key.in_(part))
            )
            desks |= {row[0]: row[1] for row in found}
        for row in self._rows:
            if row.desk not in desks:
                desks[row.desk] = self._plan.add(Office, row.desk, row.desk_name)
            self._write(row, desks[row.desk])

    def _write(self, row: _Row, desk: int) -> None:
        values = row.values | {"office_id": desk}
        values["jurisdiction_code"] = self._bodies[values["body_id"]].jurisdiction
        if row.target:
            # Follows from the rest: undoing settles it anew, so nothing is kept of it.
            self._plan.follow(Target, row.target, values | {"verified_until": None})
            if row.post in self._gaining:
                self._plan.settle.add(row.target)
            return
        number = self._plan.add(
            Target, *(values.get(name) for name in COLUMNS[Target][1:-1]), False
        )
        self._plan.counts["targets added"] += 1
        if values["settle"] or row.post in self._gaining:
            self._plan.settle.add(number)

    def _settle_changed(self) -> None:
        """Bring the targets of people who stand in step, and note new ones."""
        changed, self._changed = self._changed, []
        numbers = [held.id for one in changed for held in one.held if held.id]
        listed: dict[int, int] = {}
        wishes: dict[int, Wish] = {}
        for part in chunks(numbers):
            rows: Iterable[Any] = self._session.execute(
                sa.select(Target.membership_id, Target.id).where(Target.membership_id.in_(part))
            )
            found = {row[0]: row[1] for row in rows}
            wishes |= wishes_of(self._session, list(found.values()))
            listed |= found
        for one in changed:
            self._settle_person(one, listed, wishes)

    def _settle_person(
        self, one: _Changed, listed: dict[int, int], wishes: dict[int, Wish]
    ) -> None:
        theirs = {held.id: listed[held.id] for held in one.held if held.id in listed}
        now = {seat.organization_id: seat for seat in self._current(one.held)}
        # The slower, general way for the few whose row hangs on more than what is read here.
        general = any(target in wishes for target in theirs.values()) or any(
            seat.role in MINISTERLY for seat in now.values()
        )
        listed_here = [held for held in one.held if held.id in theirs]
        # One of several goes on under a new seat: the last, unless that seat has a row itself.
        last = {held.organization_id: held for held in listed_here}
        last |= {seat.organization_id: seat for seat in now.values() if seat.id in theirs}
        for held in listed_here:
            seat = held
            if held is last[held.organization_id]:
                seat = now.pop(held.organization_id, held)
            target = theirs[held.id]
            if seat is not held:
                before, after = {"membership_id": held.id}, {"membership_id": seat.id}
                self._plan.set(Target, target, before, after)
            self._seat(seat, one, target=target, general=general)
        for seat in now.values():
            self._seat(seat, one, general=general)

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

    def _seat(self, seat: Held, one: _Changed, *, target: int = 0, general: bool = False) -> None:
        ways = [way for way in one.ways if way.post_id is None] + self._of_post(seat.post_id)
        best = best_of(cast("list[ContactDetail]", ways))
        if target and (general or (best and best.verified_on)):
            self._plan.settle.add(target)
            return
        values = {
            "membership_id": seat.id,
            "organization_id": None,
            "body_id": seat.organization_id,
            "role": seat.role,
            "name": one.name,
            "search_key": f"{one.key} {self._words_around(seat)}",
            "language": self._languages.read_by(
                one.language,
                jurisdiction=self._bodies[seat.organization_id].jurisdiction,
                area=seat.area,
            ),
            "group_id": seat.on_behalf_of_id,
            "source_id": seat.source_id,
            "ended_on": first_day(seat.end_on, self._bodies[seat.organization_id].ended_on),
            "settle": general or (best is not None and best.verified_on is not None),
        }
        self._note(values, ways, f"membership:{seat.id}", target, seat.post_id)

    def _of_post(self, post: int | None) -> list[Way]:
        """Return what stands of the ways to reach a post."""
        if post is None or post >= self._plan.first[Post]:
            return []
        if post not in self._ways_of_post:
            self._ways_of_post |= {post: []} | ways_of_posts(self._session, [post])
        return self._ways_of_post[post]

    def _note(
        self,
        values: dict[str, Any],
        ways: list[Way],
        own: str,
        target: int = 0,
        post: int | None = None,
    ) -> None:
        best = best_of(cast("list[ContactDetail]", ways))
        values["channel"] = best.kind if best else None
        values["ways"] = bits(way.kind for way in ways if way.state in USABLE)
        desk = office_key(best)[:520] if best else own
        self._rows.append(_Row(values, desk, self._bodies[values["body_id"]].name, target, post))

    def _words_around(self, seat: Held) -> str:
        key = (seat.organization_id, seat.on_behalf_of_id, seat.post)
        if key not in self._around:
            body = self._bodies[seat.organization_id]
            group = self._bodies.get(seat.on_behalf_of_id or 0)
            around = [seat.post] if seat.post else []
            around += [body.name, *body.names] + ([group.name] if group else [])
            self._around[key] = search_key(*around)
        return self._around[key]
