"""The lines of a pasted roll call: who is meant, and how they voted.

A name is matched only when it means one member and no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from outreach.directory.models import Person, Target
from outreach.directory.spelling import fold, romanisations
from outreach.replies.models import Vote

MOST_LINES = 2_000
LONGEST_LINE = 300
# What may stand behind a name for its vote, folded; in the words of records we know.
_WORDS: dict[Vote, str] = {
    Vote.AYE: "aye yes yea for in favour in favor pour oui ja dafur si favor favorevole za tak + "
    "voor ano par ja uz hlas pro",
    Vote.NO: "no nay against contre non nein dagegen contra contrario przeciw nie nej tegen proti "
    "pret pries nei ei -",
    Vote.ABSTAIN: "abstain abstained abstention enthalten enthaltung abstencion astenuto "
    "wstrzymal sie avstar onthouding zdrzel se 0",
    Vote.ABSENT: "absent excused not voting paired abwesend ausente assente nieobecny "
    "fravaerande afwezig",
}
# What may stand between a name and its vote, or between the cells of a table.
_MARKS = re.compile(r"[;\t|:,]|\s[–—-](?=\s)")
_CELLS = re.compile(r"[;\t|]")
# A party or a place behind a name; a number before it.
_IN_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_NUMBERED = re.compile(r"^\s*\d+\s*[.)\t;|]?\s*")
# So many of the names most like what was said come first; from this share of likeness one is meant.
_LIKELY = 5
ALIKE = 80
# This share of the lines.
_NEARLY_ALL = 0.8


@dataclass(frozen=True, slots=True)
class Line:
    """A name as it was entered, and how it voted."""

    said: str
    vote: Vote


def lines_of(pasted: str, vote: Vote) -> list[Line]:
    """Return the lines of a pasted list: a name each, perhaps with its own vote behind a mark.

    “Ozola, Anna; no”, “Anna Ozola – aye”, “Anna Ozola”: the last one votes as `vote`.
    """
    said = [" ".join(line.split(" ")).strip()[:LONGEST_LINE] for line in pasted.splitlines()]
    said = [one for one in said if one][:MOST_LINES]
    column = _vote_column([_CELLS.split(one) for one in said])
    found = [_with_vote(one, column) for one in said]
    return [Line(name, own or vote) for name, own in found]


def _vote_column(rows: Sequence[Sequence[str]]) -> int | None:
    """Which column of a table holds the votes: nearly every line has one there; the last such.

    A single cell proves nothing: parties are called Pro, Si and Za.
    """
    for at in range(max(map(len, rows), default=0) - 1, 0, -1):
        cells = [row[at] for row in rows if len(row) > at]
        votes = sum(_vote_of(one) is not None for one in cells)
        if votes >= _NEARLY_ALL * len(rows):
            return at
    return None


def _with_vote(said: str, column: int | None) -> tuple[str, Vote | None]:
    """The line without its vote: what stands in its column, else behind the last mark that fits."""
    cells = _CELLS.split(said)
    if column is not None and column < len(cells):
        vote = _vote_of(cells.pop(column))
        return ("\t".join(cells).strip(), vote) if vote else (said, None)
    for mark in reversed(list(_MARKS.finditer(said))):
        vote = _vote_of(said[mark.end() :])
        if vote is not None:
            return said[: mark.start()].strip(), vote
    return said, None


def _vote_of(mark: str) -> Vote | None:
    mark = mark.strip()
    word = mark if mark in ("+", "-", "0") else fold(mark)
    for vote, words in _WORDS.items():
        if word and (word in words.split() or (" " in word and f" {word} " in f" {words} ")):
            return vote
    return None


def matched(said: str, among: Sequence[Target]) -> Target | None:
    """Return the one of `among` that a name means: all its words, initials too; else None.

    Read as it stands, then without brackets and number, then as the first cells of a table.
    """
    for text in _readings(said):
        wanted = fold(text).split()
        fitting = [one for one in among if any(_fits(wanted, words) for words in _names(one))]
        exact = [
            one for one in fitting if any(sorted(words) == sorted(wanted) for words in _names(one))
        ]
        best = exact or fitting
        if best:
            return best[0] if len(best) == 1 else None
    return None


def _readings(said: str) -> Iterator[str]:
    yield said
    plain = _NUMBERED.sub("", _IN_BRACKETS.sub(" ", said))
    yield plain
    cells = [one for one in _CELLS.split(plain) if fold(one)]
    if len(cells) > 2:
        yield " ".join(cells[:2])
    # One word may be a family's: what stands in the next cell could be whom of them it is.
    if len(cells) > 1 and " " in fold(cells[0]):
        yield cells[0]


def by_likeness(said: str, among: Sequence[Target]) -> tuple[list[Target], bool]:
    """Return `among`, the few whose name is most like what was said first; whether the first is it.

    For somebody to choose from: nothing is matched by likeness alone.
    """
    wanted = " ".join(sorted(fold(_NUMBERED.sub("", _IN_BRACKETS.sub(" ", said))).split()))
    like = {
        one.id: max(fuzz.ratio(wanted, " ".join(sorted(words))) for words in _names(one))
        for one in among
    }
    likely = sorted(among, key=lambda one: -like[one.id])[:_LIKELY]
    rest = [one for one in among if one not in likely]
    return [*likely, *rest], bool(likely) and like[likely[0].id] >= ALIKE


def _fits(wanted: Sequence[str], words: Sequence[str]) -> bool:
    """Whether each wanted word is one of `words`, each used once; one letter stands for a word."""
    left = sorted(words, key=len)
    for word in sorted(wanted, key=len, reverse=True):
        hit = next(
            (one for one in left if one == word or (len(word) == 1 and one.startswith(word))), None
        )
        if hit is None:
            return False
        left.remove(hit)
    return any(len(word) > 1 for word in wanted)


def _names(target: Target) -> list[list[str]]:
    person: Person | None = target.membership.person if target.membership else None
    names = {target.name}
    if person is not None:
        names |= {person.name, *person.names.values()}
    spelt = {spelling for name in names for spelling in (fold(name), *romanisations(name))}
    return [one.split() for one in spelt if one]
