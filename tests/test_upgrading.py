"""A database of an older house, with people and letters in it, becomes one of today and loses
nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from outreach.config import shipped
from outreach.database import Database

NAMES = "CREATE DATABASE older"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def first_house(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Database]:
    """A database as the first migration left it."""
    with house_of("0001", request, tmp_path) as database:
        yield database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def fifth_house(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Database]:
    """A database as the fifth migration left it: letters go and answers are logged."""
    with house_of("0005", request, tmp_path) as database:
        yield database


@contextlib.contextmanager
def house_of(revision: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give an empty database at `revision`, of the kind that the fixture's request names."""
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
        command.upgrade(config, revision)
        connection.commit()
    yield database
    database.close()
    if request.param == "postgresql":
        request.getfixturevalue("sweeper").execute("DROP DATABASE older")


def insert(connection: sa.Connection, table: str, **values: Any) -> None:
    """Insert a row; whatever has no default and is not given gets something of its type.

    What has to name another row names its first.
    """
    empty: dict[type, Any] = {
        sa.JSON: "{}", sa.Boolean: False, sa.String: "", sa.Text: "", sa.Integer: 0,
        sa.DateTime: "2026-03-03 09:00:00+00", sa.Date: "2026-03-03",
    }  # fmt: skip
    inspector = sa.inspect(connection)
    others = {key["constrained_columns"][0] for key in inspector.get_foreign_keys(table)}
    for column in inspector.get_columns(table):
        name = column["name"]
        if name in values or column["nullable"] or column["default"] is not None or name == "id":
            continue
        if name in others and isinstance(column["type"], sa.Integer):
            values[name] = 1
        else:
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


def test_letters_answers_and_attempts_are_still_there(fifth_house: Database) -> None:
    with fifth_house.engine.execution_options(outreach_writes=True).begin() as connection:
        low = {"publicity": "low", "publicity_confidence": "low", "recess_confidence": "low"}
        insert(connection, "jurisdiction", code="XX", name="Exampleland", **low)
        body = {"slug": "xx/chamber", "jurisdiction_code": "XX", "kind": "chamber"}
        insert(connection, "organization", id=1, name="Chamber", confidence="low", **body)
        insert(connection, "office", id=1, key="email:desk@chamber.example", name="Chamber")
        place = {"jurisdiction_code": "XX", "role": "ministry", "channel": "email"}
        insert(connection, "target", id=1, name="Chamber", organization_id=1, body_id=1, **place)
        insert(connection, "campaign", id=1, slug="hear-us", goal=1, mode="rehearsal")
        insert(connection, "sender", id=1, kind="person", voice="i")
        insert(connection, "petition", id=1)
        insert(connection, "demand", id=1, origin="petition")
        insert(connection, "ask", id=1, origin="petition")
        insert(connection, "template", id=1, kind="first")
        insert(connection, "template_version", id=1, number=1)
        insert(connection, "mailing", id=1)
        went = dict.fromkeys(("approved_at", "sent_at"), "2026-03-03 09:00:00+00")
        letter = {"kind": "first", "state": "sent", "seal": "x", "text": "Please hear us."}
        insert(connection, "letter", id=1, rehearsal=True, **letter, **went)
        said = {"channel": "email", "kind": "supportive", "signed_by": "staff"}
        insert(connection, "reply", id=1, text="We will.", rehearsal=True, **said)
        insert(connection, "reply_letter", reply_id=1, letter_id=1)
        ended = {"outcome": "delivered", "ended_at": "2026-03-03 09:00:00+00"}
        insert(connection, "attempt", id=1, number=1, message_id="1@us.example", **ended)
    fifth_house.migrate()
    with fifth_house.engine.begin() as connection:
        story = sa.text(
            "SELECT letter.text, reply.text, reply.incoming_id, attempt.message_id FROM letter"
            " JOIN attempt ON attempt.letter_id = letter.id"
            " JOIN reply_letter ON reply_letter.letter_id = letter.id"
            " JOIN reply ON reply.id = reply_letter.reply_id"
        )
        found = connection.execute(story).one()
        assert tuple(found) == ("Please hear us.", "We will.", None, "1@us.example")
        minutes = connection.execute(sa.text("SELECT retry_minutes FROM campaign")).scalar_one()
        assert minutes in ([1, 5, 15, 60, 240], "[1, 5, 15, 60, 240]")
    # What holds for new rows holds for those that were there.
    with (
        pytest.raises(sa.exc.IntegrityError),
        fifth_house.engine.execution_options(outreach_writes=True).begin() as connection,
    ):
        connection.execute(sa.text("UPDATE reply SET incoming_id = 99"))
