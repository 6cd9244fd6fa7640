"""Everything the gate looks at, read in a fixed number of queries for any number of letters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

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
from outreach.directory.offices import contacts_by_owner
from outreach.directory.salutation_readings import Greeting, unread_greetings_of
from outreach.directory.shelf_life import Shelf, shelf_for
from outreach.directory.suppression import Reach, forbidding_each
from outreach.directory.wishes import NO_WISH, Wish, wishes_of
from outreach.letters.lifecycle import SEALED, State
from outreach.letters.models import Letter, LetterKind, Quotation, TemplateVersion
from outreach.letters.sealing import seal_from
from outreach.petitions.counts import Count, current_count
from outreach.petitions.models import Fact, Reading
from outreach.schema import among, asked, plain_rows
from outreach.sending import domains
from outreach.sending.canary import Trial, trials_of
from outreach.sending.models import DomainStop
from outreach.sending.routes import Route, route


class Lately(NamedTuple):
    """When a desk had its last letter, and from which campaign of the house."""

    at: dt.datetime
    campaign_id: int


@dataclass(slots=True)  # frozen takes three times as long to make, for every letter
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
    # No letter of kind first or reminder goes to its desk before.
    quiet_until: dt.datetime | None
    # The letter its desk rests from, if it rests and we know which.
    lately: Lately | None
    version: TemplateVersion
    # The letters a reminder follows: the one before it, then the one before that, to the first.
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
    # What became of the letters of its mailing that went first, where the rest waits for them.
    trial: Trial | None
    # The seal the letter has now; compare it with the one it was given.
    seal: str
    now: dt.datetime
    # The day that `now` is in the campaign's zone: readings and postings are dated so.
    today: dt.date


def look_at_many(
    session: Session, letters: Sequence[Letter], *, now: dt.datetime
) -> dict[int, Situation]:
    """Return {letter id: what the gate needs to know}; a fixed number of queries per campaign.

    At most some thousand letters at a time. What letters share is read once.
    """
    of_campaign: dict[int, list[Letter]] = {}
    for letter in letters:
        of_campaign.setdefault(letter.campaign_id, []).append(letter)
    found: dict[int, Situation] = {}
    for campaign_id, some in of_campaign.items():
        read = _read(session, session.get_one(Campaign, campaign_id), some, now)
        found.update((letter.id, _of(read, letter, now)) for letter in some)
    return found


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read for letters of one campaign, by letter id unless said otherwise."""

    campaign: Campaign
    today: dt.date
    # By their own ids.
    senders: Mapping[int, Sender]
    versions: Mapping[int, TemplateVersion]
    around: Mapping[int, Any]
    contacts: Mapping[int, Sequence[ContactDetail]]
    shelf: Shelf
    # By target id.
    wishes: Mapping[int, Wish]
    came_back: Mapping[tuple[int, str], dt.date]
    suppressions: Mapping[int, Sequence[Suppression]]
    unread: Mapping[int, Greeting | None]
    chains: Mapping[int, Sequence[Letter]]
    quoted: Mapping[int, _Quoted]
    count: Count | None
    way: Route | None
    # By domain.
    stopped: Mapping[str, DomainStop]
    # By mailing id.
    trials: Mapping[int, Trial]
    # By office id, of desks that rest.
    lately: Mapping[int, Lately]


def _read(
    session: Session, campaign: Campaign, letters: Sequence[Letter], now: dt.datetime
) -> _Read:
    around = _around(session, letters)
    owners = {one: _owners(row) for one, row in around.items()}
    contacts = contacts_by_owner(session, owners, plain=True)
    quoted = _quoted(session, letters)
    numbered = any(one.readings for one in quoted.values())
    # A form of address nobody has read may be rehearsed, and a rehearsal needs no way out.
    leaving = not campaign.rehearsing
    today = campaign.day_of(now)
    return _Read(
        campaign=campaign,
        today=today,
        senders=_by_id(session, _SENDERS, {one.sender_id for one in letters}),
        versions=_by_id(session, _VERSIONS, {one.template_version_id for one in letters}),
        around=around,
        contacts=contacts,
        shelf=shelf_for(session, [detail for some in contacts.values() for detail in some]),
        wishes=wishes_of(session, {letter.target_id for letter in letters}),
        came_back=_came_back(session, letters, campaign),
        suppressions=_forbidden(session, letters, around, contacts),
        unread=_unread(session, letters, around) if leaving else {},
        chains=_chains(session, letters),
        quoted=quoted,
        count=current_count(session, campaign.id, today) if numbered else None,
        way=route(session, campaign.id, now=now) if leaving else None,
        stopped=domains.standing(session, campaign.id) if leaving else {},
        trials=trials_of(session, {one.mailing_id for one in letters}) if leaving else {},
        lately=_lately(session, around, now),
    )


def _of(read: _Read, letter: Letter, now: dt.datetime) -> Situation:
    row, quoted = read.around[letter.id], read.quoted[letter.id]
    sender = read.senders[letter.sender_id]
    leaves = letter.channel is ContactKind.EMAIL and not read.campaign.rehearsing
    return Situation(
        letter=letter,
        campaign=read.campaign,
        sender=sender,
        target=row,
        held_from=row.start_on,
        held_until=row.end_on,
        body_until=row.body_ended_on,
        died=row.death_date or "",
        quiet_until=row.quiet_until,
        lately=read.lately.get(letter.office_id),
        version=read.versions[letter.template_version_id],
        follows=read.chains.get(letter.id, ()),
        contacts=read.contacts[letter.id],
        shelf=read.shelf,
        wish=read.wishes.get(letter.target_id, NO_WISH),
        came_back_on=read.came_back.get((letter.office_id, letter.address.lower())),
        suppressions=read.suppressions[letter.id],
        unread=read.unread.get(letter.id),
        facts=quoted.facts,
        readings=quoted.readings,
        count=read.count if quoted.readings else None,
        way=read.way if leaves else None,
        stopped=read.stopped.get(domains.domain_of(letter.address)) if leaves else None,
        trial=read.trials.get(letter.mailing_id) if leaves else None,
        seal=seal_from(letter, sender, quoted.all) if letter.state in SEALED else "",
        now=now,
        today=read.today,
    )


Row = TypeVar("Row", Sender, TemplateVersion, Fact, Reading)
_SENDERS = sa.select(Sender).where(among(Sender.id, "ids"))
# Not its words: they are longer than a letter's.
_VERSIONS: sa.Select[*tuple[Any, ...]] = sa.select(
    TemplateVersion.id, TemplateVersion.template_id, TemplateVersion.read_by
).where(among(TemplateVersion.id, "ids"))


def _by_id(session: Session, query: sa.Select[Row], ids: Collection[int]) -> dict[int, Row]:
    return {one.id: one for one in plain_rows(session, query, {"ids": ids})} if ids else {}


# The desk of the target, which may not be the one the letter was made for.
_OWN = aliased(Office)
_AROUND = (
    sa.select(
        *(Target, Letter.id.label("letter_id"), Letter.office_id.label("desk_id")),
        *(Membership.person_id, Membership.post_id),
        *(Membership.start_on, Membership.end_on),
        *(Organization.ended_on.label("body_ended_on"), Person.death_date),
        *(Office.quiet_until, Office.key.label("desk"), _OWN.key.label("target_desk")),
    )
    .select_from(Letter)
    .join(Target, Target.id == Letter.target_id)
    .outerjoin(Membership, Membership.id == Target.membership_id)
    .outerjoin(Person, Person.id == Membership.person_id)
    .join(Organization, Organization.id == Target.body_id)
    .join(Office, Office.id == Letter.office_id)
    .join(_OWN, _OWN.id == Target.office_id)
    .where(among(Letter.id, "ids"))
)


def _around(session: Session, letters: Sequence[Letter]) -> dict[int, Any]:
    """{letter id: its target, with the days of the holder, whose details count, the desks}."""
    told = {"ids": [letter.id for letter in letters]}
    rows: list[Any] = plain_rows(session, _AROUND, told)
    return {row.letter_id: row for row in rows}


def _lately(session: Session, around: Mapping[int, Any], now: dt.datetime) -> dict[int, Lately]:
    """{office id: its last letter}, of those desks that rest at `now`."""
    rows = around.values()
    resting = {row.desk_id for row in rows if row.quiet_until and row.quiet_until > now}
    if not resting:
        return {}
    found = session.execute(
        sa.select(Letter.office_id, Letter.sent_at, Letter.campaign_id)
        .where(Letter.office_id.in_(resting), Letter.sent_at.is_not(None), ~Letter.rehearsal)
        .order_by(Letter.sent_at)
    )
    return {row.office_id: Lately(row.sent_at, row.campaign_id) for row in found if row.sent_at}


def _owners(row: Any) -> list[tuple[str, int]]:
    """Whose ways to be reached are the target's: of the person and the post, or of the body."""
    if row.membership_id is None:
        return [("organization", row.body_id)]
    return [("person", row.person_id)] + ([("post", row.post_id)] if row.post_id else [])


@dataclass(slots=True)
class _Quoted:
    """What one letter quotes, in its order."""

    all: list[Quotation] = field(default_factory=list)
    facts: list[tuple[Quotation, Fact]] = field(default_factory=list)
    readings: list[tuple[Quotation, Reading]] = field(default_factory=list)


_QUOTED = sa.select(Quotation).where(among(Quotation.letter_id, "ids")).order_by(Quotation.id)
_FACTS = sa.select(Fact).where(among(Fact.id, "ids"))
_READINGS = sa.select(Reading).where(among(Reading.id, "ids"))


def _quoted(session: Session, letters: Sequence[Letter]) -> dict[int, _Quoted]:
    found = {letter.id: _Quoted() for letter in letters}
    quotations = plain_rows(session, _QUOTED, {"ids": list(found)})
    # Thousands of letters quote the same few.
    facts = _by_id(session, _FACTS, {one.fact_id for one in quotations if one.fact_id})
    readings = _by_id(session, _READINGS, {one.reading_id for one in quotations if one.reading_id})
    for quotation in quotations:
        mine = found[quotation.letter_id]
        mine.all.append(quotation)
        if quotation.fact_id is not None:
            mine.facts.append((quotation, facts[quotation.fact_id]))
        if quotation.reading_id is not None:
            mine.readings.append((quotation, readings[quotation.reading_id]))
    return found


def _chains(session: Session, letters: Sequence[Letter]) -> dict[int, list[Letter]]:
    """{letter id: every letter before it, the nearest first}, for those that follow one.

    Two ranks in a query: only a reminder written instead of one that came back has more.
    """
    last = {one.id: one.follows_id for one in letters if one.follows_id is not None}
    chains: dict[int, list[Letter]] = {letter_id: [] for letter_id in last}
    before, first = aliased(Letter), aliased(Letter)
    while last:
        rows = session.execute(
            sa.select(before, first)
            .outerjoin(first, first.id == before.follows_id)
            .where(before.id.in_(set(last.values())))
        )
        ranks = {row[0].id: [one for one in row if one is not None] for row in rows}
        for letter_id, follows in last.items():
            chains[letter_id] += ranks[follows]
        # Only a reminder follows what it carries on; an answer follows what it answers.
        ends = {letter_id: chains[letter_id][-1] for letter_id in last}
        last = {
            letter_id: one.follows_id
            for letter_id, one in ends.items()
            if one.follows_id is not None and one.kind is LetterKind.REMINDER
        }
    return chains


def _forbidden(
    session: Session,
    letters: Sequence[Letter],
    around: Mapping[int, Any],
    contacts: Mapping[int, Sequence[ContactDetail]],
) -> dict[int, Sequence[Suppression]]:
    reaches = [
        Reach(contacts[one.id], (around[one.id].desk, around[one.id].target_desk), one.address)
        for one in letters
    ]
    found = forbidding_each(session, reaches)
    return {letter.id: some for letter, some in zip(letters, found, strict=True)}


def _unread(
    session: Session, letters: Sequence[Letter], around: Mapping[int, Any]
) -> dict[int, Greeting | None]:
    wanted = [(around[letter.id], letter.language) for letter in letters]
    found = unread_greetings_of(session, wanted)
    return {letter.id: greeting for letter, greeting in zip(letters, found, strict=True)}


_BOX = sa.func.lower(Letter.address)
_CAME_BACK = (
    sa.select(Letter.office_id, _BOX, sa.func.max(Event.at))
    .join(Event, sa.and_(Event.subject_kind == "letter", Event.subject_id == Letter.id))
    .where(
        Event.name == "bounce",
        Letter.state == State.BOUNCED,
        among(Letter.office_id, "offices"),
        Letter.rehearsal == sa.bindparam("rehearsal"),
    )
    .group_by(Letter.office_id, _BOX)
)


def _came_back(
    session: Session, letters: Sequence[Letter], campaign: Campaign
) -> dict[tuple[int, str], dt.date]:
    """{(office id, address in small letters): the last day a letter came back from there}."""
    told = {"offices": {one.office_id for one in letters}, "rehearsal": campaign.rehearsing}
    rows = asked(session, _CAME_BACK, told)
    return {(office, box): last.date() for office, box, last in rows}
