from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from outreach.errors import BadInput
from outreach.letters import together
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Mailing
from tests import make


def mailing_of(session: Session, letter: Letter) -> Mailing:
    return session.get_one(Mailing, letter.mailing_id)


def test_submitting_a_mailing_moves_its_drafts_and_nothing_else(
    session: Session, now: dt.datetime
) -> None:
    campaign = make.campaign(session)
    sam = make.sam(session, campaign)
    draft = make.letter(session, campaign, made_by_id=sam.user_id)
    approved = make.letter(
        session, campaign, mailing=mailing_of(session, draft), state=State.APPROVED
    )
    elsewhere = make.letter(session, campaign, made_by_id=sam.user_id)

    outcome = together.submit_drafts(session, mailing_of(session, draft), by=sam, now=now)

    assert (outcome.moved, outcome.refused) == (1, ())
    states = (draft.state, approved.state, elsewhere.state)
    assert states == (State.REVIEW, State.APPROVED, State.DRAFT)


def test_somebody_elses_draft_stays_and_says_why(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    sam, other = make.sam(session, campaign), make.sam(session, campaign)
    draft = make.letter(session, campaign, made_by_id=other.user_id)

    outcome = together.submit_drafts(session, mailing_of(session, draft), by=sam, now=now)

    assert outcome.moved == 0
    assert [refusal.letter for refusal in outcome.refused] == [draft]
    assert "You can't do this" in str(outcome.refused[0].reasons[0])
    assert draft.state is State.DRAFT


def test_withdrawing_takes_what_has_not_left(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    olga = make.olga(session, campaign)
    draft = make.letter(session, campaign)
    scheduled = make.letter(
        session, campaign, mailing=mailing_of(session, draft), state=State.SCHEDULED
    )
    sent = make.letter(session, campaign, mailing=mailing_of(session, draft), state=State.SENT)

    outcome = together.withdraw_unsent(
        session, mailing_of(session, draft), reason="Wrong committee.", by=olga, now=now
    )

    assert (outcome.moved, outcome.refused) == (2, ())
    assert [draft.state, scheduled.state, sent.state] == [
        State.WITHDRAWN,
        State.WITHDRAWN,
        State.SENT,
    ]
    assert scheduled.reason == "Wrong committee."


def test_withdrawing_needs_a_reason(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    olga = make.olga(session, campaign)
    draft = make.letter(session, campaign)

    with pytest.raises(BadInput):
        together.withdraw_unsent(session, mailing_of(session, draft), reason=" ", by=olga, now=now)
    assert draft.state is State.DRAFT
