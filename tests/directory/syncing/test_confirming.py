"""What columns mean is asked once, kept with the source, and asked again when somebody wants."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor
from outreach.directory.importing import formats
from outreach.directory.importing.opening import opened
from outreach.directory.importing.registry import Dataset
from outreach.directory.models import Source
from outreach.directory.syncing import confirming, runs
from outreach.directory.syncing.models import ImportRun, RunState
from outreach.errors import MoveRefused
from tests.conftest import NOW

SAM = Actor("Sam")
MAPPING = {"headers": ["Wer", "Haus"], "columns": {"Wer": "name", "Haus": "body"}}


def table(folder: Path, name: str, text: str) -> Dataset:
    path = folder / name
    path.write_text(text, "utf-8")
    with opened(path) as upload:
        (dataset,) = formats.recognised(upload)
    return dataset


def new_run(session: Session, dataset: Dataset) -> ImportRun:
    return runs.new_run(
        session,
        dataset,
        file_name="rat.csv",
        sha256="0" * 64,
        kept_as="imports/00/rat.csv",
        complete=True,
        as_of=NOW.date(),
        by=SAM,
        now=NOW,
    )


def test_confirmed_columns_are_known_for_every_list_with_the_same(
    session: Session, tmp_path: Path
) -> None:
    dataset = table(tmp_path, "rat.csv", "Wer;Haus\nAnn Muster;Rat\n")
    assert dataset.unsure
    assert confirming.with_known_columns(session, dataset) == dataset
    run = new_run(session, dataset)
    confirming.ask_for_columns(session, run, by=SAM, now=NOW)
    assert confirming.are_open(run)
    confirming.confirm_columns(session, run, MAPPING, sheet="", by=SAM, now=NOW)
    assert not confirming.are_open(run)
    assert run.options["mapping"] == session.get_one(Source, run.source_id).mapping == MAPPING

    other = table(tmp_path, "senat.csv", "Haus;Wer\nSenat;Ben Muster\n")
    known = confirming.with_known_columns(session, other)
    assert not known.unsure and known.options["mapping"]["columns"] == MAPPING["columns"]
    strange = table(tmp_path, "x.csv", "Wer;Haus;Ort\nCyril Muster;Senat;Bern\n")
    assert confirming.with_known_columns(session, strange).unsure


def test_nobody_confirms_what_was_not_asked(session: Session, tmp_path: Path) -> None:
    run = new_run(session, table(tmp_path, "rat.csv", "Wer;Haus\nAnn Muster;Rat\n"))
    with pytest.raises(MoveRefused):
        confirming.confirm_columns(session, run, MAPPING, sheet="", by=SAM, now=NOW)
    runs.move(session, run, RunState.PREVIEW, by=SAM, now=NOW)
    confirming.ask_for_columns(session, run, by=SAM, now=NOW)
    assert confirming.are_open(run)
    runs.move(session, run, RunState.APPLIED, by=SAM, now=NOW)
    with pytest.raises(MoveRefused):
        confirming.ask_for_columns(session, run, by=SAM, now=NOW)
