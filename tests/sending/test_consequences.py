"""What follows for letters when something on the left changes."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from outreach.accounts import campaigns
from outreach.accounts.models import Actor, Campaign, Mode
from outreach.letters.lifecycle import UNSENT, State
from outreach.sending import consequences
from tests import make
from tests.sending.conftest import sendable


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
