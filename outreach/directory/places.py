"""Reads jurisdictions with their bodies, and what stands around one target."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session, load_only

from outreach.accounts.models import Event
from outreach.config import shipped
from outreach.database import remembered
from outreach.directory.files import SourceCard
from outreach.directory.models import (
    ContactDetail,
    Jurisdiction,
    Organization,
    Person,
    Post,
    Target,
)
from outreach.directory.queries import TargetFilter, held_on, targets
from outreach.directory.seeding import read_sources
from outreach.errors import NotFound
from outreach.words import Sentence


@dataclass(frozen=True, slots=True)
class Body:
    """A body with its posts, its own target if it is written to, and how many sit in it today."""

    organization: Organization
    posts: tuple[Post, ...]
    target_id: int | None
    seated: int


def with_targets(session: Session) -> Sequence[sa.Row[str, str, list[str]]]:
    """Return (code, name, languages) of every jurisdiction that has a target, by name."""
    return session.execute(
        sa.select(Jurisdiction.code, Jurisdiction.name, Jurisdiction.languages)
        .where(sa.exists().where(Target.jurisdiction_code == Jurisdiction.code))
        .order_by(Jurisdiction.name)
    ).all()


_SHOWN = (
    *(Jurisdiction.name, Jurisdiction.languages, Jurisdiction.publicity),
    Jurisdiction.designation,
)


def overview(session: Session, *, today: dt.date) -> Sequence[tuple[Jurisdiction, int]]:
    """Return every jurisdiction with its number of targets in office today, by name; two queries
    and one whether anything changed."""
    held = (
        targets(TargetFilter(), today=today)
        .with_only_columns(Target.jurisdiction_code, sa.func.count())
        .group_by(Target.jurisdiction_code)
    )
    numbers = remembered(
        session,
        ("targets by place", today),
        lambda: {row[0]: row[1] for row in session.execute(held)},
    )
    places = session.scalars(
        sa.select(Jurisdiction)
        .order_by(Jurisdiction.name)
        # Not the tools, precedents and notes of two hundred countries.
        .options(load_only(*_SHOWN, raiseload=True))
    )
    return [(place, numbers.get(place.code, 0)) for place in places]


def place_with_bodies(
    session: Session, code: str, *, today: dt.date
) -> tuple[Jurisdiction, Sequence[Body], int]:
    """Return a jurisdiction, its bodies with their posts, and its number of targets in office.

    Raises NotFound.
    """
    place = session.get(Jurisdiction, code)
    if place is None:
        raise NotFound(Sentence("This country or assembly is not in the directory."))
    bodies = session.scalars(
        sa.select(Organization)
        .where(Organization.jurisdiction_code == code)
        .order_by(Organization.id)
    ).all()
    posts: dict[int, list[Post]] = {}
    ids = [body.id for body in bodies]
    for post in session.scalars(
        sa.select(Post).where(Post.organization_id.in_(ids)).order_by(Post.id)
    ):
        posts.setdefault(post.organization_id, []).append(post)
    seated, own = _seated(session, ids, today), _own_targets(session, ids)
    listed = session.scalar(
        targets(TargetFilter(jurisdictions=(code,)), today=today).with_only_columns(
            sa.func.count(Target.id)
        )
    )
    return (
        place,
        [
            Body(body, tuple(posts.get(body.id, ())), own.get(body.id), seated.get(body.id, 0))
            for body in bodies
        ],
        listed or 0,
    )


def _own_targets(session: Session, bodies: Sequence[int]) -> dict[int, int]:
    """The targets of those that are written to as themselves."""
    # Asked for by number: joined, SQLite would read every target.
    rows = session.execute(
        sa.select(Target.organization_id, Target.id).where(Target.organization_id.in_(bodies))
    )
    return {body: target for body, target in rows if body is not None}


def _seated(session: Session, bodies: Sequence[int], today: dt.date) -> dict[int, int]:
    rows = session.execute(
        sa.select(Target.body_id, sa.func.count(Target.id))
        .where(Target.body_id.in_(bodies), Target.membership_id.is_not(None), held_on(today))
        .group_by(Target.body_id)
    )
    return {row[0]: row[1] for row in rows}


def owners(target: Target) -> Mapping[str, tuple[str, Person | Post | Organization]]:
    """Return {kind: (name, row)} of what a way to reach `target` can belong to.

    The post comes first: its address survives a change of holder.
    """
    held = target.membership
    if held is None:
        return {"organization": (target.body.name, target.body)}
    found: dict[str, tuple[str, Person | Post | Organization]] = {}
    if held.post is not None:
        found["post"] = (held.post.label, held.post)
    found["person"] = (held.person.name, held.person)
    return found


def same_desk(session: Session, target: Target, *, today: dt.date) -> Sequence[Target]:
    """Return the other targets in office that are read at the same desk, by name."""
    return session.scalars(
        sa.select(Target)
        .where(
            Target.office_id == target.office_id,
            Target.id != target.id,
            held_on(today),
        )
        .order_by(Target.name)
    ).all()


def history(session: Session, target: Target, details: Sequence[ContactDetail]) -> Sequence[Event]:
    """Return what happened to a target's entry and to its ways to be reached, oldest first."""
    return session.scalars(
        sa.select(Event)
        .where(
            sa.or_(
                sa.and_(Event.subject_kind == "target", Event.subject_id == target.id),
                sa.and_(
                    Event.subject_kind == "contact_detail",
                    Event.subject_id.in_([detail.id for detail in details]),
                ),
            ),
            Event.campaign_id.is_(None),
        )
        .order_by(Event.id)
    ).all()


@cache
def sources() -> Mapping[str, SourceCard]:
    """Return {id: source} of what the shipped directory rests on. Raises BadFile."""
    return read_sources(shipped("contacts")).sources
