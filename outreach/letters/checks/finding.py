"""What one check found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from outreach.words import N_, Sentence

# (label, endpoint, values) of the page where something can be mended.
Mend = tuple[str, str, dict[str, Any]]


class Verdict(StrEnum):
    """What a check says of a letter."""

    PASSED = "passed"
    # A person has to judge it.
    LOOK = "look"
    # Never approved unread, nor with others.
    FAILING = "failing"


# What pages call each check.
NAMES: Mapping[str, str] = {
    "gaps": N_("Gaps"),
    "length": N_("Length"),
    "tone": N_("Tone"),
    "links": N_("Links"),
    "asks": N_("Ask"),
    "attachments": N_("Attachments"),
    "figures": N_("Figures"),
    "address": N_("Address"),
    "alike": N_("Likeness"),
    "reader": N_("Native reader"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of one letter: which, how it went, in words, and where it can be mended.

    `stops`: nobody can approve the letter before it is mended.
    """

    check: str
    verdict: Verdict
    words: Sentence
    mend: Mend | None = None
    stops: bool = False

    @property
    def name(self) -> str:
        """What pages call this check, in English, to be translated."""
        return NAMES[self.check]


def passed(check: str, words: Sentence) -> Finding:
    """Return that a check found nothing wrong."""
    return Finding(check, Verdict.PASSED, words)


def look(check: str, words: Sentence, mend: Mend | None = None) -> Finding:
    """Return that a person has to judge what a check found."""
    return Finding(check, Verdict.LOOK, words, mend)


def failing(
    check: str, words: Sentence, mend: Mend | None = None, *, stops: bool = False
) -> Finding:
    """Return that a check failed; `stops`: nobody can approve the letter like this."""
    return Finding(check, Verdict.FAILING, words, mend, stops)
