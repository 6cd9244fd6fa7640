"""The inbox: what came in, before anybody read it, and the mailboxes it comes to.

Revision 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import outreach.schema

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What a source said stays where it was staged; what was said before, where it is.
    op.execute("ALTER TABLE source_record ADD COLUMN staged_id INTEGER")
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_target_tongues", "target", ["language", "channel", "ended_on"])
    op.create_table(
        "incoming",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("came_for", sa.Integer(), nullable=False),
        sa.Column(
            "way",
            sa.Enum(
                "imap",
                "maildir",
                "pipe",
                "upload",
                "paste",
                name="way",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received_at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "new",
                "read",
                "filed",
                "unmatched",
                "set_aside",
                "unreadable",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("read_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("sort_tries", sa.Integer(), nullable=False),
        sa.Column("sort_again_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.JSON(none_as_null=True), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "answer",
                "auto_reply",
                "bounce_permanent",
                "bounce_temporary",
                "delayed",
                "receipt",
                "complaint",
                "list",
                "other",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("kind_reason", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("message_id", sa.String(length=998), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("from_address", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("written_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("back_on", sa.Date(), nullable=True),
        sa.Column("warned", sa.Boolean(), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("rehearsal", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind IS NOT NULL OR state IN ('new', 'unreadable', 'set_aside')",
            name=op.f("ck_incoming_read"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_incoming_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming")),
        sa.UniqueConstraint(
            "came_for", "fingerprint", name=op.f("uq_incoming_came_for_fingerprint")
        ),
    )
    op.create_index(op.f("ix_incoming_fingerprint"), "incoming", ["fingerprint"], unique=False)
    op.create_index(
        "ix_incoming_list", "incoming", ["campaign_id", "state", "received_at"], unique=False
    )
    op.create_index(op.f("ix_incoming_message_id"), "incoming", ["message_id"], unique=False)
    op.create_table(
        "mailbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column(
            "way",
            sa.Enum(
                "imap",
                "maildir",
                "pipe",
                "upload",
                "paste",
                name="way",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column(
            "security",
            sa.Enum(
                "tls",
                "starttls",
                "none",
                name="security",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("username", sa.String(length=254), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("folder", sa.String(length=255), nullable=False),
        sa.Column("move_to", sa.String(length=255), nullable=False),
        sa.Column("checked_by", sa.String(length=253), nullable=False),
        sa.Column("tried_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("trouble_since", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "(trouble_since IS NULL) = (trouble IS NULL)", name=op.f("ck_mailbox_trouble")
        ),
        sa.CheckConstraint(
            "way = 'maildir' OR port BETWEEN 1 AND 65535", name=op.f("ck_mailbox_port")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_mailbox_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox")),
        sa.UniqueConstraint("campaign_id", "name", name=op.f("uq_mailbox_campaign_id_name")),
    )
    op.create_table(
        "arrival",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incoming_id", sa.Integer(), nullable=False),
        sa.Column(
            "way",
            sa.Enum(
                "imap",
                "maildir",
                "pipe",
                "upload",
                "paste",
                name="way",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("mark", sa.String(length=255), nullable=False),
        sa.Column("at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["incoming_id"],
            ["incoming.id"],
            name=op.f("fk_arrival_incoming_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival")),
        sa.UniqueConstraint("source", "mark", name=op.f("uq_arrival_source_mark")),
    )
    op.create_index(op.f("ix_arrival_incoming_id"), "arrival", ["incoming_id"], unique=False)
    op.create_table(
        "original",
        sa.Column("incoming_id", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incoming_id"],
            ["incoming.id"],
            name=op.f("fk_original_incoming_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("incoming_id", name=op.f("pk_original")),
    )
    op.create_table(
        "incoming_letter",
        sa.Column("incoming_id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("unread", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["incoming_id"],
            ["incoming.id"],
            name=op.f("fk_incoming_letter_incoming_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"],
            ["letter.id"],
            name=op.f("fk_incoming_letter_letter_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("incoming_id", "letter_id", name=op.f("pk_incoming_letter")),
    )
    op.create_index(
        op.f("ix_incoming_letter_letter_id"), "incoming_letter", ["letter_id"], unique=False
    )
    op.add_column(
        "letter",
        sa.Column("unread_since", outreach.schema.UTCDateTime(timezone=True), nullable=True),
    )
    # Plain ALTER TABLE: SQLite can't rebuild a table that others refer to while it holds rows.
    op.execute(
        "ALTER TABLE reply ADD COLUMN incoming_id INTEGER"
        " CONSTRAINT fk_reply_incoming_id REFERENCES incoming (id)"
    )
    op.create_index(op.f("ix_reply_incoming_id"), "reply", ["incoming_id"], unique=False)
    op.add_column("reply", sa.Column("translation", sa.Text(), nullable=True))
    op.add_column("reply", sa.Column("translated_by", sa.String(length=120), nullable=True))
    op.add_column("letter", sa.Column("in_reply_to", sa.String(length=250), nullable=True))
    op.add_column("letter", sa.Column("refers_to", sa.Text(), nullable=True))
    op.add_column("letter", sa.Column("theirs", sa.Text(), nullable=True))
    _create_notes_and_search()
    _create_roll_calls()
    _create_second_readings()
    op.create_table(
        "letter_trace",
        sa.Column("clue", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"],
            ["letter.id"],
            name=op.f("fk_letter_trace_letter_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("clue", "value", "letter_id", name=op.f("pk_letter_trace")),
    )
    op.create_index("ix_letter_trace_letter_id", "letter_trace", ["letter_id"], unique=False)


def _create_notes_and_search() -> None:
    op.create_table(
        "thread_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.Column("rehearsal", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_thread_note_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"],
            ["office.id"],
            name=op.f("fk_thread_note_office_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread_note")),
    )
    op.create_index(op.f("ix_thread_note_office_id"), "thread_note", ["office_id"], unique=False)
    op.create_table(
        "search_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("reply_id", sa.Integer(), nullable=True),
        sa.Column("note_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [f"{name}_id"],
                [f"{table}.id"],
                name=op.f(f"fk_search_text_{name}_id"),
                ondelete="CASCADE",
            )
            for name, table in (("letter", "letter"), ("reply", "reply"), ("note", "thread_note"))
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_text")),
        sa.UniqueConstraint("letter_id", name=op.f("uq_search_text_letter_id")),
        sa.UniqueConstraint("reply_id", name=op.f("uq_search_text_reply_id")),
        sa.UniqueConstraint("note_id", name=op.f("uq_search_text_note_id")),
    )


def _create_roll_calls() -> None:
    positions = ("support", "lean_support", "undecided", "lean_oppose", "oppose", "unknown")
    op.create_table(
        "roll_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("body_id", sa.Integer(), nullable=False),
        sa.Column("ask_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("voted_on", sa.Date(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        *(
            sa.Column(
                f"{vote}_means",
                sa.Enum(
                    *positions,
                    name=f"{vote}_means",
                    native_enum=False,
                    create_constraint=True,
                    length=32,
                ),
                nullable=False,
            )
            for vote in ("aye", "no", "abstain")
        ),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.Column("rehearsal", sa.Boolean(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=120), nullable=True),
        sa.Column("confirmed_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("undone_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_roll_call_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["body_id"],
            ["organization.id"],
            name=op.f("fk_roll_call_body_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["ask_id"], ["ask.id"], name=op.f("fk_roll_call_ask_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roll_call")),
    )
    op.create_index(op.f("ix_roll_call_campaign_id"), "roll_call", ["campaign_id"], unique=False)
    op.create_table(
        "roll_call_vote",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("roll_call_id", sa.Integer(), nullable=False),
        sa.Column("said", sa.String(length=300), nullable=False),
        sa.Column(
            "vote",
            sa.Enum(
                "aye",
                "no",
                "abstain",
                "absent",
                name="vote",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("target_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["roll_call_id"],
            ["roll_call.id"],
            name=op.f("fk_roll_call_vote_roll_call_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["target_id"],
            ["target.id"],
            name=op.f("fk_roll_call_vote_target_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roll_call_vote")),
    )
    op.create_index(
        op.f("ix_roll_call_vote_roll_call_id"), "roll_call_vote", ["roll_call_id"], unique=False
    )


def _create_second_readings() -> None:
    kinds = (
        "auto_reply",
        "out_of_office",
        "acknowledgement",
        "holding",
        "referral",
        "supportive",
        "leaning_supportive",
        "noncommittal",
        "opposed",
        "not_competent",
        "meeting_offer",
        "evidence_request",
        "constituents_only",
        "identity_question",
        "action_report",
        "bounce_hard",
        "bounce_soft",
        "objection_data",
        "left_office",
        "hostile",
        "suspicious",
    )
    positions = ("support", "lean_support", "undecided", "lean_oppose", "oppose", "unknown")
    op.execute(
        "ALTER TABLE campaign ADD COLUMN reminder_days JSON NOT NULL DEFAULT"
        """ '{"member": [10, 15, 2], "government": [20, 15, 5], "european": [15, 15, 5]}'"""
    )
    op.add_column(
        "campaign",
        sa.Column("second_reader", sa.Boolean(), server_default=sa.true(), nullable=False),
    )
    op.create_table(
        "second_reading",
        sa.Column("reply_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*kinds, name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "stance",
            sa.Enum(
                *positions, name="stance", native_enum=False, create_constraint=True, length=32
            ),
            nullable=True,
        ),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=True),
        sa.Column("decided_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["reply_id"],
            ["reply.id"],
            name=op.f("fk_second_reading_reply_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("reply_id", name=op.f("pk_second_reading")),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: what came in has no older place")
