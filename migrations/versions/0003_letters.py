"""Letters worth reading: pages that count, milestones, conflicts of files, alikeness.

Revision 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import outreach.schema

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# (table, column, type, default or None for nullable, table it refers to, check)
COLUMNS = (
    ("ask", "not_in", "JSON", "'[]'", "", ""),
    ("campaign", "html_part", "BOOLEAN", "false", "", ""),
    ("campaign", "most_alike", "INTEGER", "90", "", "most_alike BETWEEN 1 AND 100"),
    ("fact", "period", "VARCHAR(120)", "''", "", ""),
    ("letter", "variant", "VARCHAR(1)", "'a'", "", ""),
    ("letter", "body_hash", "VARCHAR(64)", "''", "", ""),
    ("letter", "alike", "INTEGER", None, "", ""),
    ("letter", "alike_id", "INTEGER", None, "", ""),
    ("letter", "alike_before", "INTEGER", None, "", ""),
    ("letter", "alike_before_id", "INTEGER", None, "", ""),
    ("letter", "alike_because", "TEXT", "''", "", ""),
    ("letter", "approved_as", "VARCHAR(32)", None, "", "approved_as IN ('read', 'sampled')"),
    ("letter", "approval_round_id", "INTEGER", None, "approval_round", ""),
    ("mailing", "by_id", "INTEGER", None, "", ""),
    (
        "mailing",
        "state",
        "VARCHAR(32)",
        "'made'",
        "",
        "state IN ('waiting', 'making', 'made', 'failed')",
    ),
    ("mailing", "plan", "JSON", "'{}'", "", ""),
    ("mailing", "done", "INTEGER", "0", "", ""),
    ("mailing", "total", "INTEGER", "0", "", ""),
    ("mailing", "failure", "JSON", None, "", ""),
    ("mailing", "fact_id", "INTEGER", None, "fact", ""),
    ("mailing", "milestone_id", "INTEGER", None, "milestone", ""),
    ("measure", "wording", "JSON", "'{}'", "", ""),
    ("measure", "citation", "JSON", "'{}'", "", ""),
    ("reading", "page_id", "INTEGER", None, "petition_page", ""),
    ("reading", "shape", "VARCHAR(64)", "''", "", ""),
    ("template", "card_hash", "VARCHAR(64)", None, "", ""),
    ("template", "card_by", "VARCHAR(120)", None, "", ""),
)


def upgrade() -> None:
    _create_tables()
    for column in COLUMNS:
        _add_column(*column)
    op.create_index("ix_letter_body_hash", "letter", ["body_hash"])
    op.create_index("ix_mailing_state", "mailing", ["state", "id"])
    op.create_index("ix_reading_page_id", "reading", ["page_id"])
    op.create_index("uq_quotation_reading", "quotation", ["letter_id", "reading_id"], unique=True)
    # Every page a reading names becomes one that counts with the others.
    options = "CAST('{}' AS JSON)" if op.get_bind().dialect.name == "postgresql" else "'{}'"
    op.execute(
        "INSERT INTO petition_page (campaign_id, petition_id, url, name, rule, options, shape)"
        f" SELECT campaign_id, petition_id, page_url, '', 'pool', {options}, '' FROM"
        " (SELECT DISTINCT campaign_id, petition_id, page_url FROM reading) AS known"
    )
    op.execute(
        "UPDATE reading SET page_id = (SELECT page.id FROM petition_page AS page"
        " WHERE page.petition_id = reading.petition_id AND page.url = reading.page_url)"
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: what was approved has no older place")


def _add_column(
    table: str, column: str, kind: str, default: str | None, refers: str, check: str
) -> None:
    # Plain ALTER TABLE: rebuilding a table that others refer to would take their rows along.
    sql = f"ALTER TABLE {table} ADD COLUMN {column} {kind}"
    if default is not None:
        sql += f" NOT NULL DEFAULT {default}"
    if refers:
        sql += f" CONSTRAINT fk_{table}_{column} REFERENCES {refers} (id)"
    if check:
        sql += f" CONSTRAINT ck_{table}_{column} CHECK ({check})"
    op.execute(sql)


def _create_tables() -> None:
    op.create_table(
        "salutation_reading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "head_of_state",
                "head_of_government",
                "minister",
                "ministry",
                "speaker",
                "member_lower",
                "member_upper",
                "committee_chair",
                "party_group_leader",
                "mep",
                "commissioner",
                "ambassador",
                "member",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("read_by", sa.String(length=120), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_salutation_reading")),
        sa.UniqueConstraint(
            "language", "role", "digest", name=op.f("uq_salutation_reading_language_role_digest")
        ),
    )
    op.create_table(
        "milestone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "ahead",
                "reached",
                "done",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reached_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=120), nullable=True),
        sa.Column("decided_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'ahead') = (reached_at IS NULL)", name=op.f("ck_milestone_reached")
        ),
        sa.CheckConstraint("value > 0", name=op.f("ck_milestone_value")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_milestone_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone")),
        sa.UniqueConstraint("campaign_id", "value", name=op.f("uq_milestone_campaign_id_value")),
    )
    op.create_table(
        "file_conflict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("file_hash", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("found_at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.Column("kept", sa.String(length=10), nullable=True),
        sa.Column("settled_by", sa.String(length=120), nullable=True),
        sa.Column("settled_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kept IS NULL) = (settled_at IS NULL)", name=op.f("ck_file_conflict_settled")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["template.id"], name=op.f("fk_file_conflict_template_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_conflict")),
        sa.UniqueConstraint(
            "template_id",
            "language",
            "file_hash",
            name=op.f("uq_file_conflict_template_id_language_file_hash"),
        ),
    )
    op.create_table(
        "petition_page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "rule",
            sa.Enum(
                "pool",
                "add",
                "exclude",
                name="rule",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("adapter", sa.String(length=40), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("every_hours", sa.Integer(), nullable=True),
        sa.Column("next_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.JSON(), nullable=True),
        sa.Column("failed_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("shape", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "every_hours IS NULL OR adapter IS NOT NULL", name=op.f("ck_petition_page_adapter")
        ),
        sa.CheckConstraint(
            "every_hours IS NULL OR every_hours > 0", name=op.f("ck_petition_page_every_hours")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_petition_page_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_page_petition_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition_page")),
        sa.UniqueConstraint("petition_id", "url", name=op.f("uq_petition_page_petition_id_url")),
    )
    op.create_index(op.f("ix_petition_page_next_at"), "petition_page", ["next_at"], unique=False)
    op.create_table(
        "approval_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mailing_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.Column("seals", sa.JSON(), nullable=False),
        sa.Column("sample", sa.JSON(), nullable=False),
        sa.Column("opened", sa.JSON(), nullable=False),
        sa.Column("approved_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailing.id"], name=op.f("fk_approval_round_mailing_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_round")),
    )
    op.create_index(
        op.f("ix_approval_round_mailing_id"), "approval_round", ["mailing_id"], unique=False
    )
    op.create_table(
        "remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("passage", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_remark_letter_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remark")),
    )
    op.create_index(op.f("ix_remark_letter_id"), "remark", ["letter_id"], unique=False)
