"""What is right and wrong with a letter, in sentences.

`words` reads a letter's words alone, `around` also what it quotes and whom it goes to.
"""

from __future__ import annotations

from outreach.letters.checks.around import findings, refusals, too_alike
from outreach.letters.checks.finding import Finding, Verdict
from outreach.letters.checks.words import body_words, length_for, stopping

__all__ = [
    "Finding",
    "Verdict",
    "body_words",
    "findings",
    "length_for",
    "refusals",
    "stopping",
    "too_alike",
]
