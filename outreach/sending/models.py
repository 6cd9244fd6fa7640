"""When it goes: every try on the wire."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.letters.models import Letter
from outreach.schema import Base, enum


class Outcome(StrEnum):
    """How a try ended; `running` until somebody knows."""

    RUNNING = "running"
    DELIVERED = "delivered"
    PUT_BACK = "put_back"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Attempt(Base):
    """One try to hand one letter to a transport. Committed before the first byte leaves."""

    __tablename__ = "attempt"
    __table_args__ = (
        sa.UniqueConstraint("letter_id", "number"),
        sa.CheckConstraint("(outcome = 'running') = (ended_at IS NULL)", name="ended_at"),
        # One running try per letter.
        sa.Index(
            "uq_attempt_running",
            "letter_id",
            unique=True,
            sqlite_where=sa.text("outcome = 'running'"),
            postgresql_where=sa.text("outcome = 'running'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id"))
    number: Mapped[int]
    # RFC 5322 msg-id, without the angle brackets; of the sender's domain.
    message_id: Mapped[str] = mapped_column(sa.String(200), unique=True)
    transport: Mapped[str] = mapped_column(sa.String(32))
    worker: Mapped[str] = mapped_column(sa.String(80))
    rehearsal: Mapped[bool]
    started_at: Mapped[dt.datetime]
    # The claim is this worker's until then; only an ended lease is swept.
    lease_until: Mapped[dt.datetime]
    # Set just before the bytes go: an ended lease with it is `unknown`, without it is put back.
    data_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    outcome: Mapped[Outcome] = mapped_column(enum(Outcome, "outcome"), default=Outcome.RUNNING)
    server_words: Mapped[str] = mapped_column(default="")
    # The message as it left (RFC 5322, CRLF).
    message: Mapped[bytes | None]

    letter: Mapped[Letter] = relationship(lazy="raise")
