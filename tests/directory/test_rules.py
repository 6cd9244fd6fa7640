"""What somebody asked of us stands for all their seats and every campaign, until it is lifted."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor
from outreach.directory import offices, rules
from outreach.directory.identity import ContactRule, RuleKind
from outreach.directory.models import ContactKind, Membership, Person, Target
from outreach.errors import BadInput, Refused
from tests import make
from tests.conftest import NOW

SAM = Actor("Sam")


def asked(session: Session, target: Target, kind: RuleKind, value: str = "") -> ContactRule:
    return rules.add_rule(
        session,
        target,
        kind=kind,
        value=value,
        source="letter of the secretariat",
        said_on=NOW.date(),
        by=SAM,
        now=NOW,
    )


def person_of(session: Session, target: Target) -> Person:
    held = session.get_one(Membership, target.membership_id)
    return session.get_one(Person, held.person_id)


def test_a_language_and_a_way(session: Session) -> None:
    person = make.person(session)
    one = make.target(session, person=person)
    other = make.target(session, person=person, address=None)
    make.contact(session, person, kind=ContactKind.POSTAL, value="1 Street", normalised="1 street")
    offices.settle_target(session, [one.id, other.id])
    asked(session, one, RuleKind.LANGUAGE, "fr")
    way = asked(session, one, RuleKind.CHANNEL, "postal")
    assert {(t.language, t.channel) for t in (one, other)} == {("fr", ContactKind.POSTAL)}
    assert len(rules.standing_rules(session, other)) == 2
    with pytest.raises(Refused):
        asked(session, other, RuleKind.CHANNEL, "email")
    rules.lift_rule(session, way, reason="they wrote by mail", by=SAM, now=NOW)
    assert {t.channel for t in (one, other)} == {ContactKind.EMAIL}
    asked(session, other, RuleKind.CHANNEL, "form")
    assert one.channel is None


def test_never_leaves_the_desk_known_and_nobody_to_write_to(session: Session) -> None:
    target = make.target(session)
    offices.settle_target(session, target)
    desk = target.office_id
    rule = asked(session, target, RuleKind.NEVER, "ignored")
    assert (target.channel, target.office_id, rule.value) == (None, desk, "")
    with pytest.raises(BadInput):
        rules.lift_rule(session, rule, reason=" ", by=SAM, now=NOW)
    rules.lift_rule(session, rule, reason="they wrote again", by=SAM, now=NOW)
    assert target.channel is ContactKind.EMAIL


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"source": " "}, "source"),
        ({"said_on": NOW.date() + dt.timedelta(days=1)}, "said_on"),
        ({"kind": RuleKind.LANGUAGE, "value": "French!"}, "language"),
        ({"kind": RuleKind.CHANNEL, "value": "phone"}, "channel"),
    ],
)
def test_what_is_no_rule(session: Session, changes: dict[str, object], field: str) -> None:
    target = make.target(session)
    values = {"kind": RuleKind.NEVER, "value": "", "source": "x", "said_on": NOW.date()} | changes
    with pytest.raises(BadInput) as refused:
        rules.add_rule(session, target, by=SAM, now=NOW, **values)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert session.scalar(sa.select(sa.func.count(ContactRule.id))) == 0
