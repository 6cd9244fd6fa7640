"""Hands due letters to a postman so that none goes twice and none is lost (laws 1 and 2).

Each letter: one transaction claims it (gate asked again, desk taken, attempt and Message-ID
committed), a second notes that bytes are about to go, then the postman works outside any
transaction, and a third keeps what came of it. Killed before the second, the letter is put back;
killed after it, nobody knows, and the letter says so until a person settles it.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import tasks
from outreach.accounts.models import CLOCK, Actor, Campaign
from outreach.database import Database
from outreach.directory.models import Office
from outreach.errors import BadInput, MoveRefused, Refused
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import desks, gate, results
from outreach.sending.models import Attempt, Outcome
from outreach.sending.postman import Envelope, Postman, TransportError, Written
from outreach.words import Sentence

# How long a claim is its worker's. A worker still busy then is taken for dead.
LEASE = dt.timedelta(minutes=5)
PAGE = 50

log = logging.getLogger(__name__)


class Verdict(StrEnum):
    """What became of one due letter."""

    DELIVERED = "delivered"
    WAITING = "waiting"
    HELD = "held"
    PUT_BACK = "put_back"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    # Another clock had it, or it is no longer due.
    TAKEN = "taken"
    ERROR = "error"


Counts = dict[Verdict, int]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed letter: its attempt is committed, its bytes are ready."""

    letter_id: int
    attempt_id: int
    message: bytes
    envelope: Envelope


def due_letters(
    session: Session,
    *,
    now: dt.datetime,
    after: tuple[dt.datetime, int] | None = None,
    limit: int = PAGE,
) -> Sequence[tuple[dt.datetime, int]]:
    """Return (send_after, id) of letters whose window is open, longest due first.

    Leaves out what is sure to wait: paused campaigns and desks at rest. `after` is the last row of
    the page before.
    """
    query = (
        sa.select(Letter.send_after, Letter.id)
        .join(Campaign, Campaign.id == Letter.campaign_id)
        .join(Office, Office.id == Letter.office_id)
        .where(
            Letter.state == State.SCHEDULED,
            Letter.send_after <= now,
            Letter.send_before > now,
            Campaign.paused_at.is_(None),
            sa.or_(
                Letter.kind.not_in(gate.COOLED),
                Office.quiet_until.is_(None),
                Office.quiet_until <= now,
            ),
        )
        .order_by(Letter.send_after, Letter.id)
        .limit(limit)
    )
    if after is not None:
        instant, last = after
        query = query.where(
            sa.or_(
                Letter.send_after > instant,
                sa.and_(Letter.send_after == instant, Letter.id > last),
            )
        )
    return [(row[0], row[1]) for row in session.execute(query) if row[0] is not None]


def send_due(
    database: Database,
    postman: Postman,
    *,
    now: Callable[[], dt.datetime],
    worker: str,
    limit: int = 500,
) -> Counts:
    """Send what is due, at most `limit` letters; return how many came to what.

    `now` is asked anew for every step; `worker` names this process in the attempts. A letter that
    fails never stops the others, and one that waits never uses up the limit.
    """
    counts: Counts = dict.fromkeys(Verdict, 0)
    after: tuple[dt.datetime, int] | None = None
    while counts[Verdict.DELIVERED] < limit:
        with database.reading() as session:
            page = due_letters(session, now=now(), after=after, limit=PAGE)
        for _, letter_id in page:
            if counts[Verdict.DELIVERED] >= limit:
                break
            counts[_send_safely(database, letter_id, postman, now=now, worker=worker)] += 1
        if len(page) < PAGE:
            break
        after = page[-1]
    return counts


def _send_safely(
    database: Database,
    letter_id: int,
    postman: Postman,
    *,
    now: Callable[[], dt.datetime],
    worker: str,
) -> Verdict:
    try:
        return send_one(database, letter_id, postman, now=now, worker=worker)
    except Exception as error:
        # The message of a database error holds the row, so only its kind is written down.
        log.error("letter %s: %s", letter_id, type(error).__name__)
        return Verdict.ERROR


def send_one(
    database: Database,
    letter_id: int,
    postman: Postman,
    *,
    now: Callable[[], dt.datetime],
    worker: str,
) -> Verdict:
    """Take one letter all the way: claim, note, deliver, keep the result."""
    claimed = claim(database, letter_id, postman, now=now(), worker=worker)
    if not isinstance(claimed, Claim):
        return claimed
    if not about_to_go(database, claimed, now=now()):
        return Verdict.PUT_BACK
    try:
        words = postman.deliver(claimed.message, claimed.envelope)
    except TransportError as error:
        results.not_taken(
            database, claimed.attempt_id, error.words, refusal=error.refusal, now=now()
        )
        return Verdict.REFUSED if error.permanent else Verdict.PUT_BACK
    except Exception as error:
        # Anything else leaves open whether they have it.
        results.lost_sight(
            database, claimed.attempt_id, f"{type(error).__name__} while sending", now=now()
        )
        return Verdict.UNKNOWN
    results.delivered(database, claimed.attempt_id, words, now=now())
    return Verdict.DELIVERED


def claim(
    database: Database, letter_id: int, postman: Postman, *, now: dt.datetime, worker: str
) -> Claim | Verdict:
    """Make one due letter this worker's, or say why not; all in one transaction.

    What is returned as a `Claim` is committed: attempt, Message-ID and the very bytes.
    """
    try:
        with database.writing() as session:
            campaign = _campaign_of(session, letter_id)
            letter = session.scalar(_due(letter_id, now))
            if letter is None:
                return Verdict.TAKEN
            return _claim(session, campaign, letter, postman, now=now, worker=worker)
    except MoveRefused:
        return Verdict.TAKEN
    except (BadInput, Refused) as error:
        # Nothing of the claim was kept: what can't be made into a message, or must not stand
        # beside another letter, needs a person.
        with database.writing() as session:
            letter = session.scalar(_due(letter_id, now))
            if letter is None:
                return Verdict.TAKEN
            return _hold(session, letter, [error.sentence], now)


def _campaign_of(session: Session, letter_id: int) -> Campaign:
    """Lock the campaign, shared: pausing or going live waits for this claim, and it for them.

    Campaign before letter, as going live takes them: the other way round the two could block.
    """
    its = sa.select(Letter.campaign_id).where(Letter.id == letter_id).scalar_subquery()
    return session.scalars(
        sa.select(Campaign).where(Campaign.id == its).with_for_update(read=True)
    ).one()


def _due(letter_id: int, now: dt.datetime) -> sa.Select[Letter]:
    """The letter while it is due; another worker's lock means it is taken."""
    return (
        sa.select(Letter)
        .where(
            Letter.id == letter_id,
            Letter.state == State.SCHEDULED,
            Letter.send_after <= now,
            Letter.send_before > now,
        )
        .with_for_update(skip_locked=True)
    )


def _claim(
    session: Session,
    campaign: Campaign,
    letter: Letter,
    postman: Postman,
    *,
    now: dt.datetime,
    worker: str,
) -> Claim | Verdict:
    rehearsal = campaign.rehearsing
    if not postman.takes(rehearsal=rehearsal):
        return Verdict.WAITING
    stops, waits = gate.reasons(session, letter, now=now)
    if stops:
        return _hold(session, letter, [stop.words for stop in stops], now)
    if waits:
        return Verdict.WAITING
    written = postman.write(session, campaign, letter, now=now)
    # A rehearsal reaches nobody, so no desk has to rest after it (law 10).
    if letter.kind in gate.COOLED and not rehearsal:
        free = desks.take_desk(
            session,
            letter.office_id,
            cooling_days=campaign.cooling_days,
            code=desks.code_of(session, letter.target_id),
            now=now,
        )
        if free is None:
            return Verdict.WAITING
    moving.make(session, letter, "claim", by=CLOCK, now=now, rehearsal=rehearsal)
    attempt = _begin(session, letter, written, postman, now=now, worker=worker)
    return Claim(letter.id, attempt.id, written.message, written.envelope)


def _begin(
    session: Session,
    letter: Letter,
    written: Written,
    postman: Postman,
    *,
    now: dt.datetime,
    worker: str,
) -> Attempt:
    highest = session.scalar(
        sa.select(sa.func.max(Attempt.number)).where(Attempt.letter_id == letter.id)
    )
    attempt = Attempt(
        letter_id=letter.id,
        number=(highest or 0) + 1,
        message_id=written.envelope.message_id,
        account_id=written.envelope.account_id,
        transport=postman.name,
        worker=worker,
        rehearsal=letter.rehearsal,
        started_at=now,
        lease_until=now + LEASE,
        message=written.message,
    )
    session.add(attempt)
    session.flush()
    return attempt


def _hold(session: Session, letter: Letter, words: Sequence[Sentence], now: dt.datetime) -> Verdict:
    reason = " ".join(str(sentence) for sentence in words)
    moving.make(session, letter, "hold", by=CLOCK, now=now, reason=reason)
    return Verdict.HELD


def about_to_go(database: Database, claimed: Claim, *, now: dt.datetime) -> bool:
    """Commit that the bytes go now, and renew the lease; False when they must not.

    They must not when the red button was pressed since the claim (the letter is put back at once)
    or when the lease ended meanwhile (whoever sweeps puts it back).
    """
    with database.writing() as session:
        paused = session.scalar(
            sa.select(Campaign.paused_at)
            .join(Letter, Letter.campaign_id == Campaign.id)
            .where(Letter.id == claimed.letter_id)
        )
        if paused is None:
            result = session.execute(
                sa.update(Attempt)
                .where(
                    Attempt.id == claimed.attempt_id,
                    Attempt.outcome == Outcome.RUNNING,
                    Attempt.data_at.is_(None),
                    Attempt.lease_until > now,
                )
                .values(data_at=now, lease_until=now + LEASE)
            )
            return cast("sa.CursorResult[Any]", result).rowcount == 1
    results.never_began(database, claimed.attempt_id, "the campaign was paused", now=now)
    return False


def settle(
    session: Session, letter: Letter, went: bool, *, reason: str, by: Actor, now: dt.datetime
) -> None:
    """Say of an unknown letter whether it went, and why we think so.

    Raises BadInput without a reason and what `moving.make` raises.
    """
    last = results.last_attempt(session, letter.id)
    if went:
        sent_at = (last.data_at if last else None) or now
        moving.make(session, letter, "confirm_sent", by=by, now=now, reason=reason, sent_at=sent_at)
    else:
        moving.make(session, letter, "confirm_unsent", by=by, now=now, reason=reason)
        if last is not None:
            results.free_desk_of(session, last, letter)
    tasks.finish_about(session, ("letter", letter.id), by=by, now=now)
