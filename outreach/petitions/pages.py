"""Where signatures are counted: the pages of a petition, and the numbers worth telling."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from outreach.schema import Base, enum
from outreach.words import Sentence


class PageRule(StrEnum):
    """How the count of one page of a petition goes into the campaign's total."""

    # The page shows the same signatures as the others of the pool: the latest reading counts.
    POOL = "pool"
    # Its signatures are others: they come on top.
    ADD = "add"
    EXCLUDE = "exclude"


class Page(Base):
    """A page that shows how many signed a petition: how it counts and how it is read."""

    __tablename__ = "petition_page"
    __table_args__ = (
        sa.UniqueConstraint("petition_id", "url"),
        sa.CheckConstraint("every_hours IS NULL OR every_hours > 0", name="every_hours"),
        sa.CheckConstraint("every_hours IS NULL OR adapter IS NOT NULL", name="adapter"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    petition_id: Mapped[int] = mapped_column(sa.ForeignKey("petition.id"))
    url: Mapped[str]
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    rule: Mapped[PageRule] = mapped_column(enum(PageRule, "rule"), default=PageRule.POOL)
    # Which file of `petitions/sources` reads it, with what it needs ({"path": "data.count"});
    # null: people do.
    adapter: Mapped[str | None] = mapped_column(sa.String(40))
    options: Mapped[dict[str, str]] = mapped_column(default=dict)
    # Hours between two fetches; null: only when somebody asks.
    every_hours: Mapped[int | None]
    next_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    fetched_at: Mapped[dt.datetime | None]
    # What the last fetch met instead of a count, {text, values}, and since when.
    failure: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON())
    failed_at: Mapped[dt.datetime | None]
    # A fingerprint of where on the page the accepted count stood; another one holds a reading.
    shape: Mapped[str] = mapped_column(sa.String(64), default="")

    @property
    def why_failed(self) -> Sentence | None:
        """What the last fetch met instead of a count, as a sentence a door translates."""
        return Sentence.from_json(self.failure) if self.failure else None


class MilestoneState(StrEnum):
    """How far a milestone is."""

    AHEAD = "ahead"
    # Reached by two readings: what to write to whom is proposed.
    REACHED = "reached"
    # An organiser wrote to those who were told less, or decided not to.
    DONE = "done"


class Milestone(Base):
    """A number of signatures worth telling those who were told fewer. Fires once."""

    __tablename__ = "milestone"
    __table_args__ = (
        sa.UniqueConstraint("campaign_id", "value"),
        sa.CheckConstraint("value > 0", name="value"),
        sa.CheckConstraint("(state = 'ahead') = (reached_at IS NULL)", name="reached"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    value: Mapped[int]
    state: Mapped[MilestoneState] = mapped_column(
        enum(MilestoneState, "state"), default=MilestoneState.AHEAD
    )
    reached_at: Mapped[dt.datetime | None]
    decided_by: Mapped[str | None] = mapped_column(sa.String(120))
    decided_at: Mapped[dt.datetime | None]
