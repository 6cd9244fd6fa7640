"""What the database says against what the server took: the laws, as numbers that must be 0."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Event, Task, TaskKind
from outreach.database import Database
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending.models import Attempt, Carried, Outcome

MOVED = sa.and_(Event.subject_kind == "letter", Event.to_state.is_not(None))


@dataclass(frozen=True, slots=True)
class Ledger:
    """Letters by what is known of them, and what must never be."""

    letters: int
    delivered: int
    unknown: int
    queued: int
    # In any other state: held, failed, missed.
    stopped: int
    # Of the unknown ones, how many the server has.
    unknown_there: int
    # Delivered to the server more than once, by code or by Message-ID.
    twice: int
    # `sent`, and the server never took it.
    lost: int
    # The server took it, and the letter says that it did not go.
    denied: int
    # Taken by the server under a Message-ID that no attempt has, or with other bytes.
    strangers: int
    # Letters whose events don't lead, one from the other, to the state they are in; attempts that
    # don't fit the claims; unknown letters without a task.
    untold: int

    @property
    def wrong(self) -> dict[str, int]:
        """What is not 0 and must be."""
        must = ("twice", "lost", "denied", "strangers", "untold")
        return {name: value for name in must if (value := getattr(self, name))}

    def row(self, *before: object) -> str:
        """The numbers as a line of a table, behind other columns."""
        return _line(before, [getattr(self, one.name) for one in fields(self)])

    @classmethod
    def head(cls, *before: str) -> str:
        """The names above `row`."""
        return _line(before, [one.name for one in fields(cls)])


def _line(before: Sequence[object], values: Sequence[object]) -> str:
    return (
        " ".join(f"{value!s:>10}" for value in before)
        + " | "
        + " ".join(f"{value!s:>9}" for value in values)
    )


def of(database: Database, taken: Sequence[dict[str, Any]]) -> Ledger:
    """Compare the letters of `database` with the server's book."""
    with database.reading() as session:
        states = dict(session.execute(sa.select(Letter.code, Letter.state)).all())
        count = Counter(states.values())
        there = Counter(one["code"] for one in taken)
        same = Counter(one["id"] for one in taken)
        known = count[State.SENT] + count[State.UNKNOWN]
        queued = count[State.SCHEDULED] + count[State.SENDING]
        return Ledger(
            letters=len(states),
            delivered=count[State.SENT],
            unknown=count[State.UNKNOWN],
            queued=queued,
            stopped=len(states) - known - queued,
            unknown_there=sum(states[code] is State.UNKNOWN for code in there),
            twice=sum(n > 1 for n in there.values()) + sum(n > 1 for n in same.values()),
            lost=sum(state is State.SENT and code not in there for code, state in states.items()),
            denied=sum(
                states[code] not in (State.SENT, State.UNKNOWN, State.SENDING) for code in there
            ),
            strangers=_strangers(session, taken),
            untold=_untold(session),
        )


def _strangers(session: Session, taken: Sequence[dict[str, Any]]) -> int:
    """Messages that are not, byte for byte, what an attempt of that very letter was to send."""
    kept = {
        message_id: (code, hashlib.sha256(message or b"").hexdigest())
        for message_id, code, message in session.execute(
            sa.select(Attempt.message_id, Letter.code, Carried.message)
            .join(Letter, Letter.id == Attempt.letter_id)
            .outerjoin(Carried, Carried.attempt_id == Attempt.id)
        )
    }
    return sum(kept.get(one["id"]) != (one["code"], one["digest"]) for one in taken)


def _untold(session: Session) -> int:
    """Law 12: every change of state left its row, and the rows lead from one state to the next."""
    states = dict(session.execute(sa.select(Letter.id, Letter.state)).all())
    told: dict[int, list[Any]] = {letter_id: [] for letter_id in states}
    for event in session.execute(
        sa.select(Event.subject_id, Event.name, Event.from_state, Event.to_state)
        .where(MOVED)
        .order_by(Event.id)
    ):
        told[event.subject_id].append(event)
    claims = Counter(
        letter_id for letter_id, events in told.items() for one in events if one.name == "claim"
    )
    attempts = Counter(session.scalars(sa.select(Attempt.letter_id)).all())
    asked = set(
        session.scalars(
            sa.select(Task.subject_id).where(
                Task.kind == TaskKind.SETTLE_UNKNOWN, Task.done_at.is_(None)
            )
        )
    )
    return sum(
        not _leads(told[letter_id], state)
        or claims[letter_id] != attempts[letter_id]
        or (state is State.UNKNOWN) != (letter_id in asked)
        for letter_id, state in states.items()
    )


def _leads(events: Sequence[Any], state: State) -> bool:
    at = events[0].from_state if events else state.value
    for event in events:
        if event.from_state != at:
            return False
        at = event.to_state
    return at == state.value


def running(database: Database) -> int:
    """How many attempts still wait for somebody who says what came of them."""
    with database.reading() as session:
        query = sa.select(sa.func.count()).where(Attempt.outcome == Outcome.RUNNING)
        return session.scalar(query) or 0


def next_due(database: Database) -> dt.datetime | None:
    """When the next scheduled letter is due."""
    with database.reading() as session:
        return session.scalar(
            sa.select(sa.func.min(Letter.send_after)).where(Letter.state == State.SCHEDULED)
        )
