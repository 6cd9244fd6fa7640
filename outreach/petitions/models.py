"""What we ask and where they stand: demands, facts, readings, asks, stances, promises."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.directory.models import Confidence, Target
from outreach.petitions.pages import Page
from outreach.schema import Base, enum
from outreach.words import Sentence


class Origin(StrEnum):
    """Who says it: the petition itself, or this campaign's editors."""

    PETITION = "petition"
    EDITORIAL = "editorial"


class Use(StrEnum):
    """Whether a fact may be offered for letters."""

    OK = "ok"
    CAVEAT = "caveat"
    AVOID = "avoid"


class FactState(StrEnum):
    """Whether a fact still holds; anything but `current` stops the letters that use it."""

    CURRENT = "current"
    STALE = "stale"
    DISPUTED = "disputed"
    WITHDRAWN = "withdrawn"


class Precision(StrEnum):
    """How exactly a date is known."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class ReadingState(StrEnum):
    """Whether a signature count may be printed."""

    HELD = "held"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Position(StrEnum):
    """Where a target stands on an ask."""

    SUPPORT = "support"
    LEAN_SUPPORT = "lean_support"
    UNDECIDED = "undecided"
    LEAN_OPPOSE = "lean_oppose"
    OPPOSE = "oppose"
    UNKNOWN = "unknown"


class StanceBasis(StrEnum):
    """What a stance rests on."""

    QUOTE = "quote"
    ACT = "act"
    NOTE = "note"


class PromiseState(StrEnum):
    """What became of a promise."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    WITHDRAWN = "withdrawn"


class Petition(Base):
    """A petition of the campaign: title as published, who wrote it, how it is credited."""

    __tablename__ = "petition"
    __table_args__ = (sa.UniqueConstraint("campaign_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    slug: Mapped[str] = mapped_column(sa.String(80))
    title: Mapped[str]
    author: Mapped[str]
    written: Mapped[str] = mapped_column(sa.String(40))
    platform: Mapped[str] = mapped_column(default="")
    summary: Mapped[str]
    # {language: line}: "Campaign text and demands: …"
    credit: Mapped[dict[str, str]]
    # The platform's next step, if it shows one: not the campaign's goal.
    platform_step: Mapped[int | None]


class Unit(Base):
    """A body the campaign speaks about, and how it is written in each language."""

    __tablename__ = "unit"
    __table_args__ = (sa.UniqueConstraint("campaign_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    code: Mapped[str] = mapped_column(sa.String(20))
    # {language: the name as letters print it}, "OMON of Belarus"; {language: what it stands for}.
    names: Mapped[dict[str, str]]
    expansions: Mapped[dict[str, str]]
    # {language: its own name there}, in its own script.
    native: Mapped[dict[str, str]]
    # What a writer must know: which bodies share the name, what it is part of.
    note: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)


class Demand(Base):
    """What the petition (or, marked so, the editors) asks of the world."""

    __tablename__ = "demand"
    __table_args__ = (sa.UniqueConstraint("campaign_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    petition_id: Mapped[int] = mapped_column(sa.ForeignKey("petition.id"))
    code: Mapped[str] = mapped_column(sa.String(20))
    origin: Mapped[Origin] = mapped_column(enum(Origin, "origin"))
    kind: Mapped[str] = mapped_column(sa.String(40))
    text: Mapped[str]
    # {language: the demand as a clause that letters print}
    wording: Mapped[dict[str, str]]
    legal_effect: Mapped[str] = mapped_column(default="")
    success_test: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)


class Ask(Base):
    """What we want of one target: a demand, or a step towards it that this office can take."""

    __tablename__ = "ask"
    __table_args__ = (sa.UniqueConstraint("campaign_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    demand_id: Mapped[int] = mapped_column(sa.ForeignKey("demand.id"))
    code: Mapped[str] = mapped_column(sa.String(20))
    origin: Mapped[Origin] = mapped_column(enum(Origin, "origin"))
    kind: Mapped[str] = mapped_column(sa.String(40))
    text: Mapped[str]
    # TargetRole values that can take this step.
    roles: Mapped[list[str]]
    # Jurisdiction codes it makes sense in; empty: everywhere.
    jurisdictions: Mapped[list[str]]
    # Codes it makes no sense in: an assembly has no government to question.
    not_in: Mapped[list[str]] = mapped_column(default=list)
    eu_members_only: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)

    demand: Mapped[Demand] = relationship(lazy="raise")


class Fact(Base):
    """A statement with figure, unit, as-of day, source; figures reach letters by it alone."""

    __tablename__ = "fact"
    __table_args__ = (
        sa.UniqueConstraint("campaign_id", "code"),
        sa.CheckConstraint("(figure IS NULL) OR (unit IS NOT NULL)", name="figure_has_unit"),
        sa.CheckConstraint("(as_of IS NULL) = (as_of_precision IS NULL)", name="as_of_precision"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    code: Mapped[str] = mapped_column(sa.String(20))
    origin: Mapped[Origin] = mapped_column(enum(Origin, "origin"))
    statement: Mapped[str]
    figure: Mapped[int | None]
    qualifier: Mapped[str | None] = mapped_column(sa.String(40))
    unit: Mapped[str | None] = mapped_column(sa.String(40))
    as_of: Mapped[dt.date | None]
    as_of_precision: Mapped[Precision | None] = mapped_column(enum(Precision, "precision"))
    # The time the figure is about, where that isn't the as-of day: "9 to 14 August 2020".
    period: Mapped[str] = mapped_column(sa.String(120), default="")
    source_title: Mapped[str] = mapped_column(default="")
    source_publisher: Mapped[str] = mapped_column(default="")
    source_date: Mapped[str] = mapped_column(sa.String(20), default="")
    source_url: Mapped[str] = mapped_column(default="")
    use: Mapped[Use] = mapped_column(enum(Use, "use"))
    caveat: Mapped[str] = mapped_column(default="")
    safe_wording: Mapped[str] = mapped_column(default="")
    conflict_group: Mapped[str | None] = mapped_column(sa.String(20))
    preferred_now: Mapped[str | None] = mapped_column(sa.String(20))
    review_by: Mapped[dt.date | None]
    state: Mapped[FactState] = mapped_column(enum(FactState, "state"), default=FactState.CURRENT)
    # {language: sentence with {figure} and {as_of} gaps}, {language: how the source is named}
    wording: Mapped[dict[str, str]]
    citation: Mapped[dict[str, str]]
    # Counts up with every change; a letter keeps the version it quoted.
    version: Mapped[int] = mapped_column(default=1)


class Conflict(Base):
    """Facts that must not stand side by side, and why."""

    __tablename__ = "conflict"
    __table_args__ = (sa.UniqueConstraint("campaign_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    code: Mapped[str] = mapped_column(sa.String(20))
    what: Mapped[str]
    explanation: Mapped[str] = mapped_column(default="")
    resolution: Mapped[str]


class Reading(Base):
    """One signature count: value, page, day, method, by whom. Kept, never overwritten."""

    __tablename__ = "reading"
    __table_args__ = (
        sa.CheckConstraint("value >= 0", name="value"),
        # A reading without a day can't be accepted, and zero is not a count (law 5).
        sa.CheckConstraint(
            "state <> 'accepted' OR (read_on IS NOT NULL AND value > 0)", name="accepted"
        ),
        sa.CheckConstraint("(state = 'held') = (decided_at IS NULL)", name="decided"),
        sa.Index("ix_reading_latest", "petition_id", "state", "read_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    petition_id: Mapped[int] = mapped_column(sa.ForeignKey("petition.id"))
    # Always known; SQLite can't add a column that is both a reference and NOT NULL.
    page_id: Mapped[int | None] = mapped_column(sa.ForeignKey("petition_page.id"), index=True)
    value: Mapped[int]
    page_url: Mapped[str]
    # Where on the page the number stood, as its adapter tells it; empty when a person read it.
    shape: Mapped[str] = mapped_column(sa.String(64), default="")
    read_on: Mapped[dt.date | None]
    method: Mapped[str] = mapped_column(sa.String(20), default="by hand")
    by: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]
    state: Mapped[ReadingState] = mapped_column(enum(ReadingState, "state"))
    # Why it was held: plain English, and [{text, values}] for pages to translate.
    held_because: Mapped[str] = mapped_column(default="")
    held_for: Mapped[list[Any]] = mapped_column(sa.JSON(), default=list)
    decided_by: Mapped[str | None] = mapped_column(sa.String(120))
    decided_at: Mapped[dt.datetime | None]

    page: Mapped[Page | None] = relationship(lazy="raise")

    @property
    def reasons(self) -> list[Sentence]:
        """Why it was held, as sentences a door translates."""
        return [Sentence.from_json(row) for row in self.held_for]


class Objection(Base):
    """What recipients answer, and what may be said honestly."""

    __tablename__ = "objection"
    __table_args__ = (sa.UniqueConstraint("campaign_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    code: Mapped[str] = mapped_column(sa.String(20))
    says: Mapped[str]
    known_from: Mapped[str] = mapped_column(default="")
    answer: Mapped[str]
    strength: Mapped[str] = mapped_column(sa.String(80), default="")


class Measure(Base):
    """What exists already, so that no letter asks for it twice."""

    __tablename__ = "measure"
    __table_args__ = (sa.UniqueConstraint("campaign_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    code: Mapped[str] = mapped_column(sa.String(20))
    # Jurisdiction codes, e.g. ["GB", "CA"].
    jurisdictions: Mapped[list[str]]
    taken_on: Mapped[str] = mapped_column(sa.String(20))
    what: Mapped[str]
    confidence: Mapped[Confidence] = mapped_column(enum(Confidence, "confidence"))
    sources: Mapped[list[str]]
    # {language: sentence for letters}, {language: how the source is named}; empty: not printed.
    wording: Mapped[dict[str, str]] = mapped_column(default=dict)
    citation: Mapped[dict[str, str]] = mapped_column(default=dict)


class Stance(Base):
    """Where a target stood on an ask on a day. A ledger: rows are added, never changed."""

    __tablename__ = "stance"
    __table_args__ = (
        sa.CheckConstraint("position = 'unknown' OR basis IS NOT NULL", name="basis"),
        sa.CheckConstraint("basis <> 'quote' OR quote <> ''", name="quote"),
        sa.Index("ix_stance_target", "campaign_id", "target_id", "ask_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    target_id: Mapped[int] = mapped_column(sa.ForeignKey("target.id"))
    ask_id: Mapped[int] = mapped_column(sa.ForeignKey("ask.id"))
    position: Mapped[Position] = mapped_column(enum(Position, "position"))
    basis: Mapped[StanceBasis | None] = mapped_column(enum(StanceBasis, "basis_kind"))
    quote: Mapped[str] = mapped_column(default="")
    said_on: Mapped[dt.date]
    # Where it was said: ("reply", 12). No foreign key: replies live to the right.
    source_kind: Mapped[str] = mapped_column(sa.String(32))
    source_id: Mapped[int]
    by: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]
    rehearsal: Mapped[bool]

    target: Mapped[Target] = relationship(lazy="raise")
    ask: Mapped[Ask] = relationship(lazy="raise")


class Promise(Base):
    """What they said they would do, with the day it is due."""

    __tablename__ = "promise"
    __table_args__ = (sa.Index("ix_promise_due", "campaign_id", "state", "due_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    target_id: Mapped[int] = mapped_column(sa.ForeignKey("target.id"))
    ask_id: Mapped[int] = mapped_column(sa.ForeignKey("ask.id"))
    text: Mapped[str]
    due_on: Mapped[dt.date]
    state: Mapped[PromiseState] = mapped_column(
        enum(PromiseState, "state"), default=PromiseState.OPEN
    )
    source_kind: Mapped[str] = mapped_column(sa.String(32))
    source_id: Mapped[int]
    by: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]
    rehearsal: Mapped[bool]

    target: Mapped[Target] = relationship(lazy="raise")
    ask: Mapped[Ask] = relationship(lazy="raise")
