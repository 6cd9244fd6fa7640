"""Desks: two targets behind one mailbox are one, and a change of address moves the desk."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor
from outreach.directory import offices, suppression, verification
from outreach.directory.models import ContactKind, ContactState, SuppressionScope, Target
from outreach.directory.shelf_life import shelf_for
from outreach.directory.ways import BITS, bits
from outreach.errors import BadInput
from tests import make
from tests.conftest import NOW

SAM = Actor("Sam")


def settled(session: Session, **values: object) -> Target:
    target = make.target(session, **values)
    offices.settle_target(session, target)
    return target


def person_of(session: Session, target: Target) -> object:
    from outreach.directory.models import Membership, Person

    held = session.get_one(Membership, target.membership_id)
    return session.get_one(Person, held.person_id)


def test_two_targets_behind_one_mailbox_share_a_desk(session: Session) -> None:
    one = settled(session, address="Info@Ministry.example")
    other = settled(session, address="info@ministry.example")
    third = settled(session, address="else@ministry.example")
    assert one.office_id == other.office_id != third.office_id


def test_the_best_way_to_write_is_mail_then_form_then_post(session: Session) -> None:
    target = settled(session, address=None)
    assert target.channel is None
    assert target.office_id
    who = person_of(session, target)
    make.contact(session, who, kind=ContactKind.PHONE, value="+1 2", normalised="+12")
    make.contact(session, who, kind=ContactKind.POSTAL, value="1 Street", normalised="1 street")
    offices.settle_target(session, target)
    assert target.channel is ContactKind.POSTAL
    mail = make.contact(session, who)
    offices.settle_target(session, [target.id])
    assert target.channel is ContactKind.EMAIL
    mail.state = ContactState.BOUNCING
    offices.settle_target(session, target)
    assert target.channel is ContactKind.POSTAL
    assert [d.kind for d in offices.contacts_of(session, target)] == [
        ContactKind.EMAIL,
        ContactKind.POSTAL,
        ContactKind.PHONE,
    ]


@pytest.mark.parametrize(
    ("kind", "value", "key"),
    [
        (ContactKind.EMAIL, " Info@Ministry.Example ", "info@ministry.example"),
        (ContactKind.FORM, "http://Ministry.example/write/#top", "https://ministry.example/write"),
        (ContactKind.PHONE, "+370 (5) 123-45", "+370512345"),
        (ContactKind.POSTAL, "Gedimino pr. 53,\nVilnius", "gedimino pr 53 vilnius"),
    ],
)
def test_one_desk_has_one_key(kind: ContactKind, value: str, key: str) -> None:
    assert offices.normalised(kind, value) == key


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ContactKind.EMAIL, "info@"),
        (ContactKind.EMAIL, "a@b.example\nBcc: c@d.example"),
        (ContactKind.FORM, "javascript:alert(1)"),
        (ContactKind.FORM, "https://[broken"),
        (ContactKind.PHONE, "none"),
        (ContactKind.POSTAL, "  "),
    ],
)
def test_nonsense_is_refused(kind: ContactKind, value: str) -> None:
    with pytest.raises(BadInput):
        offices.normalised(kind, value)


def test_an_address_is_added_checked_and_withdrawn(session: Session) -> None:
    target = settled(session, address=None)
    who = person_of(session, target)
    detail = verification.add_contact(
        session,
        who,  # type: ignore[arg-type]
        kind=ContactKind.EMAIL,
        value="desk@office.example",
        source="their page",
        by=SAM,
        now=NOW,
    )
    assert target.channel is ContactKind.EMAIL
    assert not shelf_for(session, [detail]).holds(detail, NOW.date())
    with pytest.raises(BadInput):
        verification.verify(session, detail, url="desk", by=SAM, now=NOW)
    verification.verify(session, detail, url="https://office.example/desk", by=SAM, now=NOW)
    until = shelf_for(session, [detail]).until(detail)
    assert until is not None and target.verified_until == until
    assert (until - NOW.date()).days == 180
    with pytest.raises(BadInput):
        verification.withdraw(session, detail, reason=" ", by=SAM, now=NOW)
    verification.withdraw(session, detail, reason="left", by=SAM, now=NOW)
    assert target.channel is None


def test_an_address_or_a_desk_is_suppressed_until_lifted(session: Session) -> None:
    one = settled(session, address="info@ministry.example")
    other = settled(session, address="info@ministry.example")
    row = suppression.suppress(
        session,
        scope=SuppressionScope.ADDRESS,
        value="INFO@ministry.example",
        reason="asked us to stop",
        by=SAM,
        now=NOW,
    )
    assert suppression.suppression_of(session, one) == row
    assert suppression.suppression_of(session, other) == row
    suppression.lift(session, row, reason="asked us back", by=SAM, now=NOW)
    assert suppression.suppression_of(session, one) is None
    key = "email:info@ministry.example"
    suppression.suppress(
        session, scope=SuppressionScope.OFFICE, value=key, reason="no", by=SAM, now=NOW
    )
    assert suppression.suppression_of(session, other) is not None


def test_a_target_knows_each_kind_of_way_that_works(session: Session) -> None:
    target = settled(session)
    who = person_of(session, target)
    for value in ("+1 2", "+1 3"):
        phone = make.contact(session, who, kind=ContactKind.PHONE, value=value)
    offices.settle_target(session, target)
    assert target.ways == bits([ContactKind.EMAIL, ContactKind.PHONE])
    verification.withdraw(session, phone, reason="moved", by=SAM, now=NOW)
    assert target.ways == bits([ContactKind.EMAIL, ContactKind.PHONE])
    offices.contacts_of(session, target)[0].state = ContactState.BOUNCING
    offices.settle_target(session, target)
    assert target.ways == bits([ContactKind.PHONE])


def test_each_kind_of_way_has_a_bit_of_its_own() -> None:
    assert set(BITS) == set(ContactKind)
    assert bits(ContactKind) == 2 ** len(ContactKind) - 1
