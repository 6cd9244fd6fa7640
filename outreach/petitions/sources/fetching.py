"""Fetches the counts of pages when they are due; what fails leaves the last good count alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit, tasks
from outreach.accounts.models import CLOCK, Actor, Campaign, TaskKind
from outreach.database import Database
from outreach.errors import NotFound
from outreach.petitions import counts
from outreach.petitions.models import Petition, Reading
from outreach.petitions.pages import Page
from outreach.petitions.sources.adapters import read_page
from outreach.petitions.sources.reading import Found, NoCount
from outreach.petitions.sources.wire import Wire
from outreach.words import Sentence

# Fetched one after the other, with nothing held open meanwhile; the rest has its turn next time.
AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one fetch brought: a new reading, the same as before (both None), or a failure."""

    reading: Reading | None = None
    failure: Sentence | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page as values, so that no row is held over the wire."""

    page_id: int
    url: str
    adapter: str
    options: dict[str, str]


def fetch_due(database: Database, *, now: dt.datetime, wire: Wire | None = None) -> int:
    """Fetch every page whose hour has come, in small transactions; return how many were asked.

    A page is claimed before it is asked, so that two clocks don't ask for it twice.
    """
    with database.reading() as session:
        due = session.scalars(
            sa.select(Page.id)
            .where(Page.adapter.is_not(None), Page.next_at <= now)
            .order_by(Page.next_at, Page.id)
            .limit(AT_ONCE)
        ).all()
    asked = 0
    for page_id in due:
        with database.writing() as session:
            claimed = _claim(session, page_id, now)
        if claimed is not None:
            _fetch(database, claimed, wire or Wire(), by=CLOCK, now=now)
            asked += 1
    return asked


def fetch_page(
    database: Database, page_id: int, *, by: Actor, now: dt.datetime, wire: Wire
) -> Fetched:
    """Fetch one page now, because somebody asked. No transaction may be open."""
    with database.reading() as session:
        page = session.get(Page, page_id)
        if page is None or page.adapter is None:
            raise NotFound(Sentence("This page is read by people: enter its count by hand."))
        asked = _as_values(page)
    return _fetch(database, asked, wire, by=by, now=now)


def _claim(session: Session, page_id: int, now: dt.datetime) -> _Asked | None:
    page = session.get(Page, page_id, with_for_update=True)
    if page is None or not page.adapter or page.next_at is None or page.next_at > now:
        return None
    page.next_at = now + dt.timedelta(hours=page.every_hours) if page.every_hours else None
    return _as_values(page)


def _as_values(page: Page) -> _Asked:
    return _Asked(page.id, page.url, page.adapter or "", dict(page.options))


def _fetch(
    database: Database, asked: _Asked, wire: Wire, *, by: Actor, now: dt.datetime
) -> Fetched:
    try:
        found = read_page(wire, asked.url, asked.adapter, asked.options)
    except NoCount as error:
        with database.writing() as session:
            _keep_failure(session, asked.page_id, error.sentence, by=by, now=now)
        return Fetched(failure=error.sentence)
    with database.writing() as session:
        return Fetched(reading=_keep(session, asked.page_id, found, by=by, now=now))


def _keep(
    session: Session, page_id: int, found: Found, *, by: Actor, now: dt.datetime
) -> Reading | None:
    """Add what was found as a reading, unless today's last one of the page says just that."""
    page = session.get_one(Page, page_id, with_for_update=True)
    campaign = session.get_one(Campaign, page.campaign_id)
    page.fetched_at = now
    if page.failed_at is not None:
        page.failure = page.failed_at = None
        tasks.finish_about(session, ("page", page.id), by=by, now=now)
    today = campaign.day_of(now)
    last = session.scalar(
        sa.select(Reading)
        .where(Reading.page_id == page.id, Reading.method == counts.FETCHED)
        .order_by(Reading.id.desc())
        .limit(1)
    )
    if last and (last.value, last.read_on, last.shape) == (found.value, today, found.shape):
        return None
    return counts.add_reading(
        session,
        petition=session.get_one(Petition, page.petition_id),
        value=found.value,
        page_url=page.url,
        read_on=today,
        method=counts.FETCHED,
        shape=found.shape,
        by=by,
        now=now,
    )


def _keep_failure(
    session: Session, page_id: int, why: Sentence, *, by: Actor, now: dt.datetime
) -> None:
    """Keep what came in place of a count; an outage opens one task, however long it lasts."""
    page = session.get_one(Page, page_id, with_for_update=True)
    page.failure = why.as_json()
    if page.failed_at is not None:
        return
    page.failed_at = now
    campaign = session.get_one(Campaign, page.campaign_id)
    audit.record(
        session,
        subject=("page", page.id),
        name="fetch failed",
        by=by,
        now=now,
        campaign_id=campaign.id,
        detail={"because": str(why)},
    )
    tasks.open_task(
        session,
        campaign_id=campaign.id,
        kind=TaskKind.CHECK_READING,
        subject=("page", page.id),
        title=f"The count of {page.name or page.url} can't be fetched",
        due_on=None,
        rehearsal=campaign.rehearsing,
        now=now,
        by=by,
    )
