"""Reminders: when, what moves the day, what forbids them, and who makes the draft."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import INBOX, Actor, Campaign, Event
from outreach.directory import calendar, suppression
from outreach.directory.calendar import EntryKind
from outreach.directory.models import Office, SuppressionScope, TargetRole
from outreach.errors import BadInput, NotAllowed, Refused
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind, Template
from outreach.petitions import promises
from outreach.replies.models import ReplyKind
from outreach.replies.overdue import cadence, reminders, reminding
from outreach.replies.overdue.cadence import Cadence, Part
from tests import make
from tests.browser import counted_queries
from tests.replies.consequences.test_filing import log

DAY = dt.timedelta(days=1)
# NOW is Tuesday, 3 March 2026. Ten working days later: Tuesday, 17 March.
LEFT = make.NOW
LATER = dt.date(2026, 4, 30)


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return make.campaign(session)


@pytest.fixture
def sam(session: Session, campaign: Campaign) -> Actor:
    return make.sam(session, campaign)


def sent(session: Session, campaign: Campaign, **values: Any) -> Letter:
    code = values.pop("jurisdiction_code", "XX")
    role = values.pop("role", TargetRole.MEMBER_LOWER)
    to = values.pop("target", None) or make.target(session, jurisdiction_code=code, role=role)
    return make.letter(session, campaign, target=to, state=State.SENT, **values)


def day_of(session: Session, campaign: Campaign, letter: Letter, today: dt.date = LATER) -> Any:
    found = {it.letter.id: it for it in reminders.planned(session, campaign, today=today)}
    return found[letter.id].on if letter.id in found else None


def text_of_reminders(session: Session, campaign: Campaign) -> None:
    template = Template(
        campaign_id=campaign.id,
        slug="reminder",
        name="Reminder",
        kind=LetterKind.REMINDER,
        roles=[TargetRole.MEMBER_LOWER.value],
        asks=[],
    )
    session.add(template)
    session.flush()
    make.template_version(session, campaign, template=template)


@pytest.mark.parametrize(
    ("role", "on"),
    [
        (TargetRole.MEMBER_LOWER, dt.date(2026, 3, 17)),
        (TargetRole.MEP, dt.date(2026, 3, 24)),
        (TargetRole.MINISTER, dt.date(2026, 3, 31)),
    ],
)
def test_the_first_reminder_comes_after_the_days_of_the_role(session, campaign, role, on) -> None:
    letter = sent(session, campaign, role=role)
    assert day_of(session, campaign, letter, today=on) == on
    assert reminders.due(session, campaign, today=on - DAY).now == []
    assert [it.letter.id for it in reminders.due(session, campaign, today=on).now] == [letter.id]


def test_every_role_has_a_cadence() -> None:
    assert set(cadence.PARTS) == set(TargetRole)


@pytest.mark.parametrize("role", [TargetRole.MEMBER_LOWER, TargetRole.MINISTER])
def test_the_days_are_the_campaigns_and_hold_at_once(session, campaign, role) -> None:
    letter = sent(session, campaign, role=role)
    wanted = {**cadence.DEFAULTS, Part.GOVERNMENT: Cadence(3, 4, 0)}
    olga = make.olga(session, campaign)
    cadence.change_cadences(session, campaign, wanted, by=olga, now=make.NOW)
    ministerly = role is TargetRole.MINISTER
    on = dt.date(2026, 3, 6) if ministerly else dt.date(2026, 3, 17)
    assert day_of(session, campaign, letter, today=LEFT.date()) == on
    said = session.scalars(sa.select(Event).where(Event.subject_kind == "cadence")).one()
    assert (said.by, said.detail) == (
        "Olga",
        {"government": {"from": [20, 15, 5], "to": [3, 4, 0]}},
    )
    # Said again, nothing changes, and nothing is written.
    cadence.change_cadences(session, campaign, wanted, by=olga, now=make.NOW)
    assert len(session.scalars(sa.select(Event).where(Event.subject_kind == "cadence")).all()) == 1


@pytest.mark.parametrize(
    ("days", "field"),
    [
        (Cadence(0, 15, 2), "member_first"),
        (Cadence(10, 301, 2), "member_second"),
        (Cadence(10, 15, -1), "member_promise"),
    ],
)
def test_days_nobody_can_mean_are_refused(session, campaign, days, field) -> None:
    wanted = {**cadence.DEFAULTS, Part.MEMBER: days}
    with pytest.raises(BadInput) as refused:
        cadence.change_cadences(
            session, campaign, wanted, by=make.olga(session, campaign), now=make.NOW
        )
    assert refused.value.field == field
    assert cadence.cadences(campaign) == dict(cadence.DEFAULTS)


def test_only_organisers_say_after_how_many_days(session, campaign, sam) -> None:
    with pytest.raises(NotAllowed):
        cadence.change_cadences(session, campaign, cadence.DEFAULTS, by=sam, now=make.NOW)


def test_an_acknowledgement_keeps_the_days_counting_once_it_is_read(session, campaign, sam) -> None:
    letter = sent(session, campaign)
    on = day_of(session, campaign, letter)
    moving.mark_unread(session, letter, since=LEFT, by=INBOX, now=LEFT)
    assert day_of(session, campaign, letter) is None
    moving.mark_unread(session, letter, since=None, by=sam, now=LEFT)
    log(session, letter, sam, kind=ReplyKind.ACKNOWLEDGEMENT)
    assert day_of(session, campaign, letter) == on
    assert letter.answered_on is None
    log(session, letter, sam, kind=ReplyKind.HOLDING)
    assert day_of(session, campaign, letter) is None


def test_holidays_and_weekends_are_those_of_the_desk(session, campaign) -> None:
    # Easter: Good Friday (3 April) and Easter Monday are no working days in Germany.
    left = dt.datetime(2026, 3, 30, 9, tzinfo=dt.UTC)
    there = sent(session, campaign, jurisdiction_code="DE", sent_at=left)
    assert day_of(session, campaign, there, today=left.date()) == dt.date(2026, 4, 15)
    # In Israel one works on Sunday and rests on Friday.
    israel = sent(session, campaign, jurisdiction_code="IL", sent_at=LEFT)
    assert day_of(session, campaign, israel, today=LEFT.date()) == dt.date(2026, 3, 17)


def test_recess_pushes_the_day_and_is_named(session, campaign, sam) -> None:
    letter = sent(session, campaign)
    calendar.add_entry(
        session,
        jurisdiction_code="XX",
        kind=EntryKind.RECESS,
        name="Spring recess",
        starts_on=dt.date(2026, 3, 9),
        ends_on=dt.date(2026, 3, 13),
        by=sam,
        now=make.NOW,
    )
    found = reminders.planned(session, campaign, today=LEFT.date())[0]
    assert found.on == dt.date(2026, 3, 24)
    assert any("Spring recess" in str(why) for why in found.because)
    assert letter.id == found.letter.id


@pytest.mark.parametrize(
    "values",
    [
        {"answered_on": LEFT.date()},
        {"unread_since": LEFT},
        {"closed_on": LEFT.date()},
        {"state": State.BOUNCED},
        {"kind": LetterKind.THANKS},
    ],
)
def test_nothing_is_proposed_after_an_answer_a_bounce_or_an_end(session, campaign, values) -> None:
    letter = sent(session, campaign)
    assert day_of(session, campaign, letter) is not None
    for name, value in values.items():
        setattr(letter, name, value)
    session.flush()
    assert day_of(session, campaign, letter) is None


def test_an_objection_stops_every_campaign_at_once(session, campaign, sam) -> None:
    letter = sent(session, campaign, address="Desk@Office.example")
    scope = SuppressionScope.ADDRESS
    suppression.suppress(
        session, scope=scope, value="desk@office.example", reason="asked", by=sam, now=make.NOW
    )
    assert day_of(session, campaign, letter) is None


def test_an_objection_of_a_desk_stops_its_letters_and_no_others(session, campaign, sam) -> None:
    other, letter = sent(session, campaign), sent(session, campaign)
    key = session.get_one(Office, letter.office_id).key
    scope = SuppressionScope.OFFICE
    suppression.suppress(session, scope=scope, value=key, reason="asked", by=sam, now=make.NOW)
    assert day_of(session, campaign, letter) is None
    assert day_of(session, campaign, other) is not None


def test_two_at_most_and_none_after_a_withdrawn_one(session, campaign) -> None:
    to = make.target(session)
    first = sent(session, campaign, target=to)
    again = {"target": to, "kind": LetterKind.REMINDER}
    one = make.letter(
        session, campaign, state=State.SENT, follows_id=first.id, ask_id=first.ask_id, **again
    )
    assert day_of(session, campaign, first) is None
    found = reminders.planned(session, campaign, today=LATER)[0]
    # Fifteen working days after the first reminder.
    assert (found.letter.id, found.number) == (one.id, 2)
    assert day_of(session, campaign, one, today=LEFT.date()) == dt.date(2026, 3, 24)
    # What answers the first letter stops the second reminder.
    first.answered_on = LEFT.date()
    session.flush()
    assert day_of(session, campaign, one) is None
    first.answered_on = None
    two = make.letter(
        session, campaign, state=State.SENT, follows_id=one.id, ask_id=first.ask_id, **again
    )
    assert reminders.planned(session, campaign, today=LATER) == []
    two.state, two.sent_at, two.seal, two.approved_at = State.WITHDRAWN, None, None, None
    session.flush()
    assert reminders.planned(session, campaign, today=LATER) == []


def test_absence_and_promises_move_the_day(session, campaign, sam) -> None:
    letter = sent(session, campaign)
    letter.parked_until = dt.date(2026, 3, 19)
    session.flush()
    assert day_of(session, campaign, letter, today=LEFT.date()) == dt.date(2026, 3, 19)
    # Two working days after what they promised in another matter: Friday, 27 March, to Tuesday.
    promises.record_promise(
        session,
        campaign_id=campaign.id,
        target_id=letter.target_id,
        ask_id=letter.ask_id,
        text="An answer after the vote",
        due_on=dt.date(2026, 3, 27),
        source=("letter", letter.id),
        rehearsal=True,
        by=sam,
        now=make.NOW,
    )
    found = reminders.planned(session, campaign, today=LEFT.date())[0]
    assert found.on == dt.date(2026, 3, 31)
    assert "promised" in str(found.because[-1])


def test_one_reminder_at_a_time_for_a_desk(session, campaign) -> None:
    to = make.target(session)
    first = sent(session, campaign, target=to)
    sent(session, campaign, target=to)
    assert len(reminders.planned(session, campaign, today=LATER)) == 2
    assert [it.letter.id for it in reminders.due(session, campaign, today=LATER).now] == [first.id]


def test_the_draft_is_made_once_and_the_second_is_told_who(session, campaign, sam) -> None:
    text_of_reminders(session, campaign)
    letter, other = sent(session, campaign), sent(session, campaign)
    now = dt.datetime(2026, 3, 18, 9, tzinfo=dt.UTC)
    made = reminding.draft(session, campaign, [letter.id], by=sam, now=now)
    assert [(it.kind, it.follows_id, it.state) for it in made.drafts] == [
        (LetterKind.REMINDER, letter.id, State.DRAFT)
    ]
    said = session.scalars(sa.select(Event).where(Event.name == "nothing_by_hand")).one()
    assert (said.subject_id, said.by) == (letter.id, "Sam")
    olga = make.olga(session, campaign)
    with pytest.raises(Refused, match="Sam has made this reminder already"):
        reminding.draft(session, campaign, [letter.id], by=olga, now=now)
    # Among several the others are made.
    made = reminding.draft(session, campaign, [letter.id, other.id], by=olga, now=now)
    assert [it.follows_id for it in made.drafts] == [other.id]
    assert "Sam has made" in str(made.refused[0][1])


def test_where_no_text_is_written_one_is_told_so(session, campaign, sam) -> None:
    letter = sent(session, campaign)
    now = dt.datetime(2026, 3, 18, 9, tzinfo=dt.UTC)
    with pytest.raises(Refused, match="No text of a reminder"):
        reminding.draft(session, campaign, [letter.id], by=sam, now=now)


def test_many_letters_take_no_more_queries_than_one(session, campaign) -> None:
    for _ in range(12):
        sent(session, campaign)
    session.expire_all()
    campaign = session.get_one(Campaign, campaign.id)
    with counted_queries(session.get_bind(), at_most=4) as said:
        assert len(reminders.due(session, campaign, today=LATER).now) == 12
    # Nobody reads a word of the letters to know when they are due.
    assert not any("letter.text" in one or "letter.subject" in one for one in said)


def test_a_list_ends_and_says_that_there_is_more(session, campaign, monkeypatch) -> None:
    monkeypatch.setattr(reminders, "PORTION", 2)
    letters = [sent(session, campaign, sent_at=LEFT - n * DAY) for n in range(7)]
    found = reminders.due(session, campaign, today=LATER, most=3)
    oldest = {one.id for one in letters[-3:]}
    assert found.more and {it.letter.id for it in found.now} == oldest
    # What is listed can be made, whatever else is due.
    made = reminders.due_among(session, campaign, oldest, today=LATER)
    assert {it.letter.id for it in made} == oldest
    everything = reminders.due(session, campaign, today=LATER, most=7)
    assert not everything.more and len(everything.now) == 7


def test_of_one_desk_the_same_letter_is_due_wherever_the_list_ends(
    session, campaign, monkeypatch
) -> None:
    monkeypatch.setattr(reminders, "PORTION", 1)
    to = make.target(session)
    parked = sent(session, campaign, target=to, sent_at=LEFT - 3 * DAY)
    parked.parked_until = LATER - DAY
    other = sent(session, campaign, sent_at=LEFT - 2 * DAY)
    other.parked_until = LATER
    longest = sent(session, campaign, target=to, sent_at=LEFT)
    session.flush()
    found = reminders.due(session, campaign, today=LATER, most=1)
    assert [it.letter.id for it in found.now] == [longest.id] and found.more
    every = reminders.due(session, campaign, today=LATER)
    assert {it.letter.id for it in every.now} == {longest.id, other.id}


def test_what_comes_next_is_found_among_what_left_lately(session, campaign, monkeypatch) -> None:
    monkeypatch.setattr(reminders, "PORTION", 2)
    letters = [sent(session, campaign, sent_at=LEFT + n * DAY) for n in range(5)]
    found = reminders.due(session, campaign, today=LEFT.date())
    assert (found.now, found.later, found.more) == ([], [], False)
    later, more = reminders.coming(session, campaign, found, today=LEFT.date())
    assert [it.letter.id for it in later] == [one.id for one in letters[:2]] and more


@pytest.mark.parametrize("role", [TargetRole.MEMBER_LOWER, TargetRole.MEP, TargetRole.MINISTER])
def test_nothing_that_is_due_is_passed_over_as_too_late(session, campaign, role) -> None:
    """In the zones furthest off, on the very day."""
    for code in ("NZ", "US"):
        letter = sent(
            session,
            campaign,
            role=role,
            jurisdiction_code=code,
            sent_at=LEFT.replace(hour=23, minute=30),
        )
        on = day_of(session, campaign, letter)
        listed = reminders.due(session, campaign, today=on).now
        assert letter.id in {it.letter.id for it in listed}
