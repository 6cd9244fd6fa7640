"""Acts on the left that change what may leave: the letters they touch follow here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts import campaigns
from outreach.accounts.models import CLOCK, Actor, Campaign, Event, Member
from outreach.database import Database
from outreach.directory import endings
from outreach.directory.models import ContactDetail, Target
from outreach.directory.shelf_life import Ending
from outreach.errors import MoveRefused
from outreach.letters import moving
from outreach.letters.lifecycle import BY_NAME, UNSENT, State
from outreach.letters.models import Letter
from outreach.sending import gate
from outreach.words import N_

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


# Letters that wait to leave: what an ending holds.
QUEUED = BY_NAME["hold"].sources
# Why a letter is held, kept in English like every reason.
_BECAUSE = {
    Ending.DISSOLUTION: N_("Dissolved"),
    Ending.ELECTION: N_("New election"),
    Ending.RESHUFFLE: N_("Reshuffle"),
    Ending.MERGER: N_("Merged into another body"),
}


@dataclass(frozen=True, slots=True)
class Touched:
    """Which letters an ending touches; of campaigns one does not belong to only the number."""

    # Queued letters of the reader's own campaigns, first to leave first.
    queued: Sequence[Letter]
    elsewhere: int
    # Drafts of the reader's own campaigns: they stay, and can't be sent.
    drafts: int

    @property
    def held(self) -> int:
        """How many letters would be held."""
        return len(self.queued) + self.elsewhere


def touched_by(session: Session, plan: endings.Plan, *, reader: Actor, now: dt.datetime) -> Touched:
    """Return the letters that ending `plan` would touch, with `reader`'s campaigns in full."""
    own = set(
        session.scalars(sa.select(Member.campaign_id).where(Member.user_id == reader.user_id))
    )
    queued = list(session.scalars(_queued(plan, now).options(joinedload(Letter.target))))
    drafts = sa.select(sa.func.count(Letter.id)).where(
        Letter.target_id.in_(_targets(plan)),
        Letter.state.in_((State.DRAFT, State.REVIEW)),
        Letter.campaign_id.in_(own),
    )
    seen = [letter for letter in queued if letter.campaign_id in own]
    return Touched(seen, len(queued) - len(seen), session.scalar(drafts) or 0)


def end_body(session: Session, plan: endings.Plan, *, by: Actor, now: dt.datetime) -> int:
    """End the seats of `plan` and hold the letters that wait to go to them; return how many.

    A letter that leaves before the day goes. Answers stay with the people who gave them. Raises
    what `endings.end` raises.
    """
    letters = session.scalars(_queued(plan, now).with_for_update(of=Letter)).all()
    event = endings.end(session, plan, by=by, now=now)
    reason = f"{_BECAUSE[plan.kind]} on {plan.on.isoformat()}: {plan.body.name}"
    for letter in letters:
        moving.make(session, letter, "hold", by=by, now=now, reason=reason)
    event.detail = {**event.detail, "letters": [letter.id for letter in letters], "held": reason}
    session.flush()
    return len(letters)


def undo_ending(session: Session, event: Event, *, by: Actor, now: dt.datetime) -> tuple[int, int]:
    """Take a mistaken ending back: the seats, and the letters that nobody touched since.

    Returns (seats, letters); the letters are approved again and need a new time.
    """
    seats = endings.undo(session, event, by=by, now=now)
    letters = session.scalars(
        sa.select(Letter)
        .where(
            Letter.id.in_(event.detail.get("letters", [])),
            Letter.state == State.HELD,
            Letter.reason == event.detail.get("held", ""),
        )
        .order_by(Letter.id)
        .with_for_update()
    ).all()
    for letter in letters:
        moving.make(session, letter, "release", by=by, now=now)
    return seats, len(letters)


def hold_stopped(database: Database, *, now: dt.datetime, limit: int = 100) -> int:
    """Hold the letters among the next `limit` to leave that something on the left stopped since.

    A body dissolved, a person gone, a fact withdrawn, an address bad: the gate says so when the
    letter is claimed, but by then it is too late to mend it before its minute. Returns how many.
    """
    with database.reading() as session:
        query = sa.select(Letter).where(Letter.state == State.SCHEDULED, Letter.send_after > now)
        coming = session.scalars(query.order_by(Letter.send_after, Letter.id).limit(limit)).all()
        found = gate.reasons_of_many(session, coming, now=now)
        stopped = [letter.id for letter in coming if found[letter.id][0]]
    if not stopped:
        return 0
    held = 0
    with database.writing() as session:
        # Looked at again under their locks: somebody may have mended or moved one meanwhile.
        letters = session.scalars(
            query.where(Letter.id.in_(stopped)).order_by(Letter.id).with_for_update()
        ).all()
        for letter_id, (stops, _waits) in gate.reasons_of_many(session, letters, now=now).items():
            if stops:
                letter = session.get_one(Letter, letter_id)
                reason = " ".join(str(stop.words) for stop in stops)
                try:
                    moving.make(session, letter, "hold", by=CLOCK, now=now, reason=reason)
                except MoveRefused:
                    # The others are held all the same; this one is asked again when claimed.
                    continue
                held += 1
    return held


def queued_to(session: Session, detail: ContactDetail) -> int:
    """Return how many letters wait to leave for the address `detail`, in all campaigns."""
    query = sa.select(sa.func.count(Letter.id)).where(
        Letter.state.in_(QUEUED),
        Letter.channel == detail.kind,
        sa.func.lower(Letter.address).in_((detail.value.lower(), detail.normalised.lower())),
    )
    return session.scalar(query) or 0


def _queued(plan: endings.Plan, now: dt.datetime) -> sa.Select[Letter]:
    query = sa.select(Letter).where(Letter.target_id.in_(_targets(plan)), Letter.state.in_(QUEUED))
    if plan.on > now.date():
        # What leaves before the day, or has no time yet, is still in order.
        start = dt.datetime.combine(plan.on, dt.time(), tzinfo=dt.UTC)
        query = query.where(Letter.send_before > start)
    return query.order_by(Letter.send_after.is_(None), Letter.send_after, Letter.id)


def _targets(plan: endings.Plan) -> sa.Select[int]:
    ended: sa.ColumnElement[bool] = Target.membership_id.in_(plan.seat_ids)
    if plan.gone:
        ended = sa.or_(ended, Target.organization_id.in_(plan.bodies))
    return sa.select(Target.id).where(ended)
