"""Two names of one person: found in any script and order; two people of one name: remembered."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Event
from outreach.directory import duplicates
from outreach.directory.duplicates import likeness, spellings
from outreach.directory.models import Person
from outreach.directory.offices import person_key
from tests import make
from tests.conftest import NOW

SAM = Actor("Sam")


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("Łukasz Żółć", "Lukasz Zolc", 100, 100),
        ("Żółć, Łukasz", "Lukasz Zolc", 100, 100),
        ("Щербак Олена", "Olena Shcherbak", 100, 100),
        ("Olena Scherbak", "Олена Щербак", 97, 97),
        ("Юлія Приклад", "Yuliia Pryklad", 97, 100),
        ("Müller Hans", "Hans Mueller", 100, 100),
        ("D'Arcy-O’Néill", "Darcy Oneill", 100, 100),
        ("გიორგი ნიმუში", "Giorgi Nimushi", 100, 100),
        ("BOSSDORF Muster", "Muster Boẞdorf", 100, 100),
        ("Ana Muster", "Ana Maria Muster", 92, 92),
        ("Ana Schmidt", "Ana Schmitt", 85, 96),
        ("J. Muster", "Jana Muster", 0, 0),
        ("Muster", "Jana Muster", 0, 84),
        ("Anna Konstantinopoulou", "Petra Konstantinopoulou", 0, 0),
        ("Ellen Specimen", "Otto Example", 0, 0),
        ("", "Jana Muster", 0, 0),
    ],
)
def test_how_alike_two_names_are(one: str, other: str, least: int, most: int) -> None:
    score = likeness(spellings([one]), spellings([other]))
    assert least <= score <= most
    assert score == likeness(spellings([other]), spellings([one]))


def test_any_name_of_a_person_counts() -> None:
    ours = spellings(["Ольга Зразок", "Olga Zrazok-Muster"])
    assert likeness(ours, spellings(["Zrazok-Muster Olga"])) == 100


def seated(session: Session, name: str, code: str = "XX", **names: str) -> Person:
    person = make.person(session, name, names=names)
    person.search_key = person_key(person)
    make.target(session, person=person, jurisdiction_code=code)
    return person


def test_who_may_be_meant_is_looked_for_in_one_country(session: Session) -> None:
    here = seated(session, "Łukasz Żółć")
    seated(session, "Łukasz Żółć", "YY")
    seated(session, "Otto Example")
    near = duplicates.likely(session, ["Lukasz Zolc"], jurisdiction="XX")
    assert [(one.person_id, one.score) for one in near] == [(here.id, 100)]
    assert near[0].target_id and near[0].where.startswith("Chamber")
    assert duplicates.likely(session, ["Nobody Atall"], jurisdiction="XX") == []
    assert duplicates.likely(session, [""], jurisdiction="XX") == []


def test_pairs_of_one_name_are_suggested_until_somebody_tells_them_apart(session: Session) -> None:
    one, other = seated(session, "Jana Muster"), seated(session, "Jana Müster".replace("ü", "u"))
    seated(session, "Jana Muster", "YY")
    rows, total = duplicates.doubles(session)
    assert total == 1
    assert (rows[0].one, rows[0].other, rows[0].jurisdiction) == (one, other, "XX")
    duplicates.tell_apart(session, other.id, one.id, by=SAM, now=NOW)
    duplicates.tell_apart(session, one.id, other.id, by=SAM, now=NOW)
    assert duplicates.are_apart(session, other.id, one.id)
    assert duplicates.doubles(session) == ([], 0)
    told = sa.select(sa.func.count()).where(Event.name == "told apart")
    assert session.scalar(told) == 1
