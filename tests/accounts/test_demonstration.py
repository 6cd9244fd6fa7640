"""Accounts and a sender to try things with."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import demonstration, people
from outreach.accounts.models import Member, Role, Sender, User
from tests import make


def test_one_account_per_role_with_fresh_passwords(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    first = demonstration.seed_accounts(session, campaign, now=now, hash_password=str)
    marks = session.scalars(sa.select(User.fs_uniquifier)).all()
    second = demonstration.seed_accounts(session, campaign, now=now, hash_password=str)

    assert [role for role, _, _ in first] == [
        Role.ADMIN,
        Role.ORGANISER,
        Role.STAFF,
        Role.VOLUNTEER,
    ]
    passwords = {password for _, _, password in (*first, *second)}
    assert len(passwords) == 8 and min(map(len, passwords)) >= 12
    assert session.scalar(sa.select(sa.func.count()).select_from(Member)) == 4
    assert not set(marks) & set(session.scalars(sa.select(User.fs_uniquifier)))
    assert all(demonstration.is_reserved(email) for _, email, _ in first)
    sender = session.scalars(sa.select(Sender)).one()
    assert sender.demonstration and set(sender.data_notice) == {"en", "de", "fr"}


def test_they_go_and_leave_real_people_alone(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    make.ada(session, campaign)
    demonstration.seed_accounts(session, campaign, now=now, hash_password=str)
    assert demonstration.exist(session)

    assert demonstration.remove_accounts(session) == 4

    assert not demonstration.exist(session)
    assert session.scalars(sa.select(User.name)).all() == ["Ada"]
    assert session.scalar(sa.select(sa.func.count()).select_from(Member)) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(Sender)) == 0
    assert people.first_admin_link(session, now=now)


def test_nobody_gets_the_number_of_somebody_who_is_gone(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    demonstration.seed_accounts(session, campaign, now=now, hash_password=str)
    numbers = set(session.scalars(sa.select(User.id)))
    demonstration.remove_accounts(session)
    assert make.sam(session, campaign).user_id not in numbers


def test_a_sender_named_by_a_letter_stays_out_of_use(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    demonstration.seed_accounts(session, campaign, now=now, hash_password=str)
    sender = session.scalars(sa.select(Sender)).one()
    make.letter(session, campaign, sender=sender)

    demonstration.remove_accounts(session)
    assert session.scalars(sa.select(Sender.active)).all() == [False]

    demonstration.seed_accounts(session, campaign, now=now, hash_password=str)
    assert session.scalars(sa.select(Sender.active)).all() == [True]


@pytest.mark.parametrize(
    ("address", "reserved"),
    [
        ("a@b.example", True),
        ("a@EXAMPLE.com", True),
        ("a@x.example.org.", True),
        ("a@b.test", True),
        ("a@b.invalid", True),
        ("a@myexample.com", False),
        ("a@example.com.house.org", False),
        ("a@house.org", False),
    ],
)
def test_reserved_domains(address: str, reserved: bool) -> None:
    assert demonstration.is_reserved(address) is reserved
