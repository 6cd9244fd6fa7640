"""What stands about a person, body or target whatever the next file says.

Identifiers, locked fields, "not the same person", rules of contact, shelf lives, proposals.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.directory.models import ContactDetail, Membership, Person, Target, TargetRole
from outreach.schema import Base, enum

_ONE_OWNER = (
    "(CASE WHEN person_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN organization_id IS NULL THEN 0 ELSE 1 END) = 1"
)


class Identifier(Base):
    """A number or name some register knows a person or body by (Popolo: identifiers).

    Schemes that identify a person for everybody are in `syncing/standing.STRONG`.
    """

    __tablename__ = "identifier"
    __table_args__ = (
        sa.CheckConstraint(_ONE_OWNER, name="one_owner"),
        sa.Index("ix_identifier_value", "scheme", "value"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    organization_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    # wikidata, bioguide, mep, ocd-person …
    scheme: Mapped[str] = mapped_column(sa.String(60))
    value: Mapped[str] = mapped_column(sa.String(300))


class FieldLock(Base):
    """A field that no import changes until somebody takes the lock off."""

    __tablename__ = "field_lock"
    __table_args__ = (sa.UniqueConstraint("person_id", "field"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    # A column of Person, or `contact:<id>` of a contact detail, or `membership:<id>`.
    field: Mapped[str] = mapped_column(sa.String(60))
    by: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]


class NotSame(Base):
    """Two rows that a person has looked at and found to be two people."""

    __tablename__ = "not_same"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "other_id"),
        sa.CheckConstraint("person_id < other_id", name="ordered"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    other_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    by: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]


class RuleKind(StrEnum):
    """What somebody asked of us."""

    LANGUAGE = "language"
    CHANNEL = "channel"
    NEVER = "never"


class ContactRule(Base):
    """How a target wants to be written to: only in a language, only by a channel, never."""

    __tablename__ = "contact_rule"
    __table_args__ = (
        sa.Index(
            "uq_contact_rule_standing",
            "target_id",
            "kind",
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    target_id: Mapped[int] = mapped_column(sa.ForeignKey("target.id"))
    kind: Mapped[RuleKind] = mapped_column(enum(RuleKind, "kind"))
    # A BCP 47 code, or a ContactKind; empty for never.
    value: Mapped[str] = mapped_column(sa.String(16), default="")
    # Who said so and where: "letter of the secretariat, 12 March".
    source: Mapped[str]
    said_on: Mapped[dt.date]
    by: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]
    lifted_by: Mapped[str | None] = mapped_column(sa.String(120))
    lifted_at: Mapped[dt.datetime | None]

    target: Mapped[Target] = relationship(lazy="raise")


class ShelfLife(Base):
    """How many days a check of an address of one class holds; no row means the default."""

    __tablename__ = "shelf_life"

    # minister, member, registry or hand.
    address_class: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    days: Mapped[int]


class ProposalState(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class ContactProposal(Base):
    """A correction somebody suggests: an old value, a new one, and the page that shows it."""

    __tablename__ = "contact_proposal"
    __table_args__ = (
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
        sa.Index("ix_contact_proposal_state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    target_id: Mapped[int] = mapped_column(sa.ForeignKey("target.id"), index=True)
    # The detail it corrects; null when it adds one.
    detail_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contact_detail.id"))
    kind: Mapped[str] = mapped_column(sa.String(16))
    old_value: Mapped[str] = mapped_column(default="")
    # Empty: the old one is said to be out of use.
    new_value: Mapped[str] = mapped_column(default="")
    source: Mapped[str]
    source_url: Mapped[str] = mapped_column(default="")
    state: Mapped[ProposalState] = mapped_column(
        enum(ProposalState, "state"), default=ProposalState.OPEN
    )
    by: Mapped[str] = mapped_column(sa.String(120))
    user_id: Mapped[int | None]
    at: Mapped[dt.datetime]
    decided_by: Mapped[str | None] = mapped_column(sa.String(120))
    decided_at: Mapped[dt.datetime | None]
    answer: Mapped[str] = mapped_column(default="")

    target: Mapped[Target] = relationship(lazy="raise")
    detail: Mapped[ContactDetail | None] = relationship(lazy="raise")


class Joining(Base):
    """Two rows of one person made one, with what moved, so that it can be taken apart again."""

    __tablename__ = "joining"

    id: Mapped[int] = mapped_column(primary_key=True)
    kept_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    gone_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    # {table: [ids that moved from gone to kept]} and the fields of both as they were.
    moved: Mapped[dict[str, Any]]
    by: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]
    undone_by: Mapped[str | None] = mapped_column(sa.String(120))
    undone_at: Mapped[dt.datetime | None]

    kept: Mapped[Person] = relationship(lazy="raise", foreign_keys=[kept_id])
    gone: Mapped[Person] = relationship(lazy="raise", foreign_keys=[gone_id])


# What selections of targets are narrowed by. Counting one reads an index and not the rows, which
# carry long search keys: by language, and by desk. What is asked for most stands first, words
# last: a database finds a column by going through all before it.
_DAYS = (Target.id, Target.ended_on, Target.verified_until)
_NARROWED = (
    Target.channel,
    Target.source_id,
    Target.role,
    Target.ways,
    Target.body_id,
    Target.group_id,
    Target.membership_id,
    Target.organization_id,
    Target.demonstration,
    Target.jurisdiction_code,
)
# On PostgreSQL, which keeps what is alike once, only what counting everybody by language asks for:
# it counts the others through the next one, and an import is shorter by it.
sa.Index("ix_target_tongues", Target.language, Target.channel, Target.ended_on).ddl_if(
    dialect="postgresql"
)
# Before the next one: of two that are as wide SQLite takes the later, and desks need their order.
sa.Index("ix_target_languages", Target.language, *_DAYS, *_NARROWED, Target.office_id).ddl_if(
    dialect="sqlite"
)
sa.Index("ix_target_desks", Target.office_id, *_DAYS, Target.language, *_NARROWED)
sa.Index("ix_target_group_id", Target.group_id)
sa.Index("ix_target_name", Target.name, Target.id, Target.ended_on)
sa.Index(
    "ix_target_list",
    *(Target.jurisdiction_code, Target.role, Target.name, Target.id, Target.ended_on),
)
# Who is in office is counted above almost every list, from the narrowest index that tells it.
sa.Index("ix_target_ended_on", Target.ended_on)
sa.Index(
    "ix_target_verified_until",
    *(Target.verified_until, Target.id, Target.ended_on, Target.role),
)
# A search looks at every key, and here they stand close together, in the order they are added. Not
# on PostgreSQL: names of a body in thirty languages are longer than a row of its indexes may be.
sa.Index("ix_target_search", Target.id, Target.ended_on, Target.search_key).ddl_if(dialect="sqlite")
_OWNERS = (ContactDetail.person_id, ContactDetail.post_id, ContactDetail.organization_id)
sa.Index(
    "ix_contact_detail_personal",
    *_OWNERS,
    sqlite_where=sa.text("personal = 1"),
    postgresql_where=sa.text("personal"),
)
# Few rows have one of these: the others would only make an import longer.
for _column in (
    ContactDetail.post_id,
    ContactDetail.organization_id,
    Membership.post_id,
    Person.merged_into_id,
    Identifier.organization_id,
):
    sa.Index(
        f"ix_{_column.class_.__tablename__}_{_column.key}",
        _column,
        sqlite_where=_column.is_not(None),
        postgresql_where=_column.is_not(None),
    )


# PostgreSQL looks up each reference of each row while an import holds the directory. It need not:
# a target repeats what its membership or its own organization refers to, an import gives the source
# and the run it belongs to, and no source, jurisdiction or run is ever deleted. The group and the
# area of a seat, identifiers and what a source said are given by imports and taken back by undoing
# one, which keep each other out.
# SQLite can't drop a reference without building the table anew, and spends little on it.
_REPEATED = {
    "target": {"body_id", "group_id", "jurisdiction_code", "source_id"},
    "membership": {"source_id", "area_id", "on_behalf_of_id"},
    "contact_detail": {"source_id"},
    "identifier": {"person_id", "organization_id"},
}
for _table, _names in _REPEATED.items():
    for _key in Base.metadata.tables[_table].foreign_key_constraints:
        if _names.issuperset(_key.column_keys):
            _key.ddl_if(dialect="sqlite")


class SalutationReading(Base):
    """That a native speaker read the forms of address of one role in one language, as they were."""

    __tablename__ = "salutation_reading"
    __table_args__ = (sa.UniqueConstraint("language", "role", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    # The block, `en-GB`, and the role its lines are for.
    language: Mapped[str] = mapped_column(sa.String(16))
    role: Mapped[TargetRole] = mapped_column(enum(TargetRole, "role"))
    # SHA-256 of the lines that were read: changed lines want a reader again.
    digest: Mapped[str] = mapped_column(sa.String(64))
    read_by: Mapped[str] = mapped_column(sa.String(120))
    read_on: Mapped[dt.date]
    by: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]
