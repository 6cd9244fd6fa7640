"""Changes what the campaign says beside its facts: demands, objections, measures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor
from outreach.directory.models import Confidence
from outreach.errors import BadInput, NotFound
from outreach.petitions.models import Demand, Measure, Objection, Petition
from outreach.words import N_, Sentence

Text = TypeVar("Text", Demand, Objection, Measure)


def petitions_of(session: Session, campaign_id: int) -> Sequence[Petition]:
    """Return the campaign's petitions, oldest first."""
    return session.scalars(
        sa.select(Petition).where(Petition.campaign_id == campaign_id).order_by(Petition.id)
    ).all()


def objections(session: Session, campaign_id: int) -> Sequence[Objection]:
    """Return what recipients answer and what may be said, by code."""
    return session.scalars(
        sa.select(Objection).where(Objection.campaign_id == campaign_id).order_by(Objection.code)
    ).all()


def measures(session: Session, campaign_id: int) -> Sequence[Measure]:
    """Return what exists already, by code."""
    return session.scalars(
        sa.select(Measure).where(Measure.campaign_id == campaign_id).order_by(Measure.code)
    ).all()


def demand_by_code(session: Session, campaign_id: int, code: str) -> Demand:
    """Return the demand called `code`. Raises NotFound."""
    return _by_code(session, Demand, campaign_id, code)


def objection_by_code(session: Session, campaign_id: int, code: str) -> Objection:
    """Return the objection called `code`. Raises NotFound."""
    return _by_code(session, Objection, campaign_id, code)


def measure_by_code(session: Session, campaign_id: int, code: str) -> Measure:
    """Return the measure called `code`. Raises NotFound."""
    return _by_code(session, Measure, campaign_id, code)


def change_demand(
    session: Session,
    demand: Demand,
    *,
    text: str,
    wording: dict[str, str],
    legal_effect: str,
    success_test: str,
    by: Actor,
    now: dt.datetime,
) -> Demand:
    """Change a demand's text and the clauses letters print, by language. Raises BadInput."""
    _needed("text", text, N_("Say in one sentence what is demanded."))
    if not wording:
        raise BadInput(
            Sentence("Letters need the demand as a clause in at least one language."), "wording_en"
        )
    values = {
        "text": text,
        "wording": wording,
        "legal_effect": legal_effect,
        "success_test": success_test,
    }
    return _change(session, demand, "demand", values, by, now)


def change_objection(
    session: Session,
    objection: Objection,
    *,
    says: str,
    known_from: str,
    answer: str,
    strength: str,
    by: Actor,
    now: dt.datetime,
) -> Objection:
    """Change what recipients say and what we answer. Raises BadInput."""
    _needed("says", says, N_("Say what they object."))
    _needed("answer", answer, N_("Say what may be answered honestly; conceding is an answer."))
    values = {"says": says, "known_from": known_from, "answer": answer, "strength": strength}
    return _change(session, objection, "objection", values, by, now)


def change_measure(
    session: Session,
    measure: Measure,
    *,
    jurisdictions: list[str],
    taken_on: str,
    what: str,
    confidence: Confidence,
    sources: list[str],
    by: Actor,
    now: dt.datetime,
) -> Measure:
    """Change what exists already, since when and how sure we are. Raises BadInput."""
    _needed("what", what, N_("Say what exists already."))
    _needed("taken_on", taken_on, N_("Say since when, as exactly as it is known."))
    if not jurisdictions:
        raise BadInput(
            Sentence("Name at least one jurisdiction by its code, such as US or EU."),
            "jurisdictions",
        )
    values = {
        "jurisdictions": jurisdictions,
        "taken_on": taken_on,
        "what": what,
        "confidence": confidence,
        "sources": sources,
    }
    return _change(session, measure, "measure", values, by, now)


def _needed(field: str, text: str, sentence: str) -> None:
    if not text.strip():
        raise BadInput(Sentence(sentence), field)


def _by_code(session: Session, kind: type[Text], campaign_id: int, code: str) -> Text:
    row: Text | None = session.scalar(
        sa.select(kind).where(kind.campaign_id == campaign_id, kind.code == code)
    )
    if row is None:
        raise NotFound(
            Sentence("There is nothing called %(code)s. Look at the petition page.", code=code)
        )
    return row


def _change(
    session: Session, row: Text, kind: str, values: dict[str, Any], by: Actor, now: dt.datetime
) -> Text:
    """Write the new values and an event with the old ones; the same values change nothing."""
    before = {name: getattr(row, name) for name in values if getattr(row, name) != values[name]}
    if not before:
        return row
    for name in before:
        setattr(row, name, values[name])
    session.flush()
    audit.record(
        session,
        subject=(kind, row.id),
        name=f"{kind} changed",
        by=by,
        now=now,
        campaign_id=row.campaign_id,
        detail={"before": before},
    )
    return row
