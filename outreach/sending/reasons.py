"""What keeps a letter from leaving, and where it is mended."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from outreach.sending.situation import Situation
from outreach.words import Sentence

# (label, endpoint, values) of the page where something can be mended.
Mend = tuple[str, str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: passes by itself, at `until` (aware UTC) when that is known."""

    words: Sentence
    until: dt.datetime | None = None
    mend: Mend | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Not like this: a person has to mend it."""

    words: Sentence
    mend: Mend | None = None
    # Set on the one stop that recording a posting by hand does not mind.
    by_hand: bool = False


Reason = Wait | Stop


def target_page(at: Situation, label: str) -> Mend:
    """Where what we know of the target is mended."""
    return label, "directory.target", {"target_id": at.target.id}


def letter_page(at: Situation, label: str) -> Mend:
    """Where the letter itself is mended."""
    return label, "letters.letter", {"letter_id": at.letter.id}
