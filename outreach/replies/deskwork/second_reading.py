"""Two people read whatever changes a stance or closes a thread; where they differ, one decides.

The second reads without seeing what the first had. Until then the answer counts as the first read
it, and is marked as read by one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts import audit, tasks
from outreach.accounts.models import Actor, Campaign, Task, TaskKind
from outreach.accounts.roles import ORGANISERS, STAFF
from outreach.errors import NotAllowed, NotFound, Refused
from outreach.letters.models import Letter
from outreach.petitions.models import Position
from outreach.replies.consequences import filing
from outreach.replies.consequences.effects import SECOND_READING
from outreach.replies.consequences.rules import Said, answer_from, check
from outreach.replies.deskwork import desk
from outreach.replies.deskwork.readers import Mark, marks_of
from outreach.replies.deskwork.readings import SecondReading
from outreach.replies.kinds import GUARDED
from outreach.replies.models import Incoming, Reply, ReplyKind
from outreach.sending.desks import after_working_days
from outreach.words import Sentence

DISAGREEMENT = "disagreement"


@dataclass(frozen=True, slots=True)
class Readings:
    """Who has read an answer: its `mark`, if it has one, and what the `second` read."""

    mark: Mark | None
    second: SecondReading | None

    @property
    def waits(self) -> bool:
        """Whether a second reader is owed."""
        return self.mark is Mark.ONE_READER

    @property
    def open(self) -> bool:
        """Whether the two differ and nobody has decided."""
        return self.mark is Mark.TWO_DIFFER


def readings_of(session: Session, reply: Reply) -> Readings:
    """Return who has read `reply`."""
    mark = marks_of(session, [reply.id]).get(reply.id)
    return Readings(mark, session.get(SecondReading, reply.id))


def answer_to_read(session: Session, campaign: Campaign, reply_id: int, *, by: Actor) -> Reply:
    """Return an answer that `by` may read as the second, with its letters and what they ask.

    They hold its task, or are staff; they are not who read it first. Raises NotFound, Refused.
    """
    reply = (
        session.scalars(
            sa.select(Reply)
            .where(Reply.id == reply_id, Reply.campaign_id == campaign.id)
            .options(joinedload(Reply.letters).joinedload(Letter.ask), joinedload(Reply.office))
        )
        .unique()
        .one_or_none()
    )
    found = tasks.open_about(session, (SECOND_READING, reply_id))
    held = any(one.owner_id == by.user_id for one in found)
    if reply is None or reply.kind in GUARDED or not (held or by.role in STAFF):
        raise NotFound(Sentence("There is no such answer, or it is not for you to read."))
    if not all(desk.may_have(session, one, by) for one in found) or _first(reply, by):
        raise NotAllowed(Sentence("You read this answer first; somebody else reads it again."))
    if not found or reply.undone_at is not None:
        raise Refused(Sentence("Nobody has to read this answer again."))
    return reply


def _first(reply: Reply, by: Actor) -> bool:
    return by.user_id is not None and by.user_id == reply.logged_by_id


def read_again(
    session: Session,
    reply: Reply,
    *,
    kind: ReplyKind,
    stance: Position | None,
    quote: str = "",
    by: Actor,
    now: dt.datetime,
) -> SecondReading:
    """Keep what a second person read in `reply`; agreement confirms it, else organisers decide.

    Raises BadInput for what could not be filed, Refused when somebody was first, NotAllowed for
    who read it first.
    """
    if _first(reply, by):
        raise NotAllowed(Sentence("You read this answer first; somebody else reads it again."))
    if reply.undone_at is not None or session.get(SecondReading, reply.id) is not None:
        raise Refused(Sentence("Somebody has read this answer again meanwhile."))
    letters = filing.answered_letters(session, reply)
    check(session, answer_from(_said(reply, kind=kind, stance=stance, quote=quote)), letters, now)
    first, _promise = desk.positions_from(session, reply)
    before = first.position if first else None
    row = SecondReading(
        reply_id=reply.id,
        kind=kind,
        stance=stance,
        quote=quote.strip(),
        agrees=kind is reply.kind and stance == before,
        by=by.name,
        by_id=by.user_id,
        at=now,
    )
    session.add(row)
    session.flush()
    _record(session, reply, "confirmed" if row.agrees else "read_otherwise", by=by, now=now)
    tasks.finish_about(session, (SECOND_READING, reply.id), by=by, now=now)
    if not row.agrees:
        _ask_organisers(session, reply, letters, by=by, now=now)
    return row


def _ask_organisers(
    session: Session, reply: Reply, letters: Sequence[Letter], *, by: Actor, now: dt.datetime
) -> Task:
    campaign = session.get_one(Campaign, reply.campaign_id)
    name = letters[0].recipient
    return tasks.open_task(
        session,
        campaign_id=reply.campaign_id,
        kind=TaskKind.OTHER,
        subject=(DISAGREEMENT, reply.id),
        title=str(Sentence("Two people read the answer of %(name)s differently", name=name)),
        due_on=after_working_days(campaign.day_of(now), 1),
        rehearsal=reply.rehearsal,
        now=now,
        by=by,
    )


def decide(
    session: Session, reply: Reply, *, second_is_right: bool, by: Actor, now: dt.datetime
) -> Reply:
    """Say which of two readings counts; return the answer as it counts now. Organisers only.

    Where the second is right the first is undone, and the answer is filed again as they read it.
    """
    if by.role not in ORGANISERS:
        raise NotAllowed(Sentence("An organiser decides which reading counts."))
    row = session.get(SecondReading, reply.id, with_for_update=True)
    if row is None or row.agrees or row.decided_at is not None or reply.undone_at is not None:
        raise Refused(Sentence("There is nothing to decide about this answer."))
    row.decided_by, row.decided_at = by.name, now
    session.flush()
    tasks.finish_about(session, (DISAGREEMENT, reply.id), by=by, now=now)
    _record(session, reply, "second_right" if second_is_right else "first_right", by=by, now=now)
    if not second_is_right:
        return reply
    letters = filing.answered_letters(session, reply)
    said = _said(reply, kind=row.kind, stance=row.stance, quote=row.quote)
    _stance, promise = desk.positions_from(session, reply)
    if promise is not None:
        said["promise"], said["due_on"] = promise.text, promise.due_on
    incoming = session.get(Incoming, reply.incoming_id) if reply.incoming_id else None
    filing.undo_answer(session, reply, by=by, now=now)
    return filing.log_answer(
        session, letters=letters, incoming=incoming, twice=True, by=by, now=now, **said
    )


def _said(reply: Reply, *, kind: ReplyKind, stance: Position | None, quote: str) -> Said:
    """The answer as it was logged, with another kind and stance."""
    return Said(
        channel=reply.channel,
        received_on=reply.received_on,
        text=reply.text,
        kind=kind,
        signed_by=reply.signed_by,
        stance=stance,
        quote=quote,
        back_on=reply.back_on if kind in (ReplyKind.OUT_OF_OFFICE, ReplyKind.AUTO_REPLY) else None,
        note=reply.note,
        link=reply.link,
    )


def _record(session: Session, reply: Reply, name: str, *, by: Actor, now: dt.datetime) -> None:
    audit.record(
        session,
        subject=("reply", reply.id),
        name=name,
        by=by,
        now=now,
        campaign_id=reply.campaign_id,
    )
