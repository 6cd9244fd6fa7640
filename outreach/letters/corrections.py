"""Corrections: to exactly those who were sent words that a fact no longer bears out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts.models import Actor, Campaign, Event, Sender
from outreach.errors import BadInput, Refused
from outreach.letters import claims, planning
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Mailing, MailingState, Quotation, Template
from outreach.letters.sharing import SharedDesk
from outreach.petitions import facts
from outreach.petitions.models import Fact, FactState, Use
from outreach.words import N_, Sentence

_NOBODY = N_(
    "Nobody is owed a correction of %(code)s: who was sent it has been told, or what they were sent"
    " is what it says."
)


@dataclass(frozen=True, slots=True)
class Owed:
    """Who is to be told: the last letter that said it, per recipient; who has been told already."""

    letters: Sequence[Letter]
    told: Sequence[Letter]


def owed(session: Session, campaign: Campaign, fact: Fact, *, today: dt.date) -> Owed:
    """Return whom a correction of `fact` goes to, as it stands now.

    Those who were sent, and really so unless the campaign rehearses, words that differ from what
    the fact says; all of them when it no longer holds. Whoever has a correction made since the
    fact changed last is among `told`: nobody is corrected twice for one change.
    """
    rows = session.execute(
        sa.select(Letter, Quotation)
        .join(Quotation, Quotation.letter_id == Letter.id)
        .where(
            Quotation.fact_id == fact.id,
            Letter.state == State.SENT,
            Letter.rehearsal == campaign.rehearsing,
        )
        .options(joinedload(Letter.target))
        .order_by(Letter.sent_at, Letter.id)
    )
    last: dict[int, tuple[Letter, Quotation]] = {}
    for letter, quotation in rows:
        last[letter.target_id] = letter, quotation
    wrong = [letter for letter, said in last.values() if _is_wrong(letter, said, fact, today)]
    done = _corrected_since(session, campaign, fact)
    return Owed(
        letters=[letter for letter in wrong if letter.target_id not in done],
        told=[letter for letter in wrong if letter.target_id in done],
    )


def _is_wrong(letter: Letter, said: Quotation, fact: Fact, today: dt.date) -> bool:
    if fact.state is not FactState.CURRENT or fact.use is Use.AVOID:
        return True
    if facts.refusal(fact, letter.language, today=today) is not None:
        return False  # it waits to be checked: nobody knows that it was wrong
    now = facts.sentence(fact, letter.language, today=today)
    return not claims.same_words(now, said.text)


def _corrected_since(session: Session, campaign: Campaign, fact: Fact) -> set[int]:
    """The targets that have a correction of this fact, made after it changed last.

    A rehearsed one told nobody anything.
    """
    changed_at = session.scalar(
        sa.select(sa.func.max(Event.at)).where(
            Event.subject_kind == "fact",
            Event.subject_id == fact.id,
            Event.name.in_(("fact added", "fact changed")),
        )
    )
    since = [Mailing.fact_id == fact.id]
    if changed_at is not None:
        since.append(Mailing.at >= changed_at)
    told = set(
        session.scalars(
            sa.select(Letter.target_id)
            .join(Mailing, Mailing.id == Letter.mailing_id)
            .where(
                *since,
                Letter.kind == LetterKind.CORRECTION,
                Letter.rehearsal == campaign.rehearsing,
                Letter.state != State.WITHDRAWN,
            )
        )
    )
    # Drafts that are still being made count too: nobody starts the same correction again.
    under_way = session.scalars(
        sa.select(Mailing.plan).where(*since, Mailing.state != MailingState.MADE)
    )
    return told.union(*(plan["targets"] for plan in under_way))


def templates_for(session: Session, campaign_id: int) -> Sequence[Template]:
    """Return the campaign's letters of the kind that corrects."""
    return session.scalars(
        sa.select(Template)
        .where(Template.campaign_id == campaign_id, Template.kind == LetterKind.CORRECTION)
        .order_by(Template.name)
    ).all()


def make(
    session: Session,
    *,
    campaign: Campaign,
    fact: Fact,
    template: Template,
    sender: Sender,
    by: Actor,
    now: dt.datetime,
) -> Mailing:
    """Plan the corrections that are `owed` and return their mailing; its drafts are made beside.

    Each follows the letter it corrects, in that letter's language, and is reviewed and approved as
    any other. `mailing.left_out` says who can't be reached any more, and why. Raises BadInput when
    the letter is of another kind, Refused when nobody is owed one.
    """
    if template.kind is not LetterKind.CORRECTION:
        raise BadInput(Sentence("Choose a letter that corrects."), "template")
    # The same row is locked by whoever corrects too: of two at once, one finds nobody left.
    session.refresh(fact, with_for_update=True)
    letters = owed(session, campaign, fact, today=campaign.day_of(now)).letters
    if not letters:
        raise Refused(Sentence(_NOBODY, code=fact.code))
    return planning.begin(
        session,
        campaign=campaign,
        template=template,
        targets=[letter.target_id for letter in letters],
        sender=sender,
        name=str(Sentence("Correction of %(code)s", code=fact.code)),
        follows={letter.target_id: letter for letter in letters},
        # Everybody who was told hears of it, whoever else sits at that desk.
        desks=SharedDesk.IN_TURN,
        fact_id=fact.id,
        by=by,
        now=now,
    )
