"""Logging an answer: what it refuses, and everything that follows from its kind."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import tasks
from outreach.accounts.models import Actor, Campaign, Event, Mode, Task, TaskKind
from outreach.directory.identity import ContactRule, RuleKind
from outreach.directory.models import Suppression, Target
from outreach.errors import BadInput, NotAllowed
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter, LetterKind
from outreach.petitions.models import (
    Position,
    Promise,
    PromiseState,
    Stance,
    StanceBasis,
)
from outreach.replies.consequences.filing import log_answer, undo_answer
from outreach.replies.consequences.rules import occurs
from outreach.replies.kinds import KINDS
from outreach.replies.models import Reply, ReplyChannel, ReplyKind, ReplyLetter, SignedBy
from tests import make

TODAY = dt.date(2026, 3, 3)
TEXT = "Dear friends,\n\nI will table the question\nnext month. I support it.\n\nYours"


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return make.campaign(session)


@pytest.fixture
def vera(session: Session, campaign: Campaign) -> Actor:
    return make.vera(session, campaign)


@pytest.fixture
def letter(session: Session, campaign: Campaign) -> Letter:
    return make.letter(session, campaign, state=State.SENT)


def log(session: Session, letters: Letter | list[Letter], by: Actor, **values: Any) -> Reply:
    values = {
        "channel": ReplyChannel.EMAIL,
        "received_on": TODAY,
        "text": TEXT,
        "kind": ReplyKind.SUPPORTIVE,
        "signed_by": SignedBy.STAFF,
        "now": values.pop("now", make.NOW),
    } | values
    many = letters if isinstance(letters, list) else [letters]
    return log_answer(session, letters=many, by=by, **values)


def test_an_answer_is_kept_and_the_letter_is_answered(session, letter, vera) -> None:
    reply = log(session, letter, vera)
    assert (letter.answered_on, letter.last_reply_kind) == (TODAY, "supportive")
    assert letter.closed_on == TODAY
    assert letter.state is State.SENT
    assert reply.rehearsal is True
    assert reply.logged_by == "Vera"
    assert session.scalars(sa.select(ReplyLetter.letter_id)).all() == [letter.id]
    names = session.scalars(sa.select(Event.name).where(Event.subject_kind == "reply")).all()
    assert names == ["logged"]


@pytest.mark.parametrize("kind", ReplyKind)
def test_every_kind_does_what_its_row_says(session, letter, vera, kind) -> None:
    row = KINDS[kind]
    reply = log(session, letter, vera, kind=kind)
    assert (letter.answered_on is not None) == row.stops
    assert (letter.closed_on is not None) == row.closes
    opened = session.scalars(
        sa.select(Task).where(Task.subject_kind == "reply", Task.subject_id == reply.id)
    ).all()
    assert [task.kind for task in opened] == ([row.task] if row.task else [])
    assert all(task.rehearsal and task.done_at is None for task in opened)
    assert all(letter.recipient in task.title for task in opened)


def test_a_stance_rests_on_the_quoted_sentence(session, letter, vera) -> None:
    reply = log(
        session,
        letter,
        vera,
        stance=Position.SUPPORT,
        quote="I will table the question next month.",
    )
    row = session.scalars(sa.select(Stance)).one()
    assert (row.position, row.basis) == (Position.SUPPORT, StanceBasis.QUOTE)
    assert (row.target_id, row.ask_id) == (letter.target_id, letter.ask_id)
    assert (row.source_kind, row.source_id) == ("reply", reply.id)
    assert row.said_on == TODAY and row.rehearsal is True


def test_a_vote_rests_on_its_record(session, letter, vera) -> None:
    log(
        session,
        letter,
        vera,
        channel=ReplyChannel.VOTE,
        kind=ReplyKind.ACTION_REPORT,
        text="",
        stance=Position.SUPPORT,
        link="https://parliament.example/votes/17",
    )
    assert session.scalars(sa.select(Stance.basis)).one() is StanceBasis.ACT


def test_a_call_rests_on_what_was_said(session, letter, vera) -> None:
    log(session, letter, vera, channel=ReplyChannel.PHONE, stance=Position.UNDECIDED)
    assert session.scalars(sa.select(Stance.basis)).one() is StanceBasis.NOTE


def test_a_promise_is_due_on_its_day(session, letter, vera) -> None:
    log(
        session,
        letter,
        vera,
        channel=ReplyChannel.PHONE,
        kind=ReplyKind.HOLDING,
        promise="Asks the minister",
        due_on=dt.date(2026, 5, 15),
    )
    promise = session.scalars(sa.select(Promise)).one()
    assert (promise.text, promise.due_on) == ("Asks the minister", dt.date(2026, 5, 15))
    assert promise.state is PromiseState.OPEN


def test_a_holding_answer_with_a_day_is_a_promise(session, letter, vera) -> None:
    log(session, letter, vera, kind=ReplyKind.HOLDING, due_on=dt.date(2026, 4, 1))
    assert session.scalars(sa.select(Promise.due_on)).one() == dt.date(2026, 4, 1)


def never_rules(session: Session) -> list[ContactRule]:
    standing = sa.select(ContactRule).where(ContactRule.lifted_at.is_(None))
    return [rule for rule in session.scalars(standing) if rule.kind is RuleKind.NEVER]


def test_who_acts_for_their_voters_only_is_written_to_by_nobody(session, vera) -> None:
    live = make.campaign(session, slug="live", mode=Mode.LIVE, live_at=make.NOW)
    letter = make.letter(session, live, state=State.SENT)
    reply = log(session, letter, vera, kind=ReplyKind.CONSTITUENTS_ONLY)
    (rule,) = never_rules(session)
    assert rule.target_id == letter.target_id and f"answer {reply.id}" in rule.source
    # Again changes nothing; undone, it is lifted.
    log(session, letter, vera, kind=ReplyKind.CONSTITUENTS_ONLY)
    assert len(never_rules(session)) == 1
    undo_answer(session, reply, by=vera, now=make.NOW)
    assert never_rules(session) == []


def test_a_rehearsed_answer_makes_no_rule(session, letter, vera) -> None:
    log(session, letter, vera, kind=ReplyKind.CONSTITUENTS_ONLY)
    assert never_rules(session) == []


def test_who_left_gets_none_of_the_letters_that_wait(session, campaign, letter, vera) -> None:
    to = session.get_one(Target, letter.target_id)
    waits = make.letter(
        session,
        campaign,
        target=to,
        state=State.SCHEDULED,
        kind=LetterKind.REMINDER,
        follows_id=letter.id,
    )
    other = make.letter(session, campaign, state=State.SCHEDULED)
    log(session, letter, vera, kind=ReplyKind.LEFT_OFFICE)
    assert (waits.state, other.state) == (State.HELD, State.SCHEDULED)
    assert "left the post" in waits.reason


def test_an_absence_parks_the_letter(session, letter, vera) -> None:
    log(session, letter, vera, kind=ReplyKind.OUT_OF_OFFICE, back_on=dt.date(2026, 3, 20))
    assert letter.parked_until == dt.date(2026, 3, 23)  # the working day after
    assert letter.answered_on is None


def test_a_hard_bounce_moves_the_letter_and_asks_for_another_way(session, letter, vera) -> None:
    log(session, letter, vera, kind=ReplyKind.BOUNCE_HARD, signed_by=SignedBy.AUTOMATIC)
    assert letter.state is State.BOUNCED
    moved = session.scalars(sa.select(Event).where(Event.name == "bounce")).one()
    assert moved.by == "Vera"
    assert session.scalars(sa.select(Task.kind)).all() == [TaskKind.FIND_ADDRESS]


def test_a_hard_bounce_of_what_bounced_already_is_only_kept(session, letter, vera) -> None:
    log(session, letter, vera, kind=ReplyKind.BOUNCE_HARD)
    log(session, letter, vera, kind=ReplyKind.BOUNCE_HARD)
    assert letter.state is State.BOUNCED


def test_an_objection_suppresses_desk_and_address_at_once(session, letter, vera) -> None:
    log(session, letter, vera, kind=ReplyKind.OBJECTION_DATA)
    rows = session.execute(sa.select(Suppression.scope, Suppression.value))
    values = {(scope.value, value) for scope, value in rows}
    office = session.get_one(make.Office, letter.office_id)
    assert values == {("office", office.key), ("address", letter.address)}


def test_an_objection_by_post_suppresses_the_desk(session, campaign, vera) -> None:
    letter = make.letter(
        session, campaign, state=State.SENT, channel="postal", address="1 Street\nTown"
    )
    log(session, letter, vera, kind=ReplyKind.OBJECTION_DATA, channel=ReplyChannel.POST)
    assert session.scalars(sa.select(Suppression.scope)).all() == ["office"]


def test_a_referral_opens_a_task_and_leaves_the_ask_open(session, letter, vera) -> None:
    log(session, letter, vera, kind=ReplyKind.REFERRAL)
    assert letter.closed_on is None
    assert session.scalars(sa.select(Task.kind)).one() is TaskKind.FOLLOW_REFERRAL


def test_the_task_of_logging_is_finished(session, campaign, letter, vera, now) -> None:
    task = tasks.open_task(
        session,
        campaign_id=campaign.id,
        kind=TaskKind.LOG_ANSWER,
        subject=("letter", letter.id),
        title="Log it",
        due_on=None,
        rehearsal=True,
        now=now,
        by=vera,
    )
    tasks.take(session, task, by=vera, now=now)
    other = tasks.open_task(
        session,
        campaign_id=campaign.id,
        kind=TaskKind.SETTLE_UNKNOWN,
        subject=("letter", letter.id),
        title="Settle it",
        due_on=None,
        rehearsal=True,
        now=now,
        by=vera,
    )
    log(session, letter, vera, kind=ReplyKind.HOLDING)
    session.refresh(task)
    session.refresh(other)
    assert task.done_at is not None
    assert other.done_at is None


def test_one_answer_to_two_letters(session, campaign, letter, vera) -> None:
    target = session.get_one(make.Target, letter.target_id)
    second = make.letter(session, campaign, state=State.SENT, target=target)
    log(session, [letter, second], vera, kind=ReplyKind.HOLDING)
    assert letter.answered_on == second.answered_on == TODAY


def test_an_older_answer_logged_later_does_not_hide_the_newer(session, letter, vera) -> None:
    later = make.NOW + dt.timedelta(days=10)
    log(session, letter, vera, received_on=dt.date(2026, 3, 10), now=later)
    log(session, letter, vera, kind=ReplyKind.HOLDING, now=later)
    assert (letter.last_reply_kind, letter.answered_on) == ("supportive", dt.date(2026, 3, 10))


REFUSED = {
    "future": ({"received_on": TODAY + dt.timedelta(days=1)}, "received_on"),
    "before it left": ({"received_on": TODAY - dt.timedelta(days=1)}, "received_on"),
    "no words": ({"text": "  "}, "text"),
    "no quote": ({"stance": Position.SUPPORT}, "quote"),
    "not their words": ({"stance": Position.SUPPORT, "quote": "I love it"}, "quote"),
    "quote without stance": ({"quote": "I love it"}, "quote"),
    "vote without link": (
        {"channel": ReplyChannel.VOTE, "stance": Position.OPPOSE},
        "link",
    ),
    "script": ({"link": "javascript:alert(1)"}, "link"),
    "half a link": ({"link": "parliament.example/17"}, "link"),
    "machine's stance": (
        {"kind": ReplyKind.AUTO_REPLY, "stance": Position.SUPPORT, "quote": "I support it."},
        "stance",
    ),
    "promise without day": ({"promise": "Asks the minister"}, "due_on"),
    "day without promise": ({"due_on": TODAY}, "promise"),
    "due before made": (
        {"promise": "Asks", "due_on": TODAY - dt.timedelta(days=1)},
        "due_on",
    ),
    "return without absence": ({"back_on": TODAY}, "back_on"),
    "back before gone": (
        {"kind": ReplyKind.OUT_OF_OFFICE, "back_on": TODAY - dt.timedelta(days=1)},
        "back_on",
    ),
    "too long": ({"note": "x" * 2_001}, "note"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_names_its_field(session, letter, vera, case) -> None:
    values, field = REFUSED[case]
    with pytest.raises(BadInput) as caught:
        log(session, letter, vera, **values)
    assert caught.value.field == field
    assert session.scalars(sa.select(Reply)).all() == []


@pytest.mark.parametrize("state", [s for s in State if s not in ("sent", "unknown", "bounced")])
def test_what_has_not_left_can_not_be_answered(session, campaign, vera, state) -> None:
    letter = make.letter(session, campaign, state=state)
    with pytest.raises(BadInput):
        log(session, letter, vera)


@pytest.mark.parametrize("state", [State.UNKNOWN, State.BOUNCED])
def test_what_may_have_arrived_can_be_answered(session, campaign, vera, state) -> None:
    letter = make.letter(session, campaign, state=state)
    log(session, letter, vera)
    assert letter.answered_on == TODAY
    assert letter.state is state


def test_the_day_counts_in_the_zone_of_the_campaign(session, letter, vera) -> None:
    # 23:30 UTC on 3 March is 4 March in Kyiv.
    late = dt.datetime(2026, 3, 3, 23, 30, tzinfo=dt.UTC)
    tomorrow = TODAY + dt.timedelta(days=1)
    with pytest.raises(BadInput):
        log(session, letter, vera, received_on=tomorrow, now=late)
    session.get_one(Campaign, letter.campaign_id).timezone = "Europe/Kyiv"
    log(session, letter, vera, received_on=tomorrow, now=late)


def test_no_letter_no_answer(session, vera) -> None:
    with pytest.raises(BadInput):
        log(session, [], vera)


def test_letters_to_two_desks_are_answered_apart(session, campaign, letter, vera) -> None:
    other = make.letter(session, campaign, state=State.SENT)
    with pytest.raises(BadInput):
        log(session, [letter, other], vera)


def test_two_asks_are_never_pooled_into_one_stance(session, campaign, letter, vera) -> None:
    target = session.get_one(make.Target, letter.target_id)
    second = make.letter(session, campaign, state=State.SENT, target=target)
    with pytest.raises(BadInput) as caught:
        log(
            session,
            [letter, second],
            vera,
            stance=Position.SUPPORT,
            quote="I support it.",
        )
    assert caught.value.field == "stance"


def test_a_machine_logs_nothing(session, letter) -> None:
    with pytest.raises(NotAllowed):
        log(session, letter, Actor("clock"))


@pytest.mark.parametrize(
    ("quote", "text", "found"),
    [
        ("we will ask", "Yes, we\nwill   ask.", True),
        ("we will ask", "> Yes, we\n> will ask.", True),
        ("“we will ask”", 'They said "we will ask" today', True),
        ("We don’t know", "we don't know", True),
        ("Мы поддержим", "Да, мы  поддержим это", True),
        ("we will not ask", "we will ask", False),
    ],
)
def test_quotes_tolerate_white_space_and_marks(quote: str, text: str, found: bool) -> None:
    assert occurs(quote, text) is found


@pytest.mark.parametrize("said", ["stance", "promise"])
def test_a_threat_settles_nothing_that_others_would_read(session, letter, vera, said) -> None:
    values = {
        "stance": {"stance": Position.OPPOSE, "quote": "I support it."},
        "promise": {"promise": "You will see.", "due_on": TODAY},
    }[said]
    with pytest.raises(BadInput) as refused:
        log(session, letter, vera, kind=ReplyKind.HOSTILE, **values)
    assert refused.value.field == said


def test_a_reminder_on_its_way_moves_to_when_they_are_back(session, campaign, letter, vera) -> None:
    def scheduled(days: int) -> Letter:
        session.execute(sa.update(Letter).where(Letter.kind == "reminder").values(kind="thanks"))
        after = make.NOW + dt.timedelta(days=days)
        return make.letter(
            session,
            campaign,
            kind=LetterKind.REMINDER,
            follows_id=letter.id,
            state=State.SCHEDULED,
            send_after=after,
            send_before=after + dt.timedelta(hours=8),
        )

    soon, back_on = scheduled(1), TODAY + dt.timedelta(days=6)
    log(session, letter, vera, kind=ReplyKind.OUT_OF_OFFICE, back_on=back_on)
    # The working day after their first one, at the same hours.
    assert letter.parked_until == dt.date(2026, 3, 10)
    assert soon.send_after == dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)
    assert soon.send_before == dt.datetime(2026, 3, 10, 17, tzinfo=dt.UTC)
    late = scheduled(20)
    was = late.send_after
    log(session, letter, vera, kind=ReplyKind.OUT_OF_OFFICE, back_on=back_on)
    assert late.send_after == was


def test_a_reminder_that_missed_its_window_keeps_no_absence_from_being_filed(
    session, campaign, letter, vera
) -> None:
    """After downtime a message may be read before the clock notes what was missed."""
    reminder = make.letter(
        session,
        campaign,
        kind=LetterKind.REMINDER,
        follows_id=letter.id,
        state=State.SCHEDULED,
        send_after=make.NOW - dt.timedelta(days=4),
        send_before=make.NOW - dt.timedelta(days=4, hours=-8),
    )
    letter.sent_at = make.NOW - dt.timedelta(days=30)
    day = TODAY - dt.timedelta(days=4)
    log(session, letter, vera, kind=ReplyKind.OUT_OF_OFFICE, received_on=day, back_on=day)
    assert letter.parked_until is not None
    assert reminder.send_after == make.NOW - dt.timedelta(days=4)
