"""Finding: by any script and spelling, by what the directory knows, in few queries."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from outreach.directory import offices
from outreach.directory.models import ContactKind, TargetRole
from outreach.directory.queries import TargetFilter, count, target_page, targets
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


def test_a_key_holds_every_spelling_once() -> None:
    assert search_key("Ada", "ada") == "ada"
    assert "sofiia" in search_key("Софія") or "sofia" in search_key("Софія")
