"""A worker takes up what waits, with the files of its own home."""

from __future__ import annotations

from pathlib import Path

from outreach.database import Database
from outreach.directory.syncing import runs, work
from outreach.directory.syncing.models import ImportRun, RunState
from tests.conftest import NOW
from tests.directory.syncing.lists import DAY, SAM, dataset


def test_a_list_uploaded_on_another_machine_says_which_worker_it_needs(
    database: Database, tmp_path: Path
) -> None:
    with database.writing() as session:
        run = runs.new_run(
            session,
            dataset(),
            file_name="list.csv",
            sha256="1",
            kept_as="uploads/1",
            complete=True,
            as_of=DAY,
            by=SAM,
            now=NOW,
        )
        number = run.id
    assert work.work(database, tmp_path, now=lambda: NOW, worker="w")
    with database.reading() as session:
        run = session.get_one(ImportRun, number)
        assert run.state is RunState.FAILED
        assert "--only letters --only drafts" in str(run.problem)
