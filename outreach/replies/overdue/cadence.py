"""After how many working days we remind, by the part somebody plays: a campaign's own setting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import REMINDER_DAYS, Actor, Campaign
from outreach.accounts.roles import require
from outreach.directory.models import TargetRole
from outreach.errors import BadInput
from outreach.words import Sentence

# A year of working days, and then some.
MOST_DAYS = 300


class Part(StrEnum):
    """The part somebody plays, which says how long they take."""

    MEMBER = "member"
    GOVERNMENT = "government"
    EUROPEAN = "european"


@dataclass(frozen=True, slots=True)
class Cadence:
    """Working days of the desk: from the first letter to its reminder, from that to the last one.

    `promise`: how long after the day of a promise nobody is reminded of anything.
    """

    first: int
    second: int
    promise: int


DEFAULTS: Mapping[Part, Cadence] = {
    Part(name): Cadence(*days) for name, days in REMINDER_DAYS.items()
}

PARTS: Mapping[TargetRole, Part] = {
    TargetRole.HEAD_OF_STATE: Part.GOVERNMENT,
    TargetRole.HEAD_OF_GOVERNMENT: Part.GOVERNMENT,
    TargetRole.MINISTER: Part.GOVERNMENT,
    TargetRole.MINISTRY: Part.GOVERNMENT,
    TargetRole.AMBASSADOR: Part.GOVERNMENT,
    TargetRole.SPEAKER: Part.MEMBER,
    TargetRole.MEMBER_LOWER: Part.MEMBER,
    TargetRole.MEMBER_UPPER: Part.MEMBER,
    TargetRole.COMMITTEE_CHAIR: Part.MEMBER,
    TargetRole.PARTY_GROUP_LEADER: Part.MEMBER,
    TargetRole.MEMBER: Part.MEMBER,
    TargetRole.MEP: Part.EUROPEAN,
    TargetRole.COMMISSIONER: Part.EUROPEAN,
}


def cadences(campaign: Campaign) -> dict[Part, Cadence]:
    """Return {part: days} as the campaign has set them, recess and holidays never counted."""
    return {part: Cadence(*campaign.reminder_days[part.value]) for part in Part}


def change_cadences(
    session: Session,
    campaign: Campaign,
    wanted: Mapping[Part, Cadence],
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Set the days of every part; what is silent already goes by them at once.

    Organisers only. Raises BadInput naming the field, such as `member_first`.
    """
    require(by, "replies.cadence")
    for part, cadence in wanted.items():
        _check(part, cadence)
    before = cadences(campaign)
    changed = {
        part.value: {"from": list(astuple(before[part])), "to": list(astuple(wanted[part]))}
        for part in Part
        if before[part] != wanted[part]
    }
    if not changed:
        return
    campaign.reminder_days = {part.value: list(astuple(wanted[part])) for part in Part}
    session.flush()
    audit.record(
        session,
        subject=("cadence", campaign.id),
        name="changed",
        by=by,
        now=now,
        campaign_id=campaign.id,
        detail=changed,
    )


def _check(part: Part, cadence: Cadence) -> None:
    for field, days, least in (
        ("first", cadence.first, 1),
        ("second", cadence.second, 1),
        ("promise", cadence.promise, 0),
    ):
        if not least <= days <= MOST_DAYS:
            words = Sentence(
                "Write a number of working days, %(least)s to %(most)s.",
                least=least,
                most=MOST_DAYS,
            )
            raise BadInput(words, f"{part.value}_{field}")
