"""What a check of a mail account or of a domain found: a state, words, a record to publish."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from outreach.words import Sentence


class Found(StrEnum):
    """How a check ended; `unknown`: nobody answered the question."""

    GOOD = "good"
    MISSING = "missing"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Record:
    """A record for the DNS: name (without a dot at its end), kind and value."""

    name: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `name` is a word for it, such as `spf`."""

    name: str
    found: Found
    words: Sentence
    record: Record | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the finding as JSON values; `from_json` makes it again."""
        record = self.record
        return {
            "name": self.name,
            "found": self.found.value,
            "text": self.words.text,
            "values": {name: str(value) for name, value in self.words.values.items()},
            "record": [record.name, record.kind, record.value] if record else None,
        }


def from_json(kept: dict[str, Any]) -> Finding:
    """Return the finding that `Finding.as_json` made `kept` from."""
    record = Record(*kept["record"]) if kept["record"] else None
    words = Sentence(kept["text"], **kept["values"])
    return Finding(kept["name"], Found(kept["found"]), words, record)
