"""The migrations build what the models say, on both databases, and say so when they can't."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from outreach.config import shipped
from outreach.database import Database
from outreach.errors import OutreachError
from outreach.schema import Base

SQLITE_ONLY = {"ix_target_search", "ix_target_languages"}
POSTGRESQL_ONLY = {"ix_target_tongues", "ix_search_text_words"}
# What SQLite keeps the words of answers in by itself: no model reads or writes it.
INDEX_OF_WORDS = "search_index"
# References that PostgreSQL doesn't look up: `directory/identity.py` says why they hold.
SQLITE_ONLY |= {"fk_target_body_id", "fk_target_group_id", "fk_target_jurisdiction_code"}
SQLITE_ONLY |= {"fk_target_source_id", "fk_membership_source_id", "fk_contact_detail_source_id"}
SQLITE_ONLY |= {"fk_membership_area_id", "fk_membership_on_behalf_of_id"}
SQLITE_ONLY |= {"fk_source_record_source_id", "fk_source_record_first_run_id"}
SQLITE_ONLY |= {"fk_source_record_person_id", "fk_source_record_organization_id"}
SQLITE_ONLY |= {"fk_identifier_person_id", "fk_identifier_organization_id"}


def test_head_equals_the_models(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, Base.metadata)
    # Alembic looks past what an index or a reference says of the databases it is for.
    postgresql = database.url.get_backend_name() == "postgresql"
    elsewhere = SQLITE_ONLY if postgresql else POSTGRESQL_ONLY
    found = [
        one
        for one in found
        if (one[0] not in ("add_index", "add_fk") or one[1].name not in elsewhere)
        and not (one[0] == "remove_table" and one[1].name.startswith(INDEX_OF_WORDS))
    ]
    assert found == []


def test_check_constraints_are_those_of_the_models(database):
    inspector = sa.inspect(database.engine)
    for table in Base.metadata.tables.values():
        named = {str(c.name) for c in table.constraints if isinstance(c, sa.CheckConstraint)}
        built = {str(c["name"]) for c in inspector.get_check_constraints(table.name)}
        assert built == named, table.name


def test_migrating_twice_changes_nothing(database):
    database.migrate()
    with database.reading() as session:
        assert session.scalar(sa.text("select count(*) from alembic_version")) == 1


def test_a_database_from_the_future_is_left_alone(database):
    with database.writing() as session:
        newest = session.scalar(sa.text("select version_num from alembic_version"))
        session.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(OutreachError, match="newer version"):
        database.migrate()
    with database.writing() as session:
        # The PostgreSQL database is used again by the next test.
        session.execute(sa.text(f"update alembic_version set version_num = '{newest}'"))


def test_an_error_does_not_tell_the_row_it_was_about(database):
    with pytest.raises(sa.exc.SQLAlchemyError) as error, database.reading() as session:
        session.execute(sa.text("select nothing from nowhere where text = :text"), {"text": "Hush"})
    assert "Hush" not in str(error.value)


def test_files_are_numbered_without_gaps():
    files = sorted(Path(shipped("migrations") / "versions").glob("*.py"))
    assert [file.name[:4] for file in files] == [f"{n:04}" for n in range(1, len(files) + 1)]
    assert all(re.search(r'^revision = "(\d{4})"', file.read_text(), re.M) for file in files)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_of_many_that_start_together_one_migrates(kind, tmp_path, request):
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    if kind == "postgresql":
        server = request.getfixturevalue("postgres_url")
        admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql("DROP DATABASE IF EXISTS together")
            connection.exec_driver_sql("CREATE DATABASE together")
        admin.dispose()
        url = server.set(database="together").render_as_string(hide_password=False)
    barrier, failed = threading.Barrier(4), []

    def start() -> None:
        database = Database(url)
        barrier.wait()
        try:
            database.migrate()
            assert database.up_to_date()
        except Exception as error:
            failed.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
