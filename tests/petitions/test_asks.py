"""Who can be asked for what."""

from __future__ import annotations

from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign
from outreach.directory.models import Confidence, Target, TargetRole
from outreach.petitions import asks
from outreach.petitions.models import Ask
from tests import make
from tests.conftest import NOW


def asked_of(session: Session, campaign: Campaign, target: Target, *codes: str) -> Ask | None:
    session.refresh(target, ["jurisdiction"])
    known = {ask.code: ask for ask in asks.asks(session, campaign.id)}
    return asks.first_able(known, target, codes)


def test_the_first_code_the_role_can_take_wins(session: Session) -> None:
    campaign = make.campaign(session)
    target = make.target(session)
    make.ask(session, campaign, code="D2", roles=["minister"])
    question = make.ask(session, campaign, code="D2a", roles=["member_lower", "mep"])
    make.ask(session, campaign, code="D1", roles=["member_lower"])

    found = asked_of(session, campaign, target, "D9", "D2", "D2a", "D1")

    assert found == question
    assert found.demand.campaign_id == campaign.id


def test_no_office_takes_what_it_has_no_power_to_do(session: Session) -> None:
    campaign = make.campaign(session)
    make.ask(session, campaign, code="D2", roles=["minister"])

    assert asked_of(session, campaign, make.target(session), "D2") is None


def test_eu_only_asks_go_to_eu_members_only(session: Session) -> None:
    campaign = make.campaign(session)
    make.jurisdiction(session, "AA", eu_member=True)
    ask = make.ask(
        session, campaign, code="D2c", roles=["minister"], kind="reply", eu_members_only=True
    )
    role = TargetRole.MINISTER

    inside = make.target(session, jurisdiction_code="AA", role=role)
    outside = make.target(session, jurisdiction_code="BB", role=role)

    def found(target: Target) -> object:
        return asked_of(session, campaign, target, "D2c")

    assert (found(inside), found(outside)) == (ask, None)


def test_an_ask_of_some_jurisdictions_stays_in_them(session: Session) -> None:
    campaign = make.campaign(session)
    ask = make.ask(session, campaign, code="D2a", jurisdictions=["AA"])

    here = make.target(session, jurisdiction_code="AA")
    there = make.target(session, jurisdiction_code="BB")

    def found(target: Target) -> object:
        return asked_of(session, campaign, target, "D2a")

    assert (found(here), found(there)) == (ask, None)


def test_an_ask_stays_out_of_places_it_makes_no_sense_in(session: Session) -> None:
    campaign = make.campaign(session)
    question = make.ask(session, campaign, code="D2a", not_in=["PACE"])
    motion = make.ask(session, campaign, code="D2b")

    def found(code: str) -> object:
        target = make.target(session, jurisdiction_code=code)
        return asked_of(session, campaign, target, "D2a", "D2b")

    assert (found("AA"), found("PACE")) == (question, motion)


def test_who_has_the_power_is_named_and_the_authority_first(session: Session) -> None:
    campaign = make.campaign(session)
    place = make.jurisdiction(
        session, "AA", designation={"authority": "Ministry of the Interior; courts"}
    )
    make.ask(session, campaign, code="D2", roles=["head_of_government", "minister"])

    def sits(name: str, body: str, role: TargetRole, **more: object) -> None:
        house = make.organization(session, jurisdiction_code="AA", name=body)
        make.target(session, jurisdiction_code="AA", name=name, body=house, role=role, **more)

    sits("Ada Sports", "Ministry of Sport", TargetRole.MINISTER)
    sits("Erika Beispiel", "Ministry of the Interior", TargetRole.MINISTER)
    sits("Gone Before", "Ministry of the Interior", TargetRole.MINISTER, ended_on=NOW.date())
    sits("Hugo Head", "Government", TargetRole.HEAD_OF_GOVERNMENT)
    sits("Mia Member", "House", TargetRole.MEMBER_LOWER)

    def named(**more: object) -> list[str]:
        rows = asks.able(session, campaign, place, ["D2"], today=NOW.date(), **more)
        return [row.name for row in rows]

    assert named() == ["Erika Beispiel", "Hugo Head", "Ada Sports"]
    assert named(most=1, among=["minister"]) == ["Erika Beispiel"]


def test_the_matrix_counts_offices_with_law_tool_and_how_sure_we_are(session: Session) -> None:
    campaign = make.campaign(session)
    make.jurisdiction(
        session,
        "AA",
        designation={
            "authority": "the Council",
            "instrument": "the Listing Act",
            "confidence": {"authority": "high"},
        },
        tools=[{"kind": "written_question", "native": "interpelacja", "confidence": "low"}],
    )
    make.ask(session, campaign, code="D2", roles=["minister", "ministry"], kind="designation")
    make.ask(session, campaign, code="D2a", roles=["member_lower"], kind="question")
    make.ask(session, campaign, code="D2c", roles=["minister"], kind="reply", eu_members_only=True)
    make.ask(session, campaign, code="D2/omon", roles=[])
    for role in (TargetRole.MINISTER, TargetRole.MEMBER_LOWER, TargetRole.MEMBER_LOWER):
        make.target(session, jurisdiction_code="AA", role=role)

    ((place, taken),) = asks.matrix(session, campaign.id, today=NOW.date())

    assert place.code == "AA"
    rows = {one.ask.code: (one.targets, one.by, one.authority, one.confidence) for one in taken}
    assert rows == {
        "D2": (1, "the Listing Act", "the Council", Confidence.HIGH),
        "D2a": (2, "interpelacja", "", Confidence.LOW),
        "D2c": (0, "", "", None),
    }
    assert taken[0].offices == [(TargetRole.MINISTER, 1), (TargetRole.MINISTRY, 0)]
    assert taken[2].offices == []
