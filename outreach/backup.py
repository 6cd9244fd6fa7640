"""A whole installation in one file, and back: every table as lines of JSON, every file of the home.

The same file restores into SQLite and PostgreSQL, so it is also the way from one to the other. It
holds the secret key and every name: whoever has it has everything.
"""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Any

import sqlalchemy as sa

from outreach.database import Database
from outreach.errors import BadFile, OutreachError
from outreach.schema import Base, UTCDateTime
from outreach.words import Sentence

FORM = 1
MANIFEST = "manifest.json"
BATCH = 1_000
# Of a table whose rows may hold a whole file each.
LARGE_BATCH = 10
# The database itself goes as tables; what SQLite keeps beside it is part of it.
_DATABASE = (".sqlite", ".sqlite-wal", ".sqlite-shm")
# What a home holds before anything happened in it, and what a disk of its own has.
_OF_A_NEW_HOME = ("secret-key", "lost+found")


def write(database: Database, home: Path, target: Path, *, now: dt.datetime) -> dict[str, int]:
    """Write everything to `target` (a zip) and return {table: rows}. Overwrites nothing.

    One moment of the database is read, whatever happens meanwhile. Raises OutreachError when the
    file exists or can't be written; half a file never stays behind.
    """
    if target.exists():
        raise OutreachError(
            Sentence("%(file)s is there already. Name a new file.", file=str(target))
        )
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        number = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with (
            os.fdopen(number, "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as kept,
        ):
            counts = _write_tables(database, kept, now)
            _write_files(home, kept, {target.resolve(), beside.resolve()})
        beside.replace(target)
    except OSError as error:
        raise OutreachError(
            Sentence(
                "%(file)s can't be written (%(why)s). Nothing was changed.",
                file=str(target),
                why=error.strerror or str(error),
            )
        ) from error
    finally:
        beside.unlink(missing_ok=True)
    return counts


def read(database: Database, home: Path, source: Path) -> dict[str, int]:
    """Put everything of `source` into an empty database and home; return {table: rows}.

    All of the database or nothing. Raises BadFile for what is no backup, or one of a newer
    version; OutreachError when there is something already.
    """
    with _opened(source) as kept:
        manifest = _manifest(kept, source)
        _refuse_used(home)
        database.migrate(manifest["revision"])
        with database.writing() as session:
            _refuse_filled(session.connection(), manifest["revision"])
            counts = _read_tables(session.connection(), kept, manifest)
            # Before the commit: rows whose files have no room must not stay.
            _read_files(kept, home)
    database.migrate()
    return counts


def size_of(source: Path) -> int:
    """Return how many bytes `source` unpacks to. Raises BadFile for what is no backup."""
    with _opened(source) as kept:
        return sum(one.file_size for one in kept.infolist())


def _write_tables(database: Database, kept: zipfile.ZipFile, now: dt.datetime) -> dict[str, int]:
    counts = {}
    with database.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        revision = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        for table in Base.metadata.sorted_tables:
            with kept.open(f"tables/{table.name}.jsonl", "w") as lines:
                counts[table.name] = 0
                # Rows come from the server as they are written, not all before the first one.
                by_and_by = {"yield_per": _batch(table)}
                for row in connection.execute(_all_of(table), execution_options=by_and_by):
                    lines.write(json.dumps([_plain(value) for value in row]).encode() + b"\n")
                    counts[table.name] += 1
    manifest = {
        "form": FORM,
        "revision": revision,
        "made_at": now.isoformat(),
        "tables": {
            table.name: [column.name for column in table.columns]
            for table in Base.metadata.sorted_tables
        },
        "rows": counts,
    }
    kept.writestr(MANIFEST, json.dumps(manifest, indent=1))
    return counts


def _batch(table: sa.Table) -> int:
    """How many rows of a table are held in memory at once."""
    large = any(isinstance(column.type, sa.LargeBinary) for column in table.columns)
    return LARGE_BATCH if large else BATCH


def _all_of(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table).order_by(*table.primary_key.columns)


def _write_files(home: Path, kept: zipfile.ZipFile, without: set[Path]) -> None:
    for path in sorted(home.rglob("*")):
        if path.is_file() and not path.name.endswith(_DATABASE) and path.resolve() not in without:
            kept.write(path, f"home/{path.relative_to(home).as_posix()}")


def _plain(value: Any) -> Any:
    """A value of a column as JSON: instants and days as ISO 8601, bytes as base64."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value


def _opened(source: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile) as error:
        raise BadFile(str(source), None, Sentence("This is no backup of Outreach.")) from error


def _manifest(kept: zipfile.ZipFile, source: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(kept.read(MANIFEST))
        form = manifest["form"]
    except (KeyError, ValueError, TypeError) as error:
        raise BadFile(str(source), None, Sentence("This is no backup of Outreach.")) from error
    if form != FORM or kept.testzip() is not None:
        raise BadFile(
            str(source),
            None,
            Sentence("This backup is damaged, or of a newer version of Outreach."),
        )
    return manifest


def _refuse_used(home: Path) -> None:
    """Files of another installation, its secret key among them, are written over by nobody."""
    for path in home.iterdir() if home.is_dir() else ():
        new = path.name in _OF_A_NEW_HOME or path.name.endswith(_DATABASE)
        if not new and not path.name.startswith("."):
            words = Sentence(
                "There is something in this home already (%(name)s). Restore into an empty one.",
                name=path.name,
            )
            raise OutreachError(words)


def _refuse_filled(connection: sa.Connection, revision: str) -> None:
    if connection.scalar(sa.text("SELECT version_num FROM alembic_version")) != revision:
        raise OutreachError(
            Sentence("This home was set up by a newer version. Restore into one never started.")
        )
    for name in sa.inspect(connection).get_table_names():
        # What a database keeps an index of words in is never empty (migration 0008).
        if name == "alembic_version" or name.startswith("search_index"):
            continue
        if connection.scalar(sa.text(f'SELECT 1 FROM "{name}" LIMIT 1')) is not None:
            raise OutreachError(
                Sentence("There is something in this home already. Restore into an empty one.")
            )


def _read_tables(
    connection: sa.Connection, kept: zipfile.ZipFile, manifest: dict[str, Any]
) -> dict[str, int]:
    """Insert every row of every table, tables that others refer to first."""
    known = sa.MetaData()
    known.reflect(connection)
    counts = {}
    for model in Base.metadata.sorted_tables:
        if model.name not in manifest["tables"]:
            continue
        names = manifest["tables"][model.name]
        table = _typed(known.tables[model.name], model)
        rows = _rows(kept, table, names)
        counts[model.name] = _insert(connection, table, _in_order(table, rows))
        _number_on(connection, table)
    return counts


def _typed(there: sa.Table, model: sa.Table) -> sa.Table:
    """The table as the database has it, with the types the models give its columns."""
    for column in there.columns:
        if column.name in model.columns:
            kind = model.columns[column.name].type
            # Nothing is nothing, not JSON's word for it.
            column.type = sa.JSON(none_as_null=True) if isinstance(kind, sa.JSON) else kind
    return there


def _rows(kept: zipfile.ZipFile, table: sa.Table, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    with kept.open(f"tables/{table.name}.jsonl") as lines:
        for line in io.TextIOWrapper(lines, encoding="utf-8"):
            values = zip(names, json.loads(line), strict=True)
            yield {name: _of(table.columns[name].type, value) for name, value in values}


def _of(kind: sa.types.TypeEngine[Any], value: Any) -> Any:
    """The value of a column from its JSON; the other way round than `_plain`."""
    if value is None:
        return None
    if isinstance(kind, UTCDateTime):
        return dt.datetime.fromisoformat(value)
    if isinstance(kind, sa.Date):
        return dt.date.fromisoformat(value)
    if isinstance(kind, sa.LargeBinary):
        return base64.b64decode(value)
    if isinstance(kind, sa.Enum) and kind.enum_class is not None:
        return kind.enum_class(value)
    return value


def _in_order(table: sa.Table, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows that refer to rows of their own table come after those.

    Most do already; only those that come too early are held in memory.
    """
    own = [key.parent.name for key in table.foreign_keys if key.column.table.name == table.name]
    if not own:
        yield from rows
        return
    there: set[Any] = {None}
    waiting: Iterable[dict[str, Any]] = rows
    while True:
        before, early = len(there), []
        for row in waiting:
            if all(row[name] in there for name in own):
                there.add(row["id"])
                yield row
            else:
                early.append(row)
        if not early:
            return
        if len(there) == before:
            raise OutreachError(Sentence("The backup refers to rows it doesn't hold."))
        waiting = early


def _insert(connection: sa.Connection, table: sa.Table, rows: Iterator[dict[str, Any]]) -> int:
    done, batch, most = 0, [], _batch(table)
    for row in rows:
        batch.append(row)
        if len(batch) == most:
            connection.execute(sa.insert(table), batch)
            done, batch = done + most, []
    if batch:
        connection.execute(sa.insert(table), batch)
    return done + len(batch)


def _number_on(connection: sa.Connection, table: sa.Table) -> None:
    """Let PostgreSQL count on after the last number; SQLite does by itself."""
    if connection.dialect.name != "postgresql" or "id" not in table.columns:
        return
    connection.execute(
        sa.text(
            f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'),"
            f' coalesce(max(id), 0) + 1, false) FROM "{table.name}"'
        )
    )


def _read_files(kept: zipfile.ZipFile, home: Path) -> None:
    for name in kept.namelist():
        path = PurePosixPath(name)
        # Only below the home, whatever the archive says.
        if path.parts[:1] != ("home",) or len(path.parts) < 2 or ".." in path.parts:
            continue
        there = home.joinpath(*path.parts[1:])
        there.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = os.open(there, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(kept.read(name))
