"""Corrections that anybody of ours may suggest, and that staff accept or refuse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.database import hold
from outreach.directory.addresses import correct
from outreach.directory.identity import ContactProposal, ProposalState
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    Membership,
    Organization,
    Person,
    Post,
    Target,
)
from outreach.directory.offices import normalised
from outreach.directory.verification import add_contact, page_of, verify, withdraw
from outreach.errors import BadInput, NotFound, Refused
from outreach.words import Sentence


@dataclass(frozen=True, slots=True)
class Correction:
    """What somebody suggests: `new` instead of `detail`.

    Without `detail` it is one more way to reach them; without `new` the old one is out of use.
    """

    kind: ContactKind
    new: str
    source: str
    url: str = ""
    detail: ContactDetail | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What came of a proposal: the address that counts now, if any, and whether it is checked."""

    detail: ContactDetail | None
    checked: bool


def propose(
    session: Session, target: Target, correction: Correction, *, by: Actor, now: dt.datetime
) -> ContactProposal:
    """Keep a suggestion for staff to decide on. Nothing in the directory changes.

    Raises BadInput with the field: nothing said, nonsense, no source, or the same as before.
    """
    old, new = correction.detail, correction.new.strip()
    if not correction.source.strip():
        raise BadInput(Sentence("Say where you have it from."), "source")
    if old is None and not new:
        raise BadInput(Sentence("Write the address, number or link."), "value")
    if new and old is not None and normalised(correction.kind, new) == old.normalised:
        raise BadInput(Sentence("That is the address we have."), "value")
    if new:
        normalised(correction.kind, new)
    proposal = ContactProposal(
        target_id=target.id,
        detail_id=old.id if old else None,
        kind=correction.kind.value,
        old_value=old.value if old else "",
        new_value=new,
        source=correction.source.strip(),
        source_url=page_of(correction.url) if correction.url.strip() else "",
        state=ProposalState.OPEN,
        by=by.name,
        user_id=by.user_id,
        at=now,
    )
    session.add(proposal)
    session.flush()
    _record(session, proposal, "proposed", by=by, now=now)
    return proposal


def accept(
    session: Session, proposal: ContactProposal, *, checked: bool, by: Actor, now: dt.datetime
) -> Accepted:
    """Take a proposal over: the new address is added, the old one withdrawn.

    The new one is unchecked, unless `checked`: `by` saw it on the page that the proposal names.
    Letters already sent keep their address. Raises Refused when it was decided before, BadInput
    (field `checked`) for a check without a page.
    """
    _decide(session, proposal, ProposalState.ACCEPTED, by=by, now=now)
    if checked and not proposal.source_url:
        raise BadInput(Sentence("There is no link to a page on which to check it."), "checked")
    old = session.get(ContactDetail, proposal.detail_id) if proposal.detail_id else None
    kept = _taken_over(session, proposal, old, by=by, now=now) if proposal.new_value else None
    if kept is not None and checked:
        verify(session, kept, url=proposal.source_url, by=by, now=now)
    if old is not None and old is not kept and old.state is not ContactState.WITHDRAWN:
        withdraw(session, old, reason=proposal.source, by=by, now=now)
    _record(session, proposal, "proposal_accepted", by=by, now=now)
    return Accepted(kept, checked and kept is not None)


def refuse(
    session: Session, proposal: ContactProposal, *, reason: str, by: Actor, now: dt.datetime
) -> None:
    """Turn a proposal down, with the reason its author will read. Raises BadInput, Refused."""
    if not reason.strip():
        raise BadInput(Sentence("Say why, so that its author learns it."), "reason")
    _decide(session, proposal, ProposalState.REFUSED, by=by, now=now)
    proposal.answer = reason.strip()
    _record(session, proposal, "proposal_refused", by=by, now=now)


def open_proposals(session: Session) -> Sequence[ContactProposal]:
    """Return the undecided proposals with target and body, oldest first, at most 200."""
    return session.scalars(
        sa.select(ContactProposal)
        .where(ContactProposal.state == ProposalState.OPEN)
        .options(joinedload(ContactProposal.target).joinedload(Target.body))
        .order_by(ContactProposal.id)
        .limit(200)
    ).all()


def decided_proposals(session: Session, *, limit: int = 20) -> Sequence[ContactProposal]:
    """Return the proposals decided last, newest first."""
    return session.scalars(
        sa.select(ContactProposal)
        .where(ContactProposal.state != ProposalState.OPEN)
        .options(joinedload(ContactProposal.target).joinedload(Target.body))
        .order_by(ContactProposal.decided_at.desc(), ContactProposal.id.desc())
        .limit(limit)
    ).all()


def open_count(session: Session) -> int:
    """Return how many proposals wait for a decision."""
    return (
        session.scalar(
            sa.select(sa.func.count(ContactProposal.id)).where(
                ContactProposal.state == ProposalState.OPEN
            )
        )
        or 0
    )


def proposals_for(session: Session, target: Target, *, reader: Actor) -> Sequence[ContactProposal]:
    """Return the last proposals about `target` that are undecided or `reader`'s, newest first."""
    return session.scalars(
        sa.select(ContactProposal)
        .where(
            ContactProposal.target_id == target.id,
            sa.or_(
                ContactProposal.state == ProposalState.OPEN,
                ContactProposal.user_id == reader.user_id,
            ),
        )
        .order_by(ContactProposal.id.desc())
        .limit(5)
    ).all()


def proposal_by_id(session: Session, proposal_id: int) -> ContactProposal:
    """Return one proposal. Raises NotFound."""
    proposal = session.get(ContactProposal, proposal_id)
    if proposal is None:
        raise NotFound(Sentence("There is no such proposal."))
    return proposal


def _decide(
    session: Session,
    proposal: ContactProposal,
    state: ProposalState,
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    hold(session, proposal)
    if proposal.state is not ProposalState.OPEN:
        raise Refused(
            Sentence("%(name)s decided on this already.", name=proposal.decided_by or "?")
        )
    proposal.state, proposal.decided_by, proposal.decided_at = state, by.name, now


def _taken_over(
    session: Session,
    proposal: ContactProposal,
    old: ContactDetail | None,
    *,
    by: Actor,
    now: dt.datetime,
) -> ContactDetail:
    """Return the new address, added to whom the old one belongs to; or the one that is there."""
    kind, owner = ContactKind(proposal.kind), _owner(session, proposal, old)
    there = _there(session, owner, kind, normalised(kind, proposal.new_value))
    if there is not None:
        return there
    if old is not None and old.state is not ContactState.WITHDRAWN:
        return correct(
            session,
            old,
            value=proposal.new_value,
            source=proposal.source,
            source_url=proposal.source_url,
            country="",
            by=by,
            now=now,
        )
    return add_contact(
        session,
        owner,
        kind=kind,
        value=proposal.new_value,
        source=proposal.source,
        source_url=proposal.source_url,
        by=by,
        now=now,
    )


def _there(
    session: Session, owner: Person | Post | Organization, kind: ContactKind, key: str
) -> ContactDetail | None:
    return session.scalar(
        sa.select(ContactDetail).where(
            getattr(ContactDetail, f"{type(owner).__name__.lower()}_id") == owner.id,
            ContactDetail.kind == kind,
            ContactDetail.normalised == key,
            ContactDetail.state != ContactState.WITHDRAWN,
        )
    )


def _owner(
    session: Session, proposal: ContactProposal, old: ContactDetail | None
) -> Person | Post | Organization:
    """Whom the address belongs to: as the old one does, else the person or the body."""
    if old is not None:
        for model, number in (
            (Person, old.person_id),
            (Post, old.post_id),
            (Organization, old.organization_id),
        ):
            if number is not None:
                return session.get_one(model, number)  # type: ignore[return-value]
    target = session.get_one(Target, proposal.target_id)
    if target.membership_id is None:
        return session.get_one(Organization, target.body_id)
    held = session.get_one(Membership, target.membership_id)
    return session.get_one(Person, held.person_id)


def _record(
    session: Session, proposal: ContactProposal, name: str, *, by: Actor, now: dt.datetime
) -> None:
    record(
        session,
        subject=("target", proposal.target_id),
        name=name,
        by=by,
        now=now,
        campaign_id=None,
        detail={
            "proposal": proposal.id,
            "old": proposal.old_value,
            "value": proposal.new_value,
            "source": proposal.source,
            "reason": proposal.answer,
        },
    )
