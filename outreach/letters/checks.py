"""What is wrong with a letter's words, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from outreach.letters.models import Letter
from outreach.words import Sentence


def stopping(session: Session, letter: Letter) -> Sequence[Sentence]:
    """Return what must be mended before `letter` can go to approval: gaps above all (law 6)."""
    return ()
