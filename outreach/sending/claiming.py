"""Makes due letters this worker's: one transaction for as many as share a batch.

The gate is asked inside it, about the rows as they are locked, or it was asked just before and
nothing has changed since (`looking_ahead`); what is written and signed afterwards are those very
rows, so nobody can change a word in between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import CLOCK, Campaign
from outreach.database import Database
from outreach.errors import MoveRefused
from outreach.letters import moving
from outreach.letters.models import Letter
from outreach.sending import desks, due, gate, routes
from outreach.sending.beginning import Claim, begin
from outreach.sending.looking_ahead import Looked, holds, looked_at
from outreach.sending.situation import Situation


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


@dataclass(slots=True)
class Claimed:
    """The claims, in the order the letters are due, and {letter id: why not} of the others."""

    claims: list[Claim] = field(default_factory=list)
    others: dict[int, Verdict] = field(default_factory=dict)
    # Where the next page begins; None when this was the last.
    last: due.Position | None = None
    # It was a page further on: those before it are still to come.
    skipped: bool = False


def nothing(session: Session) -> None:
    """Keep nothing beside a claim."""


def claim(
    database: Database,
    page: due.Page,
    *,
    takes: Callable[[bool], bool],
    transport: str,
    now: dt.datetime,
    worker: str,
    keep: Callable[[Session], None] = nothing,
    ahead: Looked | None = None,
) -> Claimed:
    """Make a page of due letters this worker's, or say why not; all in one transaction.

    `takes` says whether the way out takes a rehearsal (True) or what really leaves, `transport`
    is its name, `keep` writes into the same transaction what came of the letters before, and
    `ahead` is what was seen of the page, or of another, before it. Raises what the database raises;
    then nothing was kept and nothing claimed.
    """
    # What it writes is asked for under this lock, or makes no letter wait that would have gone.
    with database.writing(counted=False) as session:
        # Before this transaction holds a letter: it waits for nobody afterwards.
        keep(session)
        if ahead is not None and not holds(session, ahead, now=now):
            ahead = None
        letters, done = _locked(session, page, ahead, now)
        of_campaign: dict[int, list[Letter]] = {}
        for letter in letters:
            of_campaign.setdefault(letter.campaign_id, []).append(letter)
        _hold_shared(session, of_campaign)
        begun = partial(begin, transport=transport, worker=worker, now=now)
        for campaign_id, some in of_campaign.items():
            # Shared: pausing or going live waits for this claim. Who does either now is not waited
            # for, because it may wait for these letters.
            campaign = session.scalar(_LOCKED, {"campaign": campaign_id})
            if campaign is None or not takes(campaign.rehearsing):
                done.others.update((letter.id, Verdict.WAITING) for letter in some)
            else:
                looked = ahead or looked_at(session, some, now=now)
                done.claims += _claim_of(session, campaign, some, looked, done, now, begun)
        return done


def _locked(
    session: Session, page: due.Page, ahead: Looked | None, now: dt.datetime
) -> tuple[list[Letter], Claimed]:
    """The letters of a page that nobody else has, locked, and what is known of the others."""
    if ahead is not None:
        seen = list(ahead.letters)
        letters = due.still(session, seen, now=now)
    else:
        seen = letters = due.letters(session, page, now=now)
    found = {letter.id for letter in letters}
    missing = (*page.ids, *(letter.id for letter in seen))
    done = Claimed(others={one: Verdict.TAKEN for one in missing if one not in found})
    done.skipped = ahead is not None and ahead.skipped
    if len(seen) == page.most and seen[-1].send_after is not None:
        done.last = seen[-1].send_after, seen[-1].id
    return letters, done


def _hold_shared(session: Session, of_campaign: Mapping[int, Sequence[Letter]]) -> None:
    """Take the locks of all campaigns in the order of one: first accounts, then desks.

    Campaigns share desks: taken campaign by campaign, two workers could wait for each other.
    """
    for campaign_id in sorted(of_campaign):
        routes.hold_limited(session, campaign_id)
    if len(of_campaign) < 2:
        # Its desks are held when they are taken.
        return
    cooled = [one for some in of_campaign.values() for one in some if one.kind in gate.COOLED]
    desks.hold_desks(session, {one.office_id for one in cooled})


_LOCKED = sa.select(Campaign).where(Campaign.id == sa.bindparam("campaign"))
_LOCKED = _LOCKED.with_for_update(read=True, skip_locked=True)


def _claim_of(
    session: Session,
    campaign: Campaign,
    letters: Sequence[Letter],
    looked: Looked,
    done: Claimed,
    now: dt.datetime,
    begun: Callable[[Session, Campaign, Sequence[Letter], Looked], list[Claim]],
) -> list[Claim]:
    """Claim letters of one campaign as far as the gate and their desks let them through."""
    situations = looked.situations
    free = _let_through(session, letters, looked, done, now)
    free = _with_desks(session, campaign, free, situations, done, now)
    free = _moved(session, campaign, free, situations, done, now)
    return begun(session, campaign, free, looked)


def _let_through(
    session: Session,
    letters: Sequence[Letter],
    looked: Looked,
    done: Claimed,
    now: dt.datetime,
) -> list[Letter]:
    """Those the gate has nothing against, no more than their account takes; others are held."""
    free: list[Letter] = []
    held: dict[str, list[Letter]] = {}
    for letter in letters:
        way = looked.situations[letter.id].way
        stops, waits = looked.found[letter.id]
        if stops:
            reason = " ".join(str(stop.words) for stop in stops)
            held.setdefault(reason, []).append(letter)
        elif waits or (way is not None and way.room is not None and len(free) >= way.room):
            done.others[letter.id] = Verdict.WAITING
        else:
            free.append(letter)
    for reason, some in held.items():
        refused = moving.make_many(session, some, "hold", by=CLOCK, now=now, reason=reason)
        done.others.update(
            (one.id, Verdict.TAKEN if one.id in refused else Verdict.HELD) for one in some
        )
    return free


def _with_desks(
    session: Session,
    campaign: Campaign,
    letters: Sequence[Letter],
    situations: Mapping[int, Situation],
    done: Claimed,
    now: dt.datetime,
) -> list[Letter]:
    """Those that need no desk, and of the others the first to each desk that is free."""
    # A rehearsal reaches nobody, so no desk has to rest after it (law 10).
    cooled = [] if campaign.rehearsing else [one for one in letters if one.kind in gate.COOLED]
    if not cooled:
        return list(letters)
    wanted = {one.office_id: situations[one.id].target.jurisdiction_code for one in cooled}
    open_ones = desks.take_desks(session, wanted, cooling_days=campaign.cooling_days, now=now)
    free: list[Letter] = []
    for letter in letters:
        if letter.kind not in gate.COOLED:
            free.append(letter)
        elif letter.office_id in open_ones:
            open_ones.remove(letter.office_id)
            free.append(letter)
        else:
            done.others[letter.id] = Verdict.WAITING
    return free


def _moved(
    session: Session,
    campaign: Campaign,
    letters: Sequence[Letter],
    situations: Mapping[int, Situation],
    done: Claimed,
    now: dt.datetime,
) -> list[Letter]:
    """Those that are `sending` now. What must not stand beside another letter needs a person."""
    rehearsal = campaign.rehearsing
    refused = moving.make_many(session, letters, "claim", by=CLOCK, now=now, rehearsal=rehearsal)
    for letter in letters:
        if letter.id not in refused:
            continue
        if letter.kind in gate.COOLED and not rehearsal:
            code = situations[letter.id].target.jurisdiction_code
            days = campaign.cooling_days
            desks.free_desk(session, letter.office_id, cooling_days=days, code=code, taken_at=now)
        if isinstance(refused[letter.id], MoveRefused):
            done.others[letter.id] = Verdict.TAKEN
            continue
        reason = str(refused[letter.id].sentence)
        moving.make_many(session, [letter], "hold", by=CLOCK, now=now, reason=reason)
        done.others[letter.id] = Verdict.HELD
    return [letter for letter in letters if letter.id not in refused]
