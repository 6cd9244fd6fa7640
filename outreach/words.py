"""Sentences that rooms speak and doors translate: the English text and its values, kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def N_(text: str) -> str:  # noqa: N802  (gettext's own name for "mark, translate later")
    """Return `text` unchanged; marks it for the extraction of translatable sentences."""
    return text


class Language(str):
    """A BCP 47 code inside a sentence: doors print the name of the language in its place."""

    __slots__ = ()


class Sentence:
    """An English sentence with `%(name)s` gaps and the values for them.

    Doors translate `text` and then fill the gaps; `str()` gives plain English for logs, command
    line and tests. Two sentences are equal when text and values are.
    """

    __slots__ = ("text", "values")

    def __init__(self, text: str, /, **values: object) -> None:
        self.text = text
        self.values = values

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Sentence:
        """Return the sentence that `as_json` kept."""
        return cls(kept["text"], **kept.get("values", {}))

    def as_json(self) -> dict[str, Any]:
        """Return {text, values} for a column, to be translated when somebody reads it."""
        values = {
            key: value if isinstance(value, int) else str(value)
            for key, value in self.values.items()
        }
        return {"text": self.text, "values": values}

    def __str__(self) -> str:
        return self.text % self.values if self.values else self.text

    def __repr__(self) -> str:
        return f"Sentence({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sentence):
            return NotImplemented
        return (self.text, self.values) == (other.text, other.values)

    def __hash__(self) -> int:
        return hash(str(self))
