"""Letters that hang on a meeting: "two working days before the committee meets".

When the meeting moves, their windows move with it; when it is cancelled, or moves so near that the
day is over, they are held and say why. What moves a meeting is done here, so that no door forgets
the letters.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from babel.dates import format_date, format_datetime
from sqlalchemy.orm import Session, joinedload

from outreach.accounts.models import CLOCK, Actor
from outreach.directory import calendar
from outreach.directory.calendar import CalendarEntry, EntryKind
from outreach.directory.models import Target
from outreach.errors import BadInput, NotFound
from outreach.letters import moving
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending import gate, planning, timetable
from outreach.sending.going_first import Scheduled
from outreach.sending.hours import Place, Window, window_on, working_day
from outreach.sending.places import places_of
from outreach.sending.planning import Slot
from outreach.words import N_, Sentence

# What a letter can hang on.
OCCASIONS = (EntryKind.SITTING, EntryKind.EVENT)
# Nobody counts further from a meeting than this.
FARTHEST = 60


@dataclass(frozen=True, slots=True)
class Followed:
    """How many letters moved with a meeting, and how many are held because they can't."""

    moved: int = 0
    held: int = 0

    def __add__(self, other: Followed) -> Followed:
        return Followed(self.moved + other.moved, self.held + other.held)


def occasions(session: Session, codes: Collection[str], *, today: dt.date) -> list[CalendarEntry]:
    """Return the sittings and events to come of jurisdictions, the nearest first."""
    return [
        entry
        for entry in calendar.entries(session, codes, after=today)
        if entry.kind in OCCASIONS and entry.ends_on >= today
    ]


def occasions_of(session: Session, mailing_id: int, *, today: dt.date) -> list[CalendarEntry]:
    """Return the sittings and events to come where the approved letters of a mailing go."""
    codes = session.scalars(
        sa.select(Target.jurisdiction_code)
        .join(Letter, Letter.target_id == Target.id)
        .where(Letter.mailing_id == mailing_id, Letter.state == State.APPROVED)
        .distinct()
    ).all()
    return occasions(session, codes, today=today)


def slot_by(
    letter: Letter, place: Place, entry: CalendarEntry, offset: int, *, now: dt.datetime
) -> Slot | Sentence:
    """Return when a letter goes that hangs on `entry` by `offset` working days, or why it can't.

    Before the first day when negative, after the last one when positive, both counted in the
    working days of the desk.
    """
    day = working_day(place, entry.ends_on if offset > 0 else entry.starts_on, offset)
    window = window_on(place, timetable.GOOD, day)
    window = Window(max(window.begins, now), window.ends)
    if window.ends <= window.begins:
        return Sentence(
            "%(when)s is over: it was %(day)s.", when=_distance(entry, offset), day=_day(day)
        )
    minute = planning.minute_of(letter, window)
    local = format_datetime(minute.astimezone(place.zone), "EEEE d MMMM, HH:mm", locale="en_GB")
    because = Sentence(
        "%(local)s on their clock, %(when)s.", local=local, when=_when(entry, offset)
    )
    return Slot(minute, window.ends, because)


def schedule_by(
    session: Session,
    letters: Sequence[Letter],
    *,
    entry_id: int,
    offset: int,
    by: Actor,
    now: dt.datetime,
) -> Scheduled:
    """Schedule every letter that can be, `offset` working days from an entry of a calendar.

    `letters` are loaded with target and jurisdiction. Raises BadInput, NotFound.
    """
    entry = _occasion(session, entry_id, offset)
    places, result = places_of(session, letters, after=now), Scheduled()
    found = gate.reasons_of_many(session, letters, now=now)

    def take(letter: Letter) -> None:
        slot = slot_by(letter, places[letter.target_id], entry, offset, now=now)
        if isinstance(slot, Sentence):
            raise BadInput(slot)
        timetable.schedule(
            session,
            letter,
            send_after=slot.send_after,
            send_before=slot.send_before,
            because=str(slot.because),
            tie=(entry.id, offset),
            found=found[letter.id],
            by=by,
            now=now,
        )

    for letter in letters:
        try:
            result.attempt(letter, take)
        except BadInput as error:
            result.refused.append((letter, (error.sentence,)))
    return result


def _occasion(session: Session, entry_id: int, offset: int) -> CalendarEntry:
    entry = session.get(CalendarEntry, entry_id)
    if entry is None or entry.kind not in OCCASIONS:
        raise NotFound(Sentence("This meeting is no longer in the calendar. Choose another one."))
    if abs(offset) > FARTHEST:
        raise BadInput(
            Sentence("At most %(most)s working days before or after.", most=FARTHEST), "event_days"
        )
    return entry


def tied(session: Session, entry_ids: Collection[int]) -> dict[int, int]:
    """Return {entry id: how many scheduled letters hang on it}, of every campaign."""
    rows = session.execute(
        sa.select(Letter.event_id, sa.func.count().label("number"))
        .where(Letter.event_id.in_(entry_ids), Letter.state == State.SCHEDULED)
        .group_by(Letter.event_id)
    )
    return {row.event_id: row.number for row in rows if row.event_id is not None}


def add_entry(session: Session, values: dict[str, Any], *, by: Actor, now: dt.datetime) -> Followed:
    """Add days to a calendar, `values` as `calendar.add_entry` takes them; letters follow.

    Raises BadInput.
    """
    entry = calendar.add_entry(session, **values, by=by, now=now)
    if entry.kind not in calendar.RESTING:
        return Followed()
    return follow(session, entry.jurisdiction_code, {}, by=by, now=now)


def change_entry(
    session: Session,
    entry: CalendarEntry,
    *,
    name: str,
    starts_on: dt.date,
    ends_on: dt.date | None = None,
    by: Actor,
    now: dt.datetime,
) -> Followed:
    """Change days of a calendar; the letters follow. Raises BadInput."""
    was = {entry.id: (entry.starts_on, entry.ends_on)}
    calendar.change_entry(
        session, entry, name=name, starts_on=starts_on, ends_on=ends_on, by=by, now=now
    )
    if entry.kind in calendar.RESTING:
        return follow(session, entry.jurisdiction_code, {}, by=by, now=now)
    return follow(session, entry.jurisdiction_code, was, by=by, now=now)


def remove_entry(session: Session, entry_id: int, *, by: Actor, now: dt.datetime) -> Followed:
    """Take days out of a calendar; letters that hang on them are held. Raises NotFound."""
    entry = session.get(CalendarEntry, entry_id)
    if entry is None:
        raise NotFound(Sentence("These days are gone already. Reload the page."))
    words = Sentence(
        "“%(name)s” on %(day)s does not take place, says %(who)s.",
        name=entry.name,
        day=_day(entry.starts_on),
        who=by.name,
    )
    scheduled = session.scalars(_hanging(sa.true()).where(Letter.event_id == entry_id)).all()
    for letter in scheduled:
        moving.make(session, letter, "hold", by=CLOCK, now=now, reason=str(words))
    session.execute(
        sa.update(Letter)
        .where(Letter.event_id == entry_id)
        .values(event_id=None, event_offset=None)
    )
    code = entry.jurisdiction_code
    calendar.remove_entry(session, entry_id, by=by, now=now)
    return Followed(held=len(scheduled)) + follow(session, code, {}, by=by, now=now)


def import_ics(
    session: Session,
    data: bytes,
    *,
    file: str,
    jurisdiction_code: str,
    kind: EntryKind,
    source: str,
    organization_id: int | None = None,
    by: Actor,
    now: dt.datetime,
) -> tuple[tuple[int, int, int], Followed]:
    """Take a calendar file in as `calendar.import_ics`; the letters follow. Raises BadFile."""
    hanging = sa.select(Letter.event_id).where(Letter.event_id.is_not(None))
    query = sa.select(CalendarEntry).where(CalendarEntry.id.in_(hanging))
    was = {entry.id: (entry.starts_on, entry.ends_on) for entry in session.scalars(query)}
    followed = Followed()

    def remove(entry_id: int) -> None:
        nonlocal followed
        followed += remove_entry(session, entry_id, by=by, now=now)

    counts = calendar.import_ics(
        session,
        data,
        file=file,
        jurisdiction_code=jurisdiction_code,
        kind=kind,
        source=source,
        organization_id=organization_id,
        remove=remove,
        by=by,
        now=now,
    )
    return counts, followed + follow(session, jurisdiction_code, was, by=by, now=now)


def follow(
    session: Session,
    code: str,
    was: dict[int, tuple[dt.date, dt.date]],
    *,
    by: Actor,
    now: dt.datetime,
) -> Followed:
    """Move the scheduled letters that hang on a meeting of `code`, or go there, where they belong.

    `was` is {entry id: its first and last day before}, for the reason. Letters whose day stays the
    same stay; those whose day is over are held.
    """
    mine = sa.or_(CalendarEntry.jurisdiction_code == code, Target.jurisdiction_code == code)
    letters = session.scalars(_hanging(mine)).all()
    places = places_of(session, letters, after=now)
    followed = Followed()
    for letter in letters:
        assert letter.event is not None
        why = _why(letter.event, was.get(letter.event.id), by)
        followed += _follow(session, letter, places[letter.target_id], why, now)
    return followed


def _follow(
    session: Session, letter: Letter, place: Place, why: Sentence, now: dt.datetime
) -> Followed:
    """Move one letter to where it belongs, or hold it; nothing for one that is there already."""
    assert letter.event is not None and letter.event_offset is not None
    assert letter.send_before is not None
    slot = slot_by(letter, place, letter.event, letter.event_offset, now=now)
    if isinstance(slot, Slot):
        if slot.send_before == letter.send_before:
            return Followed()
        window: dict[str, Any] = {"send_after": slot.send_after, "send_before": slot.send_before}
        window["send_because"] = str(slot.because)
        moving.make(session, letter, "move", by=CLOCK, now=now, reason=str(why), **window)
        return Followed(moved=1)
    if letter.send_before <= now:
        # It missed its window: the clock says so.
        return Followed()
    moving.make(session, letter, "hold", by=CLOCK, now=now, reason=f"{why} {slot}")
    return Followed(held=1)


def _hanging(where: sa.ColumnElement[bool]) -> sa.Select[Letter]:
    """Scheduled letters that hang on an entry, with it."""
    return (
        sa.select(Letter)
        .join(Letter.event)
        .join(Letter.target)
        .options(sa.orm.contains_eager(Letter.event), joinedload(Letter.target))
        .where(Letter.state == State.SCHEDULED, where)
        .order_by(Letter.id)
        .with_for_update(of=Letter)
    )


def _why(entry: CalendarEntry, was: tuple[dt.date, dt.date] | None, by: Actor) -> Sentence:
    if was is None or was == (entry.starts_on, entry.ends_on):
        return Sentence("Other days of rest were entered by %(who)s.", who=by.name)
    before, after = _days(*was), _days(entry.starts_on, entry.ends_on)
    return Sentence(
        "“%(name)s” moved from %(before)s to %(after)s (%(who)s).",
        name=entry.name,
        before=before,
        after=after,
        who=by.name,
    )


def _when(entry: CalendarEntry, offset: int) -> Sentence:
    return Sentence(
        "%(distance)s (%(days)s)",
        distance=_distance(entry, offset),
        days=_days(entry.starts_on, entry.ends_on),
    )


def _distance(entry: CalendarEntry, offset: int) -> Sentence:
    """Say "2 working days before “Committee meets”" and the like."""
    number = abs(offset)
    if offset == 0:
        return Sentence("on the day of “%(name)s”", name=entry.name)
    if offset < 0:
        text = (
            N_("%(number)s working days before “%(name)s”")
            if number > 1
            else N_("the working day before “%(name)s”")
        )
    else:
        text = (
            N_("%(number)s working days after “%(name)s”")
            if number > 1
            else N_("the working day after “%(name)s”")
        )
    return Sentence(text, number=number, name=entry.name)


def _days(first: dt.date, last: dt.date) -> str:
    return _day(first) if first == last else f"{_day(first)} – {_day(last)}"


def _day(day: dt.date) -> str:
    return format_date(day, "d MMMM y", locale="en_GB")
