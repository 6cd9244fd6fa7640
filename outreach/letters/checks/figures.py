"""Figures that somebody typed into a letter by hand."""

from __future__ import annotations

import re

from outreach.letters.models import Letter
from outreach.letters.quoted import own_words


def typed_figures(letter: Letter, made: str) -> list[str]:
    """Return the figures of `letter` that its words as `made` did not hold, in their order."""
    now = f"{letter.subject}\n{own_words(letter)}".replace(letter.code, "")
    brought_in = figures_in(made.replace(letter.code, ""))
    return [figure for figure in figures_in(now) if figure not in brought_in]


def figures_in(words: str) -> dict[str, None]:
    """Every figure of `words`, whole, once, in their order: 20 is not part of 2024."""
    found = re.findall(r"\d[\d.,\u00a0\u202f]*", words)
    return dict.fromkeys(figure.rstrip(".,\u00a0\u202f") for figure in found)
