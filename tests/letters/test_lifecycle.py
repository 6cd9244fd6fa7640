"""The table of moves: sound in itself, and the constraint is drawn from it."""

from __future__ import annotations

import sqlalchemy as sa

from outreach.letters.lifecycle import (
    ASK_FREE,
    BY_NAME,
    MOVES,
    NOTED,
    SEALED,
    UNSENT,
    Hand,
    State,
    happened,
    moves_from,
)
from outreach.letters.models import Letter


def reached_from(start: State) -> set[State]:
    """Every state that some chain of moves leads to."""
    seen, todo = {start}, [start]
    while todo:
        state = todo.pop()
        for move in MOVES:
            if state in move.sources and move.target not in seen:
                seen.add(move.target)
                todo.append(move.target)
    return seen


def test_every_state_is_reached_from_a_draft() -> None:
    assert reached_from(State.DRAFT) == set(State)


def test_withdrawn_is_the_only_dead_end() -> None:
    ends = {state for state in State if not any(state in move.sources for move in MOVES)}
    assert ends == {State.WITHDRAWN}


def test_names_are_unique_and_every_move_has_a_hand_and_words() -> None:
    assert len(BY_NAME) == len(MOVES)
    for move in MOVES:
        assert move.hands and move.sources and move.label and move.happened


def test_only_approval_seals() -> None:
    sealing = {move.name for move in MOVES if move.target in SEALED and not move.sources & SEALED}
    assert sealing == {"approve"}


def test_what_left_never_becomes_a_draft_again() -> None:
    gone = {State.SENDING, State.SENT, State.UNKNOWN, State.BOUNCED}
    for move in MOVES:
        if move.target is State.DRAFT:
            assert not move.sources & gone
    assert not UNSENT & gone


def test_only_the_clock_sends_and_no_machine_approves() -> None:
    for move in MOVES:
        if move.target is State.SENDING:
            assert move.hands == {Hand.CLOCK}
    assert not BY_NAME["approve"].hands & {Hand.CLOCK, Hand.INBOX}
    assert not BY_NAME["schedule"].hands & {Hand.CLOCK, Hand.INBOX}


def test_moves_are_offered_in_the_order_of_the_table() -> None:
    names = [move.name for move in moves_from(State.DRAFT, frozenset({"author", "approver"}))]
    assert names == ["submit", "withdraw"]
    assert moves_from(State.WITHDRAWN, frozenset(Hand)) == ()


def test_the_check_constraint_lists_exactly_the_sealed_states() -> None:
    table = Letter.__table__
    assert isinstance(table, sa.Table)
    (text,) = (
        str(constraint.sqltext)
        for constraint in table.constraints
        if isinstance(constraint, sa.CheckConstraint)
        and str(constraint.name).endswith("sealed_when_approved")
    )
    assert {state for state in State if f"'{state.value}'" in text} == SEALED


def test_the_open_ask_index_leaves_out_exactly_the_free_states() -> None:
    (index,) = (one for one in Letter.__table__.indexes if one.name == "uq_letter_open_ask")
    text = str(index.dialect_options["sqlite"]["where"])
    assert {state for state in State if f"'{state.value}'" in text} == ASK_FREE


def test_the_history_has_words_for_moves_and_for_other_events() -> None:
    assert happened("approve") == "approved"
    assert happened("drafted") == "drafted"
    assert not NOTED.keys() & BY_NAME.keys()
