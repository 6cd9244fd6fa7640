"""A whole installation in one file, and back: into either database, all or nothing."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from outreach import backup
from outreach.accounts.models import Campaign
from outreach.cli import cli
from outreach.database import Database
from outreach.errors import BadFile, OutreachError
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind
from outreach.schema import Base
from tests import make
from tests.conftest import NOW


@pytest.fixture(scope="module")
def kept(
    tmp_path_factory: pytest.TempPathFactory, world_file: Path
) -> tuple[Path, dict[str, list[tuple]]]:
    """A backup of the built-in world with a letter and its reminder, and what it has to hold."""
    folder = tmp_path_factory.mktemp("kept")
    source = folder / "world.sqlite"
    shutil.copy(world_file, source)
    database = Database(f"sqlite:///{source}")
    with database.writing() as session:
        campaign = session.scalars(sa.select(Campaign)).one()
        first = make.letter(session, campaign, state=State.SENT, sent_at=NOW)
        make.letter(session, campaign, kind=LetterKind.REMINDER, follows_id=first.id)
        # A row that refers to a later one of its own table.
        twin, kept_one = make.person(session, "Ida Twin"), make.person(session, "Ida Example")
        twin.merged_into_id = kept_one.id
    home = folder / "home"
    (home / "capture").mkdir(parents=True)
    (home / "capture" / "one.eml").write_bytes(b"\x00bytes")
    (home / "secret-key").write_text("a key")
    (home / "outreach.sqlite").write_text("not twice")
    backup.write(database, home, folder / "all.zip", now=NOW)
    rows = everything(database)
    database.close()
    return folder / "all.zip", rows


def everything(database: Database) -> dict[str, list[tuple]]:
    with database.reading() as session:
        return {
            table.name: [tuple(row) for row in session.execute(backup._all_of(table))]
            for table in Base.metadata.sorted_tables
        }


@pytest.fixture
def empty(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'other.sqlite'}")


def test_what_comes_back_is_what_was_there(kept, empty: Database, tmp_path: Path) -> None:
    file, rows = kept
    counts = backup.read(empty, tmp_path / "home", file)
    assert everything(empty) == rows
    assert counts["letter"] == 2 and counts["jurisdiction"] > 40
    assert (tmp_path / "home" / "capture" / "one.eml").read_bytes() == b"\x00bytes"
    assert (tmp_path / "home" / "secret-key").read_text() == "a key"
    assert not (tmp_path / "home" / "outreach.sqlite").exists()


def test_it_goes_from_one_database_to_the_other_and_counts_on(
    kept, empty_postgres: Database, tmp_path: Path
) -> None:
    file, rows = kept
    backup.read(empty_postgres, tmp_path / "home", file)
    assert everything(empty_postgres) == rows
    with empty_postgres.writing() as session:
        campaign = session.scalars(sa.select(Campaign)).one()
        again = make.letter(session, campaign)
        assert again.id > max(row[0] for row in rows["letter"])


def test_a_home_with_something_in_it_is_left_alone(kept, empty: Database, tmp_path: Path) -> None:
    file, _rows = kept
    backup.read(empty, tmp_path / "home", file)
    with pytest.raises(OutreachError, match="something in this home"):
        backup.read(empty, tmp_path / "home", file)


def test_files_of_another_home_are_not_written_over(kept, empty: Database, tmp_path: Path) -> None:
    """Its database may be elsewhere: an empty one says nothing of the home."""
    file, _rows = kept
    home = tmp_path / "theirs"
    (home / "capture").mkdir(parents=True)
    (home / "secret-key").write_text("theirs")
    with pytest.raises(OutreachError, match=r"already \(capture\)"):
        backup.read(empty, home, file)
    assert (home / "secret-key").read_text() == "theirs"
    (home / "capture").rmdir()
    # As a new system user's home is, once its settings were read.
    (home / ".profile").write_text("")
    backup.read(empty, home, file)
    assert (home / "secret-key").read_text() == "a key"


def test_a_damaged_backup_restores_nothing(kept, empty: Database, tmp_path: Path) -> None:
    file, _rows = kept
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "tables/letter.jsonl":
                data = data.splitlines(keepends=True)[1]  # the reminder without its first letter
            new.writestr(name, data)
    with pytest.raises(OutreachError, match="rows it doesn't hold"):
        backup.read(empty, tmp_path / "home", broken)
    with empty.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 0
    for nonsense in (b"", b"not a zip"):
        (tmp_path / "no.zip").write_bytes(nonsense)
        with pytest.raises(BadFile, match="no backup"):
            backup.read(empty, tmp_path / "home", tmp_path / "no.zip")


def test_a_backup_of_a_newer_version_is_refused(kept, empty: Database, tmp_path: Path) -> None:
    file, _rows = kept
    newer = tmp_path / "newer.zip"
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(newer, "w") as new:
        manifest = json.loads(old.read("manifest.json")) | {"revision": "9999"}
        new.writestr("manifest.json", json.dumps(manifest))
    with pytest.raises(OutreachError, match="newer version"):
        backup.read(empty, tmp_path / "home", newer)


def test_nothing_is_overwritten_and_no_half_file_stays(kept, tmp_path: Path) -> None:
    file, _rows = kept
    database = Database(f"sqlite:///{file.parent / 'world.sqlite'}")
    with pytest.raises(OutreachError, match="there already"):
        backup.write(database, tmp_path, file, now=NOW)
    with pytest.raises(OutreachError, match="can't be written"):
        backup.write(database, tmp_path, tmp_path / "nowhere" / "all.zip", now=NOW)
    assert list(tmp_path.iterdir()) == []
    database.close()


def test_names_in_the_archive_reach_nothing_outside_the_home(
    kept, empty: Database, tmp_path: Path
) -> None:
    file, _rows = kept
    sly = tmp_path / "sly.zip"
    sly.write_bytes(file.read_bytes())
    with zipfile.ZipFile(sly, "a") as archive:
        archive.writestr("home/../../outside.txt", "x")
        archive.writestr("elsewhere/outside.txt", "x")
    backup.read(empty, tmp_path / "home", sly)
    assert not (tmp_path / "outside.txt").exists()
    assert not list(tmp_path.rglob("outside.txt"))


def test_the_commands_and_every_campaign_paused_after_them(
    kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, _rows = kept
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path / "new"))
    monkeypatch.delenv("OUTREACH_DATABASE_URL", raising=False)
    said = CliRunner().invoke(cli, ["restore", str(file)], catch_exceptions=False)
    assert "Nothing leaves until somebody resumes it." in said.stdout
    database = Database(f"sqlite:///{tmp_path / 'new' / 'outreach.sqlite'}")
    with database.reading() as session:
        assert session.scalars(sa.select(Campaign)).one().paused_at is not None
    database.close()
    again = CliRunner().invoke(cli, ["backup", str(tmp_path / "again.zip")], catch_exceptions=False)
    assert "tables are in" in again.stdout
    assert oct((tmp_path / "again.zip").stat().st_mode & 0o777) == "0o600"
    with zipfile.ZipFile(tmp_path / "again.zip") as archive:
        made = dt.datetime.fromisoformat(json.loads(archive.read("manifest.json"))["made_at"])
    assert made.tzinfo is not None
