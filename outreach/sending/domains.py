"""Domains whose servers refuse what a campaign writes: stopped, looked at, opened again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit, tasks
from outreach.accounts.models import CLOCK, Actor, TaskKind
from outreach.accounts.roles import require
from outreach.errors import BadInput, NotFound
from outreach.letters.models import Letter
from outreach.schema import asked
from outreach.sending.message import wire_address
from outreach.sending.models import Attempt, DomainStop, Outcome
from outreach.sending.postman import Refusal
from outreach.words import Sentence

# So many refusals of what we write, in a row, stop a domain.
IN_A_ROW = 10


def domain_of(address: str) -> str:
    """Return the domain of a mail address as it is on the wire: in ASCII and small letters."""
    try:
        return wire_address(address).domain
    except BadInput:
        # No letter goes there; it is compared all the same.
        return plain_domain(address)


def plain_domain(address: str) -> str:
    """Return the domain of a mail address as it is written, in small letters."""
    return address.rpartition("@")[2].strip().lower()


def standing(session: Session, campaign_id: int) -> dict[str, DomainStop]:
    """Return {domain: what stops letters of the campaign to it}."""
    if not asked(session, _ANY_STOP, {"campaign": campaign_id}):
        return {}
    return {stop.domain: stop for stop in stops(session, campaign_id)}


_STOPS = (
    sa.select(DomainStop)
    .where(DomainStop.campaign_id == sa.bindparam("campaign"), DomainStop.lifted_at.is_(None))
    .order_by(DomainStop.at.desc(), DomainStop.id)
)

_ANY_STOP = _STOPS.with_only_columns(DomainStop.id).order_by(None).limit(1)


def stops(session: Session, campaign_id: int) -> Sequence[DomainStop]:
    """Return the stops that stand, newest first."""
    return session.scalars(_STOPS, {"campaign": campaign_id}).all()


def stop_if_refused(
    session: Session, attempt: Attempt, letter: Letter, words: str, *, now: dt.datetime
) -> bool:
    """Stop the domain of `letter` after the tenth refusal of content in a row, this one included.

    Tries before the last time somebody opened the domain don't count. Returns whether it was
    stopped now.
    """
    domain = domain_of(letter.address)
    if domain in standing(session, letter.campaign_id):
        return False
    opened = session.scalar(
        sa.select(sa.func.max(DomainStop.lifted_at)).where(
            DomainStop.campaign_id == letter.campaign_id, DomainStop.domain == domain
        )
    )
    # As it is on the wire, and as it stands in our letters.
    low, spelt = sa.func.lower(Letter.address), {domain, plain_domain(letter.address)}
    last = (
        sa.select(Attempt.refusal)
        .join(Letter, Letter.id == Attempt.letter_id)
        .where(
            Letter.campaign_id == letter.campaign_id,
            sa.or_(*(low.endswith(f"@{one}", autoescape=True) for one in spelt)),
            Attempt.outcome.in_((Outcome.DELIVERED, Outcome.REFUSED)),
            ~Attempt.rehearsal,
            Attempt.id != attempt.id,
        )
        .order_by(Attempt.ended_at.desc(), Attempt.id.desc())
        .limit(IN_A_ROW - 1)
    )
    if opened is not None:
        last = last.where(Attempt.ended_at > opened)
    before = session.scalars(last).all()
    if len(before) < IN_A_ROW - 1 or any(one is not Refusal.CONTENT for one in before):
        return False
    _stop(session, letter, domain, words, now=now)
    return True


def open_again(
    session: Session, campaign_id: int, stop_id: int, *, by: Actor, now: dt.datetime
) -> DomainStop:
    """Let letters go to a stopped domain again. Raises NotFound, NotAllowed."""
    require(by, "campaign.resume")
    stop = session.scalar(
        sa.select(DomainStop)
        .where(DomainStop.id == stop_id, DomainStop.campaign_id == campaign_id)
        .with_for_update()
    )
    if stop is None:
        raise NotFound(Sentence("There is no such stop in this campaign."))
    if stop.lifted_at is None:
        stop.lifted_at, stop.lifted_by = now, by.name
        tasks.finish_about(session, ("domain_stop", stop.id), by=by, now=now)
        _record(session, stop, "opened", by=by, now=now)
    return stop


def _stop(session: Session, letter: Letter, domain: str, words: str, *, now: dt.datetime) -> None:
    stop = DomainStop(campaign_id=letter.campaign_id, domain=domain, words=words, at=now)
    session.add(stop)
    session.flush()
    _record(session, stop, "stopped", by=CLOCK, now=now)
    tasks.open_task(
        session,
        campaign_id=letter.campaign_id,
        kind=TaskKind.OTHER,
        subject=("domain_stop", stop.id),
        title=f"{domain} refused {IN_A_ROW} letters in a row: {words}",
        due_on=now.date(),
        rehearsal=False,
        now=now,
        by=CLOCK,
    )


def _record(session: Session, stop: DomainStop, name: str, *, by: Actor, now: dt.datetime) -> None:
    audit.record(
        session,
        subject=("domain_stop", stop.id),
        name=name,
        by=by,
        now=now,
        campaign_id=stop.campaign_id,
        detail={"domain": stop.domain, "words": stop.words},
    )
