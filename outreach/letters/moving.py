"""The only place that changes a letter's state. What may move is in `lifecycle.py`.

Rules that need a room to the right (the gate, the timetable) are asked there first:
`sending/timetable.py` schedules, `sending/outbox.py` claims, both by calling `make`.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from outreach.accounts import audit
from outreach.accounts.models import Actor
from outreach.accounts.roles import hands_on
from outreach.database import wake
from outreach.errors import BadInput, MoveRefused, NotAllowed, OutreachError, Refused
from outreach.letters import checks, judging, remarks
from outreach.letters.lifecycle import BY_NAME, SEALED, Move, State, moves_from
from outreach.letters.models import Letter
from outreach.schema import among
from outreach.words import Sentence

# Letters that change in the same way, and the columns that do.
Change = tuple[Sequence[Letter], dict[str, Any]]
# Moves that judge the words as they stand.
JUDGED = frozenset({"submit", "approve"})


def possible_moves(letter: Letter, by: Actor) -> tuple[Move, ...]:
    """Return the moves `by` could make with `letter` now, in the order of the table.

    Other rules may still say no (four eyes, the gate); they say why when asked.
    """
    return moves_from(letter.state, hands_on(by, owners=owners(letter)))


def owners(letter: Letter) -> frozenset[int | None]:
    """Return the user ids whose letter this is: who made it and who last changed its words."""
    return frozenset({letter.made_by_id, letter.author_id})


def make(
    session: Session,
    letter: Letter,
    name: str,
    *,
    by: Actor,
    now: dt.datetime,
    reason: str = "",
    seen: str | None = None,
    passage: str = "",
    **values: Any,
) -> None:
    """Make the move `name`, or change nothing.

    `values` are further columns of the move (`send_after`, `alike_because`, …), `seen` is
    `sealing.seal_of` what was read before approving (None: not asked), `passage` the words that a
    return is about. Writes the event. Raises NotAllowed (not this hand), MoveRefused (not from this
    state, not what was seen), BadInput (no reason), Refused (four eyes, gaps, an open letter …).
    """
    move = BY_NAME[name]
    _look_again(session, letter, move)
    was, reason = letter.state, reason.strip()
    _refuse_impossible(letter, move, by, reason)
    changes = _changes(letter, move, now) | values
    if move.name == "approve":
        changes |= judging.approval(session, letter, by, now, seen, values)
    changes |= {"reason": reason} if move.reason else {}
    detail = _told(letter, move, changes, reason, passage)
    _keep_remarks(session, letter, move, reason, passage, by, now)
    _write(session, letter, move, changes)
    audit.record(
        session,
        subject=("letter", letter.id),
        name=move.name,
        by=by,
        now=now,
        campaign_id=letter.campaign_id,
        moved=(was.value, move.target.value),
        detail=detail,
    )


def make_many(
    session: Session,
    letters: Sequence[Letter],
    name: str,
    *,
    by: Actor,
    now: dt.datetime,
    reason: str = "",
    each: Mapping[int, Mapping[str, Any]] | None = None,
    **values: Any,
) -> dict[int, OutreachError]:
    """Make one move that judges no words for many letters; return {letter id: why it did not move}.

    `letters` may be plain rows, `each` is {letter id: further columns}. Rules, rows and events are
    those of `make`. One that can't move, or was moved since it was read, stops no other.
    """
    move, reason, own = BY_NAME[name], reason.strip(), each or {}
    if move.name in JUDGED or move.name == "return":
        raise ValueError(f"{name} is made letter by letter")
    refused: dict[int, OutreachError] = {}
    alike: dict[Any, list[Letter]] = {}  # by what changes: nearly always all together
    for letter in letters:
        try:
            _refuse_impossible(letter, move, by, reason)
        except (NotAllowed, MoveRefused) as error:
            refused[letter.id] = error
            continue
        further = tuple(own.get(letter.id, {}).items())
        alike.setdefault((letter.state, letter.sent_at, further), []).append(letter)
    wanted: list[Change] = []
    for (*_, further), these in alike.items():
        changes = {**_changes(these[0], move, now), **values, **dict(further)}
        wanted.append((these, changes | ({"reason": reason} if move.reason else {})))
    moved = _write_many(session, wanted)
    for some, changes in wanted:
        _tell_many(session, [it for it in some if it.id in moved], changes, move, reason, by, now)
        for letter in (one for one in some if one.id not in moved):
            how = {**values, **own.get(letter.id, {})}
            refused |= _alone(session, letter, name, by=by, now=now, reason=reason, **how)
    return refused


def _tell_many(
    session: Session,
    moved: Sequence[Letter],
    changes: dict[str, Any],
    move: Move,
    reason: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Write the events of letters that moved together, and show the rows as they are now."""
    happened = []
    for letter in moved:
        states = letter.state.value, move.target.value
        told = _told(letter, move, changes, reason, "")
        happened.append((letter.id, letter.campaign_id, states, told))
        if isinstance(letter, Letter):
            for column, value in changes.items():
                set_committed_value(letter, column, value)
        else:
            vars(letter).update(changes)
    audit.record_many(session, happened, kind="letter", name=move.name, by=by, now=now)
    if moved and move.target is State.SCHEDULED:
        wake(session, "letters", at=moved[0].send_after)


def _alone(session: Session, letter: Letter, name: str, **how: Any) -> dict[int, OutreachError]:
    """One letter that did not move with the others: the usual way says why, or moves it."""
    try:
        make(session, session.get_one(Letter, letter.id, populate_existing=True), name, **how)
    except (NotAllowed, MoveRefused, Refused) as error:
        return {letter.id: error}
    return {}


def _told(
    letter: Letter, move: Move, changes: dict[str, Any], reason: str, passage: str
) -> dict[str, Any]:
    """What the event says beside the move: why, and which approval it gives or takes."""
    detail: dict[str, Any] = {"reason": reason} if reason else {}
    if move.name == "return" and passage.strip():
        detail["passage"] = passage.strip()
    if move.name == "approve":
        detail |= {"seal": changes["seal"], "as": changes["approved_as"].value}
        detail |= {"round": changes["approval_round_id"]} if "approval_round_id" in changes else {}
        because = changes.get("alike_because")
        detail |= {"alike": letter.alike, "alike_because": because} if because else {}
    if letter.seal is not None and changes.get("seal", letter.seal) is None:
        detail |= {"void": letter.seal, "void_by": letter.approved_by}
    return detail


def _keep_remarks(
    session: Session,
    letter: Letter,
    move: Move,
    reason: str,
    passage: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """A return leaves a remark for its author; who submits again has dealt with them all."""
    if move.name == "return":
        remarks.note(session, letter, passage=passage, words=reason, by=by, now=now)
    if move.name == "submit":
        remarks.settle_all(session, letter, by=by, now=now)


def _look_again(session: Session, letter: Letter, move: Move) -> None:
    """Read the row under its lock: nobody else changes the words while they are judged."""
    session.flush()
    if move.name not in JUDGED:
        return
    columns = [column.key for column in sa.inspect(Letter).column_attrs]
    session.refresh(letter, attribute_names=columns, with_for_update=True)


def _refuse_impossible(letter: Letter, move: Move, by: Actor, reason: str) -> None:
    """Say no to a move that the table, the hand or a missing reason forbids."""
    if not move.hands & hands_on(by, owners=owners(letter)):
        raise NotAllowed(
            Sentence("You can't do this with this letter: “%(move)s”.", move=move.label)
        )
    if letter.state not in move.sources:
        raise MoveRefused(
            Sentence(
                "“%(move)s” isn't possible: the letter is now “%(state)s”.",
                move=move.label,
                state=letter.state.value,
            )
        )
    if move.reason and not reason:
        raise BadInput(Sentence("Say why, in a few words."), field="reason")


def _changes(letter: Letter, move: Move, now: dt.datetime) -> dict[str, Any]:
    """Return the columns that `move` sets beside the state, after its own rules agreed."""
    changes: dict[str, Any] = {"state": move.target}
    if move.name == "submit":
        judging.refuse_gaps(checks.stopping(letter))
    if move.target not in SEALED and letter.state in SEALED:
        changes |= {
            "seal": None,
            "approved_at": None,
            "approved_by": None,
            "approved_by_id": None,
            "self_approved_under": None,
            "approved_as": None,
            "approval_round_id": None,
            "alike_because": "",
        }
    if move.target not in (State.SCHEDULED, State.SENDING, State.MISSED) and not letter.sent_at:
        changes |= {"send_after": None, "send_before": None, "send_because": ""}
        changes |= {"event_id": None, "event_offset": None}
    if move.target in (State.SENT, State.BOUNCED):
        changes["sent_at"] = letter.sent_at or now
    return changes


def _write(session: Session, letter: Letter, move: Move, changes: dict[str, Any]) -> None:
    """Update the row only while it is still in the state we saw; one row, or nobody moved it."""
    update = sa.update(Letter).where(Letter.id == letter.id, Letter.state == letter.state)
    moved = _update(session, update.values(**changes))
    if not moved:
        session.refresh(letter)
        raise MoveRefused(
            Sentence(
                "Somebody was faster: the letter is now “%(state)s”. Look at it again.",
                state=letter.state.value,
            )
        )
    session.refresh(letter, attribute_names=[*changes])
    if move.target is State.SCHEDULED:
        wake(session, "letters", at=letter.send_after)


def _write_many(session: Session, wanted: Sequence[Change]) -> set[int]:
    """Update the rows that are still in the state we saw; return the ids of those that moved.

    An open ask that stands already (law 7) moves none: then each letter is tried by itself.
    """
    moved: set[int] = set()
    try:
        with session.begin_nested():
            for some, changes in wanted:
                told = {f"new_{column}": value for column, value in changes.items()}
                told |= {"ids": [one.id for one in some], "was": some[0].state}
                rows = session.connection().execute(_update_of(tuple(changes)), told)
                moved.update(rows.scalars())
    except sa.exc.IntegrityError:
        return set()
    return moved


@functools.cache
def _update_of(columns: tuple[str, ...]) -> sa.Update:
    """Set `columns` of the letters `ids` that are still in the state `was`, and say which."""
    return (
        sa.update(Letter)
        .where(among(Letter.id, "ids"), Letter.state == sa.bindparam("was"))
        .values({column: sa.bindparam(f"new_{column}") for column in columns})
        .returning(Letter.id)
    )


def _update(session: Session, statement: sa.Update) -> bool:
    """Return whether a row was changed. Raises Refused where one ask would be open twice."""
    try:
        with session.begin_nested():
            result = session.execute(statement.execution_options(synchronize_session=False))
    except sa.exc.IntegrityError as error:
        if "uq_letter_open" not in str(error.orig) and "letter.office_id" not in str(error.orig):
            raise
        raise Refused(
            Sentence("Another letter with the same ask is already open at this desk.")
        ) from error
    return cast("sa.CursorResult[Any]", result).rowcount == 1


def mark_answered(
    session: Session,
    letter: Letter,
    *,
    kind: str,
    on: dt.date,
    closes: bool,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Note on a sent letter that an answer of `kind` came on day `on`.

    An answer stops the reminder; one that `closes` (substantive, or a refusal) frees the desk for
    a new ask. Raises MoveRefused when the letter never left.
    """
    if letter.state not in (State.SENT, State.UNKNOWN, State.BOUNCED):
        raise MoveRefused(Sentence("This letter has not left yet, so nothing can answer it."))
    letter.answered_on = on
    letter.last_reply_kind = kind
    if closes and letter.closed_on is None:
        letter.closed_on = on
    _note(session, letter, "answered", by, now, {"kind": kind, "on": on.isoformat()})


def unmark_answered(
    session: Session,
    letter: Letter,
    *,
    left: tuple[str, dt.date, bool] | None,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Undo `mark_answered`; `left` is (kind, day, closes) of the answer that still counts.

    Raises Refused when the desk was asked the same again meanwhile: two open asks can't stand.
    """
    kind, on, closes = left or (None, None, False)
    changes = {"last_reply_kind": kind, "answered_on": on, "closed_on": on if closes else None}
    _update(session, sa.update(Letter).where(Letter.id == letter.id).values(**changes))
    session.refresh(letter, attribute_names=[*changes])
    _note(session, letter, "answer_undone", by, now, {})


def close_silent(
    session: Session, letter: Letter, *, on: dt.date, by: Actor, now: dt.datetime
) -> None:
    """Close the ask of a letter that nobody answered for too long, on day `on` (law 7).

    The desk can be asked again; the letter stays where it is.
    """
    letter.closed_on = on
    _note(session, letter, "closed_unanswered", by, now, {"on": on.isoformat()})


def park(
    session: Session, letter: Letter, *, until: dt.date | None, by: Actor, now: dt.datetime
) -> None:
    """Leave the letter's reminder alone until the day `until`; None: wait no longer."""
    letter.parked_until = until
    name = "parked" if until else "unparked"
    _note(session, letter, name, by, now, {"until": until.isoformat() if until else None})


def mark_unread(
    session: Session, letter: Letter, *, since: dt.datetime | None, by: Actor, now: dt.datetime
) -> None:
    """Note that an answer lies unread since an instant, so that nobody reminds; None: all read."""
    if (letter.unread_since is None) == (since is None):
        return
    letter.unread_since = since
    _note(session, letter, "answer_arrived" if since else "answer_read", by, now, {})


def _note(
    session: Session, letter: Letter, name: str, by: Actor, now: dt.datetime, detail: dict[str, Any]
) -> None:
    session.flush()
    audit.record(
        session,
        subject=("letter", letter.id),
        name=name,
        by=by,
        now=now,
        campaign_id=letter.campaign_id,
        detail=detail,
    )
