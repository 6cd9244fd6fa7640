"""Sets sheets as PDF; knows no letter and no database.

PDF/UA-1 (ISO 14289-1): tagged for screen readers, with title and language. The file names no
author, no time and no place.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typst

from outreach.config import shipped
from outreach.errors import Refused
from outreach.words import Sentence

_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One letter as the typesetter takes it; `mark` stands in a box on what must not be sent."""

    lang: str
    region: str | None
    rtl: bool
    subject: str
    # Paragraphs as lists of lines; the small print apart.
    blocks: list[list[str]]
    small: list[str]
    code: str
    date: str
    mark: str
    address: list[str]
    sender: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TickList:
    """The list at the end of a pile: a title, the heads of six columns, a row for each letter."""

    title: str
    lang: str
    columns: list[str]
    rows: list[list[str]]


def pdf(
    sheets: Sequence[Sheet], *, title: str, fonts: Path, ticks: TickList | None = None
) -> bytes:
    """Return a PDF of `sheets`, each on pages of its own, with `ticks` at the end.

    PDF/UA-1 (ISO 14289-1): tagged, with `title` and language. `fonts` is the folder of the fonts
    that the typesetter lacks. One letter costs some milliseconds; a pile belongs in `pdf_apart`.
    """
    inputs = {
        "letters": json.dumps([asdict(sheet) for sheet in sheets]),
        "title": title,
        "list": json.dumps(asdict(ticks)) if ticks else "",
    }
    with _ONE_AT_A_TIME:
        made = _typesetter(fonts).compile(sys_inputs=inputs, format="pdf", pdf_standards=["ua-1"])
    assert isinstance(made, bytes)
    return made


def pdf_apart(
    sheets: Sequence[Sheet], *, title: str, fonts: Path, ticks: TickList | None = None
) -> bytes:
    """Return what `pdf` does, made in a process of its own: the typesetter keeps what it used.

    Raises Refused when that process fails.
    """
    asked = {
        "sheets": [asdict(sheet) for sheet in sheets],
        "title": title,
        "fonts": str(fonts),
        "ticks": asdict(ticks) if ticks else None,
    }
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=json.dumps(asked).encode("ascii"),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise Refused(
            Sentence(
                "The pile could not be printed: the typesetter stopped. Print fewer letters at "
                "once, or one by one to find the letter it stopped at."
            )
        )
    return done.stdout


@functools.lru_cache(maxsize=2)
def _typesetter(fonts: Path) -> typst.Compiler:
    """Reads layout and fonts once; uses no font of the machine, so every machine prints alike."""
    layout = shipped("templates") / "print" / "letter.typ"
    return typst.Compiler(str(layout), font_paths=[str(fonts)], ignore_system_fonts=True)


def main() -> None:
    """Read what `pdf_apart` wrote from the standard input, write the PDF to the standard output."""
    asked = json.load(sys.stdin)
    made = pdf(
        [Sheet(**sheet) for sheet in asked["sheets"]],
        title=asked["title"],
        fonts=Path(asked["fonts"]),
        ticks=TickList(**asked["ticks"]) if asked["ticks"] else None,
    )
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
