"""The names a text may use are the names its writers are told."""

import re

import pytest

from outreach.letters import placeholders
from tests.letters import world


def test_the_readme_lists_every_name_with_its_meaning_and_sample():
    text = (world.LETTERS / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.*?) \|", text, re.MULTILINE))
    assert rows.pop("fact.R02") == placeholders.FACT_MEANING
    assert rows == {entry.name: entry.meaning for entry in placeholders.PLACEHOLDERS}
    for entry in placeholders.PLACEHOLDERS:
        assert f"| {entry.sample} |" in text


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("recipient.nmae", "recipient.name"),
        ("recipent.name", "recipient.name"),
        ("signature", "signatures"),
        ("previous.dat", "previous.date"),
        ("fact.r02", "fact.R02"),
        ("qqqqqqqq", None),
    ],
)
def test_the_nearest_name(word, near):
    assert not placeholders.is_known(word)
    assert placeholders.nearest(word) == near


def test_every_fact_code_is_a_name():
    assert placeholders.is_known("fact.R02") and placeholders.is_known("fact.F10")
    assert not placeholders.is_known("fact.R02.statement")
