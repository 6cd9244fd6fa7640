"""The first few letters of a large mailing go; the rest waits for what becomes of them."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.accounts.models import Campaign, Sender
from outreach.directory.models import Target
from outreach.errors import BadInput, NotAllowed
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Mailing, TemplateVersion
from outreach.sending import canary, gate, outbox, timetable
from outreach.sending.outbox import Verdict
from outreach.sending.postman import Refusal, TransportError
from tests import make
from tests.sending.conftest import EVERYBODY, FakePostman, Watch, live, sendable

DAY = dt.timedelta(hours=24)


@pytest.fixture
def mailing(session):
    """A function that makes a mailing of so many approved letters in a live campaign."""

    def made(size: int, *, rehearsing: bool = False, **values) -> list[Letter]:
        campaign = (make.campaign if rehearsing else live)(session, **values)
        first = sendable(session, campaign)
        shared = alike(session, first)
        ids = [first.id, *(sendable(session, campaign, **shared).id for _ in range(size - 1))]
        there = joinedload(Letter.target).joinedload(Target.jurisdiction)
        query = sa.select(Letter).where(Letter.id.in_(ids)).options(there).order_by(Letter.id)
        return list(session.scalars(query))

    return made


def first_mailing(session, letter: Letter) -> Mailing:
    return session.get_one(Mailing, letter.mailing_id)


def alike(session, letter: Letter) -> dict:
    """What the other letters of its mailing share with it."""
    return {
        "mailing": first_mailing(session, letter),
        "version": session.get_one(TemplateVersion, letter.template_version_id),
        "sender": session.get_one(Sender, letter.sender_id),
    }


def scheduled(session, letters, now):
    return timetable.schedule_many(session, letters, send_after=now, by=EVERYBODY, now=now)


def waits_of(session, letter, now):
    return [str(wait.words) for wait in gate.reasons(session, letter, now=now)[1]]


def gone(session, letters, now, state=State.SENT):
    for letter in letters:
        letter.state, letter.sent_at = state, now
    session.flush()


def test_five_go_first_and_the_rest_a_day_later(session, mailing, now) -> None:
    letters = mailing(25)
    result = scheduled(session, letters, now)
    assert len(result.letters) == 25
    starts = sorted(letter.send_after for letter in letters)
    assert starts == [now] * 5 + [now + DAY] * 20
    assert all(one.send_before - one.send_after == DAY for one in letters)
    first, rest = letters[0], letters[10]
    assert first_mailing(session, first).canary_ids == [one.id for one in letters[:5]]
    assert gate.reasons(session, first, now=now) == ((), ())
    (wait,) = gate.reasons(session, rest, now=now)[1]
    assert wait.until == now + DAY
    assert "The first 5 letters of this mailing go first; the rest waits 24 hours" in str(
        wait.words
    )


def test_when_nothing_comes_back_the_rest_goes_by_itself(session, mailing, now) -> None:
    letters = mailing(25)
    scheduled(session, letters, now)
    gone(session, letters[:5], now + dt.timedelta(minutes=20))
    rest = letters[20]
    assert waits_of(session, rest, now + DAY)
    assert not waits_of(session, rest, now + DAY + dt.timedelta(minutes=20))


@pytest.mark.parametrize(("back", "held"), [(1, False), (2, True), (5, True)])
def test_when_too_many_come_back_somebody_has_to_look(session, mailing, now, back, held) -> None:
    letters = mailing(25)
    scheduled(session, letters, now)
    gone(session, letters[:5], now)
    gone(session, letters[:back], now, State.BOUNCED)
    late = now + 3 * DAY
    stops, waits = gate.reasons(session, letters[9], now=late)
    assert not stops
    assert [str(wait.words) for wait in waits] == (
        [f"{back} of the first 5 letters of this mailing came back."] if held else []
    )
    if held:
        assert waits[0].mend is not None and waits[0].mend[1] == "letters.mailing"
        here = first_mailing(session, letters[0])
        by = make.olga(session, session.get_one(Campaign, here.campaign_id))
        canary.let_rest_go(session, here, by=by, now=late)
        assert here.rest_released_by == "Olga"
        assert not waits_of(session, letters[9], late)


def test_only_organisers_let_the_rest_go(session, mailing, now) -> None:
    letters = mailing(25)
    scheduled(session, letters, now)
    here = first_mailing(session, letters[0])
    sam = make.sam(session, session.get_one(Campaign, here.campaign_id))
    with pytest.raises(NotAllowed):
        canary.let_rest_go(session, here, by=sam, now=now)


@pytest.mark.parametrize(
    ("size", "values"),
    [(20, {}), (25, {"canaries": 0}), (25, {"rehearsing": True})],
    ids=["small", "switched off", "rehearsing"],
)
def test_small_mailings_and_rehearsals_have_none(session, mailing, now, size, values) -> None:
    letters = mailing(size, **values)
    scheduled(session, letters, now)
    assert {letter.send_after for letter in letters} == {now}
    assert first_mailing(session, letters[0]).canary_ids == []
    assert not waits_of(session, letters[-1], now)


def test_a_mailing_may_have_its_own_numbers(session, mailing, now) -> None:
    letters = mailing(13)
    here = first_mailing(session, letters[0])
    by = make.olga(session, session.get_one(Campaign, here.campaign_id))
    canary.set_canaries(session, here, canaries=3, hours=2, by=by, now=now)
    scheduled(session, letters, now)
    starts = [letter.send_after for letter in letters]
    assert starts == [now] * 3 + [now + dt.timedelta(hours=2)] * 10
    for wrong in ({"canaries": -1, "hours": None}, {"canaries": 1, "hours": 0}):
        with pytest.raises(BadInput):
            canary.set_canaries(session, here, by=by, now=now, **wrong)


@pytest.mark.long
def test_good_hours_of_the_rest_lie_after_those_that_go_first(session, mailing, now) -> None:
    letters = mailing(25)
    result = timetable.schedule_at_good_hours(
        session, letters, send_after=now, by=EVERYBODY, now=now
    )
    assert len(result.letters) == 25
    ids = first_mailing(session, letters[0]).canary_ids
    first = [one.send_after for one in letters if one.id in ids]
    rest = [one.send_after for one in letters if one.id not in ids]
    assert len(first) == 5
    assert min(rest) >= max(first) + DAY
    late = next(one for one in letters if one.id not in ids)
    assert late.send_because.endswith("The first letters of its mailing go before it.")


@pytest.mark.long
def test_when_those_that_were_to_go_first_do_not_go_somebody_is_told(session, mailing, now) -> None:
    letters = mailing(25)
    scheduled(session, letters, now)
    for letter in letters[:5]:
        moving.make(session, letter, "withdraw", by=EVERYBODY, now=now, reason="no longer so")
    (words,) = waits_of(session, letters[8], now + 2 * DAY)
    assert words == "None of the letters of this mailing that were to go first went."
    # Scheduled again together, others go first.
    for letter in letters[5:]:
        moving.make(session, letter, "unschedule", by=EVERYBODY, now=now)
    scheduled(session, letters[5:], now + DAY)
    assert not waits_of(session, letters[5], now + DAY)


@pytest.mark.long
def test_sending_lets_five_go_and_two_refusals_hold_the_rest_back(database, now) -> None:
    with database.session(writes=True) as session:
        campaign = live(session)
        one = sendable(session, campaign)
        more = alike(session, one)
        letters = [one, *(sendable(session, campaign, **more) for _ in range(24))]
        scheduled(session, letters, now)
        session.commit()
        here_id = one.mailing_id
    watch = Watch(now)
    refusing = FakePostman(
        TransportError("550 no such user", refusal=Refusal.ADDRESS), for_rehearsal=False
    )
    counts = outbox.send_due(database, refusing, now=watch, worker="a", limit=100)
    assert counts[Verdict.REFUSED] == 5
    good = FakePostman(for_rehearsal=False)
    watch.forward(hours=25)
    counts = outbox.send_due(database, good, now=watch, worker="a", limit=100)
    assert (counts[Verdict.DELIVERED], counts[Verdict.WAITING]) == (0, 20)
    with database.writing() as session:
        by = make.olga(session, session.get_one(Campaign, campaign.id))
        canary.let_rest_go(session, session.get_one(Mailing, here_id), by=by, now=watch())
    counts = outbox.send_due(database, good, now=watch, worker="a", limit=100)
    assert counts[Verdict.DELIVERED] == 20
