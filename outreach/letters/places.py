"""What a letter says of a country or assembly, in the letter's language or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from babel import Locale, UnknownLocaleError

from outreach.directory.models import Confidence, Jurisdiction, Target
from outreach.errors import BadInput
from outreach.petitions import facts, figures
from outreach.petitions.models import Measure

# An assembly of several countries: it has no government, no list and no ministers.
ASSEMBLY = "interparliamentary"
UNION = "EU"

# What a written question and a motion are called in the data, most fitting first.
_QUESTIONS = (
    "written_question",
    "order_paper_question",
    "question_on_notice",
    "parliamentary_question",
    "deputy_question",
    "question",
    "hearing_question",
)
_MOTIONS = ("motion", "committee_resolution", "simple_resolution")
# Native names that only repeat what a letter in that language says anyway.
_PLAIN = (
    "written question",
    "parliamentary question",
    "written parliamentary question",
    "question for written answer",
    "question écrite",
    "question parlementaire",
    "mp question",
    "motion",
    "notice of motion",
    "private members' motion",
)
# More of what exists already would be the letter.
MOST_MEASURES = 2
# A decision that binds shows more than a court's, and that more than a vote.
_EFFECTS = ("binding", "judicial", "non-binding")


def named(
    target: Target, language: str, measures: Sequence[Measure], union: Sequence[Any]
) -> dict[str, dict[str, object]]:
    """Return {top name: {name: value}} of the place of `target`; '' where we have no words.

    `measures` are those of the place and of its Union (see `measures_of`), `union` the Union's
    precedents.
    """
    place = target.jurisdiction
    return {
        "jurisdiction": {
            "name": country_name(target, language),
            "code": place.code,
            "eu_member": place.eu_member,
            "assembly": place.kind == ASSEMBLY,
            "has_measures": bool(measures),
        },
        "instrument": {
            "name": own_law(place, language),
            "authority": _of(place.designation.get("authority_in"), language),
        },
        "tool": {"question": _tool(place, _QUESTIONS), "motion": _tool(place, _MOTIONS)},
        "": {
            "measures": measures_sentences(measures, language),
            "precedent": precedent(place, union, language),
        },
    }


def country_name(target: Target, language: str) -> str:
    """Return the name of the target's country or assembly in `language`, or ''.

    Countries are named by the Unicode locale data, an assembly by the names of its own body.
    """
    place = target.jurisdiction
    with contextlib.suppress(UnknownLocaleError, ValueError):
        known = Locale.parse(language, sep="-").territories
        if place.code in known:
            return str(known[place.code])
    if figures.base(language) == "en":
        return place.name
    called = target.body.names
    return _of(called, language) if place.name in (target.body.name, *called.values()) else ""


def own_law(place: Jurisdiction, language: str) -> str:
    """Return the country's own law for a listing, or '' where it has only the Union's."""
    cite = _of(place.designation.get("cite"), language)
    return "" if place.eu_member and "2001/931" in cite else cite


def _tool(place: Jurisdiction, kinds: Iterable[str]) -> str:
    """What one of the `kinds` of tools is called there in the native language, or ''."""
    if place.kind == ASSEMBLY:
        return ""
    natives = {tool.get("kind"): tool.get("native") or "" for tool in place.tools}
    native = next((natives[kind] for kind in kinds if natives.get(kind)), "")
    native = str(native).split(" / ")[0].split(" (")[0].split(", ")[0].strip()
    return "" if native.casefold() in _PLAIN else native


def measures_of(place: Jurisdiction, measures: Iterable[Measure]) -> list[Measure]:
    """Return which of `measures` the place took, then its Union's if it is a member; surest only.

    Newest first. A letter never says of somebody what we aren't sure they did.
    """
    sure = sorted(
        (one for one in measures if one.confidence is Confidence.HIGH),
        key=lambda one: one.taken_on,
        reverse=True,
    )
    own = [one for one in sure if place.code in one.jurisdictions]
    shared = [one for one in sure if place.eu_member and UNION in one.jurisdictions]
    return list(dict.fromkeys([*own, *shared]))


def measures_sentences(measures: Iterable[Measure], language: str) -> str:
    """Return at most two of `measures` as sentences with source and day in `language`, or ''."""
    said = [sentence for one in measures if (sentence := measure_sentence(one, language))]
    return " ".join(said[:MOST_MEASURES])


def measure_sentence(measure: Measure, language: str) -> str:
    """Return what a measure is, with its source and day, as letters print it, or ''."""
    words = figures.in_language(measure.wording, language)
    citation = figures.in_language(measure.citation, language)
    try:
        day, precision = facts.as_of_from(measure.taken_on)
    except BadInput:
        return ""
    if not words or not citation:
        return ""
    return f"{words.rstrip('.')} ({citation}, {figures.day(day, precision, language)})."


def precedent(place: Jurisdiction, union: Iterable[Any], language: str) -> str:
    """Return the sentence of the decision that shows most, the place's own before its Union's."""
    own = _strongest(place.precedents, language)
    return own or (_strongest(union, language) if place.eu_member else "")


def _strongest(precedents: Iterable[Any], language: str) -> str:
    usable = [
        row
        for row in precedents
        if row.get("confidence") == Confidence.HIGH
        and row.get("effect") in _EFFECTS
        and _of(row.get("wording"), language)
    ]
    usable.sort(key=lambda row: str(row["date"]), reverse=True)
    usable.sort(key=lambda row: _EFFECTS.index(row["effect"]))
    return _of(usable[0]["wording"], language) if usable else ""


def _of(texts: Mapping[str, str] | object, language: str) -> str:
    return (figures.in_language(texts, language) or "") if isinstance(texts, dict) else ""
