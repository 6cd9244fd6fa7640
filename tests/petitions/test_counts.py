"""Readings: what is held, what is accepted, what is printed (law 5)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor, Task, TaskKind
from outreach.errors import BadInput, MoveRefused, NotAllowed, NotFound, Refused
from outreach.petitions import counts
from outreach.petitions.holding import Neighbours, holds
from outreach.petitions.models import Petition, Reading, ReadingState
from outreach.words import Sentence
from tests import make
from tests.conftest import NOW

PAGE = "https://petition.example/en"
DAY = dt.date(2021, 3, 3)


def read(session: Session, petition: Petition, value: int, by: Actor, **values: Any) -> Reading:
    return counts.add_reading(
        session,
        petition=petition,
        by=by,
        now=NOW,
        **{"value": value, "page_url": PAGE, "read_on": DAY} | values,
    )


def newest(session: Session, campaign_id: int) -> Reading | None:
    """The reading that letters print, or None."""
    count = counts.current_count(session, campaign_id, NOW.date())
    return count.readings[0] if count else None


def begun(session: Session, value: int = 60_000) -> tuple[Petition, Actor, Reading]:
    """A petition with one accepted reading of the day before, and an organiser."""
    campaign = make.campaign(session)
    petition = make.petition(session, campaign)
    olga = make.olga(session, campaign)
    first = read(session, petition, value, olga, read_on=DAY - dt.timedelta(days=1))
    return petition, olga, counts.accept(session, first, by=olga, now=NOW)


def test_the_first_reading_of_a_page_waits_for_an_organiser(session: Session) -> None:
    campaign = make.campaign(session)
    sam, olga = make.sam(session, campaign), make.olga(session, campaign)
    reading = read(session, make.petition(session, campaign), 62_001, sam)

    assert reading.state is ReadingState.HELD
    assert reading.held_because == "It is the first reading of this page."
    assert reading.reasons == [Sentence("It is the first reading of this page.")]
    assert newest(session, campaign.id) is None
    task = session.scalars(sa.select(Task)).one()
    assert (task.kind, task.subject_kind, task.subject_id, task.done_at) == (
        TaskKind.CHECK_READING,
        "reading",
        reading.id,
        None,
    )

    counts.accept(session, reading, by=olga, now=NOW)

    assert newest(session, campaign.id) == reading
    assert (reading.state, reading.decided_by) == (ReadingState.ACCEPTED, "Olga")
    session.refresh(task)
    assert task.done_by == "Olga"
    told = audit.history(session, "reading", reading.id)
    assert [(row.name, row.from_state, row.to_state, row.by) for row in told] == [
        ("reading added", None, "held", "Sam"),
        ("reading accepted", "held", "accepted", "Olga"),
    ]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (60_000, None),
        (65_000, None),
        (65_001, "rose by more than"),
        (59_999, "fell"),
        (0, "0 is never printed"),
    ],
)
def test_what_a_next_reading_of_a_known_page_does(
    session: Session, value: int, reason: str | None
) -> None:
    petition, olga, first = begun(session)

    reading = read(session, petition, value, olga)

    if reason is None:
        assert reading.state is ReadingState.ACCEPTED
        assert newest(session, petition.campaign_id) == reading
    else:
        assert reading.state is ReadingState.HELD
        assert reason in reading.held_because
        # The last good value stays.
        assert newest(session, petition.campaign_id) == first


def test_twenty_per_cent_counts_for_small_numbers(session: Session) -> None:
    petition, olga, _ = begun(session, value=100)

    assert read(session, petition, 120, olga).state is ReadingState.ACCEPTED
    assert read(session, petition, 145, olga).state is ReadingState.HELD


def test_another_page_of_the_petition_is_held_first(session: Session) -> None:
    petition, olga, _ = begun(session)

    other = read(session, petition, 60_001, olga, page_url="https://petition.example/fr")

    assert other.held_because == "It is the first reading of this page."


def test_one_page_in_two_spellings_is_one_page(session: Session) -> None:
    petition, olga, _ = begun(session)

    same = read(session, petition, 60_001, olga, page_url=" https://Petition.example/en#top ")

    assert same.state is ReadingState.ACCEPTED


def test_an_older_day_fits_between_its_neighbours_and_changes_nothing(session: Session) -> None:
    petition, olga, first = begun(session)
    before = DAY - dt.timedelta(days=30)

    assert read(session, petition, 50_000, olga, read_on=before).state is ReadingState.ACCEPTED
    assert newest(session, petition.campaign_id) == first
    higher = read(session, petition, 60_100, olga, read_on=before)
    assert higher.state is ReadingState.HELD
    assert "lower accepted count, 60,000" in higher.held_because
    session.expire(higher)
    assert higher.reasons[-1].values == {"later": 60_000}, "numbers are kept for the reader's way"


def test_without_a_day_nothing_can_be_accepted(session: Session) -> None:
    petition, olga, _ = begun(session)
    reading = read(session, petition, 60_001, olga, read_on=None)

    assert reading.held_because == "It has no day. Enter it again with the day it was read."
    with pytest.raises(Refused, match="Enter it again with its day"):
        counts.accept(session, reading, by=olga, now=NOW)


def test_zero_can_only_be_refused(session: Session) -> None:
    petition, olga, first = begun(session)
    zero = read(session, petition, 0, olga)

    with pytest.raises(Refused, match="0 is not a count"):
        counts.accept(session, zero, by=olga, now=NOW)
    counts.refuse(session, zero, by=olga, now=NOW)

    assert zero.state is ReadingState.REFUSED
    assert counts.history(session, petition.campaign_id) == [zero, first]


def test_only_organisers_decide_and_only_once(session: Session) -> None:
    petition, olga, _ = begun(session)
    campaign_id = petition.campaign_id
    reading = read(session, petition, 70_000, olga)
    sam = make.sam(session, session.get_one(make.Campaign, campaign_id))

    with pytest.raises(NotAllowed):
        counts.accept(session, reading, by=sam, now=NOW)
    counts.refuse(session, reading, by=olga, now=NOW)
    with pytest.raises(MoveRefused, match="Olga has already decided"):
        counts.accept(session, reading, by=olga, now=NOW)

    assert reading.state is ReadingState.REFUSED
    assert session.scalars(counts.held_readings(campaign_id)).all() == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"value": -1}, "value"),
        ({"value": 3_000_000_000}, "value"),
        ({"page_url": "petition.example"}, "page_url"),
        ({"page_url": "javascript:alert(1)"}, "page_url"),
        ({"read_on": dt.date(2026, 3, 4)}, "read_on"),
    ],
)
def test_what_cant_be_entered_names_its_field(
    session: Session, values: dict[str, Any], field: str
) -> None:
    petition, olga, _ = begun(session)

    with pytest.raises(BadInput) as refused:
        read(session, petition, **{"value": 60_001, "by": olga} | values)

    assert refused.value.field == field


def test_a_reading_of_another_campaign_is_not_found(session: Session) -> None:
    _, _, first = begun(session)
    other = make.campaign(session)

    assert newest(session, other.id) is None
    with pytest.raises(NotFound):
        counts.reading_by_id(session, other.id, first.id)


@given(before=st.integers(1, 10_000_000), value=st.integers(0, 20_000_000))
def test_never_accepted_by_itself_what_law_5_holds(before: int, value: int) -> None:
    near = Neighbours(before=before, after=None, page_known=True)
    wrong = value == 0 or value < before or value > before + 5_000 or value * 5 > before * 6

    assert bool(holds(value, DAY, near)) == wrong
    assert holds(value, None, near)
    assert holds(value, DAY, Neighbours(before, None, page_known=False))
    assert holds(value, DAY, Neighbours(before, None, page_known=True, same_shape=False))


def test_a_page_whose_shape_changed_is_held_until_somebody_looked(session: Session) -> None:
    petition, olga, _ = begun(session)
    assert read(session, petition, 60_001, olga, shape="a").state is ReadingState.ACCEPTED
    assert read(session, petition, 60_002, olga, shape="a").state is ReadingState.ACCEPTED
    other = read(session, petition, 60_003, olga, shape="b")

    assert "built another way" in other.held_because
    # What a person reads off the page has no shape.
    assert read(session, petition, 60_003, olga).state is ReadingState.ACCEPTED
    counts.accept(session, other, by=olga, now=NOW)
    assert read(session, petition, 60_004, olga, shape="b").state is ReadingState.ACCEPTED
