"""What follows for letters when something on the left changes."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from outreach.accounts import campaigns
from outreach.accounts.models import Actor, Campaign, Mode
from outreach.letters.lifecycle import UNSENT, State
from outreach.letters.models import Quotation
from outreach.sending import consequences
from tests import make
from tests.sending.conftest import EVERYBODY, sendable


def test_going_live_sends_unsent_letters_back_to_draft(
    session: Session, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def switch(
        session: Session, campaign: Campaign, *, confirmation: str, by: Actor, now: dt.datetime
    ) -> None:
        campaign.mode, campaign.live_at = Mode.LIVE, now
        session.flush()

    monkeypatch.setattr(campaigns, "go_live", switch)
    campaign = make.campaign(session)
    letters = {state: make.letter(session, campaign, state=state) for state in State}
    elsewhere = sendable(session, make.campaign(session))
    made_up = make.letter(session, campaign, target=make.target(session, demonstration=True))
    olga = make.olga(session, campaign)
    result = consequences.go_live(session, campaign, confirmation="x", by=olga, now=now)
    assert result.back_to_draft == len(UNSENT) - 1
    for state, letter in letters.items():
        assert letter.state is (State.DRAFT if state in UNSENT else state)
        assert letter.rehearsal is (state not in UNSENT)
    assert elsewhere.state is State.APPROVED
    assert made_up.rehearsal


def test_letters_quoting_a_fact_are_held(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    fact, other = make.fact(session, campaign), make.fact(session, campaign)
    touched = [
        sendable(
            session,
            campaign,
            state=state,
            quotes=[Quotation(fact_id=fact.id, fact_version=1, text="x")],
        )
        for state in (State.APPROVED, State.SCHEDULED, State.SENT)
    ]
    quotes = [Quotation(fact_id=other.id, fact_version=1, text="x")]
    free = sendable(session, campaign, quotes=quotes)
    held = consequences.hold_letters_quoting(
        session, fact.id, reason="The figure was withdrawn.", by=EVERYBODY, now=now
    )
    assert held == 2
    assert [letter.state for letter in (*touched, free)] == [
        State.HELD,
        State.HELD,
        State.SENT,
        State.APPROVED,
    ]
