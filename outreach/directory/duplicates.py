"""Tells whether two names may be one person's, in whatever script or order they are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz import fuzz

from outreach.directory.spelling import fold, romanisations

# Every word of the shorter name stands in the longer one ("Ana Gomes", "Ana Maria Gomes").
_PART = 92
# They sound alike in every table of letters ("Yuliia", "Yuliya").
_SOUND = 97
# Letters that tables of different countries choose differently for one sound.
_ALIKE = (
    ("shch", "s"), ("sht", "s"), ("sch", "s"), ("sh", "s"), ("tch", "c"), ("ch", "c"),
    ("zh", "z"), ("kh", "h"), ("ph", "f"), ("th", "t"), ("ks", "x"), ("ck", "k"),
    ("w", "v"), ("q", "k"), ("y", "i"), ("j", "i"), ("ie", "e"),
)  # fmt: skip
_TWICE = re.compile(r"(.)\1+")
_APOSTROPHES = re.compile("['’‘ʼʹ′`´ʻ״׳]")


def spellings(names: Sequence[str]) -> tuple[str, ...]:
    """Return the ways to spell `names` that `likeness` compares: folded, words in order.

    Each name is taken in its own script and in Latin letters; "Żółć, Łukasz" and "Lukasz Zolc"
    share a spelling. Make them once for each person and compare often.
    """
    found: dict[str, None] = {}
    for name in names:
        for spelt in (fold(name), *romanisations(name), fold(_APOSTROPHES.sub(" ", name))):
            if spelt:
                found.setdefault(" ".join(sorted(spelt.split())))
    return tuple(found)


def likeness(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Return how alike two people's `spellings` are, 0 to 100.

    100: the same name after folding, in some spelling, in any order of its words. 97: it sounds
    alike. 92: one leaves words of the other out, and keeps two. Below: how many letters differ. An
    initial is no name: "J. Smith" is not John. What is alike is not the same person: somebody
    looks.
    """
    if not set(ours).isdisjoint(theirs):
        return 100
    best = 0
    for one in ours:
        for other in theirs:
            best = max(best, _alike(one, other, best))
    return best


def _alike(one: str, other: str, best: int) -> int:
    # 96 at most: one letter that differs is not the same name.
    score = min(96, int(fuzz.ratio(one, other, score_cutoff=45)))
    if not score:
        return 0
    if _sound(one) == _sound(other):
        return _SOUND
    few, many = sorted((one.split(), other.split()), key=len)
    kept = [word for word in few if len(word) > 1]
    if len(few) < len(many) and len(kept) == len(few) > 1 and set(few) < set(many):
        return _PART
    return score if score > best and _each_word_near(few, many) else 0


def _each_word_near(few: Sequence[str], many: Sequence[str]) -> bool:
    """Whether each word of the shorter name is nearly a word of the longer one.

    A long family name must not outweigh another given name: "Anna Konstantinopoulou" is not Petra.
    """
    return all(max(fuzz.ratio(word, other) for other in many) >= 65 for word in few)


@lru_cache(maxsize=200_000)
def _sound(spelling: str) -> str:
    for letters, sound in _ALIKE:
        spelling = spelling.replace(letters, sound)
    return " ".join(sorted(_TWICE.sub(r"\1", spelling).split()))
