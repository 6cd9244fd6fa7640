"""One clock at a time, whatever the clocks say."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.sending import lease
from outreach.sending.models import ClockLease

SECOND = dt.timedelta(seconds=1)


def test_the_first_is_it_until_its_lease_ends(session: Session, now: dt.datetime) -> None:
    assert lease.last_tick(session) is None
    assert lease.take(session, "a", now=now)
    assert not lease.take(session, "b", now=now + lease.LEASE - SECOND)
    assert lease.take(session, "a", now=now + lease.LEASE - SECOND)
    assert not lease.take(session, "b", now=now + lease.LEASE)
    assert lease.take(session, "b", now=now + 2 * lease.LEASE)
    assert not lease.take(session, "a", now=now + 2 * lease.LEASE)
    assert lease.last_tick(session) == now + 2 * lease.LEASE
    assert session.scalar(sa.select(sa.func.count()).select_from(ClockLease)) == 1


def test_one_that_stops_hands_over_at_once(session: Session, now: dt.datetime) -> None:
    lease.take(session, "a", now=now)
    lease.release(session, "b")
    assert not lease.take(session, "b", now=now)
    lease.release(session, "a")
    assert lease.take(session, "b", now=now)


@pytest.mark.parametrize("back", [dt.timedelta(hours=1), dt.timedelta(days=400)])
def test_a_clock_set_back_stops_nobody(
    session: Session, now: dt.datetime, back: dt.timedelta
) -> None:
    lease.take(session, "a", now=now)
    assert lease.take(session, "b", now=now - back)
