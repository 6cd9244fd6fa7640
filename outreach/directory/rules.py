"""Rules of contact: somebody asked for one language, for one way, or for no letter at all."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.directory.identity import ContactRule, RuleKind
from outreach.directory.models import Membership, Target
from outreach.directory.offices import WRITTEN_BY, settle_target
from outreach.directory.wishes import NO_WISH, wishes_of
from outreach.errors import BadInput, Refused
from outreach.words import Sentence

_LANGUAGE = re.compile(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")


def standing_rules(session: Session, target: Target) -> Sequence[ContactRule]:
    """Return what `target` asked of us, also in another of the person's seats, newest first."""
    return wishes_of(session, [target.id]).get(target.id, NO_WISH).rules


def add_rule(
    session: Session,
    target: Target,
    *,
    kind: RuleKind,
    value: str,
    source: str,
    said_on: dt.date,
    by: Actor,
    now: dt.datetime,
) -> ContactRule:
    """Keep what `target` asked: `value` is a BCP 47 code, a ContactKind, or empty for never.

    Returns the rule; it holds in all seats of the same person and for every campaign. Raises
    BadInput with the field, or Refused when one of this kind stands already.
    """
    _refuse_nonsense(kind, value, source, said_on, now.date())
    if any(rule.kind is kind for rule in standing_rules(session, target)):
        raise Refused(
            Sentence("A rule of this kind stands already. Lift it first, then enter the new one.")
        )
    rule = ContactRule(
        target_id=target.id,
        kind=kind,
        value="" if kind is RuleKind.NEVER else value,
        source=source.strip(),
        said_on=said_on,
        by=by.name,
        at=now,
    )
    session.add(rule)
    session.flush()
    _record(session, rule, "rule_added", by=by, now=now, why=rule.source)
    settle_target(session, _seats_of(session, target))
    return rule


def lift_rule(
    session: Session, rule: ContactRule, *, reason: str, by: Actor, now: dt.datetime
) -> None:
    """Let `rule` no longer stand; it stays in the history. Raises BadInput without a reason."""
    if not reason.strip():
        raise BadInput(Sentence("Say why it no longer stands."), "reason")
    if rule.lifted_at is not None:
        return
    rule.lifted_by, rule.lifted_at = by.name, now
    session.flush()
    _record(session, rule, "rule_lifted", by=by, now=now, why=reason.strip())
    settle_target(session, _seats_of(session, session.get_one(Target, rule.target_id)))


def _refuse_nonsense(
    kind: RuleKind, value: str, source: str, said_on: dt.date, today: dt.date
) -> None:
    if not source.strip():
        raise BadInput(Sentence("Say who asked for it, and where."), "source")
    if said_on > today:
        raise BadInput(Sentence("That day has not come yet."), "said_on")
    if kind is RuleKind.LANGUAGE and not _LANGUAGE.match(value):
        raise BadInput(Sentence("Choose a language."), "language")
    if kind is RuleKind.CHANNEL and value not in {one.value for one in WRITTEN_BY}:
        raise BadInput(Sentence("Choose e-mail, web form or post."), "channel")


def _seats_of(session: Session, target: Target) -> list[int]:
    """The ids of all targets of the same person, or of the body itself."""
    if target.membership_id is None:
        return [target.id]
    person = (
        sa.select(Membership.person_id)
        .where(Membership.id == target.membership_id)
        .scalar_subquery()
    )
    held = sa.select(Membership.id).where(Membership.person_id == person)
    return list(session.scalars(sa.select(Target.id).where(Target.membership_id.in_(held))))


def _record(
    session: Session, rule: ContactRule, name: str, *, by: Actor, now: dt.datetime, why: str
) -> None:
    record(
        session,
        subject=("target", rule.target_id),
        name=name,
        by=by,
        now=now,
        campaign_id=None,
        detail={"kind": rule.kind.value, "value": rule.value, "reason": why},
    )
