"""How long a check of an address holds, and what ends it sooner: one rule for every page and gate.

Days by class of address, the shortest that applies; an ending entered for a body (dissolution,
election, reshuffle, merger) ends the checks of its seats' addresses on its day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.directory.identity import ShelfLife
from outreach.directory.models import ContactDetail, Membership, TargetRole
from outreach.errors import BadInput
from outreach.schema import among, asked
from outreach.words import Sentence


class AddressClass(StrEnum):
    """What an address hangs on: a post in government, a seat, a body; or a person typed it."""

    MINISTER = "minister"
    MEMBER = "member"
    REGISTRY = "registry"
    HAND = "hand"


class Ending(StrEnum):
    """Why all seats of a body end at once; kept as `Membership.end_reason`."""

    DISSOLUTION = "dissolution"
    ELECTION = "election"
    RESHUFFLE = "reshuffle"
    MERGER = "merger"


# Days: a post changes hands with every reshuffle, a body moves seldom.
DEFAULTS: Mapping[AddressClass, int] = {
    AddressClass.MINISTER: 90,
    AddressClass.MEMBER: 180,
    AddressClass.REGISTRY: 365,
    AddressClass.HAND: 180,
}
LONGEST = 1000
# Roles somebody is appointed to and leaves overnight.
MINISTERLY = frozenset(
    {
        TargetRole.HEAD_OF_STATE,
        TargetRole.HEAD_OF_GOVERNMENT,
        TargetRole.MINISTER,
        TargetRole.COMMISSIONER,
        TargetRole.AMBASSADOR,
    }
)
Lives = Mapping[AddressClass, int]


class Checked(Protocol):
    """What the rule needs of a way to reach somebody."""

    @property
    def verified_on(self) -> dt.date | None:
        """The day somebody saw it."""

    @property
    def by_hand(self) -> bool:
        """Whether a person of ours typed it."""


def verified_until(
    detail: Checked, owner: AddressClass, lives: Lives, *, ended_on: Iterable[dt.date] = ()
) -> dt.date | None:
    """Return the last day the check of `detail` holds, or None when nobody checked it.

    `owner` is the class of whom it belongs to, `ended_on` the days on which endings took that
    owner's seats: a check made before one holds until the day before.
    """
    if detail.verified_on is None:
        return None
    last = detail.verified_on + dt.timedelta(days=life(detail, owner, lives))
    ends = [day for day in ended_on if day > detail.verified_on]
    return min([last, *(day - dt.timedelta(days=1) for day in ends)])


def life(detail: Checked, owner: AddressClass, lives: Lives) -> int:
    """Return the days a check of `detail` holds: the shortest of those that apply."""
    return min(lives[owner], lives[AddressClass.HAND]) if detail.by_hand else lives[owner]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The lives, and what is known of the owners of some addresses; made by `shelf_for`."""

    lives: Lives
    # {person id: the day their last seat in government ended; `date.max` while they hold one}
    governed: Mapping[int, dt.date]
    # {("person" or "post", id): days on which an ending took a seat}
    ended: Mapping[tuple[str, int], Sequence[dt.date]]

    def class_of(self, detail: ContactDetail) -> AddressClass:
        """Return the class of whom `detail` belongs to, as it was when somebody checked it."""
        if detail.organization_id is not None:
            return AddressClass.REGISTRY
        if detail.post_id is not None:
            return AddressClass.MINISTER
        last = self.governed.get(detail.person_id or 0, dt.date.min)
        governs = last > (detail.verified_on or dt.date.min)
        return AddressClass.MINISTER if governs else AddressClass.MEMBER

    def life(self, detail: ContactDetail) -> int:
        """Return the days a check of `detail` holds."""
        return life(detail, self.class_of(detail), self.lives)

    def until(self, detail: ContactDetail) -> dt.date | None:
        """Return the last day the check of `detail` holds, or None when nobody checked it."""
        return verified_until(
            detail, self.class_of(detail), self.lives, ended_on=self._ends_of(detail)
        )

    def holds(self, detail: ContactDetail, today: dt.date) -> bool:
        """Return whether a person checked `detail` and that check still holds on `today`."""
        until = self.until(detail)
        return until is not None and today <= until

    def soon(self, detail: ContactDetail, today: dt.date) -> bool:
        """Return whether the check of `detail` holds but more than half of its life is over."""
        if detail.verified_on is None or not self.holds(detail, today):
            return False
        return (today - detail.verified_on).days * 2 >= self.life(detail)

    def ended_by_ending(self, detail: ContactDetail) -> dt.date | None:
        """Return the day an ending took the check of `detail`, or None when age alone counts."""
        if detail.verified_on is None:
            return None
        days = [day for day in self._ends_of(detail) if day > detail.verified_on]
        age = verified_until(detail, self.class_of(detail), self.lives)
        return min(days) if days and age is not None and min(days) <= age else None

    def _ends_of(self, detail: ContactDetail) -> Sequence[dt.date]:
        owner = (
            ("post", detail.post_id or 0) if detail.post_id else ("person", detail.person_id or 0)
        )
        return self.ended.get(owner, ())


def shelf_for(session: Session, details: Iterable[ContactDetail]) -> Shelf:
    """Return what tells how long the checks of `details` hold, in two queries for any number."""
    persons = {detail.person_id for detail in details if detail.person_id is not None}
    posts = {detail.post_id for detail in details if detail.post_id is not None}
    governed: dict[int, dt.date] = {}
    ended: dict[tuple[str, int], list[dt.date]] = {}
    for held in asked(session, _SEATS, {"persons": persons, "posts": posts}):
        if held.person_id in persons and held.role in MINISTERLY:
            last = held.end_on or dt.date.max
            governed[held.person_id] = max(last, governed.get(held.person_id, dt.date.min))
        if held.end_on is not None and held.end_reason in set(Ending):
            ended.setdefault(("person", held.person_id), []).append(held.end_on)
            if held.post_id is not None:
                ended.setdefault(("post", held.post_id), []).append(held.end_on)
    return Shelf(lives(session), governed, ended)


_SEATS = sa.select(
    Membership.person_id,
    Membership.post_id,
    Membership.role,
    Membership.end_on,
    Membership.end_reason,
).where(
    sa.or_(among(Membership.person_id, "persons"), among(Membership.post_id, "posts")),
    sa.or_(
        Membership.role.in_(sorted(MINISTERLY)),
        Membership.end_reason.in_([ending.value for ending in Ending]),
    ),
)
_LIVES = sa.select(ShelfLife.address_class, ShelfLife.days)


def lives(session: Session) -> dict[AddressClass, int]:
    """Return the days a check holds, by class: what an admin set, else the default."""
    known = {row.address_class: row.days for row in asked(session, _LIVES)}
    return {one: known.get(one.value, days) for one, days in DEFAULTS.items()}


def keep_lives(
    session: Session, wanted: Mapping[AddressClass, int], *, by: Actor, now: dt.datetime
) -> bool:
    """Keep the days of each class in `wanted` and tell whether that changed anything.

    Raises BadInput (the class as field) outside 1 to LONGEST. `verification.change_lives` also
    brings the targets in step.
    """
    before = lives(session)
    for one, days in wanted.items():
        if not 1 <= days <= LONGEST:
            raise BadInput(Sentence("Choose between 1 and %(most)s days.", most=LONGEST), one.value)
    changed = {one: days for one, days in wanted.items() if days != before[one]}
    for one, days in changed.items():
        row = session.get(ShelfLife, one.value)
        if row is None:
            session.add(ShelfLife(address_class=one.value, days=days))
        else:
            row.days = days
    if not changed:
        return False
    session.flush()
    record(
        session,
        subject=("shelf_life", 0),
        name="settings_changed",
        by=by,
        now=now,
        campaign_id=None,
        detail={one.value: [before[one], days] for one, days in changed.items()},
    )
    return True
