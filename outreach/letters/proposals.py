"""Whom a milestone is news to: those who were told fewer, and have not answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign, Sender
from outreach.errors import BadInput, Refused
from outreach.letters import numbers, planning
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Mailing, Quotation, Template
from outreach.letters.numbers import Told
from outreach.letters.sharing import SharedDesk
from outreach.petitions import milestones
from outreach.petitions.pages import Milestone
from outreach.words import Sentence

# Kinds that make one correspondence about one ask.
_ASKING = (LetterKind.FIRST, LetterKind.REMINDER)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A recipient, the last letter that went to them, and the number that letters told them."""

    letter: Letter
    told: Told


def follow_ups(session: Session, campaign: Campaign, milestone: Milestone) -> list[Proposal]:
    """Return to whom the milestone is worth a letter, by name; nothing is ever sent by this.

    Only letters of the campaign's mode count: a rehearsed one told nobody anything. Left out is
    who answered, whose ask is closed, who was told as much already, or gets such a letter now.
    """
    letters = session.scalars(
        sa.select(Letter)
        .where(
            Letter.campaign_id == campaign.id,
            Letter.rehearsal == campaign.rehearsing,
            Letter.kind.in_(_ASKING),
            Letter.state == State.SENT,
            Letter.target_id.in_(_told_anything(campaign)),
        )
        .order_by(Letter.id)
    ).all()
    quoted = numbers.quoted_readings(session, [letter.id for letter in letters])
    by_target: dict[int, list[Letter]] = {}
    for letter in letters:
        by_target.setdefault(letter.target_id, []).append(letter)
    written = _written(session, campaign, milestone)
    found = []
    for target_id, theirs in by_target.items():
        said = [words for one in theirs if (words := numbers.told(quoted.get(one.id, ())))]
        most = max(said, key=lambda words: words.value, default=None)
        if most is None or most.value >= milestone.value or target_id in written:
            continue
        # Each may have been asked several things: the last correspondence is carried on.
        if any(one.answered_on is not None for one in theirs) or theirs[-1].closed_on is not None:
            continue
        found.append(Proposal(theirs[-1], said[-1]))
    return sorted(found, key=lambda one: (one.letter.recipient, one.letter.id))


def _told_anything(campaign: Campaign) -> sa.Select[int]:
    return (
        sa.select(Letter.target_id)
        .join(Quotation, Quotation.letter_id == Letter.id)
        .where(
            Letter.campaign_id == campaign.id,
            Letter.rehearsal == campaign.rehearsing,
            Letter.state == State.SENT,
            Quotation.reading_id.is_not(None),
        )
    )


def _written(session: Session, campaign: Campaign, milestone: Milestone) -> set[int]:
    rows = session.scalars(
        sa.select(Letter.target_id)
        .join(Mailing, Mailing.id == Letter.mailing_id)
        .where(
            Mailing.milestone_id == milestone.id,
            Letter.rehearsal == campaign.rehearsing,
            Letter.state != State.WITHDRAWN,
        )
    )
    return set(rows)


def mailings_of(session: Session, milestone: Milestone) -> Sequence[Mailing]:
    """Return the mailings that told of a milestone, the newest first."""
    mine = sa.select(Mailing).where(Mailing.milestone_id == milestone.id)
    return session.scalars(mine.order_by(Mailing.id.desc())).all()


def templates_for(session: Session, campaign_id: int) -> Sequence[Template]:
    """Return the letters that can tell of a milestone: reminders, the one made for it first."""
    rows = session.scalars(
        sa.select(Template)
        .where(Template.campaign_id == campaign_id, Template.kind == LetterKind.REMINDER)
        .order_by(Template.name)
    ).all()
    return sorted(rows, key=lambda one: one.slug != "milestone")


def write(
    session: Session,
    *,
    campaign: Campaign,
    milestone: Milestone,
    template: Template,
    sender: Sender,
    by: Actor,
    now: dt.datetime,
) -> Mailing:
    """Plan a follow-up to everybody whom `follow_ups` names, and settle the milestone.

    The drafts are made beside, each following the letter that told the number, and are reviewed
    and approved as any other. Raises BadInput for a letter of another kind, Refused when nobody
    is left to tell, MoveRefused when the milestone is settled.
    """
    if template.kind is not LetterKind.REMINDER:
        raise BadInput(Sentence("Choose a letter that follows another one."), "template")
    chosen = follow_ups(session, campaign, milestone)
    if not chosen:
        raise Refused(Sentence("Nobody is left who was told a lower number and has not answered."))
    milestones.settle(session, milestone, wrote=True, by=by, now=now)
    return planning.begin(
        session,
        campaign=campaign,
        template=template,
        targets=[one.letter.target_id for one in chosen],
        sender=sender,
        name=str(Sentence("%(value)s signatures", value=f"{milestone.value:,}")),
        follows={one.letter.target_id: one.letter for one in chosen},
        desks=SharedDesk.IN_TURN,
        milestone_id=milestone.id,
        by=by,
        now=now,
    )
