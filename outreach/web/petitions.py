"""The petition's pages: what we ask, what we claim, how many signed, how sure we are."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from flask import request
from flask_babel import gettext as _

from outreach.accounts import audit
from outreach.accounts.models import Event
from outreach.accounts.roles import may
from outreach.directory.models import TargetRole
from outreach.letters import corrections, renewing, usage
from outreach.petitions import asks, counts, facts, phrases, reviews, texts
from outreach.petitions.models import Demand, Fact
from outreach.petitions.reviews import Standing
from outreach.web import (
    petitions_asking,
    petitions_counts,
    petitions_milestones,
    petitions_pages,
    petitions_texts,
    petitions_usage,
)
from outreach.web.access import actor, campaign, needs, now, session
from outreach.web.filters import word
from outreach.web.petitions_forms import DemandForm, FactForm
from outreach.web.petitions_frame import Answer, bp, last_count, page_of, today
from outreach.web.petitions_texts import edit
from outreach.web.petitions_usage import tell_renewal

__all__ = [
    "bp",
    "petitions_asking",
    "petitions_counts",
    "petitions_milestones",
    "petitions_pages",
    "petitions_texts",
    "petitions_usage",
]


@bp.get("/petition")
@needs("petition.read")
def index() -> str:
    """One page: demands and asks, the count and its age, what is claimed and how sure it is."""
    here = campaign()
    every = facts.facts(session(), here.id)
    return page_of(
        "index",
        petitions=texts.petitions_of(session(), here.id),
        demands=asks.demands(session(), here.id),
        asks=asks.asks(session(), here.id),
        units=asks.units(session(), here.id),
        count=last_count(),
        held=session().scalars(counts.held_readings(here.id)).all(),
        role_word=lambda role: word(TargetRole(role)),
        facts_by_use=_by_standing(every),
        quotable=facts.quotable(session(), here.id, today=today()),
        conflicts=facts.conflicts(session(), here.id),
    )


@bp.route("/petition/demands/<code>/edit", methods=["GET", "POST"])
@needs("petition.write")
def edit_demand(code: str) -> Answer:
    """Change a demand's text and the clauses letters print."""
    demand = texts.demand_by_code(session(), campaign().id, code)
    form = DemandForm()

    def save() -> Demand:
        return texts.change_demand(
            session(),
            demand,
            text=form.text.data,
            wording=form.texts("wording", demand.wording),
            legal_effect=form.legal_effect.data or "",
            success_test=form.success_test.data or "",
            by=actor(),
            now=now(),
        )

    return edit("edit_demand", form, lambda: form.fill(demand), save, "petitions.index", demand)


@bp.get("/petition/facts")
@needs("petition.read")
def all_facts() -> str:
    """Every fact with its figure, day, source and use; of one use if the address says so."""
    every = facts.facts(session(), campaign().id)
    use = next((one for one in Standing if one.value == request.args.get("use")), None)
    standing = {fact.code: reviews.standing(fact, today=today()) for fact in every}
    return page_of(
        "facts",
        facts=[fact for fact in every if use is None or standing[fact.code] is use],
        total=len(every),
        standings=[one for one in Standing if one in standing.values()],
        standing=standing,
        use=use,
        refusals=_refusals(every),
        conflicts=_conflicts(every),
    )


@bp.route("/petition/facts/new", methods=["GET", "POST"])
@needs("petition.write")
def new_fact() -> Answer:
    """Write a fact that isn't there yet."""
    return _edit_fact(None)


@bp.get("/petition/facts/<code>")
@needs("petition.read")
def fact(code: str) -> str:
    """One fact: figure, day, source, how letters say it, what it conflicts with, its history."""
    found = facts.fact_by_code(session(), campaign().id, code)
    said = {
        language: facts.refusal(found, language, today=today())
        or facts.sentence(found, language, today=today())
        for language in sorted({*found.wording, *phrases.all_phrases()})
    }
    every = facts.facts(session(), campaign().id)
    return page_of(
        "fact",
        fact=found,
        said=said,
        standing=reviews.standing(found, today=today()),
        numbers=_letters_with(found) if may(actor(), "letters.read") else None,
        owed=len(corrections.owed(session(), campaign(), found, today=today()).letters)
        if may(actor(), "letters.read")
        else 0,
        conflict=next(
            (row for row in _conflicts(every) if row["group"].code == found.conflict_group), None
        ),
        history=[_row(event) for event in audit.history(session(), "fact", found.id)],
    )


@bp.route("/petition/facts/<code>/edit", methods=["GET", "POST"])
@needs("petition.write")
def edit_fact(code: str) -> Answer:
    """Change a fact; its version goes up."""
    return _edit_fact(facts.fact_by_code(session(), campaign().id, code))


@bp.get("/petition/objections")
@needs("petition.read")
def objections() -> str:
    """What recipients answer, and what may be said honestly."""
    return page_of("objections", objections=texts.objections(session(), campaign().id))


@bp.get("/petition/measures")
@needs("petition.read")
def measures() -> str:
    """What exists already, so that no letter asks for it again."""
    return page_of("measures", measures=texts.measures(session(), campaign().id))


def _edit_fact(before: Fact | None) -> Answer:
    form = FactForm()
    every = facts.facts(session(), campaign().id)
    form.offer(
        [row.code for row in every if row is not before],
        list(facts.conflicts(session(), campaign().id)),
    )
    if before is not None:
        form.code.data = before.code  # a code is for good: letters quote it

    def save() -> Fact:
        saved = facts.save_fact(
            session(),
            campaign_id=campaign().id,
            code=form.code.data,
            values=form.values(before),
            by=actor(),
            now=now(),
            seen=int(form.seen.data) if (form.seen.data or "").isdigit() else 0,
        )
        if before is not None:
            # Letters that have not left take the new words along; approvals of the old ones end.
            tell_renewal(renewing.renew(session(), saved, by=actor(), now=now()))
        return saved

    fill: Callable[[], None] = (lambda: form.fill(before)) if before else (lambda: None)
    return edit("edit_fact", form, fill, save, "petitions.fact", before)


def _by_standing(every: Sequence[Fact]) -> list[tuple[Standing, int]]:
    """How many facts stand how; kinds without a fact are left out."""
    found = Counter(reviews.standing(fact, today=today()) for fact in every)
    return [(one, found[one]) for one in Standing if found[one]]


def _letters_with(fact: Fact) -> dict[str, int]:
    return {
        name: usage.number_of(
            session(), usage.quoting(campaign().id, fact_id=fact.id, sent=name == "sent")
        )
        for name in ("sent", "unsent")
    }


def _refusals(every: Sequence[Fact]) -> dict[str, Any]:
    """By code, why no letter may print a fact today in any language; None when one may."""
    found = {}
    for row in every:
        reasons = [facts.refusal(row, code, today=today()) for code in row.wording or ("en",)]
        found[row.code] = None if None in reasons else reasons[0]
    return found


def _conflicts(every: Sequence[Fact]) -> list[dict[str, Any]]:
    """Each conflict with the facts that are in it."""
    members = {
        code: list(rows)
        for code, rows in itertools.groupby(
            sorted(every, key=lambda row: row.conflict_group or ""), lambda row: row.conflict_group
        )
    }
    return [
        {"group": group, "facts": members.get(group.code, [])}
        for group in facts.conflicts(session(), campaign().id)
    ]


def _row(event: Event) -> dict[str, Any]:
    """An event as the timeline shows it, with the old values of what changed."""
    before = event.detail.get("before", {})
    return {
        "at": event.at,
        "by": event.by,
        "text": _("Added") if not before else _("Changed"),
        "detail": "\n".join(_("%(field)s was: %(old)s", field=k, old=v) for k, v in before.items()),
    }
