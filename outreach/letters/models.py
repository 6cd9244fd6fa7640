"""What we say: templates and their versions, audiences, mailings, letters and what they quote."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.accounts.models import Sender
from outreach.directory.calendar import CalendarEntry
from outreach.directory.models import ContactKind, Office, Target
from outreach.letters.lifecycle import ASK_FREE, SEALED, State
from outreach.letters.reviewing import ApprovedAs
from outreach.petitions.models import Ask
from outreach.schema import Base, enum
from outreach.words import Sentence


class LetterKind(StrEnum):
    """What part of a correspondence a letter is."""

    FIRST = "first"
    REMINDER = "reminder"
    ANSWER = "answer"
    THANKS = "thanks"
    CORRECTION = "correction"


class Template(Base):
    """Words with gaps, for some roles, in several languages."""

    __tablename__ = "template"
    __table_args__ = (sa.UniqueConstraint("campaign_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    slug: Mapped[str] = mapped_column(sa.String(80))
    name: Mapped[str]
    about: Mapped[str] = mapped_column(default="")
    kind: Mapped[LetterKind] = mapped_column(enum(LetterKind, "kind"))
    # TargetRole values it is written for, and Ask codes in the order we'd rather ask.
    roles: Mapped[list[str]]
    asks: Mapped[list[str]]
    # SHA-256 of the card's file as it was read last, and who changed the card in the browser
    # since; null: nobody did.
    card_hash: Mapped[str | None] = mapped_column(sa.String(64))
    card_by: Mapped[str | None] = mapped_column(sa.String(120))


class TemplateVersion(Base):
    """One text of a template in one language. Its words are never changed: others follow it."""

    __tablename__ = "template_version"
    __table_args__ = (
        sa.UniqueConstraint("template_id", "language", "number"),
        sa.CheckConstraint("(read_by IS NULL) = (read_on IS NULL)", name="read_by"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[int] = mapped_column(sa.ForeignKey("template.id"))
    language: Mapped[str] = mapped_column(sa.String(16))
    number: Mapped[int]
    subject: Mapped[str]
    body: Mapped[str]
    # SHA-256 of the file it came from, or that was found to hold the same words; null when typed
    # in the browser and in no file yet.
    file_hash: Mapped[str | None] = mapped_column(sa.String(64))
    # Who last changed the words: null for the texts that ship with the product.
    author_id: Mapped[int | None]
    author: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]
    # The native speaker who read it, on record of an organiser; null: rehearsal only.
    read_by: Mapped[str | None] = mapped_column(sa.String(120))
    read_on: Mapped[dt.date | None]

    template: Mapped[Template] = relationship(lazy="raise")


class FileConflict(Base):
    """A letter's file that changed while its text was changed in the browser. Nobody wins alone.

    For the card `language` is empty and `body` holds the file.
    """

    __tablename__ = "file_conflict"
    __table_args__ = (
        sa.UniqueConstraint("template_id", "language", "file_hash"),
        sa.CheckConstraint("(kept IS NULL) = (settled_at IS NULL)", name="settled"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[int] = mapped_column(sa.ForeignKey("template.id"))
    language: Mapped[str] = mapped_column(sa.String(16))
    file_hash: Mapped[str] = mapped_column(sa.String(64))
    subject: Mapped[str]
    body: Mapped[str]
    found_at: Mapped[dt.datetime]
    # Whose words a person kept: "file" or "browser"; null while it waits.
    kept: Mapped[str | None] = mapped_column(sa.String(10))
    settled_by: Mapped[str | None] = mapped_column(sa.String(120))
    settled_at: Mapped[dt.datetime | None]


class Audience(Base):
    """A saved selection of targets: the filters, not the rows."""

    __tablename__ = "audience"
    __table_args__ = (sa.UniqueConstraint("campaign_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    name: Mapped[str] = mapped_column(sa.String(200))
    # {filter name: list of words}, read by `audiences.Filters`.
    filters: Mapped[dict[str, Any]]
    by: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]


class MailingState(StrEnum):
    """How far the drafts of a mailing are."""

    WAITING = "waiting"
    MAKING = "making"
    MADE = "made"
    FAILED = "failed"


class Mailing(Base):
    """One template × one audience: what was made, who was left out and why."""

    __tablename__ = "mailing"
    __table_args__ = (sa.Index("ix_mailing_state", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    template_id: Mapped[int] = mapped_column(sa.ForeignKey("template.id"))
    # Null for a letter to one target from its page.
    audience_id: Mapped[int | None] = mapped_column(sa.ForeignKey("audience.id"))
    sender_id: Mapped[int] = mapped_column(sa.ForeignKey("sender.id"))
    # Language to use where the template lacks the target's own; null: leave the target out.
    fallback_language: Mapped[str | None] = mapped_column(sa.String(16))
    name: Mapped[str]
    # [{target_id, name, reason}] for every target no draft could be made for.
    left_out: Mapped[list[Any]] = mapped_column(sa.JSON())
    by: Mapped[str] = mapped_column(sa.String(120))
    by_id: Mapped[int | None]
    at: Mapped[dt.datetime]
    # Drafts are made in steps: how far, and what is still to do ({"targets": [ids], …}).
    state: Mapped[MailingState] = mapped_column(
        enum(MailingState, "state"), default=MailingState.MADE
    )
    plan: Mapped[dict[str, Any]] = mapped_column(sa.JSON(), default=dict)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    # Why making stopped, {text, values}.
    failure: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON())
    # A mailing that corrects what letters said about a fact, or tells of a milestone.
    fact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("fact.id"))
    milestone_id: Mapped[int | None] = mapped_column(sa.ForeignKey("milestone.id"))
    # How many letters of it go first and how many hours the rest waits; null: as the campaign says.
    canaries: Mapped[int | None]
    canary_hours: Mapped[int | None]
    # Ids of the letters that go first; empty: it never had any.
    canary_ids: Mapped[list[int]] = mapped_column(sa.JSON(), default=list)
    # Who looked at what came of them and let the rest go, and when.
    rest_released_at: Mapped[dt.datetime | None]
    rest_released_by: Mapped[str | None] = mapped_column(sa.String(120))

    @property
    def why_stopped(self) -> Sentence | None:
        """Why making its drafts stopped, as a sentence a door translates."""
        return Sentence.from_json(self.failure) if self.failure else None

    template: Mapped[Template] = relationship(lazy="raise")
    audience: Mapped[Audience | None] = relationship(lazy="raise")
    sender: Mapped[Sender] = relationship(lazy="raise")


def _listed(states: frozenset[State]) -> str:
    return ", ".join(f"'{state.value}'" for state in sorted(states))


_OPEN_FIRST = sa.text(
    f"kind = 'first' AND closed_on IS NULL AND state NOT IN ({_listed(ASK_FREE)})"
)
_OPEN_REMINDER = sa.text("kind = 'reminder' AND state <> 'withdrawn'")


class Letter(Base):
    """From us to one office, addressed to one target. Its words, its state and its seal."""

    __tablename__ = "letter"
    __table_args__ = (
        sa.CheckConstraint(
            f"(state IN ({_listed(SEALED)})) = (seal IS NOT NULL)", name="sealed_when_approved"
        ),
        sa.CheckConstraint("(seal IS NULL) = (approved_at IS NULL)", name="approved_at"),
        # The author is never the approver, unless a logged setting says otherwise (law 4).
        sa.CheckConstraint(
            "approved_by_id IS NULL OR author_id IS NULL OR approved_by_id <> author_id"
            " OR self_approved_under IS NOT NULL",
            name="four_eyes",
        ),
        sa.CheckConstraint(
            "state NOT IN ('scheduled', 'sending') OR"
            " (send_after IS NOT NULL AND send_before IS NOT NULL AND send_before > send_after)",
            name="scheduled_window",
        ),
        sa.CheckConstraint(
            "(state IN ('sent', 'bounced')) = (sent_at IS NOT NULL)", name="sent_at"
        ),
        sa.CheckConstraint("kind <> 'reminder' OR follows_id IS NOT NULL", name="reminder_follows"),
        sa.CheckConstraint("event_id IS NULL OR event_offset IS NOT NULL", name="event_offset"),
        # One open ask per office (law 7).
        sa.Index(
            "uq_letter_open_ask",
            "campaign_id",
            "office_id",
            "ask_id",
            "rehearsal",
            unique=True,
            sqlite_where=_OPEN_FIRST,
            postgresql_where=_OPEN_FIRST,
        ),
        # One reminder per letter.
        sa.Index(
            "uq_letter_open_reminder",
            "follows_id",
            unique=True,
            sqlite_where=_OPEN_REMINDER,
            postgresql_where=_OPEN_REMINDER,
        ),
        # With the desk: who was written to is found without reading the letters.
        sa.Index("ix_letter_list", "campaign_id", "rehearsal", "state", "id", "office_id"),
        sa.Index("ix_letter_due", "state", "send_after", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    mailing_id: Mapped[int] = mapped_column(sa.ForeignKey("mailing.id"), index=True)
    template_version_id: Mapped[int] = mapped_column(
        sa.ForeignKey("template_version.id"), index=True
    )
    sender_id: Mapped[int] = mapped_column(sa.ForeignKey("sender.id"))
    target_id: Mapped[int] = mapped_column(sa.ForeignKey("target.id"), index=True)
    # The desk it was made for, for ever.
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"), index=True)
    ask_id: Mapped[int] = mapped_column(sa.ForeignKey("ask.id"))
    kind: Mapped[LetterKind] = mapped_column(enum(LetterKind, "kind"))
    follows_id: Mapped[int | None] = mapped_column(sa.ForeignKey("letter.id"))
    instead_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("letter.id"))
    state: Mapped[State] = mapped_column(enum(State, "state"), default=State.DRAFT)
    rehearsal: Mapped[bool]
    # Random; printed in the letter so that an answer on paper finds it.
    code: Mapped[str] = mapped_column(sa.String(16), unique=True)

    # What is frozen at approval.
    language: Mapped[str] = mapped_column(sa.String(16))
    channel: Mapped[ContactKind | None] = mapped_column(enum(ContactKind, "channel"))
    # The address, form or postal address written to, as it was when the letter was made.
    address: Mapped[str] = mapped_column(default="")
    recipient: Mapped[str]
    envelope: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    # The message it answers, and those before it, oldest first with blanks between (RFC 5322
    # §3.6.4, without angle brackets); null: it answers none.
    in_reply_to: Mapped[str | None] = mapped_column(sa.String(250))
    refers_to: Mapped[str | None]
    # What of their words was quoted below it when it was drafted, line by line as it stands there.
    theirs: Mapped[str | None]

    # Which of the alternatives of its text it carries: a, b or c, a letter for each place.
    variant: Mapped[str] = mapped_column(sa.String(4), default="a")
    # SHA-256 of the words between opening and closing, folded: equal words are seen at once.
    body_hash: Mapped[str] = mapped_column(sa.String(64), default="", index=True)
    # How alike its most alike neighbour of the mailing is, in per cent, and which letter that is;
    # the same for what this body got before. Null: not measured.
    alike: Mapped[int | None]
    alike_id: Mapped[int | None]
    alike_before: Mapped[int | None]
    alike_before_id: Mapped[int | None]
    # Why an approver let it pass although it is too much alike.
    alike_because: Mapped[str] = mapped_column(default="")

    # Who last changed its words: its own editor, else the author of the template version.
    author_id: Mapped[int | None]
    author: Mapped[str] = mapped_column(sa.String(120))
    customised_at: Mapped[dt.datetime | None]
    made_at: Mapped[dt.datetime]
    # Who made the draft holds the author's hand until somebody else edits it.
    made_by_id: Mapped[int | None]

    approved_by_id: Mapped[int | None]
    approved_by: Mapped[str | None] = mapped_column(sa.String(120))
    approved_at: Mapped[dt.datetime | None]
    self_approved_under: Mapped[str | None]
    # Read by itself, or approved with others after a sample of them was read.
    approved_as: Mapped[ApprovedAs | None] = mapped_column(enum(ApprovedAs, "approved_as"))
    approval_round_id: Mapped[int | None] = mapped_column(sa.ForeignKey("approval_round.id"))
    seal: Mapped[str | None] = mapped_column(sa.String(64))

    send_after: Mapped[dt.datetime | None]
    send_before: Mapped[dt.datetime | None]
    send_because: Mapped[str] = mapped_column(default="")
    # The day it hangs on, and by how many working days it lies before (< 0) or after it.
    event_id: Mapped[int | None] = mapped_column(sa.ForeignKey("calendar_entry.id"), index=True)
    event_offset: Mapped[int | None]
    sent_at: Mapped[dt.datetime | None]
    # The reason of the last move that asked for one: remark, hold, withdrawal.
    reason: Mapped[str] = mapped_column(default="")

    # Since when an answer lies there that nobody has read: until then no reminder goes.
    unread_since: Mapped[dt.datetime | None]
    answered_on: Mapped[dt.date | None]
    last_reply_kind: Mapped[str | None] = mapped_column(sa.String(32))
    parked_until: Mapped[dt.date | None]
    # The day the ask closed: answered in substance, refused, or nobody answered for too long.
    closed_on: Mapped[dt.date | None]

    mailing: Mapped[Mailing] = relationship(lazy="raise")
    template_version: Mapped[TemplateVersion] = relationship(lazy="raise")
    sender: Mapped[Sender] = relationship(lazy="raise")
    target: Mapped[Target] = relationship(lazy="raise")
    office: Mapped[Office] = relationship(lazy="raise")
    ask: Mapped[Ask] = relationship(lazy="raise")
    event: Mapped[CalendarEntry | None] = relationship(lazy="raise")
    quotations: Mapped[list[Quotation]] = relationship(
        lazy="raise", back_populates="letter", cascade="all, delete-orphan"
    )


class Quotation(Base):
    """A fact or reading that a letter quotes, at the version it was quoted."""

    __tablename__ = "quotation"
    __table_args__ = (
        sa.CheckConstraint("(fact_id IS NULL) <> (reading_id IS NULL)", name="one_source"),
        sa.UniqueConstraint("letter_id", "fact_id"),
        sa.Index("uq_quotation_reading", "letter_id", "reading_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id", ondelete="CASCADE"))
    fact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("fact.id"), index=True)
    fact_version: Mapped[int | None]
    reading_id: Mapped[int | None] = mapped_column(sa.ForeignKey("reading.id"), index=True)
    # The words as they stand in the letter.
    text: Mapped[str]

    letter: Mapped[Letter] = relationship(lazy="raise", back_populates="quotations")
