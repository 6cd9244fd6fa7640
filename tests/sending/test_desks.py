"""How long a desk rests, counted in the working days of its own country."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from outreach.directory.models import Office
from outreach.letters.lifecycle import State
from outreach.sending import claiming, desks, results
from outreach.sending.due import Page
from tests import make
from tests.sending.conftest import claim_all, live, sendable


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("code", "start", "days", "end"),
    [
        # Nobody knows the country: Monday to Friday.
        ("", utc(2026, 3, 5, 9), 5, utc(2026, 3, 12, 9)),
        # Thursday; Friday and Saturday rest in Israel, Sunday works, so a day earlier.
        ("IL", utc(2026, 3, 12, 9), 2, utc(2026, 3, 16, 9)),
        # Estonia's Independence Day lies between (24 February), a Tuesday.
        ("EE", utc(2026, 2, 20, 9), 5, utc(2026, 3, 2, 9)),
        # The clock changes on 29 March: still ten in the morning there.
        ("DE", utc(2026, 3, 26, 9), 5, utc(2026, 4, 2, 8)),
        # Good Friday and Easter Monday.
        ("DE", utc(2026, 4, 2, 8), 5, utc(2026, 4, 13, 8)),
        # Tuesday morning in New Zealand is still Monday here; Friday there is Good Friday.
        ("NZ", utc(2026, 3, 30, 20), 3, utc(2026, 4, 6, 21)),
    ],
)
def test_working_days_are_those_of_the_country(code, start, days, end) -> None:
    assert desks.after_working_days(start, days, code) == end


def test_days_count_as_instants_do() -> None:
    assert desks.after_working_days(dt.date(2026, 2, 20), 5, "EE") == dt.date(2026, 3, 2)
    assert desks.after_working_days(dt.date(2026, 2, 20), 5) == dt.date(2026, 2, 27)


def test_a_claim_lets_the_desk_rest_by_its_own_calendar(database) -> None:
    now = utc(2026, 2, 20, 9)
    with database.writing() as session:
        make.jurisdiction(session, "EE", timezone="Europe/Tallinn")
        campaign = live(session)
        to = make.target(session, jurisdiction_code="EE", address="d@office.zz")
        letter = sendable(session, campaign, target=to, address="d@office.zz")
        letter.state = State.SCHEDULED
        letter.send_after, letter.send_before = now, now + dt.timedelta(hours=3)
        letter.approved_at = now
        campaign.live_at = now - dt.timedelta(days=1)
        letter_id, office_id = letter.id, letter.office_id
    (claim,) = claim_all(database, [letter_id], now).claims
    with database.reading() as session:
        assert session.get_one(Office, office_id).quiet_until == utc(2026, 3, 2, 9)
    results.never_began(database, [claim.attempt_id], "stopped", now=now)
    with database.reading() as session:
        assert session.get_one(Office, office_id).quiet_until is None


@pytest.mark.long
def test_two_workers_with_letters_of_two_campaigns_never_wait_for_each_other(
    empty_postgres, now
) -> None:
    """Each has a letter of both campaigns, to the same two desks the other way round."""
    addresses = ["ida@office.zz", "bo@office.zz"]
    with empty_postgres.writing() as session:
        campaigns = live(session), live(session)
        targets = {one: make.target(session, address=one) for one in addresses}
        pages = [
            [
                sendable(
                    session,
                    campaign,
                    state=State.SCHEDULED,
                    target=targets[address],
                    address=address,
                    send_after=now - dt.timedelta(minutes=minutes),
                    send_before=now + dt.timedelta(hours=2),
                ).id
                for campaign, address, minutes in zip(campaigns, these, (2, 1), strict=True)
            ]
            for these in (addresses, addresses[::-1])
        ]
    barrier = threading.Barrier(2)

    def work(ids: Sequence[int]) -> int:
        campaigns_asked = iter(range(9))

        def takes(_rehearsal: bool) -> bool:
            # Between the first campaign and the second both workers stand still, if both come.
            if next(campaigns_asked) == 1:
                with contextlib.suppress(threading.BrokenBarrierError):
                    barrier.wait(1)
            return True

        page = Page(ids=tuple(ids))
        claimed = claiming.claim(
            empty_postgres, page, takes=takes, transport="fake", now=now, worker="w"
        )
        return len(claimed.claims)

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(work, pages)) == 2
