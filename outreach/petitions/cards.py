"""The shape of the campaign files: what each may hold, checked field by field."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from outreach.directory.models import Confidence, TargetRole
from outreach.errors import BadInput
from outreach.petitions import facts
from outreach.petitions.models import FactState, Origin, Precision, Use

Code = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9/-]{0,19}$")]
Words = Annotated[str, Field(min_length=1)]
# {language: words}
Texts = dict[Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], Words]


class Card(BaseModel):
    """A mapping whose every field is known; whole numbers may stand where text is wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class UnitCard(Card):
    """A body the campaign speaks about."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
    names: Texts
    expansions: Texts
    native: Texts = {}
    note: str = ""


class PetitionCard(Card):
    """The petition: title as published, author, credit line by language."""

    slug: Words
    title: Words
    author: Words
    written: Words
    platform: str = ""
    summary: Words
    credit: Texts
    platform_step: Annotated[int, Field(gt=0)] | None = None


class CampaignCard(Card):
    """campaign.yaml: the campaign, its petition, the names it uses."""

    slug: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,80}$")]
    title: Words
    short_title: Words
    summary: Words
    goal: Annotated[int, Field(gt=0)]
    petition: PetitionCard
    units: list[UnitCard]


class DemandCard(Card):
    """What the world is asked."""

    code: Code
    origin: Origin
    kind: Words
    text: Words
    wording: Texts
    legal_effect: str = ""
    success_test: str = ""


class AskCard(Card):
    """What one office is asked; without roles it is only counted, never written."""

    code: Code
    demand: Code
    origin: Origin
    kind: Words
    text: Words
    roles: list[TargetRole]
    jurisdictions: list[str] = []
    not_in: list[str] = []
    eu_members_only: bool = False


class DemandsFile(Card):
    """demands.yaml."""

    demands: list[DemandCard]
    asks: list[AskCard]


def _as_of(value: Any) -> Any:
    """A day as exactly as it is known: 2020, 2020-12 or 2020-12-01."""
    if value is None:
        return None
    try:
        return facts.as_of_from(str(value))
    except BadInput as problem:
        raise ValueError(str(problem.sentence)) from problem


class FactCard(Card):
    """A fact; its as-of says by its length how exactly the day is known."""

    code: Code
    origin: Origin
    statement: Words
    figure: int | None = None
    qualifier: str | None = None
    unit: str | None = None
    period: Annotated[str, Field(max_length=120)] = ""
    as_of: Annotated[tuple[dt.date, Precision] | None, BeforeValidator(_as_of)] = None
    source_title: str = ""
    source_publisher: str = ""
    source_date: str = ""
    source_url: str = ""
    use: Use
    caveat: str = ""
    safe_wording: str = ""
    conflict_group: str | None = None
    preferred_now: str | None = None
    review_by: dt.date | None = None
    state: FactState = FactState.CURRENT
    wording: Texts = {}
    citation: Texts = {}

    @model_validator(mode="after")
    def _is_whole(self) -> FactCard:
        try:
            facts.check(self.code, self.values())
        except BadInput as problem:
            raise ValueError(f"{problem.field}: {problem.sentence}") from problem
        return self

    def values(self) -> facts.FactValues:
        """Return the card as what `facts.save_fact` takes."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        del fields["code"]
        fields["as_of"], fields["as_of_precision"] = self.as_of or (None, None)
        return facts.FactValues(**fields)


class ConflictCard(Card):
    """Facts that must not stand side by side, and why."""

    code: Code
    what: Words
    explanation: str = ""
    resolution: Words


class FactsFile(Card):
    """facts.yaml."""

    facts: list[FactCard]
    conflicts: list[ConflictCard]


class ObjectionCard(Card):
    """What recipients answer, and what may be said."""

    code: Code
    says: Words
    known_from: str = ""
    answer: Words
    strength: Annotated[str, Field(max_length=80)] = ""


class ObjectionsFile(Card):
    """objections.yaml."""

    objections: list[ObjectionCard]


class MeasureCard(Card):
    """What exists already."""

    code: Code
    jurisdictions: Annotated[list[str], Field(min_length=1)]
    taken_on: Words
    what: Words
    confidence: Confidence
    sources: Sequence[str] = ()
    wording: Texts = {}
    citation: Texts = {}


class MeasuresFile(Card):
    """measures.yaml."""

    measures: list[MeasureCard]
