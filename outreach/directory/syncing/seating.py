"""Compares the seats a source gives a person with those that stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outreach.directory.importing.records import Seat
from outreach.directory.models import OrganizationKind
from outreach.directory.syncing.merging import Held, Merged, Saying, Standing, Told

# Seats here are small print: a change of committee is no change of the person.
SMALL = frozenset({OrganizationKind.COMMITTEE})
NO_LONGER_LISTED = "no longer listed"
CHANGED_GROUP = "changed group"


@dataclass(frozen=True, slots=True)
class Place:
    """A body as the comparison needs it; `id` is negative while it is not yet in the directory."""

    id: int
    kind: OrganizationKind
    name: str
    jurisdiction: str


class Places:
    """The bodies of a list: by the source's key, and by their number."""

    def __init__(self, places: Mapping[str, Place] | None = None) -> None:
        self._by_key: dict[str, Place] = {}
        self._by_id: dict[int, Place] = {}
        for key, place in (places or {}).items():
            self.add(key, place)

    def add(self, key: str, place: Place) -> None:
        """Add a body under the source's key for it; "" for one that only stands."""
        if key:
            self._by_key[key] = place
        self._by_id[place.id] = place

    def __getitem__(self, key: str) -> Place:
        return self._by_key[key]

    def get(self, key: str) -> Place | None:
        """Return the body with the source's key, or None."""
        return self._by_key.get(key)

    def of(self, number: int | None) -> Place | None:
        """Return the body of this number, or None."""
        return None if number is None else self._by_id.get(number)

    def numbers(self) -> set[int]:
        """Return the numbers of all bodies."""
        return set(self._by_id)

    def keys(self) -> set[str]:
        """Return the source's keys of all bodies."""
        return set(self._by_key)


def partial_day(text: str, *, last: bool = False) -> tuple[dt.date | None, str]:
    """Return the day and the precision of an ISO 8601 date of reduced precision.

    "2012" is 1 January 2012, or 31 December for the `last` day; "" and what is no day give None.
    """
    try:
        parts = [int(part) for part in text.split("-")]
        return _bound(parts, last=last)
    except ValueError:
        return None, "day"


def _bound(parts: list[int], *, last: bool) -> tuple[dt.date, str]:
    if len(parts) == 3:
        return dt.date(*parts), "day"
    if len(parts) == 2:
        year, month = parts
        if not last:
            return dt.date(year, month, 1), "month"
        following = dt.date(year + month // 12, month % 12 + 1, 1)
        return following - dt.timedelta(days=1), "month"
    return (dt.date(parts[0], 12, 31) if last else dt.date(parts[0], 1, 1)), "year"


def keyed(seats: list[Seat]) -> dict[str, Seat]:
    """Return `seats` by a key that is the same next time, however often one is held."""
    found: dict[str, Seat] = {}
    for seat in seats:
        key = seat.key or f"{seat.organization}|{seat.role.value}|{seat.start}|{seat.post}"
        number, unique = 1, key
        while unique in found:
            number += 1
            unique = f"{key}#{number}"
        found[unique[:400]] = seat
    return found


def held_from(seat: Seat, key: str, places: Places, saying: Saying) -> Held:
    """Return the membership that `seat` describes. KeyError when its body was not given."""
    start_on, start_precision = partial_day(seat.start)
    end_on, end_precision = partial_day(seat.end, last=True)
    group = places.get(seat.on_behalf_of)
    return Held(
        id=0,
        organization_id=places[seat.organization].id,
        role=seat.role,
        label=seat.label[:300],
        area=seat.area[:200],
        on_behalf_of_id=group.id if group else None,
        start_on=start_on,
        end_on=end_on,
        start_precision=seat.start_precision or start_precision,
        end_precision=seat.end_precision or end_precision,
        end_reason=seat.end_reason or None,
        source_id=saying.source_id,
        source_key=key,
        post=seat.post[:200],
    )


def merge_seats(
    merged: Merged,
    ours: Standing,
    theirs: dict[str, Seat],
    base: dict[str, Seat],
    places: Places,
    saying: Saying,
) -> None:
    """Note in `merged` the seats that are new, changed or over.

    A seat for another group or party is another seat: the old one ends. A seat that a whole list no
    longer gives ends "by" its day; a partial list ends nothing.
    """
    standing = {
        held.source_key: held
        for held in ours.held
        if held.source_id == saying.source_id and held.source_key
    }
    for key, seat in theirs.items():
        new = held_from(seat, key, places, saying)
        held = standing.get(key)
        if held is None:
            _take_seat(merged, ours, new, places)
        elif f"membership:{held.id}" not in ours.locks:
            before = base.get(key)
            _change_seat(merged, held, new, before, places, saying)
    if saying.complete:
        for key, held in standing.items():
            place = places.of(held.organization_id)
            spoken_of = place is None or saying.covers(place.kind.value)
            if key not in theirs and held.is_open(saying.as_of) and spoken_of:
                end_seat(merged, held, saying.as_of, NO_LONGER_LISTED, places, ours)


def _take_seat(merged: Merged, ours: Standing, new: Held, places: Places) -> None:
    """Add a seat, or recognise it in one that another source or a person gave."""
    for held in ours.held:
        if (
            held.source_id != new.source_id
            and held.organization_id == new.organization_id
            and held.role is new.role
            and _overlap(held, new)
        ):
            columns = {
                name: getattr(new, name)
                for name in ("on_behalf_of_id", "start_on", "end_on", "label")
                if getattr(held, name) in (None, "") and getattr(new, name) not in (None, "")
            }
            if held.source_id is None:
                columns |= {"source_id": new.source_id, "source_key": new.source_key}
            if columns:
                merged.changed_held.append((held, columns))
            return
    merged.new_held.append(new)
    merged.told.append(Told(_field(new, places), "", _words(new, places)))


def _overlap(one: Held, other: Held) -> bool:
    far, early = dt.date.max, dt.date.min
    return (one.start_on or early) <= (other.end_on or far) and (other.start_on or early) <= (
        one.end_on or far
    )


def _change_seat(
    merged: Merged, held: Held, new: Held, before: Seat | None, places: Places, saying: Saying
) -> None:
    if held.end_reason == NO_LONGER_LISTED and new.is_open(saying.as_of):
        _come_back(merged, held, new, places, saying)
        return
    old_group = places.get(before.on_behalf_of) if before and before.on_behalf_of else None
    switched = (
        new.on_behalf_of_id is not None
        and held.on_behalf_of_id is not None
        and new.on_behalf_of_id != held.on_behalf_of_id
        and (old_group is None or old_group.id == held.on_behalf_of_id)
        and (old_group is None or old_group.id != new.on_behalf_of_id)
    )
    if switched and held.is_open(saying.as_of):
        _switch(merged, held, new, places, saying)
        return
    columns: dict[str, Any] = {}
    was = held_from(before, "", places, saying) if before else None
    for name in ("label", "area", "on_behalf_of_id", "start_on", "end_on", "end_reason"):
        now, fresh = getattr(held, name), getattr(new, name)
        if fresh in (None, "") or fresh == now:
            continue
        if now in (None, "") or was is None or getattr(was, name) == now:
            columns[name] = fresh
            if name == "end_on":
                columns["end_precision"] = new.end_precision
            if name != "end_reason":
                small = _field(held, places)
                field = _change(name) if small == "seat" else small
                merged.told.append(Told(field, _text(now, places), _text(fresh, places)))
    if columns:
        merged.changed_held.append((held, columns))


def _come_back(merged: Merged, held: Held, new: Held, places: Places, saying: Saying) -> None:
    """Somebody the list had lost is on it again: a new seat, the old one stays ended."""
    merged.changed_held.append((held, {"source_key": _laid_aside(held, saying)}))
    if new.start_on is None or (held.end_on is not None and new.start_on <= held.end_on):
        new.start_on, new.start_precision = saying.as_of, "unknown"
    merged.new_held.append(new)
    merged.told.append(Told(_field(new, places), "", _words(new, places)))


def _laid_aside(held: Held, saying: Saying) -> str:
    """Return a key for a seat that is over, so that the source's own is free for the next."""
    return f"{(held.source_key or '')[:380]}@{saying.as_of}"


def _switch(merged: Merged, held: Held, new: Held, places: Places, saying: Saying) -> None:
    """End the seat for the old group and begin one for the new, "by" the day of the list."""
    merged.changed_held.append(
        (
            held,
            {
                "end_on": saying.as_of,
                "end_precision": "unknown",
                "end_reason": CHANGED_GROUP,
                "source_key": _laid_aside(held, saying),
            },
        )
    )
    new.start_on, new.start_precision = saying.as_of, "unknown"
    merged.new_held.append(new)
    merged.told.append(
        Told("group", _text(held.on_behalf_of_id, places), _text(new.on_behalf_of_id, places))
    )


def end_seat(
    merged: Merged, held: Held, day: dt.date, reason: str, places: Places, ours: Standing
) -> None:
    """Note that `held` ended by `day`, without knowing exactly when."""
    if f"membership:{held.id}" in ours.locks:
        return
    merged.changed_held.append(
        (held, {"end_on": day, "end_precision": "unknown", "end_reason": reason})
    )
    merged.told.append(Told(_field(held, places), _words(held, places), ""))


def _field(held: Held, places: Places) -> str:
    place = places.of(held.organization_id)
    if place is None:
        return "seat"
    if place.kind in SMALL:
        return "committee"
    return "party" if place.kind is OrganizationKind.PARTY else "seat"


def _words(held: Held, places: Places) -> str:
    place = places.of(held.organization_id)
    parts = [held.label, place.name if place else "", held.area]
    return ", ".join(part for part in parts if part)


def _change(column: str) -> str:
    return {"on_behalf_of_id": "group", "start_on": "start", "end_on": "end"}.get(column, column)


def _text(value: Any, places: Places) -> str:
    if isinstance(value, int):
        place = places.of(value)
        return place.name if place else str(value)
    return "" if value is None else str(value)
