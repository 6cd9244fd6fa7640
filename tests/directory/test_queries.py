"""Finding: by any script and spelling, by what the directory knows, in few queries."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor
from outreach.directory import joining, offices, suggesting
from outreach.directory.models import (
    Area,
    ContactKind,
    ContactState,
    Membership,
    OrganizationKind,
    Person,
    Source,
    Target,
    TargetRole,
)
from outreach.directory.narrowing import AddressCheck
from outreach.directory.queries import (
    Sort,
    TargetFilter,
    count,
    number_of,
    page_of,
    target_page,
    targets,
    these,
)
from outreach.directory.spelling import search_key
from tests import make
from tests.conftest import NOW

TODAY = NOW.date()


def named(session: Session, name: str, **values: object) -> int:
    target = make.target(session, name=name, **values)
    offices.settle_target(session, target)
    return target.id


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Łukasz Żółć", "lukasz zolc"),
        ("Łukasz Żółć", "ŻÓŁĆ"),
        ("Щербак", "shcherbak"),
        ("Щербак", "щербак"),
        ("Shcherbak", "Щербак"),
        ("Γεώργιος Υποδειγματίου", "georgios"),
        ("Γεώργιος Υποδειγματίου", "Υποδειγματιου"),
        ("D’Arcy-O’Néill", "d'arcy"),
        ("D’Arcy-O’Néill", "oneill"),
        ("D’Arcy-O’Néill", "o neill"),
        ("Müller", "mueller"),
        ("Müller", "muller"),
        ("გიორგი", "giorgi"),
        ("نور", "نور"),
        ("100%_sure", "100"),
        ("Ann 'Quotes' \"Double\" Back\\slash", "\"quotes' back\\slash"),
        # A part of a word, longer and shorter than what databases look for in another way.
        ("Łukasz Żółć", "kas"),
        ("Łukasz Żółć", "ka"),
        ("Щербак", "ербак"),
    ],
)
def test_a_name_is_found_however_it_is_typed(session: Session, name: str, typed: str) -> None:
    wanted = named(session, name)
    named(session, "Somebody Else")
    found = session.scalars(targets(TargetFilter(q=typed), today=TODAY)).all()
    assert [row.id for row in found] == [wanted]


def test_signs_of_the_database_are_only_signs(session: Session) -> None:
    named(session, "Somebody")
    assert count(session, targets(TargetFilter(q="%"), today=TODAY)) == 0  # no letter: nobody
    assert count(session, targets(TargetFilter(q="zq%b"), today=TODAY)) == 0
    for typed in ("' OR '1'='1", '"', "\\", "%%%", "zq_b"):
        assert count(session, targets(TargetFilter(q=typed), today=TODAY)) == 0, typed


def test_filters_narrow_and_pages_stop_at_the_last(session: Session) -> None:
    for number in range(5):
        named(session, f"Person {number}", jurisdiction_code="AA")
    named(session, "Minister", jurisdiction_code="BB", role=TargetRole.MINISTER, address=None)
    assert count(session, targets(TargetFilter(jurisdictions=("AA",)), today=TODAY)) == 5
    assert count(session, targets(TargetFilter(roles=(TargetRole.MINISTER,)), today=TODAY)) == 1
    assert count(session, targets(TargetFilter(channels=(ContactKind.EMAIL,)), today=TODAY)) == 5
    assert count(session, targets(TargetFilter(reachable=False), today=TODAY)) == 1
    assert count(session, targets(TargetFilter(verified=True), today=TODAY)) == 5
    assert count(session, targets(TargetFilter(verified=False), today=TODAY)) == 1
    page = target_page(session, TargetFilter(), today=TODAY, page=9, per_page=4)
    assert (page.total, page.pages, page.page, len(page.rows)) == (6, 2, 2, 2)
    assert page.rows[-1].body.name


def test_what_many_fit_is_counted_so_far_and_no_further(session: Session) -> None:
    for n in range(5):
        named(session, f"Anna {n}")
    query = targets(TargetFilter(q="anna"), today=TODAY)
    for most, told in ((3, (3, True, 2)), (5, (5, False, 3)), (None, (5, False, 3))):
        page = page_of(session, query, page=9, per_page=2, most=most, question=("annas",))
        assert (page.total, page.more, page.page) == told


def test_a_key_holds_every_spelling_once() -> None:
    assert search_key("Ada", "ada") == "ada"
    assert "sofiia" in search_key("Софія") or "sofia" in search_key("Софія")


DAY = dt.timedelta(days=1)


def found(session: Session, **wanted: object) -> list[str]:
    """The names of everybody a filter finds, and the same number by both ways of counting."""
    session.flush()
    query = targets(TargetFilter.model_validate(wanted), today=TODAY)
    rows = session.scalars(query).all()
    assert number_of(session, query) == count(session, query) == len({row.id for row in rows})
    assert len(rows) == len({row.id for row in rows})
    return sorted(row.name for row in rows)


def test_a_seat_is_held_until_the_day_it_ends(session: Session) -> None:
    for name, ends in (("Long", 300 * DAY), ("Last day", DAY), ("Gone", 0 * DAY)):
        make.target(session, name=name, ended_on=TODAY + ends)
    make.target(session, name="Open")
    assert found(session) == ["Last day", "Long", "Open"]
    assert found(session, current=False) == ["Gone"]
    assert found(session, current=None) == ["Gone", "Last day", "Long", "Open"]


def test_a_check_holds_to_its_last_day(session: Session) -> None:
    for name, until in (("Today", TODAY), ("Far", TODAY + 90 * DAY), ("Over", TODAY - DAY)):
        make.target(session, name=name, verified_until=until)
    make.target(session, name="Never")
    make.target(session, name="Mute", address=None)
    assert found(session, verified=True) == ["Far", "Today"]
    assert found(session, verified=False) == ["Mute", "Never", "Over"]
    assert found(session, checks=[AddressCheck.SOON]) == ["Today"]
    assert found(session, checks=["expired", "never"]) == ["Never", "Over"]
    assert found(session, reachable=False) == ["Mute"]


def test_a_body_takes_in_its_parts(session: Session) -> None:
    parliament = make.organization(session, kind=OrganizationKind.PARLIAMENT)
    lower = make.organization(session, parent_id=parliament.id)
    upper = make.organization(session, parent_id=parliament.id)
    make.target(session, name="Low", body=lower)
    make.target(session, name="Up", body=upper)
    make.target(session, name="Elsewhere")
    assert found(session, bodies=[parliament.id]) == ["Low", "Up"]
    assert found(session, bodies=[upper.id]) == ["Up"]
    assert found(session, bodies=[lower.id, upper.id]) == ["Low", "Up"]
    assert found(session, kinds=["parliament"]) == []


def test_committee_party_area_and_source_narrow(session: Session) -> None:
    committee = make.organization(session, kind=OrganizationKind.COMMITTEE, name="Affairs")
    party = make.organization(session, kind=OrganizationKind.PARTY, name="Green")
    for name in ("In", "Left", "Later", "Whip"):
        make.target(session, name=name)
    people = {person.name: person for person in session.query(Person)}
    for name, body, days in (
        ("In", committee, (None, None)),
        ("In", committee, (TODAY - DAY, TODAY + DAY)),
        ("Left", committee, (None, TODAY)),
        ("Later", committee, (TODAY + DAY, None)),
        ("In", party, (None, None)),
    ):
        begins, ends = days
        session.add(
            Membership(
                person_id=people[name].id,
                organization_id=body.id,
                role=TargetRole.MEMBER,
                start_on=begins,
                end_on=ends,
            )
        )
    seat = session.query(Target).filter_by(name="Whip").one()
    seat.group_id = party.id
    area = Area(jurisdiction_code="XX", name="North")
    source = Source(slug="s", name="A list")
    session.add_all([area, source])
    session.flush()
    held = session.get_one(Membership, seat.membership_id)
    held.area_id, held.source_id = area.id, source.id
    held.on_behalf_of_id = party.id
    offices.settle_target(session, seat)
    assert found(session, committees=[committee.id]) == ["In"]
    assert found(session, groups=[party.id]) == ["In", "Whip"]
    assert found(session, groups=[party.id], committees=[committee.id]) == ["In"]
    assert found(session, areas=[area.id]) == found(session, sources=[source.id]) == ["Whip"]


def test_what_can_be_reached_how(session: Session) -> None:
    both, none = make.target(session, name="Both"), make.target(session, name="None")
    owner = session.query(Person).filter_by(name="Both").one()
    make.contact(session, owner, kind=ContactKind.PHONE, value="+1 23")
    other = session.query(Person).filter_by(name="None").one()
    phone = make.contact(session, other, kind=ContactKind.PHONE, value="+1 24")
    phone.state = ContactState.WITHDRAWN
    make.contact(
        session, other, value="n@free.example", personal=True, verified_on=None, verified_by=None
    )
    offices.settle_target(session, [both.id, none.id])
    assert both.channel == none.channel == ContactKind.EMAIL
    assert found(session, ways=["phone"]) == ["Both"]
    assert found(session, ways=["phone", "email"]) == ["Both", "None"]
    assert found(session, checks=["personal"]) == ["None"]


def test_a_person_joined_with_another_is_found_once(session: Session) -> None:
    sam = Actor("Sam")
    kept, gone = make.person(session, "Anna Kept"), make.person(session, "Ana Kept")
    house = make.organization(session)
    make.target(session, person=kept, body=house)
    make.target(session, person=gone, body=house)
    joining.join(session, kept, gone, by=sam, now=NOW)
    assert found(session) == ["Anna Kept"]


def test_signs_alone_find_nobody_and_two_letters_of_a_name_do(session: Session) -> None:
    named(session, "李明")
    assert found(session, q="李明") == found(session, q="明") == ["李明"]
    for typed in ("🔥", "— !?", "%", "_"):
        assert found(session, q=typed) == []
    assert found(session, q="  ") == ["李明"]


def test_thousands_found_already_are_a_selection_like_any_other(session: Session) -> None:
    ids = [make.target(session, name=name).id for name in ("A", "B", "C")]
    few = these([*ids[:2], *range(10_000, 45_000)])
    assert number_of(session, few) == count(session, few) == 2
    # Two of them in one statement don't take each other's ids.
    both = few.where(Target.id.in_(these(ids[1:]).with_only_columns(Target.id)))
    assert [row.name for row in session.scalars(both)] == ["B"]
    assert session.scalars(these([])).all() == []


def test_lists_are_sorted_as_asked(session: Session) -> None:
    make.target(session, name="B", jurisdiction_code="AA", verified_until=TODAY)
    make.target(session, name="A", jurisdiction_code="BB", role=TargetRole.MEMBER_UPPER)
    make.target(session, name="C", jurisdiction_code="BB", verified_until=TODAY - DAY)

    def names(sort: Sort) -> list[str]:
        pages = [
            target_page(session, TargetFilter(), today=TODAY, sort=sort),
            # A selection of few is sorted as it is found, also over several pages.
            *(
                target_page(session, chosen, today=TODAY, sort=sort, page=number, per_page=2)
                for number in (1, 2)
            ),
        ]
        every, first, second = ([row.name for row in page.rows] for page in pages)
        assert (len(first), len(second)) == (2, 1)
        assert first + second == every
        return every

    chosen = TargetFilter(jurisdictions=("AA", "BB"))
    assert names(Sort.PLACE) == ["B", "C", "A"]
    assert names(Sort.NAME) == ["A", "B", "C"]
    assert names(Sort.ROLE) == ["B", "C", "A"]
    assert names(Sort.CHECKED) == ["A", "C", "B"]


def test_bodies_are_suggested_by_a_few_letters(session: Session) -> None:
    for name, code in (("Комітет справ", "UA"), ("Committee on Affairs", "XX"), ("Affairs", "XX")):
        make.organization(
            session,
            name=name,
            jurisdiction_code=code,
            kind=OrganizationKind.COMMITTEE,
            search_key=search_key(name),
        )
    likely = suggesting.meant(session, "committees", "affairs")
    assert [one.name for one in likely] == ["Affairs", "Committee on Affairs"]
    assert [one.name for one in suggesting.meant(session, "committees", "komitet")] == [
        "Комітет справ"
    ]
    assert suggesting.meant(session, "committees", "affairs", jurisdictions=["UA"]) == []
    assert suggesting.meant(session, "groups", "affairs") == []
    (certain,) = suggesting.meant(session, "committees", f"Affairs, XX #{likely[0].id}")
    assert certain == likely[0]
