"""What we claim: each fact with its figure, day and source, and the sentence letters print."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor
from outreach.errors import BadInput, MoveRefused, NotFound, Refused
from outreach.petitions import figures, phrases, reviews
from outreach.petitions.models import Conflict, Fact, FactState, Origin, Precision, Use
from outreach.words import N_, Sentence

QUALIFIERS = ("exactly", "over", "at least", "about")
LARGEST = 2_000_000_000
GAP = "{figure}"

# How many parts of a date are known, from one to three.
_EXACTNESS = (Precision.YEAR, Precision.MONTH, Precision.DAY)


@dataclass(frozen=True, slots=True)
class FactValues:
    """Everything a person can write about a fact. `wording` and `citation` are by language."""

    statement: str
    use: Use
    origin: Origin = Origin.EDITORIAL
    figure: int | None = None
    qualifier: str | None = None
    unit: str | None = None
    period: str = ""
    as_of: dt.date | None = None
    as_of_precision: Precision | None = None
    source_title: str = ""
    source_publisher: str = ""
    source_date: str = ""
    source_url: str = ""
    caveat: str = ""
    safe_wording: str = ""
    conflict_group: str | None = None
    preferred_now: str | None = None
    review_by: dt.date | None = None
    state: FactState = FactState.CURRENT
    wording: dict[str, str] = field(default_factory=dict)
    citation: dict[str, str] = field(default_factory=dict)


def facts(session: Session, campaign_id: int) -> Sequence[Fact]:
    """Return every fact of the campaign, in the order of their codes."""
    return session.scalars(
        sa.select(Fact).where(Fact.campaign_id == campaign_id).order_by(Fact.code)
    ).all()


def quotable(session: Session, campaign_id: int, *, today: dt.date) -> Sequence[Fact]:
    """Return the facts a letter may quote `today` in at least one language, by code."""
    return [
        fact
        for fact in facts(session, campaign_id)
        if any(refusal(fact, language, today=today) is None for language in fact.wording)
    ]


def fact_by_code(session: Session, campaign_id: int, code: str) -> Fact:
    """Return the fact called `code`. Raises NotFound."""
    fact = session.scalar(sa.select(Fact).where(Fact.campaign_id == campaign_id, Fact.code == code))
    if fact is None:
        raise NotFound(Sentence("There is no fact %(code)s. Look at the list of facts.", code=code))
    return fact


def conflicts(session: Session, campaign_id: int) -> Sequence[Conflict]:
    """Return the groups of facts that must not stand side by side, by code."""
    return session.scalars(
        sa.select(Conflict).where(Conflict.campaign_id == campaign_id).order_by(Conflict.code)
    ).all()


def sentence(fact: Fact, language: str, *, today: dt.date) -> str:
    """Return the fact as letters print it in `language`: figure, day and source in one sentence.

    "More than 37,000 people … (as of 2021; an office, a report)." `today` is the day the letter
    is made. Raises Refused with the fact's code when it may not be printed.
    """
    problem = refusal(fact, language, today=today)
    if problem is not None:
        raise Refused(problem)
    words = figures.in_language(fact.wording, language) or ""
    citation = figures.in_language(fact.citation, language) or ""
    if fact.figure is not None:
        words = words.replace(GAP, figures.number(fact.figure, language))
    end = words[-1] if words[-1] in ".!?" else "."
    return f"{words.rstrip('.!?')} ({_basis(fact, citation, language)}){end}"


def refusal(fact: Fact, language: str, *, today: dt.date) -> Sentence | None:
    """Return why `fact` may not be printed in `language` on `today`, or None when it may."""
    if fact.use is Use.AVOID:
        return Sentence(
            "Fact %(code)s is marked “avoid” and can't stand in a letter. Quote %(other)s.",
            code=fact.code,
            other=fact.preferred_now or "another fact",
        )
    if fact.state is not FactState.CURRENT:
        return Sentence(
            "Fact %(code)s is %(state)s. Correct it on its page, or take it out of the letter.",
            code=fact.code,
            state=fact.state,
        )
    if fact.review_by is not None and fact.review_by < today:
        return Sentence(
            "Fact %(code)s was to be checked by %(day)s. Check it, then set a new day.",
            code=fact.code,
            day=fact.review_by,
        )
    if fact.as_of is None or fact.as_of_precision is None:
        return Sentence(
            "Fact %(code)s has no as-of day, so it can't be printed. Add the day on its page.",
            code=fact.code,
        )
    return _missing_words(fact, language)


def _missing_words(fact: Fact, language: str) -> Sentence | None:
    missing = [
        name
        for name, texts in ((N_("sentence"), fact.wording), (N_("source line"), fact.citation))
        if figures.in_language(texts, language) is None
    ]
    if phrases.phrases(language) is None:
        missing.append(N_("way to print dates"))
    if not missing:
        return None
    return Sentence(
        "Fact %(code)s has no %(what)s in “%(language)s”. Write it on the fact's page, or take "
        "the fact out of the letter.",
        code=fact.code,
        what=missing[0],
        language=language,
    )


def _basis(fact: Fact, citation: str, language: str) -> str:
    """The words in brackets: a figure is "as of" its day, a finding is dated by its source."""
    assert fact.as_of is not None and fact.as_of_precision is not None
    day = figures.day(fact.as_of, fact.as_of_precision, language)
    if fact.figure is None:
        return f"{citation}, {day}"
    known = phrases.phrases(language)
    assert known is not None  # `_missing_words` asked before
    return known.as_of[fact.as_of_precision].format(day=day) + known.between + citation


def save_fact(
    session: Session,
    *,
    campaign_id: int,
    code: str,
    values: FactValues,
    by: Actor,
    now: dt.datetime,
    seen: int | None = None,
) -> Fact:
    """Write the fact called `code`, new or changed, and return it.

    A change raises its version and keeps the old values in the event; the same values again
    change nothing. `seen` is the version the writer had before them, 0 for a new fact, None to
    skip the question. Raises BadInput naming the field, MoveRefused when somebody was faster.
    """
    check(code, values)
    fact = session.scalar(
        sa.select(Fact).where(Fact.campaign_id == campaign_id, Fact.code == code).with_for_update()
    )
    if seen is not None:
        _refuse_stale(fact, code, seen)
    new = asdict(values)
    if fact is None:
        fact = Fact(campaign_id=campaign_id, code=code, version=1, **new)
        session.add(fact)
        session.flush()
        _tell(session, fact, "fact added", {}, by, now)
        return fact
    changed = {name: getattr(fact, name) for name in new if getattr(fact, name) != new[name]}
    if not changed:
        return fact
    for name in changed:
        setattr(fact, name, new[name])
    fact.version += 1
    session.flush()
    _tell(session, fact, "fact changed", changed, by, now)
    reviews.settled(session, fact, by=by, now=now)
    return fact


def _refuse_stale(fact: Fact | None, code: str, seen: int) -> None:
    if seen == 0 and fact is not None:
        raise BadInput(
            Sentence("There is a fact %(code)s already. Choose another code.", code=code), "code"
        )
    if seen and fact is not None and fact.version != seen:
        raise MoveRefused(
            Sentence(
                "Somebody changed fact %(code)s while you were writing, so nothing of yours was "
                "saved. Copy your words, reload the page and write them again.",
                code=code,
            )
        )


def as_of_from(text: str) -> tuple[dt.date, Precision]:
    """Return the first day that `text` may mean and how exactly it is known.

    Takes a year, a month or a day: `2020`, `2020-12`, `2020-12-01`. Raises BadInput.
    """
    parts = text.strip().split("-")
    try:
        if len(parts) > len(_EXACTNESS):
            raise ValueError
        year, month, day = (*(int(part) for part in parts), 1, 1)[:3]
        return dt.date(year, month, day), _EXACTNESS[len(parts) - 1]
    except ValueError:
        raise BadInput(
            Sentence("Write a year, a month or a day: 2020, 2020-12 or 2020-12-01."), "as_of"
        ) from None


def as_of_text(fact: Fact) -> str:
    """Return the as-of day as `as_of_from` reads it, empty when it isn't known."""
    if fact.as_of is None or fact.as_of_precision is None:
        return ""
    length = {Precision.YEAR: 4, Precision.MONTH: 7, Precision.DAY: 10}[fact.as_of_precision]
    return fact.as_of.isoformat()[:length]


def check(code: str, values: FactValues) -> None:
    """Raise BadInput, naming the field, unless `values` can be kept as a fact."""
    for name, sentence_ in _problems(code, values):
        raise BadInput(sentence_, name)


def _problems(code: str, values: FactValues) -> list[tuple[str, Sentence]]:
    """Every reason against `values`, each with its field."""
    found: list[tuple[str, Sentence]] = []
    if not re.fullmatch(r"[A-Z][A-Z0-9-]{0,19}", code):
        found.append(("code", Sentence("Write a code of capital letters and digits, such as R08.")))
    if not values.statement.strip():
        found.append(("statement", Sentence("Say in one sentence what the fact is.")))
    if values.figure is not None and not 0 <= values.figure <= LARGEST:
        found.append(("figure", Sentence("Write a whole number, 0 or more.")))
    if values.figure is not None and not (values.unit or "").strip():
        found.append(
            ("unit", Sentence("A figure needs its unit. Say what is counted, such as “people”."))
        )
    if (values.as_of is None) != (values.as_of_precision is None):
        found.append(
            ("as_of", Sentence("Give the as-of date and how exactly it is known, or neither."))
        )
    if values.figure is not None and values.as_of is None and values.use is Use.OK:
        found.append(
            (
                "as_of",
                Sentence(
                    "A figure needs the day it was true. If it is unknown, mark the fact “caveat”."
                ),
            )
        )
    if values.source_url and not values.source_url.startswith(("https://", "http://")):
        found.append(("source_url", Sentence("Write the page's address, from https:// on.")))
    if values.use is not Use.AVOID and not (values.source_title or values.source_publisher):
        found.append(("source_title", Sentence("Say where this comes from: title or publisher.")))
    return found + _problems_of_wording(values)


def _problems_of_wording(values: FactValues) -> list[tuple[str, Sentence]]:
    """A sentence with an unknown gap, with the figure typed instead of it, or without source."""
    found: list[tuple[str, Sentence]] = []
    for language, words in values.wording.items():
        gaps = set(re.findall(r"\{[^}]*\}", words))
        if gaps - {GAP} or (GAP in gaps and values.figure is None):
            reason = Sentence(
                "This sentence has a gap we can't fill. The only gap is {figure}, for the figure "
                "of this fact."
            )
            found.append((f"wording_{language}", reason))
        elif values.figure and GAP not in gaps:
            reason = Sentence(
                "This sentence doesn't use the figure. Write {figure} where the number belongs."
            )
            found.append((f"wording_{language}", reason))
        if not values.citation.get(language):
            reason = Sentence("A sentence for letters needs its source line in the same language.")
            found.append((f"citation_{language}", reason))
    return found


def _tell(
    session: Session, fact: Fact, name: str, before: dict[str, Any], by: Actor, now: dt.datetime
) -> None:
    audit.record(
        session,
        subject=("fact", fact.id),
        name=name,
        by=by,
        now=now,
        campaign_id=fact.campaign_id,
        detail={
            "version": fact.version,
            "before": {
                key: value.isoformat() if isinstance(value, dt.date) else value
                for key, value in before.items()
            },
        },
    )
