"""Who got no letter, by the reason why: read from what a mailing or a trial kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outreach.words import Sentence


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason and everybody it holds for, [{target_id, name, …}], in their order."""

    sentence: Sentence
    rows: Sequence[Mapping[str, Any]]


def by_reason(rows: Iterable[Mapping[str, Any]]) -> list[Reason]:
    """Return the lines of `Mailing.left_out` by reason, the most frequent first."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["reason"], []).append(row)
    found = [Reason(_sentence(several[0]), several) for several in groups.values()]
    return sorted(found, key=lambda reason: -len(reason.rows))


def _sentence(row: Mapping[str, Any]) -> Sentence:
    # Lines of older mailings hold the finished sentence only.
    if "text" not in row:
        return Sentence("%(reason)s", reason=row["reason"])
    return Sentence.from_json(row)
