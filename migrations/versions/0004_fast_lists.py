"""Lists of a large directory: what a target can be reached by, and indexes that hold all asked for.

Revision 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NARROWED = (
    "ended_on",
    "role",
    "jurisdiction_code",
    "channel",
    "ways",
    "verified_until",
    "body_id",
    "group_id",
    "membership_id",
    "organization_id",
    "demonstration",
)
# Columns that few rows have a value in: an index of those few.
SELDOM = (
    ("contact_detail", "post_id"),
    ("contact_detail", "organization_id"),
    ("membership", "post_id"),
    ("person", "merged_into_id"),
    ("identifier", "organization_id"),
    ("source_record", "organization_id"),
)
# Indexes that no query reads, or that another begins with.
UNUSED = (
    ("target", "ix_target_office_id"),
    ("contact_detail", "ix_contact_detail_normalised"),
    ("contact_detail", "ix_contact_detail_ways"),
    ("membership", "ix_membership_source_key"),
)
# A bit for each kind of way.
BITS = {"email": 1, "form": 2, "postal": 4, "phone": 8, "fax": 16, "url": 32, "social": 64}
# The ways of a target: of the person, of the post, of the body itself.
OWNED = (
    "SELECT target.id AS target_id, way.kind FROM target"
    " JOIN membership AS seat ON seat.id = target.membership_id"
    " JOIN contact_detail AS way ON way.person_id = seat.person_id WHERE {usable}",
    "SELECT target.id, way.kind FROM target"
    " JOIN membership AS seat ON seat.id = target.membership_id"
    " JOIN contact_detail AS way ON way.post_id = seat.post_id WHERE {usable}",
    "SELECT target.id, way.kind FROM target"
    " JOIN contact_detail AS way ON way.organization_id = target.organization_id WHERE {usable}",
)


def upgrade() -> None:
    # Plain ALTER TABLE: rebuilding a table that others refer to would take their rows along.
    op.execute("ALTER TABLE target ADD COLUMN ways SMALLINT NOT NULL DEFAULT 0")
    for name in ("ix_target_languages", "ix_target_desks", "ix_target_verified_until"):
        op.drop_index(name, "target")
    _note_ways()
    for table, name in UNUSED:
        op.drop_index(name, table)
    op.create_index("ix_target_languages", "target", ["language", *NARROWED, "office_id"])
    op.create_index("ix_target_desks", "target", ["office_id", *NARROWED, "language"])
    op.create_index("ix_target_ended_on", "target", ["ended_on"])
    op.create_index(
        "ix_target_verified_until", "target", ["verified_until", "id", "ended_on", "role"]
    )
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("ix_target_search", "target", ["id", "ended_on", "search_key"])
    for table, column in SELDOM:
        given = sa.text(f"{column} IS NOT NULL")
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
        op.create_index(
            op.f(f"ix_{table}_{column}"),
            table,
            [column],
            sqlite_where=given,
            postgresql_where=given,
        )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _note_ways() -> None:
    owned = " UNION ".join(OWNED).format(usable="way.state IN ('ok', 'suspect')")
    bit = "CASE kind " + " ".join(f"WHEN '{kind}' THEN {n}" for kind, n in BITS.items()) + " END"
    # UNION gives each kind of a target once, so that the sum of bits is all of them.
    op.execute(
        sa.text(
            "UPDATE target SET ways = known.ways FROM"
            f" (SELECT target_id, sum({bit}) AS ways FROM ({owned}) AS owned GROUP BY target_id)"
            " AS known WHERE known.target_id = target.id"
        )
    )
