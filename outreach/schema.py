"""What every table is made of: the declarative base, names of constraints, UTC instants, enums."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.functions import FunctionElement

# There is nothing to leap over in a text of so few letters.
_SHORT = 2
# Alembic and PostgreSQL's error messages need every constraint to have the same name everywhere.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(types.TypeDecorator[dt.datetime]):
    """An instant. Takes aware datetimes only, stores UTC, returns aware UTC on every database.

    Raises ValueError for a naive datetime: SQLite forgets zones, so a mistake would stay unseen.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; store instants as aware UTC")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        instant: dt.datetime = value
        if instant.tzinfo is None:
            return instant.replace(tzinfo=dt.UTC)
        return instant.astimezone(dt.UTC)


class ListOf(types.TypeDecorator[list[Any]]):
    """Many numbers or words as one value of a statement, for `among`."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, kind: type = int) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """JSON on SQLite, an array on PostgreSQL."""
        if dialect.name != "postgresql":
            return dialect.type_descriptor(sa.Text())
        return dialect.type_descriptor(ARRAY(sa.Integer() if self.kind is int else sa.Text()))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return the values as the driver takes them."""
        return list(value) if dialect.name == "postgresql" else json.dumps(list(value))


class TextsByNumber(sa.TypeDecorator[dict[int, str]]):
    """Texts by numbers as one bound value: a JSON object."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return the texts as the driver takes them."""
        return json.dumps(value)


class _Among(FunctionElement[bool]):
    inherit_cache = True
    type = sa.Boolean()

    def self_group(self, against: Any = None) -> Any:
        # SQLite knows no booleans, so "= 1" would be added, and then no index is used.
        return self


@compiles(_Among)
def _among_json(element: _Among, compiler: Any, **how: Any) -> str:
    column, values = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"


@compiles(_Among, "postgresql")
def _among_array(element: _Among, compiler: Any, **how: Any) -> str:
    column, values = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} = ANY({values})"


class _Holding(FunctionElement[bool]):
    inherit_cache = True
    type = sa.Boolean()

    def self_group(self, against: Any = None) -> Any:
        # See above.
        return self


@compiles(_Holding)
def _holding_like(element: _Holding, compiler: Any, **how: Any) -> str:
    column, part = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} LIKE '%' || {part} || '%'"


@compiles(_Holding, "postgresql")
def _holding_at(element: _Holding, compiler: Any, **how: Any) -> str:
    # LIKE tries each letter of a text; this leaps as far as what is looked for is long.
    column, part = (compiler.process(one, **how) for one in element.clauses)
    return f"strpos({column}, {part}) > 0"


class _Each(FunctionElement[Any]):
    inherit_cache = True
    name = "each"


@compiles(_Each)
def _each_json(element: _Each, compiler: Any, **how: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **how)})"


@compiles(_Each, "postgresql")
def _each_array(element: _Each, compiler: Any, **how: Any) -> str:
    return f"unnest({compiler.process(element.clauses, **how)})"


def each(name: str) -> sa.TableValuedAlias:
    """Return the numbers bound to `name` as a table with one column, `value`."""
    return _Each(sa.bindparam(name, type_=ListOf(int))).table_valued("value", name="value")


class _Pairs(FunctionElement[Any]):
    inherit_cache = True
    name = "pairs"


@compiles(_Pairs)
def _pairs_json(element: _Pairs, compiler: Any, **how: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **how)})"


@compiles(_Pairs, "postgresql")
def _pairs_text(element: _Pairs, compiler: Any, **how: Any) -> str:
    return f"json_each_text(CAST({compiler.process(element.clauses, **how)} AS json))"


def each_text(name: str) -> sa.FromClause:
    """Return the texts by numbers ({number: text}) bound to `name` as a table `number`, `text`."""
    pairs = _Pairs(sa.bindparam(name, type_=TextsByNumber())).table_valued("key", "value")
    number = sa.cast(pairs.c.key, sa.Integer).label("number")
    text = sa.type_coerce(pairs.c.value, sa.Text).label("text")
    return sa.select(number, text).subquery(name)


def among(column: Any, name: str, kind: type = int) -> sa.ColumnElement[bool]:
    """Return that `column` is one of the values bound to `name` (of `kind` int or str).

    For a statement that is made once and asked again and again: unlike `in_`, it is not written
    anew for every number of values.
    """
    return _Among(column, sa.bindparam(name, type_=ListOf(kind)))


def one_of(column: Any, numbers: Sequence[int]) -> sa.ColumnElement[bool]:
    """Return that `column` is one of `numbers`: thousands of them are one value all the same."""
    return _Among(column, sa.bindparam(None, numbers, type_=ListOf(int), unique=True))


def holds(column: Any, part: str) -> sa.ColumnElement[bool]:
    """Return that the text `column` holds `part` anywhere. Of letters, digits and spaces only."""
    found: sa.ColumnElement[bool] = column.contains(part)
    return found if len(part) <= _SHORT else _Holding(column, part)


Model = TypeVar("Model")


class Plain:
    """A row of a model that is only looked at: its columns by their names, and nothing else."""

    def __init__(self, names: Sequence[str], values: Sequence[Any]) -> None:
        self.__dict__.update(zip(names, values, strict=True))


def plain_rows(
    session: Session, query: sa.Select[Model, *tuple[Any, ...]], told: Mapping[str, Any]
) -> list[Model]:
    """Return what `query` finds as `Plain` rows that read like its first, a model.

    For thousands of rows: a session that watches each for changes takes several times as long.
    They have no relationships and no properties, and what is set on them is never written.
    """
    session.flush()
    found = session.connection().execute(query, told)
    names = tuple(found.keys())
    return cast("list[Model]", [Plain(names, row) for row in found])


def asked(
    session: Session, query: sa.Select[*tuple[Any, ...]], told: Mapping[str, Any] | None = None
) -> Sequence[Any]:
    """Return the rows of a query of columns, past what a session does for models.

    For questions that every batch of letters asks: half the time of `session.execute`.
    """
    session.flush()
    return session.connection().execute(query, told).all()


def enum(kind: type[StrEnum], name: str) -> sa.Enum:
    """Return a column type that stores the values of `kind` as text.

    `name` names the check constraint; the database refuses any other word.
    """
    return sa.Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=name,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """The base of every model; times are UTC, lists and dicts are JSON."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dt.datetime: UTCDateTime(),
        dict[str, Any]: sa.JSON(),
        dict[str, str]: sa.JSON(),
        list[str]: sa.JSON(),
        str: sa.Text(),
        bytes: sa.LargeBinary(),
    }
