"""Approving many letters of a mailing together, after a sample of them was read.

What the approver saw is kept as it is shown: the rows of the table (`ApprovalRound.seals`) and the
letters opened by themselves (`opened`). Each letter is approved by its own move, with the seal that
was shown: what changed since stays where it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach import database
from outreach.accounts import audit
from outreach.accounts.models import Actor, Campaign
from outreach.accounts.roles import require
from outreach.directory.models import Jurisdiction, Publicity, Target
from outreach.errors import MoveRefused, NotFound, Refused
from outreach.letters import checks, moving
from outreach.letters.checks import Finding, Verdict
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Mailing
from outreach.letters.reviewing import ApprovalRound, ApprovedAs
from outreach.letters.sampling import sample_of
from outreach.letters.together import Outcome, Refusal, one_by_one
from outreach.words import Sentence

# Letters approved in one transaction, and letters checked at once.
AT_ONCE = 100
CHECKED_AT_ONCE = 1_000
# Where a letter is read by others than its reader.
PUBLIC = frozenset({Publicity.HIGH, Publicity.MEDIUM})


@dataclass(frozen=True, slots=True)
class Candidates:
    """The letters of a mailing that can be approved together, and why each other can't."""

    # All that wait for approval, and those of them that can be approved together.
    waiting: Sequence[Letter]
    letters: Sequence[Letter]
    left_out: Sequence[Refusal]
    findings: Mapping[int, tuple[Finding, ...]]


def in_review(session: Session, mailing_id: int) -> Sequence[Letter]:
    """Return the letters of a mailing that wait for approval, with their targets, by number."""
    return session.scalars(
        sa.select(Letter)
        .where(Letter.mailing_id == mailing_id, Letter.state == State.REVIEW)
        .options(joinedload(Letter.target).joinedload(Target.jurisdiction))
        .order_by(Letter.id)
    ).all()


def candidates(session: Session, mailing: Mailing, *, by: Actor, now: dt.datetime) -> Candidates:
    """Return what `by` could approve together of `mailing` now."""
    letters = in_review(session, mailing.id)
    found = findings(session, letters, now=now)
    campaign = session.get_one(Campaign, mailing.campaign_id)
    why = {one.id: _why_not(one, found[one.id], campaign, by) for one in letters}
    return Candidates(
        letters,
        [one for one in letters if not why[one.id]],
        [Refusal(one, why[one.id]) for one in letters if why[one.id]],
        found,
    )


def findings(
    session: Session, letters: Sequence[Letter], *, now: dt.datetime
) -> dict[int, tuple[Finding, ...]]:
    """Return {letter id: what every check says of it}, for any number of letters."""
    found: dict[int, tuple[Finding, ...]] = {}
    for start in range(0, len(letters), CHECKED_AT_ONCE):
        found |= checks.findings(session, letters[start : start + CHECKED_AT_ONCE], now=now)
    return found


def _why_not(
    letter: Letter, found: Iterable[Finding], campaign: Campaign, by: Actor
) -> tuple[Sentence, ...]:
    """Return why `letter` has to be read by itself, or by somebody else."""
    why = [one.words for one in found if one.verdict is Verdict.FAILING]
    if letter.customised_at is not None:
        why.insert(0, Sentence("Changed by hand: it has to be read by itself."))
    if campaign.four_eyes and by.user_id is not None and by.user_id == letter.author_id:
        why.insert(0, Sentence("You wrote its words, so somebody else has to approve it."))
    return tuple(why)


def begin(session: Session, mailing: Mailing, *, by: Actor, now: dt.datetime) -> ApprovalRound:
    """Pick the letters and their sample and return the round; what was begun before is let go.

    Raises NotAllowed, and Refused when no letter can be approved together.
    """
    require(by, "letters.approve")
    letters = candidates(session, mailing, by=by, now=now).letters
    if not letters:
        raise Refused(
            Sentence("No letter of this mailing can be approved with others. Read each by itself.")
        )
    begun = ApprovalRound(
        mailing_id=mailing.id,
        by=by.name,
        by_id=by.user_id,
        at=now,
        seals={str(letter.id): "" for letter in letters},
        sample=[letter.id for letter in sample_of(letters)],
        opened=[],
    )
    session.add(begun)
    session.flush()
    return begun


def this_round(session: Session, round_id: int, *, by: Actor | None = None) -> ApprovalRound:
    """Return a round; with `by`, only one of their own. Raises NotFound."""
    found = session.get(ApprovalRound, round_id)
    if found is None or (by is not None and found.by_id != by.user_id):
        raise NotFound(Sentence("There is no such round of approvals."))
    return found


def letters_of(session: Session, one: ApprovalRound) -> Sequence[Letter]:
    """Return the letters of a round whatever became of them, with their targets, by number."""
    return _with_targets(session, map(int, one.seals))


def _with_targets(session: Session, ids: Iterable[int]) -> Sequence[Letter]:
    return session.scalars(
        sa.select(Letter)
        .where(Letter.id.in_(ids))
        .options(joinedload(Letter.target).joinedload(Target.jurisdiction))
        .order_by(Letter.id)
    ).all()


def note_shown(session: Session, one: ApprovalRound, seals: Mapping[int, str]) -> None:
    """Keep that rows of the table were shown, {letter id: seal of what they showed}."""
    database.hold(session, one)
    if one.approved_at is None:
        shown = {str(key): seal for key, seal in seals.items() if str(key) in one.seals}
        one.seals = {**one.seals, **shown}


def note_opened(session: Session, letter: Letter, seal: str, *, by: Actor) -> None:
    """Keep that `by` opened `letter` by itself, for the rounds they have begun with it."""
    if by.user_id is None or letter.state is not State.REVIEW:
        return
    rounds = session.scalars(
        sa.select(ApprovalRound).where(
            ApprovalRound.mailing_id == letter.mailing_id,
            ApprovalRound.by_id == by.user_id,
            ApprovalRound.approved_at.is_(None),
        )
    ).all()
    for one in rounds:
        if str(letter.id) in one.seals and [letter.id, seal] not in one.opened:
            database.hold(session, one)
            one.opened = [*one.opened, [letter.id, seal]]


def is_open(session: Session, letter: Letter, *, by: Actor) -> ApprovalRound | None:
    """Return the newest round that `by` has begun and not ended, if `letter` is part of it."""
    found = session.scalar(
        sa.select(ApprovalRound)
        .where(
            ApprovalRound.mailing_id == letter.mailing_id,
            ApprovalRound.by_id == by.user_id,
            ApprovalRound.approved_at.is_(None),
        )
        .order_by(ApprovalRound.id.desc())
        .limit(1)
    )
    return found if found is not None and str(letter.id) in found.seals else None


def unread(one: ApprovalRound, letters: Sequence[Letter]) -> list[Letter]:
    """Return the letters of the sample that wait for approval and were not opened as shown."""
    opened = {(letter_id, seal) for letter_id, seal in one.opened}
    read = {letter_id for letter_id, seal in opened if one.seals.get(str(letter_id)) in ("", seal)}
    return [
        letter
        for letter in letters
        if letter.id in one.sample and letter.id not in read and letter.state is State.REVIEW
    ]


def unseen(one: ApprovalRound, letters: Sequence[Letter]) -> list[Letter]:
    """Return the letters that still wait for approval and stood in no row that was shown."""
    return [
        letter
        for letter in letters
        if not one.seals[str(letter.id)] and letter.state is State.REVIEW
    ]


def public_places(letters: Iterable[Letter]) -> dict[Jurisdiction, int]:
    """Return {jurisdiction where strangers may read letters: how many of `letters` go there}."""
    found: dict[Jurisdiction, int] = {}
    for letter in letters:
        place = letter.target.jurisdiction
        if place.publicity in PUBLIC:
            found[place] = found.get(place, 0) + 1
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0].code)))


def close(
    session: Session, one: ApprovalRound, *, public_known: bool, by: Actor, now: dt.datetime
) -> list[int]:
    """End a round and return the ids of its letters, to be approved by `approve_some`.

    `public_known`: the approver said that they know which letters strangers may read. Raises
    NotFound, NotAllowed, MoveRefused when it was ended before, Refused while something of it was
    not shown, opened or acknowledged.
    """
    require(by, "letters.approve")
    this_round(session, one.id, by=by)
    database.hold(session, one)
    if one.approved_at is not None:
        raise MoveRefused(Sentence("These letters were approved already."))
    letters = letters_of(session, one)
    missing = _missing(one, letters, public_known)
    if missing:
        raise Refused(Sentence("These letters can't be approved yet."), missing)
    one.approved_at = now
    return [letter.id for letter in letters]


def _missing(one: ApprovalRound, letters: Sequence[Letter], public_known: bool) -> list[Sentence]:
    missing = []
    if waiting := unread(one, letters):
        missing.append(
            Sentence(
                "Open %(count)s more of the sample: %(names)s.",
                count=len(waiting),
                names=", ".join(letter.recipient for letter in waiting),
            )
        )
    if unshown := unseen(one, letters):
        missing.append(
            Sentence("Go to the end of the table: %(count)s rows are left.", count=len(unshown))
        )
    waits = [letter for letter in letters if letter.state is State.REVIEW]
    if public_places(waits) and not public_known:
        missing.append(Sentence("Say that you know which of them strangers may read."))
    return missing


def approve_some(
    session: Session, one: ApprovalRound, ids: Sequence[int], *, by: Actor, now: dt.datetime
) -> Outcome:
    """Approve the letters `ids` of an ended round; each that can't be approved stays and says why.

    Opened ones are approved as read, the others as sampled.
    """
    letters = _with_targets(session, [key for key in ids if str(key) in one.seals])
    found = findings(session, letters, now=now)
    mailing = session.get_one(Mailing, one.mailing_id)
    campaign = session.get_one(Campaign, mailing.campaign_id)
    opened = {(letter_id, seal) for letter_id, seal in one.opened}

    def approve(letter: Letter) -> None:
        seal = one.seals[str(letter.id)]
        why = _why_not(letter, found[letter.id], campaign, by)
        if letter.state is State.REVIEW and why:
            raise Refused(Sentence("This letter can't be approved with others."), why)
        moving.make(
            session,
            letter,
            "approve",
            by=by,
            now=now,
            seen=seal,
            approved_as=ApprovedAs.READ if (letter.id, seal) in opened else ApprovedAs.SAMPLED,
            approval_round_id=one.id,
        )

    return one_by_one(letters, approve)


def tell(
    session: Session,
    one: ApprovalRound,
    mailing: Mailing,
    outcome: Outcome,
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Write down what became of a round: how many, on what sample, and what stayed and why."""
    places = public_places(letters_of(session, one))
    audit.record(
        session,
        subject=("mailing", mailing.id),
        name="approved_together",
        by=by,
        now=now,
        campaign_id=mailing.campaign_id,
        detail={
            "round": one.id,
            "approved": outcome.moved,
            "sample": one.sample,
            "opened": sorted({letter_id for letter_id, _seal in one.opened}),
            "public": {place.code: count for place, count in places.items()},
            "stayed": {
                str(refusal.letter.id): " ".join(map(str, refusal.reasons))
                for refusal in outcome.refused
            },
        },
    )
