"""How much speaks for each letter when nothing proves: signs with weights that are added up."""

from __future__ import annotations

import datetime as dt
import functools
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from rapidfuzz.fuzz import partial_ratio
from sqlalchemy.orm import Session

from outreach.directory.models import ContactDetail, ContactKind, Membership, Target
from outreach.directory.spelling import fold
from outreach.letters.models import Letter
from outreach.replies.mail.hosts import body_of, host_of
from outreach.replies.mail.subjects import bare_subject
from outreach.replies.matches.signs import Signs
from outreach.replies.matches.traces import name_words
from outreach.words import Sentence

# What each sign weighs.
SAME_ADDRESS, KNOWN_ADDRESS, NAMED_ADDRESS = 60, 50, 35
NAME_OF_SENDER, NAME_IN_TEXT, PART_OF_NAME = 30, 22, 12
SAME_BODY, SUBJECT, NEARLY_SUBJECT, OPENING, SENTENCE = 25, 15, 10, 12, 6
SAME_WORDS = 12
COUNTRY, NOT_ANSWERED, LATELY = 5, 4, 4
# At most so many quoted sentences count, and shorter ones say nothing.
_MOST_SENTENCES, _SHORTEST = 5, 30
_LATELY = dt.timedelta(days=90)
# Letters whose words are compared with the message: those that have most signs else.
_COMPARED = 60
# Fewer words in common are chance; and how much of a subject has to be there (per cent).
_FEWEST_WORDS, _NEARLY = 3, 88
# A word of a name that is said without the rest of it: shorter ones are anybody's.
_TELLING = 5
_ENDS = re.compile(r"[.!?…;]\s|\n")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a message may answer a letter, and how much that weighs."""

    weight: int
    words: Sentence


def reasons(session: Session, signs: Signs, letters: Sequence[Letter]) -> dict[int, list[Reason]]:
    """Return what speaks for each of `letters` (with target and office), strongest first."""
    known = _known(session, signs, letters)
    found = {letter.id: list(_outside(signs, letter, known)) for letter in letters}
    best = sorted(letters, key=lambda one: -_weight(found[one.id]))[:_COMPARED]
    same = _same_words(signs, best)
    for letter in best:
        found[letter.id] += [*_inside(signs, letter), *same.get(letter.id, ())]
    for why in found.values():
        why.sort(key=lambda reason: -reason.weight)
    return found


def _weight(why: Sequence[Reason]) -> int:
    return sum(reason.weight for reason in why)


def _outside(signs: Signs, letter: Letter, known: set[int]) -> Iterator[Reason]:
    """What the envelope of the message says."""
    yield from _addresses(signs, letter, known)
    yield from _names(signs, letter)
    yield from _subject(signs, bare_subject(letter.subject))
    code = letter.target.jurisdiction_code.lower()
    ends = {host_of(address).rpartition(".")[2] for address in signs.from_addresses}
    if code in ends or (code == "gb" and "uk" in ends):
        yield Reason(COUNTRY, Sentence("It comes from the same country."))
    if letter.answered_on is None:
        yield Reason(NOT_ANSWERED, Sentence("Nobody has answered this letter yet."))
    if letter.sent_at and dt.timedelta() <= signs.at - letter.sent_at <= _LATELY:
        yield Reason(LATELY, Sentence("This letter left not long before."))


def _subject(signs: Signs, subject: str) -> Iterator[Reason]:
    if subject in signs.subjects:
        yield Reason(SUBJECT, Sentence("It has the subject of this letter."))
    elif any(
        len(one) >= _SHORTEST and partial_ratio(one, subject) >= _NEARLY for one in signs.subjects
    ):
        yield Reason(NEARLY_SUBJECT, Sentence("Its subject is nearly that of this letter."))


def _addresses(signs: Signs, letter: Letter, known: set[int]) -> Iterator[Reason]:
    address = letter.address.strip().lower() if letter.channel is ContactKind.EMAIL else ""
    if address and address in signs.from_addresses:
        yield Reason(SAME_ADDRESS, Sentence("It comes from the address this letter went to."))
    elif letter.target_id in known:
        yield Reason(KNOWN_ADDRESS, Sentence("It comes from an address we know for them."))
    elif address and address in signs.named_addresses:
        yield Reason(NAMED_ADDRESS, Sentence("It names the address this letter went to."))
    body = body_of(host_of(address)) if address else ""
    if body and body in signs.bodies:
        words = Sentence("It comes from the same house (%(host)s).", host=body)
        yield Reason(SAME_BODY, words)


def _names(signs: Signs, letter: Letter) -> Iterator[Reason]:
    name = name_words(letter.recipient)
    if not name:
        return
    said = frozenset(fold(" ".join(f"{one} {address}" for one, address in signs.senders)).split())
    if name <= said:
        yield Reason(
            NAME_OF_SENDER, Sentence("It is sent in the name of %(name)s.", name=letter.recipient)
        )
    elif name <= signs.words:
        yield Reason(NAME_IN_TEXT, Sentence("It names %(name)s.", name=letter.recipient))
    elif part := [word for word in name & signs.words if len(word) >= _TELLING]:
        words = Sentence("It names somebody called “%(name)s”.", name=max(part, key=len))
        yield Reason(PART_OF_NAME, words)


def _inside(signs: Signs, letter: Letter) -> Iterator[Reason]:
    """What the message repeats of the letter's own words."""
    opening, *rest = _sentences(letter.text) or ("",)
    if opening and opening in signs.folded:
        yield Reason(OPENING, Sentence("It quotes how this letter opens."))
    shared = sum(1 for one in rest if len(one) >= _SHORTEST and one in signs.folded)
    if shared:
        words = Sentence("It quotes sentences of this letter (%(number)s).", number=shared)
        yield Reason(SENTENCE * min(shared, _MOST_SENTENCES), words)


def _same_words(signs: Signs, letters: Sequence[Letter]) -> dict[int, list[Reason]]:
    """How much of each letter's vocabulary the message has, rare words before common ones.

    Also tells the language: of letters in another one it has next to nothing.
    """
    shared = {letter.id: _words(letter.text) & signs.words for letter in letters}
    common = Counter(word for words in shared.values() for word in words)
    scores = {
        letter_id: sum(math.log1p(len(letters) / common[word]) for word in words)
        for letter_id, words in shared.items()
        if len(words) >= _FEWEST_WORDS
    }
    most = max(scores.values(), default=0.0)
    words = Sentence("It uses words of this letter.")
    return {
        letter_id: [Reason(round(SAME_WORDS * score / most), words)]
        for letter_id, score in scores.items()
    }


@functools.lru_cache(maxsize=1024)
def _words(text: str) -> frozenset[str]:
    return frozenset(fold(text).split())


@functools.lru_cache(maxsize=1024)
def _sentences(text: str) -> tuple[str, ...]:
    """The sentences of a letter, folded; the first is how it addresses them."""
    found = (" ".join(fold(one).split()) for one in _ENDS.split(text))
    return tuple(one for one in found if one)


def _known(session: Session, signs: Signs, letters: Sequence[Letter]) -> set[int]:
    """The targets of `letters` that the directory knows under an address it came from."""
    if not letters or not signs.from_addresses:
        return set()
    targets = {letter.target_id for letter in letters}
    return set(
        session.scalars(
            sa.select(Target.id)
            .outerjoin(Membership, Membership.id == Target.membership_id)
            .join(
                ContactDetail,
                sa.or_(
                    ContactDetail.person_id == Membership.person_id,
                    ContactDetail.post_id == Membership.post_id,
                    ContactDetail.organization_id == Target.organization_id,
                ),
            )
            .where(
                Target.id.in_(targets),
                ContactDetail.kind == ContactKind.EMAIL,
                ContactDetail.normalised.in_(signs.from_addresses),
            )
        )
    )
