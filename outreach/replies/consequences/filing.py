"""Files an answer by hand, with everything that follows from it, and undoes a slip."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Unpack

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit, tasks
from outreach.accounts.models import INBOX, Actor, Campaign, Event
from outreach.accounts.roles import ORGANISERS, STAFF, require
from outreach.directory.models import SuppressionScope
from outreach.errors import NotAllowed, Refused
from outreach.letters.models import Letter
from outreach.replies.consequences import effects, placing, stopping
from outreach.replies.consequences.rules import Answer, Said, answer_from, check
from outreach.replies.kinds import GUARDED
from outreach.replies.models import (
    Incoming,
    Reply,
    ReplyKind,
    ReplyLetter,
)
from outreach.replies.receiving import inbox
from outreach.words import Sentence


def log_answer(
    session: Session,
    *,
    letters: Sequence[Letter],
    by: Actor,
    now: dt.datetime,
    incoming: Incoming | None = None,
    twice: bool = False,
    **said: Unpack[Said],
) -> Reply:
    """File one answer to `letters` (of one desk) and do everything that follows from its kind.

    What was `said` is described at `rules.Said`; `now` is an aware UTC instant, `incoming` the
    message it was read out of; `twice`: two people have read it. Everything or nothing happens, in
    the caller's transaction. Raises BadInput with the field's name, NotAllowed, MoveRefused.
    """
    # The inbox says by itself what machines wrote.
    if by != INBOX:
        require(by, "replies.log")
    answer = answer_from(said)
    check(session, answer, letters, now)
    reply = _keep(session, answer, letters, incoming, by, now)
    if incoming is not None:
        placing.read_out(session, incoming, letters, by=by, now=now)
        if answer.kind in GUARDED and not incoming.confidential:
            incoming.confidential = True
            inbox.record(session, incoming, "made_confidential", by=by, now=now)
    _follow_up(session, reply, letters, answer, by, now)
    if by != INBOX and not twice:
        effects.ask_second_reader(session, reply, letters[0], answer, by=by, now=now)
    return reply


def _keep(
    session: Session,
    answer: Answer,
    letters: Sequence[Letter],
    incoming: Incoming | None,
    by: Actor,
    now: dt.datetime,
) -> Reply:
    reply = Reply(
        campaign_id=letters[0].campaign_id,
        office_id=letters[0].office_id,
        channel=answer.channel,
        received_on=answer.received_on,
        kind=answer.kind,
        signed_by=answer.signed_by,
        text=answer.text,
        note=answer.note,
        link=answer.link,
        back_on=answer.back_on,
        logged_by=by.name,
        logged_by_id=by.user_id,
        logged_at=now,
        rehearsal=letters[0].rehearsal,
        incoming_id=incoming.id if incoming else None,
    )
    session.add(reply)
    session.flush()
    session.add_all(ReplyLetter(reply_id=reply.id, letter_id=letter.id) for letter in letters)
    session.flush()
    return reply


def _follow_up(
    session: Session,
    reply: Reply,
    letters: Sequence[Letter],
    answer: Answer,
    by: Actor,
    now: dt.datetime,
) -> None:
    campaign = session.get_one(Campaign, reply.campaign_id)
    detail: dict[str, object] = {
        "kind": reply.kind.value,
        "letters": [letter.id for letter in letters],
    }
    effects.change_letters(session, reply, letters, by=by, now=now)
    effects.record_position(session, reply, letters[0], answer, by=by, now=now)
    if reply.kind is ReplyKind.OBJECTION_DATA:
        new = effects.suppress_desk(session, reply, letters, by=by, now=now)
        detail["suppressed"] = [[scope.value, value] for scope, value in new]
    if made := stopping.stop_writing(session, reply, letters, by=by, now=now):
        detail["rules"] = made
    today = campaign.day_of(now)
    effects.open_next_step(session, reply, letters[0], today=today, by=by, now=now)
    effects.finish_logging(session, letters, by=by, now=now)
    _record(session, reply, "logged", by, now, detail)


def may_undo(reply: Reply, by: Actor) -> bool:
    """Return whether `by` may undo `reply`: one's own; staff a machine's; organisers every one."""
    own = by.user_id is not None and by.user_id == reply.logged_by_id
    machine = reply.logged_by == INBOX.name and by.role in STAFF
    return reply.undone_at is None and (own or machine or by.role in ORGANISERS)


def undo_answer(session: Session, reply: Reply, *, by: Actor, now: dt.datetime) -> None:
    """Undo a slip: the answer stays readable, counts nowhere, and what followed is taken back.

    Letters get the state that their other answers give them; a stance is outdone by a further
    row; promises are withdrawn; open tasks of the answer are finished. Raises Refused when it was
    undone before, NotAllowed when it is somebody else's.
    """
    result = session.execute(
        sa.update(Reply)
        .where(Reply.id == reply.id, Reply.undone_at.is_(None))
        .values(undone_at=now)
        .execution_options(synchronize_session=False)
    )
    if result.rowcount != 1:  # type: ignore[attr-defined]
        raise Refused(Sentence("This answer was undone before."))
    if not may_undo(reply, by):
        raise NotAllowed(Sentence("Somebody else logged this answer. Ask an organiser to undo it."))
    session.refresh(reply, attribute_names=["undone_at"])
    letters = answered_letters(session, reply)
    effects.restore_letters(session, reply, letters, by=by, now=now)
    effects.withdraw_position(session, reply, by=by, now=now)
    followed = _followed(session, reply)
    suppressed = [(SuppressionScope(it), value) for it, value in followed.get("suppressed", [])]
    effects.lift_desk(session, reply, suppressed, by=by, now=now)
    stopping.lift(session, reply, followed.get("rules", []), by=by, now=now)
    for about in ("reply", effects.SECOND_READING, "disagreement"):
        tasks.finish_about(session, (about, reply.id), by=by, now=now)
    if reply.incoming_id is not None:
        placing.unread_again(session, reply.incoming_id, letters, by=by, now=now)
    _record(session, reply, "undone", by, now, {"letters": [letter.id for letter in letters]})


def answered_letters(session: Session, reply: Reply) -> Sequence[Letter]:
    """Return the letters that `reply` answers, oldest first."""
    return session.scalars(
        sa.select(Letter)
        .join(ReplyLetter, ReplyLetter.letter_id == Letter.id)
        .where(ReplyLetter.reply_id == reply.id)
        .order_by(Letter.id)
    ).all()


def _followed(session: Session, reply: Reply) -> dict[str, Any]:
    """What followed when the answer was logged, as its event says."""
    logged = session.scalars(
        sa.select(Event)
        .where(Event.subject_kind == "reply", Event.subject_id == reply.id, Event.name == "logged")
        .order_by(Event.id)
    ).first()
    return logged.detail if logged else {}


def _record(
    session: Session,
    reply: Reply,
    name: str,
    by: Actor,
    now: dt.datetime,
    detail: dict[str, object],
) -> None:
    audit.record(
        session,
        subject=("reply", reply.id),
        name=name,
        by=by,
        now=now,
        campaign_id=reply.campaign_id,
        detail=detail,
    )
