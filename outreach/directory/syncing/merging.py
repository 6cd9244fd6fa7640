"""Compares what a source says now, what it said last, and what stands: field by field.

The rules are those of a three-way merge. `base` is what the source said last, `theirs` what it says
now, `ours` what stands in the directory:

* ours is still the base: theirs is taken;
* ours was changed by hand: ours stays, and if theirs changed too, that is a conflict to look at;
* a locked field never changes;
* an empty value says nothing: it deletes nothing;
* a source that ranks lower than the one a value came from does not change it.

Nothing here reads or writes the database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from outreach.directory.importing.records import PersonRecord
from outreach.directory.models import ContactKind, ContactState, TargetRole

# Columns of Person that a source may set, as PersonRecord calls them.
TEXTS = (
    "name",
    "given_name",
    "family_name",
    "title_prefix",
    "honorific",
    "postnominal",
    "sort_name",
    "birth_date",
    "death_date",
    "reading_language",
)


@dataclass(slots=True)
class Way:
    """A contact detail as it stands; `id` is 0 for one that is about to be made."""

    id: int
    kind: ContactKind
    value: str
    normalised: str
    purpose: str = "office"
    label: str = ""
    language: str | None = None
    bundle: str = ""
    personal: bool = False
    by_hand: bool = False
    source_id: int | None = None
    seen_on: dt.date | None = None
    unseen_since: dt.date | None = None
    verified_on: dt.date | None = None
    state: ContactState = ContactState.OK
    position: int = 0
    post_id: int | None = None


@dataclass(slots=True)
class Held:
    """A membership as it stands; `id` is 0 for one that is about to be made."""

    id: int
    organization_id: int
    role: TargetRole
    label: str = ""
    area: str = ""
    on_behalf_of_id: int | None = None
    start_on: dt.date | None = None
    end_on: dt.date | None = None
    start_precision: str = "day"
    end_precision: str = "day"
    end_reason: str | None = None
    source_id: int | None = None
    source_key: str | None = None
    post_id: int | None = None
    area_id: int | None = None
    # The label of a post to be made or found, with `organization_id`.
    post: str = ""

    def is_open(self, day: dt.date) -> bool:
        """Return whether the seat is held on `day`."""
        return self.end_on is None or self.end_on >= day


@dataclass(frozen=True, slots=True)
class Said:
    """What a source last said of a person: JSON of a PersonRecord, under the source's key."""

    source_id: int
    rank: int
    record: dict[str, Any]
    key: str = ""
    # Whether a whole list no longer had it.
    gone: bool = False


@dataclass(slots=True)
class Standing:
    """A person as the directory has them, with everything that hangs on them."""

    id: int
    texts: dict[str, str]
    names: dict[str, str] = field(default_factory=dict)
    other_names: list[dict[str, str]] = field(default_factory=list)
    extras: dict[str, str] = field(default_factory=dict)
    # "m", "f" or "" for not known.
    gender: str = ""
    gender_basis: str = ""
    identifiers: set[tuple[str, str]] = field(default_factory=set)
    ways: list[Way] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    locks: set[str] = field(default_factory=set)
    # What the sources last said of this person; one list may name them by two keys.
    said: list[Said] = field(default_factory=list)
    # Ways withdrawn by an import and not by a person: they are good again when a list has them.
    faded: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Told:
    """One difference, in words for the preview. `field` names what differs."""

    field: str
    old: str
    new: str


@dataclass(slots=True)
class Conflict:
    """A field that was changed by hand and by the source."""

    field: str
    base: str
    ours: str
    theirs: str


@dataclass(slots=True)
class Merged:
    """What an import would write about one person."""

    columns: dict[str, Any] = field(default_factory=dict)
    new_identifiers: list[tuple[str, str]] = field(default_factory=list)
    new_ways: list[Way] = field(default_factory=list)
    changed_ways: list[tuple[Way, dict[str, Any]]] = field(default_factory=list)
    new_held: list[Held] = field(default_factory=list)
    changed_held: list[tuple[Held, dict[str, Any]]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    # Fields that held something in the base and hold nothing now.
    emptied: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Saying:
    """Who says it: the source, its rank, the day its list speaks of, whether it is whole.

    `kinds` and `purposes`: the bodies and the ways the list is about; None means all of them.
    """

    source_id: int
    source_name: str
    rank: int
    as_of: dt.date
    complete: bool
    kinds: frozenset[str] | None = None
    purposes: frozenset[str] | None = None

    def covers(self, kind: str) -> bool:
        """Return whether a seat in a body of `kind` would be on the list."""
        return self.kinds is None or kind in self.kinds

    def gives(self, purpose: str) -> bool:
        """Return whether a way for `purpose` would be on the list."""
        return self.purposes is None or purpose in self.purposes


def merge_texts(
    merged: Merged,
    ours: Standing,
    theirs: PersonRecord,
    base: dict[str, Any] | None,
    saying: Saying,
) -> None:
    """Compare the plain fields of a person and note in `merged` what would change."""
    for name in TEXTS:
        new = getattr(theirs, name)
        old = str(base.get(name, "")) if base is not None else None
        if not new:
            if old:
                merged.emptied.append(name)
            continue
        taken = _taken(name, ours.texts.get(name, ""), new, old, ours, saying, merged)
        if taken:
            merged.columns[name] = new
            merged.told.append(Told(name, ours.texts.get(name, ""), new))
    _merge_gender(merged, ours, theirs.gender, base, saying)
    _merge_names(merged, ours, theirs, base)
    for pair in theirs.identifiers.items():
        if pair not in ours.identifiers:
            merged.new_identifiers.append(pair)


def _taken(
    name: str,
    ours_now: str,
    new: str,
    old: str | None,
    ours: Standing,
    saying: Saying,
    merged: Merged,
) -> bool:
    """Return whether `new` is taken; note a conflict when both changed."""
    if new == ours_now or name in ours.locks or _has_lost_letters(new, ours_now):
        return False
    if not ours_now and not old:
        return True
    if old is not None and ours_now == old:
        return not _better_says(name, ours_now, ours, saying)
    if old == new:
        return False
    ranks = [
        said.rank
        for said in ours.said
        if said.source_id != saying.source_id and str(said.record.get(name, "")) == ours_now
    ]
    if ranks:
        return saying.rank < min(ranks)
    merged.conflicts.append(Conflict(name, old or "", ours_now, new))
    return False


def _has_lost_letters(new: str, ours_now: str) -> bool:
    """Return whether `new` is what stands with letters its list could not spell ("Jos? P?rez")."""
    lost = new.count("?") + new.count("\ufffd")
    return lost > 0 and len(new) - lost < len(ours_now) - ours_now.count("?")


def _better_says(name: str, value: str, ours: Standing, saying: Saying) -> bool:
    """Return whether a source that ranks before this one says `value` of the field."""
    return any(
        said.rank < saying.rank and str(said.record.get(name, "")) == value
        for said in ours.said
        if said.source_id != saying.source_id
    )


def _merge_gender(
    merged: Merged, ours: Standing, new: str, base: dict[str, Any] | None, saying: Saying
) -> None:
    old = str((base or {}).get("gender", ""))
    if not new or new == ours.gender or "form_of_address" in ours.locks:
        return
    if ours.gender == old:
        merged.columns["form_of_address"] = new
        merged.columns["form_of_address_basis"] = saying.source_name
        merged.told.append(Told("gender", ours.gender, new))


def _merge_names(
    merged: Merged, ours: Standing, theirs: PersonRecord, base: dict[str, Any] | None
) -> None:
    for column, new in (("names", theirs.names), ("extras", theirs.extras)):
        now: dict[str, str] = getattr(ours, column)
        old: dict[str, str] = (base or {}).get(column, {})
        changed = {
            key: value
            for key, value in new.items()
            if value and now.get(key) != value and now.get(key, "") == old.get(key, "")
        }
        if changed and column not in ours.locks:
            merged.columns[column] = now | changed
            merged.told += [Told(column, now.get(key, ""), changed[key]) for key in changed]
    had = (base or {}).get("other_names", [])
    fresh = [one for one in theirs.other_names if one not in ours.other_names and one not in had]
    if fresh and "other_names" not in ours.locks:
        merged.columns["other_names"] = ours.other_names + fresh
        merged.told += [Told("other_names", "", str(one.get("name", ""))) for one in fresh]


def merge_ways(
    merged: Merged,
    ours: Standing,
    theirs: Iterable[Way],
    base: set[tuple[ContactKind, str]],
    saying: Saying,
    elsewhere: Mapping[tuple[ContactKind, str], int] = MappingProxyType({}),
) -> None:
    """Compare the ways to reach somebody by (kind, normalised value).

    `theirs` are the source's ways now, `base` those it gave last, `elsewhere` those that other
    lists (by their number) or another entry of this one give too: they stay. One that the base has
    and that stands no more was moved by a person to somebody else. A way that is gone is kept and
    marked; it is withdrawn only when the same source gives another of its kind and purpose instead,
    and, if a person checked or typed it, only with that person's yes: that is a conflict.
    """
    given = {(way.kind, way.normalised): way for way in theirs}
    standing: dict[tuple[ContactKind, str], Way] = {}
    for way in ours.ways:
        if way.post_id is None:
            standing.setdefault((way.kind, way.normalised), way)
    fresh = [way for key, way in given.items() if key not in standing and key not in base]
    for way in fresh:
        merged.new_ways.append(way)
    for key, way in standing.items():
        if key in given:
            _seen_again(merged, way, given[key], ours, saying)
    gone = [standing[key] for key in sorted(base - given.keys()) if key in standing]
    replaced = _gone_ways(merged, ours, gone, elsewhere, fresh, saying)
    for way in fresh:
        before = replaced.get((way.kind, way.purpose), "")
        merged.told.append(Told(way.kind.value, before, way.value))
    kinds = {kind for kind, _ in given}
    merged.emptied += sorted({kind.value for kind, _ in base} - {kind.value for kind in kinds})


def _seen_again(merged: Merged, way: Way, given: Way, ours: Standing, saying: Saying) -> None:
    columns: dict[str, Any] = {}
    if way.unseen_since is not None and way.source_id == saying.source_id:
        columns |= {"unseen_since": None, "seen_on": saying.as_of}
        if way.id in ours.faded:
            columns["state"] = ContactState.OK
            merged.told.append(Told(way.kind.value, "", way.value))
    if way.source_id == saying.source_id and f"contact:{way.id}" not in ours.locks:
        for name in ("purpose", "label", "bundle", "language"):
            if getattr(given, name) and getattr(given, name) != getattr(way, name):
                columns[name] = getattr(given, name)
    if columns:
        merged.changed_ways.append((way, columns))


def _gone_ways(
    merged: Merged,
    ours: Standing,
    gone: list[Way],
    elsewhere: Mapping[tuple[ContactKind, str], int],
    fresh: list[Way],
    saying: Saying,
) -> dict[tuple[ContactKind, str], str]:
    """Mark or withdraw what the source no longer gives; return what was withdrawn."""
    follows = {(way.kind, way.purpose): way for way in fresh}
    replaced: dict[tuple[ContactKind, str], str] = {}
    for way in gone:
        if way.source_id != saying.source_id or way.unseen_since is not None:
            continue
        if not saying.gives(way.purpose):
            continue
        other = elsewhere.get((way.kind, way.normalised))
        if other is not None:
            if other != saying.source_id:
                merged.changed_ways.append((way, {"source_id": other}))
            continue
        if way.state is ContactState.WITHDRAWN or f"contact:{way.id}" in ours.locks:
            continue
        columns: dict[str, Any] = {"unseen_since": saying.as_of}
        instead = follows.get((way.kind, way.purpose))
        if instead is not None and (way.verified_on is not None or way.by_hand):
            merged.conflicts.append(
                Conflict(f"contact:{way.id}", way.value, way.value, instead.value)
            )
        elif instead is not None:
            columns["state"] = ContactState.WITHDRAWN
            replaced[(way.kind, way.purpose)] = way.value
        else:
            # Kept and marked; still, the source says something else than it did.
            merged.told.append(Told(way.kind.value, way.value, ""))
        merged.changed_ways.append((way, columns))
    return replaced
