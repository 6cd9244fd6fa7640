"""Which minute each letter gets: a good hour of its desk, spread, and never too many at once.

Each letter's minute hangs on its reference code, so that planning again gives the same one. What is
scheduled already counts against the limits.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from babel.dates import format_datetime
from sqlalchemy.orm import Session, contains_eager, load_only

from outreach.directory.models import ContactKind, Office, Target
from outreach.directory.zones import seat_zone
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.sending.desks import AT_ONCE, COOLED
from outreach.sending.hours import (
    Hours,
    Place,
    Window,
    good_windows,
    later_by_working_days,
    rest_on,
)
from outreach.sending.places import places_of
from outreach.words import Sentence

# Letters to one body (a chamber, a ministry) on one of its days, and to one mail domain an hour.
PER_BODY_AND_DAY = 20
PER_DOMAIN_AND_HOUR = 30
# How long ahead a good hour is looked for.
AHEAD = dt.timedelta(days=60)
HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """When a letter may go: from its minute to the end of that good hour, and why just then."""

    send_after: dt.datetime
    send_before: dt.datetime
    because: Sentence


@dataclass(slots=True)
class _Taken:
    """How many letters go to a body on a day of its own, and to a domain in an hour (UTC)."""

    days: Counter[tuple[int, dt.date]] = field(default_factory=Counter)
    hours: Counter[tuple[str, dt.datetime]] = field(default_factory=Counter)

    def note(self, letter: Letter, instant: dt.datetime) -> None:
        """Count one letter that goes at `instant`."""
        self.days[letter.target.body_id, _body_day(letter, instant)] += 1
        if domain := _domain(letter):
            self.hours[domain, instant.replace(minute=0, second=0, microsecond=0)] += 1


def slots(
    session: Session,
    letters: Sequence[Letter],
    *,
    hours: Hours,
    after: dt.datetime,
    rests: Mapping[int, int],
) -> dict[int, Slot | Sentence]:
    """Return {letter id: its slot, or why there is none within 60 days}.

    `letters` are loaded with target and jurisdiction, in the order they shall go; `after` is the
    earliest instant (aware UTC); `rests` says how many days a desk rests between two of them,
    {campaign id: working days}.
    """
    places = places_of(session, letters, after=after)
    taken = _taken(session, {letter.target.jurisdiction_code for letter in letters}, after)
    free_from = _free_from(session, letters, places, rests, after)
    found: dict[int, Slot | Sentence] = {}
    for letter in letters:
        place = places[letter.target_id]
        free = free_from.get(letter.office_id, after) if letter.kind in COOLED else after
        slot = _slot(letter, place, hours, after, max(after, free), taken)
        if isinstance(slot, Slot):
            taken.note(letter, slot.send_after)
            rest = rests.get(letter.campaign_id, 0)
            free_from[letter.office_id] = later_by_working_days(place, slot.send_after, rest)
        found[letter.id] = slot
    return found


def resting(session: Session, campaign_id: int, code: str, *, now: dt.datetime) -> list[Letter]:
    """Return the scheduled letters of a campaign to a jurisdiction that go on a day of rest there.

    With target and jurisdiction, the earliest first: what a newer calendar would plan anew.
    """
    scheduled = session.scalars(
        sa.select(Letter)
        .join(Letter.target)
        .options(sa.orm.contains_eager(Letter.target).joinedload(Target.jurisdiction))
        .where(
            Letter.campaign_id == campaign_id,
            Letter.state == State.SCHEDULED,
            Letter.send_after >= now,
            # What hangs on a meeting goes when the meeting says.
            Letter.event_id.is_(None),
            Target.jurisdiction_code == code,
        )
        .order_by(Letter.send_after, Letter.id)
    ).all()
    places = places_of(session, scheduled, after=now)
    return [
        letter
        for letter in scheduled
        if letter.send_after is not None
        and rest_on(
            places[letter.target_id],
            letter.send_after.astimezone(places[letter.target_id].zone).date(),
        )
    ]


def _free_from(
    session: Session,
    letters: Sequence[Letter],
    places: Mapping[int, Place],
    rests: Mapping[int, int],
    after: dt.datetime,
) -> dict[int, dt.datetime]:
    """{office id: when it is free}: it may rest, or have a letter scheduled, of any campaign."""
    mine = {letter.office_id: letter for letter in letters if letter.kind in COOLED}
    ids, offices = {letter.id for letter in letters}, sorted(mine)
    found: dict[int, dt.datetime] = {}
    for n in range(0, len(offices), AT_ONCE):
        some = offices[n : n + AT_ONCE]
        resting = sa.select(Office.id, Office.quiet_until).where(
            Office.id.in_(some), Office.quiet_until > after
        )
        found |= {row.id: row.quiet_until for row in session.execute(resting)}
        for letter_id, office_id, rehearsal, begins in session.execute(_scheduled_to(some)):
            own = mine[office_id]
            assert begins is not None
            place, rest = places[own.target_id], rests.get(own.campaign_id, 0)
            # What goes long after it does not hold it up.
            near = begins <= later_by_working_days(place, after, rest)
            if letter_id not in ids and rehearsal is own.rehearsal and near:
                free = later_by_working_days(place, begins, rest)
                found[office_id] = max(free, found.get(office_id, free))
    return found


def _scheduled_to(offices: Sequence[int]) -> sa.Select[int, int, bool, dt.datetime | None]:
    return sa.select(Letter.id, Letter.office_id, Letter.rehearsal, Letter.send_after).where(
        Letter.office_id.in_(offices),
        Letter.state.in_((State.SCHEDULED, State.SENDING)),
        Letter.kind.in_(COOLED),
    )


def minute_of(letter: Letter, window: Window) -> dt.datetime:
    """Return the minute of `window` that hangs on the letter's code, whatever else goes then."""
    return _minute(letter, window, _Taken()) or window.begins


def _slot(
    letter: Letter,
    place: Place,
    hours: Hours,
    after: dt.datetime,
    free: dt.datetime,
    taken: _Taken,
) -> Slot | Sentence:
    """The slot of a letter not before `after`; its desk rests until `free`."""
    full = 0
    for window in good_windows(place, hours, after=free, before=after + AHEAD):
        minute = _minute(letter, window, taken)
        day = _body_day(letter, window.begins)
        if minute is None or taken.days[letter.target.body_id, day] >= PER_BODY_AND_DAY:
            full += 1
            continue
        return Slot(minute, window.ends, _because(place, (after, free), minute, full))
    return Sentence(
        "There is no good hour at %(place)s within %(days)s days.",
        place=place.code,
        days=AHEAD.days,
    )


def _minute(letter: Letter, window: Window, taken: _Taken) -> dt.datetime | None:
    """A minute of the window that hangs on the letter's code, in an hour with room; else None."""
    minutes = max(1, int((window.ends - window.begins).total_seconds() // 60) - 5)
    first = int.from_bytes(hashlib.sha256(letter.code.encode()).digest()[:4]) % minutes
    domain = _domain(letter)
    for step in range(0, minutes, 60):
        shift = dt.timedelta(minutes=(first + step) % minutes)
        instant = (window.begins + shift).replace(second=0, microsecond=0)
        instant = max(instant, window.begins)
        hour = instant.replace(minute=0, second=0, microsecond=0)
        if not domain or taken.hours[domain, hour] < PER_DOMAIN_AND_HOUR:
            return instant
    return None


def _because(
    place: Place, wanted: tuple[dt.datetime, dt.datetime], minute: dt.datetime, full: int
) -> Sentence:
    """Say why this minute: what hour it is there, and what was passed over on the way.

    `wanted`: the earliest instant asked for, and when the desk is free.
    """
    local, (after, free) = minute.astimezone(place.zone), wanted
    passed = []
    day = after.astimezone(place.zone).date()
    while day < local.date():
        why = rest_on(place, day)
        if why is not None and str(why) != "weekend" and str(why) not in passed:
            passed.append(str(why))
        day += dt.timedelta(days=1)
    if free > after:
        day = free.astimezone(place.zone).date()
        passed.append(str(Sentence("the desk rests until %(day)s", day=day)))
    if full:
        passed.append(f"{full} full mornings" if full > 1 else "a full morning")
    when = format_datetime(local, "EEEE d MMMM, HH:mm", locale="en_GB")
    if passed:
        return Sentence(
            "%(when)s on their clock, a working morning in the middle of their week; "
            "passed over: %(passed)s.",
            when=when,
            passed=", ".join(passed),
        )
    return Sentence(
        "%(when)s on their clock, a working morning in the middle of their week.", when=when
    )


def _body_day(letter: Letter, instant: dt.datetime) -> dt.date:
    """The day a body counts its letters by, on the clock of the capital."""
    return instant.astimezone(seat_zone(letter.target.jurisdiction_code)).date()


def _taken(session: Session, codes: Collection[str], after: dt.datetime) -> _Taken:
    taken = _Taken()
    scheduled = session.scalars(
        sa.select(Letter)
        .join(Letter.target)
        .options(
            # Everything that is scheduled counts; its words are long and not asked here.
            load_only(Letter.send_after, Letter.channel, Letter.address),
            contains_eager(Letter.target).load_only(Target.body_id, Target.jurisdiction_code),
        )
        .where(
            Letter.state.in_((State.SCHEDULED, State.SENDING)),
            Letter.send_after >= after,
            Target.jurisdiction_code.in_(codes),
        )
    )
    for letter in scheduled:
        assert letter.send_after is not None
        taken.note(letter, letter.send_after)
    return taken


def _domain(letter: Letter) -> str:
    if letter.channel is not ContactKind.EMAIL:
        return ""
    return letter.address.rpartition("@")[2].lower()
