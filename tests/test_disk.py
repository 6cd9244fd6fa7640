"""A full disk: seen before it does harm, one sentence after, and the data as it was."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from outreach import disk
from outreach.cli import cli
from outreach.config import read_settings
from outreach.database import Database
from outreach.errors import OutreachError
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from tests import make
from tests.ports import reserved
from tests.sending.conftest import sendable

WORDS = "The disk is full."


def test_a_full_disk_is_told_from_other_errors(empty_sqlite: Database) -> None:
    with empty_sqlite.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(sa.exc.OperationalError) as full:
            connection.exec_driver_sql("CREATE TABLE t AS SELECT zeroblob(1000000) AS b")
    empty_sqlite.close()
    assert str(disk.told(full.value)).startswith(WORDS)
    with pytest.raises(OutreachError) as wrapped:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise OutreachError(disk.Sentence("It can't be written.")) from error
    assert disk.told(wrapped.value) is not None
    assert disk.told(OSError(errno.EACCES, "no")) is None


def test_nothing_is_claimed_when_there_is_no_room(
    empty_sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OUTREACH_DATABASE_URL", str(empty_sqlite.url))
    with empty_sqlite.writing() as session:
        letter = sendable(session, make.campaign(session), state=State.SCHEDULED)
    monkeypatch.setattr(disk, "LEAST_FREE", 10**18)
    for command in (["send-due"], ["worker", "--once"], ["contacts", "import", __file__]):
        said = CliRunner().invoke(cli, command)
        assert isinstance(said.exception, OutreachError), command
        assert str(said.exception).startswith(WORDS)
    with empty_sqlite.reading() as session:
        assert session.get_one(Letter, letter.id).state is State.SCHEDULED


class Small:
    """A home on a file system of 24 MB that can be filled."""

    def __init__(self, mount: Path) -> None:
        self.mount, self.home = mount, mount / "home"
        self._filling = mount / "filling"

    def run(self, *command: str) -> tuple[int, str]:
        """Run `outreach` there and return its exit code and what it said to the operator."""
        done = subprocess.run(
            [Path(sys.executable).parent / "outreach", *command],
            env=os.environ
            | {"OUTREACH_HOME": str(self.home), "DEMO": "no", "PORT": str(reserved())},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        return done.returncode, done.stderr

    def fill(self, keep: int) -> None:
        """Leave only `keep` bytes free."""
        self._filling.unlink(missing_ok=True)
        with self._filling.open("wb") as file:
            file.write(b"\0" * (shutil.disk_usage(self.mount).free - keep))

    def rows(self) -> dict[str, int]:
        """Return {table: rows} of a database that is whole."""
        settings = read_settings({"OUTREACH_HOME": str(self.home)})
        database = Database(settings.database_url)
        with database.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA quick_check").scalar_one() == "ok"
            names = [n for n in sa.inspect(connection).get_table_names() if "search" not in n]
            told = {n: connection.scalar(sa.text(f'SELECT count(*) FROM "{n}"')) for n in names}
        database.close()
        return told


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Small]:
    """A small file system of its own, where this machine lets us mount one."""
    mount = tmp_path / "small"
    mount.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(mount)]
    done = subprocess.run(mounting, capture_output=True, text=True, check=False)
    if done.returncode:
        words = f"Not tried: commands on a full disk, as nothing can be mounted: {done.stderr}"
        # Past pytest, which keeps the reasons of what was left out to itself.
        print(words, file=sys.__stderr__)
        pytest.skip(words)
    yield Small(mount)
    subprocess.run(["umount", str(mount)], check=True)


@pytest.mark.long
@pytest.mark.parametrize("keep", [0, 40_000, 2_000_000])
def test_every_command_on_a_full_disk(small: Small, tmp_path: Path, keep: int) -> None:
    assert small.run("seed")[0] == 0
    good = tmp_path / "good.zip"
    assert small.run("backup", str(good))[0] == 0
    people = tmp_path / "people.csv"
    people.write_text("name,email,country\nAnna Test,anna@parl.example,DE\n")
    before = small.rows()
    small.fill(keep)
    inside = small.mount / "b.zip"
    for command in (
        ("send-due",),
        ("worker", "--once"),
        ("worker",),
        ("run",),
        ("contacts", "import", str(people), "--yes"),
    ):
        code, said = small.run(*command)
        assert (code, said.count("\n")) == (1, 1), said
        assert said.startswith(f"outreach: {WORDS}"), said
    if keep < good.stat().st_size:
        code, said = small.run("backup", str(inside))
        assert code == 1 and ("No space left" in said or WORDS in said) and not inside.exists()
    if not keep:
        small.fill(2_000_000)  # even to look takes a little
    assert small.rows() == before

    shutil.rmtree(small.home)
    small.fill(keep)
    code, said = small.run("restore", str(good))
    assert code == 1 and (WORDS in said or "No space left" in said), said
    small.fill(20_000_000)
    assert small.run("restore", str(good))[0] == 0
    assert {name: count for name, count in small.rows().items() if name != "event"} == {
        name: count for name, count in before.items() if name != "event"
    }
