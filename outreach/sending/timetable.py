"""When a letter may go: its window, asked of the gate, given by an approver."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign
from outreach.errors import BadInput, Refused
from outreach.letters import moving
from outreach.letters.models import Letter
from outreach.sending import gate, planning
from outreach.sending.going_first import Scheduled, take_first
from outreach.sending.hours import Hours, later_by_working_days
from outreach.sending.places import places_of
from outreach.sending.reasons import Wait
from outreach.words import Sentence

WINDOW = dt.timedelta(hours=24)
FURTHEST = dt.timedelta(days=400)
# In the middle of the working week, in the morning, on the clock of the desk.
GOOD = Hours()


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
    tie: tuple[int, int] | None = None,
    found: gate.Found | None = None,
    by: Actor,
    now: dt.datetime,
) -> Sequence[Wait]:
    """Schedule `letter` for a window and return what it will wait for (said, not in the way).

    `tie`: the id of the calendar entry it hangs on, and by how many working days. `found`: what the
    gate said of it a moment ago, when it was asked of many at once.

    Raises BadInput (the window), Refused with every reason of the gate that stops it, and what
    `moving.make` raises.
    """
    begins, ends = window(send_after, send_before, now=now)
    stops, waits = found if found is not None else gate.reasons(session, letter, now=now)
    if stops:
        raise Refused(
            Sentence("This letter can't be scheduled as it stands."), [stop.words for stop in stops]
        )
    event_id, event_offset = tie or (None, None)
    moving.make(
        session,
        letter,
        "schedule",
        by=by,
        now=now,
        send_after=begins,
        send_before=ends,
        send_because=because,
        event_id=event_id,
        event_offset=event_offset,
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
        event_id=None,
        event_offset=None,
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

    Several letters to one desk go one after the other, each after the desk's rest. Raises BadInput.
    """
    begins, ends = window(send_after, send_before, now=now)
    rests, places = _rests(session, letters), places_of(session, letters, after=now)
    found = gate.reasons_of_many(session, letters, now=now)
    turns = Counter[int]()

    def take(letter: Letter, not_before: dt.datetime) -> None:
        rest = rests[letter.campaign_id] * turns[letter.office_id]
        place, late = places[letter.target_id], max(not_before - begins, dt.timedelta())
        schedule(
            session,
            letter,
            send_after=later_by_working_days(place, begins + late, rest),
            send_before=later_by_working_days(place, ends + late, rest),
            because=because,
            found=found[letter.id],
            by=by,
            now=now,
        )
        turns[letter.office_id] += 1

    result = Scheduled()
    first = partial(take, not_before=begins)
    for not_before, rest in take_first(session, letters, first, result, by=by, now=now):
        for letter in rest:
            result.attempt(letter, partial(take, not_before=not_before))
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
    found = gate.reasons_of_many(session, letters, now=now)

    def take(letter: Letter, slot: planning.Slot) -> None:
        schedule(
            session,
            letter,
            send_after=slot.send_after,
            send_before=slot.send_before,
            because=str(slot.because),
            found=found[letter.id],
            by=by,
            now=now,
        )

    return _at_slots(session, letters, take, after=begins, by=by, now=now)


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

    return _at_slots(session, letters, take, after=now, by=by, now=now)


def _at_slots(
    session: Session,
    letters: Sequence[Letter],
    take: Callable[[Letter, planning.Slot], None],
    *,
    after: dt.datetime,
    by: Actor,
    now: dt.datetime,
) -> Scheduled:
    """Find each letter a slot and `take` it; one that can't does not stop the others."""
    result, rests = Scheduled(), _rests(session, letters)

    def planned(some: Sequence[Letter], begins: dt.datetime) -> dict[int, planning.Slot]:
        found = planning.slots(session, some, hours=GOOD, after=begins, rests=rests)
        for letter in some:
            if isinstance(why := found[letter.id], Sentence):
                result.refused.append((letter, (why,)))
        return {key: slot for key, slot in found.items() if isinstance(slot, planning.Slot)}

    slots = planned(letters, after)
    able = [letter for letter in letters if letter.id in slots]
    # The first to leave are those that go first.
    able.sort(key=lambda letter: (slots[letter.id].send_after, letter.id))
    at_once = partial(_take_slot, take, slots)
    for begins, rest in take_first(session, able, at_once, result, by=by, now=now):
        later = {
            key: _after_others(slot) for key, slot in planned(rest, max(after, begins)).items()
        }
        for letter in rest:
            if letter.id in later:
                result.attempt(letter, partial(_take_slot, take, later))
    return result


def _after_others(slot: planning.Slot) -> planning.Slot:
    words = "%(why)s The first letters of its mailing go before it."
    return replace(slot, because=Sentence(words, why=slot.because))


def _take_slot(
    take: Callable[[Letter, planning.Slot], None], slots: dict[int, planning.Slot], letter: Letter
) -> None:
    take(letter, slots[letter.id])


def _rests(session: Session, letters: Sequence[Letter]) -> dict[int, int]:
    """{campaign: working days a desk rests between two letters}."""
    rows = session.execute(
        sa.select(Campaign.id, Campaign.cooling_days).where(
            Campaign.id.in_({letter.campaign_id for letter in letters})
        )
    )
    return {row.id: row.cooling_days for row in rows}
