"""Goes through what was staged and works out every row that writing it will add or change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.identity import NotSame
from outreach.directory.importing.records import (
    PersonRecord,
    Seat,
    as_json,
    body_from_json,
    person_from_json,
)
from outreach.directory.models import (
    Area,
    Confidence,
    ContactDetail,
    ContactState,
    Organization,
    Person,
    Post,
)
from outreach.directory.spelling import fold, search_key
from outreach.directory.syncing import fading, standing
from outreach.directory.syncing.bodies import Bodies
from outreach.directory.syncing.comparing import compared, usable, ways
from outreach.directory.syncing.listing import Listing
from outreach.directory.syncing.matching import another_person, by_identifiers
from outreach.directory.syncing.merging import Held, Merged, Saying, Standing, merge_ways
from outreach.directory.syncing.models import (
    SAID,
    SAID_IN,
    Decision,
    Effect,
    ImportRun,
    SourceRecord,
    StagedRow,
)
from outreach.directory.syncing.planning import Known, Plan
from outreach.directory.syncing.seating import Place, ended
from outreach.directory.syncing.staging import BATCH, SMALL

WRITTEN = (
    Effect.ADDED,
    Effect.CHANGED,
    Effect.REFRESHED,
    Effect.CONFLICT,
    Effect.ENDED,
    Effect.PROPOSED,
)


class Preparation:
    """Fills a `Plan` from the staged rows of one run, in one reading session."""

    def __init__(
        self,
        session: Session,
        run: ImportRun,
        saying: Saying,
        *,
        now: dt.datetime,
        progress: Callable[[str, int, int], None],
    ) -> None:
        self.plan = Plan(session, run.id, saying, run.source_url)
        self._session = session
        self._run = run
        self._saying = saying
        self._now = now
        self._progress = progress
        self._bodies = Bodies(session, saying.source_id, str(run.options.get("jurisdiction", "")))
        self._listing = Listing(session, self.plan, now.date())
        self._known: dict[tuple[str, str], Known] = {}
        self._slugs: set[str] = set(session.scalars(sa.select(Organization.slug)))
        self._areas: dict[tuple[str, str], int] = {
            (code, name): number
            for number, code, name in session.execute(
                sa.select(Area.id, Area.jurisdiction_code, Area.name)
            )
        }
        self._posts: dict[tuple[int, str, str], int] = {
            (body, role.value, label): number
            for number, body, role, label in session.execute(
                sa.select(Post.id, Post.organization_id, Post.role, Post.label)
            )
        }
        # What was added to people and posts that stand: two entries of a list may be one person.
        self._given: dict[tuple[str, int], set[Any]] = {}
        self.jurisdictions: set[str] = set()
        staged = sa.select(sa.func.count(StagedRow.id)).where(StagedRow.run_id == run.id)
        self._total = session.scalar(staged)

    def go(self) -> Plan:
        """Work out the whole plan and return it."""
        last, done = 0, 0
        while rows := self._session.scalars(
            sa.select(StagedRow)
            .where(
                StagedRow.run_id == self._run.id,
                StagedRow.effect.in_(WRITTEN),
                StagedRow.id > last,
            )
            .order_by(StagedRow.id)
            .limit(BATCH)
        ).all():
            last, done = rows[-1].id, done + len(rows)
            self._take([row for row in rows if row.about == "organization"], rows)
            self._session.expunge_all()
            self._progress("prepare", done, self._total or 0)
        self._fade()
        self._listing.close()
        self.plan.keep_changes()
        return self.plan

    def _fade(self) -> None:
        """Withdraw what has been missing too long, unless this list has it again."""
        again = {number for number, _columns in self.plan.updates.get(ContactDetail, ())}
        for number, state in fading.faded(self._session, self._saying):
            if number not in again:
                after = {"state": ContactState.WITHDRAWN}
                self.plan.set(ContactDetail, number, {"state": state}, after)
                self._listing.withdrawn(number)

    def _take(self, bodies: Iterable[StagedRow], rows: Iterable[StagedRow]) -> None:
        rows = list(rows)
        self._known = self._records([(row.about, row.key) for row in rows])
        for row in bodies:
            self._take_body(row)
        people = [row for row in rows if row.about == "person" and self._wanted(row)]
        numbers = self._numbers(people)
        stand = standing.people(self._session, [n for n in numbers.values() if n])
        for row in people:
            ours = stand.get(numbers[row.id] or 0)
            if row.payload is None:
                self._end(row, ours)
            elif ours is None:
                self._add(row, person_from_json(row.payload))
            else:
                self._change(row, person_from_json(row.payload), ours)

    def _records(self, keys: list[tuple[str, str]]) -> dict[tuple[str, str], Known]:
        rows: Iterable[Any] = self._session.execute(
            sa.select(
                *(SourceRecord.about, SourceRecord.key, SourceRecord.id, SourceRecord.hash, SAID),
                *(SourceRecord.gone_since, SourceRecord.person_id, SourceRecord.staged_id),
            )
            .outerjoin(*SAID_IN)
            .where(
                SourceRecord.source_id == self._saying.source_id,
                SourceRecord.key.in_({key for _about, key in keys}),
            )
        )
        found: dict[tuple[str, str], Known] = {}
        self._owners: dict[str, int] = {}
        for about, key, number, said, base, gone, person, staged in rows:
            found[(about, key)] = (number, said, base, gone, staged)
            if person:
                self._owners[key] = person
        return found

    def _wanted(self, row: StagedRow) -> bool:
        """A likeness nobody has decided about is not written."""
        if row.effect is Effect.PROPOSED and row.decision is None:
            self.plan.counts["undecided"] += 1
            return False
        return True

    def _numbers(self, rows: list[StagedRow]) -> dict[int, int | None]:
        """Return {row: person it is about, or None}, as the directory is by now.

        Another list may have added somebody with the same number since the preview, and people
        were joined.
        """
        found = {row.id: self._person_of(row) for row in rows}
        new = {
            row.id: row.payload.get("identifiers", {})
            for row in rows
            if row.payload and found[row.id] is None and row.decision is None
        }
        pairs = [pair for identifiers in new.values() for pair in identifiers.items()]
        owners = standing.strong_owners(self._session, pairs)
        found |= {row: by_identifiers(identifiers, owners) for row, identifiers in new.items()}
        gone = standing.joined(self._session, [number for number in found.values() if number])
        self._told_apart = self._still_here(rows)
        return {row: gone.get(number or 0, number) for row, number in found.items()}

    def _still_here(self, rows: list[StagedRow]) -> dict[int, int]:
        """Return {row: whom somebody told it from}, as far as they are still in the directory."""
        decided = [row for row in rows if row.decision is Decision.DIFFERENT]
        apart = {row.id: row.person_id for row in decided if row.person_id}
        gone = standing.joined(self._session, apart.values())
        whom = {row: gone.get(number, number) for row, number in apart.items()}
        here = set(self._session.scalars(sa.select(Person.id).where(Person.id.in_(whom.values()))))
        return {row: number for row, number in whom.items() if number in here}

    def _person_of(self, row: StagedRow) -> int | None:
        if row.decision is Decision.DIFFERENT:
            return None
        return self._owners.get(row.key, row.person_id)

    # -- bodies ----------------------------------------------------------------------------------

    def _take_body(self, row: StagedRow) -> None:
        body = body_from_json(row.payload or {})
        said = as_json(body)
        place, _same = self._bodies.take(body)
        self.jurisdictions.add(place.jurisdiction)
        known = self._known.get(("organization", row.key))
        if place.id < 0:
            place = self._add_body(body, place)
        base = body_from_json(known[2]) if known else None
        contacts, _ = ways(body.contacts, self._saying)
        gave, _ = ways(base.contacts, self._saying) if base else ([], [])
        ours = Standing(id=place.id, texts={}, ways=self._ways_of_body(place.id))
        merged = Merged()
        merge_ways(
            merged, ours, contacts, {(way.kind, way.normalised) for way in gave}, self._saying
        )
        merged.conflicts.clear()  # about people only; the address stays, marked as unseen
        self.plan.change_ways(merged)
        for way in merged.new_ways:
            self.plan.add_way(way, body=place.id)
        self._listing.body(place, ours.ways, merged)
        self.plan.remember(known, row, said, body=place.id)

    def _add_body(self, body: Any, place: Place) -> Place:
        slug = self._slug(body.name or body.key, place.jurisdiction)
        parent = self._bodies.places.get(body.parent) if body.parent else None
        number = self.plan.add(
            Organization,
            slug,
            place.jurisdiction,
            parent.id if parent and parent.id > 0 else None,
            body.kind,
            body.name,
            body.names,
            Confidence.MEDIUM,
            self._saying.source_name,
            search_key(body.name, *body.names.values()),
            False,
        )
        self.plan.add_identifiers(body.identifiers.items(), body=number)
        made = Place(number, place.kind, place.name, place.jurisdiction)
        self._bodies.places.add(body.key, made)
        self._listing.know(made, body.names)
        self.plan.counts["organizations added"] += 1
        return made

    def _slug(self, name: str, jurisdiction: str) -> str:
        stem = f"{jurisdiction.lower()}/{fold(name).replace(' ', '-')}"[:110]
        slug, number = stem, 1
        while slug in self._slugs:
            number += 1
            slug = f"{stem}-{number}"
        self._slugs.add(slug)
        return slug

    def _ways_of_body(self, number: int) -> list[Any]:
        if number >= self.plan.first[Organization]:
            return []
        return standing.ways_of(self._session, ContactDetail.organization_id == number)

    # -- people ----------------------------------------------------------------------------------

    def _add(self, row: StagedRow, record: PersonRecord) -> None:
        payload = row.payload or {}
        record, _lost = usable(record, self._bodies.places)
        merged = compared(record, None, None, self._bodies.places, self._saying)
        person, key = self.plan.add_person(record)
        self.plan.add_identifiers(record.identifiers.items(), person=person)
        for way in merged.new_ways:
            self.plan.add_way(way, person=person)
        held = self._add_seats(person, merged, record.seats)
        self._listing.person(record, key, held, merged.new_ways)
        known = self._known.get(("person", row.key))
        if known is not None:
            self._hand_over(row.key, known[0], person)
        self.plan.remember(known, row, payload, person=person)
        self.plan.counts["added"] += 1
        if other := self._told_apart.get(row.id):
            self.plan.add(NotSame, other, person, self._run.confirmed_by or "", self._now)

    def _hand_over(self, key: str, record: int, person: int) -> None:
        """Let a key of the list mean the new `person`: whom it meant before is no longer on it."""
        before = self._owners[key]
        self.plan.set(SourceRecord, record, {"person_id": before}, {"person_id": person})
        ours = standing.people(self._session, [before]).get(before)
        if ours is None or not self._saying.complete:
            return
        source, said = self._saying.source_id, ours.said
        if any(one.source_id == source and one.key != key and not one.gone for one in said):
            return
        merged = ended(ours, self._bodies.places, self._saying)
        self._change_seats(merged)
        self.plan.counts["ended"] += 1
        self._listing.changed(ours, merged)

    def _change(self, row: StagedRow, record: PersonRecord, ours: Standing) -> None:
        payload = row.payload or {}
        known = self._known.get(("person", row.key))
        record, _lost = usable(record, self._bodies.places)
        base = known[2] if known else None
        if row.decision is None and another_person(record, ours, base) is not None:
            self.plan.counts["undecided"] += 1  # since the preview; the next one asks
            return
        merged = compared(record, ours, base, self._bodies.places, self._saying)
        self._leave_out_given(ours.id, merged)
        self.plan.change_person(ours, merged)
        self.plan.add_identifiers(merged.new_identifiers, person=ours.id)
        self.plan.change_ways(merged)
        for way in merged.new_ways:
            self.plan.add_way(way, person=ours.id)
        self._change_seats(merged)
        self._add_seats(ours.id, merged, record.seats)
        self.plan.remember(known, row, payload, person=ours.id)
        big = any(told.field not in SMALL for told in merged.told)
        self.plan.counts["changed" if big else "refreshed"] += 1
        if (
            big
            or "names" in merged.columns
            or merged.changed_ways
            or merged.changed_held
            or merged.new_held
        ):
            self._listing.changed(ours, merged)

    def _leave_out_given(self, person: int, merged: Merged) -> None:
        """Leave out what another entry of this list has added to the person before this one."""
        given = self._given.setdefault(("person", person), set())
        marks = [(way.kind, way.normalised) for way in merged.new_ways]
        merged.new_ways = [
            way for way, mark in zip(merged.new_ways, marks, strict=True) if mark not in given
        ]
        merged.new_identifiers = [pair for pair in merged.new_identifiers if pair not in given]
        merged.new_held = [held for held in merged.new_held if held.source_key not in given]
        given.update(marks, merged.new_identifiers, (held.source_key for held in merged.new_held))

    def _end(self, row: StagedRow, ours: Standing | None) -> None:
        known = self._known.get(("person", row.key))
        if known is not None and known[3] is None:
            self.plan.set(
                SourceRecord, known[0], {"gone_since": None}, {"gone_since": self._saying.as_of}
            )
        if ours is None or row.effect is not Effect.ENDED:
            return
        merged = ended(ours, self._bodies.places, self._saying)
        self._change_seats(merged)
        self.plan.counts["ended"] += 1
        self._listing.changed(ours, merged)

    def _change_seats(self, merged: Merged) -> None:
        areas = {}
        for held, columns in merged.changed_held:
            if name := columns.get("area"):
                areas[held.organization_id, name] = self._area(held, name) or 0
        self.plan.change_held(merged, areas)

    def _add_seats(self, person: int, merged: Merged, seats: list[Seat]) -> list[Held]:
        by_post = {(seat.organization, seat.post): seat for seat in seats if seat.post}
        for held in merged.new_held:
            post = self._post(held, by_post) if held.post else None
            self.plan.add_held(person, held, self._area(held, held.area), post)
        return merged.new_held

    def _area(self, held: Held, name: str) -> int | None:
        place = self._bodies.places.of(held.organization_id)
        if not name or place is None:
            return None
        key = (place.jurisdiction, name)
        if key not in self._areas:
            self._areas[key] = self.plan.add(Area, *key)
        return self._areas[key]

    def _post(self, held: Held, seats: dict[tuple[str, str], Seat]) -> int:
        key = (held.organization_id, held.role.value, held.post)
        if key not in self._posts:
            self._posts[key] = self.plan.add(
                Post, held.organization_id, held.role, held.post, {}, Confidence.MEDIUM
            )
        number = self._posts[key]
        given = next((seat for (_body, post), seat in seats.items() if post == held.post), None)
        if given is not None and given.contacts:
            new = number >= self.plan.first[Post]
            ours = [] if new else standing.ways_of(self._session, ContactDetail.post_id == number)
            there = {(way.kind, way.normalised) for way in ours}
            there |= self._given.setdefault(("post", number), set())
            for way in ways(given.contacts, self._saying)[0]:
                if (way.kind, way.normalised) not in there:
                    self.plan.add_way(way, post=number)
                    self._given["post", number].add((way.kind, way.normalised))
                    self._listing.gains(number)
        return number
