"""The desk behind a target, how to reach it, and the target rows that lists are read from."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session, joinedload

from outreach.directory.languages_read import Languages
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    Membership,
    Office,
    Organization,
    Person,
    Target,
    TargetRole,
)
from outreach.directory.shelf_life import shelf_for
from outreach.directory.spelling import fold, search_key
from outreach.directory.ways import bits
from outreach.directory.wishes import NO_WISH, Wish, wishes_of
from outreach.errors import BadInput
from outreach.schema import among, plain_rows
from outreach.words import Sentence

# The ways we write by, best first; the others are for looking up.
WRITTEN_BY = (ContactKind.EMAIL, ContactKind.FORM, ContactKind.POSTAL)
# A person carries a letter along these; the machine sends e-mail only.
BY_HAND = frozenset({ContactKind.FORM, ContactKind.POSTAL})
USABLE = (ContactState.OK, ContactState.SUSPECT)
# The purpose of an address that lists give as a home: nobody is written to there.
HOME = "personal"
_KINDS = {kind: place for place, kind in enumerate(ContactKind)}
_STATES = {state: place for place, state in enumerate(ContactState)}
# A letter to an organization itself is addressed to the office, whatever the body is.
ORGANIZATION_ROLE = TargetRole.MINISTRY


def normalised(kind: ContactKind, value: str) -> str:
    """Return what makes two values one desk. Raises BadInput (field `value`) for nonsense."""
    value = value.strip()
    if not value:
        raise BadInput(Sentence("Write the address, number or link."), "value")
    if kind is ContactKind.EMAIL:
        return _mailbox(value)
    if kind in (ContactKind.FORM, ContactKind.URL, ContactKind.SOCIAL):
        return _link(value)
    if kind in (ContactKind.PHONE, ContactKind.FAX):
        digits = re.sub(r"[^\d+]", "", value)
        if not any(character.isdigit() for character in digits):
            raise BadInput(Sentence("Write the number in digits, with its country code."), "value")
        return digits
    return fold(value)


def _mailbox(value: str) -> str:
    try:
        # Reserved domains are right in a demonstration; whether they may be written to is asked
        # where a letter leaves.
        checked = validate_email(value, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise BadInput(
            Sentence("“%(value)s” is not an e-mail address (%(why)s)", value=value, why=str(error)),
            "value",
        ) from error
    return checked.normalized.casefold()


def _link(value: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(
            Sentence("“%(value)s” is not a link. Begin with https://", value=value), "value"
        )
    path = parts.path.rstrip("/")
    return urlunsplit(("https", parts.netloc.casefold(), path, parts.query, ""))


def office_key(detail: ContactDetail) -> str:
    """Return the key of the desk that `detail` reaches, `email:info@x.example`."""
    return f"{detail.kind.value}:{detail.normalised}"


def contacts_of(session: Session, target: Target) -> Sequence[ContactDetail]:
    """Return every way to reach `target`: of the person and the post, or of the organization.

    Best first: the ways we write by before the others, then by the order somebody gave them.
    """
    return contacts_of_many(session, [target])[target.id]


def contacts_of_many(
    session: Session, targets: Sequence[Target]
) -> dict[int, Sequence[ContactDetail]]:
    """Return {target id: its ways to be reached, best first}, in two queries for any number."""
    return contacts_by_owner(session, _owners(session, targets))


def contacts_by_owner(
    session: Session, owners: Mapping[int, Sequence[tuple[str, int]]], *, plain: bool = False
) -> dict[int, Sequence[ContactDetail]]:
    """Return {key: the ways to reach its owners (kind, id), best first}, as plain rows or not."""
    wanted = {owner for several in owners.values() for owner in several}
    read = plain_rows if plain else Session.scalars
    found: dict[tuple[str, int], list[ContactDetail]] = {}
    for kind, query in _DETAILS_OF.items():
        ids = [number for its, number in wanted if its == kind]
        for detail in read(session, query, {"ids": ids}) if ids else ():
            found.setdefault((kind, getattr(detail, f"{kind}_id")), []).append(detail)
    return {
        key: sorted((detail for owner in mine for detail in found.get(owner, ())), key=_rank)
        for key, mine in owners.items()
    }


def best_of(
    details: Iterable[ContactDetail], *, only: ContactKind | None = None
) -> ContactDetail | None:
    """Return the best way to write among `details`, or None when there is none.

    `only`: of this kind. What looks private and nobody checked is taken when nothing else is
    there; a home never is.
    """
    kinds = WRITTEN_BY if only is None else (only,)
    usable = [d for d in details if d.kind in kinds and d.state in USABLE and d.purpose != HOME]
    return min(usable, key=_rank, default=None)


def targets_reached_by(session: Session, detail: ContactDetail) -> Sequence[Target]:
    """Return the targets that `detail` belongs to: of its person, its post or its organization."""
    query = sa.select(Target).order_by(Target.id)
    if detail.organization_id is not None:
        query = query.where(Target.organization_id == detail.organization_id)
    else:
        query = query.join(Membership, Membership.id == Target.membership_id).where(
            Membership.person_id == detail.person_id
            if detail.person_id is not None
            else Membership.post_id == detail.post_id
        )
    return session.scalars(query).all()


def add_target(
    session: Session,
    *,
    membership: Membership | None = None,
    organization: Organization | None = None,
) -> Target:
    """Make the row of one membership or organization, with its desk, and return it.

    Returns the row that is there already. Flushes.
    """
    session.flush()
    column = Target.membership_id if membership else Target.organization_id
    subject = membership or organization
    if subject is None:
        raise ValueError("a target is a membership or an organization")
    found = session.scalar(sa.select(Target).where(column == subject.id))
    if found is not None:
        return found
    body_id = membership.organization_id if membership else subject.id
    body = session.get_one(Organization, body_id)
    own = f"{column.key.removesuffix('_id')}:{subject.id}"
    target = Target(
        membership_id=membership.id if membership else None,
        organization_id=None if membership else subject.id,
        office_id=_offices(session, {own: body.name})[own],
        jurisdiction_code=body.jurisdiction_code,
        body_id=body.id,
        role=membership.role if membership else ORGANIZATION_ROLE,
        name=body.name,
        search_key="",
        language="en",
    )
    session.add(target)
    session.flush()
    settle_target(session, target)
    return target


def settle_target(session: Session, target: Target | Iterable[int]) -> None:
    """Bring target rows and their desks in step with the directory behind them.

    `target` is one row or the ids of several. Call it after any change of a contact detail, name,
    membership or body. Letters keep the desk they were made for. Flushes.
    """
    session.flush()
    ids = [target.id] if isinstance(target, Target) else list(target)
    rows = session.scalars(
        sa.select(Target)
        .where(Target.id.in_(ids))
        .options(
            joinedload(Target.membership).options(
                joinedload(Membership.person),
                *(joinedload(Membership.post), joinedload(Membership.area)),
                joinedload(Membership.on_behalf_of),
            ),
            joinedload(Target.body),
        )
        .execution_options(populate_existing=True)
    ).all()
    contacts = contacts_of_many(session, rows)
    wishes = wishes_of(session, ids)
    best = {
        row.id: best_of(contacts[row.id], only=wishes.get(row.id, NO_WISH).channel) for row in rows
    }
    shelf = shelf_for(session, [contact for contact in best.values() if contact])
    desks: dict[int, str] = {}
    languages = Languages(session)
    for row in rows:
        contact = best[row.id]
        row.verified_until = shelf.until(contact) if contact else None
        row.ways = bits(way.kind for way in contacts[row.id] if way.state in USABLE)
        wish = wishes.get(row.id, NO_WISH)
        desks[row.id] = _settle(row, contact, wish)
        row.language = wish.language or languages.of(row)
    offices = _offices(session, {desks[row.id]: row.body.name for row in rows})
    for row in rows:
        row.office_id = offices[desks[row.id]]
    session.flush()


def settle_days(session: Session, target_ids: Sequence[int]) -> None:
    """Bring the days of many targets in step: how long their checks hold, when their seats end.

    Far cheaper than `settle_target`: nothing else is looked at, and only what differs is written.
    """
    session.flush()
    # Without the ORM between: half the time goes there, and the write lock is held meanwhile.
    connection = session.connection()
    # {what is to be set: the targets}: thousands share the day of one list.
    changed: dict[tuple[dt.date | None, dt.date | None], list[int]] = {}
    for start in range(0, len(target_ids), 2000):
        some = target_ids[start : start + 2000]
        best: dict[int, ContactDetail] = {}
        for row in connection.execute(_written_by(some)):
            # A row of columns has everything of a detail that is asked for here.
            way, target = cast(ContactDetail, row), row[0]
            if target not in best or _rank(way) < _rank(best[target]):
                best[target] = way
        shelf = shelf_for(session, best.values())
        for number, was, ended, *ends in connection.execute(_days_of(some)):
            until = shelf.until(best[number]) if number in best else None
            end = first_day(*ends)
            if (until, end) != (was, ended):
                changed.setdefault((until, end), []).append(number)
    for (until, end), ids in changed.items():
        for start in range(0, len(ids), 2000):
            session.execute(
                sa.update(Target)
                .where(Target.id.in_(ids[start : start + 2000]))
                .values(verified_until=until, ended_on=end)
                .execution_options(synchronize_session=False)
            )
    for known in session.identity_map.values():
        if isinstance(known, Target):
            session.expire(known, ["verified_until", "ended_on"])


def _days_of(target_ids: Sequence[int]) -> sa.Select[*tuple[Any, ...]]:
    """The id of each target, its two days, and the days its seat and its body end."""
    return (
        sa.select(
            Target.id,
            Target.verified_until,
            Target.ended_on,
            Membership.end_on,
            Organization.ended_on.label("body_ended_on"),
        )
        .join(Organization, Organization.id == Target.body_id)
        .outerjoin(Membership, Membership.id == Target.membership_id)
        .where(Target.id.in_(target_ids))
    )


def _written_by(target_ids: Sequence[int]) -> sa.CompoundSelect[*tuple[Any, ...]]:
    """Columns of the usable ways of the kind that each target is written by, its id first."""
    of = (
        sa.select(
            *(Target.id, Target.channel, Target.organization_id),
            *(Membership.person_id, Membership.post_id),
        )
        .outerjoin(Membership, Membership.id == Target.membership_id)
        .where(Target.id.in_(target_ids))
        .cte()
    )
    way = ContactDetail
    columns = (
        *(of.c.id.label("target_id"), way.id, way.person_id, way.post_id, way.organization_id),
        *(way.kind, way.state, way.position, way.personal, way.by_hand, way.verified_on),
    )
    owners = (way.person_id, way.post_id, way.organization_id)
    return sa.union_all(
        *(
            sa.select(*columns)
            .join(of, of.c[owner.key] == owner)
            .where(way.kind == of.c.channel, way.state.in_(USABLE), way.purpose != HOME)
            for owner in owners
        )
    )


def _settle(target: Target, contact: ContactDetail | None, wish: Wish) -> str:
    """Set what follows from the rows around `target` and return the key of its desk."""
    held, body = target.membership, target.body
    target.jurisdiction_code = body.jurisdiction_code
    target.channel = contact.kind if contact and not wish.never else None
    if held is None:
        target.ended_on = body.ended_on
        target.name = body.name
        target.search_key = search_key(body.name, *body.names.values())
        target.demonstration = body.demonstration
        own = f"organization:{body.id}"
    else:
        person, group = held.person, held.on_behalf_of
        target.name = person.name
        target.role = held.role
        target.group_id, target.source_id = held.on_behalf_of_id, held.source_id
        target.ended_on = first_day(held.end_on, body.ended_on)
        target.demonstration = person.demonstration
        person.search_key = person_key(person)
        around = [held.post.label] if held.post else []
        around += [body.name, *body.names.values()] + ([group.name] if group else [])
        target.search_key = f"{person.search_key} {search_key(*around)}"
        own = f"membership:{held.id}"
    return office_key(contact) if contact else own


def first_day(*days: dt.date | None) -> dt.date | None:
    """Return the first of the days that are known: a seat ends with its body at the latest."""
    return min((day for day in days if day is not None), default=None)


def person_key(person: Person) -> str:
    """Return what a person is found by: every spelling of the name that we know."""
    return search_key(person.name, *person.names.values())


def _offices(session: Session, desks: Mapping[str, str]) -> dict[str, int]:
    """Return {key: id} of the desks `desks` ({key: name}), making those that are not there."""
    with session.no_autoflush:
        found = {
            office.key: office.id
            for office in session.scalars(sa.select(Office).where(Office.key.in_(desks)))
        }
        new = [Office(key=key, name=name) for key, name in desks.items() if key not in found]
        session.add_all(new)
    session.flush()
    return found | {office.key: office.id for office in new}


def _rank(detail: ContactDetail) -> tuple[bool, int, int, int, int]:
    doubtful = detail.personal and detail.verified_on is None
    return (doubtful, _KINDS[detail.kind], _STATES[detail.state], detail.position, detail.id)


def _owner(detail: ContactDetail) -> tuple[str, int]:
    for kind in ("person", "post", "organization"):
        number: int | None = getattr(detail, f"{kind}_id")
        if number is not None:
            return kind, number
    raise ValueError("a contact detail belongs to a person, a post or an organization")


def _owners(session: Session, targets: Sequence[Target]) -> dict[int, list[tuple[str, int]]]:
    held = [target.membership_id for target in targets if target.membership_id is not None]
    rows = session.execute(
        sa.select(Membership.id, Membership.person_id, Membership.post_id).where(
            Membership.id.in_(held)
        )
    )
    of_membership = {
        row.id: [("person", row.person_id)] + ([("post", row.post_id)] if row.post_id else [])
        for row in rows
    }
    return {
        target.id: of_membership.get(target.membership_id, [])
        if target.membership_id is not None
        else [("organization", target.body_id)]
        for target in targets
    }


# By one kind of owner at a time: each has its index.
_DETAILS_OF = {
    kind: sa.select(ContactDetail).where(among(getattr(ContactDetail, f"{kind}_id"), "ids"))
    for kind in ("person", "post", "organization")
}
