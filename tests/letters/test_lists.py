from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from sqlalchemy.orm import Session

from outreach.letters import lists, selections
from outreach.letters.audiences import Filters
from outreach.letters.lifecycle import State
from outreach.letters.models import Mailing
from outreach.petitions.models import Position, StanceBasis
from outreach.petitions.stances import record_stance
from tests import make


def test_a_list_finds_names_in_any_script_and_codes_as_people_type_them(session: Session) -> None:
    campaign = make.campaign(session)
    target = make.target(session, name="Lukasz Zolc")
    letter = make.letter(session, campaign, target=target, code="7K4-Q2M")
    make.letter(session, campaign)
    for text in ("zolc", "7k4q2m", "7K4-Q2M", " 7k4 q2m "):
        wanted = lists.LetterFilter(rehearsal=True, q=text)
        assert list(lists.letter_rows(session, campaign.id, wanted, 1).rows) == [letter]


def test_numbers_of_a_mailing_agree_with_its_letters(session: Session) -> None:
    campaign = make.campaign(session)
    first = make.letter(session, campaign)
    mailing = session.get_one(Mailing, first.mailing_id)
    make.letter(session, campaign, mailing=mailing, state=State.SENT)
    make.letter(
        session, campaign, mailing=mailing, state=State.SENT, answered_on=dt.date(2026, 3, 2)
    )
    make.letter(session, campaign, mailing=mailing, state=State.WITHDRAWN)

    (row,) = lists.mailing_rows(session, campaign.id)
    assert (row.letters, row.unsent, row.sent, row.answered) == (4, 1, 2, 1)
    wanted = lists.LetterFilter(rehearsal=True, mailing_id=mailing.id)
    assert lists.state_counts(session, campaign.id, wanted) == {
        State.DRAFT: 1,
        State.SENT: 2,
        State.WITHDRAWN: 1,
    }


@pytest.mark.parametrize(
    "narrowed",
    [
        {},
        {"unsent": True},
        {"unanswered": True},
        {"state": State.SENT},
        {"state": State.WITHDRAWN},
        {"state": State.SENT, "unsent": True},
        {"state": State.DRAFT, "unsent": True},
    ],
)
def test_how_many_there_are_follows_from_the_numbers_by_state(
    session: Session, narrowed: dict[str, Any]
) -> None:
    campaign = make.campaign(session)
    mailing = session.get_one(Mailing, make.letter(session, campaign).mailing_id)
    for state, answered in ((State.SENT, None), (State.SENT, dt.date(2026, 3, 2))):
        make.letter(session, campaign, mailing=mailing, state=state, answered_on=answered)
    make.letter(session, campaign, mailing=mailing, state=State.SCHEDULED)
    every = lists.LetterFilter(rehearsal=True, mailing_id=mailing.id)
    counts = lists.state_counts(session, campaign.id, every)
    wanted = dataclasses.replace(every, **narrowed)
    found = lists.letter_rows(session, campaign.id, wanted, 1, counts=counts)
    assert found.total == lists.letter_rows(session, campaign.id, wanted, 1).total
    assert found.total == len(found.rows)


def test_the_next_letter_to_approve_comes_round_to_the_first(session: Session) -> None:
    campaign = make.campaign(session)
    first = make.letter(session, campaign, state=State.REVIEW)
    mailing = session.get_one(Mailing, first.mailing_id)
    second = make.letter(session, campaign, mailing=mailing, state=State.REVIEW)
    make.letter(session, campaign, mailing=mailing)

    assert lists.first_in_review(session, mailing.id, after=first.id) == second.id
    assert lists.first_in_review(session, mailing.id, after=second.id) == first.id


@pytest.mark.parametrize("state", list(State))
def test_every_state_says_what_is_next(session: Session, now: dt.datetime, state: State) -> None:
    letter = make.letter(session, make.campaign(session), state=state, reason="Because of this.")
    assert str(lists.waits_for(letter, today=now.date()))


def test_a_selection_shows_last_letter_and_stance(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    sam = make.sam(session, campaign)
    target = make.target(session)
    silent = make.target(session, address=None)
    ask = make.ask(session, campaign)
    make.letter(session, campaign, target=target, ask=ask, state=State.WITHDRAWN)
    letter = make.letter(session, campaign, target=target, ask=ask)
    record_stance(
        session,
        campaign_id=campaign.id,
        target_id=target.id,
        ask_id=ask.id,
        position=Position.SUPPORT,
        basis=StanceBasis.NOTE,
        quote="",
        said_on=now.date(),
        source=("reply", 1),
        rehearsal=True,
        by=sam,
        now=now,
    )

    today = now.date()
    shown, found = selections.page(session, campaign, Filters(), today=today)
    rows = {row.target.id: row for row in shown}
    assert found.total == 2
    assert rows[target.id].letter == letter
    assert rows[target.id].stance is Position.SUPPORT
    assert (rows[silent.id].letter, rows[silent.id].stance) == (None, None)
    left_out = selections.left_out(session, campaign, Filters(), today=today)
    assert ([one.target_id for one in left_out.rows], left_out.total) == ([silent.id], 1)


def test_a_letter_whose_reader_is_away_says_until_when(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    letter = make.letter(
        session, campaign, state=State.SENT, parked_until=dt.date(2026, 4, 7), sent_at=now
    )
    words = lists.waits_for(letter, today=dt.date(2026, 4, 6))
    assert "away until" in str(words) and "no reminder before" in str(words)
    assert "away" not in str(lists.waits_for(letter, today=dt.date(2026, 4, 7)))
