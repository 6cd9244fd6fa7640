"""When it is time to remind: who has not answered, since when, and what moves the day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.accounts.models import Campaign
from outreach.directory.models import Office, Suppression, SuppressionScope, Target, TargetRole
from outreach.letters.chains import GONE
from outreach.letters.lifecycle import UNSENT, State
from outreach.letters.models import Letter, LetterKind
from outreach.petitions.models import Promise, PromiseState
from outreach.replies.overdue.cadence import PARTS, Cadence, cadences
from outreach.schema import one_of
from outreach.sending.hours import Place, rest_on, working_day
from outreach.sending.places import places_of
from outreach.words import Sentence

# How many desks a list shows; where there are more, nobody counts them.
MOST = 200
# Letters looked at in one go.
PORTION = 1000

_First = aliased(Letter)
_Other = aliased(Letter)
# What `_read` makes a `Silent` of.
_SHOWN: tuple[Any, ...] = (
    Letter.id,
    Letter.sent_at,
    Letter.recipient,
    Letter.sender_id,
    Letter.target_id,
    Target.role,
    Target.jurisdiction_code,
    Letter.office_id,
    Office.quiet_until,
    Letter.parked_until,
    _First.id.label("first_id"),
    _First.parked_until.label("first_parked_until"),
)


@dataclass(frozen=True, slots=True)
class Silent:
    """A letter that nobody answered: what a list says of it, and what its day hangs on.

    The last that left to its desk; `parked` are the days until which it, or the letter it reminds
    of, was to be left alone. Its words are not read.
    """

    id: int
    sent_at: dt.datetime
    recipient: str
    sender_id: int
    target_id: int
    role: TargetRole
    jurisdiction_code: str
    office_id: int
    quiet_until: dt.datetime | None
    parked: tuple[dt.date, ...]
    reminds: bool


@dataclass(frozen=True, slots=True)
class Reminder:
    """One reminder to be written: after which letter, the how many-th, on which day and why then.

    `letter` is the last that left.
    """

    letter: Silent
    number: int
    on: dt.date
    because: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """The reminders whose day has come, and of the letters looked at those whose day is to come.

    `more`: more desks are due than are listed; nobody looked how many.
    """

    now: list[Reminder]
    later: list[Reminder]
    more: bool


def due(session: Session, campaign: Campaign, *, today: dt.date, most: int = MOST) -> Due:
    """Return up to `most` reminders whose day has come, by country and then the longest due first.

    One for each desk: nobody is reminded of two things at once. What left too lately is not read;
    of the rest the oldest first, and no more than it takes.
    """
    found: list[Reminder] = []
    later: list[Reminder] = []
    for portion in _portions(session, campaign, today, _left_by(campaign, today)):
        later += [one for one in portion if one.on > today]
        found = _due_of([*found, *portion], today)
        if len(found) > most:
            longest = sorted(found, key=lambda it: it.on)[:most]
            # Another letter to one of these desks, not read yet, may be due for longer.
            ids = [one.letter.id for one in longest]
            return Due(due_among(session, campaign, ids, today=today), later, more=True)
    return Due(found, later, more=False)


def due_among(
    session: Session, campaign: Campaign, letter_ids: Collection[int], *, today: dt.date
) -> list[Reminder]:
    """Return what is due, as `due` does, for the desks of these letters; four queries."""
    desks = sa.select(_Other.office_id).where(one_of(_Other.id, list(letter_ids)))
    rows = session.execute(_silent(campaign, today, Letter.office_id.in_(desks))).all()
    return _due_of(_read_in_one(session, campaign, rows, today), today)


def coming(
    session: Session, campaign: Campaign, found: Due, *, today: dt.date
) -> tuple[list[Reminder], bool]:
    """Return the reminders that come next, the soonest first, and whether there are more.

    `found` is what `due` returned; of the letters it passed over one portion is read, the oldest.
    """
    lately = _portions(session, campaign, today, ~_left_by(campaign, today))
    portion = next(lately, [])
    more = found.more or next(lately, None) is not None
    later = [*found.later, *(one for one in portion if one.on > today)]
    return sorted(later, key=lambda it: it.on), more


def planned(
    session: Session, campaign: Campaign, *, today: dt.date, letter_id: int | None = None
) -> list[Reminder]:
    """Return every reminder that nothing stands against, with its day; of one letter if given.

    `today` is a day of the campaign's zone. Nothing is proposed after an answer, also one that
    nobody has read, a letter that came back or was closed, an objection, a reminder that somebody
    withdrew, or two reminders; nor while a reminder to the same desk is being made.
    """
    wanted = sa.true() if letter_id is None else Letter.id == letter_id
    rows = session.execute(_silent(campaign, today, wanted)).all()
    return _read_in_one(session, campaign, rows, today)


def _due_of(every: Iterable[Reminder], today: dt.date) -> list[Reminder]:
    found: dict[int, Reminder] = {}
    for one in sorted(every, key=lambda it: it.on):
        if one.on <= today:
            found.setdefault(one.letter.office_id, one)
    return sorted(found.values(), key=lambda it: (it.letter.jurisdiction_code, it.on))


def _left_by(campaign: Campaign, today: dt.date) -> sa.ColumnElement[bool]:
    """Letters whose days may be over by `today`: a working day is no shorter than a day.

    Until noon of the next day by UTC it is still the same day somewhere.
    """
    parts = []
    for part, days in cadences(campaign).items():
        day = today - dt.timedelta(days=min(days.first, days.second) - 1)
        ends = dt.datetime.combine(day, dt.time(12), dt.UTC)
        roles = [role for role, its in PARTS.items() if its is part]
        parts.append(sa.and_(Target.role.in_(roles), Letter.sent_at < ends))
    return sa.or_(*parts)


def _portions(
    session: Session, campaign: Campaign, today: dt.date, wanted: sa.ColumnElement[bool]
) -> Iterator[list[Reminder]]:
    """What is planned after the wanted letters, the oldest letters first, some at a time."""
    query = _silent(campaign, today, wanted).execution_options(yield_per=PORTION)
    with session.execute(query) as rows:
        for portion in rows.partitions():
            yield _read_in_one(session, campaign, portion, today)


def _read_in_one(
    session: Session, campaign: Campaign, rows: Sequence[sa.Row[*tuple[Any, ...]]], today: dt.date
) -> list[Reminder]:
    letters = [_read(row) for row in rows]
    if not letters:
        return []
    places = places_of(session, letters, after=min(it.sent_at for it in letters))
    promised = _promised(session, campaign)
    counted, set_days = _Counted(), cadences(campaign)
    return [
        _planned(
            campaign,
            letter,
            set_days[PARTS[letter.role]],
            place=places[letter.target_id],
            promised=promised.get(letter.office_id),
            counted=counted,
            today=today,
        )
        for letter in letters
    ]


def _silent(
    campaign: Campaign, today: dt.date, wanted: sa.ColumnElement[bool]
) -> sa.Select[*tuple[Any, ...]]:
    """The wanted last letters of correspondences that a reminder may carry on, for `_read`.

    Plain columns: thousands are looked at whenever somebody opens Today, and nobody reads a word.
    """
    reminds = sa.and_(Letter.kind == LetterKind.REMINDER, _First.id == Letter.follows_id)
    return (
        sa.select(*_SHOWN)
        .join(Letter.target)
        .join(Letter.office)
        .outerjoin(_First, reminds)
        .where(
            wanted,
            Letter.campaign_id == campaign.id,
            Letter.rehearsal == campaign.rehearsing,
            Letter.state == State.SENT,
            *_waits(Letter),
            # Two at most: what follows the first letter, and what follows that.
            sa.or_(
                Letter.kind == LetterKind.FIRST,
                sa.and_(_First.kind == LetterKind.FIRST, _First.state.in_(GONE), *_waits(_First)),
            ),
            sa.or_(Target.ended_on.is_(None), Target.ended_on > today),
            Letter.id.not_in(_reminded_or_refused(campaign)),
            ~_being_reminded(),
            ~_suppressed(),
        )
        .order_by(Letter.sent_at, Letter.id)
    )


def _read(row: sa.Row[*tuple[Any, ...]]) -> Silent:
    parked, first_id, first_parked = row[-3:]
    days = tuple(day for day in (parked, first_parked) if day is not None)
    told: Any = (*row[:-3], days, first_id is not None)
    return Silent(*told)


def _waits(letter: type[Letter]) -> list[sa.ColumnElement[bool]]:
    columns = (letter.unread_since, letter.answered_on, letter.closed_on)
    return [column.is_(None) for column in columns]


def _reminded_or_refused(campaign: Campaign) -> sa.Select[int | None]:
    """The letters that a reminder follows already, or followed until somebody withdrew it.

    A person decided. Listed once: no index answers it for one letter after the other.
    """
    return sa.select(_Other.follows_id).where(
        _Other.campaign_id == campaign.id,
        _Other.kind == LetterKind.REMINDER,
        _Other.follows_id.is_not(None),
    )


def _being_reminded() -> sa.Exists:
    return sa.exists().where(
        _Other.office_id == Letter.office_id,
        _Other.campaign_id == Letter.campaign_id,
        _Other.rehearsal == Letter.rehearsal,
        _Other.kind == LetterKind.REMINDER,
        _Other.state.in_([*UNSENT, State.SENDING]),
    )


def _suppressed() -> sa.Exists:
    # Said outright: two levels down the letter would be anybody's.
    desk = sa.select(Office.key).where(Office.id == Letter.office_id).correlate(Letter)
    address, office = SuppressionScope.ADDRESS, SuppressionScope.OFFICE
    return sa.exists().where(
        sa.or_(
            sa.and_(Suppression.scope == office, Suppression.value == desk.scalar_subquery()),
            sa.and_(
                Suppression.scope == address, Suppression.value == sa.func.lower(Letter.address)
            ),
        )
    )


def _promised(session: Session, campaign: Campaign) -> dict[int, dt.date]:
    """{desk: the last day until which it has promised something that is still open}."""
    rows = session.execute(
        sa.select(Target.office_id, sa.func.max(Promise.due_on))
        .join(Target, Target.id == Promise.target_id)
        .where(
            Promise.campaign_id == campaign.id,
            Promise.rehearsal == campaign.rehearsing,
            Promise.state == PromiseState.OPEN,
        )
        .group_by(Target.office_id)
    )
    return {row[0]: row[1] for row in rows}


class _Counted:
    """Working days that were counted already: letters of one day to one place need it once."""

    def __init__(self) -> None:
        self._days: dict[tuple[str, int, dt.date, int], dt.date] = {}

    def after(self, place: Place, day: dt.date, days: int) -> dt.date:
        key = place.code, id(place.rests), day, days
        if key not in self._days:
            self._days[key] = working_day(place, day, days)
        return self._days[key]


def _planned(
    campaign: Campaign,
    letter: Silent,
    cadence: Cadence,
    *,
    place: Place,
    promised: dt.date | None,
    counted: _Counted,
    today: dt.date,
) -> Reminder:
    days = cadence.second if letter.reminds else cadence.first
    left = letter.sent_at.astimezone(place.zone).date()
    on = counted.after(place, left, days)
    because = [
        Sentence("%(days)s working days there since our letter of %(day)s.", days=days, day=left)
    ]
    because += [
        Sentence("Not counted: %(name)s until %(day)s.", name=rest.name, day=rest.ends_on)
        for rest in place.rests
        if left < rest.ends_on and rest.starts_on <= on
    ]
    for day, words in _later(campaign, letter, place, promised, cadence, counted):
        if day > on:
            on, because = day, [*because, words]
    resting = rest_on(place, max(on, today))
    if resting is not None:
        on = counted.after(place, max(on, today), 1)
        because.append(Sentence("Nobody reads there now: %(why)s.", why=resting))
    return Reminder(letter, 2 if letter.reminds else 1, on, tuple(because))


def _later(
    campaign: Campaign,
    letter: Silent,
    place: Place,
    promised: dt.date | None,
    cadence: Cadence,
    counted: _Counted,
) -> list[tuple[dt.date, Sentence]]:
    """What else moves the day: until when, and what to say of it."""
    found = [
        (day, Sentence("They are away; not before %(day)s.", day=day)) for day in letter.parked
    ]
    if promised is not None:
        day = counted.after(place, promised, cadence.promise)
        words = Sentence("They promised something until %(day)s.", day=promised)
        found.append((day, words))
    if letter.quiet_until is not None:
        day = campaign.day_of(letter.quiet_until)
        found.append(
            (day, Sentence("This desk had a letter from us and rests until %(day)s.", day=day))
        )
    return found
