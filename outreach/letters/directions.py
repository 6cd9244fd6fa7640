"""Which way a language is written, and what keeps its own way within a line."""

from __future__ import annotations

import functools
import re

from babel import Locale, UnknownLocaleError

# In a line from right to left, a run of Latin words with their figures keeps its own order
# (Unicode Standard Annex #9, isolates).
LATIN_RUN = re.compile(r"[A-Za-z0-9À-ɏ][A-Za-z0-9À-ɏ .,:/()@’'+–-]*[A-Za-z0-9À-ɏ)]")


@functools.lru_cache(maxsize=256)
def is_right_to_left(language: str) -> bool:
    """Return whether `language` (BCP 47) is written from right to left (CLDR)."""
    try:
        return str(Locale.parse(language, sep="-").character_order) == "right-to-left"
    except (UnknownLocaleError, ValueError):
        return False
