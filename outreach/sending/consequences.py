"""Acts on the left that change what may leave: the letters they touch follow here."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import campaigns
from outreach.accounts.models import Actor, Campaign
from outreach.directory.models import Target
from outreach.letters import moving
from outreach.letters.lifecycle import UNSENT, State
from outreach.letters.models import Letter

WENT_LIVE = "The campaign went live: look at it again before it really leaves."


@dataclass(frozen=True, slots=True)
class WentLive:
    """How many unsent letters went back to draft."""

    back_to_draft: int


def go_live(
    session: Session, campaign: Campaign, *, confirmation: str, by: Actor, now: dt.datetime
) -> WentLive:
    """Switch `campaign` live, for good, and send every unsent letter back to draft (law 10).

    Returns how many went back. Raises what `accounts.campaigns.go_live` raises.
    """
    campaigns.go_live(session, campaign, confirmation=confirmation, by=by, now=now)
    letters = session.scalars(
        sa.select(Letter)
        .where(Letter.campaign_id == campaign.id, Letter.state.in_(UNSENT))
        .order_by(Letter.id)
        .with_for_update()
    ).all()
    fictional = set(session.scalars(sa.select(Target.id).where(Target.demonstration)))
    back = 0
    for letter in letters:
        if letter.state is not State.DRAFT:
            name = "return" if letter.state is State.REVIEW else "revise"
            moving.make(session, letter, name, by=by, now=now, reason=WENT_LIVE)
            back += 1
        # They belong to the campaign that is live now, as a claim would say; what is made up can
        # never leave and goes with the demonstration.
        letter.rehearsal = letter.target_id in fictional
    session.flush()
    return WentLive(back)
