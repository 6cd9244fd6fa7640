"""Roll calls: entered once per body; each name becomes a stance that rests on the official record.

Whom a name means, `names` says; the rest is listed to be put right.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts import audit, tasks
from outreach.accounts.models import Actor, Campaign
from outreach.accounts.roles import ORGANISERS, require
from outreach.directory.models import Membership, Organization, OrganizationKind, Target
from outreach.errors import BadInput, NotAllowed, NotFound, Refused
from outreach.petitions import stances
from outreach.petitions.models import Position, StanceBasis
from outreach.replies.models import RollCall, RollCallVote, Vote
from outreach.replies.rollcalls import confirming
from outreach.replies.rollcalls.names import Line, matched
from outreach.words import Sentence

SOURCE = "roll_call"
# Bodies that vote.
VOTING = (OrganizationKind.CHAMBER, OrganizationKind.COMMITTEE, OrganizationKind.PARLIAMENT)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What voting one way or the other says of the ask."""

    aye: Position
    no: Position
    abstain: Position

    def of(self, vote: Vote) -> Position | None:
        """Return the position that `vote` shows; None for none."""
        found = {Vote.AYE: self.aye, Vote.NO: self.no, Vote.ABSTAIN: self.abstain}.get(vote)
        return None if found is Position.UNKNOWN else found


def members(session: Session, body_id: int, day: dt.date) -> Sequence[Target]:
    """Return the members of a body on a day, by name, with membership and person."""
    held = Membership
    return session.scalars(
        sa.select(Target)
        .join(held, held.id == Target.membership_id)
        .where(
            held.organization_id == body_id,
            sa.or_(held.start_on.is_(None), held.start_on <= day),
            sa.or_(held.end_on.is_(None), held.end_on > day),
        )
        .options(joinedload(Target.membership).joinedload(Membership.person))
        .order_by(Target.name, Target.id)
    ).all()


def bodies(session: Session) -> Sequence[tuple[int, str]]:
    """Return the bodies that vote and whose members we know, as (id, name), by name."""
    rows = session.execute(
        sa.select(Organization.id, Organization.name, Organization.jurisdiction_code)
        .where(
            Organization.kind.in_(VOTING),
            sa.exists().where(
                Membership.organization_id == Organization.id, Target.membership_id == Membership.id
            ),
        )
        .order_by(Organization.jurisdiction_code, Organization.name)
    )
    return [(row.id, f"{row.jurisdiction_code}: {row.name}") for row in rows]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a roll call was about: body, ask, title, day, the link to its record, what it means."""

    body_id: int
    ask_id: int
    title: str
    voted_on: dt.date
    link: str
    meaning: Meaning


def enter(
    session: Session,
    campaign: Campaign,
    entry: Entry,
    *,
    lines: Sequence[Line],
    ticked: Mapping[int, Vote],
    by: Actor,
    now: dt.datetime,
) -> RollCall:
    """Enter a roll call and return it; each who is known gets a stance with the record's link.

    `lines` are names, `ticked` is {target id: vote} of members. A name that means nobody or
    several, or somebody who has a vote already, is kept to be put right. Raises BadInput.
    """
    require(by, "petition.write")
    _check(entry, lines, ticked, campaign.day_of(now))
    roll = _begun(session, campaign, entry, by, now)
    there = members(session, roll.body_id, roll.voted_on)
    known = {one.id: one for one in there}
    taken: set[int] = set()
    for target_id, vote in ticked.items():
        if target_id in known:
            _keep(session, roll, known[target_id].name, vote, known[target_id], by=by, now=now)
            taken.add(target_id)
    for line in lines:
        who = matched(line.said, there)
        who = None if who is None or who.id in taken else who
        _keep(session, roll, line.said, line.vote, who, by=by, now=now)
        taken |= {who.id} if who else set()
    _record(session, roll, "entered", {"names": len(lines) + len(ticked)}, by, now)
    confirming.ask_again(session, roll, by=by, now=now)
    return roll


def _begun(
    session: Session, campaign: Campaign, entry: Entry, by: Actor, now: dt.datetime
) -> RollCall:
    roll = RollCall(
        campaign_id=campaign.id,
        body_id=entry.body_id,
        ask_id=entry.ask_id,
        title=" ".join(entry.title.split()),
        voted_on=entry.voted_on,
        link=entry.link.strip(),
        aye_means=entry.meaning.aye,
        no_means=entry.meaning.no,
        abstain_means=entry.meaning.abstain,
        by=by.name,
        by_id=by.user_id,
        at=now,
        rehearsal=campaign.rehearsing,
    )
    session.add(roll)
    session.flush()
    return roll


def _check(entry: Entry, lines: Sequence[Line], ticked: Mapping[int, Vote], today: dt.date) -> None:
    if not entry.title.strip():
        raise BadInput(Sentence("Say what was voted on."), field="title")
    if entry.voted_on > today:
        raise BadInput(Sentence("This day is still to come."), field="voted_on")
    parts = urlsplit(entry.link.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(Sentence("Give the link to the official record."), field="link")
    if not lines and not ticked:
        raise BadInput(Sentence("Paste the names, or tick the members."), field="names")


def _keep(
    session: Session,
    roll: RollCall,
    said: str,
    vote: Vote,
    who: Target | None,
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    row = RollCallVote(
        roll_call_id=roll.id, said=said, vote=vote, target_id=who.id if who else None
    )
    session.add(row)
    session.flush()
    if who is not None:
        _take_stance(session, roll, row, by=by, now=now)


def _take_stance(
    session: Session, roll: RollCall, row: RollCallVote, *, by: Actor, now: dt.datetime
) -> None:
    position = Meaning(roll.aye_means, roll.no_means, roll.abstain_means).of(row.vote)
    if position is None or row.target_id is None:
        return
    stances.record_stance(
        session,
        campaign_id=roll.campaign_id,
        target_id=row.target_id,
        ask_id=roll.ask_id,
        position=position,
        basis=StanceBasis.ACT,
        quote=f"{roll.title} ({roll.link})",
        said_on=roll.voted_on,
        source=(SOURCE, roll.id),
        rehearsal=roll.rehearsal,
        by=by,
        now=now,
    )


def put_right(
    session: Session, roll: RollCall, vote_id: int, target_id: int, *, by: Actor, now: dt.datetime
) -> None:
    """Say which member a name means that nobody could match. Raises Refused, BadInput."""
    row = _unknown(session, roll, vote_id, by)
    there = {one.id for one in members(session, roll.body_id, roll.voted_on)}
    voted = {one.target_id for one in votes_of(session, roll)}
    if target_id not in there or target_id in voted:
        raise BadInput(Sentence("Choose a member of that day who has no vote yet."), "target")
    row.target_id = target_id
    session.flush()
    _take_stance(session, roll, row, by=by, now=now)
    _record(session, roll, "put_right", {"said": row.said, "target": target_id}, by, now)
    confirming.ask_again(session, roll, by=by, now=now)


def leave_out(
    session: Session, roll: RollCall, vote_id: int, *, by: Actor, now: dt.datetime
) -> None:
    """Say that a name nobody could match is none of a member: it stays in the list and says so.

    It can be put right later all the same. Raises Refused.
    """
    row = _unknown(session, roll, vote_id, by)
    if row.id in confirming.left_out(session, roll):
        raise Refused(Sentence("Somebody has left this name out meanwhile."))
    detail = {"name": row.id, "said": row.said}
    _record(session, roll, confirming.LEFT_OUT, detail, by, now)
    confirming.ask_again(session, roll, by=by, now=now)


def _unknown(session: Session, roll: RollCall, vote_id: int, by: Actor) -> RollCallVote:
    require(by, "petition.write")
    row = session.get(RollCallVote, vote_id)
    if roll.undone_at is not None or row is None or row.roll_call_id != roll.id:
        raise Refused(Sentence("This name is not of a roll call that counts."))
    if row.target_id is not None:
        raise Refused(Sentence("Somebody has said meanwhile who this is."))
    return row


def undo(session: Session, roll: RollCall, *, by: Actor, now: dt.datetime) -> None:
    """Undo a whole roll call: it stays readable, its stances are taken back, those before hold.

    One's own, an organiser any. Raises NotAllowed, Refused when it was undone before.
    """
    require(by, "petition.write")
    if by.role not in ORGANISERS and by.user_id != roll.by_id:
        raise NotAllowed(Sentence("Somebody else entered this. Ask an organiser to undo it."))
    if roll.undone_at is not None:
        raise Refused(Sentence("This roll call was undone before."))
    roll.undone_at = now
    session.flush()
    stances.take_back(session, source=(SOURCE, roll.id), by=by, now=now)
    tasks.finish_about(session, (SOURCE, roll.id), by=by, now=now)
    _record(session, roll, "undone", {}, by, now)


def votes_of(session: Session, roll: RollCall) -> Sequence[RollCallVote]:
    """Return every name of a roll call with who it is, those nobody knows first."""
    return session.scalars(
        sa.select(RollCallVote)
        .where(RollCallVote.roll_call_id == roll.id)
        .options(joinedload(RollCallVote.target))
        .order_by(RollCallVote.target_id.is_not(None), RollCallVote.said, RollCallVote.id)
    ).all()


def roll_calls(session: Session, campaign: Campaign) -> Sequence[RollCall]:
    """Return the roll calls of a campaign, the latest vote first, with body and ask."""
    return session.scalars(
        sa.select(RollCall)
        .where(RollCall.campaign_id == campaign.id, RollCall.rehearsal == campaign.rehearsing)
        .options(joinedload(RollCall.body), joinedload(RollCall.ask))
        .order_by(RollCall.voted_on.desc(), RollCall.id.desc())
    ).all()


def roll_call(session: Session, campaign: Campaign, roll_call_id: int) -> RollCall:
    """Return one of the campaign's roll calls. Raises NotFound."""
    found = next((one for one in roll_calls(session, campaign) if one.id == roll_call_id), None)
    if found is None:
        raise NotFound(Sentence("There is no such roll call."))
    return found


def _record(
    session: Session,
    roll: RollCall,
    name: str,
    detail: dict[str, object],
    by: Actor,
    now: dt.datetime,
) -> None:
    audit.record(
        session,
        subject=(SOURCE, roll.id),
        name=name,
        by=by,
        now=now,
        campaign_id=roll.campaign_id,
        detail=detail,
    )
