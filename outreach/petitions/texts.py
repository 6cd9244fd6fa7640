"""Changes what the campaign says beside its facts: its petition, demands, asks and the rest."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor
from outreach.directory.models import Confidence, Jurisdiction, TargetRole
from outreach.errors import BadInput, NotFound
from outreach.petitions.models import Ask, Conflict, Demand, Measure, Objection, Petition, Unit
from outreach.words import N_, Sentence

Coded = TypeVar("Coded", Ask, Conflict, Demand, Measure, Objection, Unit)
Added = TypeVar("Added", Conflict, Measure, Objection)
Text = TypeVar("Text", Ask, Conflict, Demand, Measure, Objection, Petition, Unit)

# More than any platform shows, and still a whole number of both databases.
LARGEST_STEP = 2_000_000_000


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


def petition_by_slug(session: Session, campaign_id: int, slug: str) -> Petition:
    """Return the petition called `slug`. Raises NotFound."""
    petition = session.scalar(
        sa.select(Petition).where(Petition.campaign_id == campaign_id, Petition.slug == slug)
    )
    if petition is None:
        raise _nothing_called(slug)
    return petition


def ask_by_code(session: Session, campaign_id: int, code: str) -> Ask:
    """Return the ask called `code`. Raises NotFound."""
    return _by_code(session, Ask, campaign_id, code)


def unit_by_code(session: Session, campaign_id: int, code: str) -> Unit:
    """Return the body called `code`. Raises NotFound."""
    return _by_code(session, Unit, campaign_id, code)


def conflict_by_code(session: Session, campaign_id: int, code: str) -> Conflict:
    """Return the conflict called `code`. Raises NotFound."""
    return _by_code(session, Conflict, campaign_id, code)


def demand_by_code(session: Session, campaign_id: int, code: str) -> Demand:
    """Return the demand called `code`. Raises NotFound."""
    return _by_code(session, Demand, campaign_id, code)


def objection_by_code(session: Session, campaign_id: int, code: str) -> Objection:
    """Return the objection called `code`. Raises NotFound."""
    return _by_code(session, Objection, campaign_id, code)


def measure_by_code(session: Session, campaign_id: int, code: str) -> Measure:
    """Return the measure called `code`. Raises NotFound."""
    return _by_code(session, Measure, campaign_id, code)


def start(session: Session, kind: type[Added], campaign_id: int, code: str) -> Added:
    """Return an empty conflict, measure or objection called `code`; its `change_…` keeps it.

    A code is for good. Raises BadInput when it can't be one or is taken.
    """
    if not re.fullmatch(r"[A-Z][A-Z0-9-]{0,19}", code):
        raise BadInput(Sentence("Write a code of capital letters and digits, such as O8."), "code")
    taken = sa.select(kind.id).where(kind.campaign_id == campaign_id, kind.code == code)
    if session.scalar(taken) is not None:
        raise BadInput(
            Sentence("%(code)s is taken already. Choose another code.", code=code), "code"
        )
    return kind(campaign_id=campaign_id, code=code)


def change_petition(
    session: Session,
    petition: Petition,
    *,
    title: str,
    author: str,
    written: str,
    platform: str,
    platform_step: int | None,
    summary: str,
    credit: dict[str, str],
    by: Actor,
    now: dt.datetime,
) -> Petition:
    """Change what is said about the petition and the credit line of letters, by language.

    `platform_step` is the next step the platform shows, None if it shows none. Raises BadInput.
    """
    _needed("title", title, N_("Give the title as it was published."))
    _needed("author", author, N_("Say who wrote it."))
    _needed("written", written, N_("Say when it was written, as exactly as it is known."))
    _needed("summary", summary, N_("Say in a few sentences what the petition is."))
    # Every language without its own line prints the English one.
    _needed("credit_en", credit.get("en", ""), N_("Every letter needs a credit line in English."))
    if platform_step is not None and not 0 < platform_step <= LARGEST_STEP:
        raise BadInput(
            Sentence("Write a whole number above 0, or nothing if the platform shows none."),
            "platform_step",
        )
    values = {
        "title": title,
        "author": author,
        "written": written,
        "platform": platform,
        "platform_step": platform_step,
        "summary": summary,
        "credit": credit,
    }
    return _change(session, petition, "petition", values, by, now)


def change_ask(
    session: Session,
    ask: Ask,
    *,
    text: str,
    roles: list[TargetRole],
    jurisdictions: list[str],
    not_in: Sequence[str] = (),
    eu_members_only: bool,
    by: Actor,
    now: dt.datetime,
) -> Ask:
    """Change what is asked and of whom; without roles it is counted apart, in no letter.

    `jurisdictions` empty means everywhere, but in those of `not_in`. Raises BadInput, also for a
    jurisdiction the directory lacks.
    """
    _needed("text", text, N_("Say in one sentence what is asked."))
    for field, codes in (("jurisdictions", jurisdictions), ("not_in", not_in)):
        unknown = [code for code in codes if session.get(Jurisdiction, code) is None]
        if unknown:
            raise BadInput(
                Sentence(
                    "The directory has no jurisdiction %(code)s. Write codes such as US or DE.",
                    code=unknown[0],
                ),
                field,
            )
    values = {
        "text": text,
        "roles": [role.value for role in roles],
        "jurisdictions": jurisdictions,
        "not_in": list(not_in),
        "eu_members_only": eu_members_only,
    }
    return _change(session, ask, "ask", values, by, now)


def change_unit(
    session: Session,
    unit: Unit,
    *,
    names: dict[str, str],
    expansions: dict[str, str],
    note: str,
    by: Actor,
    now: dt.datetime,
) -> Unit:
    """Change how a body is written and what its name stands for, by language. Raises BadInput."""
    _needed("names_en", names.get("en", ""), N_("Write the name as letters in English print it."))
    values = {"names": names, "expansions": expansions, "note": note}
    return _change(session, unit, "unit", values, by, now)


def change_conflict(
    session: Session,
    conflict: Conflict,
    *,
    what: str,
    explanation: str,
    resolution: str,
    by: Actor,
    now: dt.datetime,
) -> Conflict:
    """Write which facts must not stand side by side, why, and which to take. Raises BadInput."""
    _needed("what", what, N_("Say what doesn't go together."))
    _needed("resolution", resolution, N_("Say which of them a letter may use."))
    values = {"what": what, "explanation": explanation, "resolution": resolution}
    return _change(session, conflict, "conflict", values, by, now)


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
    """Write what recipients say and what we answer. Raises BadInput."""
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
    wording: dict[str, str] | None = None,
    citation: dict[str, str] | None = None,
    by: Actor,
    now: dt.datetime,
) -> Measure:
    """Write what exists already, since when and how sure we are. Raises BadInput.

    `wording` and `citation` are what letters say of it, and name as its source, by language.
    """
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
        "wording": wording or {},
        "citation": citation or {},
    }
    _refuse_unsourced(wording or {}, citation or {})
    return _change(session, measure, "measure", values, by, now)


def _refuse_unsourced(wording: dict[str, str], citation: dict[str, str]) -> None:
    for language in wording:
        if not citation.get(language):
            raise BadInput(
                Sentence("A sentence for letters needs its source line in the same language."),
                f"citation_{language}",
            )


def _needed(field: str, text: str, sentence: str) -> None:
    if not text.strip():
        raise BadInput(Sentence(sentence), field)


def _by_code(session: Session, kind: type[Coded], campaign_id: int, code: str) -> Coded:
    row: Coded | None = session.scalar(
        sa.select(kind).where(kind.campaign_id == campaign_id, kind.code == code)
    )
    if row is None:
        raise _nothing_called(code)
    return row


def _nothing_called(name: str) -> NotFound:
    return NotFound(
        Sentence("There is nothing called %(code)s. Look at the petition page.", code=name)
    )


def _change(
    session: Session, row: Text, kind: str, values: dict[str, Any], by: Actor, now: dt.datetime
) -> Text:
    """Write the new values and an event with the old ones; the same values change nothing."""
    new = row.id is None
    before = {name: getattr(row, name) for name in values if getattr(row, name) != values[name]}
    if not before:
        return row
    for name in before:
        setattr(row, name, values[name])
    if new:
        session.add(row)
    session.flush()
    audit.record(
        session,
        subject=(kind, row.id),
        name=f"{kind} added" if new else f"{kind} changed",
        by=by,
        now=now,
        campaign_id=row.campaign_id,
        detail={"before": {} if new else before},
    )
    return row
