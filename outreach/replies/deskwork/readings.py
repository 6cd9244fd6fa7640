"""The row of a second reading; what it is for is told in `second_reading`."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from outreach.petitions.models import Position
from outreach.replies.models import ReplyKind
from outreach.schema import Base, enum


class SecondReading(Base):
    """What a second person read in an answer, without having seen what the first had.

    Where the two differ an organiser decides: `decided_by`.
    """

    __tablename__ = "second_reading"

    reply_id: Mapped[int] = mapped_column(
        sa.ForeignKey("reply.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[ReplyKind] = mapped_column(enum(ReplyKind, "kind"))
    stance: Mapped[Position | None] = mapped_column(enum(Position, "stance"))
    quote: Mapped[str]
    agrees: Mapped[bool]
    by: Mapped[str] = mapped_column(sa.String(120))
    by_id: Mapped[int | None]
    at: Mapped[dt.datetime]
    decided_by: Mapped[str | None] = mapped_column(sa.String(120))
    decided_at: Mapped[dt.datetime | None]
