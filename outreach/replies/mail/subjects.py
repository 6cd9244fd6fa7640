"""The subject of a letter as its answers repeat it."""

from __future__ import annotations

import re

from outreach.directory.spelling import fold

# What mail programs put before a subject when they answer or forward, in the languages of our
# letters; also numbered, "Re[2]:", and what gateways add in brackets, "[EXTERNAL]".
_WORDS = (
    "re|aw|antw|antwort|rép|rep|rif|r|res|resp|odp|ha|sv|vs|vá|на|отв|відп|ответ|atb|ynt|"
    "fw|fwd|wg|tr|rv|i|enc|pd|doorst|vl|vb|vb|переслано|fwd|пер|továbbítás"
)
_BEFORE = re.compile(rf"^\s*(?:\[[^\]]{{1,30}}\]|(?:{_WORDS})\s*(?:\[\d+\])?\s*[:：])\s*", re.I)


def bare_subject(subject: str) -> str:
    """Return `subject` folded, without what answering and forwarding put before it."""
    return " ".join(fold(without_prefixes(subject)).split())


def without_prefixes(subject: str) -> str:
    """Return `subject` as it was written, without what answering and forwarding put before it."""
    while (match := _BEFORE.match(subject)) is not None:
        subject = subject[match.end() :]
    return subject.strip()
