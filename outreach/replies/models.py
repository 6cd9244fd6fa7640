"""What they answer: replies by any channel, and the letters each one answers."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.directory.models import Office
from outreach.letters.models import Letter
from outreach.schema import Base, enum


class ReplyChannel(StrEnum):
    """How an answer came."""

    EMAIL = "email"
    POST = "post"
    PHONE = "phone"
    MEETING = "meeting"
    VOTE = "vote"
    STATEMENT = "public_statement"


class ReplyKind(StrEnum):
    """What an answer is; `kinds.KINDS` says how to recognise each and what follows."""

    AUTO_REPLY = "auto_reply"
    OUT_OF_OFFICE = "out_of_office"
    ACKNOWLEDGEMENT = "acknowledgement"
    HOLDING = "holding"
    REFERRAL = "referral"
    SUPPORTIVE = "supportive"
    LEANING_SUPPORTIVE = "leaning_supportive"
    NONCOMMITTAL = "noncommittal"
    OPPOSED = "opposed"
    NOT_COMPETENT = "not_competent"
    MEETING_OFFER = "meeting_offer"
    EVIDENCE_REQUEST = "evidence_request"
    CONSTITUENTS_ONLY = "constituents_only"
    IDENTITY_QUESTION = "identity_question"
    ACTION_REPORT = "action_report"
    BOUNCE_HARD = "bounce_hard"
    BOUNCE_SOFT = "bounce_soft"
    OBJECTION_DATA = "objection_data"
    LEFT_OFFICE = "left_office"
    HOSTILE = "hostile"
    SUSPICIOUS = "suspicious"


class SignedBy(StrEnum):
    """Who signed an answer."""

    MEMBER = "member"
    STAFF = "staff"
    UNIT = "unit"
    AUTOMATIC = "automatic"


class Reply(Base):
    """What came back by any channel, as it was logged. Corrected by events, never erased."""

    __tablename__ = "reply"
    __table_args__ = (sa.Index("ix_reply_list", "campaign_id", "rehearsal", "received_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"), index=True)
    channel: Mapped[ReplyChannel] = mapped_column(enum(ReplyChannel, "channel"))
    received_on: Mapped[dt.date]
    kind: Mapped[ReplyKind] = mapped_column(enum(ReplyKind, "kind"))
    signed_by: Mapped[SignedBy] = mapped_column(enum(SignedBy, "signed_by"))
    text: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    link: Mapped[str] = mapped_column(default="")
    # The day an absent reader is back; the letter's reminder waits for it.
    back_on: Mapped[dt.date | None]
    logged_by: Mapped[str] = mapped_column(sa.String(120))
    logged_by_id: Mapped[int | None]
    logged_at: Mapped[dt.datetime]
    rehearsal: Mapped[bool]
    # Set when a slip was undone; the row stays, and counts nowhere.
    undone_at: Mapped[dt.datetime | None]

    office: Mapped[Office] = relationship(lazy="raise")
    letters: Mapped[list[Letter]] = relationship(secondary="reply_letter", lazy="raise")


class ReplyLetter(Base):
    """Which letters a reply answers; one mail may answer several."""

    __tablename__ = "reply_letter"

    reply_id: Mapped[int] = mapped_column(sa.ForeignKey("reply.id"), primary_key=True)
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id"), primary_key=True, index=True)
