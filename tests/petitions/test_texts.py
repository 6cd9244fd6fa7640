"""What the campaign says beside its facts: changed with the old values kept, or refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor, Campaign
from outreach.directory.models import Confidence, Target, TargetRole
from outreach.errors import BadInput, NotFound
from outreach.petitions import seeding, texts
from outreach.petitions.models import Conflict, Measure, Objection
from tests import make
from tests.petitions.test_asks import asked_of

SAM = Actor("Sam")
PETITION = {
    "title": "A title",
    "author": "An initiative",
    "written": "December 2020",
    "platform": "",
    "platform_step": None,
    "summary": "What it is.",
    "credit": {"en": "Text: an initiative"},
}
ASK: dict[str, Any] = {
    "text": "Ask the government.",
    "roles": [TargetRole.MEP],
    "jurisdictions": [],
    "not_in": [],
    "eu_members_only": False,
}
UNIT = {"names": {"en": "OMON of Belarus"}, "expansions": {}, "note": ""}
CONFLICT = {"what": "Two totals", "explanation": "", "resolution": "Take the later one."}
OBJECTION = {"says": "It is far away.", "known_from": "", "answer": "It is.", "strength": ""}
MEASURE: dict[str, Any] = {
    "jurisdictions": ["US"],
    "taken_on": "2020",
    "what": "A sanction",
    "confidence": Confidence.HIGH,
    "sources": [],
}


@pytest.fixture
def campaign(session: Session, now: dt.datetime) -> Campaign:
    """The built-in campaign."""
    return seeding.seed_campaign(session, seeding.BUILTIN, now=now, by=Actor("operator"))


def change(
    session: Session, campaign: Campaign, now: dt.datetime, kind: str, values: dict[str, Any]
) -> Any:
    """Change the campaign's petition, or its ask D2a, body omon, conflict C-DET."""
    found = {
        "petition": lambda: texts.petition_by_slug(session, campaign.id, "stophvalt-2020"),
        "ask": lambda: texts.ask_by_code(session, campaign.id, "D2a"),
        "unit": lambda: texts.unit_by_code(session, campaign.id, "omon"),
        "conflict": lambda: texts.conflict_by_code(session, campaign.id, "C-DET"),
    }[kind]()
    return getattr(texts, f"change_{kind}")(session, found, by=SAM, now=now, **values)


@pytest.mark.parametrize(
    ("kind", "values"),
    [("petition", PETITION), ("ask", ASK), ("unit", UNIT), ("conflict", CONFLICT)],
)
def test_a_change_is_kept_once_with_what_stood_there(
    session: Session, campaign: Campaign, now: dt.datetime, kind: str, values: dict[str, Any]
) -> None:
    row = change(session, campaign, now, kind, values)
    change(session, campaign, now, kind, values)
    session.expire(row)

    assert all(getattr(row, name) == values[name] for name in values if name != "roles")
    events = audit.history(session, kind, row.id)
    assert [(event.name, event.by) for event in events] == [(f"{kind} changed", "Sam")]
    assert set(events[0].detail["before"]) <= set(values)


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        ("petition", PETITION | {"title": " "}, "title"),
        ("petition", PETITION | {"author": ""}, "author"),
        ("petition", PETITION | {"written": ""}, "written"),
        ("petition", PETITION | {"summary": ""}, "summary"),
        ("petition", PETITION | {"credit": {"de": "Text: …"}}, "credit_en"),
        ("petition", PETITION | {"platform_step": 0}, "platform_step"),
        ("petition", PETITION | {"platform_step": 3_000_000_000}, "platform_step"),
        ("ask", ASK | {"text": ""}, "text"),
        ("ask", ASK | {"jurisdictions": ["QQ"]}, "jurisdictions"),
        ("unit", UNIT | {"names": {"de": "OMON von Belarus"}}, "names_en"),
        ("conflict", CONFLICT | {"what": ""}, "what"),
        ("conflict", CONFLICT | {"resolution": " "}, "resolution"),
    ],
)
def test_what_cannot_be_kept_names_its_field(
    session: Session,
    campaign: Campaign,
    now: dt.datetime,
    kind: str,
    values: dict[str, Any],
    field: str,
) -> None:
    with pytest.raises(BadInput) as wrong:
        change(session, campaign, now, kind, values)

    assert wrong.value.field == field


def test_an_ask_goes_to_the_roles_and_places_it_was_given(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    make.jurisdiction(session, "AA")
    role = TargetRole.AMBASSADOR
    here = make.target(session, jurisdiction_code="AA", role=role)
    there = make.target(session, jurisdiction_code="BB", role=role)

    change(session, campaign, now, "ask", ASK | {"roles": [role], "jurisdictions": ["AA"]})

    def found(target: Target) -> object:
        return asked_of(session, campaign, target, "D2a")

    ask = texts.ask_by_code(session, campaign.id, "D2a")
    assert (found(here), found(there)) == (ask, None)


@pytest.mark.parametrize(
    ("kind", "values"), [(Conflict, CONFLICT), (Objection, OBJECTION), (Measure, MEASURE)]
)
def test_what_is_missing_is_added_under_a_code_of_its_own(
    session: Session, campaign: Campaign, now: dt.datetime, kind: Any, values: dict[str, Any]
) -> None:
    name = kind.__tablename__
    new = texts.start(session, kind, campaign.id, "X1")
    getattr(texts, f"change_{name}")(session, new, by=SAM, now=now, **values)

    kept = session.scalars(sa.select(kind).where(kind.code == "X1")).one()
    assert kept.campaign_id == campaign.id
    event = audit.history(session, name, kept.id)[0]
    assert (event.name, event.detail) == (f"{name} added", {"before": {}})
    for code in ("X1", "x 2", "", "A" * 21):
        with pytest.raises(BadInput) as wrong:
            texts.start(session, kind, campaign.id, code)
        assert wrong.value.field == "code"


def test_a_refused_new_thing_is_not_kept(
    session: Session, campaign: Campaign, now: dt.datetime
) -> None:
    new = texts.start(session, Objection, campaign.id, "X1")

    with pytest.raises(BadInput):
        texts.change_objection(session, new, by=SAM, now=now, **OBJECTION | {"answer": ""})

    session.flush()
    assert "X1" not in [row.code for row in texts.objections(session, campaign.id)]


def test_another_campaigns_words_are_not_found(session: Session, campaign: Campaign) -> None:
    other = make.campaign(session)

    for find, name in (
        (texts.petition_by_slug, "stophvalt-2020"),
        (texts.ask_by_code, "D2a"),
        (texts.unit_by_code, "omon"),
        (texts.conflict_by_code, "C-DET"),
    ):
        with pytest.raises(NotFound):
            find(session, other.id, name)
