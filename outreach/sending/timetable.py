"""When a letter may go: its window, asked of the gate, given by an approver."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign
from outreach.errors import BadInput, MoveRefused, Refused
from outreach.letters import moving
from outreach.letters.models import Letter
from outreach.letters.together import reasons_of
from outreach.sending import gate, planning
from outreach.sending.hours import Hours, after_working_days
from outreach.sending.places import places_of
from outreach.sending.reasons import Wait
from outreach.words import Sentence

WINDOW = dt.timedelta(hours=24)
FURTHEST = dt.timedelta(days=400)
# In the middle of the working week, in the morning, on the clock of the desk.
GOOD = Hours()


@dataclass(slots=True)
class Scheduled:
    """What became of several letters: the ones scheduled, and why the others were not."""

    letters: list[Letter] = field(default_factory=list)
    refused: list[tuple[Letter, Sequence[Sentence]]] = field(default_factory=list)


def window(
    send_after: dt.datetime, send_before: dt.datetime | None, *, now: dt.datetime
) -> tuple[dt.datetime, dt.datetime]:
    """Return the window (aware UTC) that a person's two times mean.

    A beginning in the past means now; without an end it is 24 hours long. Raises BadInput for a
    window that is over, ends before it begins, or lies more than 400 days ahead.
    """
    begins = max(send_after, now)
    ends = send_before if send_before is not None else begins + WINDOW
    if ends <= now:
        raise BadInput(
            Sentence("This window is over. Choose an end in the future."), field="send_before"
        )
    if ends <= begins:
        raise BadInput(Sentence("The end has to be later than the start."), field="send_before")
    if ends > now + FURTHEST:
        raise BadInput(
            Sentence("That is more than %(days)s days ahead.", days=FURTHEST.days),
            field="send_after",
        )
    return begins, ends


def schedule(
    session: Session,
    letter: Letter,
    *,
    send_after: dt.datetime,
    send_before: dt.datetime | None = None,
    because: str = "",
    by: Actor,
    now: dt.datetime,
) -> Sequence[Wait]:
    """Schedule `letter` for a window and return what it will wait for (said, not in the way).

    Raises BadInput (the window), Refused with every reason of the gate that stops it, and what
    `moving.make` raises.
    """
    begins, ends = window(send_after, send_before, now=now)
    stops, waits = gate.reasons(session, letter, now=now)
    if stops:
        raise Refused(
            Sentence("This letter can't be scheduled as it stands."), [stop.words for stop in stops]
        )
    moving.make(
        session,
        letter,
        "schedule",
        by=by,
        now=now,
        send_after=begins,
        send_before=ends,
        send_because=because,
    )
    return waits


def move_window(
    session: Session,
    letter: Letter,
    *,
    send_after: dt.datetime,
    send_before: dt.datetime | None = None,
    because: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Give a scheduled letter another window. `because` is why.

    Raises BadInput (the window, no reason) and what `moving.make` raises.
    """
    begins, ends = window(send_after, send_before, now=now)
    moving.make(
        session,
        letter,
        "move",
        by=by,
        now=now,
        reason=because,
        send_after=begins,
        send_before=ends,
        send_because=because,
    )


def schedule_many(
    session: Session,
    letters: Sequence[Letter],
    *,
    send_after: dt.datetime,
    send_before: dt.datetime | None = None,
    because: str = "",
    by: Actor,
    now: dt.datetime,
) -> Scheduled:
    """Schedule every letter that can be, in one act; one that can't does not stop the others.

    Several letters to one desk go one after the other, each after the desk's rest. Returns both
    lists. Raises BadInput for the window itself.
    """
    begins, ends = window(send_after, send_before, now=now)
    rests = _rests(session, letters)
    places = places_of(session, letters, after=now)
    turns = Counter[int]()
    result = Scheduled()
    for letter in letters:
        rest = rests[letter.campaign_id] * turns[letter.office_id]
        try:
            schedule(
                session,
                letter,
                send_after=after_working_days(places[letter.target_id], begins, rest),
                send_before=after_working_days(places[letter.target_id], ends, rest),
                because=because,
                by=by,
                now=now,
            )
            result.letters.append(letter)
            turns[letter.office_id] += 1
        except (Refused, MoveRefused) as error:
            result.refused.append((letter, reasons_of(error)))
    return result


def schedule_at_good_hours(
    session: Session,
    letters: Sequence[Letter],
    *,
    send_after: dt.datetime,
    by: Actor,
    now: dt.datetime,
) -> Scheduled:
    """Schedule every letter that can be for a good hour of its own desk, not before `send_after`.

    `letters` are loaded with target and jurisdiction. Each gets the reason for its minute; one
    without a good hour, or that the gate stops, does not stop the others. Raises BadInput.
    """
    begins, _ends = window(send_after, None, now=now)

    def take(letter: Letter, slot: planning.Slot) -> None:
        schedule(
            session,
            letter,
            send_after=slot.send_after,
            send_before=slot.send_before,
            because=str(slot.because),
            by=by,
            now=now,
        )

    return _at_slots(session, letters, take, after=begins)


def plan_anew(
    session: Session, letters: Sequence[Letter], *, because: str, by: Actor, now: dt.datetime
) -> Scheduled:
    """Move scheduled letters to the next good hour of their desks; `because` is why.

    `letters` are loaded with target and jurisdiction. One without a good hour, or that somebody
    moved meanwhile, stays where it is.
    """

    def take(letter: Letter, slot: planning.Slot) -> None:
        moving.make(
            session,
            letter,
            "move",
            by=by,
            now=now,
            reason=because,
            send_after=slot.send_after,
            send_before=slot.send_before,
            send_because=str(slot.because),
        )

    return _at_slots(session, letters, take, after=now)


def _at_slots(
    session: Session,
    letters: Sequence[Letter],
    take: Callable[[Letter, planning.Slot], None],
    *,
    after: dt.datetime,
) -> Scheduled:
    """Find each letter a slot and `take` it; one that can't does not stop the others."""
    rests = _rests(session, letters)
    found = planning.slots(session, letters, hours=GOOD, after=after, rests=rests)
    result = Scheduled()
    for letter in letters:
        slot = found[letter.id]
        if isinstance(slot, Sentence):
            result.refused.append((letter, (slot,)))
            continue
        try:
            take(letter, slot)
            result.letters.append(letter)
        except (Refused, MoveRefused) as error:
            result.refused.append((letter, reasons_of(error)))
    return result


def _rests(session: Session, letters: Sequence[Letter]) -> dict[int, int]:
    """{campaign: working days a desk rests between two letters}."""
    rows = session.execute(
        sa.select(Campaign.id, Campaign.cooling_days).where(
            Campaign.id.in_({letter.campaign_id for letter in letters})
        )
    )
    return {row.id: row.cooling_days for row in rows}
