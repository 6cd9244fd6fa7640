"""When it goes: every try on the wire, and the domains that refuse what we write."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.letters.models import Letter
from outreach.schema import Base, enum
from outreach.sending.postman import Refusal


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
        sa.Index("ix_attempt_account", "account_id", "started_at"),
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
    # Why it was not taken, where it wasn't.
    refusal: Mapped[Refusal | None] = mapped_column(enum(Refusal, "refusal"))
    # The mail account it went through; null for a rehearsal, or when the account is gone.
    account_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("mail_account.id", ondelete="SET NULL")
    )

    letter: Mapped[Letter] = relationship(lazy="raise")
    carried: Mapped[Carried | None] = relationship(lazy="raise")
    # The message as it left (RFC 5322, CRLF); None before it was about to.
    message: AssociationProxy[bytes | None] = association_proxy(
        "carried", "message", creator=lambda message: Carried(message=message)
    )


class Carried(Base):
    """The message of an attempt, apart from it: the attempt is written again with the answer."""

    __tablename__ = "attempt_message"

    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempt.id"), primary_key=True)
    message: Mapped[bytes]


class DomainStop(Base):
    """A domain whose servers refused what one campaign writes, again and again."""

    __tablename__ = "domain_stop"
    __table_args__ = (
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted_by"),
        # One that stands per campaign and domain.
        sa.Index(
            "uq_domain_stop_standing",
            "campaign_id",
            "domain",
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    # In ASCII and small letters, as on the wire.
    domain: Mapped[str] = mapped_column(sa.String(253))
    # What their server said last.
    words: Mapped[str]
    at: Mapped[dt.datetime]
    lifted_at: Mapped[dt.datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(sa.String(120))


class ClockLease(Base):
    """Which process is the clock, by its last tick; one row at most."""

    __tablename__ = "clock_lease"

    name: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    # The process, as `new_worker` names it; null once it stopped.
    holder: Mapped[str | None] = mapped_column(sa.String(40))
    ticked_at: Mapped[dt.datetime]
