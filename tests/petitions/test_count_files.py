"""Counts out of a file: every line or none, wrong ones by their number, known ones once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.errors import BadInput
from outreach.petitions import count_files, counts
from outreach.petitions.models import Petition, Reading, ReadingState
from tests import make
from tests.conftest import NOW

PAGE = "https://petition.example/en"


@pytest.fixture
def petition(session: Session) -> Petition:
    return make.petition(session, make.campaign(session))


def imported(session: Session, petition: Petition, text: str | bytes) -> count_files.Imported:
    campaign = session.get_one(make.Campaign, petition.campaign_id)
    data = text if isinstance(text, bytes) else text.encode()
    return count_files.import_file(
        session, data, petition=petition, page_url=PAGE, by=make.sam(session, campaign), now=NOW
    )


def values(session: Session) -> list[tuple[int, str]]:
    rows = session.scalars(sa.select(Reading).order_by(Reading.read_on, Reading.id))
    return [(row.value, row.state.value) for row in rows]


def test_a_history_comes_in_and_one_decision_lets_all_of_it_pass(
    session: Session, petition: Petition
) -> None:
    text = '\ufeffdate,value\n2021-01-02,51000\n2021-01-01,"50,000"\n\n2021-01-03,52000\n'
    assert imported(session, petition, text) == count_files.Imported(3, 3, 0)
    assert imported(session, petition, text) == count_files.Imported(0, 0, 3)
    olga = make.olga(session, session.get_one(make.Campaign, petition.campaign_id))
    first = session.scalars(sa.select(Reading).order_by(Reading.read_on)).first()
    assert first is not None and first.state is ReadingState.HELD

    counts.accept(session, first, by=olga, now=NOW)

    accepted = ReadingState.ACCEPTED.value
    assert values(session) == [(50_000, accepted), (51_000, accepted), (52_000, accepted)]


def test_what_breaks_the_rules_still_waits(session: Session, petition: Petition) -> None:
    imported(session, petition, "2021-01-01;50000\n2021-01-02;49000\n2021-01-03;50100\n")
    olga = make.olga(session, session.get_one(make.Campaign, petition.campaign_id))
    first = session.scalars(sa.select(Reading).order_by(Reading.read_on)).first()
    assert first is not None
    counts.accept(session, first, by=olga, now=NOW)
    assert values(session) == [(50_000, "accepted"), (49_000, "held"), (50_100, "accepted")]


def test_lines_may_name_their_page(session: Session, petition: Petition) -> None:
    imported(session, petition, "2021-01-01\t5\thttps://petition.example/fr\n2021-01-01\t6\n")
    pages = session.scalars(sa.select(Reading.page_url).order_by(Reading.value)).all()
    assert pages == ["https://petition.example/fr", PAGE]
    assert set(session.scalars(sa.select(Reading.method))) == {"file"}


def test_wrong_lines_are_named_and_nothing_is_written(session: Session, petition: Petition) -> None:
    text = "\n".join(
        (
            "date,value,url",
            "2021-01-01,50000",
            "01.01.2021,50000",
            "2021-01-03,62.1K",
            "2021-01-04,0",
            "2999-01-01,5",
            "2021-01-05,5,petition.example",
            "2021-01-06",
        )
    )
    with pytest.raises(BadInput) as refused:
        imported(session, petition, text)
    words = str(refused.value)
    assert refused.value.field == "file"
    assert "line 2:" not in words
    for line in range(3, 9):
        assert f"line {line}:" in words
    assert values(session) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no count in this file"),
        ("date,value\n", "no count in this file"),
        (b"\xff\xfe2\x000\x00", "UTF-8"),
        ("2021-01-01,5\n" * 5_001, "Split the file"),
        ("2021-01-01," + "5" * 100_000, "larger than any petition"),
    ],
)
def test_what_is_no_such_file(
    session: Session, petition: Petition, text: str | bytes, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        imported(session, petition, text)
