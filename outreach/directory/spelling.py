"""Turns names of any script into keys that a search finds however somebody types them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

# Letters that Unicode doesn't take apart, with the plain letters people type for them.
_PLAIN = str.maketrans(
    {
        "ı": "i",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ħ": "h",
        "ŋ": "n",
        "ə": "e",
        "ŧ": "t",
        "ς": "σ",
    }
)
# What German and Nordic names become where the keyboard lacks the letter.
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_APOSTROPHES = re.compile("['’‘ʼʹ′`´ʻ״׳]")
_NOT_A_WORD = re.compile(r"[\W_]+")


def _table(letters: str, spellings: str) -> dict[str, str]:
    """Pair each letter with its spelling; `_` stands for nothing."""
    return dict(zip(letters, spellings.split(), strict=True))


# Cyrillic as it is romanised in Ukraine (2010), Bulgaria (2009) and by most foreign ministries.
_CYRILLIC = _table(
    "абвгґдеёєжзиіїйклмнопрстуўфхцчшщъыьэюяј",
    "a b v g g d e e ye zh z i i yi y k l m n o p r s t u u f kh ts ch sh shch a y _ e yu ya j",
)
_CYRILLIC_OTHER = _CYRILLIC | {
    "г": "h",
    "є": "ie",
    "и": "y",
    "ї": "i",
    "й": "i",
    "х": "h",
    "щ": "sht",
    "ъ": "_",
    "ю": "iu",
    "я": "ia",
    "ё": "yo",
}
# Greek after ELOT 743, and as people type it by ear.
_GREEK = _table(
    "αβγδεζηθικλμνξοπρσςτυφχψω",
    "a v g d e z i th i k l m n x o p r s s t y f ch ps o",
)
_GREEK_OTHER = _GREEK | {"υ": "i", "χ": "h", "φ": "ph", "β": "b"}
_GREEK_PAIRS = (("ου", "ou"), ("αυ", "av"), ("ευ", "ev"), ("μπ", "b"), ("ντ", "nt"), ("γγ", "ng"))
# Arabic and Hebrew write few vowels: these find a consonant skeleton, no more.
_ARABIC = _table(
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوية",
    "a b t th j h kh d dh r z s sh s d t z a gh f q k l m n h w y a",
) | {"أ": "a", "إ": "i", "آ": "a", "ى": "a", "ؤ": "w", "ئ": "y", "ء": "_"}
_HEBREW = _table(
    "אבגדהוזחטיכךלמםנןסעפףצץקרשת",
    "a b g d h v z h t y k k l m m n n s a p f ts ts k r sh t",
)
_GEORGIAN = _table(
    "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "a b g d e v z t i k l m n o p zh r s t u p k gh q sh ch ts dz ts ch kh j h",
)
_TABLES = (
    _CYRILLIC | _GREEK | _ARABIC | _HEBREW | _GEORGIAN,
    _CYRILLIC_OTHER | _GREEK_OTHER,
)


class _Letters(dict[int, str]):
    """A table for str.translate that works out each letter the first time it is met.

    Every step of folding looks at one letter at a time, so a letter is taken through all of them
    once and never again.
    """

    def __init__(self, spell: Callable[[str], str]) -> None:
        super().__init__()
        self.spell = spell

    def __missing__(self, code: int) -> str:
        spelt = self[code] = self.spell(chr(code))
        return spelt


def _folded(letter: str) -> str:
    lower = _APOSTROPHES.sub("", letter.casefold()).translate(_PLAIN)
    parts = unicodedata.normalize("NFKD", lower)
    kept = "".join(part for part in parts if not unicodedata.combining(part))
    return _NOT_A_WORD.sub(" ", kept)


def _bare(letter: str) -> str:
    """Strip accents from Greek letters alone, so that ού is read as ου and й stays й."""
    if "\u0370" <= letter <= "\u03ff":
        parts = unicodedata.normalize("NFKD", letter)
        return "".join(part for part in parts if not unicodedata.combining(part))
    return "" if _APOSTROPHES.match(letter) else letter


def _spelt_by(table: dict[str, str]) -> _Letters:
    return _Letters(lambda letter: table.get(letter, letter).replace("_", "").translate(_FOLDED))


# Cyrillic letters that folding makes of no other: not и, which may have been й, nor е of ё. They
# are romanised one by one.
_STEADY = frozenset(_CYRILLIC) - {
    unicodedata.normalize("NFKD", chr(code))[0]
    for code in range(0x400, 0x530)
    if unicodedata.decomposition(chr(code))
}
_FOLDED = _Letters(_folded)
_SPACED = _Letters(lambda letter: _folded(_APOSTROPHES.sub(" ", letter)))
_BARE = _Letters(_bare)
_ROMANISED = tuple(_spelt_by(table) for table in _TABLES)
_SPELT = _Letters(lambda letter: letter.translate(_SPELT_OUT).translate(_FOLDED))


def fold(text: str) -> str:
    """Return `text` in its own script without case, accents and punctuation, words by one space."""
    return " ".join(text.translate(_FOLDED).split())


def romanisations(text: str) -> tuple[str, ...]:
    """Return the Latin spellings of `text` somebody may type, folded; empty for plain Latin."""
    if text.isascii() and "_" not in text:
        return ()
    # Composed first: й is one letter to a table, и with a breve to Unicode.
    lower = unicodedata.normalize("NFC", text.casefold())
    spelt = lower.translate(_BARE)
    for pair, latin in _GREEK_PAIRS:
        spelt = spelt.replace(pair, latin)
    found = [" ".join(spelt.translate(table).split()) for table in _ROMANISED]
    found.append(" ".join(lower.translate(_SPELT).split()))
    own = fold(text)
    return tuple(dict.fromkeys(spelling for spelling in found if spelling and spelling != own))


def shared_part(word: str) -> str:
    """Return letters that stand in every key which one of the spellings of `word` is found in.

    Looking for them first saves looking for every spelling in every key. Empty when none are known:
    of one spelling, of several words, or in a script whose letters depend on their neighbours.
    """
    own, latin = fold(word), romanisations(word)
    if not latin or " " in own or any(" " in spelling for spelling in latin):
        return ""
    if own.isascii():
        return _longest_in([own, *latin])
    # A key holds its name in Latin letters too: these of them whatever stands around.
    runs = "".join(letter if letter in _STEADY else " " for letter in own).split()
    best = max(runs, key=len, default="")
    return _longest_in(["".join(best.translate(_ROMANISED[0]).split()), *latin])


def _longest_in(texts: list[str]) -> str:
    """The longest piece that stands in all of `texts`."""
    first = texts[0]
    pieces = (
        first[start:end] for start in range(len(first)) for end in range(start + 1, len(first) + 1)
    )
    shared = (piece for piece in pieces if all(piece in text for text in texts[1:]))
    return max(shared, key=len, default="")


def search_key(*texts: str) -> str:
    """Return what `texts` are searched by: each in its own script and in Latin letters.

    D'Arcy is found as "darcy" and as "d arcy", Łukasz as "lukasz", Щербак as it is and as
    "shcherbak".
    """
    keys: dict[str, None] = {}
    for text in texts:
        spaced = " ".join(text.translate(_SPACED).split())
        for key in (fold(text), *romanisations(text), spaced):
            if key:
                keys.setdefault(key)
    return " ".join(keys)
