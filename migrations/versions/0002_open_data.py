"""The directory on real open data: sources, imports, identifiers, rules of contact.

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import outreach.schema

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# (table, column, type, default or None for nullable, table it refers to)
COLUMNS = (
    ("contact_detail", "label", "VARCHAR(200)", "''", ""),
    ("contact_detail", "language", "VARCHAR(16)", None, ""),
    ("contact_detail", "bundle", "VARCHAR(160)", "''", ""),
    ("contact_detail", "personal", "BOOLEAN", "false", ""),
    ("contact_detail", "by_hand", "BOOLEAN", "false", ""),
    ("contact_detail", "source_id", "INTEGER", None, "source"),
    ("contact_detail", "unseen_since", "DATE", None, ""),
    ("membership", "label", "VARCHAR(300)", "''", ""),
    ("membership", "start_precision", "VARCHAR(10)", "'day'", ""),
    ("membership", "end_precision", "VARCHAR(10)", "'day'", ""),
    ("membership", "source_id", "INTEGER", None, "source"),
    ("membership", "source_key", "VARCHAR(400)", None, ""),
    ("organization", "ended_on", "DATE", None, ""),
    ("person", "sort_name", "VARCHAR(300)", "''", ""),
    ("person", "other_names", "JSON", "'[]'", ""),
    ("person", "birth_date", "VARCHAR(10)", "''", ""),
    ("person", "death_date", "VARCHAR(10)", "''", ""),
    ("person", "extras", "JSON", "'{}'", ""),
    ("person", "merged_into_id", "INTEGER", None, "person"),
    ("target", "verified_until", "DATE", None, ""),
)
# Checks that allow more words now: (table, column, constraint, new words).
WORDS = (
    ("organization", "kind", "ck_organization_kind", ("council", "other")),
    ("post", "role", "ck_post_role", ("member",)),
    ("membership", "role", "ck_membership_role", ("member",)),
    ("target", "role", "ck_target_role", ("member",)),
)
NARROWED = (
    "ended_on",
    "role",
    "jurisdiction_code",
    "channel",
    "verified_until",
    "body_id",
    "group_id",
    "membership_id",
    "organization_id",
    "demonstration",
)
TARGET_INDEXES = (
    ("ix_target_languages", ("language", *NARROWED, "office_id")),
    ("ix_target_desks", ("office_id", *NARROWED, "language")),
    ("ix_target_group_id", ("group_id",)),
    ("ix_target_name", ("name", "id", "ended_on")),
    ("ix_target_list", ("jurisdiction_code", "role", "name", "id", "ended_on")),
)
OWNERS = ["person_id", "post_id", "organization_id"]
# Days a check held until now, by the owner of the address.
SHELF_LIFE = (("person_id", 180), ("post_id", 90), ("organization_id", 365))


def upgrade() -> None:
    _create_tables()
    for column in COLUMNS:
        _add_column(*column)
    op.drop_index("ix_target_list", "target")
    for name, columns in TARGET_INDEXES:
        op.create_index(name, "target", list(columns))
    op.create_index("ix_contact_detail_ways", "contact_detail", ["kind", "state", *OWNERS])
    op.create_index(
        "ix_contact_detail_personal",
        "contact_detail",
        OWNERS,
        sqlite_where=sa.text("personal = 1"),
        postgresql_where=sa.text("personal"),
    )
    op.create_index("ix_membership_source_key", "membership", ["source_id", "source_key"])
    op.create_index("ix_target_verified_until", "target", ["verified_until", "role"])
    op.create_index(op.f("ix_person_merged_into_id"), "person", ["merged_into_id"])
    for words in WORDS:
        _allow(*words)
    op.execute(
        "UPDATE contact_detail SET by_hand = true WHERE id IN (SELECT subject_id FROM event"
        " WHERE subject_kind = 'contact_detail' AND name = 'added')"
    )
    for owner, days in SHELF_LIFE:
        _note_checks(owner, days)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: what was imported has no older place")


def _add_column(table: str, column: str, kind: str, default: str | None, refers: str) -> None:
    # Plain ALTER TABLE: rebuilding a table that others refer to would take their rows along.
    sql = f"ALTER TABLE {table} ADD COLUMN {column} {kind}"
    if default is not None:
        sql += f" NOT NULL DEFAULT {default}"
    if refers:
        sql += f" CONSTRAINT fk_{table}_{column} REFERENCES {refers} (id)"
    op.execute(sql)


def _allow(table: str, column: str, name: str, words: tuple[str, ...]) -> None:
    """Widen the check `name` by `words`."""
    connection = op.get_bind()
    found = sa.inspect(connection).get_check_constraints(table)
    old = next(str(check["sqltext"]) for check in found if check["name"] == name)
    known = [word for word in _quoted(old) if word not in words]
    new = f"{column} IN ({', '.join(repr(word) for word in (*known, *words))})"
    if connection.dialect.name != "sqlite":
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, new)
        return
    # The way SQLite's manual gives for a check that only gets wider:
    # https://www.sqlite.org/lang_altertable.html#making_other_kinds_of_table_schema_changes
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :old, :new)"
            " WHERE type = 'table' AND name = :table"
        ),
        {"old": old, "new": new, "table": table},
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {int(version) + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")


def _quoted(text: str) -> list[str]:
    return text.split("'")[1::2]


def _note_checks(owner: str, days: int) -> None:
    """Fill `target.verified_until` from the checks of the way each target is written by."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    until = (
        f"date(max(detail.verified_on), '+{days} days')"
        if sqlite
        else f"max(detail.verified_on) + {days}"
    )
    belongs = (
        "detail.organization_id = target.organization_id"
        if owner == "organization_id"
        else f"detail.{owner} = (SELECT held.{owner} FROM membership AS held"
        " WHERE held.id = target.membership_id)"
    )
    found = (
        f"SELECT {until} FROM contact_detail AS detail WHERE {belongs}"
        " AND detail.kind = target.channel AND detail.state IN ('ok', 'suspect')"
    )
    op.execute(f"UPDATE target SET verified_until = ({found}) WHERE verified_until IS NULL")


def _create_tables() -> None:
    op.create_table(
        "shelf_life",
        sa.Column("address_class", sa.String(length=16), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("address_class", name=op.f("pk_shelf_life")),
    )
    op.create_table(
        "source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=160), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("slug", name=op.f("uq_source_slug")),
    )
    op.create_table(
        "field_lock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_field_lock_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_lock")),
        sa.UniqueConstraint("person_id", "field", name=op.f("uq_field_lock_person_id_field")),
    )
    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("format", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=300), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kept_as", sa.String(length=300), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("retrieved_on", sa.Date(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "reading",
                "preview",
                "confirmed",
                "applied",
                "undoing",
                "undone",
                "discarded",
                "failed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=60), nullable=True),
        sa.Column("lease_until", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("inserted", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("created_at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(length=120), nullable=True),
        sa.Column("applied_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("undone_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_import_run_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_run_source_id"), ["source_id"], unique=False)
        batch_op.create_index("ix_import_run_state", ["state"], unique=False)

    op.create_table(
        "joining",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("gone_id", sa.Integer(), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.Column("undone_by", sa.String(length=120), nullable=True),
        sa.Column("undone_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["gone_id"], ["person.id"], name=op.f("fk_joining_gone_id")),
        sa.ForeignKeyConstraint(["kept_id"], ["person.id"], name=op.f("fk_joining_kept_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joining")),
    )
    with op.batch_alter_table("joining", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_joining_gone_id"), ["gone_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_joining_kept_id"), ["kept_id"], unique=False)

    op.create_table(
        "not_same",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("person_id < other_id", name=op.f("ck_not_same_ordered")),
        sa.ForeignKeyConstraint(["other_id"], ["person.id"], name=op.f("fk_not_same_other_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_not_same_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_not_same")),
        sa.UniqueConstraint("person_id", "other_id", name=op.f("uq_not_same_person_id_other_id")),
    )
    with op.batch_alter_table("not_same", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_not_same_other_id"), ["other_id"], unique=False)

    op.create_table(
        "identifier",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("scheme", sa.String(length=60), nullable=False),
        sa.Column("value", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "(CASE WHEN person_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN organization_id IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_identifier_one_owner"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_identifier_organization_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_identifier_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identifier")),
    )
    with op.batch_alter_table("identifier", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identifier_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_identifier_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_identifier_value", ["scheme", "value"], unique=False)

    op.create_table(
        "import_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("table", sa.String(length=40), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["import_run.id"], name=op.f("fk_import_change_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_change")),
    )
    with op.batch_alter_table("import_change", schema=None) as batch_op:
        batch_op.create_index("ix_import_change_run", ["run_id", "table", "row_id"], unique=False)

    op.create_table(
        "import_conflict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("ours", sa.Text(), nullable=False),
        sa.Column("theirs", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "kept",
                "taken",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("decided_by", sa.String(length=120), nullable=True),
        sa.Column("decided_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)", name=op.f("ck_import_conflict_decided")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_import_conflict_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["import_run.id"], name=op.f("fk_import_conflict_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_conflict")),
    )
    with op.batch_alter_table("import_conflict", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_import_conflict_person_id"), ["person_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_import_conflict_run_id"), ["run_id"], unique=False)
        batch_op.create_index("ix_import_conflict_state", ["state"], unique=False)

    op.create_table(
        "source_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("hash", sa.String(length=40), nullable=False),
        sa.Column("base", sa.JSON(), nullable=False),
        sa.Column("first_run_id", sa.Integer(), nullable=False),
        sa.Column("gone_since", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["first_run_id"], ["import_run.id"], name=op.f("fk_source_record_first_run_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_source_record_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_source_record_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_source_record_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_record")),
        sa.UniqueConstraint(
            "source_id", "about", "key", name=op.f("uq_source_record_source_id_about_key")
        ),
    )
    with op.batch_alter_table("source_record", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_source_record_first_run_id"), ["first_run_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_source_record_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_source_record_person_id"), ["person_id"], unique=False)

    op.create_table(
        "staged_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column(
            "effect",
            sa.Enum(
                "added",
                "changed",
                "refreshed",
                "ended",
                "proposed",
                "conflict",
                "unusable",
                "remark",
                name="effect",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column(
            "decision",
            sa.Enum(
                "same",
                "different",
                name="decision",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_staged_row_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staged_row")),
    )
    with op.batch_alter_table("staged_row", schema=None) as batch_op:
        batch_op.create_index("ix_staged_row_list", ["run_id", "effect", "id"], unique=False)

    op.create_table(
        "contact_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("detail_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("old_value", sa.Text(), nullable=False),
        sa.Column("new_value", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "accepted",
                "refused",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=True),
        sa.Column("decided_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)", name=op.f("ck_contact_proposal_decided")
        ),
        sa.ForeignKeyConstraint(
            ["detail_id"], ["contact_detail.id"], name=op.f("fk_contact_proposal_detail_id")
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["target.id"], name=op.f("fk_contact_proposal_target_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_proposal")),
    )
    with op.batch_alter_table("contact_proposal", schema=None) as batch_op:
        batch_op.create_index("ix_contact_proposal_state", ["state"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_contact_proposal_target_id"), ["target_id"], unique=False
        )

    op.create_table(
        "contact_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "language",
                "channel",
                "never",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.String(length=16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("said_on", sa.Date(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", outreach.schema.UTCDateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.String(length=120), nullable=True),
        sa.Column("lifted_at", outreach.schema.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["target_id"], ["target.id"], name=op.f("fk_contact_rule_target_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_rule")),
    )
    with op.batch_alter_table("contact_rule", schema=None) as batch_op:
        batch_op.create_index(
            "uq_contact_rule_standing",
            ["target_id", "kind"],
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )
