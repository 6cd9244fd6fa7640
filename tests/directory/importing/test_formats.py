"""One table of formats: each file is recognised by one of them, or by none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from outreach.directory.importing.formats import FORMATS, format_named, recognised
from outreach.directory.importing.opening import opened
from outreach.errors import BadInput

ANSWER = {"head": {"vars": ["item"]}, "results": {"bindings": []}}


def test_names_are_unique_and_found() -> None:
    names = [one.name for one in FORMATS]
    assert len(set(names)) == len(names)
    assert [format_named(name) for name in names] == list(FORMATS)


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInput, match="popolo") as caught:
        format_named("pigeons")
    assert caught.value.field == "format"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (json.dumps({"persons": [], "memberships": []}), "popolo"),
        (json.dumps(ANSWER), "sparql"),
        ("\x00\x01", None),
    ],
)
def test_recognition(tmp_path: Path, written: str, expected: str | None) -> None:
    (tmp_path / "list.json").write_text(written)
    with opened(tmp_path / "list.json") as upload:
        found = recognised(upload)
    assert [one.format for one in found] == ([expected] if expected else [])


def test_every_dataset_names_its_format(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text(json.dumps({"persons": []}))
    with opened(tmp_path) as upload:
        for dataset in recognised(upload):
            assert format_named(dataset.format).name == dataset.format
