"""Sending: the calendars of houses, mail accounts, domains that refuse what we write.

Revision 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import outreach.schema

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("jurisdiction_code", sa.String(length=16), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "recess",
                "closed",
                "sitting",
                "event",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("uid", sa.String(length=255), nullable=True),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_calendar_entry_order")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_code"],
            ["jurisdiction.code"],
            name=op.f("fk_calendar_entry_jurisdiction_code"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_calendar_entry_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_entry")),
        sa.UniqueConstraint(
            "jurisdiction_code", "uid", name=op.f("uq_calendar_entry_jurisdiction_code_uid")
        ),
    )
    op.create_index(
        "ix_calendar_entry_days", "calendar_entry", ["jurisdiction_code", "ends_on"], unique=False
    )
    _create_mail_accounts()
    _create_domain_stops()
    with op.batch_alter_table("attempt") as batch:
        batch.add_column(sa.Column("account_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("refusal", sa.String(length=32), nullable=True))
        batch.create_foreign_key(
            op.f("fk_attempt_account_id"),
            "mail_account",
            ["account_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch.create_check_constraint(
            op.f("ck_attempt_refusal"),
            "refusal IN ('later', 'unreached', 'address', 'sender', 'content', 'account')",
        )
    op.create_index("ix_attempt_account", "attempt", ["account_id", "started_at"], unique=False)


def _create_mail_accounts() -> None:
    op.create_table(
        "mail_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
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
        sa.Column("hello", sa.String(length=253), nullable=False),
        sa.Column("bounce_address", sa.String(length=254), nullable=False),
        sa.Column("reply_tags", sa.Boolean(), nullable=False),
        sa.Column("per_hour", sa.Integer(), nullable=True),
        sa.Column("per_day", sa.Integer(), nullable=True),
        sa.Column("dkim_domain", sa.String(length=253), nullable=False),
        sa.Column("dkim_selector", sa.String(length=63), nullable=False),
        sa.Column("dkim_key", sa.Text(), nullable=False),
        sa.Column("dkim_public", sa.Text(), nullable=False),
        sa.Column("paused_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("paused_because", sa.Text(), nullable=False),
        sa.Column("rests_until", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("checked_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.CheckConstraint("port BETWEEN 1 AND 65535", name=op.f("ck_mail_account_port")),
        sa.CheckConstraint("per_hour > 0 AND per_day > 0", name=op.f("ck_mail_account_limits")),
        sa.CheckConstraint(
            "(paused_at IS NULL) = (paused_because = '')",
            name=op.f("ck_mail_account_paused_because"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_mail_account_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_account")),
        sa.UniqueConstraint("campaign_id", "name", name=op.f("uq_mail_account_campaign_id_name")),
    )


def _create_domain_stops() -> None:
    op.create_table(
        "domain_stop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(length=120), nullable=True),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL)", name=op.f("ck_domain_stop_lifted_by")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_domain_stop_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain_stop")),
    )
    standing = sa.text("lifted_at IS NULL")
    op.create_index(
        "uq_domain_stop_standing",
        "domain_stop",
        ["campaign_id", "domain"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )


def downgrade() -> None:
    op.drop_index("ix_attempt_account", table_name="attempt")
    with op.batch_alter_table("attempt") as batch:
        batch.drop_column("refusal")
        batch.drop_column("account_id")
    op.drop_table("domain_stop")
    op.drop_table("mail_account")
    op.drop_table("calendar_entry")
