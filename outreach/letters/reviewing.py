"""What an approval rests on: what was shown, what was read, what was to be changed."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from outreach.schema import Base


class ApprovedAs(StrEnum):
    """How an approver came to know a letter's words."""

    READ = "read"
    SAMPLED = "sampled"


class ApprovalRound(Base):
    """Letters approved together: what the approver was shown, which they read, and when."""

    __tablename__ = "approval_round"

    id: Mapped[int] = mapped_column(primary_key=True)
    mailing_id: Mapped[int] = mapped_column(sa.ForeignKey("mailing.id"), index=True)
    by: Mapped[str] = mapped_column(sa.String(120))
    by_id: Mapped[int | None]
    # When the sample was picked; the letters are those of that moment: {letter id: seal seen}.
    at: Mapped[dt.datetime]
    seals: Mapped[dict[str, str]]
    # Letter ids the tool picked, and those the approver opened.
    sample: Mapped[list[Any]] = mapped_column(sa.JSON())
    opened: Mapped[list[Any]] = mapped_column(sa.JSON(), default=list)
    approved_at: Mapped[dt.datetime | None]


class Remark(Base):
    """What an approver wants changed, on one passage of a letter."""

    __tablename__ = "remark"

    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int] = mapped_column(
        sa.ForeignKey("letter.id", ondelete="CASCADE"), index=True
    )
    # The words it is about, as they stood; empty: the whole letter.
    passage: Mapped[str] = mapped_column(default="")
    words: Mapped[str]
    by: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]
    settled_by: Mapped[str | None] = mapped_column(sa.String(120))
