"""Bodies and pasted lists: read as people write them, added at once or not at all."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor
from outreach.directory import adding, duplicates, offices, pasting
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    Membership,
    Organization,
    OrganizationKind,
    Person,
    TargetRole,
)
from outreach.errors import BadInput
from tests import make
from tests.conftest import NOW

SAM = Actor("Sam")
MAIL, POST, PHONE = ContactKind.EMAIL, ContactKind.POSTAL, ContactKind.PHONE
ROLE = TargetRole.MEMBER_LOWER


def read(text: str, **more: bool) -> list[tuple[str, str, list[tuple[ContactKind, str]]]]:
    return [
        (line.name, line.family, line.ways)
        for line in pasting.read_list(text, country="DE", **more)
        if line.usable
    ]


@pytest.mark.parametrize(
    ("text", "name", "family", "ways"),
    [
        ("Jana Muster\tjana@x.example", "Jana Muster", "Muster", [(MAIL, "jana@x.example")]),
        ("Jana Muster, jana@x.example", "Jana Muster", "Muster", [(MAIL, "jana@x.example")]),
        ("Muster, Jana, jana@x.example", "Jana Muster", "Muster", [(MAIL, "jana@x.example")]),
        ("Jana Muster <jana@x.example>", "Jana Muster", "Muster", [(MAIL, "jana@x.example")]),
        ("Żółć, Łukasz;l@x.example", "Łukasz Żółć", "Żółć", [(MAIL, "l@x.example")]),
        ("Jana Muster; 030 18170", "Jana Muster", "Muster", [(PHONE, "+49 30 18170")]),
        ("Jana Muster", "Jana Muster", "Muster", []),
        ("ნინო ნიმუში\tnino@x.example", "ნინო ნიმუში", "ნიმუში", [(MAIL, "nino@x.example")]),
    ],
)
def test_a_line_is_read_as_people_write_it(
    text: str, name: str, family: str, ways: list[tuple[ContactKind, str]]
) -> None:
    assert read(text) == [(name, family, ways)]


def test_the_family_name_may_come_first() -> None:
    assert read("Muster Jana\ta@x.example", family_first=True)[0][:2] == ("Muster Jana", "Muster")


def test_titles_headings_and_labels_are_told_from_names() -> None:
    text = "Name\tE-mail\nDr. Jana Muster\tjana@x.example\tChair\n"
    (line,) = pasting.read_list(text, country="")
    assert (line.number, line.title, line.name, line.label) == (2, "Dr.", "Jana Muster", "Chair")


def test_blocks_hold_a_postal_address() -> None:
    text = (
        "Jana Muster\nMinistry\nWeg 1\n10117 Town\njana@x.example\n\nOtto Example\nWeg 2\n10117 T"
    )
    assert read(text) == [
        (
            "Jana Muster",
            "Muster",
            [(MAIL, "jana@x.example"), (POST, "Jana Muster\nMinistry\nWeg 1\n10117 Town")],
        ),
        ("Otto Example", "Example", [(POST, "Otto Example\nWeg 2\n10117 T")]),
    ]


def test_an_unusable_line_says_why() -> None:
    text = (
        "jana@x.example\nJana Muster\tjana(at)x@\nJana Muster\ta@b@c\nOtto Example\nExample, Otto"
    )
    lines = pasting.read_list(text, country="")
    problems = {line.number: str(line.problem) for line in lines if line.problem}
    assert "no name" in problems[1]
    assert "address we can't read" in problems[2] or "not an e-mail" in problems[2]
    assert 3 in problems
    assert problems[5] == "The same name stands in line 4."
    assert [line.usable for line in pasting.read_list("@@\n\n\n", country="")] == [False]


def test_a_list_is_added_but_for_those_we_have(session: Session) -> None:
    body = make.organization(session)
    known = make.person(session, "Łukasz Żółć")
    offices.settle_target(session, make.target(session, person=known, body=body))
    other = make.organization(session)
    text = "Lukasz Zolc\tl@x.example\nJana Muster\tjana@x.example\nno name@\nOtto Example"
    lines = pasting.read_list(text, country="")
    adding.look_up(session, other, lines)
    assert [len(line.likely) for line in lines] == [1, 0, 0, 0]
    assert (lines[0].likely[0].person_id, lines[0].likely[0].score) == (known.id, 100)
    with pytest.raises(BadInput):
        adding.add_list(
            session, other, lines, role=ROLE, origin=adding.Origin(" "), by=SAM, now=NOW
        )
    origin = adding.Origin("their list", "https://x.example/list")
    made = adding.add_list(session, other, lines, role=ROLE, origin=origin, by=SAM, now=NOW)
    assert [target.name for target in made] == ["Jana Muster", "Otto Example"]
    detail = session.scalars(
        sa.select(ContactDetail).where(ContactDetail.normalised == "jana@x.example")
    ).one()
    assert (detail.by_hand, detail.verified_on, detail.source) == (True, None, "their list")


def test_a_line_is_her_or_somebody_else_as_a_person_says(session: Session) -> None:
    body = make.organization(session)
    known = make.person(session, "Łukasz Żółć")
    offices.settle_target(session, make.target(session, person=known, body=body))
    other = make.organization(session)
    origin = adding.Origin("their list")

    def add(**more: object) -> list[int]:
        lines = pasting.read_list("Lukasz Zolc\tl@x.example", country="")
        adding.look_up(session, other, lines)
        made = adding.add_list(
            session,
            other,
            lines,
            role=ROLE,
            origin=origin,
            by=SAM,
            now=NOW,
            **more,  # type: ignore[arg-type]
        )
        return [session.get_one(Membership, one.membership_id).person_id for one in made]

    assert add(same={1: known.id}) == [known.id]
    assert add(same={1: known.id + 999}) == []
    (fresh,) = add(anyway={1})
    assert fresh != known.id
    assert duplicates.are_apart(session, fresh, known.id)
    assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == 2


def test_a_body_is_added_once_under_its_parent(session: Session) -> None:
    parliament = make.organization(session, kind=OrganizationKind.PARLIAMENT)

    def add(**more: object) -> Organization:
        values = {
            "jurisdiction": "XX",
            "kind": OrganizationKind.COMMITTEE,
            "name": "Committee on Żółć",
            "names": {"pl": "Komisja", "de": ""},
            "parent": parliament,
        } | more
        return adding.add_body(session, **values, by=SAM, now=NOW)  # type: ignore[arg-type]

    body = add()
    assert (body.slug, body.parent_id, body.names) == (
        "xx/committee-on-zolc",
        parliament.id,
        {"pl": "Komisja"},
    )
    with pytest.raises(BadInput, match="already"):
        add()
    assert add(parent=None).slug == "xx/committee-on-zolc-2"
    with pytest.raises(BadInput) as caught:
        add(parent=make.organization(session, jurisdiction_code="YY"))
    assert caught.value.field == "parent"
