"""What changed between two texts, word by word."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import StrEnum


class Change(StrEnum):
    """Whether a piece of text stands in both versions or in one."""

    SAME = "same"
    OUT = "out"
    IN = "in"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words, and whether it stayed, went out or came in."""

    change: Change
    text: str


def differences(before: str, after: str) -> tuple[Piece, ...]:
    """Return `before` and `after` as one text of pieces; words and the spaces between them.

    The pieces that are not `in` spell `before`, those that are not `out` spell `after`.
    """
    old, new = _words(before), _words(after)
    pieces: list[Piece] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece(Change.SAME, "".join(old[old_from:old_to])))
            continue
        if old_to > old_from:
            pieces.append(Piece(Change.OUT, "".join(old[old_from:old_to])))
        if new_to > new_from:
            pieces.append(Piece(Change.IN, "".join(new[new_from:new_to])))
    return tuple(pieces)


def _words(text: str) -> list[str]:
    return re.findall(r"\s+|\S+", text.replace("\r\n", "\n"))
