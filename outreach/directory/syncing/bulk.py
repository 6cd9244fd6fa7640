"""Writes many rows in one go: `executemany` on SQLite, COPY on PostgreSQL.

An import of 40,000 people is some 400,000 rows; the unit of work of the ORM would hold the write
lock for minutes where this holds it for seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

T = TypeVar("T")
Encoder = Callable[[Any], Any] | None


class Rows:
    """Rows of one table, encoded for the database as they are added.

    `columns` are the names a row gives, in order; `dialect` is that of the database.
    """

    def __init__(self, table: sa.Table, columns: Sequence[str], dialect: sa.Dialect) -> None:
        self.table = table
        self.columns = tuple(columns)
        self.rows: list[tuple[Any, ...]] = []
        self._encoders: tuple[Encoder, ...] = tuple(
            table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in columns
        )

    def add(self, *values: Any) -> None:
        """Add one row, its values in the order of `columns`."""
        self.rows.append(
            tuple(
                value if encode is None else encode(value)
                for value, encode in zip(values, self._encoders, strict=True)
            )
        )

    def __len__(self) -> int:
        return len(self.rows)


def insert(session: Session, rows: Rows) -> None:
    """Insert every row of `rows` in the session's transaction."""
    if not rows.rows:
        return
    connection = session.connection()
    driver = connection.connection.driver_connection
    preparer = connection.dialect.identifier_preparer
    names = ", ".join(preparer.quote(name) for name in rows.columns)
    table = preparer.quote(rows.table.name)
    if driver is None:
        raise RuntimeError("the connection is closed")
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in rows.columns)
        driver.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows.rows)
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows.rows:
            copy.write_row(row)
    if "id" in rows.columns and table != "jurisdiction":
        session.execute(
            sa.text(
                "SELECT setval(pg_get_serial_sequence(:table, 'id'), (SELECT max(id) FROM "
                + table
                + "))"
            ),
            {"table": rows.table.name},
        )


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
