"""What changed between two texts: word by word, or first by paragraph."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import StrEnum

# Words shown on either side of a change.
_AROUND = 8


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


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two texts, paragraph by paragraph.

    `blocks` spells both texts in order: a block of one piece stayed as it was, the others hold the
    words that went and came.
    """

    blocks: tuple[tuple[Piece, ...], ...]

    @property
    def differing(self) -> tuple[tuple[Piece, ...], ...]:
        """Only the blocks that differ, with a few words around what changed."""
        return tuple(
            _shortened(block)
            for block in self.blocks
            if any(one.change is not Change.SAME for one in block)
        )


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


def _shortened(block: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Leave out what stayed the same, but for the words next to a change."""
    last = len(block) - 1
    return tuple(
        piece
        if piece.change is not Change.SAME
        else Piece(Change.SAME, _ends(piece.text, n > 0, n < last))
        for n, piece in enumerate(block)
    )


def _ends(text: str, after: bool, before: bool) -> str:
    """The first words of `text` when it stands `after` a change, the last ones `before` one."""
    words = _words(text)
    if len(words) <= 2 * _AROUND * (after + before):
        return text
    first = "".join(words[: 2 * _AROUND]) if after else ""
    end = "".join(words[-2 * _AROUND :]) if before else ""
    return f"{first} … {end}"


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of `text`: what stands between empty lines."""
    return [part for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if part]


def comparison(before: str, after: str) -> Comparison:
    """Return what changed from `before` to `after`; only paragraphs that differ are looked into."""
    old, new = paragraphs(before), paragraphs(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    blocks: list[tuple[Piece, ...]] = []
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            blocks += [(Piece(Change.SAME, one),) for one in old[old_from:old_to]]
            continue
        blocks.append(
            differences("\n\n".join(old[old_from:old_to]), "\n\n".join(new[new_from:new_to]))
        )
    return Comparison(tuple(blocks))


def changed_paragraphs(before: str, after: str) -> int:
    """Return how many paragraphs differ; quick, for lists of many letters."""
    old, new = paragraphs(before), paragraphs(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return sum(
        max(old_to - old_from, new_to - new_from)
        for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes()
        if tag != "equal"
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\s+|\S+", text.replace("\r\n", "\n"))
