"""Addresses in their country's order, numbers with their code, one value instead of another."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Event
from outreach.directory import addresses, offices
from outreach.directory.models import ContactKind, ContactState, Membership, Office, Person, Target
from outreach.errors import BadInput, Refused
from tests import make
from tests.conftest import NOW

SAM = Actor("Sam")


@pytest.mark.parametrize(
    ("country", "typed", "lines"),
    [
        (
            "DE",
            {"company_name": "Amt", "street_address": "Weg 1", "postal_code": "10117", "city": "B"},
            ["Amt", "Weg 1", "10117 B", "GERMANY"],
        ),
        (
            "GB",
            {
                "name": "Unit",
                "street_address": "1 Road",
                "city": "London",
                "postal_code": "sw1a1aa",
            },
            ["Unit", "1 Road", "LONDON", "SW1A1AA", "UNITED KINGDOM"],
        ),
        (
            "GE",
            {"street_address": "1 ქუჩა", "city": "Tbilisi", "postal_code": "0101"},
            ["1 ქუჩა", "0101 TBILISI", "GEORGIA"],
        ),
    ],
)
def test_an_address_is_written_as_its_country_writes_it(
    country: str, typed: dict[str, str], lines: list[str]
) -> None:
    assert addresses.postal(country, typed).split("\n") == lines


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"city": "B", "postal_code": "10117"}, "street_address", "needs this line"),
        (
            {"street_address": "Weg 1", "city": "B", "postal_code": "1"},
            "postal_code",
            "look like 26133",
        ),
    ],
)
def test_a_line_that_is_missing_or_wrong_is_named(
    typed: dict[str, str], field: str, words: str
) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        addresses.postal("DE", typed)
    assert caught.value.field == field


def test_every_country_has_a_layout() -> None:
    assert len(addresses.countries()) > 200
    for country in ("DE", "US", "JP", "AE"):
        layout = addresses.layout(country)
        assert layout is not None
        assert "street_address" in {line.name for line in layout.fields}
    states = addresses.layout("US")
    assert states is not None
    assert any(line.choices for line in states.fields)
    assert addresses.layout("QQ") is None
    with pytest.raises(BadInput):
        addresses.postal("QQ", {"street_address": "1"})


@pytest.mark.parametrize(
    ("kind", "value", "country", "kept"),
    [
        (ContactKind.PHONE, "030 18170", "DE", "+49 30 18170"),
        (ContactKind.PHONE, "tel:+44 20 7946 0018", "DE", "+44 20 7946 0018"),
        (ContactKind.FAX, "12", "DE", "12"),
        (ContactKind.EMAIL, "mailto:a@x.example", "", "a@x.example"),
        (ContactKind.POSTAL, " 1 Road\nTown ", "GB", "1 Road\nTown"),
    ],
)
def test_numbers_get_their_country(kind: ContactKind, value: str, country: str, kept: str) -> None:
    assert addresses.tidy(kind, value, country) == kept


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("a@x.example", ContactKind.EMAIL),
        ("https://x.example/contact", ContactKind.FORM),
        ("+49 (0)30 18170", ContactKind.PHONE),
        ("1 Road, Town", None),
    ],
)
def test_what_kind_an_address_is_can_be_seen(value: str, kind: ContactKind | None) -> None:
    assert addresses.kind_of(value) is kind


def test_a_jurisdiction_has_the_region_of_its_country() -> None:
    assert [addresses.region(code) for code in ("US-CA", "DE", "EU", "PACE")] == [
        "US",
        "DE",
        "",
        "",
    ]


def holder(session: Session, target: Target) -> Person:
    return session.get_one(Person, session.get_one(Membership, target.membership_id).person_id)


def test_a_corrected_address_is_new_and_unchecked(session: Session) -> None:
    target = make.target(session, address="old@x.example")
    offices.settle_target(session, target)
    old = offices.contacts_of(session, target)[0]
    made = addresses.correct(
        session,
        old,
        value="new@x.example",
        source="their page",
        source_url="https://x.example/us",
        country="",
        by=SAM,
        now=NOW,
    )
    assert (made.verified_on, made.by_hand, made.state) == (None, True, ContactState.OK)
    assert old.state is ContactState.WITHDRAWN
    assert old.verified_on == NOW.date()
    assert session.get_one(Office, target.office_id).key == "email:new@x.example"
    names = session.scalars(
        sa.select(Event.name).where(Event.subject_kind == "contact_detail").order_by(Event.id)
    ).all()
    assert names == ["added", "withdrawn", "corrected"]
    with pytest.raises(Refused):
        addresses.correct(
            session,
            old,
            value="x@x.example",
            source="s",
            source_url="",
            country="",
            by=SAM,
            now=NOW,
        )
    with pytest.raises(BadInput, match="the value that is there"):
        addresses.correct(
            session,
            made,
            value="NEW@x.example",
            source="s",
            source_url="",
            country="",
            by=SAM,
            now=NOW,
        )


def test_the_preferred_address_comes_first(session: Session) -> None:
    target = make.target(session, address="first@x.example")
    second = make.contact(session, holder(session, target), value="second@x.example")
    offices.settle_target(session, target)
    assert offices.contacts_of(session, target)[0].value == "first@x.example"
    addresses.prefer(session, second, by=SAM, now=NOW)
    assert offices.contacts_of(session, target)[0].value == "second@x.example"
    addresses.prefer(session, second, by=SAM, now=NOW)
    assert second.position == -1
