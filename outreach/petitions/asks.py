"""Who can be asked for what: demands, and the steps towards them that an office can take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts.models import Campaign
from outreach.directory.models import Confidence, Jurisdiction, Membership, Target, TargetRole
from outreach.petitions.models import Ask, Demand, Unit

# Kinds of asks that a country's law on listing decides, and those a tool of a parliament does.
_BY_LAW = frozenset({"designation", "trigger"})
_BY_TOOL = {"question": "question", "motion": "motion", "declaration": "motion"}
# Ministers and ministries of one country are few; members of a large chamber are sorted so far.
_LOOKED_THROUGH = 500


def demands(session: Session, campaign_id: int) -> Sequence[Demand]:
    """Return the campaign's demands in their order."""
    return session.scalars(
        sa.select(Demand).where(Demand.campaign_id == campaign_id).order_by(Demand.position)
    ).all()


def asks(session: Session, campaign_id: int) -> Sequence[Ask]:
    """Return the campaign's asks with their demands, in their order."""
    return session.scalars(
        sa.select(Ask)
        .where(Ask.campaign_id == campaign_id)
        .options(joinedload(Ask.demand))
        .order_by(Ask.position)
    ).all()


def units(session: Session, campaign_id: int) -> Sequence[Unit]:
    """Return the bodies the campaign speaks about, in their order."""
    return session.scalars(
        sa.select(Unit).where(Unit.campaign_id == campaign_id).order_by(Unit.position)
    ).all()


def first_able(by_code: Mapping[str, Ask], target: Target, codes: Sequence[str]) -> Ask | None:
    """Return the first ask of `codes` that `target` can take, or None.

    What an office can take hangs on its role and its jurisdiction, which is loaded; the order of
    `codes` is the wish of whoever wrote the template. An unknown code is taken by nobody.
    """
    known = [by_code[code] for code in codes if code in by_code]
    place, in_eu = target.jurisdiction_code, target.jurisdiction.eu_member
    return next((ask for ask in known if can_take(ask, target.role, place, in_eu=in_eu)), None)


def can_take(ask: Ask, role: TargetRole, place: str, *, in_eu: bool) -> bool:
    """Return whether the part `role` in the jurisdiction `place` has the power to do the ask."""
    if role.value not in ask.roles or place in ask.not_in:
        return False
    if ask.eu_members_only and not in_eu:
        return False
    return not ask.jurisdictions or place in ask.jurisdictions


def able(
    session: Session,
    campaign: Campaign,
    place: Jurisdiction,
    codes: Sequence[str],
    *,
    today: dt.date,
    among: Collection[str] = tuple(TargetRole),
    most: int = 3,
) -> Sequence[Target]:
    """Return up to `most` targets in office in `place` who can take one of the asks `codes`.

    With body and post; `among` are the roles that come into question. Whoever the country's law
    names as the authority comes first, then by the order of roles in the asks.
    """
    wanted = [ask for ask in asks(session, campaign.id) if ask.code in codes]
    roles = [role for role in _roles_for(wanted, place) if role.value in among]
    query = (
        sa.select(Target)
        .where(
            Target.jurisdiction_code == place.code,
            Target.role.in_(roles),
            Target.channel.is_not(None),
            sa.or_(Target.ended_on.is_(None), Target.ended_on > today),
        )
        .options(joinedload(Target.body), joinedload(Target.membership).joinedload(Membership.post))
        .order_by(Target.name, Target.id)
    )
    if not campaign.rehearsing:
        query = query.where(Target.demonstration.is_(False))
    law = str(place.designation.get("authority") or "").casefold()
    found = sorted(
        session.scalars(query.limit(_LOOKED_THROUGH)),
        key=lambda row: (not _named_in(row, law), roles.index(row.role)),
    )
    return found[:most]


def _roles_for(wanted: Sequence[Ask], place: Jurisdiction) -> list[TargetRole]:
    """The roles that can take one of the asks in `place`, in the order of the asks."""
    roles = dict.fromkeys(TargetRole(name) for ask in wanted for name in ask.roles)
    return [
        role
        for role in roles
        if any(can_take(ask, role, place.code, in_eu=place.eu_member) for ask in wanted)
    ]


def _named_in(target: Target, law: str) -> bool:
    post = target.membership.post if target.membership else None
    called = [target.body.name, *target.body.names.values(), post.label if post else ""]
    return any(name and name.casefold() in law for name in called)


@dataclass(frozen=True, slots=True)
class Taken:
    """One ask in one jurisdiction: which offices there can take it, and how many of each we have.

    `by` is what it is done by there (law or tool), `authority` who decides, `confidence` how sure
    we are of it; empty where the files say nothing.
    """

    ask: Ask
    offices: Sequence[tuple[TargetRole, int]]
    by: str
    authority: str
    confidence: Confidence | None

    @property
    def targets(self) -> int:
        """How many targets we have that can take it."""
        return sum(number for _, number in self.offices)


def matrix(
    session: Session, campaign_id: int, *, today: dt.date
) -> list[tuple[Jurisdiction, list[Taken]]]:
    """Return who can be asked for what: every jurisdiction with every ask that letters carry."""
    rows = session.execute(
        sa.select(Target.jurisdiction_code, Target.role, sa.func.count())
        .where(sa.or_(Target.ended_on.is_(None), Target.ended_on > today))
        .group_by(Target.jurisdiction_code, Target.role)
    )
    known = {(code, role): number for code, role, number in rows}
    carried = [ask for ask in asks(session, campaign_id) if ask.roles]
    places = session.scalars(sa.select(Jurisdiction).order_by(Jurisdiction.name)).all()
    return [(place, [_taken(ask, place, known) for ask in carried]) for place in places]


def _taken(ask: Ask, place: Jurisdiction, known: Mapping[tuple[str, TargetRole], int]) -> Taken:
    roles = [TargetRole(name) for name in ask.roles]
    offices = [
        (role, known.get((place.code, role), 0))
        for role in roles
        if can_take(ask, role, place.code, in_eu=place.eu_member)
    ]
    if ask.kind in _BY_LAW:
        sure = place.designation.get("confidence") or {}
        return Taken(
            ask,
            offices,
            str(place.designation.get("instrument") or ""),
            str(place.designation.get("authority") or ""),
            Confidence(sure["authority"]) if sure.get("authority") else None,
        )
    tool = next((one for one in place.tools if _BY_TOOL.get(ask.kind, " ") in one["kind"]), None)
    if tool is None:
        return Taken(ask, offices, "", "", None)
    sure_of = Confidence(tool["confidence"]) if tool.get("confidence") else None
    return Taken(ask, offices, str(tool.get("native") or ""), "", sure_of)
