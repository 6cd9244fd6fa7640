"""Who can be asked for what, country by country; and all that a writer may put into a letter."""

from __future__ import annotations

from typing import Any

from flask import request

from outreach.errors import NotFound
from outreach.letters import places
from outreach.letters.placeholders import FACT, PLACEHOLDERS, fact_name
from outreach.petitions import asks, facts, phrases, reviews, texts
from outreach.petitions.models import Fact
from outreach.web.access import campaign, needs, session
from outreach.web.filters import country_name
from outreach.web.petitions_frame import bp, page_of, today
from outreach.words import Sentence


@bp.get("/petition/asks")
@needs("petition.read")
def who_can() -> str:
    """A table of countries and asks; one country with its law, its tools and whom we know there."""
    rows = asks.matrix(session(), campaign().id, today=today())
    wanted = request.args.get("in", "")
    chosen = next((row for row in rows if row[0].code == wanted), None)
    if wanted and chosen is None:
        raise NotFound(Sentence("The directory has no such country or assembly."))
    if chosen is None:
        return page_of("asks", rows=rows)
    place, taken = chosen
    known = {
        one.ask.code: asks.able(session(), campaign(), place, [one.ask.code], today=today())
        for one in taken
        if one.targets
    }
    called = country_name(place.code)
    return page_of(
        "asks_of",
        place=place,
        called=place.name if called == place.code else called,
        taken=taken,
        known=known,
    )


@bp.get("/petition/for-writers")
@needs("petition.read")
def for_writers() -> str:
    """Facts, definitions, measures, objections and names, with what to type to get them."""
    language = request.args.get("language", "en")
    if language not in phrases.all_phrases():
        language = "en"
    every = [_offered(row, language) for row in facts.facts(session(), campaign().id)]
    return page_of(
        "for_writers",
        language=language,
        languages=list(phrases.all_phrases()),
        facts=[row for row in every if not row["defines"]],
        definitions=[row for row in every if row["defines"]],
        measures=[
            (row, places.measure_sentence(row, language))
            for row in texts.measures(session(), campaign().id)
        ],
        objections=texts.objections(session(), campaign().id),
        placeholders=PLACEHOLDERS,
    )


def _offered(fact: Fact, language: str) -> dict[str, Any]:
    """A fact as a writer needs it: what to type, what it prints, or why it prints nothing."""
    name = fact_name(fact.code)
    why = facts.refusal(fact, language, today=today())
    return {
        "fact": fact,
        "defines": fact.code.startswith("DEF"),
        "name": f"{{{{ {name} }}}}" if FACT.fullmatch(name) else "",
        "standing": reviews.standing(fact, today=today()),
        "why": why,
        "says": facts.sentence(fact, language, today=today()) if why is None else "",
    }
