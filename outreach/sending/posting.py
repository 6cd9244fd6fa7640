"""Letters that people carry, many at once: the pile to print, the list to tick off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from outreach.accounts.models import Actor
from outreach.directory.models import Jurisdiction, Target
from outreach.directory.offices import BY_HAND
from outreach.directory.queries import count
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.letters.together import Outcome, one_by_one
from outreach.sending import channels

# Letters in one file: a pile somebody can carry, and a file made while they wait.
PER_PILE = 200


@dataclass(frozen=True, slots=True)
class Pile:
    """One part of the letters that go by hand, by country; how many there are, which part it is."""

    rows: Sequence[Letter]
    total: int
    page: int
    per_page: int = PER_PILE


def pile(
    session: Session,
    campaign_id: int,
    *,
    mailing_id: int | None = None,
    only: Collection[int] = (),
    page: int = 1,
) -> Pile:
    """Return approved letters that go by post or into a form, sorted by country and recipient.

    `only`: letter ids to choose from; empty: all. Senders, targets, jurisdictions and mailings
    are loaded.
    """
    query = (
        sa.select(Letter)
        .join(Letter.target)
        .join(Target.jurisdiction)
        .where(
            Letter.campaign_id == campaign_id,
            Letter.state == State.APPROVED,
            Letter.channel.in_(BY_HAND),
        )
    )
    if mailing_id is not None:
        query = query.where(Letter.mailing_id == mailing_id)
    if only:
        query = query.where(Letter.id.in_(only))
    page = max(1, page)
    rows = session.scalars(
        query.options(
            contains_eager(Letter.target).contains_eager(Target.jurisdiction),
            joinedload(Letter.sender),
            joinedload(Letter.mailing),
        )
        .order_by(Jurisdiction.name, Letter.recipient, Letter.id)
        .limit(PER_PILE)
        .offset((page - 1) * PER_PILE)
    ).all()
    return Pile(rows, count(session, query), page)


def post_many(
    session: Session,
    letters: Sequence[Letter],
    *,
    on: dt.date,
    proof: str,
    by: Actor,
    now: dt.datetime,
) -> Outcome:
    """Record that `letters` were posted on the day `on`; each that can't be stays and says why.

    Raises BadInput for a day or a proof that no letter could take.
    """

    def post(letter: Letter) -> None:
        with session.begin_nested():
            channels.post_by_hand(session, letter, on=on, proof=proof, by=by, now=now)

    return one_by_one(letters, post)
