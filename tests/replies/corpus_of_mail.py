"""The corpus: messages that somebody wrote who had not seen the code, and what each one is."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True)
class Expected:
    """What one message is, as its writer meant it. `letters` are ids of letters.yaml."""

    file: str
    language: str
    kind: str
    letters: tuple[str, ...]
    certain: bool
    said: dict[str, Any] = field(repr=False)

    @property
    def raw(self) -> bytes:
        """The message as a server hands it over."""
        return (FOLDER / self.file).read_bytes()

    @property
    def name(self) -> str:
        """What a test calls it."""
        return Path(self.file).stem


@functools.cache
def letters() -> list[dict[str, Any]]:
    """Return the letters that went out."""
    found: list[dict[str, Any]] = yaml.safe_load((FOLDER / "letters.yaml").read_text("utf-8"))
    return found


@functools.cache
def messages() -> list[Expected]:
    """Return every message that lies in a file."""
    rows = yaml.safe_load((FOLDER / "expected.yaml").read_text("utf-8"))
    return [
        Expected(
            file=row["file"],
            language=row["language"],
            kind=row["kind"],
            letters=tuple(row["letters"]),
            certain=row["certain"],
            said=row,
        )
        for row in rows
    ]
