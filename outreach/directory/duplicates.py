"""Tells whether two names may be one person's, in whatever script or order they are written."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sqlalchemy as sa
from rapidfuzz import fuzz
from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.directory.identity import NotSame
from outreach.directory.models import (
    Membership,
    Organization,
    OrganizationKind,
    Person,
    Target,
)
from outreach.directory.spelling import fold, romanisations

# From here on a form asks "is this her?"; it costs less to look than to have somebody twice.
ASK_FROM = 85
# Pairs on one page of suggestions.
PER_PAGE = 25
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


@dataclass(frozen=True, slots=True)
class Likely:
    """Somebody we have who may be meant: `score` 0 to 100, `where` the bodies they sit in."""

    person_id: int
    name: str
    where: str
    target_id: int | None
    score: int


def likely(
    session: Session, names: Sequence[str], *, jurisdiction: str, limit: int = 5
) -> list[Likely]:
    """Return who in `jurisdiction` may go by one of `names`, likest first; two queries.

    Ended people are among them: somebody may come back.
    """
    return likely_of_many(session, [names], jurisdiction=jurisdiction, limit=limit)[0]


def likely_of_many(
    session: Session, people: Sequence[Sequence[str]], *, jurisdiction: str, limit: int = 3
) -> list[list[Likely]]:
    """Return what `likely` says of each of `people` (their names), in two queries for all."""
    wanted = [spellings(names) for names in people]
    known = _known(session, jurisdiction) if any(wanted) else {}
    found: list[list[tuple[int, int]]] = []
    for ours in wanted:
        beginnings = _beginnings(ours)
        scored = [
            (likeness(ours, spelt), number)
            for number, (_name, spelt) in known.items()
            if not beginnings.isdisjoint(_beginnings(spelt))
        ]
        near = [pair for pair in scored if pair[0] >= ASK_FROM]
        found.append(sorted(near, key=lambda pair: (-pair[0], pair[1]))[:limit])
    seats = _seats(session, {number for near in found for _score, number in near})
    return [
        [
            Likely(number, known[number][0], ", ".join(seats[number][0]), seats[number][1], score)
            for score, number in near
        ]
        for near in found
    ]


def _known(session: Session, jurisdiction: str) -> dict[int, tuple[str, tuple[str, ...]]]:
    """{person id: (name, spellings)} of everybody who has or had a seat in `jurisdiction`."""
    seated = (
        sa.select(Membership.person_id)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(
            Organization.jurisdiction_code == jurisdiction,
            Organization.kind != OrganizationKind.PARTY,
        )
    )
    rows = session.execute(
        sa.select(Person.id, Person.name, Person.names).where(
            Person.id.in_(seated), Person.merged_into_id.is_(None)
        )
    )
    return {number: (name, _spelt(name, *names.values())) for number, name, names in rows}


def _seats(session: Session, people: Collection[int]) -> dict[int, tuple[list[str], int | None]]:
    """{person id: (the bodies they sit or sat in, the newest of their targets)}"""
    rows = session.execute(
        sa.select(Membership.person_id, Organization.name, Target.id)
        .join(Organization, Organization.id == Membership.organization_id)
        .outerjoin(Target, Target.membership_id == Membership.id)
        .where(Membership.person_id.in_(people), Organization.kind != OrganizationKind.PARTY)
        .order_by(Membership.id)
    )
    found: dict[int, tuple[list[str], int | None]] = {}
    for number, body, target_id in rows:
        bodies, newest = found.get(number, ([], None))
        found[number] = (
            bodies if body in bodies else [*bodies, body],
            target_id or newest,
        )
    return found


@lru_cache(maxsize=200_000)
def _spelt(*names: str) -> tuple[str, ...]:
    return spellings(names)


@lru_cache(maxsize=200_000)
def _beginnings(spelt: tuple[str, ...]) -> frozenset[str]:
    """How the words of a name begin, by sound: names that share none are not compared."""
    return frozenset(word[:2] for text in spelt for word in _sound(text).split())


def tell_apart(
    session: Session, one_id: int, other_id: int, *, by: Actor, now: dt.datetime
) -> None:
    """Remember that two rows are two people; neither imports nor suggestions ask again."""
    first, second = sorted((one_id, other_id))
    if first == second or are_apart(session, first, second):
        return
    session.add(NotSame(person_id=first, other_id=second, by=by.name, at=now))
    session.flush()
    _record(session, "told apart", first, second, by=by, now=now)


def forget_apart(
    session: Session, one_id: int, other_id: int, *, by: Actor, now: dt.datetime
) -> None:
    """Take back that two rows are two people; does nothing when nobody said so."""
    first, second = sorted((one_id, other_id))
    query = sa.select(NotSame).where(NotSame.person_id == first, NotSame.other_id == second)
    row = session.scalar(query)
    if row is not None:
        session.delete(row)
        session.flush()
        _record(session, "perhaps one again", first, second, by=by, now=now)


def apart_from(session: Session, person_id: int) -> list[int]:
    """Return the ids of those who somebody said are not this person."""
    rows = session.execute(
        sa.select(NotSame.person_id, NotSame.other_id).where(
            sa.or_(NotSame.person_id == person_id, NotSame.other_id == person_id)
        )
    )
    return [other if one == person_id else one for one, other in rows]


def _record(
    session: Session, name: str, first: int, second: int, *, by: Actor, now: dt.datetime
) -> None:
    record(
        session,
        subject=("person", first),
        name=name,
        by=by,
        now=now,
        campaign_id=None,
        detail={"other": second},
    )


def are_apart(session: Session, one_id: int, other_id: int) -> bool:
    """Return whether somebody said that these two rows are two people."""
    first, second = sorted((one_id, other_id))
    query = sa.select(NotSame.id).where(NotSame.person_id == first, NotSame.other_id == second)
    return session.scalar(query) is not None


@dataclass(frozen=True, slots=True)
class Double:
    """Two rows of the directory that look like one person, and the country they share."""

    one: Person
    other: Person
    jurisdiction: str


def doubles(session: Session, *, page: int = 1) -> tuple[list[Double], int]:
    """Return one page of pairs that share name and jurisdiction, and how many pairs there are.

    Pairs that somebody told apart are left out. Three queries, one of them grouped.
    """
    same = (
        sa.select(Person.search_key)
        .where(Person.merged_into_id.is_(None), Person.search_key != "")
        .group_by(Person.search_key)
        .having(sa.func.count() > 1)
    )
    rows = session.execute(
        sa.select(Organization.jurisdiction_code, Person.search_key, Person.id)
        .join(Membership, Membership.person_id == Person.id)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(Person.search_key.in_(same), Person.merged_into_id.is_(None))
        .distinct()
        .order_by(Organization.jurisdiction_code, Person.search_key, Person.id)
    )
    apart = {
        (one, other)
        for one, other in session.execute(sa.select(NotSame.person_id, NotSame.other_id))
    }
    groups: dict[tuple[str, str], list[int]] = {}
    for code, key, number in rows:
        groups.setdefault((code, key), []).append(number)
    pairs = [
        (code, *pair)
        for (code, _key), ids in groups.items()
        for pair in itertools.combinations(ids, 2)
        if pair not in apart
    ]
    first = (max(1, page) - 1) * PER_PAGE
    shown = pairs[first : first + PER_PAGE]
    ids = {number for pair in shown for number in pair[1:]}
    people = {row.id: row for row in session.scalars(sa.select(Person).where(Person.id.in_(ids)))}
    return [Double(people[one], people[two], code) for code, one, two in shown], len(pairs)
