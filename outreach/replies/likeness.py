"""How much speaks for each letter when nothing proves: signs with weights that are added up."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.models import ContactDetail, ContactKind, Membership, Target
from outreach.directory.spelling import fold
from outreach.letters.models import Letter
from outreach.replies.hosts import body_of, host_of
from outreach.replies.signs import Signs
from outreach.replies.subjects import bare_subject
from outreach.replies.traces import name_words
from outreach.words import Sentence

# What each sign weighs.
SAME_ADDRESS, KNOWN_ADDRESS, NAMED_ADDRESS = 60, 50, 35
NAME_OF_SENDER, NAME_IN_TEXT, PART_OF_NAME = 30, 22, 8
SAME_BODY, SUBJECT, OPENING, SENTENCE = 25, 15, 12, 6
COUNTRY, NOT_ANSWERED, LATELY = 5, 4, 4
# At most so many quoted sentences count, and shorter ones say nothing.
_MOST_SENTENCES, _SHORTEST = 5, 30
_LATELY = dt.timedelta(days=90)
# Letters whose words are compared with the message: those that have most signs else.
_COMPARED = 40
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
    for letter in best:
        found[letter.id] += _inside(signs, letter)
    for why in found.values():
        why.sort(key=lambda reason: -reason.weight)
    return found


def _weight(why: Sequence[Reason]) -> int:
    return sum(reason.weight for reason in why)


def _outside(signs: Signs, letter: Letter, known: set[int]) -> Iterator[Reason]:
    """What the envelope of the message says."""
    yield from _addresses(signs, letter, known)
    yield from _names(signs, letter)
    if bare_subject(letter.subject) in signs.subjects:
        yield Reason(SUBJECT, Sentence("It has the subject of this letter."))
    code = letter.target.jurisdiction_code.lower()
    ends = {host_of(address).rpartition(".")[2] for address in signs.from_addresses}
    if code in ends or (code == "gb" and "uk" in ends):
        yield Reason(COUNTRY, Sentence("It comes from the same country."))
    if letter.answered_on is None:
        yield Reason(NOT_ANSWERED, Sentence("Nobody has answered this letter yet."))
    if letter.sent_at and dt.timedelta() <= signs.at - letter.sent_at <= _LATELY:
        yield Reason(LATELY, Sentence("This letter left not long before."))


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
            NAME_OF_SENDER, Sentence("It is sent in the name of %(name)s.", name=_of(letter))
        )
    elif name <= signs.words:
        yield Reason(NAME_IN_TEXT, Sentence("It names %(name)s.", name=_of(letter)))
    elif (part := name & said) and max(map(len, part)) >= 4:
        yield Reason(PART_OF_NAME, Sentence("It is sent by somebody of a similar name."))


def _of(letter: Letter) -> str:
    return letter.recipient


def _inside(signs: Signs, letter: Letter) -> Iterator[Reason]:
    """What the message repeats of the letter's own words."""
    opening, *rest = _sentences(letter.text) or ("",)
    if opening and opening in signs.folded:
        yield Reason(OPENING, Sentence("It quotes how this letter opens."))
    shared = sum(1 for one in rest if len(one) >= _SHORTEST and one in signs.folded)
    if shared:
        words = Sentence("It quotes sentences of this letter (%(number)s).", number=shared)
        yield Reason(SENTENCE * min(shared, _MOST_SENTENCES), words)


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
