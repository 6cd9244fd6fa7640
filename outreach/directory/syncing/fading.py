"""What time does to addresses of a list: still on it, they are seen again; long gone, they go.

An address that left its list is kept at first (a list may be broken for a while). Missing from a
second whole list at least 30 days later it is withdrawn, unless somebody checked or typed it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.models import ContactDetail, ContactState
from outreach.directory.offices import USABLE
from outreach.directory.syncing.merging import Saying
from outreach.directory.syncing.models import ImportRun, RunState, SourceRecord
from outreach.errors import Refused
from outreach.words import Sentence

GRACE = dt.timedelta(days=30)


def faded(session: Session, saying: Saying) -> list[tuple[int, ContactState]]:
    """Return (number, state) of the addresses a whole list of this day withdraws."""
    if not saying.complete:
        return []
    rows = session.execute(
        sa.select(ContactDetail.id, ContactDetail.state).where(
            ContactDetail.source_id == saying.source_id,
            ContactDetail.unseen_since <= saying.as_of - GRACE,
            ContactDetail.state.in_(USABLE),
            ContactDetail.verified_on.is_(None),
            ContactDetail.by_hand.is_(False),
        )
    )
    return [(row[0], row[1]) for row in rows]


def see_again(session: Session, run: ImportRun) -> None:
    """Set `seen_on` of everything the list of `run` still gives, when it is a newer whole list."""
    before = previous(session, run)
    if not run.complete or before is None or before.sha256 == run.sha256:
        return
    if before.as_of < run.as_of:
        _set_seen(session, run, before.as_of, run.as_of)


def unsee(session: Session, run: ImportRun, made: tuple[int, int]) -> None:
    """Take back `see_again`; `made` is the first and last number of the run's own addresses."""
    before = previous(session, run)
    if run.complete and before is not None and before.as_of < run.as_of:
        _set_seen(session, run, run.as_of, before.as_of, but=made)


def _set_seen(
    session: Session, run: ImportRun, was: dt.date, now: dt.date, *, but: Collection[int] = (0, -1)
) -> None:
    first, last = but
    named = sa.select(SourceRecord.person_id).where(
        SourceRecord.source_id == run.source_id,
        SourceRecord.gone_since.is_(None),
        SourceRecord.person_id.is_not(None),
    )
    session.execute(
        sa.update(ContactDetail)
        .where(
            ContactDetail.source_id == run.source_id,
            ContactDetail.unseen_since.is_(None),
            ContactDetail.seen_on == was,
            ContactDetail.person_id.in_(named),
            ~ContactDetail.id.between(first, last),
        )
        .values(seen_on=now)
        .execution_options(synchronize_session=False)
    )


def refuse_outdated(session: Session, run: ImportRun) -> None:
    """Raise Refused when another import of the list was written or undone since the preview."""
    before = previous(session, run)
    if run.counts.get("follows", before.id if before else 0) != (before.id if before else 0):
        raise Refused(
            Sentence(
                "Another import of this list was written or undone since this preview was made. "
                "Read it again."
            )
        )


def previous(session: Session, run: ImportRun) -> ImportRun | None:
    """Return the run of the same source that was written last before `run`."""
    return session.scalar(
        sa.select(ImportRun)
        .where(
            ImportRun.source_id == run.source_id,
            ImportRun.state == RunState.APPLIED,
            ImportRun.id != run.id,
        )
        .order_by(ImportRun.applied_at.desc(), ImportRun.id.desc())
        .limit(1)
    )
