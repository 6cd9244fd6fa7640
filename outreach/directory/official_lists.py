"""Many addresses checked at once: a person compared a sample of an official list with its page."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.directory.models import (
    ContactDetail,
    ContactState,
    Membership,
    Organization,
    Source,
    Target,
)
from outreach.directory.offices import WRITTEN_BY, settle_days
from outreach.directory.queries import with_list
from outreach.directory.verification import page_of
from outreach.errors import BadInput, Refused
from outreach.words import Sentence

# So many entries are looked at; all of them where there are fewer.
SAMPLE = 10


@dataclass(frozen=True, slots=True)
class Listed:
    """Which addresses: those a source gives, of the people and posts of a body, of a place."""

    source_id: int | None = None
    body_id: int | None = None
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class Sampled:
    """One address to compare with the official page, and whose it is."""

    detail: ContactDetail
    target: Target


@dataclass(frozen=True, slots=True)
class Sample:
    """What the tool picked: the entries, and all addresses that would be checked with them."""

    entries: Sequence[Sampled]
    # The ids of all addresses of the list, the sampled ones too.
    everything: Sequence[int]

    @property
    def total(self) -> int:
        """How many addresses would be checked."""
        return len(self.everything)

    @property
    def ids(self) -> set[int]:
        """The numbers of the picked addresses."""
        return {entry.detail.id for entry in self.entries}


def sources_with_addresses(session: Session) -> Sequence[tuple[Source, int]]:
    """Return every source that gives addresses we could check, with how many, most first."""
    rows = session.execute(
        sa.select(Source, sa.func.count(ContactDetail.id))
        .join(ContactDetail, ContactDetail.source_id == Source.id)
        .where(*_checkable())
        .group_by(Source.id)
        .order_by(sa.func.count(ContactDetail.id).desc(), Source.id)
    )
    return [(row[0], row[1]) for row in rows]


def bodies_in(session: Session, jurisdiction: str) -> Sequence[tuple[int, str]]:
    """Return (id, name) of every body of a jurisdiction that somebody sits in or is written to."""
    rows = session.execute(
        sa.select(Organization.id, Organization.name)
        .where(
            Organization.jurisdiction_code == jurisdiction,
            sa.exists().where(Target.body_id == Organization.id),
        )
        .order_by(Organization.name, Organization.id)
    )
    return [(row.id, row.name) for row in rows]


def sample(session: Session, listed: Listed, *, by: Actor, today: dt.date) -> Sample:
    """Return what `by` has to compare before all addresses of `listed` can be checked.

    The same reader gets the same entries all day: nobody asks again until the sample suits.
    """
    ids = sorted(session.scalars(_addresses(listed, today)))
    if not ids:
        return Sample((), ())
    # Not for secrecy: only that the person doesn't choose.
    dice = random.Random(f"{by.user_id} {today} {listed} {len(ids)} {ids[0]} {ids[-1]}")
    picked = sorted(dice.sample(ids, min(SAMPLE, len(ids))))
    return Sample(_entries(session, picked, today), ids)


def verify_list(
    session: Session,
    listed: Listed,
    *,
    url: str,
    on: dt.date,
    matching: Collection[int],
    by: Actor,
    now: dt.datetime,
) -> int:
    """Say that `by` checked an official list at `url` on day `on`; return how many addresses.

    `matching` are the sampled addresses found there as we have them. Raises BadInput for no page
    or a day to come, Refused unless every sampled one matches.
    """
    today = now.date()
    if on > today:
        raise BadInput(Sentence("That day has not come yet."), "on")
    page, picked = page_of(url), sample(session, listed, by=by, today=today)
    _refuse_difference(picked, matching)
    said: dict[str, Any] = {"addresses": picked.total, "sample": sorted(picked.ids)}
    # Asked for by the same condition, not by 26,000 numbers: the write lock is held meanwhile.
    everything = sa.select(_addresses(listed, today).subquery().c.id)
    targets = session.scalars(_targets(everything)).all()
    session.execute(
        sa.update(ContactDetail)
        .where(
            ContactDetail.id.in_(everything),
            sa.or_(ContactDetail.verified_on.is_(None), ContactDetail.verified_on <= on),
        )
        .values(verified_on=on, verified_by=by.name, seen_on=on, source_url=page)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    settle_days(session, sorted(targets))
    said |= {"url": page, "on": on.isoformat()}
    _tell(session, listed, said, by=by, now=now)
    return picked.total


def _refuse_difference(picked: Sample, matching: Collection[int]) -> None:
    if not picked.total:
        raise Refused(Sentence("There is no address to check in this list."))
    if not picked.ids <= set(matching):
        raise Refused(
            Sentence(
                "Not every address of the sample matches, so none is checked. Correct what differs "
                "and check the others one by one."
            )
        )


def _checkable() -> tuple[sa.ColumnElement[bool], ...]:
    """An address the list still gives, that works and that does not look private."""
    return (
        ContactDetail.kind.in_(WRITTEN_BY),
        ContactDetail.state == ContactState.OK,
        ContactDetail.personal.is_(False),
        ContactDetail.unseen_since.is_(None),
    )


def _addresses(listed: Listed, today: dt.date) -> sa.CompoundSelect[int]:
    """The ids of the addresses that `listed` means; one part for each kind of owner."""
    held = _held(listed, today).cte()
    base = sa.select(ContactDetail.id).where(*_checkable())
    if listed.source_id is not None:
        base = base.where(ContactDetail.source_id == listed.source_id)
    return sa.union_all(
        base.where(ContactDetail.person_id.in_(_known(held.c.person_id))),
        base.where(ContactDetail.post_id.in_(_known(held.c.post_id))),
        base.where(ContactDetail.organization_id.in_(_known(held.c.organization_id))),
    )


def _held(listed: Listed, today: dt.date) -> sa.Select[int, int | None, int | None, int | None]:
    """Current targets with the person, post or body their addresses belong to."""
    query = (
        sa.select(Target.id, Membership.person_id, Membership.post_id, Target.organization_id)
        .outerjoin(Membership, Membership.id == Target.membership_id)
        .where(sa.or_(Target.ended_on.is_(None), Target.ended_on > today))
    )
    if listed.body_id is not None:
        query = query.where(Target.body_id == listed.body_id)
    if listed.jurisdiction:
        query = query.where(Target.jurisdiction_code == listed.jurisdiction)
    return query


def _targets(details: sa.Select[int]) -> sa.Select[int]:
    """The ids of the targets that the addresses with the ids `details` belong to."""
    found = (
        sa.select(ContactDetail.person_id, ContactDetail.post_id, ContactDetail.organization_id)
        .where(ContactDetail.id.in_(details))
        .cte()
    )
    held = sa.select(Membership.id).where(
        sa.or_(
            Membership.person_id.in_(_known(found.c.person_id)),
            Membership.post_id.in_(_known(found.c.post_id)),
        )
    )
    return sa.select(Target.id).where(
        sa.or_(
            Target.membership_id.in_(held),
            Target.organization_id.in_(_known(found.c.organization_id)),
        )
    )


def _known(column: sa.ColumnElement[int | None]) -> sa.Select[int | None]:
    return sa.select(column).where(column.is_not(None))


def _entries(session: Session, ids: Sequence[int], today: dt.date) -> Sequence[Sampled]:
    """The addresses `ids`, each with a current target of its owner."""
    details = session.scalars(
        sa.select(ContactDetail).where(ContactDetail.id.in_(ids)).order_by(ContactDetail.id)
    ).all()
    held = sa.select(Membership.id).where(
        sa.or_(
            Membership.person_id.in_([d.person_id for d in details if d.person_id]),
            Membership.post_id.in_([d.post_id for d in details if d.post_id]),
        )
    )
    targets = session.scalars(
        sa.select(Target)
        .where(
            sa.or_(
                Target.membership_id.in_(held),
                Target.organization_id.in_([d.organization_id for d in details]),
            ),
            sa.or_(Target.ended_on.is_(None), Target.ended_on > today),
        )
        .options(*with_list())
        .order_by(Target.id.desc())
    )
    whose: dict[tuple[str, int | None], Target] = {}
    for target in targets:
        whose["organization", target.organization_id] = target
        if target.membership is not None:
            whose["person", target.membership.person_id] = target
            whose["post", target.membership.post_id] = target
    return [Sampled(detail, whose[_owner(detail)]) for detail in details]


def _owner(detail: ContactDetail) -> tuple[str, int | None]:
    if detail.organization_id is not None:
        return "organization", detail.organization_id
    if detail.post_id is not None:
        return "post", detail.post_id
    return "person", detail.person_id


def _tell(
    session: Session,
    listed: Listed,
    said: dict[str, Any],
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    subject = ("organization", listed.body_id or 0)
    if listed.source_id is not None:
        subject = ("source", listed.source_id)
    place = session.get(Organization, listed.body_id) if listed.body_id else None
    record(
        session,
        subject=subject,
        name="list_verified",
        by=by,
        now=now,
        campaign_id=None,
        detail={
            "source": listed.source_id,
            "body": place.name if place else "",
            "jurisdiction": listed.jurisdiction,
            **said,
        },
    )
