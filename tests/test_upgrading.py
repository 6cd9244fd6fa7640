"""A database of the first house, with people in it, becomes one of today and loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from outreach.config import shipped
from outreach.database import Database

NAMES = "CREATE DATABASE older"


@pytest.fixture(params=["sqlite", "postgresql"])
def first_house(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Database]:
    """A database as the first migration left it."""
    if request.param == "sqlite":
        url = sa.make_url(f"sqlite:///{tmp_path / 'older.sqlite'}")
    else:
        server: sa.URL = request.getfixturevalue("postgres_url")
        request.getfixturevalue("sweeper").execute(NAMES)
        url = server.set(database="older")
    database = Database(url.render_as_string(hide_password=False))
    config = Config()
    config.set_main_option("script_location", str(shipped("migrations")))
    with database.engine.execution_options(outreach_writes=True).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.commit()
    yield database
    database.close()
    if request.param == "postgresql":
        request.getfixturevalue("sweeper").execute("DROP DATABASE older")


def insert(connection: sa.Connection, table: str, **values: Any) -> None:
    """Insert a row; whatever has no default and is not given gets something of its type."""
    empty: dict[type, Any] = {
        sa.JSON: "{}", sa.Boolean: False, sa.String: "", sa.Text: "", sa.Integer: 0,
    }  # fmt: skip
    for column in sa.inspect(connection).get_columns(table):
        name = column["name"]
        if name not in values and not column["nullable"] and name != "id":
            kind = next(one for one in empty if isinstance(column["type"], one))
            values[name] = empty[kind]
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)


def test_people_addresses_and_checks_are_still_there(first_house: Database) -> None:
    with first_house.engine.execution_options(outreach_writes=True).begin() as connection:
        insert(
            connection,
            "jurisdiction",
            code="XX",
            name="Exampleland",
            publicity="low",
            publicity_confidence="low",
            recess_confidence="low",
        )
        insert(
            connection,
            "organization",
            id=1,
            slug="xx/chamber",
            jurisdiction_code="XX",
            kind="chamber",
            name="Chamber",
            confidence="low",
        )
        insert(connection, "person", id=1, name="Jane Roe", form_of_address="x")
        insert(connection, "membership", id=1, person_id=1, organization_id=1, role="member_lower")
        insert(connection, "office", id=1, key="email:jane@chamber.example", name="Chamber")
        insert(
            connection,
            "contact_detail",
            id=1,
            person_id=1,
            kind="email",
            value="jane@chamber.example",
            normalised="jane@chamber.example",
            verified_on="2026-03-01",
            verified_by="Sam",
            state="ok",
        )
        insert(
            connection,
            "target",
            id=1,
            membership_id=1,
            office_id=1,
            jurisdiction_code="XX",
            body_id=1,
            role="member_lower",
            name="Jane Roe",
            channel="email",
        )
    first_house.migrate()
    with first_house.engine.execution_options(outreach_writes=True).begin() as connection:
        found = connection.execute(sa.text("SELECT name, verified_until FROM target")).one()
        assert (found[0], str(found[1])) == ("Jane Roe", "2026-08-28")
        assert connection.execute(sa.text("SELECT value FROM contact_detail")).scalar() == (
            "jane@chamber.example"
        )
        # The words that are new are taken, others still refused.
        connection.execute(sa.text("UPDATE organization SET kind = 'council'"))
        connection.execute(sa.text("UPDATE target SET role = 'member'"))
    with (
        pytest.raises(sa.exc.IntegrityError),
        first_house.engine.execution_options(outreach_writes=True).begin() as connection,
    ):
        connection.execute(sa.text("UPDATE organization SET kind = 'nonsense'"))
