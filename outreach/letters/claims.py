"""The facts a letter quotes: whether they may still be said, and whether they go together."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.errors import Refused
from outreach.letters.models import Letter, Quotation
from outreach.petitions import facts
from outreach.petitions.models import Conflict, Fact
from outreach.words import Sentence


def problem(quotation: Quotation, fact: Fact, language: str, *, today: dt.date) -> Sentence | None:
    """Return why a letter in `language` can't say `quotation` of `fact` on `today`, or None.

    A fact that was changed but reads as it did stops nothing: the words are what was approved.
    """
    why = facts.refusal(fact, language, today=today)
    if why is not None or fact.version == quotation.fact_version:
        return why
    if same_words(facts.sentence(fact, language, today=today), quotation.text):
        return None
    return Sentence(
        "The fact %(code)s was changed after this letter quoted it and reads differently now. "
        "Renew its sentence.",
        code=fact.code,
    )


def same_words(one: str, other: str) -> bool:
    """Return whether two sentences differ in nothing but how a printer sets them."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text).replace("ß", "ss")


def quoted_facts(
    session: Session, letter_ids: Sequence[int]
) -> dict[int, list[tuple[Quotation, Fact]]]:
    """Return {letter id: its quotations of facts, in their order}; letters without are left out."""
    rows = session.execute(
        sa.select(Quotation, Fact)
        .join(Fact, Fact.id == Quotation.fact_id)
        .where(Quotation.letter_id.in_(letter_ids))
        .order_by(Quotation.id)
    )
    found: dict[int, list[tuple[Quotation, Fact]]] = {}
    for quotation, fact in rows:
        found.setdefault(quotation.letter_id, []).append((quotation, fact))
    return found


def problems(
    session: Session, letters: Sequence[Letter], *, today: dt.date
) -> dict[int, list[Sentence]]:
    """Return {letter id: why it can't say what it quotes}, in one query; good ones are left out."""
    languages = {letter.id: letter.language for letter in letters}
    found: dict[int, list[Sentence]] = {}
    for letter_id, quoted in quoted_facts(session, list(languages)).items():
        for quotation, fact in quoted:
            why = problem(quotation, fact, languages[letter_id], today=today)
            if why is not None:
                found.setdefault(letter_id, []).append(why)
    return found


def resolutions(session: Session, campaign_id: int) -> dict[str, str]:
    """Return {conflict group: what a letter may say instead of its facts side by side}."""
    rows = session.execute(
        sa.select(Conflict.code, Conflict.resolution).where(Conflict.campaign_id == campaign_id)
    )
    return {row.code: row.resolution for row in rows}


def conflicting(used: Iterable[Fact], resolved: Mapping[str, str]) -> list[Sentence]:
    """Return which of the facts `used` in one letter don't go together, each with what to do."""
    groups: dict[str, list[str]] = {}
    for fact in sorted(used, key=lambda one: one.code):
        if fact.conflict_group:
            groups.setdefault(fact.conflict_group, []).append(fact.code)
    return [
        dont_go_together(codes, resolved.get(group, ""))
        for group, codes in groups.items()
        if len(codes) > 1
    ]


def dont_go_together(codes: Iterable[str], resolution: str) -> Sentence:
    """Return that the facts `codes` don't stand in one letter, and what to do instead."""
    return Sentence(
        "The facts %(codes)s don't go together. %(resolution)s",
        codes=", ".join(codes),
        resolution=resolution,
    )


def refuse_conflicting(used: Iterable[Fact], resolved: Mapping[str, str]) -> None:
    """Raise Refused, with what to do instead, when facts of one conflict stand in one letter."""
    found = conflicting(used, resolved)
    if found:
        raise Refused(found[0])
