"""Hands due letters to a postman so that none goes twice and none is lost (laws 1 and 2).

Letters go in batches of as many as the postman takes together (`OUTREACH_BATCH`, one by default).
One transaction keeps what came of the batch before and claims the next (`claiming`: gate asked
again, desks taken, attempts with their Message-IDs); a second keeps the bytes and notes that they
are about to go; then the postman works outside any transaction. Killed before the second, letters
are put back; killed after it, nobody knows of at most one batch, and its letters say so until a
person settles them.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import tasks
from outreach.accounts.models import Actor, Campaign
from outreach.database import Database, is_away
from outreach.directory.models import Office
from outreach.errors import BadInput, Refused
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import claiming, gate, results
from outreach.sending.claiming import LEASE, Claim, Counts, Verdict
from outreach.sending.postman import LASTING, Answer, Fate, Postman, Written
from outreach.sending.results import Result

__all__ = ["LEASE", "Counts", "Verdict", "due_letters", "send_due", "settle"]

PAGE = 50
# No letter is begun later than that after its batch was noted: the lease must outlast it.
LATEST = LEASE / 2
# Seconds between tries to keep what became of letters while the database is away.
AWAY = (0.5, 1, *(2,) * 15)

log = logging.getLogger(__name__)
Due = tuple[dt.datetime, int, int]


def due_letters(
    session: Session,
    *,
    now: dt.datetime,
    after: tuple[dt.datetime, int] | None = None,
    limit: int = PAGE,
) -> Sequence[Due]:
    """Return (send_after, id, campaign id) of letters whose window is open, longest due first.

    Leaves out what is sure to wait: paused campaigns and desks at rest. `after` is the last row of
    the page before.
    """
    query, told = due_query(now=now, after=after, limit=limit)
    rows = session.connection().execute(query, told)
    return [(instant, one, campaign) for instant, one, campaign in rows if instant is not None]


def due_query(
    *, now: dt.datetime, after: tuple[dt.datetime, int] | None, limit: int
) -> tuple[sa.Select[dt.datetime | None, int, int], dict[str, Any]]:
    """Return the query of `due_letters` and its values: it walks along `ix_letter_due`."""
    told: dict[str, Any] = {"now": now, "most": limit}
    if after is None:
        return _DUE, told
    return _GOING_ON, told | {"instant": after[0], "last": after[1]}


_DUE = (
    sa.select(Letter.send_after, Letter.id, Letter.campaign_id)
    .join(Campaign, Campaign.id == Letter.campaign_id)
    .join(Office, Office.id == Letter.office_id)
    .where(
        Letter.state == State.SCHEDULED,
        Letter.send_after <= sa.bindparam("now"),
        Letter.send_before > sa.bindparam("now"),
        Campaign.paused_at.is_(None),
        sa.or_(
            Letter.kind.not_in(sorted(gate.COOLED)),
            Office.quiet_until.is_(None),
            Office.quiet_until <= sa.bindparam("now"),
        ),
    )
    .order_by(Letter.send_after, Letter.id)
    .limit(sa.bindparam("most", type_=sa.Integer()))
)
# The first condition says where in the index it goes on.
_GOING_ON = _DUE.where(
    Letter.send_after >= sa.bindparam("instant"),
    sa.or_(Letter.send_after > sa.bindparam("instant"), Letter.id > sa.bindparam("last")),
)


def send_due(
    database: Database,
    postman: Postman,
    *,
    now: Callable[[], dt.datetime],
    worker: str,
    limit: int = 500,
    going: Callable[[], bool] = lambda: True,
) -> Counts:
    """Send what is due, at most `limit` letters; return how many came to what.

    `now` is asked anew for every step; `worker` names this process in the attempts. A letter that
    fails never stops the others, and one that waits never uses up the limit. Once the worker is not
    `going` any more, it ends after the batch in progress.
    """
    work = _Round(database, postman, now, worker)
    after: tuple[dt.datetime, int] | None = None
    size = max(PAGE, postman.together)
    try:
        while going() and work.left(limit) > 0:
            with database.reading() as session:
                page = due_letters(session, now=now(), after=after, limit=size)
            for campaign_id, ids in _batches(page, postman.together):
                if going() and work.left(limit) > 0:
                    work.send(campaign_id, ids[: work.left(limit)])
            if len(page) < size:
                break
            after = page[-1][:2]
    finally:
        work.keep()
    return work.counts


def _batches(page: Sequence[Due], size: int) -> Iterator[tuple[int, list[int]]]:
    """(campaign id, letter ids) of what can be claimed together, in the order it is due."""
    of_campaign: dict[int, list[int]] = {}
    for _, letter_id, campaign_id in page:
        of_campaign.setdefault(campaign_id, []).append(letter_id)
    for campaign_id, ids in of_campaign.items():
        for start in range(0, len(ids), size):
            yield campaign_id, ids[start : start + size]


@dataclass(slots=True)
class _Round:
    """One worker on its way through what is due, and what came of it so far."""

    database: Database
    postman: Postman
    now: Callable[[], dt.datetime]
    worker: str
    counts: Counts = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    # Delivered, and not kept yet: that goes along with the next claim.
    taken: list[Result] = field(default_factory=list)

    def left(self, limit: int) -> int:
        """Return how many more letters may be delivered."""
        return limit - self.counts[Verdict.DELIVERED]

    def send(self, campaign_id: int, ids: Sequence[int]) -> None:
        """Claim these letters, hand them over, and keep what came of them."""
        claims = self._claim(campaign_id, ids)
        written = [pair for one in claims if (pair := self._write(one)) is not None]
        instant = self.now()
        try:
            going = claiming.about_to_go(self.database, written, now=instant)
        except Exception as error:
            self._failed(error, len(written))
            # The note may stand all the same, but we know that no byte went.
            unsaid = Answer(Fate.NOT_BEGUN)
            self._kept([Result(one.letter, one.attempt_id, instant, unsaid) for one, _ in written])
            return
        if going is None:
            attempts = [one.attempt_id for one, _ in written]
            results.never_began(self.database, attempts, "the campaign was paused", now=self.now())
            going = set()
        self.counts[Verdict.PUT_BACK] += len(written) - len(going)
        self._hand_over(campaign_id, [pair for pair in written if pair[0].attempt_id in going])

    def keep(self) -> None:
        """Keep what was delivered last."""
        self._kept(self.taken)
        self.taken = []

    def _claim(self, campaign_id: int, ids: Sequence[int]) -> Sequence[Claim]:
        """Claim what can be claimed; where a whole batch can't, each letter by itself."""
        try:
            done = claiming.claim(
                self.database,
                campaign_id,
                ids,
                takes=lambda rehearsal: self.postman.takes(rehearsal=rehearsal),
                transport=self.postman.name,
                now=self.now(),
                worker=self.worker,
                keep=partial(results.keep_delivered, results=self.taken, now=self.now()),
            )
        except Exception as error:
            if self.taken:
                self.keep()
            elif len(ids) == 1 or isinstance(error, sa.exc.OperationalError):
                self._failed(error, len(ids))
                return ()
            else:
                return [one for each in ids for one in self._claim(campaign_id, [each])]
            return self._claim(campaign_id, ids)
        self.taken = []
        for verdict in done.others.values():
            self.counts[verdict] += 1
        return done.claims

    def _write(self, claim: Claim) -> tuple[Claim, Written] | None:
        """Make the message; a letter that can't be one is held, one that fails is put back."""
        try:
            written = self.postman.write_by(
                claim.account,
                claim.sender,
                claim.letter,
                now=claim.at,
                message_id=claim.message_id,
                html=claim.html,
                rehearsal=claim.rehearsal,
            )
        except (BadInput, Refused) as error:
            words = str(error.sentence)
            results.not_writable(self.database, claim.attempt_id, words, now=self.now())
            self.counts[Verdict.HELD] += 1
        except Exception as error:
            self._failed(error, 1)
            words = f"{type(error).__name__} while writing"
            results.never_began(self.database, [claim.attempt_id], words, now=self.now())
        else:
            return claim, written
        return None

    def _hand_over(self, campaign_id: int, letters: Sequence[tuple[Claim, Written]]) -> None:
        """Give the letters to the postman, outside any transaction."""
        if not letters:
            return
        began = self.now()
        others: list[Result] = []
        try:
            for (claim, _), answer in zip(
                letters, self._answers(campaign_id, letters, began), strict=True
            ):
                self.counts[_verdict(answer)] += 1
                result = Result(claim.letter, claim.attempt_id, began, answer)
                (self.taken if answer.fate is Fate.TAKEN else others).append(result)
        finally:
            self._kept(others)

    def _answers(
        self, campaign_id: int, letters: Sequence[tuple[Claim, Written]], began: dt.datetime
    ) -> Iterator[Answer]:
        """What becomes of each; none begins while the database can't say that it may."""
        paused = sa.select(Campaign.paused_at).where(Campaign.id == campaign_id)

        def going() -> bool:
            try:
                return look() is None and self.now() < began + LATEST
            except Exception as error:
                log.error("may a letter go? %s", type(error).__name__)
                return False

        with contextlib.ExitStack() as stack:
            try:
                look = stack.enter_context(self.database.glancing(paused))
            except Exception as error:
                log.error("may letters go? %s", type(error).__name__)
                yield from [Answer(Fate.NOT_BEGUN)] * len(letters)
            else:
                yield from self.postman.deliver_all([one for _, one in letters], going=going)

    def _kept(self, some: Sequence[Result]) -> None:
        """Keep what is known; a database that is away for a moment does not make it unknown."""
        for wait in (*AWAY, None):
            try:
                results.keep(self.database, some, now=self.now())
            except Exception as error:
                if wait is not None and is_away(error):
                    time.sleep(wait)
                    continue
                # Their leases end, and then nobody knows: a person settles them.
                self._failed(error, len(some))
            return

    def _failed(self, error: Exception, letters: int) -> None:
        # The message of a database error holds the row, so only its kind is written down.
        log.error("%s letters: %s", letters, type(error).__name__)
        self.counts[Verdict.ERROR] += letters


def _verdict(answer: Answer) -> Verdict:
    if answer.fate is Fate.TAKEN:
        return Verdict.DELIVERED
    if answer.fate is Fate.UNKNOWN:
        return Verdict.UNKNOWN
    return Verdict.REFUSED if answer.refusal in LASTING else Verdict.PUT_BACK


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
