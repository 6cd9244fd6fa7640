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
    """The account that takes the next letter; or None, why, and until when if that is known."""

    account: MailAccount | None
    why: Sentence | None = None
    until: dt.datetime | None = None


def route(session: Session, campaign_id: int, *, now: dt.datetime) -> Route:
    """Return the first account that takes letters at `now`.

    The next in order is used only while the one before turned us away or could not be reached; an
    account that has sent as much as it may makes the letters wait.
    """
    known = accounts(session, campaign_id)
    open_ones = [one for one in known if one.enabled and one.paused_at is None]
    awake = [one for one in open_ones if one.rests_until is None or one.rests_until <= now]
    if not awake:
        return _closed(known, open_ones)
    account = awake[0]
    for limit, span in ((account.per_hour, HOUR), (account.per_day, DAY)):
        full = _full_since(session, account, limit, now - span)
        if full is not None:
            return Route(None, _limit(account, span), full + span)
    return Route(account)


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


def _full_since(
    session: Session, account: MailAccount, limit: int | None, after: dt.datetime
) -> dt.datetime | None:
    """The start of the attempt that must grow old before another fits; None while one fits."""
    if limit is None:
        return None
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
