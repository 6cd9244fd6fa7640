"""One table of formats: each file is recognised by one of them, or by none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from outreach.directory.importing.formats import FORMATS, format_named, recognised
from outreach.directory.importing.opening import opened
from outreach.errors import BadFile, BadInput

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
    ],
)
def test_recognition(tmp_path: Path, written: str, expected: str) -> None:
    (tmp_path / "list.json").write_text(written)
    with opened(tmp_path / "list.json") as upload:
        found = recognised(upload)
    assert [one.format for one in found] == [expected]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("list.json", b"", "empty"),
        ("list.json", b"\x00\x01", "not JSON"),
        ("list.json", b"[1, 2]", "holds no list of people"),
        ("list.json", b"[" * 100_000, "levels deep"),
        ("list.json", b"<!DOCTYPE html><title>Sign in</title>", "web page"),
        ("list.pdf", b"%PDF-1.4", "This is a PDF"),
        ("list.png", b"\x89PNG\r\n", "a picture"),
        ("list.yaml", b"a: &a [1]\nb: *c\n", "aliases"),
        ("list.yaml", b"a: 1\n", "This YAML holds no list"),
        ("list.xml", b"<a/>", "This XML is no list"),
        ("list.vcf", b"Dear all", "no address book"),
        ("list.docx", b"PK\x03\x04word", "damaged"),
        ("list.tar.gz", b"\x1f\x8b\x08", "Unpack it"),
        ("list.bin", b"\x00\x01", "no list we can read"),
    ],
)
def test_what_no_format_knows_is_told_what_it_is(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with opened(tmp_path / name) as upload, pytest.raises(BadFile, match=says) as caught:
        recognised(upload)
    assert caught.value.file == name


@pytest.mark.parametrize(
    ("names", "says"),
    [((), "no file in it"), (("a.zip", "b.zip"), "other zips"), (("a.md", "b.md"), "2 files")],
)
def test_a_folder_without_a_list_is_told(tmp_path: Path, names: tuple[str, ...], says: str) -> None:
    for name in names:
        (tmp_path / name).write_text("x")
    with opened(tmp_path) as upload, pytest.raises(BadFile, match=says):
        recognised(upload)


def test_every_dataset_names_its_format(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text(json.dumps({"persons": []}))
    with opened(tmp_path) as upload:
        for dataset in recognised(upload):
            assert format_named(dataset.format).name == dataset.format
