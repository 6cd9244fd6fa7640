"""What can forbid that a letter is submitted or approved, asked at the very moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign
from outreach.errors import MoveRefused, Refused
from outreach.letters import checks, numbers
from outreach.letters.models import Letter
from outreach.letters.reviewing import ApprovedAs
from outreach.letters.sealing import seal_of
from outreach.words import Sentence


def _refuse_unseen(seal: str, seen: str | None) -> None:
    """Nobody approves other words than those they saw."""
    if seen is not None and seen != seal:
        raise MoveRefused(
            Sentence("The letter was changed since you opened it. Read it again, then decide.")
        )


def refuse_gaps(problems: Sequence[Sentence]) -> None:
    """Law 6: nothing goes to approval with a gap. Raises Refused with what is missing."""
    if problems:
        raise Refused(Sentence("This letter can't go to approval yet."), problems)


def _refuse_alike(letter: Letter, campaign: Campaign, because: str) -> None:
    """Offices answer one of many alike, or none: who lets it pass says why."""
    if checks.too_alike(letter, campaign) and not because:
        raise Refused(
            Sentence(
                "This letter is too much like another one (%(percent)s %%; %(most)s %% may be). "
                "Say why it may pass, or return it.",
                percent=max(letter.alike or 0, letter.alike_before or 0),
                most=campaign.most_alike,
            )
        )


def _refuse_number(session: Session, letter: Letter, now: dt.datetime) -> None:
    """Law 5: nobody approves a count that fell or is too old."""
    problems = numbers.problems_of(session, letter, now=now)
    if problems:
        raise Refused(Sentence("The number in this letter can't be said."), problems)


def approval(
    session: Session,
    letter: Letter,
    by: Actor,
    now: dt.datetime,
    seen: str | None,
    values: dict[str, Any],
) -> dict[str, Any]:
    """Return what approving sets, after everything agreed that can forbid it.

    `seen` is the seal of what was read (None: not asked), `values` what the approver says beside
    it. Raises MoveRefused for other words than those seen, Refused for everything else.
    """
    campaign = session.get_one(Campaign, letter.campaign_id)
    because = str(values.get("alike_because", letter.alike_because)).strip()
    seal = seal_of(session, letter)
    _refuse_unseen(seal, seen)
    refuse_gaps(checks.refusals(session, letter, now=now))
    _refuse_number(session, letter, now)
    _refuse_alike(letter, campaign, because)
    return {
        "seal": seal,
        "approved_by_id": by.user_id,
        "approved_by": by.name,
        "approved_at": now,
        "approved_as": values.get("approved_as", ApprovedAs.READ),
        "alike_because": because,
        "self_approved_under": _own_under(letter, campaign, by),
    }


def _own_under(letter: Letter, campaign: Campaign, by: Actor) -> str | None:
    """Law 4: the author is never the approver, unless the campaign's logged setting says so."""
    if by.user_id is None or by.user_id != letter.author_id:
        return None
    if campaign.four_eyes:
        raise Refused(
            Sentence(
                "You wrote these words, so somebody else has to approve them. "
                "Ask another organiser, or an admin can switch this rule off in the settings."
            )
        )
    return campaign.self_approval_under
