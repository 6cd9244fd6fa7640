"""How long a desk rests after a letter (law 7), and the one row that holds it."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory.models import Office

SATURDAY = 5
Day = TypeVar("Day", dt.date, dt.datetime)


def after_working_days(start: Day, days: int) -> Day:
    """Return the day `days` working days after `start`; of an instant, at the same hour (UTC).

    Working days are Monday to Friday for now; the calendars of countries come here.
    """
    day = start
    while days > 0:
        day += dt.timedelta(days=1)
        if day.weekday() < SATURDAY:
            days -= 1
    return day


def take_desk(
    session: Session, office_id: int, *, cooling_days: int, now: dt.datetime
) -> dt.datetime | None:
    """Let the desk rest from `now` for that many working days; return until when.

    Returns None when it already rests: somebody's letter was first. One update decides, so two
    letters at the same moment can't both find it free.
    """
    until = after_working_days(now, cooling_days)
    result = session.execute(
        sa.update(Office)
        .where(
            Office.id == office_id,
            sa.or_(Office.quiet_until.is_(None), Office.quiet_until <= now),
        )
        .values(quiet_until=until)
        .execution_options(synchronize_session=False)
    )
    return until if cast("sa.CursorResult[Any]", result).rowcount == 1 else None


def free_desk(
    session: Session, office_id: int, *, cooling_days: int, taken_at: dt.datetime
) -> None:
    """Undo `take_desk` of `taken_at` when the letter certainly did not go.

    Frees only the rest that this very claim began.
    """
    session.execute(
        sa.update(Office)
        .where(
            Office.id == office_id,
            Office.quiet_until == after_working_days(taken_at, cooling_days),
        )
        .values(quiet_until=None)
        .execution_options(synchronize_session=False)
    )
