"""Compares the seats a source gives a person with those that stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from outreach.directory.importing.records import Seat
from outreach.directory.models import OrganizationKind
from outreach.directory.syncing.merging import Held, Merged, Saying, Standing, Told

# Seats here are small print: a change of committee is no change of the person.
SMALL = frozenset({OrganizationKind.COMMITTEE})
# What a change of a seat is told by, in this order.
_TOLD = ("label", "area", "on_behalf_of_id", "start_on", "end_on")
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
    times: dict[str, int] = {}
    for seat in seats:
        key = seat.key or f"{seat.organization}|{seat.role.value}|{seat.start}|{seat.post}"
        unique = key[:400]
        while unique in found:
            times[key] = times.get(key, 1) + 1
            unique = f"{key[:390]}#{times[key]}"
        found[unique] = seat
    return found


def ends_first(seat: Seat) -> bool:
    """Return whether the days of `seat` stand in the wrong order."""
    start, end = partial_day(seat.start)[0], partial_day(seat.end, last=True)[0]
    return start is not None and end is not None and end < start


def held_from(seat: Seat, key: str, places: Places, saying: Saying) -> Held:
    """Return the membership that `seat` describes. KeyError when its body was not given."""
    # Of two days in the wrong order the end is believed: nobody is written to who may be gone.
    start_on, start_precision = partial_day("" if ends_first(seat) else seat.start)
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
        start_precision=seat.start_precision[:10] or start_precision,
        end_precision=seat.end_precision[:10] or end_precision,
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
    others: Collection[str] = (),
) -> None:
    """Note in `merged` the seats that are new, changed or over.

    A seat for another group or party is another seat: the old one ends. A seat that a whole list no
    longer gives ends "by" its day; a partial list ends nothing. `others` are keys of seats that
    another entry of the same list gives the person.
    """
    standing = {
        held.source_key: held
        for held in ours.held
        if held.source_id == saying.source_id and held.source_key
    }
    left = {key: held for key, held in standing.items() if key not in theirs and key not in others}
    for key, seat in theirs.items():
        new = held_from(seat, key, places, saying)
        held = standing.get(key)
        if held is None and base.get(key) == seat:
            continue  # said before: it went into another list's seat, or a person moved it
        if held is None and not seat.key and (was := _said_better(left, new, ours)) is not None:
            held = left.pop(was)
            merged.changed_held.append((held, {"source_key": key}))
            _change_seat(merged, held, new, base.get(was), places, saying)
            continue
        if held is None:
            _take_seat(merged, ours, new, places)
        elif f"membership:{held.id}" not in ours.locks:
            before = base.get(key)
            _change_seat(merged, held, new, before, places, saying)
    if saying.complete:
        _end_those(merged, left.values(), places, saying, ours)


def _said_better(left: Mapping[str, Held], new: Held, ours: Standing) -> str | None:
    """Return the key of the one seat left that is `new` with another or vaguer beginning."""
    same = [
        key
        for key, held in left.items()
        if (held.organization_id, held.role) == (new.organization_id, new.role)
        and held.end_on is None
        and f"membership:{held.id}" not in ours.locks
        and (
            held.start_on is None
            or new.start_on is None
            or (
                held.start_on.year == new.start_on.year
                and "day" in {held.start_precision, new.start_precision}
                and held.start_precision != new.start_precision
            )
        )
    ]
    return same[0] if len(same) == 1 else None


def _goes_on(held: Held, day: dt.date) -> bool:
    """Return whether `held` had begun by `day` and goes on after it."""
    begun = held.start_on is None or held.start_on <= day
    return begun and (held.end_on is None or held.end_on > day)


def ended(ours: Standing, places: Places, saying: Saying) -> Merged:
    """Return what it means that a whole list no longer has `ours`: their open seats of it end."""
    merged = Merged()
    theirs = [held for held in ours.held if held.source_id == saying.source_id]
    _end_those(merged, theirs, places, saying, ours)
    return merged


def _end_those(
    merged: Merged, seats: Iterable[Held], places: Places, saying: Saying, ours: Standing
) -> None:
    """End those of `seats` that go on, in bodies the list is about."""
    for held in seats:
        place = places.of(held.organization_id)
        spoken_of = place is None or saying.covers(place.kind.value)
        if _goes_on(held, saying.as_of) and spoken_of:
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
            if f"membership:{held.id}" in ours.locks:
                return
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
    if held.is_open(saying.as_of) and _switched(held, new, before, places):
        _switch(merged, held, new, places, saying)
        return
    columns: dict[str, Any] = {}
    was = held_from(before, "", places, saying) if before else None
    for name in (*_TOLD, "end_reason"):
        now, fresh = getattr(held, name), getattr(new, name)
        if fresh in (None, "") or fresh == now:
            continue
        if now in (None, "") or was is None or getattr(was, name) == now:
            columns[name] = fresh
            if name in ("start_on", "end_on"):
                precision = name.replace("_on", "_precision")
                columns[precision] = getattr(new, precision)
    _keep_order(held, columns)
    # Told is what will be written, not what was left out for its order.
    for name in _TOLD:
        if name in columns:
            small = _field(held, places)
            field = _change(name) if small == "seat" else small
            now, fresh = _text(getattr(held, name), places), _text(columns[name], places)
            merged.told.append(Told(field, now, fresh))
    if columns:
        merged.changed_held.append((held, columns))


def _switched(held: Held, new: Held, before: Seat | None, places: Places) -> bool:
    """Return whether the source now names another group than it did and than stands."""
    old_group = places.get(before.on_behalf_of) if before and before.on_behalf_of else None
    return (
        new.on_behalf_of_id is not None
        and held.on_behalf_of_id is not None
        and new.on_behalf_of_id != held.on_behalf_of_id
        and (old_group is None or old_group.id == held.on_behalf_of_id)
        and (old_group is None or old_group.id != new.on_behalf_of_id)
    )


def _keep_order(held: Held, columns: dict[str, Any]) -> None:
    """Leave new days out that would let a seat end before it began, with what somebody typed."""
    start, end = (columns.get(name, getattr(held, name)) for name in ("start_on", "end_on"))
    if start is not None and end is not None and end < start:
        for name in ("start_on", "start_precision", "end_on", "end_precision", "end_reason"):
            columns.pop(name, None)


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
                "end_on": max(saying.as_of, held.start_on or saying.as_of),
                "end_precision": "unknown",
                "end_reason": CHANGED_GROUP,
                "source_key": _laid_aside(held, saying),
            },
        )
    )
    new.start_on, new.start_precision = saying.as_of, "unknown"
    if new.end_on is not None and new.end_on < new.start_on:
        new.start_on = new.end_on
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
