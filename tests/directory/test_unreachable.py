"""The work list: who the law says can decide, and whom nobody can write to."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor
from outreach.config import shipped
from outreach.directory import seeding, unreachable
from outreach.directory.models import (
    ContactKind,
    ContactState,
    Jurisdiction,
    Organization,
    OrganizationKind,
    Target,
)
from outreach.directory.offices import contacts_of
from outreach.errors import BadInput, NotFound
from tests import make
from tests.conftest import NOW

SAM = Actor("Sam")
MINISTRY = OrganizationKind.MINISTRY


def country(session: Session, code: str, authority: str, has_list: str = "yes") -> None:
    make.jurisdiction(session, code, designation={"authority": authority, "has_list": has_list})


def rows(session: Session) -> list[str]:
    return [
        gap.body.name if gap.body else gap.jurisdiction.code for gap in unreachable.gaps(session)
    ]


def ministry(session: Session, code: str, name: str, **values: object) -> Organization:
    return make.organization(session, jurisdiction_code=code, kind=MINISTRY, name=name, **values)


def test_the_laws_words_find_the_body_and_lists_come_first(session: Session) -> None:
    country(session, "AA", "Minister of Finance", "the law allows it, no entries seen")
    country(session, "BB", "Ministry of the Interior; courts")
    country(session, "CC", "none for listing")
    country(session, "DD", "Council of Ministers on proposal of the Ministry of Justice", "no")
    ministry(session, "AA", "Ministry of Finance")
    ministry(session, "AA", "Ministry of Sport")
    ministry(session, "BB", "Ministry of the Interior")
    ministry(session, "CC", "Ministry of the Interior")
    ministry(session, "DD", "Ministry of Justice")
    assert rows(session) == [
        "Ministry of the Interior",
        "Ministry of Finance",
        "DD",
        "Ministry of Justice",
    ]
    assert unreachable.count(session) == 4


def test_any_written_way_that_works_takes_a_body_off_the_list(session: Session) -> None:
    country(session, "AA", "Ministry of Finance")
    body = ministry(session, "AA", "Ministry of Finance")
    phone = {"kind": ContactKind.PHONE, "value": "+1 2", "normalised": "+12"}
    make.contact(session, body, **phone)
    detail = make.contact(session, body, state=ContactState.BOUNCING)
    assert rows(session) == ["Ministry of Finance"]
    detail.state = ContactState.OK
    session.flush()
    assert rows(session) == []
    detail.state = ContactState.WITHDRAWN
    holder = make.target(session, body=body, jurisdiction_code="AA")
    assert holder.channel is ContactKind.EMAIL
    assert rows(session) == []


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("office@x.example", ContactKind.EMAIL),
        ("https://x.example/contact", ContactKind.FORM),
        ("1 Road, 10117 Town", ContactKind.POSTAL),
    ],
)
def test_a_pasted_address_makes_a_target(session: Session, value: str, kind: ContactKind) -> None:
    country(session, "AA", "Ministry of Finance")
    body = ministry(session, "AA", "Ministry of Finance")
    unreachable.reach(
        session, body, value=value, url="https://x.example/us", seen=False, by=SAM, now=NOW
    )
    target = session.scalars(sa.select(Target).where(Target.organization_id == body.id)).one()
    assert target.channel is kind
    assert [d.verified_on for d in contacts_of(session, target)] == [None]
    assert rows(session) == []


def test_what_was_seen_on_their_page_counts_as_checked(session: Session) -> None:
    body = make.organization(session, kind=MINISTRY)
    made = unreachable.reach(
        session, body, value="a@x.example", url="https://x.example", seen=True, by=SAM, now=NOW
    )
    assert (made.verified_on, made.verified_by, made.by_hand) == (NOW.date(), "Sam", True)


@pytest.mark.parametrize(
    ("value", "url", "field"),
    [
        ("a@x.example", "", "url"),
        ("a@x.example", "nonsense", "url"),
        ("info", "https://x.example", "value"),
        ("+44 20 7946 0018", "https://x.example", "value"),
        ("a@b@c", "https://x.example", "value"),
    ],
)
def test_nonsense_is_refused_at_its_field(
    session: Session, value: str, url: str, field: str
) -> None:
    body = make.organization(session, kind=MINISTRY)
    with pytest.raises(BadInput) as caught:
        unreachable.reach(session, body, value=value, url=url, seen=False, by=SAM, now=NOW)
    assert caught.value.field == field


def test_a_body_that_is_missing_is_added_or_named(session: Session) -> None:
    country(session, "AA", "Financial Sanctions Unit (Unit B) of the Authority")
    country(session, "BB", "Bureau of Records")
    office = ministry(session, "BB", "Chief Registrar")
    first, second = unreachable.gaps(session)
    assert (first.body, first.suggestion, first.likely_kind) == (
        None,
        "Financial Sanctions Unit",
        OrganizationKind.AUTHORITY,
    )
    made = unreachable.add_decider(
        session, "AA", name=first.suggestion, kind=first.likely_kind, by=SAM, now=NOW
    )
    place = session.get_one(Jurisdiction, "BB")
    unreachable.name_decider(session, place, office, by=SAM, now=NOW)
    assert unreachable.bodies_to_name(session, ["BB"]) == {"BB": [(office.id, "Chief Registrar")]}
    assert [gap.key for gap in unreachable.gaps(session)] == [str(made.id), str(office.id)]
    assert second.key == "BB"
    with pytest.raises(BadInput):
        unreachable.name_decider(session, place, made, by=SAM, now=NOW)
    with pytest.raises(BadInput):
        unreachable.add_decider(
            session, "AA", name="X", kind=OrganizationKind.PARTY, by=SAM, now=NOW
        )
    with pytest.raises(NotFound):
        unreachable.add_decider(session, "QQ", name="X", kind=MINISTRY, by=SAM, now=NOW)


def test_the_shipped_countries_name_their_deciders(session: Session) -> None:
    seeding.seed_directory(session, shipped("contacts"), now=NOW, by=SAM)
    found = {
        (gap.jurisdiction.code, gap.body.name if gap.body else "")
        for gap in unreachable.gaps(session)
    }
    for wanted in (
        ("GB", "Home Office"),
        ("US", "Department of State"),
        ("UA", "Anti-Terrorist Centre under the Security Service of Ukraine"),
        ("LT", "Ministry of the Interior"),
        ("EU", "Council of the European Union"),
        ("CY", ""),
    ):
        assert wanted in found
    assert not {("DK", ""), ("GB", "Government of the United Kingdom")} & found
