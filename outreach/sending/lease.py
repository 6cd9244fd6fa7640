"""One clock at a time: whoever ticked last within `LEASE` is it, the others idle.

A second one that acts all the same, because clocks differ or a tick took long, is harmless: every
act of it claims what it changes. The lease saves the work, it does not keep the peace.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.sending.models import ClockLease

LEASE = dt.timedelta(seconds=30)
# A clock that was silent for so long is gone, and the next one should have taken over.
SILENT = 3 * LEASE
NAME = "clock"


def take(session: Session, holder: str, *, now: dt.datetime) -> bool:
    """Become the clock, or stay it; return False while another one ticks.

    A tick further in the future than a lease lasts was noted by a clock that has been set back
    since: it holds nobody up.
    """
    free = sa.or_(
        ClockLease.holder.is_(None),
        ClockLease.holder == holder,
        ClockLease.ticked_at <= now - LEASE,
        ClockLease.ticked_at > now + LEASE,
    )
    its = sa.update(ClockLease).where(ClockLease.name == NAME, free)
    if _changed(session, its.values(holder=holder, ticked_at=now)):
        return True
    if session.get(ClockLease, NAME) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(ClockLease(name=NAME, holder=holder, ticked_at=now))
    except sa.exc.IntegrityError:
        return False  # another one was first, at the very first tick
    return True


def release(session: Session, holder: str) -> None:
    """Let the next one be the clock at once; nothing when another one is it already."""
    its = sa.update(ClockLease).where(ClockLease.name == NAME, ClockLease.holder == holder)
    session.execute(its.values(holder=None))


def last_tick(session: Session) -> dt.datetime | None:
    """Return when a clock ticked last; None when none ever did."""
    return session.scalar(sa.select(ClockLease.ticked_at).where(ClockLease.name == NAME))


def _changed(session: Session, statement: sa.Update) -> bool:
    return cast("sa.CursorResult[Any]", session.execute(statement)).rowcount == 1
