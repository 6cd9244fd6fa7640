"""What an import leaves: its run, what it read and would change, what every source last said."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.directory.models import Source
from outreach.schema import Base, enum


class RunState(StrEnum):
    """Where an import stands."""

    # The file is kept; nobody has read it yet (or its columns wait to be confirmed).
    WAITING = "waiting"
    # Being read and compared into staged rows.
    READING = "reading"
    # Compared; a person looks at what would change.
    PREVIEW = "preview"
    # Confirmed; about to be written.
    CONFIRMED = "confirmed"
    APPLIED = "applied"
    # Written, and about to be taken back.
    UNDOING = "undoing"
    UNDONE = "undone"
    # A person said no.
    DISCARDED = "discarded"
    # The file can't be used; `problem` says why.
    FAILED = "failed"


class ImportRun(Base):
    """One file (or folder) of one source, on its way into the directory."""

    __tablename__ = "import_run"
    __table_args__ = (sa.Index("ix_import_run_state", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int | None] = mapped_column(sa.ForeignKey("source.id"), index=True)
    format: Mapped[str] = mapped_column(sa.String(40))
    file_name: Mapped[str] = mapped_column(sa.String(300))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    # Where the kept file lies inside the home folder; empty when it was read in place.
    kept_as: Mapped[str] = mapped_column(sa.String(300), default="")
    source_url: Mapped[str] = mapped_column(default="")
    retrieved_on: Mapped[dt.date]
    # The day the list speaks of.
    as_of: Mapped[dt.date]
    # Whether the list is whole: only then is somebody missing from it out of office.
    complete: Mapped[bool]
    # What the reader was told: {jurisdiction, body, mapping, ...}.
    options: Mapped[dict[str, Any]]
    state: Mapped[RunState] = mapped_column(enum(RunState, "state"))
    problem: Mapped[str] = mapped_column(default="")
    # {effect: number}; see syncing/reports.
    counts: Mapped[dict[str, Any]]
    # Questions a person must say yes to: [{code, words, values}].
    questions: Mapped[list[Any]] = mapped_column(sa.JSON())
    step: Mapped[str] = mapped_column(sa.String(40), default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    # The worker at it and until when it may be; a lapsed lease means it died.
    worker: Mapped[str | None] = mapped_column(sa.String(60))
    lease_until: Mapped[dt.datetime | None]
    # {table: [first id, last id]} of the rows this run made.
    inserted: Mapped[dict[str, Any]]
    by: Mapped[str] = mapped_column(sa.String(120))
    user_id: Mapped[int | None]
    created_at: Mapped[dt.datetime]
    confirmed_by: Mapped[str | None] = mapped_column(sa.String(120))
    applied_at: Mapped[dt.datetime | None]
    undone_at: Mapped[dt.datetime | None]

    source: Mapped[Source | None] = relationship(lazy="raise")


class Effect(StrEnum):
    """What an import would do with one thing it read."""

    ADDED = "added"
    CHANGED = "changed"
    # The same to us, said differently: a committee, a number, a note.
    REFRESHED = "refreshed"
    ENDED = "ended"
    # Looks like somebody we have under another name; a person decides.
    PROPOSED = "proposed"
    # Somebody changed by hand what the source changed too.
    CONFLICT = "conflict"
    UNUSABLE = "unusable"
    # Usable, with something to know: a value left out, a page split.
    REMARK = "remark"


class Decision(StrEnum):
    """What a person said about a proposal."""

    SAME = "same"
    DIFFERENT = "different"


class StagedRow(Base):
    """One line of a preview. Written while reading, read when applying, kept as the report."""

    __tablename__ = "staged_row"
    __table_args__ = (sa.Index("ix_staged_row_list", "run_id", "effect", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("import_run.id"))
    effect: Mapped[Effect] = mapped_column(enum(Effect, "effect"))
    # person, organization or file.
    about: Mapped[str] = mapped_column(sa.String(16))
    key: Mapped[str] = mapped_column(sa.String(400), default="")
    name: Mapped[str] = mapped_column(default="")
    # File, line or id, so that somebody finds it.
    place: Mapped[str] = mapped_column(default="")
    person_id: Mapped[int | None]
    # 0 to 100, for a proposal.
    score: Mapped[int | None]
    decision: Mapped[Decision | None] = mapped_column(enum(Decision, "decision"))
    # What a person sees: [{field, old, new, kind}] or [{words, values}].
    detail: Mapped[list[Any]] = mapped_column(sa.JSON())
    # The thing as it was read (syncing/staging), for rows that will be written; then it is what the
    # source said (`SourceRecord.staged_id`).
    payload: Mapped[dict[str, Any] | None]


class SourceRecord(Base):
    """What one source last said about one person or body: the base of the three-way comparison."""

    __tablename__ = "source_record"
    __table_args__ = (
        sa.UniqueConstraint("source_id", "about", "key"),
        sa.Index(
            "ix_source_record_organization_id",
            "organization_id",
            sqlite_where=sa.text("organization_id IS NOT NULL"),
            postgresql_where=sa.text("organization_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(sa.ForeignKey("source.id"))
    # person or organization.
    about: Mapped[str] = mapped_column(sa.String(16))
    key: Mapped[str] = mapped_column(sa.String(400))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    organization_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    hash: Mapped[str] = mapped_column(sa.String(40))
    # The staged row that holds what it said. No foreign key: to discard another preview would look
    # through all records, and what was written is never discarded.
    staged_id: Mapped[int | None]
    # What it said, where no staged row holds it.
    base: Mapped[dict[str, Any]]
    first_run_id: Mapped[int] = mapped_column(sa.ForeignKey("import_run.id"), index=True)
    # The day of the first complete list that no longer had it.
    gone_since: Mapped[dt.date | None]


# What a source last said, for a query that joins `SAID_IN` outside.
SAID_IN = (StagedRow, StagedRow.id == SourceRecord.staged_id)
SAID = sa.case((SourceRecord.staged_id.is_(None), SourceRecord.base), else_=StagedRow.payload)


# Not looked up for each row by PostgreSQL, for the reasons in `identity.py`.
for _key in Base.metadata.tables["source_record"].foreign_key_constraints:
    _key.ddl_if(dialect="sqlite")


class ImportChange(Base):
    """One row of the directory that a run changed, as it was before: what undoing puts back."""

    __tablename__ = "import_change"
    __table_args__ = (sa.Index("ix_import_change_run", "run_id", "table", "row_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("import_run.id"))
    table: Mapped[str] = mapped_column(sa.String(40))
    row_id: Mapped[int]
    # {column: [before, after]}, days as ISO text.
    columns: Mapped[dict[str, Any]]


class ConflictState(StrEnum):
    """What a person did about a conflict."""

    OPEN = "open"
    KEPT = "kept"
    TAKEN = "taken"


class ImportConflict(Base):
    """A field that somebody changed by hand and the source changed too; ours stands till decided.

    A verified or hand-made address that its source replaced is one too (`field` = `contact:<id>`).
    """

    __tablename__ = "import_conflict"
    __table_args__ = (
        sa.Index("ix_import_conflict_state", "state"),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("import_run.id"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    field: Mapped[str] = mapped_column(sa.String(60))
    base: Mapped[str] = mapped_column(default="")
    ours: Mapped[str] = mapped_column(default="")
    theirs: Mapped[str] = mapped_column(default="")
    state: Mapped[ConflictState] = mapped_column(
        enum(ConflictState, "state"), default=ConflictState.OPEN
    )
    decided_by: Mapped[str | None] = mapped_column(sa.String(120))
    decided_at: Mapped[dt.datetime | None]
