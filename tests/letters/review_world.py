"""Letters that wait for approval, with nothing against them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, Mailing
from tests import make

BODY = "Please ask the government about it, in writing, before the summer. "


def in_review(
    session: Session, campaign: Campaign, by: Actor, number: int, **values: Any
) -> list[Letter]:
    """Letters of one mailing, written by `by` and submitted; each greets somebody else."""
    code = values.pop("jurisdiction_code", "XX")
    sender = make.sender(session, campaign, name="Ada Example")
    version = make.template_version(session, campaign)
    mailing: Mailing | None = None
    letters = []
    for n in range(number):
        target = make.target(session, jurisdiction_code=code, address=f"d{code}{n}@office.example")
        words = BODY * (20 + n)
        more = {"mailing": mailing} if mailing else {"sender": sender}
        letter = make.letter(
            session,
            campaign,
            **(
                {
                    "version": version,
                    "target": target,
                    "address": f"d{code}{n}@office.example",
                    "state": State.REVIEW,
                    "text": f"Dear {target.name},\n\n{words.strip()}\n\nWould you tell us when?"
                    "\n\nYours sincerely,\n\nAda Example",
                    "author": by.name,
                    "author_id": by.user_id,
                    "made_by_id": by.user_id,
                }
                | more
                | values
            ),
        )
        mailing = mailing or session.get_one(Mailing, letter.mailing_id)
        letters.append(letter)
    return letters
