"""Everything the gate looks at for one letter, read in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Bundle, Session, aliased

from outreach.accounts.models import Campaign, Event, Sender
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    Membership,
    Office,
    Organization,
    Person,
    Suppression,
    Target,
)
from outreach.directory.offices import contacts_of
from outreach.directory.salutation_readings import Greeting, unread_greeting
from outreach.directory.shelf_life import Shelf, shelf_for
from outreach.directory.suppression import forbidding
from outreach.directory.wishes import NO_WISH, Wish, wishes_of
from outreach.letters.claims import quoted_facts
from outreach.letters.lifecycle import SEALED, State
from outreach.letters.models import Letter, Quotation, TemplateVersion
from outreach.letters.numbers import quoted_readings
from outreach.letters.sealing import seal_of
from outreach.petitions.counts import Count, current_count
from outreach.petitions.models import Fact, Reading
from outreach.sending import domains
from outreach.sending.models import DomainStop
from outreach.sending.routes import Route, route


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything the gate looks at, read in a fixed number of queries."""

    letter: Letter
    campaign: Campaign
    sender: Sender
    target: Target
    # The day the seat ends, and the day the body does.
    held_until: dt.date | None
    # The day the seat begins.
    held_from: dt.date | None
    # The day they died as a list says it, ISO 8601 of whatever precision, or "".
    died: str
    body_until: dt.date | None
    office: Office
    version: TemplateVersion
    # The letters a reminder follows: the one before it, then the one before that.
    follows: Sequence[Letter]
    contacts: Sequence[ContactDetail]
    # How long the checks of `contacts` hold.
    shelf: Shelf
    # What they asked of us: this language only, this way only, never.
    wish: Wish
    # The last day on which a letter to this address came back; rehearsed ones for a rehearsal.
    came_back_on: dt.date | None
    suppressions: Sequence[Suppression]
    # The form of address it opens with, when no native speaker has read it.
    unread: Greeting | None
    facts: Sequence[tuple[Quotation, Fact]]
    readings: Sequence[tuple[Quotation, Reading]]
    # The campaign's number; not looked up for a letter that quotes none.
    count: Count | None
    # The mail account it would go by, if it is an e-mail that really leaves.
    way: Route | None
    # The domain it goes to refuses what this campaign writes.
    stopped: DomainStop | None
    # The seal the letter has now; compare it with the one it was given.
    seal: str
    now: dt.datetime

    @property
    def today(self) -> dt.date:
        """The day that `now` is in the campaign's zone: readings and postings are dated so."""
        return self.campaign.day_of(self.now)


def look(session: Session, letter: Letter, *, now: dt.datetime) -> Situation:
    """Read what the gate needs to know of `letter`, in few queries whatever it quotes."""
    campaign, sender, target, office, version, about, before_it, first_of_all = _around(
        session, letter
    )
    readings = quoted_readings(session, [letter.id]).get(letter.id, [])
    contacts = contacts_of(session, target)
    leaves = letter.channel is ContactKind.EMAIL and not campaign.rehearsing
    return Situation(
        letter=letter,
        campaign=campaign,
        sender=sender,
        target=target,
        held_from=about.start_on,
        held_until=about.end_on,
        body_until=about.ended_on,
        died=about.death_date or "",
        office=office,
        version=version,
        follows=[one for one in (before_it, first_of_all) if one is not None],
        contacts=contacts,
        shelf=shelf_for(session, contacts),
        wish=wishes_of(session, [target.id]).get(target.id, NO_WISH),
        came_back_on=_came_back_on(session, letter, campaign),
        suppressions=forbidding(
            session,
            contacts,
            offices=[letter.office_id, target.office_id],
            address=letter.address,
        ),
        unread=unread_greeting(session, target, letter.language),
        facts=quoted_facts(session, [letter.id]).get(letter.id, []),
        readings=readings,
        count=current_count(session, campaign.id, campaign.day_of(now)) if readings else None,
        way=route(session, campaign.id, now=now) if leaves else None,
        stopped=domains.standing(session, campaign.id, letter.address) if leaves else None,
        seal=seal_of(session, letter) if letter.state in SEALED else "",
        now=now,
    )


def _around(session: Session, letter: Letter) -> Any:
    """Campaign, sender, target, office, version, days of the holder, the two letters before."""
    before, first = aliased(Letter), aliased(Letter)
    return session.execute(
        sa.select(
            *(Campaign, Sender, Target, Office, TemplateVersion),
            Bundle(
                "about",
                *(Membership.start_on, Membership.end_on),
                Organization.ended_on,
                Person.death_date,
            ),
            *(before, first),
        )
        .select_from(Letter)
        .join(Campaign, Campaign.id == Letter.campaign_id)
        .join(Sender, Sender.id == Letter.sender_id)
        .join(Target, Target.id == Letter.target_id)
        .outerjoin(Membership, Membership.id == Target.membership_id)
        .outerjoin(Person, Person.id == Membership.person_id)
        .join(Organization, Organization.id == Target.body_id)
        .join(Office, Office.id == Letter.office_id)
        .join(TemplateVersion, TemplateVersion.id == Letter.template_version_id)
        .outerjoin(before, before.id == Letter.follows_id)
        .outerjoin(first, first.id == before.follows_id)
        .where(Letter.id == letter.id)
    ).one()


def _came_back_on(session: Session, letter: Letter, campaign: Campaign) -> dt.date | None:
    last = session.scalar(
        sa.select(sa.func.max(Event.at))
        .join(Letter, Letter.id == Event.subject_id)
        .where(
            Event.subject_kind == "letter",
            Event.name == "bounce",
            Letter.state == State.BOUNCED,
            Letter.office_id == letter.office_id,
            sa.func.lower(Letter.address) == letter.address.lower(),
            Letter.rehearsal == campaign.rehearsing,
        )
    )
    return last.date() if last else None
