"""What they wrote, quoted below an answer of ours: it is theirs, so no check of our words reads it.

Plain text as mail programs quote it: a line that names who wrote and when, then each line after
"> " (RFC 3676 §4.5).
"""

from __future__ import annotations

import datetime as dt

from outreach.letters.models import Letter, LetterKind
from outreach.petitions.phrases import wrote

# Letters that answer what somebody wrote; no other quotes anybody.
QUOTING = frozenset({LetterKind.ANSWER, LetterKind.THANKS, LetterKind.CORRECTION})
MOST_LINES = 300


def quotation_of(words: str, *, name: str, day: dt.date, language: str) -> str:
    """Return `words` of `name`, written on `day`, as a letter in `language` quotes them.

    Of very long ones the first 300 lines; nothing for no words. Raises Refused for a language
    nobody gave the words for.
    """
    plain = "".join(mark for mark in words if mark in "\n\t" or mark.isprintable())
    lines = [line.rstrip() for line in plain.strip().split("\n")]
    if not any(lines):
        return ""
    cut = [*lines[:MOST_LINES], "(…)"] if len(lines) > MOST_LINES else lines
    quoted = [f"> {line}" if line and not line.startswith(">") else f">{line}" for line in cut]
    return "\n".join([wrote(day, " ".join(name.split()), language), *quoted])


def own_words(letter: Letter) -> str:
    """Return the text of `letter` without what it quotes of theirs, and the line before it.

    Theirs is what was quoted when it was drafted, line for line; a line that somebody typed or
    changed is ours, whatever mark it stands behind.
    """
    theirs = {line.rstrip() for line in (letter.theirs or "").split("\n")} - {""}
    return "\n".join(line for line in letter.text.split("\n") if line.rstrip() not in theirs)
