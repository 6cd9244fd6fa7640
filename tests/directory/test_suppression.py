"""An objection holds, whatever becomes of the address; on both databases."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor
from outreach.directory import suppression, verification
from outreach.directory.models import ContactDetail, SuppressionScope, Target
from tests import make
from tests.conftest import NOW
from tests.directory.syncing.lists import chamber, email, imported, member

SAM = Actor("Sam")


def stop(session: Session, address: str, scope: SuppressionScope) -> None:
    value = address if scope is SuppressionScope.ADDRESS else f"email:{address}"
    suppression.suppress(session, scope=scope, value=value, reason="no", by=SAM, now=NOW)


@pytest.mark.parametrize(
    ("objected", "known"),
    [
        ("ann@chamber.example", "Ann+press@Chamber.example"),
        ("ann+press@chamber.example", "ann@chamber.example"),
        ("ann@bücher.example", "ANN@xn--bcher-kva.example"),
    ],
)
def test_another_spelling_of_the_mailbox(session: Session, objected: str, known: str) -> None:
    stop(session, objected, SuppressionScope.ADDRESS)
    target = make.target(session, address=None)
    held = session.get_one(make.Membership, target.membership_id)
    who = session.get_one(make.Person, held.person_id)
    kind = make.ContactKind.EMAIL
    verification.add_contact(session, who, kind=kind, value=known, source="a", by=SAM, now=NOW)
    assert suppression.suppression_of(session, target) is not None


def test_neighbours_of_a_mailbox_may_be_written_to(session: Session) -> None:
    stop(session, "a_n@chamber.example", SuppressionScope.ADDRESS)
    for address in ("axn@chamber.example", "a_n2@chamber.example", "a_n@chamberxexample.org"):
        assert suppression.suppression_of(session, make.target(session, address=address)) is None


@pytest.mark.parametrize("scope", list(SuppressionScope))
def test_who_objected_objects_under_the_address_a_list_gives_next(database, scope) -> None:
    imported(database, [chamber(), member("1"), member("2")])
    with database.writing() as session:
        stop(session, "1@chamber.example", scope)
    moved = member("1", contacts=[email("new@chamber.example")])
    imported(database, [chamber(), moved, member("2")], as_of=dt.date(2026, 3, 2))
    with database.writing() as session:
        one, two = session.scalars(sa.select(Target).order_by(Target.name))
        assert suppression.suppression_of(session, one) is not None
        assert suppression.suppression_of(session, two) is None
        # An address that was never theirs forbids nothing once somebody has set it right.
        detail = session.scalars(
            sa.select(ContactDetail).filter_by(normalised="2@chamber.example")
        ).one()
        stop(session, "2@chamber.example", SuppressionScope.ADDRESS)
        verification.withdraw(session, detail, reason="not theirs", by=SAM, now=NOW)
        assert suppression.suppression_of(session, two) is None
