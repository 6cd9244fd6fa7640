"""Every number agrees with the list it opens, and rehearsed things are never in a live one."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from outreach.accounts import tasks
from outreach.accounts.models import Mode, TaskKind
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.overview import letters as letters_part
from outreach.overview import positions
from outreach.overview.board import (
    ON_BOARD,
    ON_TODAY,
    PARTS,
    board,
    listed,
    narrowed,
    numbers,
    scope_of,
)
from outreach.overview.phases import LABELS, STATES, Phase
from outreach.overview.scope import number
from outreach.petitions.models import Position, Reading, ReadingState
from outreach.replies.consequences.filing import undo_answer
from outreach.replies.models import ReplyKind
from tests import make
from tests.replies.consequences.test_filing import log

TODAY = dt.date(2026, 3, 3)


@pytest.fixture
def campaign(session):
    return make.campaign(session)


@pytest.fixture
def full(session, campaign):
    """Letters in every state to two countries, live and rehearsed, with answers to some."""
    vera = make.vera(session, campaign)
    # Each letter has a desk of its own, so all of them may ask the same in the same words.
    alike = {
        "version": make.template_version(session, campaign),
        "sender": make.sender(session, campaign),
        "ask": make.ask(session, campaign),
    }
    for rehearsal in (True, False):
        for number_of, code in ((1, "LV"), (2, "EE")):
            for state in State:
                for _ in range(number_of):
                    target = make.target(session, jurisdiction_code=code)
                    make.letter(
                        session,
                        campaign,
                        state=state,
                        target=target,
                        rehearsal=rehearsal,
                        **alike,
                    )
        ask = make.ask(session, campaign)
        for kind, stance in (
            (ReplyKind.SUPPORTIVE, Position.SUPPORT),
            (ReplyKind.OPPOSED, Position.OPPOSE),
            (ReplyKind.ACKNOWLEDGEMENT, None),
            (ReplyKind.AUTO_REPLY, None),
        ):
            to = make.target(session, jurisdiction_code="LV")
            letter = make.letter(
                session, campaign, state=State.SENT, target=to, ask=ask, rehearsal=rehearsal
            )
            log(
                session,
                letter,
                vera,
                kind=kind,
                stance=stance,
                quote="I support it." if stance else "",
                promise="Asks" if stance else "",
                due_on=TODAY if kind is ReplyKind.SUPPORTIVE else dt.date(2026, 5, 15),
            ) if stance else log(session, letter, vera, kind=kind)
        undone = make.letter(session, campaign, state=State.SENT, rehearsal=rehearsal)
        reply = log(session, undone, vera, stance=Position.SUPPORT, quote="I support it.")
        undo_answer(session, reply, by=vera, now=make.NOW)
        for due in (TODAY, TODAY - dt.timedelta(days=1)):
            tasks.open_task(
                session,
                campaign_id=campaign.id,
                kind=TaskKind.OTHER,
                subject=("letter", undone.id),
                title="Do it",
                due_on=due,
                rehearsal=rehearsal,
                now=make.NOW,
                by=vera,
            )
    return vera


@pytest.mark.parametrize("rehearsal", [True, False])
def test_every_number_is_its_list(session, campaign, full, now, rehearsal) -> None:
    scope = scope_of(campaign, now=now, rehearsal=rehearsal, user_id=full.user_id)
    counted = numbers(session, scope, list(PARTS))
    for name, part in PARTS.items():
        rows = listed(session, scope, name, per_page=10_000)
        assert counted[name] == len(rows) == number(session, part.rows(scope)), name
        assert len({row.id for row in rows}) == len(rows), name
        if name not in ("wrong", "readings"):
            assert all(row.rehearsal == rehearsal for row in rows), name


def test_the_board_asks_for_every_number_once(session, campaign, full, now) -> None:
    shown = board(session, campaign, now=now, rehearsal=True)
    assert set(shown.numbers) == set(ON_BOARD) <= set(PARTS)
    assert set(ON_TODAY) <= set(PARTS)
    assert not shown.empty


@pytest.mark.parametrize("rehearsal", [True, False])
def test_every_cell_of_the_matrix_is_its_list(session, campaign, full, now, rehearsal) -> None:
    scope = scope_of(campaign, now=now, rehearsal=rehearsal)
    lines = letters_part.by_jurisdiction(session, scope)
    assert [line.code for line in lines][:2] == ["EE", "LV"]
    for line in lines:
        for phase, many in line.phases.items():
            narrow = narrowed(scope, phase=phase, jurisdiction=line.code)
            assert many == len(listed(session, narrow, "letters", per_page=10_000))
        narrow = narrowed(scope, jurisdiction=line.code)
        assert line.total == len(listed(session, narrow, "letters", per_page=10_000))
    for phase in Phase:
        many = sum(line.phases[phase] for line in lines)
        assert many == number(session, PARTS["letters"].rows(narrowed(scope, phase=phase)))
    assert sum(line.total for line in lines) == number(session, PARTS["letters"].rows(scope))


@pytest.mark.parametrize("rehearsal", [True, False])
def test_every_cell_of_the_stances_is_its_list(session, campaign, full, now, rehearsal) -> None:
    scope = scope_of(campaign, now=now, rehearsal=rehearsal)
    lines = positions.by_ask(session, scope)
    assert len(lines) == 1
    for line in lines:
        for position, many in line.positions.items():
            narrow = narrowed(scope, ask_id=line.ask_id, position=position)
            assert many == len(listed(session, narrow, "stances"))
        assert line.total == number(
            session, PARTS["stances"].rows(narrowed(scope, ask_id=line.ask_id))
        )
    assert lines[0].positions[Position.SUPPORT] == 1
    assert lines[0].positions[Position.OPPOSE] == 1


def test_the_numbers_are_right(session, campaign, full, now) -> None:
    scope = scope_of(campaign, now=now, rehearsal=False, user_id=full.user_id)
    assert numbers(session, scope, ON_BOARD) == {
        "letters": 3 * len(State) + 5,
        "approval": 3,
        # Three that nobody answered, one only a machine did, one merely acknowledged, one whose
        # answer was undone.
        "unanswered": 6,
        "answers": 3,
        "substantive": 2,
        "stances": 2,
        "promises": 1,
        "promised": 1,
        "readings": 0,
        "unknown": 3,
        "missed": 3,
        "held": 3,
        "failed": 3,
        "bounced": 3,
        "unread": 0,
        "unmatched": 0,
        "mailboxes": 0,
        "tasks": 1,
    }


def test_each_letter_is_in_one_phase(session, campaign, full) -> None:
    assert set(LABELS) == set(STATES) == set(Phase)
    assert set().union(*STATES.values()) == set(State)


def test_held_readings_wait_in_a_rehearsal_too(session, campaign, now) -> None:
    petition = make.petition(session, campaign)
    session.add(
        Reading(
            campaign_id=campaign.id,
            petition_id=petition.id,
            value=10,
            page_url="https://petition.example",
            read_on=TODAY,
            by="Sam",
            at=now,
            state=ReadingState.HELD,
        )
    )
    session.flush()
    live = scope_of(campaign, now=now, rehearsal=False)
    assert numbers(session, live, ["readings"]) == {"readings": 1}
    rehearsed = scope_of(campaign, now=now, rehearsal=True)
    assert numbers(session, rehearsed, ["readings"]) == {"readings": 1}


def test_the_longest_silence_comes_first(session, campaign, now) -> None:
    days = (3, 9, 6)
    for ago in days:
        letter = make.letter(session, campaign, state=State.SENT)
        letter.sent_at = now - dt.timedelta(days=ago)
    session.flush()
    shown = board(session, campaign, now=now, rehearsal=True)
    assert [(now - letter.sent_at).days for letter in shown.oldest] == [9, 6, 3]


def test_what_went_wrong_since_yesterday(session, campaign, now) -> None:
    olga = make.olga(session, campaign)
    for days in (0, 1, 3):
        letter = make.letter(session, campaign, state=State.APPROVED)
        at = now - dt.timedelta(days=days)
        moving.make(session, letter, "hold", by=olga, now=at, reason="wait")
    scope = scope_of(campaign, now=now, rehearsal=True)
    rows = listed(session, scope, "wrong")
    assert len(rows) == 2
    assert all(row.to_state == "held" for row in rows)


def test_today_is_a_day_of_the_campaign(session, campaign) -> None:
    campaign.timezone = "Pacific/Auckland"
    late = dt.datetime(2026, 3, 3, 20, 0, tzinfo=dt.UTC)
    scope = scope_of(campaign, now=late, rehearsal=True)
    assert scope.today == dt.date(2026, 3, 4)
    assert scope.since == dt.datetime(2026, 3, 2, 11, 0, tzinfo=dt.UTC)


def test_another_campaign_counts_for_itself(session, campaign, full, now) -> None:
    other = make.campaign(session, mode=Mode.LIVE, live_at=now)
    for rehearsal in (True, False):
        assert board(session, other, now=now, rehearsal=rehearsal).empty


def test_the_board_takes_the_same_queries_for_one_letter_or_many(session, campaign, now) -> None:
    counts = []
    engine = session.get_bind()
    for many in (1, 30):
        for _ in range(many):
            make.letter(session, campaign, state=State.SENT)
        seen: list[str] = []

        def watch(*args, seen=seen):
            seen.append(args[2])

        event.listen(engine, "before_cursor_execute", watch)
        board(session, campaign, now=now, rehearsal=True)
        event.remove(engine, "before_cursor_execute", watch)
        counts.append(len(seen))
    assert counts == [4, 4]
    assert session.scalar(sa.select(sa.func.count()).select_from(Reading)) == 0
