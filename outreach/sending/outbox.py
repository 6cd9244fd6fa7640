"""Hands due letters to a postman so that none goes twice and none is lost (laws 1 and 2).

Letters go in batches of as many as the postman takes together (`OUTREACH_BATCH`, one by default).
One transaction keeps what came of the batch before and claims the next (`claiming`: gate asked
again, desks taken, attempts with their Message-IDs); a second keeps the bytes and notes that they
are about to go; then the postman works outside any transaction. What was looked at and written
before the claim is noted with it, without a second (`looking_ahead`). Killed before the note,
letters are put back; killed after it, nobody knows of at most one batch, and its letters say so
until a person settles them.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import tasks
from outreach.accounts.models import Actor, Campaign
from outreach.database import Database, is_away
from outreach.errors import BadInput, MoveRefused, Refused
from outreach.letters import moving
from outreach.letters.models import Letter
from outreach.sending import beginning, claiming, due, results
from outreach.sending.beginning import LEASE, Claim
from outreach.sending.claiming import Claimed, Counts, Verdict
from outreach.sending.due import Page, Position
from outreach.sending.looking_ahead import Looked, look_ahead, past_waiting
from outreach.sending.models import Attempt
from outreach.sending.postman import LASTING, Answer, Fate, Postman, Written
from outreach.sending.results import Result
from outreach.words import Sentence

__all__ = ["LEASE", "Counts", "Verdict", "send_due", "settle"]

# A worker looks at one of the next so many pages before it claims.
PAGES = 8
# No letter is begun later than that after its batch was noted: the lease must outlast it.
LATEST = LEASE / 2
# Seconds between tries to keep what became of letters while the database is away.
AWAY = (0.5, 1, *(2,) * 15)

log = logging.getLogger(__name__)


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
    with database.reading() as session:
        # Looking takes no lock, claiming does.
        more = due.any_letter(session, now=now())
    page: Page | None = Page() if more else None
    try:
        while page is not None and going() and work.left(limit) > 0:
            page = work.send(Page(page.after, min(postman.together, work.left(limit))))
    finally:
        work.keep()
    return work.counts


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
    # Which of the next pages it looks at, and how often it has looked.
    lane: int = 0
    looks: int = 0
    # Does not look ahead this time.
    rests: bool = False

    def left(self, limit: int) -> int:
        """Return how many more letters may be delivered."""
        return limit - self.counts[Verdict.DELIVERED]

    def send(self, page: Page) -> Page | None:
        """Claim a page of letters, hand them over, and return the page to go on with."""
        ahead = self._look_ahead(page)
        done = self._claim(page, ahead)
        # Where others write all the time, every second look would be for nothing.
        self.rests = ahead is not None and any(one.written is None for one in done.claims)
        for campaign_id, some in groupby(done.claims, lambda one: one.letter.campaign_id):
            self._leave(campaign_id, list(some))
        taken = not done.claims and set(done.others.values()) == {Verdict.TAKEN}
        if taken:
            # Another worker looks where this one does: elsewhere from now on.
            self.lane = random.randrange(PAGES)
        if done.skipped:
            self.looks = self.looks if done.claims else -1
            return page
        after = done.last
        if after is not None and not done.claims and not taken:
            after = self._past_waiting(after)
        return Page(after) if after is not None else None

    def _look_ahead(self, page: Page) -> Looked | None:
        """What is seen of the next page, or of one further on, and the messages of its letters.

        A worker that met another looks further on, and now and then at the next. None where looking
        before claiming gains nothing, or fails: the claim finds out why.
        """
        if self.rests or not self.database.one_writer:
            return None
        self.looks += 1
        skip = self.lane * page.most if self.looks % PAGES else 0
        try:
            with self.database.reading() as session:
                ahead = look_ahead(session, replace(page, skip=skip), now=self.now())
                if skip and ahead is not None and len(ahead.letters) < page.most:
                    ahead = look_ahead(session, page, now=self.now())
            return replace(ahead, written=self._written(ahead)) if ahead is not None else None
        except (BadInput, Refused):
            # Can't be made into a message: held once it is claimed.
            return None
        except Exception as error:
            log.error("looking ahead: %s", type(error).__name__)
            return None

    def _written(self, ahead: Looked) -> dict[int, Written]:
        """Write those that the gate has nothing against."""
        return {
            one.letter.id: self.postman.write_by(
                one.way.account if one.way is not None else None,
                one.sender,
                one.letter,
                now=ahead.at,
                html=one.campaign.html_part,
                rehearsal=one.campaign.rehearsing,
            )
            for one in ahead.situations.values()
            if not any(ahead.found[one.letter.id])
            and self.postman.takes(rehearsal=one.campaign.rehearsing)
        }

    def _past_waiting(self, after: Position) -> Position | None:
        """Where the next page begins behind a page that waits: where a letter doesn't."""
        try:
            with self.database.reading() as session:
                after_those, waiting = past_waiting(session, after, now=self.now())
        except Exception as error:
            # Claimed page by page instead: that tells one that can't be judged from the others.
            log.error("looking ahead: %s", type(error).__name__)
            return after
        self.counts[Verdict.WAITING] += waiting
        return after_those

    def _leave(self, campaign_id: int, claims: Sequence[Claim]) -> None:
        """Hand over what was claimed; what isn't written yet is, and noted that it goes."""
        ready = [(one, one.written) for one in claims if one.written is not None]
        if ready:
            self._hand_over(campaign_id, ready, ready[0][0].at)
        written = [pair for one in claims if not one.written and (pair := self._write(one))]
        instant = self.now()
        try:
            going = beginning.about_to_go(self.database, written, now=instant)
        except Exception as error:
            self._failed(error, len(written))
            # The note may stand all the same, but we know that no byte went.
            self._stay(written, instant)
            return
        # Paused meanwhile, or those before them took so long that their lease ended.
        words = "the campaign was paused" if going is None else ""
        goes: dict[bool, list[tuple[Claim, Written]]] = {True: [], False: []}
        for pair in written:
            goes[pair[0].attempt_id in (going or ())].append(pair)
        self._stay(goes[False], instant, words)
        self.counts[Verdict.PUT_BACK] += len(goes[False])
        self._hand_over(campaign_id, goes[True], self.now())

    def _stay(
        self, letters: Sequence[tuple[Claim, Written]], instant: dt.datetime, words: str = ""
    ) -> None:
        """Put claimed letters back that were not begun, unless somebody swept them."""
        stays = Answer(Fate.NOT_BEGUN, words)
        self._kept([Result(one.letter, one.attempt_id, instant, stays) for one, _ in letters])

    def keep(self) -> None:
        """Keep what was delivered last."""
        self._kept(self.taken)
        self.taken = []

    def _claim(self, page: Page, ahead: Looked | None = None, *, again: bool = True) -> Claimed:
        """Claim what can be claimed; where a whole page can't, each letter by itself.

        A database that can't twice is away, or too busy: nothing, and the next look goes on.
        """
        try:
            done = claiming.claim(
                self.database,
                page,
                takes=lambda rehearsal: self.postman.takes(rehearsal=rehearsal),
                transport=self.postman.name,
                now=self.now(),
                worker=self.worker,
                keep=partial(results.keep_delivered, results=self.taken, now=self.now()),
                ahead=ahead,
            )
        except Exception as error:
            away = isinstance(error, sa.exc.OperationalError)
            if again and (self.taken or away):
                # Results are kept by themselves; two workers that met don't meet twice.
                self.keep()
                return self._claim(page, again=False)
            if page.ids or away:
                self._failed(error, 1)
                return Claimed()
            return self._each(page)
        self.taken = []
        for verdict in done.others.values():
            # What waits further on is met again when its turn comes.
            if not done.skipped or verdict is not Verdict.WAITING:
                self.counts[verdict] += 1
        return done

    def _each(self, page: Page) -> Claimed:
        with self.database.reading() as session:
            rows = session.connection().execute(*due.page_query(page, now=self.now())).all()
        done = Claimed(last=(rows[-1].send_after, rows[-1].id) if rows else None)
        for row in rows:
            done.claims += self._claim(Page(ids=(row.id,))).claims
        return done

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

    def _hand_over(
        self, campaign_id: int, letters: Sequence[tuple[Claim, Written]], began: dt.datetime
    ) -> None:
        """Give the letters to the postman, outside any transaction."""
        if not letters:
            return
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


def nobody_at_it_from(attempt: Attempt) -> dt.datetime:
    """Return when no worker can be at an attempt any more, however slow it was.

    One that ended within its lease was ended by its own worker: whoever sweeps comes later.
    """
    if attempt.ended_at is not None and attempt.ended_at < attempt.lease_until:
        return attempt.ended_at
    return attempt.lease_until + LEASE


def settle(
    session: Session, letter: Letter, went: bool, *, reason: str, by: Actor, now: dt.datetime
) -> None:
    """Say of an unknown letter whether it went, and why we think so.

    "It didn't" has to wait until nobody can be at it any more: a worker that was only slow would
    deliver it, and the letter could go a second time. Raises BadInput without a reason, MoveRefused
    naming that moment, and what `moving.make` raises.
    """
    last = results.last_attempt(session, letter.id)
    until = nobody_at_it_from(last) if last else now
    if not went and until > now:
        words = "Its worker may still be at it. Say that it didn't go after %(until)s, not before."
        raise MoveRefused(Sentence(words, until=until))
    if went:
        sent_at = (last.data_at if last else None) or now
        moving.make(session, letter, "confirm_sent", by=by, now=now, reason=reason, sent_at=sent_at)
    else:
        moving.make(session, letter, "confirm_unsent", by=by, now=now, reason=reason)
        if last is not None:
            results.free_desk_of(session, last, letter)
    tasks.finish_about(session, ("letter", letter.id), by=by, now=now)
