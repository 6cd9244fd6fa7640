"""What leaves the directory: tables, address books, Popolo; and that our readers take it back."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.database import Database
from outreach.directory.exporting import COLUMNS, credits, export, reading
from outreach.directory.exporting.as_vcard import _folded
from outreach.directory.identity import Identifier
from outreach.directory.importing.opening import opened
from outreach.directory.importing.popolo import reader as popolo
from outreach.directory.importing.records import Body, PersonRecord, Problem
from outreach.directory.importing.sheets import reader as sheets
from outreach.directory.importing.vcard import reader as vcard
from outreach.directory.models import (
    Area,
    Confidence,
    ContactKind,
    ContactState,
    FormOfAddress,
    Membership,
    OrganizationKind,
    Post,
    Source,
    Suppression,
    SuppressionScope,
    Target,
    TargetRole,
)
from outreach.directory.offices import add_target
from outreach.errors import BadInput
from tests import make

TODAY = dt.date(2026, 3, 3)
ADDRESS = "Ministry of Samples, 2nd “floor”\n1 Main; Street\nWarszawa"


@pytest.fixture
def world(session: Session) -> SimpleNamespace:
    """A minister with a post, a senator in a committee who is reached in many ways, a ministry."""
    source = Source(slug="list", name="A list", licence="CC-BY-NC-SA-4.0", attribution="Listers")
    session.add_all([source, Source(slug="unused", name="Never read")])
    parliament = make.organization(
        session,
        jurisdiction_code="PL",
        kind=OrganizationKind.PARLIAMENT,
        name="Parliament",
        names={"pl": "Parlament"},
    )
    senate = make.organization(
        session, jurisdiction_code="PL", name="Senate", parent_id=parliament.id
    )
    ministry = make.organization(
        session, jurisdiction_code="PL", kind=OrganizationKind.MINISTRY, name="Ministry of Samples"
    )
    party = make.organization(
        session, jurisdiction_code="PL", kind=OrganizationKind.PARTY, name="The, Greens; Left"
    )
    session.flush()
    ann = make.person(
        session,
        "Ann Żółć-O’Néill",
        given_name="Ann",
        family_name="Żółć-O’Néill",
        title_prefix="Dr.",
        honorific="Hon.",
        postnominal="MBE",
        sort_name="Żółć-O’Néill, Ann",
        names={"ar": "آن جولتش"},
        birth_date="1972-01-12",
        reading_language="pl",
        form_of_address=FormOfAddress.F,
        other_names=[{"name": "Ann Before", "form": "former", "end": "2010"}],
    )
    ben = make.person(session, "=cmd|calc", given_name="", family_name="=cmd|calc")
    area = Area(jurisdiction_code="PL", name="Warszawa I")
    post = Post(
        organization_id=ministry.id,
        role=TargetRole.MINISTER,
        label="Minister of Samples, Specimens; Patterns",
        labels={},
        confidence=Confidence.HIGH,
    )
    session.add_all([area, post])
    session.flush()
    seats = [
        Membership(
            person_id=ann.id,
            organization_id=senate.id,
            area_id=area.id,
            on_behalf_of_id=party.id,
            role=TargetRole.MEMBER_UPPER,
            label="Senator",
            start_on=dt.date(2023, 10, 15),
            end_on=dt.date(2030, 1, 1),
            end_precision="year",
            source_id=source.id,
        ),
        Membership(
            person_id=ben.id, organization_id=ministry.id, post_id=post.id, role=TargetRole.MINISTER
        ),
        Membership(
            person_id=ben.id,
            organization_id=senate.id,
            role=TargetRole.MEMBER_UPPER,
            start_on=dt.date(2015, 1, 1),
            start_precision="year",
            end_on=dt.date(2019, 11, 11),
        ),
    ]
    session.add_all([*seats, Identifier(person_id=ann.id, scheme="wikidata", value="Q900000003")])
    _contacts(session, ann, source)
    make.contact(session, post, value="minister@samples.example", purpose="role")
    make.contact(session, ministry, value="info@samples.example")
    targets = [add_target(session, membership=seat) for seat in seats]
    targets.append(add_target(session, organization=ministry))
    return SimpleNamespace(ann=ann, ben=ben, ministry=ministry, senate=senate, targets=targets)


def _contacts(session: Session, ann: Any, source: Source) -> None:
    def add(kind: str, value: str, **more: Any) -> None:
        make.contact(session, ann, kind=ContactKind(kind), value=value, source_id=source.id, **more)

    add("email", "second@senat.example", position=2)
    add("email", "ann@senat.example", position=1, label="Office, Warsaw", bundle="capitol")
    add("email", "bounced@senat.example", state=ContactState.BOUNCING)
    add("email", "gone@senat.example", state=ContactState.WITHDRAWN)
    add("email", "ann@home.example", purpose="personal")
    add("email", "ann@freemail.example", personal=True)
    add("email", "objected@senat.example")
    session.add(
        Suppression(
            scope=SuppressionScope.ADDRESS,
            value="objected@senat.example",
            reason="They asked.",
            by="Sam",
            at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        )
    )
    add("form", "https://senat.example/contact?to=ann,office")
    add("postal", ADDRESS, purpose="constituency", bundle="warsaw")
    add("phone", "+48 22 694 25 00", bundle="warsaw", purpose="constituency")
    add("phone", "+48 601 234 567")
    add("phone", "+48 22 694 25 09", label="mobile")
    add("fax", "+48 22 694 25 01")
    add("url", "https://ann.example/")
    add("social", "https://twitter.com/ann", label="twitter")


def written(session: Session, format: str, **more: Any) -> str:
    return b"".join(export(session, format, today=TODAY, **more)).decode()


def table(session: Session, **more: Any) -> list[dict[str, str]]:
    text = written(session, "csv", **more)
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_a_row_has_the_best_way_of_each_kind(session: Session, world: SimpleNamespace) -> None:
    rows = {(one["name"], one["role"]): one for one in table(session)}
    assert len(rows) == 3, "who left in 2019 is not in an address list"
    ann = rows["Ann Żółć-O’Néill", "member_upper"]
    assert tuple(ann) == COLUMNS
    assert ann == ann | {
        "id": f"person/{world.ann.id}",
        "honorific": "Hon. Dr.",
        "postnominal": "MBE",
        "title": "Senator",
        "organization": "Senate",
        "parent": "Parliament",
        "area": "Warszawa I",
        "party": "The, Greens; Left",
        "jurisdiction": "PL",
        "language": "pl",
        "email": "ann@senat.example",
        "form": "https://senat.example/contact?to=ann,office",
        "address": ADDRESS,
        "phone": "'+48 22 694 25 00",
        "fax": "'+48 22 694 25 01",
        "website": "https://ann.example/",
        "twitter": "https://twitter.com/ann",
        "verified_on": "2026-03-03",
        "start_date": "2023-10-15",
        "end_date": "2030",
        "wikidata": "Q900000003",
    }
    assert ann["source"] == (
        "A list (Listers, CC-BY-NC-SA-4.0, not for commercial use, share under the same licence)"
    )
    minister = rows["'=cmd|calc", "minister"]
    assert minister["email"] == "minister@samples.example"
    assert minister["title"] == "Minister of Samples, Specimens; Patterns"
    ministry = rows["Ministry of Samples", "ministry"]
    assert (ministry["id"], ministry["email"]) == (
        f"organization/{world.ministry.id}",
        "info@samples.example",
    )


@pytest.mark.parametrize("value", ["=1+1", "+48", "-x", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(session: Session, value: str) -> None:
    from outreach.directory.exporting.as_csv import cell

    assert cell(value) == f"'{value}"
    assert cell(f"a{value}") == f"a{value}"


def test_a_greeting_is_nobodys_name_in_an_address_book(session: Session) -> None:
    names = {"uk": "Ада Приклад", "uk-x-dat": "Аді Приклад", "uk-x-opening": "Шановна Адо!"}
    make.target(session, person=make.person(session, name="Ada Example", names=names))
    card = written(session, "vcard").replace("\r\n ", "")
    assert "Ада Приклад" in card
    assert "Аді Приклад" not in card
    assert "Шановна Адо" not in card


@pytest.mark.parametrize("format", ["csv", "vcard", "popolo"])
def test_nothing_private_leaves(session: Session, world: SimpleNamespace, format: str) -> None:
    text = written(session, format).replace("\r\n ", "")
    assert "ann@senat.example" in text
    private = ("ann@home", "ann@freemail", "601 234", "694 25 09", "1972-01-12")
    for part in (*private, "gone@", "objected@"):
        assert part not in text
    if format != "csv":
        backup = written(session, format, private=True).replace("\r\n ", "")
        assert all(part in backup for part in private)
        assert "gone@" not in backup
        assert "objected@" not in backup


def test_only_those_asked_for(session: Session, world: SimpleNamespace) -> None:
    only = sa.select(Target).where(Target.id == world.targets[0].id)
    assert [one["name"] for one in table(session, targets=only)] == [world.ann.name]
    assert written(session, "vcard", targets=only).count("BEGIN:VCARD") == 1
    document = json.loads(written(session, "popolo", targets=only))
    assert [one["name"] for one in document["persons"]] == [world.ann.name]
    names = {one["name"] for one in document["organizations"]}
    assert names == {"Senate", "Parliament", "The, Greens; Left"}
    assert (len(document["memberships"]), document["posts"]) == (1, [])


def test_credits_name_the_sources_in_use(session: Session, world: SimpleNamespace) -> None:
    (credit,) = credits(session)
    assert (credit.slug, credit.licence) == ("list", "CC-BY-NC-SA-4.0")
    assert [str(one) for one in credit.terms] == [
        "not for commercial use",
        "share under the same licence",
    ]
    (source,) = json.loads(written(session, "popolo"))["sources"]
    assert (source["id"], source["attribution"]) == ("list", "Listers")
    assert source["terms"][0] == "not for commercial use"
    card = written(session, "vcard").replace("\r\n ", "")
    assert "NOTE:Source: A list (Listers\\, CC-BY-NC-SA-4.0" in card


def test_a_format_we_do_not_write(session: Session) -> None:
    with pytest.raises(BadInput, match="csv, popolo, vcard"):
        export(session, "xlsx", today=TODAY)


class Back:
    """What our own reader makes of an export."""

    def __init__(self, reader: Any, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8", newline="")
        with opened(path) as upload:
            (self.dataset,) = reader.datasets(upload)
            records = list(reader.read(self.dataset))
        self.bodies = {one.name: one for one in records if isinstance(one, Body)}
        self.people = {one.name: one for one in records if isinstance(one, PersonRecord)}
        self.problems = [str(one.words) for one in records if isinstance(one, Problem)]


def _same_person(ann: PersonRecord) -> None:
    assert (ann.given_name, ann.family_name) == ("Ann", "Żółć-O’Néill")
    assert (ann.postnominal, ann.sort_name) == ("MBE", "Żółć-O’Néill, Ann")
    assert ann.names == {"ar": "آن جولتش"}
    assert ann.gender == "f"
    assert ann.identifiers["wikidata"] == "Q900000003"
    told = [(one.kind.value, one.value, one.purpose, one.label) for one in ann.contacts]
    assert [one for one in told if one[0] != "email"] == [
        ("form", "https://senat.example/contact?to=ann,office", "office", ""),
        ("postal", ADDRESS, "constituency", ""),
        ("phone", "+48 22 694 25 00", "constituency", ""),
        ("fax", "+48 22 694 25 01", "office", ""),
        ("url", "https://ann.example/", "office", ""),
        ("social", "https://twitter.com/ann", "office", "twitter"),
    ]
    assert ("email", "ann@senat.example", "office", "Office, Warsaw") in told


def test_an_address_book_comes_back(
    session: Session, world: SimpleNamespace, tmp_path: Path
) -> None:
    text = written(session, "vcard")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    back = Back(vcard, tmp_path / "book.vcf", text)
    assert back.problems == []
    assert back.dataset.as_of == TODAY
    ann = back.people["Ann Żółć-O’Néill"]
    _same_person(ann)
    assert (ann.title_prefix, ann.honorific, ann.reading_language) == ("Dr.", "Hon.", "pl")
    assert {one.bundle for one in ann.contacts if one.purpose == "constituency"} == {"warsaw"}
    (seat,) = ann.seats
    senate = back.bodies["Senate"]
    assert (seat.organization, seat.role, seat.label) == (
        senate.key,
        TargetRole.MEMBER_UPPER,
        "Senator",
    )
    assert (seat.area, seat.start, seat.end) == ("Warszawa I", "2023-10-15", "2030")
    assert (senate.jurisdiction, senate.parent) == ("PL", back.bodies["Parliament"].key)
    assert back.bodies["The, Greens; Left"].key == seat.on_behalf_of
    (minister,) = back.people["=cmd|calc"].seats
    assert (minister.role, minister.post) == (
        TargetRole.MINISTER,
        "Minister of Samples, Specimens; Patterns",
    )
    ministry = back.bodies["Ministry of Samples"]
    assert ministry.kind is OrganizationKind.MINISTRY
    assert [one.value for one in ministry.contacts] == ["info@samples.example"]


def test_the_same_card_keeps_its_name(session: Session, world: SimpleNamespace) -> None:
    first, second = written(session, "vcard"), written(session, "vcard")
    assert first == second
    uids = [line for line in first.split("\r\n") if line.startswith("UID:")]
    assert len(set(uids)) == 3


def test_popolo_comes_back_with_history(
    session: Session, world: SimpleNamespace, tmp_path: Path
) -> None:
    back = Back(popolo, tmp_path / "export.json", written(session, "popolo"))
    assert back.problems == []
    ann, ben = back.people["Ann Żółć-O’Néill"], back.people["=cmd|calc"]
    _same_person(ann)
    assert ann.other_names == [{"name": "Ann Before", "form": "former", "end": "2010"}]
    assert {one.name for one in back.bodies.values()} >= {
        "Senate",
        "Parliament",
        "Ministry of Samples",
    }
    (seat,) = ann.seats
    assert (seat.role, seat.area, seat.start, seat.end) == (
        TargetRole.MEMBER_UPPER,
        "Warszawa I",
        "2023-10-15",
        "2030",
    )
    assert back.bodies["The, Greens; Left"].key == seat.on_behalf_of
    minister, former = ben.seats
    assert (minister.role, minister.post) == (
        TargetRole.MINISTER,
        "Minister of Samples, Specimens; Patterns",
    )
    assert [one.value for one in minister.contacts] == ["minister@samples.example"]
    assert (former.start, former.end) == ("2015", "2019-11-11")
    ministry = back.bodies["Ministry of Samples"]
    assert ministry.kind is OrganizationKind.MINISTRY
    assert [one.value for one in ministry.contacts] == ["info@samples.example"]


def test_a_demonstration_stays_at_home(session: Session) -> None:
    body = make.organization(session, demonstration=True)
    person = make.person(session, "Dana Specimen", demonstration=True)
    seat = Membership(person_id=person.id, organization_id=body.id, role=TargetRole.MEMBER_LOWER)
    session.add(seat)
    add_target(session, membership=seat)
    for format in ("csv", "vcard", "popolo"):
        assert "Specimen" not in written(session, format)


@pytest.mark.parametrize("format", ["csv", "vcard", "popolo"])
def test_queries_do_not_grow_with_the_page(
    session: Session, world: SimpleNamespace, format: str, database: Database
) -> None:
    few = _queries(session, database, format)
    for number in range(30):
        person = make.person(session, f"Person Many{number}")
        seat = Membership(
            person_id=person.id, organization_id=world.senate.id, role=TargetRole.MEMBER_UPPER
        )
        session.add(seat)
        make.contact(session, person)
        add_target(session, membership=seat)
    assert _queries(session, database, format) == few
    assert few <= 20


def _queries(session: Session, database: Database, format: str) -> int:
    session.flush()
    session.expire_all()
    return _counting(database, lambda: written(session, format))


def _counting(database: Database, act: Callable[[], object]) -> int:
    counted: list[str] = []

    def count(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        counted.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", count)
    try:
        act()
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", count)
    return len(counted)


def test_a_line_is_folded_between_letters() -> None:
    line = "NOTE:" + "Żó" * 100
    folded = _folded(line)
    assert all(len(part.encode()) <= 75 for part in folded.split("\r\n"))
    assert folded.replace("\r\n ", "").rstrip("\r\n") == line


def test_somebody_without_a_seat_leaves_too(
    session: Session, world: SimpleNamespace, tmp_path: Path
) -> None:
    cal = make.person(session, "Cal Seatless", given_name="Cal", family_name="Seatless")
    make.contact(session, cal, value="cal@party.example")
    former = make.person(session, "Dee Former")
    gone = dt.date(2020, 1, 1)
    session.add(
        Membership(
            person_id=former.id,
            organization_id=world.senate.id,
            role=TargetRole.MEMBER_UPPER,
            end_on=gone,
        )
    )
    joined = make.person(session, "Ann Twice", merged_into_id=world.ann.id)
    rows = {one["name"]: one for one in table(session)}
    assert (rows["Cal Seatless"]["email"], rows["Cal Seatless"]["organization"]) == (
        "cal@party.example",
        "",
    )
    assert rows["Dee Former"]["role"] == ""
    assert joined.name not in rows
    names = {one["name"] for one in json.loads(written(session, "popolo"))["persons"]}
    assert names == {"Ann Żółć-O’Néill", "=cmd|calc", "Cal Seatless", "Dee Former"}
    book = Back(vcard, tmp_path / "book.vcf", written(session, "vcard"))
    assert set(book.people) == names
    assert book.people["Dee Former"].seats == []


def test_each_seat_of_today_has_a_row_of_one_person(
    session: Session, world: SimpleNamespace
) -> None:
    committee = make.organization(
        session, jurisdiction_code="PL", kind=OrganizationKind.COMMITTEE, name="Health Committee"
    )
    session.add(
        Membership(
            person_id=world.ann.id, organization_id=committee.id, role=TargetRole.COMMITTEE_CHAIR
        )
    )
    session.add(
        Membership(
            person_id=world.ann.id,
            organization_id=committee.id,
            role=TargetRole.MEMBER,
            start_on=dt.date(2027, 1, 1),
        )
    )
    rows = [one for one in table(session) if one["id"] == f"person/{world.ann.id}"]
    assert {(one["organization"], one["role"]) for one in rows} == {
        ("Senate", "member_upper"),
        ("Health Committee", "committee_chair"),
    }, "what begins next year is not told yet"


def test_a_reviewed_free_mail_address_is_no_longer_private(
    session: Session, world: SimpleNamespace
) -> None:
    assert "cal@gmail.example" not in written(session, "csv")
    cal = make.person(session, "Cal Reviewed")
    way = make.contact(session, cal, value="cal@gmail.example", personal=True)
    assert "cal@gmail.example" not in written(session, "csv")
    way.personal = False
    assert "cal@gmail.example" in written(session, "csv")


def test_notes_stay_at_home(session: Session, world: SimpleNamespace) -> None:
    world.ann.extras = {"remark": "spoke to us in confidence"}
    for format in ("csv", "vcard", "popolo"):
        text = written(session, format, private=True).replace("\r\n ", "")
        assert "in confidence" not in text
        assert "They asked." not in text


def test_a_table_comes_back(session: Session, world: SimpleNamespace, tmp_path: Path) -> None:
    back = Back(sheets, tmp_path / "list.csv", written(session, "csv"))
    assert not back.dataset.unsure
    assert not back.dataset.complete, "whoever is missing from a corrected part is not ended"
    assert back.problems == []
    ann, ben = back.people["Ann Żółć-O’Néill"], back.people["=cmd|calc"]
    assert (ann.given_name, ann.postnominal, ann.reading_language) == ("Ann", "MBE", "pl")
    assert ann.title_prefix == "", "a title of office is no part of the name"
    (seat,) = ann.seats
    assert (seat.role, seat.label, seat.post, seat.area) == (
        TargetRole.MEMBER_UPPER,
        "Senator",
        "",
        "Warszawa I",
    )
    assert {(one.kind.value, one.value) for one in ann.contacts} == {
        ("email", "ann@senat.example"),
        ("form", "https://senat.example/contact?to=ann,office"),
        ("postal", ADDRESS),
        ("phone", "+48 22 694 25 00"),
        ("fax", "+48 22 694 25 01"),
        ("url", "https://ann.example/"),
        ("social", "https://twitter.com/ann"),
    }
    (seat,) = ben.seats
    assert (seat.role, seat.post) == (
        TargetRole.MINISTER,
        "Minister of Samples, Specimens; Patterns",
    )
    ministry = back.bodies["Ministry of Samples"]
    assert [one.value for one in ministry.contacts] == ["info@samples.example"]


def test_bodies_of_several_countries_keep_theirs(
    session: Session, world: SimpleNamespace, tmp_path: Path
) -> None:
    make.jurisdiction(session, "DE")
    house = make.organization(session, jurisdiction_code="DE", name="Bundestag")
    make.contact(session, house, value="post@bundestag.example")
    session.add(
        Membership(person_id=world.ann.id, organization_id=house.id, role=TargetRole.MEMBER_LOWER)
    )
    for reader, format, file in (
        (popolo, "popolo", "all.json"),
        (vcard, "vcard", "all.vcf"),
        (sheets, "csv", "all.csv"),
    ):
        back = Back(reader, tmp_path / file, written(session, format))
        assert back.bodies["Bundestag"].jurisdiction == "DE"
        assert back.bodies["Senate"].jurisdiction == "PL"
        names = {key: body.name for body in back.bodies.values() for key in [body.key]}
        told = {names[seat.organization] for seat in back.people["Ann Żółć-O’Néill"].seats}
        assert told == {"Bundestag", "Senate"}


@pytest.mark.parametrize("format", ["csv", "vcard", "popolo"])
def test_pages_are_read_while_they_are_written(
    session: Session, format: str, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    monkeypatch.setattr(reading, "PAGE", 10)
    for number in range(100):
        make.person(session, f"Person {number:03}")
    session.flush()
    pieces = export(session, format, today=TODAY)
    while b"Person 000" not in next(pieces):
        pass
    asked = _counting(database, lambda: b"".join(pieces))
    assert asked >= 9, "the other pages were read already"


def test_nobody_gets_a_seat_from_the_name_of_the_file(
    session: Session, world: SimpleNamespace, tmp_path: Path
) -> None:
    make.person(session, "Cal Seatless")
    back = Back(sheets, tmp_path / "list.csv", written(session, "csv"))
    assert back.people["Cal Seatless"].seats == []
    assert "list" not in back.bodies
