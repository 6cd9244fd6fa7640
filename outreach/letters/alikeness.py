"""How alike two letters are, and which of many is the most alike, without comparing all with all.

What a parliament's office discards is the circular: the same sentences with another name on top. So
alike are letters that share runs of words. A run of five is rarely met by chance; one word changed
in a hundred leaves two letters 95 and more per cent alike, a paragraph of their own does not.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from operator import eq

# Words in a run. Shorter ones ("we ask you to") are common to letters that say different things.
RUN = 5
# Places of a signature; how many orders of them are searched, and how far to each side.
_PLACES = 64
_ORDERS = 8
_BESIDE = 3
# Of the candidates, as many are compared word by word.
CLOSEST = 4

_WORD = re.compile(r"\w+")
# A letter's reference is its own by design and says nothing: left out, wherever it is printed.
_CODE = re.compile(r"\b[0-9A-Z]{3}-[0-9A-Z]{3}\b")
_EMPTY = 0xFFFF_FFFF


def body_of(text: str, sender_name: str) -> str:
    """Return what stands between opening and closing of a letter's `text`, paragraphs and all.

    The closing is the paragraph before the one that begins with the sender's name; where nobody
    signs so, everything after the opening is body.
    """
    blocks = text.split("\n\n")
    signed = next(
        (n for n, block in enumerate(blocks) if n > 1 and block.split("\n")[0] == sender_name),
        len(blocks) + 1,
    )
    return "\n\n".join(blocks[1 : signed - 1])


def folded(body: str) -> list[str]:
    """Return the words of a body as they are compared: small letters, figures and names kept."""
    return _WORD.findall(unicodedata.normalize("NFKC", _CODE.sub("", body)).casefold())


def body_hash(body: str) -> str:
    """Return the SHA-256 of a body's folded words: equal for bodies that are 100 % alike."""
    return hashlib.sha256(" ".join(folded(body)).encode()).hexdigest()


def alikeness(one: str, other: str) -> int:
    """Return how alike two bodies are, in per cent (0 to 100), the same in both directions.

    Of all words of both, the share that stands in a run of five or more words which the other has
    too. 100 is said of the same words in the same order only; a body shorter than five words is
    one run.
    """
    return alike_words(folded(one), folded(other))


def alike_words(one: Sequence[str], other: Sequence[str]) -> int:
    """Return what `alikeness` returns, of words that are folded already."""
    if one == other:
        return 100
    length = min(RUN, len(one), len(other))
    if not length:
        return 0
    runs, others = _runs(one, length), _runs(other, length)
    both = set(runs) & set(others)
    shared = _covered(runs, both, length) + _covered(others, both, length)
    return min(99, 100 * shared // (len(one) + len(other)))


def _runs(words: Sequence[str], length: int) -> list[tuple[str, ...]]:
    return list(zip(*(words[start:] for start in range(length)), strict=False))


def _covered(
    runs: Sequence[tuple[str, ...]], both: Collection[tuple[str, ...]], length: int
) -> int:
    """How many words stand in one of the runs that are in `both`."""
    covered = end = 0
    for start, run in enumerate(runs):
        if run in both:
            covered += start + length - max(start, end)
            end = start + length
    return covered


def signature(words: Sequence[str]) -> array[int]:
    """Return 64 numbers, of which two bodies have about as many alike as they have runs.

    MinHash with one permutation (Li, Owen, Zhang: One Permutation Hashing, NIPS 2012): every run
    falls into one of 64 places, which keeps the smallest.
    """
    least = array("I", [_EMPTY]) * _PLACES
    length = min(RUN, len(words)) or 1
    coded = [word.encode() for word in words]
    for start in range(len(coded) - length + 1):
        value = zlib.crc32(b" ".join(coded[start : start + length]))
        place = value % _PLACES
        if value < least[place]:
            least[place] = value
    return least


class Neighbours:
    """Finds the letters that are probably most alike to one, among many; 300 bytes of each.

    The signatures lie in several orders, each beginning at another place: letters alike lie side
    by side in most of them. Only those near by are looked at.
    """

    def __init__(self, signatures: dict[int, array[int]]) -> None:
        self._signatures = signatures
        self._orders: list[list[int]] = []
        for number in range(_ORDERS):
            self._orders.append(sorted(signatures, key=self._key(number)))

    def _key(self, number: int) -> Callable[[int], bytes]:
        return lambda key: _rotated(self._signatures[key], number)

    def nearest(self, wanted: array[int], *, but: int | None = None) -> list[int]:
        """Return up to `CLOSEST` keys, the most promising first; never `but`."""
        near: set[int] = set()
        for number, order in enumerate(self._orders):
            at = bisect_left(order, _rotated(wanted, number), key=self._key(number))
            near.update(order[max(0, at - _BESIDE) : at + _BESIDE + 1])
        near.discard(-1 if but is None else but)
        scores = {key: sum(map(eq, wanted, self._signatures[key])) for key in near}
        return sorted(near, key=lambda key: (-scores[key], key))[:CLOSEST]


def _rotated(wanted: array[int], number: int) -> bytes:
    begin = number * _PLACES // _ORDERS
    return (wanted[begin:] + wanted[:begin]).tobytes()
