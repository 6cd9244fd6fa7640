"""The ledger of stances."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Campaign
from outreach.directory.models import Target
from outreach.errors import BadInput
from outreach.petitions import stances
from outreach.petitions.models import Ask, Position, Stance, StanceBasis
from tests import make
from tests.conftest import NOW

DAY = dt.date(2026, 3, 1)


def record(session: Session, campaign: Campaign, target: Target, ask: Ask, **values: Any) -> Stance:
    values = {
        "position": Position.SUPPORT,
        "basis": StanceBasis.QUOTE,
        "quote": "We support it.",
        "said_on": DAY,
        "source": ("reply", 1),
        "rehearsal": False,
        "by": make.vera(session, campaign),
        "now": NOW,
    } | values
    return stances.record_stance(
        session, campaign_id=campaign.id, target_id=target.id, ask_id=ask.id, **values
    )


def test_the_latest_is_what_was_said_last_not_what_was_logged_last(session: Session) -> None:
    campaign = make.campaign(session)
    target, ask = make.target(session), make.ask(session, campaign)
    latest = record(session, campaign, target, ask, position=Position.OPPOSE)
    record(session, campaign, target, ask, said_on=DAY - dt.timedelta(days=9))

    assert session.scalars(stances.standing(campaign.id, rehearsal=False)).all() == [latest]


def test_targets_asks_and_rehearsals_are_told_apart(session: Session) -> None:
    campaign = make.campaign(session)
    one, other = make.target(session), make.target(session)
    ask, second = make.ask(session, campaign), make.ask(session, campaign)
    real = [
        record(session, campaign, one, ask),
        record(session, campaign, one, second),
        record(session, campaign, other, ask),
    ]
    rehearsed = record(session, campaign, one, ask, rehearsal=True)

    assert set(session.scalars(stances.standing(campaign.id, rehearsal=False)).all()) == set(real)
    assert session.scalars(stances.standing(campaign.id, rehearsal=True)).all() == [rehearsed]


def test_taking_back_adds_a_row_and_restores_the_one_before(session: Session) -> None:
    campaign = make.campaign(session)
    target, ask = make.target(session), make.ask(session, campaign)
    before = record(session, campaign, target, ask, said_on=DAY - dt.timedelta(days=9))
    wrong = record(session, campaign, target, ask, position=Position.OPPOSE, source=("reply", 2))
    sam = make.sam(session, campaign)

    assert stances.take_back(session, source=("reply", 2), by=sam, now=NOW) == [wrong]
    assert stances.take_back(session, source=("reply", 2), by=sam, now=NOW) == []

    assert session.scalars(stances.standing(campaign.id, rehearsal=False)).all() == [before]
    assert session.scalar(sa.select(sa.func.count()).select_from(Stance)) == 3
    assert wrong.position is Position.OPPOSE


def test_a_stance_leaves_an_event(session: Session) -> None:
    campaign = make.campaign(session)
    stance = record(session, campaign, make.target(session), make.ask(session, campaign))

    (event,) = audit.history(session, "stance", stance.id)
    assert (event.name, event.to_state, event.by) == ("stance recorded", "support", "Vera")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"basis": None}, "basis"),
        ({"quote": " "}, "quote"),
        ({"said_on": dt.date(2026, 3, 5)}, "said_on"),
    ],
)
def test_a_stance_needs_its_basis(session: Session, values: dict[str, Any], field: str) -> None:
    campaign = make.campaign(session)

    with pytest.raises(BadInput) as refused:
        record(session, campaign, make.target(session), make.ask(session, campaign), **values)

    assert refused.value.field == field
