"""Makes two rows of one person one, takes them apart again, and splits two people in one row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.database import hold
from outreach.directory.duplicates import apart_from, are_apart, tell_apart
from outreach.directory.identity import FieldLock, Identifier, Joining
from outreach.directory.models import (
    ContactDetail,
    ContactState,
    FormOfAddress,
    Membership,
    Person,
    Target,
)
from outreach.directory.offices import person_key, settle_target
from outreach.directory.syncing.models import (
    SAID,
    SAID_IN,
    ConflictState,
    ImportConflict,
    SourceRecord,
)
from outreach.errors import BadInput, Refused
from outreach.words import Sentence

JOINED = "joined"
# What the kept row takes from the other where it has nothing itself.
_FILLED = (
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
# Rows that simply change hands; what is of both stays where it is (see `_movable`).
_MOVED = {
    "membership": Membership,
    "contact_detail": ContactDetail,
    "identifier": Identifier,
    "source_record": SourceRecord,
    "field_lock": FieldLock,
    "import_conflict": ImportConflict,
}


def join(session: Session, kept: Person, gone: Person, *, by: Actor, now: dt.datetime) -> Joining:
    """Make `gone` a second row of `kept`: seats, addresses, ids and imports' memory move over.

    An address both have stays once, the checked one. Of two open seats in one body and role the
    moved one ends today; its letters keep their target. Returns the journal `part` undoes. Raises
    Refused for one row, rows joined before, and people somebody told apart.
    """
    hold(session, kept, gone)
    _may_join(session, kept, gone)
    before = _fields(kept)
    moved: dict[str, Any] = {"swapped": _swap_checked(session, kept, gone)}
    for table, rows in _movable(session, kept, gone).items():
        moved[table] = [row.id for row in rows]
        for row in rows:
            row.person_id = kept.id
    session.flush()
    moved["ended"] = _end_doubled(session, kept, moved["membership"], now.date())
    _take_fields(kept, gone)
    gone.merged_into_id = kept.id
    for other in apart_from(session, gone.id):
        tell_apart(session, kept.id, other, by=by, now=now)
    after = _fields(kept)
    moved["fields"] = {
        name: [before[name], after[name]] for name in before if before[name] != after[name]
    }
    row = Joining(kept_id=kept.id, gone_id=gone.id, moved=moved, by=by.name, at=now)
    session.add(row)
    session.flush()
    _record(session, kept, "joined", by=by, now=now, other=gone)
    _record(session, gone, "joined into", by=by, now=now, other=kept)
    _settle(session, kept.id)
    return row


def _may_join(session: Session, kept: Person, gone: Person) -> None:
    if kept.id == gone.id:
        raise Refused(Sentence("This is one entry, not two."))
    for person in (kept, gone):
        if person.merged_into_id is not None:
            raise Refused(
                Sentence("%(name)s was joined with another entry already.", name=person.name)
            )
    if kept.demonstration is not gone.demonstration:
        raise Refused(Sentence("One of the two is made up, for the demonstration."))
    if are_apart(session, kept.id, gone.id):
        raise Refused(
            Sentence("Somebody said that these are two people. Take that back first, with them.")
        )


def _swap_checked(session: Session, kept: Person, gone: Person) -> list[list[int]]:
    """Give `gone` the copy of a shared address that is worth less; return [theirs, ours] ids."""
    ours = {(d.kind, d.normalised): d for d in _details(session, kept.id)}
    swapped = []
    for detail in _details(session, gone.id):
        same = ours.get((detail.kind, detail.normalised))
        if same is not None and _worth(detail) > _worth(same):
            detail.person_id, same.person_id = kept.id, gone.id
            swapped.append([detail.id, same.id])
    session.flush()
    return swapped


def _worth(detail: ContactDetail) -> tuple[bool, dt.date]:
    usable = detail.state is not ContactState.WITHDRAWN
    return usable, detail.verified_on or dt.date.min


def _details(session: Session, person_id: int) -> list[ContactDetail]:
    query = sa.select(ContactDetail).where(ContactDetail.person_id == person_id)
    return list(session.scalars(query.order_by(ContactDetail.id)))


def _movable(session: Session, kept: Person, gone: Person) -> dict[str, list[Any]]:
    """The rows of `gone` in each table that `kept` doesn't have the like of."""
    found = {}
    for table, model in _MOVED.items():
        theirs, ours = (
            session.scalars(
                sa.select(model).where(model.person_id == number).order_by(model.id)  # type: ignore[attr-defined]
            ).all()
            for number in (gone.id, kept.id)
        )
        there = {_like(row) for row in ours}
        found[table] = [row for row in theirs if _like(row) not in there]
    return found


def _like(row: Any) -> tuple[Any, ...]:
    """What makes two rows of one table one, when a person has both.

    Numbers in registers all move: a list that knows somebody by one must find the kept row.
    """
    if isinstance(row, ContactDetail):
        return row.kind, row.normalised
    if isinstance(row, FieldLock):
        return (row.field,)
    if isinstance(row, ImportConflict) and row.state is ConflictState.OPEN:
        return (row.field,)
    return (row.id,)


def _end_doubled(
    session: Session, kept: Person, moved: Collection[int], today: dt.date
) -> list[int]:
    """End moved seats that the kept row holds itself; return their ids."""
    seats = session.scalars(
        sa.select(Membership).where(
            Membership.person_id == kept.id,
            sa.or_(Membership.end_on.is_(None), Membership.end_on > today),
        )
    ).all()
    own = [held for held in seats if held.id not in moved]
    ended = []
    for held in seats:
        if held.id in moved and any(_one_seat(held, other) for other in own):
            held.end_on, held.end_reason, held.end_precision = today, JOINED, "day"
            ended.append(held.id)
    return ended


def _one_seat(one: Membership, other: Membership) -> bool:
    posts = {one.post_id, other.post_id} - {None}
    same = (one.organization_id, one.role) == (other.organization_id, other.role)
    return same and len(posts) < 2


def _take_fields(kept: Person, gone: Person) -> None:
    for name in _FILLED:
        if not getattr(kept, name) and getattr(gone, name):
            setattr(kept, name, getattr(gone, name))
    if kept.form_of_address is FormOfAddress.X:
        kept.form_of_address = gone.form_of_address
        kept.form_of_address_basis = gone.form_of_address_basis
    kept.names = {**gone.names, **kept.names}
    others = [*kept.other_names]
    known = {kept.name, *kept.names.values(), *(one.get("name") for one in others)}
    for one in (*gone.other_names, {"name": gone.name, "form": "other"}):
        if one.get("name") not in known:
            others.append(one)
            known.add(one.get("name"))
    kept.other_names = others
    kept.extras = {**gone.extras, **kept.extras}


def _fields(person: Person) -> dict[str, Any]:
    """The columns that joining may change, as plain JSON."""
    plain: dict[str, Any] = {name: getattr(person, name) for name in _FILLED}
    return plain | {
        "form_of_address": person.form_of_address.value,
        "form_of_address_basis": person.form_of_address_basis,
        "names": dict(person.names),
        "other_names": list(person.other_names),
        "extras": dict(person.extras),
    }


def part(session: Session, row: Joining, *, by: Actor, now: dt.datetime) -> None:
    """Take two joined rows apart again: everything that moved goes back, as far as it is there.

    What somebody changed since stays changed. That they are two people is remembered. Raises
    Refused for rows apart already, or a kept row that was joined into a third.
    """
    kept, gone = session.get_one(Person, row.kept_id), session.get_one(Person, row.gone_id)
    hold(session, kept, gone, row)
    if row.undone_at is not None or gone.merged_into_id != kept.id:
        raise Refused(Sentence("These two entries were taken apart already."))
    if kept.merged_into_id is not None:
        raise Refused(
            Sentence(
                "%(name)s was joined with another entry since. Undo that first.", name=kept.name
            )
        )
    for table, model in _MOVED.items():
        for one in _still_there(session, model, row.moved[table], kept.id):
            one.person_id = gone.id
    for theirs, ours in row.moved["swapped"]:
        for number, owner in ((theirs, gone), (ours, kept)):
            detail = session.get(ContactDetail, number)
            if detail is not None:
                detail.person_id = owner.id
    session.flush()
    for held in _still_there(session, Membership, row.moved["ended"], gone.id):
        if held.end_reason == JOINED and held.end_on == row.at.date():
            held.end_on, held.end_reason = None, None
    _put_back(kept, row.moved["fields"])
    gone.merged_into_id = None
    row.undone_by, row.undone_at = by.name, now
    session.flush()
    tell_apart(session, kept.id, gone.id, by=by, now=now)
    _record(session, kept, "taken apart", by=by, now=now, other=gone)
    _record(session, gone, "taken apart", by=by, now=now, other=kept)
    _settle(session, kept.id, gone.id)


def _still_there(session: Session, model: Any, ids: Iterable[int], owner: int) -> Iterable[Any]:
    query = sa.select(model).where(model.id.in_(list(ids)), model.person_id == owner)
    return session.scalars(query).all()


def _put_back(kept: Person, fields: dict[str, list[Any]]) -> None:
    now_there = _fields(kept)
    for name, (before, after) in fields.items():
        if now_there[name] == after:
            setattr(kept, name, FormOfAddress(before) if name == "form_of_address" else before)
    kept.search_key = person_key(kept)


def split_off(
    session: Session,
    person: Person,
    *,
    name: str,
    seats: Collection[int],
    details: Collection[int] = (),
    records: Collection[int] = (),
    by: Actor,
    now: dt.datetime,
) -> Person:
    """Make a new person named `name` of some seats, addresses and sources of `person`.

    The three are ids of memberships, contact details and source records; others' are left alone.
    With its sources go the numbers that only they gave. An address that goes is to be checked
    anew. That they are two people is remembered. Raises BadInput without a name, without a seat,
    or when nothing would stay.
    """
    name = " ".join(name.split())
    if not name:
        raise BadInput(Sentence("Write the name."), "name")
    hold(session, person)
    own = set(session.scalars(sa.select(Membership.id).where(Membership.person_id == person.id)))
    chosen = own & set(seats)
    if not chosen:
        raise BadInput(Sentence("Choose at least one seat that is the other person's."), "seats")
    if chosen == own:
        raise BadInput(Sentence("Leave this person at least one seat."), "seats")
    other = _new(session, name, person)
    parts = {"membership": chosen, "contact_detail": details, "source_record": records}
    moved = _hand_over(session, person, other, parts)
    moved["identifier"] = _give_numbers(session, person, other)
    tell_apart(session, person.id, other.id, by=by, now=now)
    _record(session, person, "split", by=by, now=now, other=other, moved=moved)
    _record(session, other, "split off", by=by, now=now, other=person, moved=moved)
    _settle(session, person.id, other.id)
    return other


def _hand_over(
    session: Session, person: Person, other: Person, parts: Mapping[str, Collection[int]]
) -> dict[str, list[int]]:
    """Give rows of `person` to `other`, and return {table: their ids}."""
    moved: dict[str, list[int]] = {}
    for table, ids in parts.items():
        rows = list(_still_there(session, _MOVED[table], ids, person.id))
        moved[table] = [row.id for row in rows]
        for row in rows:
            row.person_id = other.id
            if isinstance(row, ContactDetail):
                # Whoever checked it took it for the first one's.
                row.verified_on = row.verified_by = None
    session.flush()
    return moved


def _give_numbers(session: Session, person: Person, other: Person) -> list[int]:
    """Move the numbers that only the lists of `other` gave, and return the ids of the rows."""
    given: dict[int, set[tuple[str, str]]] = {person.id: set(), other.id: set()}
    told = sa.select(SourceRecord.person_id, SAID).outerjoin(*SAID_IN)
    for number, said in session.execute(told.where(SourceRecord.person_id.in_(given))):
        given[number or 0] |= set(said.get("identifiers", {}).items())
    theirs = given[other.id] - given[person.id]
    rows = session.scalars(sa.select(Identifier).where(Identifier.person_id == person.id))
    moved = [row for row in rows if (row.scheme, row.value) in theirs]
    for row in moved:
        row.person_id = other.id
    session.flush()
    return [row.id for row in moved]


def _new(session: Session, name: str, like: Person) -> Person:
    words = name.split()
    made = Person(name=name, given_name=" ".join(words[:-1]), family_name=words[-1], names={})
    made.demonstration = like.demonstration
    made.search_key = person_key(made)
    session.add(made)
    session.flush()
    return made


def joinings_of(session: Session, person_id: int) -> list[tuple[Joining, Person]]:
    """Return the joinings of a kept person that stand, newest first, with who went into them."""
    rows = session.execute(
        sa.select(Joining, Person)
        .join(Person, Person.id == Joining.gone_id)
        .where(Joining.kept_id == person_id, Joining.undone_at.is_(None))
        .order_by(Joining.id.desc())
    )
    return [(row[0], row[1]) for row in rows]


def targets_of(session: Session, person_id: int) -> list[Target]:
    """Return every target of a person, ended ones too, newest last."""
    return list(
        session.scalars(
            sa.select(Target)
            .join(Membership, Membership.id == Target.membership_id)
            .where(Membership.person_id == person_id)
            .order_by(Target.id)
        )
    )


def _settle(session: Session, *person_ids: int) -> None:
    session.flush()
    for number in person_ids:
        settle_target(session, [target.id for target in targets_of(session, number)])


def _record(
    session: Session,
    person: Person,
    name: str,
    *,
    by: Actor,
    now: dt.datetime,
    other: Person,
    moved: dict[str, list[int]] | None = None,
) -> None:
    record(
        session,
        subject=("person", person.id),
        name=name,
        by=by,
        now=now,
        campaign_id=None,
        detail={"other": other.id, "name": other.name} | ({"moved": moved} if moved else {}),
    )
