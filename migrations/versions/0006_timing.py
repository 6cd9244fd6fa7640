"""Timing: what moves a letter in its window, and who drives the clock.

Revision 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# (table, column, type and what the column is bound to). Plain ALTER TABLE: rebuilding a table that
# others refer to would take their rows along.
COLUMNS = (
    ("campaign", "retry_minutes", "JSON NOT NULL DEFAULT '[1, 5, 15, 60, 240]'"),
    (
        "campaign",
        "canaries",
        "INTEGER NOT NULL DEFAULT 5 CONSTRAINT ck_campaign_canaries CHECK (canaries >= 0)",
    ),
    (
        "campaign",
        "canary_hours",
        "INTEGER NOT NULL DEFAULT 24 CONSTRAINT ck_campaign_canary_hours CHECK (canary_hours > 0)",
    ),
    ("mailing", "canaries", "INTEGER"),
    ("mailing", "canary_hours", "INTEGER"),
    ("mailing", "canary_ids", "JSON NOT NULL DEFAULT '[]'"),
    ("mailing", "rest_released_at", "{instant}"),
    ("mailing", "rest_released_by", "VARCHAR(120)"),
    (
        "letter",
        "event_id",
        "INTEGER CONSTRAINT fk_letter_event_id REFERENCES calendar_entry (id)",
    ),
    (
        "letter",
        "event_offset",
        "INTEGER CONSTRAINT ck_letter_event_offset"
        " CHECK (event_id IS NULL OR event_offset IS NOT NULL)",
    ),
)
# What selections of targets are narrowed by, what is asked for most first.
DAYS = ("id", "ended_on", "verified_until")
NARROWED = (
    "channel",
    "source_id",
    "role",
    "ways",
    "body_id",
    "group_id",
    "membership_id",
    "organization_id",
    "demonstration",
    "jurisdiction_code",
)
# References that PostgreSQL looks up for each row of an import, and that hold without it: see
# `directory/identity.py`.
REPEATED = (
    ("target", "body_id"),
    ("target", "group_id"),
    ("target", "jurisdiction_code"),
    ("membership", "source_id"),
    ("membership", "area_id"),
    ("membership", "on_behalf_of_id"),
    ("contact_detail", "source_id"),
    ("source_record", "source_id"),
    ("source_record", "first_run_id"),
    ("source_record", "person_id"),
    ("source_record", "organization_id"),
    ("identifier", "person_id"),
    ("identifier", "organization_id"),
)


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    instant = "TIMESTAMP WITH TIME ZONE" if postgres else "DATETIME"
    for table, column, kind in COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind.format(instant=instant)}")
    _widen_alternatives(postgres)
    op.create_index("ix_letter_event_id", "letter", ["event_id"])
    op.drop_index("ix_letter_due", "letter")
    op.create_index("ix_letter_due", "letter", ["state", "send_after", "id"])
    op.drop_index("ix_letter_list", "letter")
    op.create_index(
        "ix_letter_list", "letter", ["campaign_id", "rehearsal", "state", "id", "office_id"]
    )
    _tell_sources(postgres)
    if postgres:
        for table, column in REPEATED:
            op.drop_constraint(f"fk_{table}_{column}", table, type_="foreignkey")
    op.create_table(
        "attempt_message",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name="fk_attempt_message_attempt_id"
        ),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_attempt_message"),
    )
    op.execute(
        "INSERT INTO attempt_message SELECT id, message FROM attempt WHERE message IS NOT NULL"
    )
    op.execute("ALTER TABLE attempt DROP COLUMN message")
    op.create_table(
        "clock_lease",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("holder", sa.String(40)),
        sa.Column("ticked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_clock_lease"),
    )


def _widen_alternatives(postgres: bool) -> None:
    """A letter for each place of a text that has alternatives, where there was one letter."""
    if postgres:
        op.execute("ALTER TABLE letter ALTER COLUMN variant TYPE VARCHAR(4)")
        return
    op.execute("ALTER TABLE letter RENAME COLUMN variant TO only_variant")
    op.execute("ALTER TABLE letter ADD COLUMN variant VARCHAR(4) NOT NULL DEFAULT 'a'")
    op.execute("UPDATE letter SET variant = only_variant WHERE only_variant <> 'a'")
    op.execute("ALTER TABLE letter DROP COLUMN only_variant")


def _tell_sources(postgres: bool) -> None:
    """A target repeats the source of its seat, and the indexes that are counted hold it."""
    referred = "" if postgres else " CONSTRAINT fk_target_source_id REFERENCES source (id)"
    op.execute(f"ALTER TABLE target ADD COLUMN source_id INTEGER{referred}")
    op.drop_index("ix_target_languages", "target")
    op.drop_index("ix_target_desks", "target")
    op.execute(
        "UPDATE target SET source_id = seat.source_id FROM membership AS seat"
        " WHERE seat.id = target.membership_id AND seat.source_id IS NOT NULL"
    )
    if not postgres:
        op.create_index(
            "ix_target_languages", "target", ["language", *DAYS, *NARROWED, "office_id"]
        )
    op.create_index("ix_target_desks", "target", ["office_id", *DAYS, "language", *NARROWED])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: a letter's event has no older place")
