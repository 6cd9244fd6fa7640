"""Turns staged rows into the rows to write, before any write transaction begins.

Numbers of new rows are taken from where each table ends now; `applying` writes them only if nobody
else added a row since.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.free_mail import is_free_mail
from outreach.directory.identity import Identifier
from outreach.directory.importing.records import PersonRecord, digest
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    FormOfAddress,
    Membership,
    Person,
)
from outreach.directory.spelling import search_key
from outreach.directory.syncing.bulk import Rows
from outreach.directory.syncing.columns import COLUMNS
from outreach.directory.syncing.merging import Held, Merged, Saying, Standing, Way
from outreach.directory.syncing.models import (
    ConflictState,
    ImportChange,
    ImportConflict,
    ImportRun,
    SourceRecord,
    StagedRow,
)

FORMS = {"m": FormOfAddress.M, "f": FormOfAddress.F}


# Number, digest, what was said, the day since when it is gone, and the staged row of a record.
Known = tuple[int, str, dict[str, Any], dt.date | None, int | None]


class Plan:
    """Rows to add, columns to set and targets to settle, for one run."""

    def __init__(self, session: Session, run_id: int, saying: Saying, source_url: str) -> None:
        dialect = session.get_bind().dialect
        self.run_id = run_id
        self.saying = saying
        self.rows = {
            model: Rows(model.__table__, names, dialect) for model, names in COLUMNS.items()
        }
        self.first = first_numbers(session)
        self.updates: dict[Any, list[tuple[int, dict[str, Any]]]] = {}
        self.settle: set[int] = set()
        self.counts: Counter[str] = Counter()
        self._source_url = source_url
        self._number: dict[Any, int] = dict(self.first)
        self._changed: dict[tuple[Any, int], dict[str, list[Any]]] = {}

    def add(self, model: Any, *values: Any) -> int:
        """Add a row of `model`, its values after the id, and return its number."""
        number: int = self._number[model]
        self._number[model] = number + 1
        self.rows[model].add(number, *values)
        return number

    def set(self, model: Any, number: int, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Set columns of a row that stands, and keep what they were for undoing."""
        self.updates.setdefault(model, []).append((number, after))
        kept = self._changed.setdefault((model, number), {})
        for name, value in after.items():
            first = kept[name][0] if name in kept else plain(before.get(name))
            kept[name] = [first, plain(value)]

    def follow(self, model: Any, number: int, after: dict[str, Any]) -> None:
        """Set columns that follow from others, so that undoing needs no note of them."""
        columns = {name: value for name, value in after.items() if name in model.__table__.c}
        self.updates.setdefault(model, []).append((number, columns))

    def inserted(self) -> dict[str, list[int]]:
        """Return {table: [first number, last number]} of the new rows."""
        return {
            model.__tablename__: [self.first[model], self._number[model] - 1]
            for model in COLUMNS
            if self._number[model] > self.first[model]
        }

    def keep_changes(self) -> None:
        """Turn what was set into rows of `ImportChange`. Call it once, at the end."""
        for (model, number), columns in self._changed.items():
            self.add(ImportChange, self.run_id, model.__tablename__, number, columns)

    # -- people ----------------------------------------------------------------------------------

    def add_person(self, record: PersonRecord) -> tuple[int, str]:
        """Add a person and return number and search key."""
        key = search_key(record.name, *record.names.values())
        form = FORMS.get(record.gender, FormOfAddress.X)
        number = self.add(
            Person,
            *(getattr(record, name) for name in COLUMNS[Person][1:8]),
            record.names,
            record.other_names,
            record.birth_date,
            record.death_date,
            record.extras,
            form,
            self.saying.source_name if record.gender else "",
            record.reading_language or None,
            key,
            False,
        )
        return number, key

    def add_identifiers(
        self,
        pairs: Iterable[tuple[str, str]],
        *,
        person: int | None = None,
        body: int | None = None,
    ) -> None:
        """Add identifiers of a person or a body."""
        for scheme, value in pairs:
            self.add(Identifier, person, body, scheme[:60], value[:300])

    def add_way(
        self,
        way: Way,
        *,
        person: int | None = None,
        post: int | None = None,
        body: int | None = None,
    ) -> None:
        """Add a contact detail to its owner and remember its number in `way`."""
        free = way.kind is ContactKind.EMAIL and is_free_mail(way.normalised)
        way.personal = free or way.purpose == "personal"
        way.id = self.add(
            ContactDetail,
            person,
            post,
            body,
            way.kind,
            way.value,
            way.normalised,
            way.purpose,
            way.label,
            way.language,
            way.bundle,
            way.personal,
            False,
            self.saying.source_name,
            self._source_url,
            way.source_id,
            way.seen_on,
            way.state,
            way.position,
        )
        self.counts["contacts added"] += 1

    def add_held(self, person: int, held: Held, area: int | None, post: int | None) -> None:
        """Add a membership and remember its number in `held`."""
        held.post_id = post
        held.id = self.add(
            Membership,
            person,
            held.organization_id,
            post,
            area,
            held.on_behalf_of_id,
            held.role,
            held.label,
            held.start_on,
            held.end_on,
            held.start_precision,
            held.end_precision,
            held.end_reason,
            held.source_id,
            held.source_key,
        )
        self.counts["seats added"] += 1

    def change_person(self, ours: Standing, merged: Merged) -> None:
        """Set what `merged` takes over for a person who stands."""
        after = dict(merged.columns)
        if "form_of_address" in after:
            after["form_of_address"] = FORMS[after["form_of_address"]]
        before: dict[str, Any] = dict(ours.texts) | {
            "reading_language": ours.texts.get("reading_language") or None,
            "names": ours.names,
            "other_names": ours.other_names,
            "extras": ours.extras,
            "form_of_address": FORMS.get(ours.gender, FormOfAddress.X),
            "form_of_address_basis": ours.gender_basis,
        }
        if after.keys() & {"name", "names"}:
            names = after.get("names", ours.names)
            after["search_key"] = search_key(after.get("name", ours.texts["name"]), *names.values())
            before["search_key"] = search_key(ours.texts["name"], *ours.names.values())
        if after:
            self.set(Person, ours.id, before, after)
        for conflict in merged.conflicts:
            self.add(
                ImportConflict,
                self.run_id,
                ours.id,
                conflict.field,
                conflict.base,
                conflict.ours,
                conflict.theirs,
                ConflictState.OPEN,
            )
        self.counts["conflicts"] += len(merged.conflicts)

    def change_ways(self, merged: Merged) -> None:
        """Set what changed of contact details that stand."""
        for way, columns in merged.changed_ways:
            before = {name: getattr(way, name) for name in columns}
            self.set(ContactDetail, way.id, before, columns)
            for name, value in columns.items():
                setattr(way, name, value)
            if columns.get("state") is ContactState.WITHDRAWN:
                self.counts["contacts withdrawn"] += 1

    def change_held(self, merged: Merged, areas: Mapping[tuple[int, str], int]) -> None:
        """Set what changed of memberships that stand; `areas` are numbers by body and name."""
        for held, columns in merged.changed_held:
            if "area" in columns:
                held.area = columns.pop("area")
                columns["area_id"] = areas[held.organization_id, held.area]
            before = {name: getattr(held, name) for name in columns}
            for name, value in columns.items():
                setattr(held, name, value)
            self.set(Membership, held.id, before, columns)
            if "end_on" in columns:
                self.counts["seats ended"] += 1

    # -- what the source said --------------------------------------------------------------------

    def remember(
        self,
        known: Known | None,
        row: StagedRow,
        said: dict[str, Any],
        *,
        person: int | None = None,
        body: int | None = None,
    ) -> None:
        """Keep what the source says now, `said` in `row`, as the base of the next comparison.

        `known` is what it said before.
        """
        now = digest(said)
        if known is None:
            self.add(
                SourceRecord,
                self.saying.source_id,
                row.about,
                row.key,
                person,
                body,
                now,
                row.id,
                {},
                self.run_id,
            )
            return
        number, was, _base, gone, staged = known
        if was != now or gone is not None:
            self.set(
                SourceRecord,
                number,
                {"hash": was, "staged_id": staged, "gone_since": gone},
                {"hash": now, "staged_id": row.id, "gone_since": None},
            )


def first_numbers(session: Session) -> dict[Any, int]:
    """Return {model: the number its next row gets}, never one that an undone import had."""
    used: dict[str, int] = {}
    for ranges in session.scalars(sa.select(ImportRun.inserted)):
        for table, (_first, last) in ranges.items():
            used[table] = max(used.get(table, 0), last)
    return {
        model: max(
            int(session.scalar(sa.select(sa.func.max(model.id))) or 0),
            used.get(model.__tablename__, 0),
        )
        + 1
        for model in COLUMNS
    }


def plain(value: Any) -> Any:
    """Return `value` as JSON: days as ISO text, words of enumerations as text."""
    if isinstance(value, dt.date):
        return value.isoformat()
    return getattr(value, "value", value)
