"""What the people we write to asked of us, read together: rules stand for all of one's targets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.identity import ContactRule, RuleKind
from outreach.directory.models import ContactKind, Membership, Target


@dataclass(frozen=True, slots=True)
class Wish:
    """The standing rules of one target: its own and those of the same person's other targets."""

    rules: tuple[ContactRule, ...] = ()

    def rule(self, kind: RuleKind) -> ContactRule | None:
        """Return the rule of `kind` that stands, the newest if there are several, or None."""
        return next((rule for rule in self.rules if rule.kind is kind), None)

    @property
    def language(self) -> str | None:
        """The only language they read letters in, if they said so: a BCP 47 code."""
        rule = self.rule(RuleKind.LANGUAGE)
        return rule.value if rule else None

    @property
    def channel(self) -> ContactKind | None:
        """The only way they take letters, if they said so."""
        rule = self.rule(RuleKind.CHANNEL)
        return ContactKind(rule.value) if rule else None

    @property
    def never(self) -> bool:
        """Whether they want no letter at all."""
        return self.rule(RuleKind.NEVER) is not None


NO_WISH = Wish()


def wishes_of(session: Session, target_ids: Collection[int]) -> dict[int, Wish]:
    """Return {target id: what was asked}, for those of `target_ids` that asked anything.

    One query when nobody did, else two.
    """
    people = (
        sa.select(Membership.person_id)
        .join(Target, Target.membership_id == Membership.id)
        .where(Target.id.in_(target_ids))
    )
    rows = session.execute(
        sa.select(ContactRule, Membership.person_id)
        .join(Target, Target.id == ContactRule.target_id)
        .outerjoin(Membership, Membership.id == Target.membership_id)
        .where(
            ContactRule.lifted_at.is_(None),
            sa.or_(ContactRule.target_id.in_(target_ids), Membership.person_id.in_(people)),
        )
        .order_by(ContactRule.said_on.desc(), ContactRule.id.desc())
    ).all()
    if not rows:
        return {}
    person_of = _people(session, target_ids)
    found: dict[int, list[ContactRule]] = {}
    for target_id in target_ids:
        for rule, person_id in rows:
            same = person_id is not None and person_of.get(target_id) == person_id
            if same or rule.target_id == target_id:
                found.setdefault(target_id, []).append(rule)
    return {target_id: Wish(tuple(rules)) for target_id, rules in found.items()}


def _people(session: Session, target_ids: Collection[int]) -> dict[int, int]:
    rows = session.execute(
        sa.select(Target.id, Membership.person_id)
        .join(Membership, Membership.id == Target.membership_id)
        .where(Target.id.in_(target_ids))
    )
    return {row.id: row.person_id for row in rows}
