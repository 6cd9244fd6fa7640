"""What was counted is told again only while nothing at all was written."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.database import Database, is_busy, remembered
from outreach.directory.models import Source


def _number(session: Session, asked: list[str]) -> int:
    def count() -> int:
        asked.append("counted")
        return session.scalar(sa.select(sa.func.count()).select_from(Source)) or 0

    return remembered(session, ("sources",), count)


def _add(session: Session, slug: str) -> None:
    session.add(Source(slug=slug, name=slug))
    session.flush()


def test_a_second_look_counts_nothing(database: Database) -> None:
    asked: list[str] = []
    for _request in range(3):
        with database.reading() as session:
            before = _number(session, asked)
    assert before == 0
    assert len(asked) == 1


def test_whatever_anybody_writes_is_seen_by_the_next_request(database: Database) -> None:
    asked: list[str] = []
    for there in range(4):
        with database.reading() as session:
            assert _number(session, asked) == there
            assert _number(session, asked) == there
        with database.writing() as session:
            _add(session, f"list-{there}")
    assert len(asked) == 4


def test_what_a_request_wrote_itself_is_counted_and_not_kept_when_taken_back(
    database: Database,
) -> None:
    asked: list[str] = []
    with database.reading() as session:
        assert _number(session, asked) == 0
    with database.session(writes=True) as session:
        assert _number(session, asked) == 0
        _add(session, "mine")
        assert _number(session, asked) == 1
        _add(session, "mine-too")
        assert _number(session, asked) == 2
        session.add(Source(slug="not-flushed", name=""))
        assert _number(session, asked) == 3
        session.rollback()
    with database.reading() as session:
        assert _number(session, asked) == 0


def test_a_request_that_began_earlier_does_not_see_what_came_later(database: Database) -> None:
    """Two connections at once: each remembers what it saw itself."""
    asked: list[str] = []
    with database.reading() as early:
        assert _number(early, asked) == 0
        with database.writing() as session:
            _add(session, "late")
        with database.reading() as session:
            assert _number(session, asked) == 1
        own = early.scalar(sa.select(sa.func.count()).select_from(Source))
        assert _number(early, asked) == own
    with database.reading() as one, database.reading() as other:
        assert (_number(one, asked), _number(other, asked)) == (1, 1)


def test_other_questions_have_other_answers(database: Database) -> None:
    with database.reading() as session:
        told = [remembered(session, one, one.upper) for one in ("a", "b", "a")]
    assert told == ["A", "B", "A"]


def _fails(connection: sa.Connection, statement: str) -> sa.exc.DBAPIError:
    with pytest.raises(sa.exc.DBAPIError) as failed:
        connection.execute(sa.text(statement))
    return failed.value


def test_a_locked_database_is_busy_and_a_missing_table_is_not(tmp_path: Path) -> None:
    engine = sa.create_engine(
        f"sqlite:///{tmp_path / 'x.db'}", connect_args={"timeout": 0, "isolation_level": None}
    )
    with engine.connect() as one, engine.connect() as other:
        one.execute(sa.text("BEGIN IMMEDIATE"))
        assert is_busy(_fails(other, "BEGIN IMMEDIATE"))
        assert not is_busy(_fails(other, "SELECT * FROM nothing"))
    engine.dispose()
    assert not is_busy(ValueError("database is locked"))


@pytest.mark.parametrize(
    ("state", "busy"),
    [
        *(("55P03", True), ("40P01", True), ("08006", True), (None, True)),
        *(("42P01", False), ("53100", False), ("57014", False)),
    ],
)
def test_what_postgresql_says_is_told_by_its_code(state: str | None, busy: bool) -> None:
    """A lock, a deadlock, the connection; not a missing table, a full disk, a query given up."""

    class Said(Exception):
        sqlstate = state

    assert is_busy(sa.exc.OperationalError("", {}, Said())) is busy
