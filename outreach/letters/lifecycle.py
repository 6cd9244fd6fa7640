"""The life of a letter, once, as data.

Buttons, routes, the check constraint, the permission test, the table in ARCHITECTURE.md and the
test of every state × every move are drawn from `MOVES`. Only `letters/moving.py` makes a move.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from outreach.words import N_


class State(StrEnum):
    """Where a letter is in its life."""

    DRAFT = "draft"
    REVIEW = "review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    MISSED = "missed"
    HELD = "held"
    BOUNCED = "bounced"
    WITHDRAWN = "withdrawn"


class Hand(StrEnum):
    """Who can make a move; `accounts.roles.hands_on` says who holds which."""

    AUTHOR = "author"
    APPROVER = "approver"
    STAFF = "staff"
    VOLUNTEER = "volunteer"
    CLOCK = "clock"
    INBOX = "inbox"


@dataclass(frozen=True, slots=True)
class Move:
    """One way from one state to another, and the hands that may make it."""

    name: str
    sources: frozenset[State]
    target: State
    hands: frozenset[Hand]
    # What the button says, and what the history says happened.
    label: str
    happened: str
    # The move asks for a reason that is kept with the event.
    reason: bool = False


def _move(
    name: str,
    sources: tuple[State, ...],
    target: State,
    hands: tuple[Hand, ...],
    words: tuple[str, str],
    *,
    reason: bool = False,
) -> Move:
    return Move(name, frozenset(sources), target, frozenset(hands), *words, reason=reason)


S, H = State, Hand

MOVES: tuple[Move, ...] = (
    _move(
        "submit", (S.DRAFT,), S.REVIEW, (H.AUTHOR,), (N_("Submit for approval"), N_("submitted"))
    ),
    _move("recall", (S.REVIEW,), S.DRAFT, (H.AUTHOR,), (N_("Take back"), N_("taken back"))),
    _move(
        "return",
        (S.REVIEW,),
        S.DRAFT,
        (H.APPROVER,),
        (N_("Return with a remark"), N_("returned")),
        reason=True,
    ),
    _move("approve", (S.REVIEW,), S.APPROVED, (H.APPROVER,), (N_("Approve"), N_("approved"))),
    _move(
        "revise",
        (S.APPROVED, S.SCHEDULED, S.HELD, S.MISSED, S.FAILED),
        S.DRAFT,
        (H.AUTHOR, H.APPROVER),
        (N_("Change the letter"), N_("opened for changes")),
        reason=True,
    ),
    _move(
        "schedule",
        (S.APPROVED, S.MISSED, S.FAILED),
        S.SCHEDULED,
        (H.APPROVER,),
        (N_("Schedule"), N_("scheduled")),
    ),
    _move(
        "move",
        (S.SCHEDULED,),
        S.SCHEDULED,
        (H.APPROVER, H.CLOCK, H.INBOX),
        (N_("Choose another time"), N_("moved to another time")),
        reason=True,
    ),
    _move(
        "unschedule",
        (S.SCHEDULED,),
        S.APPROVED,
        (H.APPROVER,),
        (N_("Take off the schedule"), N_("taken off the schedule")),
    ),
    _move("claim", (S.SCHEDULED,), S.SENDING, (H.CLOCK,), (N_("Claim"), N_("sending began"))),
    _move(
        "put_back",
        (S.SENDING,),
        S.SCHEDULED,
        (H.CLOCK,),
        (N_("Put back"), N_("put back")),
        reason=True,
    ),
    _move("deliver", (S.SENDING, S.UNKNOWN), S.SENT, (H.CLOCK,), (N_("Deliver"), N_("sent"))),
    _move("fail", (S.SENDING,), S.FAILED, (H.CLOCK,), (N_("Fail"), N_("refused")), reason=True),
    _move(
        "lose_sight",
        (S.SENDING,),
        S.UNKNOWN,
        (H.CLOCK,),
        (N_("Lose sight"), N_("may have gone: nobody knows")),
        reason=True,
    ),
    _move(
        "confirm_sent",
        (S.UNKNOWN,),
        S.SENT,
        (H.APPROVER, H.INBOX),
        (N_("It went"), N_("confirmed as sent")),
        reason=True,
    ),
    _move(
        "confirm_unsent",
        (S.UNKNOWN,),
        S.FAILED,
        (H.APPROVER,),
        (N_("It didn't go"), N_("confirmed as not sent")),
        reason=True,
    ),
    _move(
        "post",
        (S.APPROVED,),
        S.SENT,
        (H.STAFF, H.VOLUNTEER),
        (N_("Record as posted"), N_("posted by hand")),
        reason=True,
    ),
    _move("miss", (S.SCHEDULED,), S.MISSED, (H.CLOCK,), (N_("Miss"), N_("missed its window"))),
    _move(
        "hold",
        (S.APPROVED, S.SCHEDULED, S.MISSED, S.FAILED),
        S.HELD,
        (H.APPROVER, H.CLOCK, H.INBOX),
        (N_("Hold"), N_("held")),
        reason=True,
    ),
    _move("release", (S.HELD,), S.APPROVED, (H.APPROVER,), (N_("Release"), N_("released"))),
    _move(
        "bounce",
        (S.SENT, S.UNKNOWN),
        S.BOUNCED,
        (H.INBOX,),
        (N_("Bounce"), N_("came back")),
        reason=True,
    ),
    _move(
        "unbounce",
        (S.BOUNCED,),
        S.SENT,
        (H.APPROVER,),
        (N_("It arrived after all"), N_("found to have arrived")),
        reason=True,
    ),
    _move(
        "withdraw",
        (S.DRAFT, S.REVIEW, S.APPROVED, S.SCHEDULED, S.HELD, S.MISSED, S.FAILED),
        S.WITHDRAWN,
        (H.AUTHOR, H.APPROVER),
        (N_("Withdraw"), N_("withdrawn")),
        reason=True,
    ),
)

BY_NAME: dict[str, Move] = {move.name: move for move in MOVES}

# What the history says of events that are no move.
NOTED: dict[str, str] = {
    "drafted": N_("drafted"),
    "edited": N_("words changed"),
    "answers": N_("answers what they wrote"),
    "referred": N_("written because a letter was passed on"),
    "written_again": N_("came back, so it was written again by another way"),
    "renewed": N_("the sentence of a fact renewed"),
    "answer_arrived": N_("an answer arrived that nobody has read yet"),
    "answer_read": N_("no answer lies unread any more"),
    "answered": N_("answered"),
    "answer_undone": N_("an answer was undone"),
    "closed_unanswered": N_("closed: nobody answered in time"),
    "nothing_by_hand": N_("nothing came by post or phone; a reminder was drafted"),
    "parked": N_("reminder put off"),
    "unparked": N_("reminder no longer put off"),
    "late_answer": N_("the server answered late"),
    "looked_at": N_("looked at"),
    "approved_together": N_("letters approved together"),
}


def happened(event: str) -> str:
    """Return what the history says of the event of this name, in English, to be translated."""
    move = BY_NAME.get(event)
    return move.happened if move else NOTED.get(event, event)


# States in which the words are frozen and the letter carries its seal (law 3).
SEALED: frozenset[State] = frozenset(
    {
        S.APPROVED,
        S.SCHEDULED,
        S.SENDING,
        S.SENT,
        S.UNKNOWN,
        S.FAILED,
        S.MISSED,
        S.HELD,
        S.BOUNCED,
    }
)
# Letters that have not left and still can.
UNSENT: frozenset[State] = frozenset(
    {S.DRAFT, S.REVIEW, S.APPROVED, S.SCHEDULED, S.MISSED, S.HELD, S.FAILED}
)
# Letters that left, as far as anybody knows.
LEFT: frozenset[State] = frozenset({S.SENT, S.UNKNOWN, S.BOUNCED})
# Letters in these states keep their office's ask free (law 7); a closed one does too.
ASK_FREE: frozenset[State] = frozenset({S.WITHDRAWN, S.FAILED, S.BOUNCED})


def moves_from(state: State, hands: frozenset[str]) -> tuple[Move, ...]:
    """Return the moves that `hands` can make from `state`, in the order of the table."""
    return tuple(move for move in MOVES if state in move.sources and move.hands & hands)
