"""Who can be asked for what: demands, and the steps towards them that an office can take."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.directory.models import Jurisdiction, Target
from outreach.petitions.models import Ask, Demand, Unit


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


def ask_for(
    session: Session, *, campaign_id: int, target: Target, codes: Sequence[str]
) -> Ask | None:
    """Return the first ask of `codes` that `target` can take, with its demand, or None.

    What an office can take hangs on its role and its jurisdiction; the order of `codes` is the
    wish of whoever wrote the template. An unknown code is taken by nobody.
    """
    rows = {
        ask.code: ask
        for ask in session.scalars(
            sa.select(Ask)
            .where(Ask.campaign_id == campaign_id, Ask.code.in_(codes))
            .options(joinedload(Ask.demand))
        )
    }
    jurisdiction = session.get(Jurisdiction, target.jurisdiction_code)
    in_eu = jurisdiction is not None and jurisdiction.eu_member
    for code in codes:
        ask = rows.get(code)
        if ask is not None and _can_take(ask, target, in_eu=in_eu):
            return ask
    return None


def _can_take(ask: Ask, target: Target, *, in_eu: bool) -> bool:
    if target.role.value not in ask.roles:
        return False
    if ask.eu_members_only and not in_eu:
        return False
    return not ask.jurisdictions or target.jurisdiction_code in ask.jurisdictions
