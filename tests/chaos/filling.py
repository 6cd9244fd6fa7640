"""A house full of letters that may really leave: one by the builders, the others copied from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import signing
from outreach.accounts.models import Campaign, MailAccount
from outreach.database import Database
from outreach.directory.models import (
    ContactDetail,
    Membership,
    Office,
    Organization,
    Person,
    Target,
)
from outreach.letters import sealing
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from tests.conftest import NOW
from tests.sending.conftest import live, sendable

SEALED_AT_ONCE = 500
WINDOW = dt.timedelta(days=30)


def fill(
    database: Database,
    count: int,
    port: int,
    *,
    state: State = State.SCHEDULED,
    send_after: dt.datetime = NOW,
) -> int:
    """Make `count` letters, scheduled for 30 days or as `state` says, for the server at `port`.

    Each goes to a desk, a body and a domain of its own, and bears its code in its words. Returns
    the campaign's id.
    """
    with database.writing() as session:
        campaign = live(session, cooling_days=5)
        session.execute(sa.update(MailAccount).values(port=port))
        first = sendable(
            session,
            campaign,
            state=state,
            address="desk@office0.zz",
            **(
                {}
                if state is State.APPROVED
                else {"send_after": send_after, "send_before": NOW + WINDOW}
            ),
        )
        _copy_all(session, first, count - 1)
        letters = session.scalars(sa.select(Letter)).all()
        for letter in letters:
            letter.text = f"Dear Member,\n\nPlease ask.\n\nYours\nOur reference: {letter.code}"
        session.flush()
        for at in range(0, len(letters), SEALED_AT_ONCE):
            some = letters[at : at + SEALED_AT_ONCE]
            seals = sealing.seals_of(session, some)
            for letter in some:
                letter.seal = seals[letter.id]
        return campaign.id


def campaign_in(session: Session) -> Campaign:
    """The one campaign of a filled house."""
    return session.scalars(sa.select(Campaign)).one()


def _copy_all(session: Session, letter: Letter, count: int) -> None:
    """The letter's desk, its holder and the letter itself, `count` times more."""
    target = session.get_one(Target, letter.target_id)
    membership = session.get_one(Membership, target.membership_id)
    person = session.get_one(Person, membership.person_id)
    body = session.get_one(Organization, target.body_id)
    office = session.get_one(Office, letter.office_id)
    contact = session.scalars(sa.select(ContactDetail)).one()
    people = _copy(session, person, count, lambda n: {"name": f"Member {n}"})
    bodies = _copy(session, body, count, lambda n: {"slug": f"copy-{n}"})
    offices = _copy(session, office, count, lambda n: {"key": f"email:{_address(n)}"})
    seats = _copy(
        session,
        membership,
        count,
        lambda n: {"person_id": people[n], "organization_id": bodies[n]},
    )
    _copy(
        session,
        contact,
        count,
        lambda n: {
            "person_id": people[n],
            "value": _address(n),
            "normalised": _address(n),
        },
    )
    targets = _copy(
        session,
        target,
        count,
        lambda n: {
            "membership_id": seats[n],
            "office_id": offices[n],
            "body_id": bodies[n],
            "name": f"Member {n}",
        },
    )
    _copy(
        session,
        letter,
        count,
        lambda n: {
            "target_id": targets[n],
            "office_id": offices[n],
            "address": _address(n),
            "code": signing.new_code(),
        },
    )


def _address(n: int) -> str:
    return f"desk@office{n + 1}.zz"


def _copy(
    session: Session, row: Any, count: int, changed: Callable[[int], dict[str, Any]]
) -> list[int]:
    """Insert `count` copies of `row`; the n-th is changed as `changed(n)` says. Their ids."""
    if not count:
        return []
    kind = type(row)
    same = {column.key: getattr(row, column.key) for column in sa.inspect(kind).column_attrs}
    del same["id"]
    found = session.scalars(
        sa.insert(kind).returning(kind.id, sort_by_parameter_order=True),
        [same | changed(n) for n in range(count)],
    )
    return list(found)
