"""Writes many rows in one go: `executemany` on SQLite, COPY on PostgreSQL.

An import of 40,000 people is some 400,000 rows; the unit of work of the ORM would hold the write
lock for minutes where this holds it for seconds, the less as the rows lie ready in the database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

try:
    from psycopg.types.json import Json
except ModuleNotFoundError:  # there is no PostgreSQL without its driver
    Json = ()  # type: ignore[assignment, misc]

T = TypeVar("T")
Encoder = Callable[[Any], Any] | None
# What COPY reads as the end of a field or a line, or as the beginning of something else.
_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_LINES_AT_ONCE = 1_000


class Rows:
    """Rows of one table, encoded for the database as they are added.

    `columns` are the names a row gives, in order; `dialect` is that of the database. PostgreSQL
    gets lines of COPY, so that nothing is left to encode while the directory is held.
    """

    def __init__(self, table: sa.Table, columns: Sequence[str], dialect: sa.Dialect) -> None:
        self.table = table
        self.columns = tuple(columns)
        self.rows: list[Any] = []
        self._lines = dialect.name == "postgresql"
        self._encoders: tuple[Encoder, ...] = tuple(
            table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in columns
        )

    def add(self, *values: Any) -> None:
        """Add one row, its values in the order of `columns`."""
        encoded = tuple(
            value if encode is None else encode(value)
            for value, encode in zip(values, self._encoders, strict=True)
        )
        self.rows.append(_line(encoded) if self._lines else encoded)

    def __len__(self) -> int:
        return len(self.rows)


def _line(values: Iterable[Any]) -> str:
    """One line of COPY in its text format.

    https://www.postgresql.org/docs/current/sql-copy.html, "Text Format"
    """
    return "\t".join(map(_field, values)) + "\n"


def _field(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, Json):
        value = json.dumps(value.obj)
    # Numbers, days and truth read as Python writes them.
    return str(value).translate(_ESCAPED)


def insert(session: Session, rows: Rows) -> None:
    """Insert every row of `rows` in the session's transaction."""
    if len(rows):
        _load(session.connection(), _quoted(session.connection(), rows.table.name), rows)
        _continue_numbers(session, rows)


def lay_ready(connection: sa.Connection, rows: Rows) -> None:
    """Lay `rows` into a temporary table, from which `insert_ready` takes them.

    Only this connection sees it, and nobody waits for it. Commits.
    """
    if not len(rows):
        return
    table, ready, names = _names(connection, rows)
    with connection.begin():
        connection.exec_driver_sql(
            f"CREATE TEMPORARY TABLE {ready} AS SELECT {names} FROM {table} LIMIT 0"
        )
        _load(connection, ready, rows)


def insert_ready(session: Session, rows: Rows) -> None:
    """Insert every row of `rows`, which `lay_ready` has laid ready, in the session's transaction.

    One statement inside the database takes half the time of one for each row, and of COPY, which
    has texts to read.
    """
    if len(rows):
        table, ready, names = _names(session.connection(), rows)
        session.connection().exec_driver_sql(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM {ready}"
        )
        _continue_numbers(session, rows)


def _names(connection: sa.Connection, rows: Rows) -> tuple[str, str, str]:
    """The table of `rows`, the temporary one, and the columns, as SQL."""
    columns = ", ".join(_quoted(connection, name) for name in rows.columns)
    name = rows.table.name
    return _quoted(connection, name), _quoted(connection, f"ready_{name}"), columns


def _quoted(connection: sa.Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


def _load(connection: sa.Connection, into: str, rows: Rows) -> None:
    """Fill the table called `into` (as SQL) with `rows`."""
    driver = connection.connection.driver_connection
    names = ", ".join(_quoted(connection, name) for name in rows.columns)
    if driver is None:
        raise RuntimeError("the connection is closed")
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in rows.columns)
        driver.executemany(f"INSERT INTO {into} ({names}) VALUES ({marks})", rows.rows)
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY {into} ({names}) FROM STDIN") as copy:
        for start in range(0, len(rows.rows), _LINES_AT_ONCE):
            copy.write("".join(rows.rows[start : start + _LINES_AT_ONCE]))


def _continue_numbers(session: Session, rows: Rows) -> None:
    """Let PostgreSQL's own numbers go on behind those that `rows` brought along."""
    if "id" in rows.columns and session.connection().dialect.name == "postgresql":
        table = _quoted(session.connection(), rows.table.name)
        session.execute(
            sa.text(
                "SELECT setval(pg_get_serial_sequence(:table, 'id'), (SELECT max(id) FROM "
                + table
                + "))"
            ),
            {"table": rows.table.name},
        )


def count_anew(session: Session, table: sa.Table) -> None:
    """Let PostgreSQL know how many rows `table` has by now, in the middle of a transaction.

    It would go on believing in the few it knew before, and read all of them for each row that
    refers to one: half the time of an import. SQLite looks a reference up in its index anyway.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        name = connection.dialect.identifier_preparer.format_table(table)
        connection.execute(sa.text(f"ANALYZE {name}"))


def update(
    session: Session, table: sa.Table, changes: Iterable[tuple[int, dict[str, Any]]]
) -> None:
    """Set columns of rows by their id; rows with the same columns go in one statement."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for number, columns in changes:
        if columns:
            names = tuple(sorted(columns))
            values = {f"to_{name}": columns[name] for name in names}
            groups.setdefault(names, []).append({"the_id": number, **values})
    for names, parameters in groups.items():
        statement = (
            sa.update(table)
            .where(table.c.id == sa.bindparam("the_id"))
            .values({name: sa.bindparam(f"to_{name}", type_=table.c[name].type) for name in names})
        )
        session.connection().execute(statement, parameters)


def chunks(items: Sequence[T], size: int = 500) -> Iterable[Sequence[T]]:
    """Cut `items` into pieces that fit one IN list."""
    return (items[start : start + size] for start in range(0, len(items), size))
