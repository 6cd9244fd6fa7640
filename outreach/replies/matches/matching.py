"""Which letters a message answers: proofs that file by themselves, and guesses a person confirms.

A proof names a letter and nothing else can: the tag of the address it was sent to, our Message-ID,
the code printed in the letter. Everything else is a sign with a weight; signs are added up, and
never file anything. Each comes with the sentence that tells why.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.letters.lifecycle import LEFT
from outreach.letters.models import Letter
from outreach.replies.matches import candidates, likeness
from outreach.replies.matches.finding import code_variants
from outreach.replies.matches.likeness import Reason
from outreach.replies.matches.signs import Signs
from outreach.sending.models import Attempt
from outreach.words import Sentence

# What a proof weighs beside the signs of `likeness`, which never add up to so much.
TAG, MESSAGE_ID, CODE = 400, 300, 200
# A code as somebody may have misread it is a strong sign, no proof.
MISREAD_CODE = 60
# A clock may be wrong, or say another zone: an answer that seems older than its letter by more is
# none.
_TOO_EARLY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Guess:
    """One letter that a message may answer, what speaks for it, and how much that weighs."""

    letter_id: int
    weight: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """What a message answers: letters that are `certain`, and every guess, best first."""

    certain: tuple[int, ...] = ()
    guesses: tuple[Guess, ...] = ()


@dataclass(slots=True)
class _Proofs:
    """The letters that each kind of proof names, in the order of its worth."""

    tags: dict[int, Reason] = field(default_factory=dict)
    references: dict[int, Reason] = field(default_factory=dict)
    codes: dict[int, Reason] = field(default_factory=dict)
    misread: dict[int, Reason] = field(default_factory=dict)

    def all(self) -> Iterable[tuple[int, Reason]]:
        for kind in (self.tags, self.references, self.codes, self.misread):
            yield from kind.items()


def match(
    session: Session,
    signs: Signs,
    *,
    letter_of: Callable[[str], int | None],
    campaigns: Sequence[int] = (),
    most: int = 3,
) -> Match:
    """Return which letters the message with these `signs` answers.

    `letter_of` reads the tag of an address (`reply_address.letter_of`), `campaigns` limits the
    letters to those of some campaigns (none: of all), `most` is how many guesses are wanted. Makes
    no more queries the more letters there are, and changes nothing.
    """
    proofs = _proofs(session, signs, letter_of)
    found = candidates.letters(session, signs, named=[one for one, _ in proofs.all()])
    letters = {
        one.id: one
        for one in found
        if one.state in LEFT and (not campaigns or one.campaign_id in campaigns)
    }
    certain = _certain(proofs, letters, signs)
    reasons = likeness.reasons(session, signs, list(letters.values()))
    for letter_id, reason in proofs.all():
        if letter_id in letters:
            reasons.setdefault(letter_id, []).insert(0, reason)
    guesses = [
        Guess(letter_id, sum(reason.weight for reason in why), tuple(why))
        for letter_id, why in reasons.items()
    ]
    guesses.sort(key=lambda one: (-one.weight, -_sent(letters[one.letter_id]), -one.letter_id))
    return Match(certain, tuple(guesses[: max(most, len(certain))]))


def _sent(letter: Letter) -> float:
    return letter.sent_at.timestamp() if letter.sent_at else 0.0


def _proofs(session: Session, signs: Signs, letter_of: Callable[[str], int | None]) -> _Proofs:
    proofs = _Proofs()
    for address in signs.recipients:
        letter_id = letter_of(address)
        if letter_id is not None:
            words = Sentence("It was sent to the address that only this letter gave.")
            proofs.tags.setdefault(letter_id, Reason(TAG, words))
    known = _by_message_id(session, signs.references)
    # In-Reply-To before References, newest first: the first that is ours is what they answered.
    for message_id in signs.references:
        if message_id in known:
            words = Sentence("It answers the message that carried this letter.")
            proofs.references[known[message_id]] = Reason(MESSAGE_ID, words)
            break
    _read_codes(session, signs, proofs)
    return proofs


def _by_message_id(session: Session, message_ids: Sequence[str]) -> Mapping[str, int]:
    if not message_ids:
        return {}
    rows = session.execute(
        sa.select(Attempt.message_id, Attempt.letter_id).where(Attempt.message_id.in_(message_ids))
    )
    return {row.message_id: row.letter_id for row in rows}


def _read_codes(session: Session, signs: Signs, proofs: _Proofs) -> None:
    """Look up what looks like a code: as printed it proves, misread it only hints."""
    meant = {
        variant: code
        for code in signs.codes
        for variant in reversed(code_variants(code) or [code.upper()])
    }
    if not meant:
        return
    rows = session.execute(sa.select(Letter.code, Letter.id).where(Letter.code.in_(meant)))
    for code, letter_id in rows:
        if code in signs.codes and not signs.broadcast:
            words = Sentence("It names the reference %(code)s that this letter bears.", code=code)
            proofs.codes[letter_id] = Reason(CODE, words)
        elif code in signs.codes:
            words = Sentence("A list brought it, and it prints the reference %(code)s.", code=code)
            proofs.misread[letter_id] = Reason(MISREAD_CODE, words)
        else:
            words = Sentence(
                "It names a reference (%(read)s) that may be a misread %(code)s.",
                read=meant[code],
                code=code,
            )
            proofs.misread[letter_id] = Reason(MISREAD_CODE, words)


def _certain(proofs: _Proofs, letters: Mapping[int, Letter], signs: Signs) -> tuple[int, ...]:
    """The letters that are proved: by the best proof there is, unless another speaks against it."""
    kinds = [
        {one for one in kind if one in letters and _in_time(letters[one], signs)}
        for kind in (proofs.tags, proofs.references, proofs.codes)
    ]
    named = [kind for kind in kinds if kind]
    if not named:
        return ()
    best, *others = named
    desks = {letters[one].office_id for one in best}
    if any(desks.isdisjoint(letters[one].office_id for one in other) for other in others):
        return ()
    if best is kinds[2]:
        # A whole correspondence in one quotation names several letters: the newest is answered.
        if len(desks) > 1:
            return ()
        return (max(best, key=lambda one: (_sent(letters[one]), one)),)
    return tuple(sorted(best))


def _in_time(letter: Letter, signs: Signs) -> bool:
    return letter.sent_at is None or letter.sent_at - _TOO_EARLY <= signs.at
