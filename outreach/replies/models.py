"""What they answer: mail as it came in, replies by any channel, the letters each one answers."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from outreach.accounts.models import Security
from outreach.directory.models import Office, Organization, Target
from outreach.letters.models import Letter
from outreach.petitions.models import Ask, Position
from outreach.schema import Base, enum

# The longest clue that leads to a letter, in characters.
CLUE_LENGTH = 200


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
    # A working translation and who made it: a person or a machine, as somebody says.
    translation: Mapped[str | None]
    translated_by: Mapped[str | None] = mapped_column(sa.String(120))
    link: Mapped[str] = mapped_column(default="")
    # The day an absent reader is back; the letter's reminder waits for it.
    back_on: Mapped[dt.date | None]
    logged_by: Mapped[str] = mapped_column(sa.String(120))
    logged_by_id: Mapped[int | None]
    logged_at: Mapped[dt.datetime]
    rehearsal: Mapped[bool]
    # Set when a slip was undone; the row stays, and counts nowhere.
    undone_at: Mapped[dt.datetime | None]
    # The message it was read out of, for an answer that came by mail.
    incoming_id: Mapped[int | None] = mapped_column(sa.ForeignKey("incoming.id"), index=True)

    office: Mapped[Office] = relationship(lazy="raise")
    letters: Mapped[list[Letter]] = relationship(secondary="reply_letter", lazy="raise")


class ReplyLetter(Base):
    """Which letters a reply answers; one mail may answer several."""

    __tablename__ = "reply_letter"

    reply_id: Mapped[int] = mapped_column(sa.ForeignKey("reply.id"), primary_key=True)
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id"), primary_key=True, index=True)


class Way(StrEnum):
    """How a message came to us."""

    IMAP = "imap"
    MAILDIR = "maildir"
    PIPE = "pipe"
    UPLOAD = "upload"
    PASTE = "paste"


class InboxState(StrEnum):
    """How far a message is: stored, read by the machine, filed as a reply, or why not."""

    NEW = "new"
    READ = "read"
    FILED = "filed"
    UNMATCHED = "unmatched"
    SET_ASIDE = "set_aside"
    UNREADABLE = "unreadable"


class MailKind(StrEnum):
    """What a message is by rule, before anybody read it; `recognising` says why."""

    ANSWER = "answer"
    AUTO_REPLY = "auto_reply"
    BOUNCE_PERMANENT = "bounce_permanent"
    BOUNCE_TEMPORARY = "bounce_temporary"
    DELAYED = "delayed"
    RECEIPT = "receipt"
    COMPLAINT = "complaint"
    LIST = "list"
    OTHER = "other"


class Incoming(Base):
    """A message as it came in: stored before anybody read it, once however often it came.

    `fingerprint` is what stays the same by whichever way a message comes, `sha256` (hex) of the
    bytes as they came the first time. What was read out of it is null or empty until it is read.
    """

    __tablename__ = "incoming"
    __table_args__ = (
        sa.UniqueConstraint("came_for", "fingerprint"),
        sa.Index("ix_incoming_list", "campaign_id", "state", "received_at"),
        sa.CheckConstraint(
            "kind IS NOT NULL OR state IN ('new', 'unreadable', 'set_aside')", name="read"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # Null while nobody knows which campaign it is for.
    campaign_id: Mapped[int | None] = mapped_column(sa.ForeignKey("campaign.id"))
    # The campaign whose mailbox it came through; 0: the house's. Never changed.
    came_for: Mapped[int]
    way: Mapped[Way] = mapped_column(enum(Way, "way"))
    fingerprint: Mapped[str] = mapped_column(sa.String(64), index=True)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int]
    received_at: Mapped[dt.datetime]
    state: Mapped[InboxState] = mapped_column(enum(InboxState, "state"), default=InboxState.NEW)
    # How often reading it was begun: one that takes the process down with it is not tried for ever.
    tries: Mapped[int] = mapped_column(default=0)
    read_at: Mapped[dt.datetime | None]
    # The same of sorting it, and from when on it may be begun again.
    sort_tries: Mapped[int] = mapped_column(default=0)
    sort_again_at: Mapped[dt.datetime | None]
    # Sentences, kept to be said in the reader's language: {text, values}.
    failure: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    kind: Mapped[MailKind | None] = mapped_column(enum(MailKind, "kind"))
    kind_reason: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    message_id: Mapped[str] = mapped_column(sa.String(998), default="", index=True)
    from_name: Mapped[str] = mapped_column(default="")
    from_address: Mapped[str] = mapped_column(sa.String(320), default="")
    subject: Mapped[str] = mapped_column(default="")
    # When they say they wrote it; and the day an absent reader says to be back.
    written_at: Mapped[dt.datetime | None]
    back_on: Mapped[dt.date | None]
    # Something about it is to be looked at with care: `authenticity.warnings`.
    warned: Mapped[bool] = mapped_column(default=False)
    # Who signed the topmost check of the sender (authserv-id); null: read before this was kept.
    signed_by: Mapped[str | None] = mapped_column(sa.String(253))
    # Only organisers may read it.
    confidential: Mapped[bool] = mapped_column(default=False)
    rehearsal: Mapped[bool] = mapped_column(default=False)


class Original(Base):
    """The bytes of a message, exactly as they came; apart, so that no list ever loads them."""

    __tablename__ = "original"

    incoming_id: Mapped[int] = mapped_column(
        sa.ForeignKey("incoming.id", ondelete="CASCADE"), primary_key=True
    )
    raw: Mapped[bytes]


class Arrival(Base):
    """One coming of a message: where it was found and under which mark, so that it is taken once.

    `source` names a mailbox on a server or a folder, `mark` the message in it: UIDVALIDITY and
    UID (RFC 3501 §2.3.1.1), or the name of its file.
    """

    __tablename__ = "arrival"
    __table_args__ = (sa.UniqueConstraint("source", "mark"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incoming_id: Mapped[int] = mapped_column(
        sa.ForeignKey("incoming.id", ondelete="CASCADE"), index=True
    )
    way: Mapped[Way] = mapped_column(enum(Way, "way"))
    source: Mapped[str] = mapped_column(sa.String(80))
    mark: Mapped[str] = mapped_column(sa.String(255))
    at: Mapped[dt.datetime]


class Mailbox(Base):
    """A mailbox that a campaign's answers come to, and how we get in (IMAP).

    `password` is locked (`signing.Vault`): it is never shown again. A Maildir folder has one too,
    without server and user, made when it is first looked into.
    """

    __tablename__ = "mailbox"
    __table_args__ = (
        sa.UniqueConstraint("campaign_id", "name"),
        sa.CheckConstraint("way = 'maildir' OR port BETWEEN 1 AND 65535", name="port"),
        sa.CheckConstraint("(trouble_since IS NULL) = (trouble IS NULL)", name="trouble"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    way: Mapped[Way] = mapped_column(enum(Way, "way"), default=Way.IMAP)
    name: Mapped[str] = mapped_column(sa.String(80))
    enabled: Mapped[bool] = mapped_column(default=True)
    host: Mapped[str] = mapped_column(sa.String(253))
    port: Mapped[int]
    security: Mapped[Security] = mapped_column(enum(Security, "security"))
    username: Mapped[str] = mapped_column(sa.String(254))
    password: Mapped[str] = mapped_column(default="")
    folder: Mapped[str] = mapped_column(sa.String(255), default="INBOX")
    # Where a message goes once it is stored; "": it stays where it is.
    move_to: Mapped[str] = mapped_column(sa.String(255), default="")
    # The name our own server signs its checks of senders with (RFC 8601 authserv-id).
    checked_by: Mapped[str] = mapped_column(sa.String(253), default="")
    # When somebody last looked into it, when all of it was last read, what is wrong since when.
    tried_at: Mapped[dt.datetime | None]
    fetched_at: Mapped[dt.datetime | None]
    trouble: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    trouble_since: Mapped[dt.datetime | None]
    # What the last test of the connection found.
    findings: Mapped[dict[str, Any]] = mapped_column(default=dict)


class IncomingLetter(Base):
    """A letter that a message was filed with, by proof or by somebody's hand."""

    __tablename__ = "incoming_letter"

    incoming_id: Mapped[int] = mapped_column(
        sa.ForeignKey("incoming.id", ondelete="CASCADE"), primary_key=True
    )
    letter_id: Mapped[int] = mapped_column(
        sa.ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    # Nobody has read it yet and said what it is, so no reminder goes.
    unread: Mapped[bool]
    by: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]


class LetterTrace(Base):
    """One clue that leads to one letter. Can be made again from the letters at any time."""

    __tablename__ = "letter_trace"
    __table_args__ = (sa.Index("ix_letter_trace_letter_id", "letter_id"),)

    # A `traces.Clue`.
    clue: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    # Folded: an address, the host's own part, a subject without "Re:", one word of a name.
    value: Mapped[str] = mapped_column(sa.String(CLUE_LENGTH), primary_key=True)
    letter_id: Mapped[int] = mapped_column(
        sa.ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True
    )


class ThreadNote(Base):
    """What somebody of the campaign wrote down about the correspondence with one desk."""

    __tablename__ = "thread_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    office_id: Mapped[int] = mapped_column(
        sa.ForeignKey("office.id", ondelete="CASCADE"), index=True
    )
    text: Mapped[str]
    by: Mapped[str] = mapped_column(sa.String(120))
    by_id: Mapped[int | None]
    at: Mapped[dt.datetime]
    rehearsal: Mapped[bool]


class SearchText(Base):
    """What a letter that left, an answer or a note says, folded. Can be made again at any time."""

    __tablename__ = "search_text"
    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("letter.id", ondelete="CASCADE"), unique=True
    )
    reply_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("reply.id", ondelete="CASCADE"), unique=True
    )
    note_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("thread_note.id", ondelete="CASCADE"), unique=True
    )
    words: Mapped[str]


# Words by three letters; SQLite's index of them is a table of its own, which migration 0008 makes.
_GIN: dict[str, Any] = {"postgresql_using": "gin", "postgresql_ops": {"words": "gin_trgm_ops"}}
sa.Index("ix_search_text_words", SearchText.words, **_GIN).ddl_if(dialect="postgresql")


class Vote(StrEnum):
    """How somebody voted. Who was absent took no stand."""

    AYE = "aye"
    NO = "no"
    ABSTAIN = "abstain"
    ABSENT = "absent"


class RollCall(Base):
    """A recorded vote of one body on one day, and what each way of voting means for one ask."""

    __tablename__ = "roll_call"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"), index=True)
    body_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id", ondelete="CASCADE"))
    ask_id: Mapped[int] = mapped_column(sa.ForeignKey("ask.id"))
    title: Mapped[str]
    voted_on: Mapped[dt.date]
    # The official record of it.
    link: Mapped[str]
    aye_means: Mapped[Position] = mapped_column(enum(Position, "aye_means"))
    no_means: Mapped[Position] = mapped_column(enum(Position, "no_means"))
    abstain_means: Mapped[Position] = mapped_column(enum(Position, "abstain_means"))
    by: Mapped[str] = mapped_column(sa.String(120))
    by_id: Mapped[int | None]
    at: Mapped[dt.datetime]
    rehearsal: Mapped[bool]
    # Who had no part in the list and has compared it with the record since it was changed last.
    confirmed_by: Mapped[str | None] = mapped_column(sa.String(120))
    confirmed_at: Mapped[dt.datetime | None]
    # It was entered by mistake: its stances are taken back.
    undone_at: Mapped[dt.datetime | None]

    body: Mapped[Organization] = relationship(lazy="raise")
    ask: Mapped[Ask] = relationship(lazy="raise")


class RollCallVote(Base):
    """One name of a roll call as it was entered, and who that is; null: nobody knows yet."""

    __tablename__ = "roll_call_vote"

    id: Mapped[int] = mapped_column(primary_key=True)
    roll_call_id: Mapped[int] = mapped_column(
        sa.ForeignKey("roll_call.id", ondelete="CASCADE"), index=True
    )
    said: Mapped[str] = mapped_column(sa.String(300))
    vote: Mapped[Vote] = mapped_column(enum(Vote, "vote"))
    target_id: Mapped[int | None] = mapped_column(sa.ForeignKey("target.id", ondelete="SET NULL"))

    target: Mapped[Target | None] = relationship(lazy="raise")


@event.listens_for(Reply, "after_update")
def _said_otherwise(_mapper: Mapper[Reply], connection: sa.Connection, reply: Reply) -> None:
    """An answer that somebody translated or noted something about is read again for searching."""
    connection.execute(sa.delete(SearchText).where(SearchText.reply_id == reply.id))
