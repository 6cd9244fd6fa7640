"""Which of a campaign's mail accounts takes the next letter, and when none does, why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.mail_accounts import accounts
from outreach.accounts.models import MailAccount
from outreach.sending.models import Attempt
from outreach.words import Sentence

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Route:
    """The account that takes the next letter; or None, why, and until when if that is known.

    `room` is how many letters it still takes by its limits; None: as many as there are.
    """

    account: MailAccount | None
    why: Sentence | None = None
    until: dt.datetime | None = None
    room: int | None = None


def route(session: Session, campaign_id: int, *, now: dt.datetime) -> Route:
    """Return the first account that takes letters at `now`.

    The next in order is used only while the one before turned us away or could not be reached; an
    account that has sent as much as it may makes the letters wait.
    """
    known = accounts(session, campaign_id, plain=True)
    open_ones = [one for one in known if one.enabled and one.paused_at is None]
    awake = [one for one in open_ones if one.rests_until is None or one.rests_until <= now]
    if not awake:
        return _closed(known, open_ones)
    account = awake[0]
    room: int | None = None
    for limit, span in ((account.per_hour, HOUR), (account.per_day, DAY)):
        if limit is None:
            continue
        left = limit - _sent_since(session, account, now - span)
        if left <= 0:
            full = _full_since(session, account, limit, now - span)
            return Route(None, _limit(account, span), full + span if full else None)
        room = left if room is None else min(room, left)
    return Route(account, room=room)


def hold_limited(session: Session, campaign_id: int) -> None:
    """Let one worker at a time count what a limited account has sent; SQLite has one anyway."""
    if session.get_bind().dialect.name != "postgresql":
        return
    limited = sa.or_(MailAccount.per_hour.is_not(None), MailAccount.per_day.is_not(None))
    session.execute(
        sa.select(MailAccount.id)
        .where(MailAccount.campaign_id == campaign_id, limited)
        .order_by(MailAccount.id)
        .with_for_update()
    )


def _closed(known: Sequence[MailAccount], open_ones: Sequence[MailAccount]) -> Route:
    if open_ones:
        until = min(one.rests_until for one in open_ones if one.rests_until is not None)
        return Route(None, Sentence("The mail server could not be reached lately."), until)
    paused = next((one for one in known if one.enabled), None)
    if paused is not None:
        words = Sentence(
            "The mail account %(name)s is paused since its server said: %(words)s",
            name=paused.name,
            words=paused.paused_because,
        )
        return Route(None, words)
    if known:
        return Route(None, Sentence("Every mail account is switched off."))
    return Route(None, Sentence("No mail account is set up, so no e-mail can leave."))


def _sent_since(session: Session, account: MailAccount, after: dt.datetime) -> int:
    query = sa.select(sa.func.count()).where(
        Attempt.account_id == account.id, Attempt.started_at > after
    )
    return session.scalar(query) or 0


def _full_since(
    session: Session, account: MailAccount, limit: int, after: dt.datetime
) -> dt.datetime | None:
    """The start of the attempt that must grow old before another fits."""
    return session.scalar(
        sa.select(Attempt.started_at)
        .where(Attempt.account_id == account.id, Attempt.started_at > after)
        .order_by(Attempt.started_at.desc())
        .offset(limit - 1)
        .limit(1)
    )


def _limit(account: MailAccount, span: dt.timedelta) -> Sentence:
    if span == HOUR:
        return Sentence(
            "The mail account %(name)s may send %(number)s letters in an hour, and has.",
            name=account.name,
            number=account.per_hour,
        )
    return Sentence(
        "The mail account %(name)s may send %(number)s letters in a day, and has.",
        name=account.name,
        number=account.per_day,
    )
