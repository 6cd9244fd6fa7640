"""How long a desk rests after a letter (law 7), and the one row that holds it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.directory import calendar
from outreach.directory.models import Office, Target
from outreach.directory.zones import seat_zone
from outreach.letters.models import LetterKind
from outreach.schema import among

# Kinds that need a free desk; answers, thanks and corrections only need an organiser (law 7).
COOLED = frozenset({LetterKind.FIRST, LetterKind.REMINDER})
# PostgreSQL takes 65,535 values in one statement.
AT_ONCE = 10_000
Day = TypeVar("Day", dt.date, dt.datetime)


def after_working_days(start: Day, days: int, code: str = "") -> Day:
    """Return the day `days` working days after `start`; of an instant, at the same hour there.

    Working days are those of jurisdiction `code`: its weekend and its public holidays, not the
    recess of a house. Where they are not known: Monday to Friday.
    """
    if isinstance(start, dt.datetime):
        local = start.astimezone(seat_zone(code))
        day = _working_day(local.date(), days, code)
        return dt.datetime.combine(day, local.time(), local.tzinfo).astimezone(dt.UTC)
    return _working_day(start, days, code)


def _working_day(day: dt.date, days: int, code: str) -> dt.date:
    while days > 0:
        day += dt.timedelta(days=1)
        days -= calendar.works(code, day)
    return day


def take_desk(
    session: Session, office_id: int, *, cooling_days: int, code: str, now: dt.datetime
) -> dt.datetime | None:
    """Let the desk rest from `now` for that many working days of `code`; return until when.

    Returns None when it already rests: somebody's letter was first. One update decides, so two
    letters at the same moment can't both find it free.
    """
    until = after_working_days(now, cooling_days, code)
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


def take_desks(
    session: Session,
    wanted: Mapping[int, str],
    *,
    cooling_days: int,
    now: dt.datetime,
) -> set[int]:
    """Do `take_desk` for many, {office id: code of its jurisdiction}; return those that were free.

    One update per day until which they rest, so nobody else can find one of them free.
    """
    until: dict[dt.datetime, list[int]] = {}
    for code in set(wanted.values()):
        ends = after_working_days(now, cooling_days, code)
        until.setdefault(ends, []).extend(one for one, its in wanted.items() if its == code)
    hold_desks(session, wanted)
    taken: set[int] = set()
    for ends, offices in until.items():
        rest = {"ids": offices, "now": now, "ends": ends}
        taken.update(session.connection().execute(_TAKE, rest).scalars())
    return taken


def hold_desks(session: Session, office_ids: Collection[int]) -> None:
    """Keep others off these desks, in one order, so that two workers never wait for each other.

    SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_IN_ORDER, {"ids": office_ids})


_IN_ORDER = (
    sa.select(Office.id).where(among(Office.id, "ids")).order_by(Office.id).with_for_update()
)
_TAKE = (
    sa.update(Office)
    .where(
        among(Office.id, "ids"),
        sa.or_(Office.quiet_until.is_(None), Office.quiet_until <= sa.bindparam("now")),
    )
    .values(quiet_until=sa.bindparam("ends"))
    .returning(Office.id)
)


def free_desk(
    session: Session, office_id: int, *, cooling_days: int, code: str, taken_at: dt.datetime
) -> None:
    """Undo `take_desk` of `taken_at` when the letter certainly did not go.

    Frees only the rest that this very claim began.
    """
    session.execute(
        sa.update(Office)
        .where(
            Office.id == office_id,
            Office.quiet_until == after_working_days(taken_at, cooling_days, code),
        )
        .values(quiet_until=None)
        .execution_options(synchronize_session=False)
    )


def code_of(session: Session, target_id: int) -> str:
    """Return the jurisdiction whose working days the desk of a target keeps."""
    return codes_of(session, [target_id])[target_id]


def codes_of(session: Session, target_ids: Sequence[int]) -> dict[int, str]:
    """Return {target id: the jurisdiction whose working days its desk keeps}."""
    found: dict[int, str] = {}
    for n in range(0, len(target_ids), AT_ONCE):
        wanted = target_ids[n : n + AT_ONCE]
        query = sa.select(Target.id, Target.jurisdiction_code).where(Target.id.in_(wanted))
        found |= {row.id: row.jurisdiction_code for row in session.execute(query)}
    return found
