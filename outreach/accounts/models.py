"""Who acts: people, campaigns and their members, senders, tasks, events."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_security import UserMixin
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.schema import Base, enum


class Role(StrEnum):
    """What a member may do in a campaign; `roles.PERMISSIONS` says it in full."""

    VOLUNTEER = "volunteer"
    STAFF = "staff"
    ORGANISER = "organiser"
    ADMIN = "admin"


class Mode(StrEnum):
    """Whether a campaign's letters can leave the machine."""

    REHEARSAL = "rehearsal"
    LIVE = "live"


class Voice(StrEnum):
    """How a sender speaks of itself."""

    WE = "we"
    I = "i"  # noqa: E741  (the pronoun)


class TaskKind(StrEnum):
    """What a human is asked to do."""

    FIND_ADDRESS = "find_address"
    VERIFY_ADDRESS = "verify_address"
    SEND_BY_HAND = "send_by_hand"
    READ_REPLY = "read_reply"
    LOG_ANSWER = "log_answer"
    FOLLOW_REFERRAL = "follow_referral"
    SETTLE_UNKNOWN = "settle_unknown"
    CHECK_READING = "check_reading"
    KEEP_PROMISE = "keep_promise"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a signed-in member, the clock, the inbox or an operator at the shell.

    `user_id` is None for machines; `name` is what the history shows. `hands` are the hands of the
    table of moves that this actor holds whatever the letter (`clock`, `inbox`).
    """

    name: str
    user_id: int | None = None
    role: Role | None = None
    hands: frozenset[str] = frozenset()


CLOCK = Actor("clock", hands=frozenset({"clock"}))
INBOX = Actor("inbox", hands=frozenset({"inbox"}))


# Soon for a server that asks to be tried again at once (greylisting), then ever more slowly.
RETRY_MINUTES = (1, 5, 15, 60, 240)
# What `replies/overdue/cadence.py` goes by: {part: (working days until the first reminder, from
# there to the last one, after the day of a promise)}.
REMINDER_DAYS = {"member": (10, 15, 2), "government": (20, 15, 5), "european": (15, 15, 5)}


class User(UserMixin, Base):
    """A person who signs in. No IP address, no place, no origin is ever stored."""

    __tablename__ = "user"
    # A number is never given twice: letters and events name people who are gone.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(255), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    # Null until the one-time link was used.
    password: Mapped[str | None] = mapped_column(sa.String(255))
    active: Mapped[bool]
    # Flask-Security's session id; a new one ends every session of this person.
    fs_uniquifier: Mapped[str] = mapped_column(sa.String(64), unique=True)
    demonstration: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime]

    @property
    def roles(self) -> list[Any]:  # type: ignore[override]
        """Flask-Security's global roles, which we don't use: roles belong to a membership."""
        return []


class Invitation(Base):
    """A link that works once: for the first admin, a new person, or somebody locked out."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    # Null: whoever opens it becomes the first admin and types name and address.
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="CASCADE"))
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]

    user: Mapped[User | None] = relationship(lazy="raise")


class Campaign(Base):
    """Petitions, members, senders, settings and mode that belong together."""

    __tablename__ = "campaign"
    __table_args__ = (
        sa.CheckConstraint("(mode = 'live') = (live_at IS NOT NULL)", name="live_since"),
        sa.CheckConstraint("(paused_at IS NULL) = (paused_by IS NULL)", name="paused_by"),
        sa.CheckConstraint("goal > 0", name="goal"),
        sa.CheckConstraint("cooling_days >= 0", name="cooling_days"),
        sa.CheckConstraint("most_alike BETWEEN 1 AND 100", name="most_alike"),
        sa.CheckConstraint("canaries >= 0", name="canaries"),
        sa.CheckConstraint("canary_hours > 0", name="canary_hours"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    title: Mapped[str]
    short_title: Mapped[str]
    summary: Mapped[str]
    goal: Mapped[int]
    # Working days between two letters of kind first or reminder to one desk (law 7).
    cooling_days: Mapped[int] = mapped_column(default=5)
    # An ask nobody answered closes after this many working days.
    ask_closes_days: Mapped[int] = mapped_column(default=60)
    # Days after which an accepted reading is too old to print in a new letter.
    reading_max_age_days: Mapped[int] = mapped_column(default=60)
    # Author and approver must differ. Switched off only by a logged setting (law 4).
    four_eyes: Mapped[bool] = mapped_column(default=True)
    self_approval_under: Mapped[str | None]
    # Whatever changes a stance or closes a thread is read by a second person.
    second_reader: Mapped[bool] = mapped_column(default=True)
    # Letters carry an HTML part beside the plain text, made from the same words.
    html_part: Mapped[bool] = mapped_column(default=False)
    # How alike two letters of one mailing, or to one body, may be, in per cent.
    most_alike: Mapped[int] = mapped_column(default=90)
    # Minutes until a letter that was put back is tried again: after the first try, the second …
    retry_minutes: Mapped[list[int]] = mapped_column(sa.JSON(), default=lambda: list(RETRY_MINUTES))
    # Working days between letters and reminders, by the part of who is written to.
    reminder_days: Mapped[dict[str, list[int]]] = mapped_column(
        sa.JSON(), default=lambda: {part: list(days) for part, days in REMINDER_DAYS.items()}
    )
    # So many letters of a mailing go first (0: all at once), and the rest so many hours later.
    canaries: Mapped[int] = mapped_column(default=5)
    canary_hours: Mapped[int] = mapped_column(default=24)
    # IANA name; times people type are in this zone, times stored are UTC.
    timezone: Mapped[str] = mapped_column(sa.String(60), default="UTC")
    mode: Mapped[Mode] = mapped_column(enum(Mode, "mode"), default=Mode.REHEARSAL)
    live_at: Mapped[dt.datetime | None]
    paused_at: Mapped[dt.datetime | None]
    paused_by: Mapped[str | None] = mapped_column(sa.String(120))
    created_at: Mapped[dt.datetime]

    @property
    def rehearsing(self) -> bool:
        """Whether everything is captured and nothing leaves."""
        return self.mode is Mode.REHEARSAL

    def day_of(self, instant: dt.datetime) -> dt.date:
        """Return the day that `instant` (aware) falls on in the campaign's zone."""
        return instant.astimezone(ZoneInfo(self.timezone)).date()

    def start_of(self, day: dt.date) -> dt.datetime:
        """Return the first instant (UTC) of `day` in the campaign's zone."""
        local = dt.datetime.combine(day, dt.time(), tzinfo=ZoneInfo(self.timezone))
        return local.astimezone(dt.UTC)


class Member(Base):
    """A person's role in one campaign."""

    __tablename__ = "member"
    __table_args__ = (sa.UniqueConstraint("campaign_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(enum(Role, "role"))

    user: Mapped[User] = relationship(lazy="raise")
    campaign: Mapped[Campaign] = relationship(lazy="raise")


class SenderKind(StrEnum):
    """Who signs."""

    PERSON = "person"
    ORGANISATION = "organisation"


class Sender(Base):
    """Who signs a letter. The petition's author is credited, never put here."""

    __tablename__ = "sender"
    __table_args__ = (sa.UniqueConstraint("campaign_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    kind: Mapped[SenderKind] = mapped_column(enum(SenderKind, "kind"))
    voice: Mapped[Voice] = mapped_column(enum(Voice, "voice"))
    name: Mapped[str] = mapped_column(sa.String(200))
    role_line: Mapped[str] = mapped_column(default="")
    postal_address: Mapped[str] = mapped_column(default="")
    from_address: Mapped[str] = mapped_column(sa.String(254))
    reply_to: Mapped[str] = mapped_column(sa.String(254), default="")
    # "Who is behind this letter", one line; and what we keep about the reader, one line.
    imprint: Mapped[str] = mapped_column(default="")
    data_notice: Mapped[dict[str, str]]
    active: Mapped[bool] = mapped_column(default=True)
    demonstration: Mapped[bool] = mapped_column(default=False)


class Security(StrEnum):
    """How the line to a mail server is protected: from the first byte, by STARTTLS, or not."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class MailAccount(Base):
    """A mail server that takes a campaign's letters, and how we get in; the first one is used.

    `password` and `dkim_key` are locked (`signing.Vault`): they are never shown again.
    """

    __tablename__ = "mail_account"
    __table_args__ = (
        sa.UniqueConstraint("campaign_id", "name"),
        sa.CheckConstraint("port BETWEEN 1 AND 65535", name="port"),
        sa.CheckConstraint("per_hour > 0 AND per_day > 0", name="limits"),
        sa.CheckConstraint("(paused_at IS NULL) = (paused_because = '')", name="paused_because"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    position: Mapped[int]
    enabled: Mapped[bool] = mapped_column(default=True)
    host: Mapped[str] = mapped_column(sa.String(253))
    port: Mapped[int]
    security: Mapped[Security] = mapped_column(enum(Security, "security"))
    username: Mapped[str] = mapped_column(sa.String(254), default="")
    password: Mapped[str] = mapped_column(default="")
    # The domain we call ourselves by: a domain of the sender, never this machine's name.
    hello: Mapped[str] = mapped_column(sa.String(253))
    # Where letters that can't be delivered come back to (RFC 5321 MAIL FROM); "": to From.
    bounce_address: Mapped[str] = mapped_column(sa.String(254), default="")
    # The mailbox that answers go to takes name+tag@domain (RFC 5233).
    reply_tags: Mapped[bool] = mapped_column(default=False)
    # Letters in 60 minutes and in 24 hours; null: as many as there are.
    per_hour: Mapped[int | None]
    per_day: Mapped[int | None]
    dkim_domain: Mapped[str] = mapped_column(sa.String(253), default="")
    dkim_selector: Mapped[str] = mapped_column(sa.String(63), default="")
    # PKCS#1 PEM, locked; and what belongs into the DNS (base64 of the public key).
    dkim_key: Mapped[str] = mapped_column(default="")
    dkim_public: Mapped[str] = mapped_column(default="")
    # It turned us away: nothing goes through it until somebody looks.
    paused_at: Mapped[dt.datetime | None]
    paused_because: Mapped[str] = mapped_column(default="")
    # It could not be reached: the next account is used until then.
    rests_until: Mapped[dt.datetime | None]
    # What the last test of the connection and of the domain found, and when.
    checked_at: Mapped[dt.datetime | None]
    findings: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Task(Base):
    """Anything a human must do. Names its subject by kind and id, without a foreign key."""

    __tablename__ = "task"
    __table_args__ = (
        sa.Index(
            "ix_task_open",
            "campaign_id",
            "due_on",
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        ),
        sa.Index("ix_task_subject", "subject_kind", "subject_id"),
        sa.CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="done_by"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    kind: Mapped[TaskKind] = mapped_column(enum(TaskKind, "kind"))
    subject_kind: Mapped[str] = mapped_column(sa.String(32))
    subject_id: Mapped[int]
    title: Mapped[str]
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    taken_at: Mapped[dt.datetime | None]
    due_on: Mapped[dt.date | None]
    deferred_until: Mapped[dt.date | None]
    rehearsal: Mapped[bool]
    created_at: Mapped[dt.datetime]
    done_at: Mapped[dt.datetime | None]
    done_by: Mapped[str | None] = mapped_column(sa.String(120))

    owner: Mapped[User | None] = relationship(lazy="raise")


class Event(Base):
    """One change of state: what, from, to, who, when. Written in the transaction of the change."""

    __tablename__ = "event"
    __table_args__ = (sa.Index("ix_event_subject", "subject_kind", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int | None] = mapped_column(sa.ForeignKey("campaign.id"))
    subject_kind: Mapped[str] = mapped_column(sa.String(32))
    subject_id: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(40))
    from_state: Mapped[str | None] = mapped_column(sa.String(32))
    to_state: Mapped[str | None] = mapped_column(sa.String(32))
    by: Mapped[str] = mapped_column(sa.String(120))
    # No foreign key action: who did it stays, even when the person's row is forgotten.
    user_id: Mapped[int | None]
    at: Mapped[dt.datetime]
    detail: Mapped[dict[str, Any]]
