"""Every number of the board and the list it opens: one Select gives both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from outreach.accounts.models import Campaign, Task
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.overview import duties, letters, positions
from outreach.overview.scope import Scope, several_numbers
from outreach.petitions.models import Promise, Stance
from outreach.replies.models import Reply
from outreach.words import N_

OLDEST = 5


class Shows(StrEnum):
    """What the rows of a list are."""

    LETTERS = "letters"
    READINGS = "readings"
    STANCES = "stances"
    PROMISES = "promises"
    TASKS = "tasks"
    ANSWERS = "answers"
    EVENTS = "events"
    MESSAGES = "messages"
    MAILBOXES = "mailboxes"


@dataclass(frozen=True, slots=True)
class Part:
    """One number: its label, the question its list answers, and the Select behind both.

    `tint` says whether something above zero is waiting (amber), a stop (red), done or plain.
    """

    label: str
    title: str
    shows: Shows
    rows: Callable[[Scope], sa.Select[Any]]
    tint: str = ""


L, D = letters, duties

PARTS: dict[str, Part] = {
    "letters": Part(N_("Letters"), N_("Which letters are these?"), Shows.LETTERS, L.every),
    "approval": Part(
        N_("Waiting for approval"),
        N_("Which letters wait for approval?"),
        Shows.LETTERS,
        L.awaiting_approval,
        "waiting",
    ),
    "unanswered": Part(
        N_("Sent, no answer"),
        N_("Which letters has nobody answered?"),
        Shows.LETTERS,
        L.unanswered,
    ),
    "unknown": Part(
        N_("May have gone"),
        N_("Of which letters does nobody know whether they went?"),
        Shows.LETTERS,
        partial(L.in_state, state=State.UNKNOWN),
        "stop",
    ),
    "missed": Part(
        N_("Missed their window"),
        N_("Which letters missed their window?"),
        Shows.LETTERS,
        partial(L.in_state, state=State.MISSED),
        "waiting",
    ),
    "held": Part(
        N_("Held"),
        N_("Which letters are held, and why?"),
        Shows.LETTERS,
        partial(L.in_state, state=State.HELD),
        "stop",
    ),
    "failed": Part(
        N_("Refused by their server"),
        N_("Which letters were refused?"),
        Shows.LETTERS,
        partial(L.in_state, state=State.FAILED),
        "stop",
    ),
    "bounced": Part(
        N_("Came back"),
        N_("Which letters came back?"),
        Shows.LETTERS,
        partial(L.in_state, state=State.BOUNCED),
        "stop",
    ),
    "wrong": Part(
        N_("Went wrong since yesterday"),
        N_("What went wrong since yesterday?"),
        Shows.EVENTS,
        L.went_wrong,
        "stop",
    ),
    "readings": Part(
        N_("Held counts"),
        N_("Which signature counts wait for somebody to accept them?"),
        Shows.READINGS,
        D.held_readings,
        "waiting",
    ),
    "stances": Part(N_("Known stances"), N_("Who stands where?"), Shows.STANCES, positions.stances),
    "promises": Part(
        N_("Promises due"), N_("Which promises are due?"), Shows.PROMISES, D.promises_due, "waiting"
    ),
    "promised": Part(
        N_("Promises to come"),
        N_("Which promises are still to come?"),
        Shows.PROMISES,
        D.promises_to_come,
    ),
    "tasks": Part(
        N_("Tasks overdue"), N_("Which tasks are overdue?"), Shows.TASKS, D.overdue_tasks, "waiting"
    ),
    "mine": Part(N_("My tasks"), N_("Which tasks did I take?"), Shows.TASKS, D.my_tasks),
    "free": Part(
        N_("Tasks nobody took"), N_("Which tasks has nobody taken?"), Shows.TASKS, D.free_tasks
    ),
    "unread": Part(
        N_("Came in, not read"),
        N_("Which answers has nobody read yet?"),
        Shows.MESSAGES,
        D.unread_mail,
        "waiting",
    ),
    "unmatched": Part(
        N_("Came in, no letter yet"),
        N_("Of which messages is the letter not known?"),
        Shows.MESSAGES,
        D.unmatched_mail,
        "waiting",
    ),
    "mailboxes": Part(
        N_("Broken mailboxes"),
        N_("Which mailboxes can't be read?"),
        Shows.MAILBOXES,
        D.broken_mailboxes,
        "stop",
    ),
    "answers": Part(
        N_("Answers by a person"), N_("Who answered?"), Shows.ANSWERS, D.human_answers, "done"
    ),
    "substantive": Part(
        N_("Answers in substance"),
        N_("Who said something about what we ask?"),
        Shows.ANSWERS,
        D.substantive_answers,
        "done",
    ),
    "new_answers": Part(
        N_("Answers since yesterday"),
        N_("Which answers were logged since yesterday?"),
        Shows.ANSWERS,
        D.new_answers,
    ),
}

# The numbers of each page, in the order they are shown.
ON_BOARD = (
    "letters",
    "approval",
    "unanswered",
    "answers",
    "substantive",
    "stances",
    "promises",
    "promised",
    "readings",
    "unknown",
    "missed",
    "held",
    "failed",
    "bounced",
    "unread",
    "unmatched",
    "mailboxes",
    "tasks",
)
ON_TODAY = (
    "approval",
    "mine",
    "free",
    "tasks",
    "promises",
    "mailboxes",
    "unread",
    "unmatched",
    "readings",
    "new_answers",
    "unknown",
    "missed",
    "held",
    "failed",
    "bounced",
    "wrong",
)

# What each kind of row needs loaded; the number of queries is the same for 3 rows or 50.
NEEDED: dict[Shows, tuple[ExecutableOption, ...]] = {
    Shows.LETTERS: (joinedload(Letter.target), joinedload(Letter.office)),
    Shows.READINGS: (),
    Shows.STANCES: (joinedload(Stance.target), joinedload(Stance.ask)),
    Shows.PROMISES: (joinedload(Promise.target), joinedload(Promise.ask)),
    Shows.TASKS: (joinedload(Task.owner),),
    Shows.ANSWERS: (joinedload(Reply.office), selectinload(Reply.letters)),
    Shows.EVENTS: (),
    Shows.MESSAGES: (),
    Shows.MAILBOXES: (),
}

# Neither live nor rehearsed: shown once.
OF_NEITHER = frozenset({"readings", "unmatched", "mailboxes"})


def scope_of(
    campaign: Campaign, *, now: dt.datetime, rehearsal: bool, user_id: int | None = None
) -> Scope:
    """Return a reader's scope now (aware UTC); today and yesterday are the campaign's days."""
    zone = ZoneInfo(campaign.timezone)
    today = campaign.day_of(now)
    yesterday = dt.datetime.combine(today - dt.timedelta(days=1), dt.time(), tzinfo=zone)
    return Scope(campaign.id, today, yesterday.astimezone(dt.UTC), rehearsal, user_id)


def numbers(session: Session, scope: Scope, names: Sequence[str]) -> dict[str, int]:
    """Return {part: its number} for `names`, in one query."""
    return several_numbers(session, {name: PARTS[name].rows(scope) for name in names})


def listed(
    session: Session, scope: Scope, name: str, *, page: int = 1, per_page: int = 50
) -> Sequence[Any]:
    """Return one page (from 1) of the things behind the number of part `name`."""
    part = PARTS[name]
    rows = part.rows(scope).options(*NEEDED[part.shows])
    return session.scalars(rows.limit(per_page).offset((page - 1) * per_page)).unique().all()


@dataclass(frozen=True, slots=True)
class Board:
    """Where the campaign stands, of its live letters or of its rehearsed ones."""

    scope: Scope
    numbers: Mapping[str, int]
    by_jurisdiction: Sequence[letters.Line]
    by_ask: Sequence[positions.Line]
    oldest: Sequence[Letter]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show yet."""
        return not any(self.numbers.values())


def board(session: Session, campaign: Campaign, *, now: dt.datetime, rehearsal: bool) -> Board:
    """Return the board of `campaign` at `now` (aware UTC), live or rehearsed; four queries."""
    scope = scope_of(campaign, now=now, rehearsal=rehearsal)
    return Board(
        scope=scope,
        numbers=numbers(session, scope, ON_BOARD),
        by_jurisdiction=letters.by_jurisdiction(session, scope),
        by_ask=positions.by_ask(session, scope),
        oldest=listed(session, scope, "unanswered", per_page=OLDEST),
    )


def narrowed(scope: Scope, **values: Any) -> Scope:
    """Return `scope` narrowed to one phase, jurisdiction, ask or position."""
    return replace(scope, **values)
