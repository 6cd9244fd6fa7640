"""Turns that make an office put a letter aside, by language, as `templates/tone` has them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from pydantic import BaseModel, ConfigDict

from outreach import datafile
from outreach.config import shipped
from outreach.petitions import figures


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str
    threats: list[str]
    insults: list[str]
    pressing: list[str]
    attached: list[str]


class Tone:
    """The turns of one language, ready to be looked for."""

    def __init__(self, file: _File) -> None:
        self.hostile = _pattern([*file.threats, *file.insults])
        self.pressing = _pattern(file.pressing)
        self.attached = _pattern(file.attached)


def tone_of(language: str) -> Tone | None:
    """Return the turns to look for in `language` (BCP 47), or None when nobody listed any."""
    return _all().get(figures.base(language))


@cache
def _all() -> Mapping[str, Tone]:
    folder = shipped("templates") / "tone"
    files = (
        datafile.read(path, _File, name=f"tone/{path.name}")
        for path in sorted(folder.glob("*.yaml"))
    )
    return {file.language: Tone(file) for file in files}


def _pattern(turns: Sequence[str]) -> re.Pattern[str]:
    """Whole words, whatever their case and the spaces between; a star stands for any ending."""
    each = (
        re.escape(turn.rstrip("*")).replace(r"\ ", r"\s+") + (r"\w*" if turn[-1] == "*" else "")
        for turn in turns
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(each)})(?!\w)", re.IGNORECASE)
