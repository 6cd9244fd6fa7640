"""YAML files: what is wrong is named with file and line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from outreach import datafile
from outreach.errors import BadFile


class Card(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str
    seats: int | None = None
    languages: list[str] = []


def write(tmp_path, text):
    path = tmp_path / "card.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_norway_is_not_false_and_a_date_is_text(tmp_path):
    card = datafile.read(write(tmp_path, "code: NO\nlanguages: [no, 2020-12, on]\n"), Card)
    assert (card.code, card.languages) == ("NO", ["no", "2020-12", "on"])


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("code: DE\nseats: many\n", 2, "seats"),
        ("code: DE\nseets: 5\n", 2, "seets"),
        ("seats: 5\n", 1, "“code” is missing"),
        ("code: DE\ncode: FR\n", 2, "twice"),
        ("code: [DE\n", 2, "not YAML"),
        ("code: DE\n\tseats: 5\n", 2, "not YAML"),
        (b"code: D\xff\n", 1, "UTF-8"),
        ("", None, "empty"),
        ("a: &a [x]\nb: *a\n", 2, "alias"),
        pytest.param("[" * 1_000_000, None, "not YAML", id="nests a million deep"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path, text, line, words):
    with pytest.raises(BadFile, match=words) as caught:
        datafile.read(write(tmp_path, text), Card, name="card.yaml")
    assert caught.value.file == "card.yaml"
    assert caught.value.line == line


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadFile, match=r"gone\.yaml"):
        datafile.read(tmp_path / "gone.yaml", Card)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(tmp_path_factory, text):
    path = write(tmp_path_factory.mktemp("any"), text)
    try:
        card = datafile.read(path, Card)
    except BadFile as error:
        assert error.file == str(path)
    else:
        assert isinstance(card, Card)
