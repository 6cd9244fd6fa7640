"""Letters printed together: one file, in the order they are posted."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from outreach.schema import Base, enum


class PileState(StrEnum):
    """How far the file of a pile is."""

    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


class Pile(Base):
    """Letters to print: their PDF in one file under OUTREACH_HOME, and a list to tick off."""

    __tablename__ = "pile"
    __table_args__ = (
        sa.CheckConstraint("(state = 'ready') = (sha256 IS NOT NULL)", name="ready"),
        sa.Index("ix_pile_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    # Null: letters of several mailings.
    mailing_id: Mapped[int | None] = mapped_column(sa.ForeignKey("mailing.id"))
    # Letter ids in the order of the pages: {letter id: seal printed} as pairs.
    letters: Mapped[list[Any]] = mapped_column(sa.JSON())
    state: Mapped[PileState] = mapped_column(enum(PileState, "state"), default=PileState.WAITING)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    file: Mapped[str] = mapped_column(default="")
    sha256: Mapped[str | None] = mapped_column(sa.String(64))
    # Why it could not be made, {text, values}.
    failure: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON())
    by: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]
    made_at: Mapped[dt.datetime | None]
