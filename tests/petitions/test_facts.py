"""Facts as sentences, and who may not be printed."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.errors import BadInput, NotFound, Refused
from outreach.petitions import facts
from outreach.petitions.facts import FactValues
from outreach.petitions.models import FactState, Precision, Use
from tests import make

TODAY = dt.date(2026, 3, 3)
VALUES = FactValues(
    statement="People arrested.",
    use=Use.OK,
    figure=37_000,
    qualifier="over",
    unit="people",
    as_of=dt.date(2021, 1, 1),
    as_of_precision=Precision.YEAR,
    source_publisher="An office",
    wording={"en": "More than {figure} people were arrested."},
    citation={"en": "An office, A report"},
)


def test_sentence_carries_figure_day_and_source(session: Session) -> None:
    fact = make.fact(session, make.campaign(session))

    assert facts.sentence(fact, "en", today=TODAY) == (
        "More than 37,000 people were arrested (as of 2021; An office, A report)."
    )


def test_sentence_follows_the_habits_of_the_language(session: Session) -> None:
    fact = make.fact(
        session,
        make.campaign(session),
        as_of=dt.date(2020, 12, 1),
        as_of_precision=Precision.DAY,
        wording={"de": "Mehr als {figure} Menschen.", "fr": "Plus de {figure} personnes."},
        citation={"de": "Ein Amt", "fr": "Un office"},
    )

    assert facts.sentence(fact, "de", today=TODAY) == (
        "Mehr als 37.000 Menschen (Stand: 1. Dezember 2020; Ein Amt)."
    )
    assert facts.sentence(fact, "fr", today=TODAY) == (
        "Plus de 37\u202f000 personnes (situation au 1er décembre 2020\u202f; Un office)."
    )


def test_a_finding_without_figure_is_dated_by_its_source(session: Session) -> None:
    fact = make.fact(
        session,
        make.campaign(session),
        figure=None,
        unit=None,
        as_of=dt.date(2025, 2, 14),
        as_of_precision=Precision.DAY,
        wording={"en": "Experts found it."},
        citation={"en": "A report"},
    )

    assert facts.sentence(fact, "en", today=TODAY) == (
        "Experts found it (A report, 14 February 2025)."
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"use": Use.AVOID, "preferred_now": "F10"}, "marked “avoid”.*Quote F10"),
        ({"state": FactState.STALE}, "is stale"),
        ({"state": FactState.DISPUTED}, "is disputed"),
        ({"state": FactState.WITHDRAWN}, "is withdrawn"),
        ({"review_by": dt.date(2026, 3, 2)}, "to be checked by 2026-03-02"),
        ({"as_of": None, "as_of_precision": None}, "no as-of day"),
        ({"wording": {"de": "Mehr als {figure}."}}, "no sentence in “en”"),
        ({"citation": {}}, "no source line in “en”"),
    ],
)
def test_what_may_not_be_printed_says_why(
    session: Session, change: dict[str, Any], says: str
) -> None:
    fact = make.fact(session, make.campaign(session), **change)

    with pytest.raises(Refused, match=says):
        facts.sentence(fact, "en", today=TODAY)


def test_on_its_review_day_a_fact_still_holds(session: Session) -> None:
    fact = make.fact(session, make.campaign(session), review_by=TODAY)

    assert facts.refusal(fact, "en", today=TODAY) is None


def test_quotable_leaves_out_what_no_letter_may_print(session: Session) -> None:
    campaign = make.campaign(session)
    good = make.fact(session, campaign, code="R02")
    make.fact(session, campaign, code="F09", use=Use.AVOID)
    make.fact(session, campaign, code="F16", state=FactState.STALE)
    make.fact(session, campaign, code="F13", wording={}, citation={})
    make.fact(session, make.campaign(session), code="R02")

    assert facts.quotable(session, campaign.id, today=TODAY) == [good]


def test_a_change_raises_the_version_and_keeps_the_old_values(
    session: Session, now: dt.datetime
) -> None:
    campaign = make.campaign(session)
    sam = make.sam(session, campaign)
    save = {"campaign_id": campaign.id, "code": "R09", "by": sam, "now": now}
    first = facts.save_fact(session, values=VALUES, **save)

    same = facts.save_fact(session, values=VALUES, **save)
    assert (same, same.version) == (first, 1)

    changed = facts.save_fact(session, values=dataclasses.replace(VALUES, figure=38_000), **save)

    assert (changed, changed.version, changed.figure) == (first, 2, 38_000)
    told = audit.history(session, "fact", first.id)
    assert [(event.name, event.by) for event in told] == [
        ("fact added", "Sam"),
        ("fact changed", "Sam"),
    ]
    assert told[1].detail == {"version": 2, "before": {"figure": 37_000}}


@pytest.mark.parametrize(
    ("code", "change", "field"),
    [
        ("r 1", {}, "code"),
        ("R09", {"statement": " "}, "statement"),
        ("R09", {"figure": -1}, "figure"),
        ("R09", {"unit": ""}, "unit"),
        ("R09", {"as_of": None}, "as_of"),
        ("R09", {"as_of": None, "as_of_precision": None}, "as_of"),
        ("R09", {"source_publisher": ""}, "source_title"),
        ("R09", {"source_url": "javascript:alert(1)"}, "source_url"),
        ("R09", {"wording": {"en": "More than {number} people."}}, "wording_en"),
        ("R09", {"wording": {"en": "More than 37,000 people."}}, "wording_en"),
        ("R09", {"figure": None}, "wording_en"),
        ("R09", {"citation": {}}, "citation_en"),
    ],
)
def test_what_cant_be_kept_names_its_field(
    session: Session, now: dt.datetime, code: str, change: dict[str, Any], field: str
) -> None:
    campaign = make.campaign(session)

    with pytest.raises(BadInput) as refused:
        facts.save_fact(
            session,
            campaign_id=campaign.id,
            code=code,
            values=dataclasses.replace(VALUES, **change),
            by=make.sam(session, campaign),
            now=now,
        )

    assert refused.value.field == field


def test_an_unknown_code_is_not_found(session: Session) -> None:
    campaign = make.campaign(session)
    make.fact(session, make.campaign(session), code="R02")

    with pytest.raises(NotFound, match="no fact R02"):
        facts.fact_by_code(session, campaign.id, "R02")
