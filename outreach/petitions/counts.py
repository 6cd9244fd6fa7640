"""Signature counts: kept as readings; what looks wrong waits for a human (law 5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit, tasks
from outreach.accounts.models import Actor, Campaign, TaskKind
from outreach.accounts.roles import require
from outreach.errors import BadInput, MoveRefused, NotFound, Refused
from outreach.petitions import figures, phrases
from outreach.petitions.models import Petition, Precision, Reading, ReadingState
from outreach.words import N_, Sentence

# Law 5: a rise of more than either of these since the last accepted reading is held.
RISE_PER_CENT = 20
RISE_ABSOLUTE = 5_000
LARGEST = 2_000_000_000
WANTED = Sentence("Write the count as a whole number, 0 or more.")


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What a new reading is judged by: accepted readings of the petition, as values.

    `before` is the last one up to the new one's day, `after` the first one later than that;
    `page_known` tells whether a reading of the same page was ever accepted.
    """

    before: int | None
    after: int | None
    page_known: bool


def holds(value: int, read_on: dt.date | None, near: Neighbours) -> list[Sentence]:
    """Return every reason to hold a reading of `value`; none means it is accepted by itself."""
    reasons = []
    if value == 0:
        reasons.append(Sentence("A page shows 0 before it has counted; 0 is never printed."))
    if read_on is None:
        reasons.append(Sentence("It has no day. Enter it again with the day it was read."))
    if not near.page_known:
        reasons.append(Sentence("It is the first reading of this page."))
    if near.before is not None and 0 < value < near.before:
        reasons.append(Sentence("It fell: the last accepted count is %(last)s.", last=near.before))
    if near.before is not None and rises_too_fast(near.before, value):
        reasons.append(
            Sentence(
                "It rose by more than %(per_cent)s %% or %(absolute)s since the last accepted "
                "count, %(last)s.",
                per_cent=RISE_PER_CENT,
                absolute=RISE_ABSOLUTE,
                last=near.before,
            )
        )
    if near.after is not None and value > near.after:
        reasons.append(
            Sentence(
                "A later day already has a lower accepted count, %(later)s.",
                later=near.after,
            )
        )
    return reasons


def rises_too_fast(before: int, value: int) -> bool:
    """Return whether going from `before` to `value` passes either limit of law 5."""
    rise = value - before
    return rise > RISE_ABSOLUTE or rise * 100 > before * RISE_PER_CENT


def add_reading(
    session: Session,
    *,
    petition: Petition,
    value: int,
    page_url: str,
    read_on: dt.date | None,
    by: Actor,
    now: dt.datetime,
) -> Reading:
    """Keep a count somebody read off a page on a day; accepted by itself or held for a human.

    `read_on` is a day in the campaign's zone. A held reading opens a task. Raises BadInput with
    the field.
    """
    page = _page(page_url)
    campaign = session.get_one(Campaign, petition.campaign_id)
    if not 0 <= value <= LARGEST:
        raise BadInput(WANTED, "value")
    if read_on is not None and read_on > campaign.day_of(now):
        raise BadInput(Sentence("This day is still to come. Give the day you read it."), "read_on")
    reasons = holds(value, read_on, _neighbours(session, petition.id, page, read_on))
    reading = Reading(
        campaign_id=campaign.id,
        petition_id=petition.id,
        value=value,
        page_url=page,
        read_on=read_on,
        by=by.name,
        at=now,
        state=ReadingState.HELD if reasons else ReadingState.ACCEPTED,
        held_because=" ".join(map(_in_english, reasons)),
        held_for=[{"text": reason.text, "values": reason.values} for reason in reasons],
        decided_by=None if reasons else by.name,
        decided_at=None if reasons else now,
    )
    session.add(reading)
    session.flush()
    _tell_of(session, campaign, reading, by=by, now=now)
    return reading


def _in_english(reason: Sentence) -> str:
    """Return a reason for the log; its values are all whole numbers."""
    return str(Sentence(reason.text, **{key: f"{n:,}" for key, n in reason.values.items()}))


def _tell_of(
    session: Session, campaign: Campaign, reading: Reading, *, by: Actor, now: dt.datetime
) -> None:
    """Write the event of a new reading, and open a task for an organiser if it is held."""
    audit.record(
        session,
        subject=("reading", reading.id),
        name="reading added",
        by=by,
        now=now,
        campaign_id=campaign.id,
        moved=(None, reading.state.value),
        detail={
            "value": reading.value,
            "page": reading.page_url,
            "because": reading.held_because,
        },
    )
    if reading.state is not ReadingState.HELD:
        return
    tasks.open_task(
        session,
        campaign_id=campaign.id,
        kind=TaskKind.CHECK_READING,
        subject=("reading", reading.id),
        title=f"Check the count of {reading.value:,}",
        due_on=None,
        rehearsal=campaign.rehearsing,
        now=now,
        by=by,
    )


def accept(session: Session, reading: Reading, *, by: Actor, now: dt.datetime) -> Reading:
    """Accept a held reading: letters may print it from now on.

    Raises NotAllowed for all but organisers, Refused for 0 or a missing day, MoveRefused when
    somebody decided already.
    """
    require(by, "petition.accept")
    if reading.value == 0:
        raise Refused(
            Sentence("0 is not a count: the page hadn't counted yet. Refuse this reading.")
        )
    if reading.read_on is None:
        raise Refused(
            Sentence(
                "This reading has no day, so no letter could date it. "
                "Enter it again with its day and refuse this one."
            )
        )
    return _decide(session, reading, ReadingState.ACCEPTED, by=by, now=now)


def refuse(session: Session, reading: Reading, *, by: Actor, now: dt.datetime) -> Reading:
    """Refuse a held reading: it stays in the history and is never printed.

    Raises NotAllowed for all but organisers, MoveRefused when somebody decided already.
    """
    require(by, "petition.accept")
    return _decide(session, reading, ReadingState.REFUSED, by=by, now=now)


def _decide(
    session: Session, reading: Reading, state: ReadingState, *, by: Actor, now: dt.datetime
) -> Reading:
    """Settle a held reading once: the update names the old state, so one of two people wins."""
    won = session.execute(
        sa.update(Reading)
        .where(Reading.id == reading.id, Reading.state == ReadingState.HELD)
        .values(state=state, decided_by=by.name, decided_at=now)
        .execution_options(synchronize_session=False)
        .returning(Reading.id)
    ).scalar_one_or_none()
    session.refresh(reading)
    if won is None:
        raise MoveRefused(
            Sentence(
                "%(who)s has already decided on this reading. Reload the page to see how.",
                who=reading.decided_by,
            )
        )
    audit.record(
        session,
        subject=("reading", reading.id),
        name=f"reading {state.value}",
        by=by,
        now=now,
        campaign_id=reading.campaign_id,
        moved=(ReadingState.HELD.value, state.value),
    )
    tasks.finish_about(session, ("reading", reading.id), by=by, now=now)
    return reading


def latest_reading(session: Session, campaign_id: int) -> Reading | None:
    """Return the accepted reading of the latest day, or None: then nothing is printed."""
    return session.scalar(
        sa.select(Reading)
        .where(Reading.campaign_id == campaign_id, Reading.state == ReadingState.ACCEPTED)
        .order_by(Reading.read_on.desc(), Reading.id.desc())
        .limit(1)
    )


def held_readings(campaign_id: int) -> sa.Select[Reading]:
    """Return the query of the readings that wait for an organiser, oldest first."""
    return (
        sa.select(Reading)
        .where(Reading.campaign_id == campaign_id, Reading.state == ReadingState.HELD)
        .order_by(Reading.id)
    )


def history(session: Session, campaign_id: int) -> Sequence[Reading]:
    """Return every reading of the campaign, held and refused ones too, newest first."""
    return session.scalars(
        sa.select(Reading).where(Reading.campaign_id == campaign_id).order_by(Reading.id.desc())
    ).all()


def reading_by_id(session: Session, campaign_id: int, reading_id: int) -> Reading:
    """Return one reading of the campaign. Raises NotFound."""
    reading = session.get(Reading, reading_id)
    if reading is None or reading.campaign_id != campaign_id:
        raise NotFound(Sentence("There is no such reading. Look at the list of readings."))
    return reading


def age_in_days(reading: Reading, today: dt.date) -> int:
    """Return how many days ago an accepted reading was read."""
    assert reading.read_on is not None  # the table's constraint `accepted`
    return (today - reading.read_on).days


def too_old(reading: Reading, campaign: Campaign, today: dt.date) -> bool:
    """Return whether a reading is older than the campaign lets a new letter print."""
    return age_in_days(reading, today) > campaign.reading_max_age_days


def sentence(reading: Reading, language: str) -> str:
    """Return the count as a dated sentence of `language`, with that language's digits and date.

    "As of 3 March 2021, 62,001 people had signed the petition." Raises Refused for a reading
    that isn't accepted and for a language without such a sentence.
    """
    if reading.state is not ReadingState.ACCEPTED or reading.read_on is None:
        raise Refused(
            Sentence(
                "The count of %(value)s isn't accepted. An organiser has to accept it first.",
                value=f"{reading.value:,}",
            )
        )
    known = phrases.phrases(language)
    if known is None:
        raise Refused(
            Sentence(
                "There is no sentence for the count in “%(language)s”. Leave the count out.",
                language=language,
            )
        )
    return phrases.in_number(known.count.exact, reading.value, language).format(
        day=figures.day(reading.read_on, Precision.DAY, language),
        number=figures.number(reading.value, language),
    )


def _neighbours(
    session: Session, petition_id: int, page: str, read_on: dt.date | None
) -> Neighbours:
    accepted = sa.select(Reading.value).where(
        Reading.petition_id == petition_id, Reading.state == ReadingState.ACCEPTED
    )
    up_to = accepted.order_by(Reading.read_on.desc(), Reading.id.desc()).limit(1)
    later = accepted.order_by(Reading.read_on, Reading.id).limit(1)
    known = session.scalar(accepted.where(Reading.page_url == page).limit(1))
    if read_on is None:
        return Neighbours(session.scalar(up_to), None, known is not None)
    return Neighbours(
        before=session.scalar(up_to.where(Reading.read_on <= read_on)),
        after=session.scalar(later.where(Reading.read_on > read_on)),
        page_known=known is not None,
    )


def _page(url: str) -> str:
    """Return the address of a page in one spelling, without what comes after `#`."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(
            Sentence(N_("Give the page's full address, beginning with https://.")), "page_url"
        )
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path or "/", parts.query, ""))
