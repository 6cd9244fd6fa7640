"""Every state × every move × every hand, on both databases: only what the table allows."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import CLOCK, Actor, Event, Sender
from outreach.database import Database
from outreach.errors import BadInput, MoveRefused, NotAllowed, OutreachError, Refused
from outreach.letters import checks, moving
from outreach.letters.lifecycle import BY_NAME, MOVES, SEALED, Hand, Move, State
from outreach.letters.models import Letter
from outreach.letters.sealing import seal_of
from outreach.words import Sentence
from tests import make

ALL_HANDS = Actor("everybody", hands=frozenset(hand.value for hand in Hand))


def window(now: dt.datetime) -> dict[str, Any]:
    return {"send_after": now, "send_before": now + dt.timedelta(hours=8), "send_because": "test"}


def one_letter_per_state(session: Session) -> dict[State, Letter]:
    campaign = make.campaign(session)
    return {state: make.letter(session, campaign, state=state) for state in State}


def attempt(session: Session, letter: Letter, move: Move, by: Actor, now: dt.datetime) -> str:
    """Make the move and undo it; the state it led to, or the name of the error."""
    values = window(now) if move.target in (State.SCHEDULED, State.MISSED) else {}
    savepoint = session.begin_nested()
    try:
        moving.make(session, letter, move.name, by=by, now=now, reason="a test", **values)
        session.flush()
        return letter.state.value
    except OutreachError as error:
        return type(error).__name__
    finally:
        savepoint.rollback()
        session.refresh(letter)


def test_every_state_and_every_move(session: Session, now: dt.datetime) -> None:
    letters = one_letter_per_state(session)
    for state, letter in letters.items():
        for move in MOVES:
            expected = move.target.value if state in move.sources else "MoveRefused"
            assert attempt(session, letter, move, ALL_HANDS, now) == expected, (state, move.name)


def test_every_allowed_move_and_every_hand(session: Session, now: dt.datetime) -> None:
    letters = one_letter_per_state(session)
    for move in MOVES:
        for state in move.sources:
            for hand in Hand:
                by = Actor("one hand", hands=frozenset({hand.value}))
                expected = move.target.value if hand in move.hands else "NotAllowed"
                result = attempt(session, letters[state], move, by, now)
                assert result == expected, (state, move.name, hand)


def test_the_moves_offered_are_the_moves_that_work(session: Session) -> None:
    letters = one_letter_per_state(session)
    for state, letter in letters.items():
        assert {move.name for move in moving.possible_moves(letter, ALL_HANDS)} == {
            move.name for move in MOVES if state in move.sources
        }


def test_hands_come_from_the_role_and_the_letter(session: Session) -> None:
    campaign = make.campaign(session)
    sam, olga, vera = (who(session, campaign) for who in (make.sam, make.olga, make.vera))
    letter = make.letter(session, campaign, author_id=sam.user_id)
    assert [move.name for move in moving.possible_moves(letter, sam)] == ["submit", "withdraw"]
    assert [move.name for move in moving.possible_moves(letter, olga)] == ["withdraw"]
    assert moving.possible_moves(letter, vera) == ()


def test_every_move_writes_one_event(session: Session, now: dt.datetime) -> None:
    letters = one_letter_per_state(session)
    for move in MOVES:
        state = sorted(move.sources)[0]
        letter = letters[state]
        values = window(now) if move.target in (State.SCHEDULED, State.MISSED) else {}
        savepoint = session.begin_nested()
        moving.make(session, letter, move.name, by=ALL_HANDS, now=now, reason="because", **values)
        session.flush()
        event = session.execute(
            sa.select(
                Event.name, Event.from_state, Event.to_state, Event.by, Event.at, Event.detail
            ).where(Event.subject_kind == "letter", Event.subject_id == letter.id)
        ).one()
        assert event[:5] == (move.name, state.value, move.target.value, "everybody", now)
        assert event.detail["reason"] == "because"
        savepoint.rollback()
        session.refresh(letter)


def test_a_move_that_asks_why_is_refused_without_a_reason(
    session: Session, now: dt.datetime
) -> None:
    letters = one_letter_per_state(session)
    for move in (move for move in MOVES if move.reason):
        letter = letters[sorted(move.sources)[0]]
        with pytest.raises(BadInput) as caught:
            moving.make(session, letter, move.name, by=ALL_HANDS, now=now, reason="  ")
        assert caught.value.field == "reason"
    assert session.scalar(sa.select(sa.func.count()).select_from(Event)) == 0


def test_approval_seals_and_a_change_voids_it(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    sam, olga = make.sam(session, campaign), make.olga(session, campaign)
    letter = make.letter(session, campaign, author_id=sam.user_id)
    moving.make(session, letter, "submit", by=sam, now=now)
    assert letter.seal is None
    moving.make(session, letter, "approve", by=olga, now=now)
    assert letter.seal == seal_of(session, letter)
    assert (letter.approved_by, letter.approved_by_id, letter.approved_at) == (
        "Olga",
        olga.user_id,
        now,
    )
    moving.make(session, letter, "revise", by=sam, now=now, reason="a better word")
    assert letter.state is State.DRAFT
    assert (letter.seal, letter.approved_by, letter.approved_by_id, letter.approved_at) == (
        None,
        None,
        None,
        None,
    )


@pytest.mark.parametrize("column", ["subject", "text", "address", "recipient", "envelope"])
def test_the_seal_covers_what_was_approved(session: Session, column: str) -> None:
    letter = make.letter(session, make.campaign(session))
    before = seal_of(session, letter)
    setattr(letter, column, "something else")
    session.flush()
    assert seal_of(session, letter) != before


@pytest.mark.parametrize(
    "column", ["name", "role_line", "postal_address", "from_address", "reply_to"]
)
def test_the_seal_covers_who_signs_and_the_letterhead(session: Session, column: str) -> None:
    letter = make.letter(session, make.campaign(session))
    before = seal_of(session, letter)
    setattr(session.get_one(Sender, letter.sender_id), column, "other@example.org")
    session.flush()
    assert seal_of(session, letter) != before


@pytest.mark.parametrize("state", sorted(State))
def test_the_database_ties_the_seal_to_the_state(session: Session, state: State) -> None:
    letter = make.letter(session, make.campaign(session), state=state)
    wrong = (
        {"seal": None, "approved_at": None}
        if state in SEALED
        else {"seal": "1" * 64, "approved_at": letter.made_at}
    )
    with pytest.raises(sa.exc.IntegrityError, match="sealed_when_approved"):
        session.execute(sa.update(Letter).where(Letter.id == letter.id).values(**wrong))


def test_nobody_approves_their_own_words(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    olga = make.olga(session, campaign)
    letter = make.letter(session, campaign, author_id=olga.user_id, state=State.REVIEW)
    with pytest.raises(Refused, match="somebody else"):
        moving.make(session, letter, "approve", by=olga, now=now)
    assert letter.state is State.REVIEW


def test_the_database_refuses_an_author_as_approver(session: Session) -> None:
    campaign = make.campaign(session)
    olga = make.olga(session, campaign)
    letter = make.letter(
        session, campaign, author_id=olga.user_id, state=State.APPROVED, approved_by_id=None
    )
    with pytest.raises(sa.exc.IntegrityError, match="four_eyes"):
        session.execute(
            sa.update(Letter).where(Letter.id == letter.id).values(approved_by_id=olga.user_id)
        )


def test_one_person_may_approve_under_a_logged_setting(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session, four_eyes=False, self_approval_under="one of us, 3 March")
    olga = make.olga(session, campaign)
    letter = make.letter(session, campaign, author_id=olga.user_id, state=State.REVIEW)
    moving.make(session, letter, "approve", by=olga, now=now)
    assert letter.self_approved_under == "one of us, 3 March"


def test_a_letter_with_gaps_does_not_go_to_approval(
    session: Session, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "stopping", lambda _letter: [Sentence("No name.")])
    letter = make.letter(session, make.campaign(session))
    with pytest.raises(Refused) as caught:
        moving.make(session, letter, "submit", by=ALL_HANDS, now=now)
    assert caught.value.reasons == (Sentence("No name."),)


def test_reopening_meets_the_letter_that_took_its_place(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    failed = make.letter(session, campaign, state=State.FAILED)
    make.letter(
        session,
        campaign,
        office_id=failed.office_id,
        ask_id=failed.ask_id,
        target=session.get_one(make.Target, failed.target_id),
    )
    with pytest.raises(Refused, match="already open at this desk"):
        moving.make(session, failed, "schedule", by=ALL_HANDS, now=now, **window(now))
    session.refresh(failed)
    assert failed.state is State.FAILED


def test_the_window_goes_when_the_letter_leaves_the_schedule(
    session: Session, now: dt.datetime
) -> None:
    letter = make.letter(session, make.campaign(session), state=State.SCHEDULED)
    moving.make(session, letter, "unschedule", by=ALL_HANDS, now=now)
    assert (letter.send_after, letter.send_before, letter.send_because) == (None, None, "")


def test_what_came_back_late_keeps_the_day_it_went(session: Session, now: dt.datetime) -> None:
    letter = make.letter(session, make.campaign(session), state=State.SENT)
    went = letter.sent_at
    later = now + dt.timedelta(days=2)
    moving.make(session, letter, "bounce", by=ALL_HANDS, now=later, reason="550 no such user")
    moving.make(session, letter, "unbounce", by=ALL_HANDS, now=later, reason="they wrote back")
    assert letter.sent_at == went


def test_an_answer_is_noted_and_undone(session: Session, now: dt.datetime) -> None:
    letter = make.letter(session, make.campaign(session), state=State.SENT)
    day = now.date()
    moving.mark_answered(session, letter, kind="supportive", on=day, closes=True, by=CLOCK, now=now)
    assert (letter.answered_on, letter.last_reply_kind, letter.closed_on) == (
        day,
        "supportive",
        day,
    )
    moving.unmark_answered(session, letter, left=None, by=CLOCK, now=now)
    assert (letter.answered_on, letter.last_reply_kind, letter.closed_on) == (None, None, None)
    moving.park(session, letter, until=day, by=CLOCK, now=now)
    assert letter.parked_until == day
    names = [event.name for event in audit.history(session, "letter", letter.id)]
    assert names == ["answered", "answer_undone", "parked"]


def test_nothing_answers_a_letter_that_never_left(session: Session, now: dt.datetime) -> None:
    letter = make.letter(session, make.campaign(session))
    with pytest.raises(MoveRefused):
        moving.mark_answered(
            session, letter, kind="supportive", on=now.date(), closes=False, by=CLOCK, now=now
        )


def race(
    database: Database, *runners: Callable[[Session, Letter], None], letter_id: int
) -> list[str]:
    """Run each in its own thread and session, from the same moment; what each came to."""
    barrier = threading.Barrier(len(runners))
    results: list[str] = []

    def run(act: Callable[[Session, Letter], None]) -> None:
        barrier.wait()
        try:
            with database.writing() as session:
                act(session, session.get_one(Letter, letter_id))
            results.append("won")
        except (MoveRefused, NotAllowed) as error:
            results.append(type(error).__name__)

    threads = [threading.Thread(target=run, args=(act,)) for act in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


def test_two_approvers_at_once(database: Database, now: dt.datetime) -> None:
    with database.writing() as session:
        campaign = make.campaign(session)
        olga, ada = make.olga(session, campaign), make.ada(session, campaign)
        letter_id = make.letter(session, campaign, state=State.REVIEW).id

    def approve(by: Actor) -> Callable[[Session, Letter], None]:
        return lambda session, letter: moving.make(session, letter, "approve", by=by, now=now)

    results = race(database, approve(olga), approve(ada), letter_id=letter_id)
    assert results == ["MoveRefused", "won"]
    with database.reading() as session:
        (event,) = audit.history(session, "letter", letter_id)
        assert event.name == "approve"
        assert session.get_one(Letter, letter_id).approved_by == event.by


def test_two_clicks_at_once(database: Database, now: dt.datetime) -> None:
    with database.writing() as session:
        letter_id = make.letter(session, make.campaign(session), state=State.APPROVED).id

    def schedule(session: Session, letter: Letter) -> None:
        moving.make(session, letter, "schedule", by=ALL_HANDS, now=now, **window(now))

    assert race(database, *[schedule] * 4, letter_id=letter_id) == ["MoveRefused"] * 3 + ["won"]


def test_a_move_seen_too_late_is_refused(database: Database, now: dt.datetime) -> None:
    """The row moved between our look and our update: the update names the old state."""
    with database.writing() as session:
        letter_id = make.letter(session, make.campaign(session), state=State.APPROVED).id
    with database.session(writes=True) as session:
        letter = session.get_one(Letter, letter_id)
        session.execute(
            sa.update(Letter)
            .where(Letter.id == letter_id)
            .values(state=State.HELD)
            .execution_options(synchronize_session=False)
        )
        assert letter.state is State.APPROVED
        with pytest.raises(MoveRefused, match="faster"):
            moving.make(session, letter, "schedule", by=ALL_HANDS, now=now, **window(now))
        assert letter.state is State.HELD
        session.rollback()


def test_the_clock_may_do_nothing_that_is_not_in_the_table(
    session: Session, now: dt.datetime
) -> None:
    letter = make.letter(session, make.campaign(session), state=State.REVIEW)
    with pytest.raises(NotAllowed):
        moving.make(session, letter, "approve", by=CLOCK, now=now)
    assert BY_NAME["approve"].target is State.APPROVED


def test_only_what_was_read_is_approved(session: Session, now: dt.datetime) -> None:
    letter = make.letter(session, make.campaign(session), state=State.REVIEW)
    read = seal_of(session, letter)
    letter.text += "\n\nOne more sentence."
    session.flush()
    with pytest.raises(MoveRefused, match="changed since you opened it"):
        moving.make(session, letter, "approve", by=ALL_HANDS, now=now, seen=read)
    assert letter.state is State.REVIEW
    read = seal_of(session, letter)
    moving.make(session, letter, "approve", by=ALL_HANDS, now=now, seen=read)
    assert letter.seal == read


def test_the_seal_is_of_the_words_in_the_row(database: Database, now: dt.datetime) -> None:
    """The row got other words between our look and the approval: those are sealed."""
    with database.writing() as session:
        letter_id = make.letter(session, make.campaign(session), state=State.REVIEW).id
    with database.writing() as session:
        letter = session.get_one(Letter, letter_id)
        session.execute(
            sa.update(Letter)
            .values(text="Dear Member,\n\nOther words.")
            .execution_options(synchronize_session=False)
        )
        moving.make(session, letter, "approve", by=ALL_HANDS, now=now)
        assert "Other words." in letter.text
        assert letter.seal == seal_of(session, letter)


def test_an_answer_is_not_undone_into_a_second_open_ask(session: Session, now: dt.datetime) -> None:
    campaign = make.campaign(session)
    to, ask = make.target(session), make.ask(session, campaign)
    letter = make.letter(session, campaign, target=to, ask=ask, state=State.SENT)
    day = now.date()
    moving.mark_answered(session, letter, kind="supportive", on=day, closes=True, by=CLOCK, now=now)
    make.letter(session, campaign, target=to, ask=ask)
    with pytest.raises(Refused, match="already open"):
        moving.unmark_answered(session, letter, left=None, by=CLOCK, now=now)
    assert letter.closed_on == day
