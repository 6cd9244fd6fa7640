"""The queue of addresses to check: what a letter is about to need comes first."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign
from outreach.directory import offices
from outreach.directory.models import ContactDetail, Membership, Target, TargetRole
from outreach.letters.audiences import Filters
from outreach.letters.lifecycle import State
from outreach.sending.needed import Need, queue
from tests import make
from tests.sending.conftest import live

TODAY = make.NOW.date()


def checked(session: Session, ago: int | None, **values: Any) -> Target:
    """A target whose address was checked so many days ago; None: never."""
    target = make.target(session, **values)
    held = session.get_one(Membership, target.membership_id)
    day = None if ago is None else TODAY - dt.timedelta(days=ago)
    session.execute(
        sa.update(ContactDetail)
        .where(ContactDetail.person_id == held.person_id)
        .values(verified_on=day, verified_by=None if day is None else "Sam")
    )
    session.expire_all()
    offices.settle_target(session, target)
    return target


def scheduled(session: Session, campaign: Campaign, target: Target, days: int) -> None:
    after = make.NOW + dt.timedelta(days=days)
    make.letter(
        session,
        campaign,
        target=target,
        state=State.SCHEDULED,
        send_after=after,
        send_before=after + dt.timedelta(hours=8),
    )


def names(session: Session, campaign: Campaign, need: Need, **more: Any) -> list[str]:
    found = queue(session, campaign, today=TODAY, need=need, **more)
    return [row.target.name for row in found.rows]


def filled(session: Session, campaign: Campaign) -> None:
    scheduled(session, campaign, checked(session, None, name="Later"), 5)
    scheduled(session, campaign, checked(session, 200, name="Sooner"), 1)
    # Good today, but not on the day the letter leaves.
    scheduled(session, campaign, checked(session, 178, name="Runs out"), 3)
    scheduled(session, campaign, checked(session, 10, name="Fine"), 3)
    approved = checked(session, None, name="No time yet")
    make.letter(session, campaign, target=approved, state=State.APPROVED)
    make.letter(session, campaign, target=checked(session, None, name="Draft"))
    checked(session, 400, name="Old")
    checked(session, 181, name="Just over")
    checked(session, 100, name="Half")
    checked(session, 50, name="Minister at half", role=TargetRole.MINISTER)
    checked(session, 20, name="Young")
    checked(session, None, name="Never", role=TargetRole.MINISTER)
    checked(session, None, name="Never, a member")
    checked(session, None, name="Nowhere", role=TargetRole.MINISTER, address=None)


def test_what_is_needed_first_comes_first(session: Session) -> None:
    campaign = make.campaign(session)
    filled(session, campaign)
    found = queue(session, campaign, today=TODAY)
    assert found.need is Need.LETTERS
    assert [row.target.name for row in found.rows] == [
        "Sooner",
        "Runs out",
        "Later",
        "No time yet",
    ]
    assert found.rows[0].detail is not None
    assert found.counts == {
        Need.LETTERS: 4,
        Need.DRAFTS: 1,
        Need.EXPIRED: 2,
        Need.SOON: 2,
        Need.NEVER: 1,
    }
    assert names(session, campaign, Need.DRAFTS) == ["Draft"]
    assert names(session, campaign, Need.EXPIRED) == ["Just over", "Old"]
    assert names(session, campaign, Need.SOON) == ["Minister at half", "Half"]
    assert names(session, campaign, Need.NEVER) == ["Never"]
    ministers = Filters(roles=(TargetRole.MINISTER,))
    assert names(session, campaign, Need.SOON, audience=ministers) == ["Minister at half"]


def test_nobody_else_s_letters_and_nothing_made_up_once_live(session: Session) -> None:
    campaign = live(session)
    filled(session, make.campaign(session))
    assert not any(queue(session, campaign, today=TODAY).counts[n] for n in list(Need)[:2])
    session.execute(sa.update(Target).values(demonstration=True))
    assert set(queue(session, campaign, today=TODAY).counts.values()) == {0}


def test_the_queries_are_few_however_long_the_queue(session: Session) -> None:
    campaign = make.campaign(session)
    filled(session, campaign)
    for number in range(30):
        checked(session, 300 + number)
    statements: list[str] = []

    def watch(*args: Any) -> None:
        statements.append(args[2])

    event.listen(session.get_bind(), "before_cursor_execute", watch)
    found = queue(session, campaign, today=TODAY, need=Need.EXPIRED, page=2)
    event.remove(session.get_bind(), "before_cursor_execute", watch)
    assert (len(found.rows), found.page, found.more) == (7, 2, False)
    # Two of them ask whether anything was written since the last look.
    assert len(statements) <= 15
