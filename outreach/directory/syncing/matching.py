"""Finds out whether somebody a list names is somebody we have.

Never by name alone: the source's own key and strong identifiers decide, a likeness of names is a
proposal that a person accepts or refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.database import Database
from outreach.directory.duplicates import likeness, spellings
from outreach.directory.importing.records import PersonRecord
from outreach.directory.models import Membership, OrganizationKind, Person
from outreach.directory.syncing.bulk import chunks
from outreach.directory.syncing.merging import Standing
from outreach.directory.syncing.models import Effect, ImportRun, SourceRecord, StagedRow
from outreach.directory.syncing.seating import Places
from outreach.directory.syncing.standing import is_strong

if TYPE_CHECKING:
    from outreach.directory.syncing.staging import Staging

# Below this the names are no more alike than those of strangers.
LIKE = 88
_NO_CHAMBER = frozenset({OrganizationKind.PARTY, OrganizationKind.GROUP})


def by_identifiers(
    identifiers: Mapping[str, str], owners: Mapping[tuple[str, str], int]
) -> int | None:
    """Return the one person who has the strong ones of `identifiers`, or None.

    Two people having one each is no match: somebody has to look.
    """
    found = {owners[pair] for pair in identifiers.items() if is_strong(*pair) and pair in owners}
    return found.pop() if len(found) == 1 else None


def another_person(record: PersonRecord, ours: Standing, base: dict[str, Any] | None) -> int | None:
    """Return how alike the names are (0 to 100) when `record` is hardly `ours`; None when it is.

    A list may give a key to somebody else, and two lists one number to two people. A name that is
    unlike ours is another person's when a number or the birth date contradicts, and, under a key of
    the list (`base` is what it said by that key), when nothing at all agrees. Somebody looks.
    """
    said = str((base or {}).get("name", ""))
    if record.name in (ours.texts.get("name"), said):
        return None
    mine = spellings([ours.texts.get("name", ""), said, *ours.names.values(), *_others(ours)])
    theirs = spellings([record.name, *record.names.values()])
    score = likeness(mine, theirs)
    if score >= LIKE:
        return None
    numbers = {pair for pair in record.identifiers.items() if is_strong(*pair)}
    schemes = {scheme for scheme, value in ours.identifiers if is_strong(scheme, value)}
    others = {scheme for scheme, value in numbers - ours.identifiers if scheme in schemes}
    born, birth = ours.texts.get("birth_date", ""), record.birth_date
    clash = bool(others) or _another_birth(birth, born)
    if base is None:
        return score if clash else None
    if numbers & ours.identifiers:
        return None
    strange = _words(mine).isdisjoint(_words(theirs)) and not _agrees(record, ours, base)
    return score if clash or strange else None


def _others(ours: Standing) -> list[str]:
    return [str(one.get("name", "")) for one in ours.other_names]


def _words(spelt: Iterable[str]) -> set[str]:
    return {word for spelling in spelt for word in spelling.split()}


def _agrees(record: PersonRecord, ours: Standing, base: dict[str, Any]) -> bool:
    """Return whether anything but the key speaks for `ours`: birth, an address, a seat's id."""
    born = ours.texts.get("birth_date", "")
    ways = {way.value.casefold() for way in ours.ways if way.post_id is None}
    seats = {seat.get("key") for seat in base.get("seats", ())}
    return (
        bool(born and record.birth_date)
        or any(contact.value.casefold() in ways for contact in record.contacts)
        or any(seat.key and seat.key in seats for seat in record.seats)
    )


class _Candidates:
    """People we have in the bodies of a list whom the list itself does not name by key."""

    def __init__(self) -> None:
        self._people: dict[int, tuple[tuple[str, ...], set[int], str]] = {}
        self._blocks: dict[str, set[int]] = {}

    def add(self, number: int, names: list[str], birth: str, body: int) -> None:
        if number in self._people:
            self._people[number][1].add(body)
            return
        spelt = spellings(names)
        self._people[number] = (spelt, {body}, birth)
        for block in _blocks(spelt):
            self._blocks.setdefault(block, set()).add(number)

    def __bool__(self) -> bool:
        return bool(self._people)

    def like(self, names: list[str], birth: str, bodies: set[int]) -> tuple[int, int] | None:
        """Return (person id, score) of the one most like these names in these bodies."""
        spelt = spellings(names)
        best: tuple[int, int] | None = None
        near = {number for block in _blocks(spelt) for number in self._blocks.get(block, ())}
        for number in sorted(near):
            theirs, sits_in, born = self._people[number]
            if sits_in.isdisjoint(bodies) or _another_birth(birth, born):
                continue
            score = likeness(theirs, spelt)
            if score >= LIKE and (best is None or score > best[1]):
                best = (number, score)
        return best


def propose(
    database: Database,
    session: Session,
    run: ImportRun,
    staging: Staging,
    progress: Callable[[str, int, int], None],
) -> None:
    """Turn staged rows of new people who look like somebody we have into proposals."""
    candidates = _candidates(session, run, staging)
    if not candidates:
        return
    found: list[dict[str, Any]] = []
    rows = session.execute(
        sa.select(StagedRow.id, StagedRow.payload)
        .where(
            StagedRow.run_id == run.id,
            StagedRow.effect == Effect.ADDED,
            StagedRow.about == "person",
        )
        .order_by(StagedRow.id)
        .execution_options(yield_per=1000)
    )
    for done, (number, payload) in enumerate(rows):
        if done % 500 == 0:
            progress("match", done, staging.counts["added"])
        like = _like(payload, candidates, staging.places)
        if like is not None:
            found.append({"row": number, "person": like[0], "points": like[1]})
    _mark(database, found)
    staging.counts["proposed"] += len(found)
    staging.counts["added"] -= len(found)


def _mark(database: Database, found: list[dict[str, Any]]) -> None:
    for part in chunks(found):
        with database.writing() as writing:
            writing.connection().execute(
                sa.update(StagedRow.__table__)  # type: ignore[arg-type]
                .where(StagedRow.id == sa.bindparam("row"))
                .values(
                    effect=Effect.PROPOSED,
                    person_id=sa.bindparam("person"),
                    score=sa.bindparam("points"),
                ),
                list(part),
            )


def _like(
    payload: dict[str, Any], candidates: _Candidates, places: Places
) -> tuple[int, int] | None:
    bodies = {
        place.id
        for seat in payload.get("seats", ())
        if (place := places.get(seat["organization"])) and place.kind not in _NO_CHAMBER
    }
    names = [payload["name"], *payload.get("names", {}).values()]
    return candidates.like(names, payload.get("birth_date", ""), bodies)


def _candidates(session: Session, run: ImportRun, staging: Staging) -> _Candidates:
    found = _Candidates()
    bodies = sorted(
        number
        for number in staging.places.numbers()
        if number > 0 and (place := staging.places.of(number)) and place.kind not in _NO_CHAMBER
    )
    named = {
        person
        for key, person in session.execute(
            sa.select(SourceRecord.key, SourceRecord.person_id).where(
                SourceRecord.source_id == run.source_id, SourceRecord.about == "person"
            )
        )
        if key in staging.seen
    }
    for part in chunks(bodies):
        rows: Iterable[Any] = session.execute(
            sa.select(
                Person.id,
                Person.name,
                Person.names,
                Person.birth_date,
                Membership.organization_id,
            )
            .join(Membership, Membership.person_id == Person.id)
            .where(
                Membership.organization_id.in_(part),
                Person.merged_into_id.is_(None),
                Person.demonstration.is_(False),
            )
        )
        for number, name, names, birth, body in rows:
            if number not in named:
                found.add(number, [name, *names.values()], birth, body)
    return found


def _blocks(spelt: Iterable[str]) -> set[str]:
    """Return what two like names share at least one of: the beginnings of their words."""
    return {word[:2] for spelling in spelt for word in spelling.split() if len(word) > 1}


def _another_birth(one: str, other: str) -> bool:
    """Return whether two birth dates, as far as both are known, differ."""
    shared = min(len(one), len(other))
    return shared > 0 and one[:shared] != other[:shared]
