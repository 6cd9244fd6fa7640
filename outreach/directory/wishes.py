"""What the people we write to asked of us, read together: rules stand for all of one's targets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.directory.identity import ContactRule, RuleKind
from outreach.directory.models import ContactKind, Membership, Target
from outreach.schema import among, asked


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


_ITS, _HELD, _ALSO = aliased(Target), aliased(Membership), aliased(Membership)
_OTHER = aliased(Target)
# The same people's other targets: from the few that were asked about to theirs, each by an index.
_SAME_PEOPLE = (
    sa.select(_OTHER.id)
    .select_from(_ITS)
    .join(_HELD, _HELD.id == _ITS.membership_id)
    .join(_ALSO, _ALSO.person_id == _HELD.person_id)
    .join(_OTHER, _OTHER.membership_id == _ALSO.id)
    .where(among(_ITS.id, "targets"))
)
_RULES = (
    sa.select(ContactRule, Membership.person_id)
    # Rules are few: an outer join keeps SQLite from beginning with all targets.
    .outerjoin(Target, Target.id == ContactRule.target_id)
    .outerjoin(Membership, Membership.id == Target.membership_id)
    .where(
        ContactRule.lifted_at.is_(None),
        sa.or_(among(ContactRule.target_id, "targets"), ContactRule.target_id.in_(_SAME_PEOPLE)),
    )
    .order_by(ContactRule.said_on.desc(), ContactRule.id.desc())
)

_ANY_RULE = _RULES.with_only_columns(ContactRule.id).order_by(None).limit(1)


def wishes_of(session: Session, target_ids: Collection[int]) -> dict[int, Wish]:
    """Return {target id: what was asked}, for those of `target_ids` that asked anything.

    One query when nobody did, else three.
    """
    if not asked(session, _ANY_RULE, {"targets": target_ids}):
        return {}
    rows = session.execute(_RULES, {"targets": target_ids}).all()
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
