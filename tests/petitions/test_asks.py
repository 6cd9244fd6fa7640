"""Who can be asked for what."""

from __future__ import annotations

from sqlalchemy.orm import Session

from outreach.directory.models import TargetRole
from outreach.petitions import asks
from tests import make


def test_the_first_code_the_role_can_take_wins(session: Session) -> None:
    campaign = make.campaign(session)
    target = make.target(session)
    make.ask(session, campaign, code="D2", roles=["minister"])
    question = make.ask(session, campaign, code="D2a", roles=["member_lower", "mep"])
    make.ask(session, campaign, code="D1", roles=["member_lower"])

    found = asks.ask_for(
        session, campaign_id=campaign.id, target=target, codes=["D9", "D2", "D2a", "D1"]
    )

    assert found == question
    assert found.demand.campaign_id == campaign.id


def test_no_office_takes_what_it_has_no_power_to_do(session: Session) -> None:
    campaign = make.campaign(session)
    make.ask(session, campaign, code="D2", roles=["minister"])

    assert (
        asks.ask_for(session, campaign_id=campaign.id, target=make.target(session), codes=["D2"])
        is None
    )


def test_eu_only_asks_go_to_eu_members_only(session: Session) -> None:
    campaign = make.campaign(session)
    make.jurisdiction(session, "AA", eu_member=True)
    ask = make.ask(session, campaign, code="D2c", roles=["minister"], eu_members_only=True)
    role = TargetRole.MINISTER

    inside = make.target(session, jurisdiction_code="AA", role=role)
    outside = make.target(session, jurisdiction_code="BB", role=role)

    def found(target: object) -> object:
        return asks.ask_for(session, campaign_id=campaign.id, target=target, codes=["D2c"])

    assert (found(inside), found(outside)) == (ask, None)


def test_an_ask_of_some_jurisdictions_stays_in_them(session: Session) -> None:
    campaign = make.campaign(session)
    ask = make.ask(session, campaign, code="D2a", jurisdictions=["AA"])

    here = make.target(session, jurisdiction_code="AA")
    there = make.target(session, jurisdiction_code="BB")

    def found(target: object) -> object:
        return asks.ask_for(session, campaign_id=campaign.id, target=target, codes=["D2a"])

    assert (found(here), found(there)) == (ask, None)
