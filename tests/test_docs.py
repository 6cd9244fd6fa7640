"""What the documents say is what the code does."""

from __future__ import annotations

import os
import re
from pathlib import Path

from outreach.config import read_settings
from outreach.letters.lifecycle import MOVES, State

ROOT = Path(__file__).resolve().parent.parent


def moves_table() -> str:
    """The table of moves as ARCHITECTURE.md shows it."""

    def words(members, order):
        return ", ".join(str(member) for member in order if member in members)

    rows = ["| move | from | to | hand | asks for a reason |", "|---|---|---|---|---|"]
    for move in MOVES:
        hands = ", ".join(sorted(hand.value for hand in move.hands))
        reason = "yes" if move.reason else ""
        sources = words(move.sources, State)
        rows.append(
            f"| {move.name.replace('_', ' ')} | {sources} | {move.target} | {hands} | {reason} |"
        )
    return "\n".join(rows)


def test_architecture_shows_the_table_of_moves():
    path = ROOT / "ARCHITECTURE.md"
    text = path.read_text("utf-8")
    shown = f"<!-- moves -->\n{moves_table()}\n<!-- /moves -->"
    current = re.search(r"<!-- moves -->.*<!-- /moves -->", text, re.S)
    assert current
    if os.environ.get("WRITE_DOCS"):
        path.write_text(text.replace(current[0], shown), "utf-8")
    else:
        assert current[0] == shown, "run the test once with WRITE_DOCS=1"


def test_readme_names_every_setting_and_no_other(tmp_path):
    text = (ROOT / "README.md").read_text("utf-8")
    settings = set(re.findall(r"^\s+([A-Z_]+) {2,}", str(read_settings.__doc__), re.M))
    assert settings
    assert settings <= set(re.findall(r"`([A-Z_]+)`", text))


def test_readme_names_only_make_targets_that_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    named = set(re.findall(r"make ([a-z-]+)", (ROOT / "README.md").read_text("utf-8")))
    assert {"run", "test"} <= named <= targets


def test_the_documents_say_nothing_of_this_machine():
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("requirements/*.txt")]:
        text = path.read_text("utf-8")
        assert not re.search(r"/root/|/home/\w+/|/work/", text), path
        assert not re.search(r"--(extra-)?index-url|https?://[^ ]*(pypi|npmjs)", text), path
