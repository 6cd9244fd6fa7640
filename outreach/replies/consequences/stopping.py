"""What an answer stops beyond its letters: writing to who hears voters only, or who has left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor
from outreach.directory import rules
from outreach.directory.identity import ContactRule, RuleKind
from outreach.directory.models import Target
from outreach.letters import moving
from outreach.letters.lifecycle import BY_NAME
from outreach.letters.models import Letter
from outreach.replies.consequences import effects
from outreach.replies.models import Reply, ReplyKind
from outreach.words import Sentence


def stop_writing(
    session: Session, reply: Reply, letters: Sequence[Letter], *, by: Actor, now: dt.datetime
) -> list[int]:
    """Do what the kind of `reply` stops; return the ids of the contact rules that stand for it.

    Who acts for their own voters only is written to by nobody of the house until somebody lifts
    the rule, a resident for instance; nothing of it happens in a rehearsal. Letters that have not
    left, to somebody who has left the post, are held until a person looked who follows.
    """
    targets = {letter.target_id for letter in letters}
    if reply.kind is ReplyKind.LEFT_OFFICE:
        _hold_unsent(session, reply, targets, by=by, now=now)
    if reply.kind is not ReplyKind.CONSTITUENTS_ONLY or reply.rehearsal:
        return []
    made = []
    for target_id in sorted(targets):
        target = session.get_one(Target, target_id)
        standing = rules.standing_rules(session, target)
        if any(rule.kind is RuleKind.NEVER for rule in standing):
            continue
        words = Sentence("they act for their own voters only (answer %(id)s)", id=str(reply.id))
        rule = rules.add_rule(
            session,
            target,
            kind=RuleKind.NEVER,
            value="",
            source=str(words),
            said_on=min(reply.received_on, now.date()),
            by=by,
            now=now,
        )
        made.append(rule.id)
    return made


def _hold_unsent(
    session: Session, reply: Reply, targets: set[int], *, by: Actor, now: dt.datetime
) -> None:
    waiting = sa.select(Letter).where(
        Letter.campaign_id == reply.campaign_id,
        Letter.target_id.in_(targets),
        Letter.rehearsal == reply.rehearsal,
        Letter.state.in_(BY_NAME["hold"].sources),
    )
    reason = Sentence("They have left the post (answer %(id)s).", id=str(reply.id))
    hand = effects.with_hand(by, "inbox")
    for letter in session.scalars(waiting.order_by(Letter.id)).all():
        moving.make(session, letter, "hold", by=hand, now=now, reason=str(reason))


def lift(
    session: Session, reply: Reply, rule_ids: Sequence[int], *, by: Actor, now: dt.datetime
) -> None:
    """Lift the contact rules that `stop_writing` made for an answer that was logged by mistake."""
    reason = str(Sentence("The answer %(id)s was logged by mistake", id=str(reply.id)))
    for rule_id in rule_ids:
        rule = session.get(ContactRule, rule_id)
        if rule is not None:
            rules.lift_rule(session, rule, reason=reason, by=by, now=now)
