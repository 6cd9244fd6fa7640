"""The properties of one card, however its version writes groups, types and preference."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vobject.base import Component, ContentLine

from outreach.directory.importing import cleaning

# Words in front of other parameters in 2.1 ("TEL;WORK;VOICE:"), and TYPE everywhere else.
_PREFERRED = 1
_NO_PREFERENCE = 101
_CARET = {"^n": "\n", "^'": '"', "^^": "^"}
# "_$!<Work>!$_" is how Apple writes its own labels.
_APPLE = re.compile(r"_\$!<(.*)>!\$_")


@dataclass(frozen=True, slots=True)
class Property:
    """One line: its value is text, a list of texts (ORG) or a vobject value (N, ADR)."""

    name: str
    group: str
    value: Any
    params: dict[str, tuple[str, ...]]
    types: frozenset[str]

    @property
    def text(self) -> str:
        """The value as one tidied line."""
        several = self.value if isinstance(self.value, list) else [self.value]
        return cleaning.text(" ".join(str(one) for one in several))

    @property
    def preference(self) -> int:
        """1 is the most preferred, 101 what has no preference (RFC 6350, 5.3)."""
        if "pref" in self.types:
            return _PREFERRED
        written = self.param("PREF")
        return int(written) if re.fullmatch(r"\d{1,3}", written) else _NO_PREFERENCE

    def param(self, *names: str) -> str:
        """Return the first value of the first parameter there is, RFC 6868 escapes undone."""
        found = next((self.params[name][0] for name in names if self.params.get(name)), "")
        return re.sub(r"\^[n'^]", lambda match: _CARET[match[0]], found)


class Properties:
    """All properties of a card, in order."""

    def __init__(self, card: Component) -> None:
        lines = (one for one in card.getChildren() if isinstance(one, ContentLine))
        self._all = [_property(one) for one in lines if not isinstance(one.value, bytes)]
        self._labels = {
            one.group: _APPLE.sub(r"\1", one.text)
            for one in self._all
            if one.name == "X-ABLABEL" and one.group
        }

    def all(self, *names: str) -> list[Property]:
        """Return the properties of these names, the preferred first."""
        found = [one for one in self._all if one.name in names]
        return sorted(found, key=lambda one: one.preference)

    def one(self, name: str) -> Property | None:
        """Return the preferred property of a name, or None."""
        return next(iter(self.all(name)), None)

    def first(self, name: str) -> str:
        """Return the text of the preferred property of a name, or ""."""
        return next(iter(self.values(name)), "")

    def values(self, name: str) -> list[str]:
        """Return the texts of all properties of a name, the preferred first."""
        return [one.text for one in self.all(name) if one.text]

    def label(self, one: Property) -> str:
        """Return what the owner of the book calls this one ("Berlin office"), or ""."""
        return self._labels.get(one.group, "") if one.group else ""

    def name(self) -> dict[str, str]:
        """Return family, given, additional, prefix and suffix of N."""
        parts = ("family", "given", "additional", "prefix", "suffix")
        value = getattr(self.one("N"), "value", None)
        return {part: _joined(getattr(value, part, "")) for part in parts}

    def sort_name(self) -> str:
        """Return how lists sort the name: SORT-STRING (3.0) or SORT-AS (4.0)."""
        name = self.one("N")
        return self.first("SORT-STRING") or (cleaning.text(name.param("SORT-AS")) if name else "")

    def names(self) -> dict[str, str]:
        """Return {language: name} of the FN that say a language."""
        said = ((one.param("LANGUAGE"), one.text) for one in self.all("FN"))
        return {language: text for language, text in said if language and text}

    def identifiers(self) -> dict[str, str]:
        """Return {scheme: value} of X-IDENTIFIER, which our own export writes."""
        said = ((one.param("TYPE"), one.text) for one in self.all("X-IDENTIFIER"))
        return {scheme: text for scheme, text in said if scheme and text}

    def organization(self, one: Property | None) -> list[str]:
        """Return the body of an ORG and its units, the largest first."""
        value = one.value if one else []
        parts = value if isinstance(value, list) else [value]
        return [text for text in (cleaning.text(part) for part in parts) if text]


def _property(line: ContentLine) -> Property:
    params = {
        str(name).upper(): tuple(str(value) for value in values)
        for name, values in line.params.items()
    }
    bare = tuple(str(one) for one in getattr(line, "singletonparams", ()) or ())
    types = {
        word.strip().lower()
        for value in (*params.get("TYPE", ()), *bare)
        for word in value.split(",")
    }
    name, group = str(line.name).upper(), str(line.group or "").lower()
    return Property(name, group, line.value, params, frozenset(types))


def _joined(part: str | Iterable[str]) -> str:
    several = [part] if isinstance(part, str) else part
    return cleaning.text(" ".join(str(one) for one in several))
