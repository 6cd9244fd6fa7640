"""Which letters of a mailing stand for the others: the commonest of each text, and a sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from outreach.letters.diff import paragraphs
from outreach.letters.models import Letter


@dataclass(frozen=True, slots=True)
class Text:
    """Letters made of one text in one language, which begin with one of its alternatives."""

    version_id: int
    language: str
    variant: str
    letters: tuple[Letter, ...]
    # The letter that has most in common with the others.
    commonest: Letter


def texts_of(letters: Sequence[Letter]) -> list[Text]:
    """Return the texts that `letters` were made of, the commonest first."""
    grouped: dict[tuple[str, int, str], list[Letter]] = {}
    for letter in letters:
        key = (letter.language, letter.template_version_id, letter.variant[0])
        grouped.setdefault(key, []).append(letter)
    found = []
    for (language, version_id, variant), group in sorted(grouped.items()):
        common = _commonness(group)
        # Nobody reads a text by a letter that was changed by hand while there is another.
        first = max(group, key=lambda one: (one.customised_at is None, common[one.id], -one.id))
        found.append(Text(version_id, language, variant, tuple(group), first))
    return sorted(found, key=lambda text: -len(text.letters))


def sample_of(letters: Sequence[Letter]) -> list[Letter]:
    """Return the letters to read for all `letters`; the same ones for the same letters.

    The longest, the shortest, the one least like the others of its text, and one of every language
    and of every alternative; in the order of their numbers.
    """
    if not letters:
        return []
    common: dict[int, float] = {}
    for text in texts_of(letters):
        common |= _commonness(text.letters)
    unusual = sorted(letters, key=lambda one: (common[one.id], one.id))
    chosen = {one.id: one for one in _outliers(letters, unusual)}
    seen = {kind for one in chosen.values() for kind in _kinds(one)}
    for one in unusual:
        if not seen.issuperset(_kinds(one)):
            seen |= _kinds(one)
            chosen[one.id] = one
    return sorted(chosen.values(), key=lambda one: one.id)


def _kinds(letter: Letter) -> set[object]:
    """The language of a letter, and the alternative it has in each place of its text."""
    return {letter.language, *enumerate(letter.variant)}


def _outliers(letters: Sequence[Letter], unusual: Sequence[Letter]) -> Iterator[Letter]:
    yield max(letters, key=lambda one: (len(one.text), -one.id))
    yield min(letters, key=lambda one: (len(one.text), one.id))
    yield unusual[0]


def _commonness(letters: Iterable[Letter]) -> Mapping[int, float]:
    """{letter id: the mean share of the letters that have each of its paragraphs too}."""
    of = {letter.id: paragraphs(letter.text) or [""] for letter in letters}
    count = Counter(part for parts in of.values() for part in set(parts))
    return {
        letter_id: sum(count[part] for part in parts) / (len(parts) * len(of))
        for letter_id, parts in of.items()
    }
