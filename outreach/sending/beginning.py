"""Tries begin: attempts with their Message-IDs, and the bytes that are about to go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign, MailAccount, Sender
from outreach.database import Database
from outreach.letters.models import Letter
from outreach.schema import among, asked, each_text
from outreach.sending.looking_ahead import Looked
from outreach.sending.message import new_message_id
from outreach.sending.models import Attempt, Carried, Outcome
from outreach.sending.postman import Written
from outreach.sending.situation import Situation

# How long a claim is its worker's. A worker still busy then is taken for dead.
LEASE = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed letter: its attempt is committed, and how it leaves is settled.

    `letter` and `sender` are plain rows; `account` is None for what is captured.
    """

    letter: Letter
    attempt_id: int
    message_id: str
    sender: Sender
    account: MailAccount | None
    html: bool
    rehearsal: bool
    at: dt.datetime
    # The message, where it was written before; then it is noted that it goes, too.
    written: Written | None = None


def _same(name: str) -> sa.Label[Any]:
    column = Attempt.__table__.c[name]
    return sa.bindparam(f"its_{name}", type_=column.type).label(name)


# Attempts that differ in their letter and their Message-ID only: one statement, however many.
_NEW = each_text("new")
_TRIED = sa.select(sa.func.max(Attempt.number)).where(Attempt.letter_id == _NEW.c.number)
_SAME = (
    *("account_id", "transport", "worker", "rehearsal", "started_at", "lease_until", "data_at"),
    *("outcome", "server_words"),
)
_BEGIN = (
    sa.insert(Attempt)
    .from_select(
        ["letter_id", "number", "message_id", *_SAME],
        sa.select(
            *(_NEW.c.number, sa.func.coalesce(_TRIED.scalar_subquery(), 0) + 1, _NEW.c.text),
            *(_same(name) for name in _SAME),
        ),
    )
    .returning(Attempt.letter_id, Attempt.id, Attempt.message_id)
)


def begin(
    session: Session,
    campaign: Campaign,
    letters: Sequence[Letter],
    looked: Looked,
    *,
    transport: str,
    worker: str,
    now: dt.datetime,
) -> list[Claim]:
    """Write the attempts of letters that were moved, each with its Message-ID; return the claims.

    A message that is written goes at once, so that is noted along with it.
    """
    # By what else an attempt says: nearly always all together.
    alike: dict[tuple[int | None, bool], dict[int, str]] = {}
    for letter in letters:
        account = _account(looked.situations[letter.id])
        key = account.id if account is not None else None, letter.id in looked.written
        alike.setdefault(key, {})[letter.id] = _message_id(looked, letter.id)
    begun: dict[int, Any] = {}
    for (account_id, goes), new in alike.items():
        told = {
            "account_id": account_id,
            "transport": transport,
            "worker": worker,
            "rehearsal": campaign.rehearsing,
            "started_at": now,
            "lease_until": now + LEASE,
            "data_at": now if goes else None,
            "outcome": Outcome.RUNNING,
            "server_words": "",
        }
        its = {f"its_{name}": value for name, value in told.items()}
        rows = session.connection().execute(_BEGIN, its | {"new": new})
        begun.update((row.letter_id, row) for row in rows)
    claims = [_claim(campaign, letter, looked, begun[letter.id], now) for letter in letters]
    _carry(session, {one.attempt_id: one.written for one in claims if one.written is not None})
    return claims


def _claim(
    campaign: Campaign, letter: Letter, looked: Looked, attempt: Any, now: dt.datetime
) -> Claim:
    at = looked.situations[letter.id]
    return Claim(
        letter=letter,
        attempt_id=attempt.id,
        message_id=attempt.message_id,
        sender=at.sender,
        account=_account(at),
        html=campaign.html_part,
        rehearsal=campaign.rehearsing,
        at=now,
        written=looked.written.get(letter.id),
    )


def _message_id(looked: Looked, letter_id: int) -> str:
    written = looked.written.get(letter_id)
    if written is not None:
        return written.envelope.message_id
    return new_message_id(looked.situations[letter_id].sender.from_address)


def _carry(session: Session, messages: Mapping[int, Written]) -> None:
    """Keep the very bytes that go, by the ids of their attempts."""
    if messages:
        rows = [{"attempt_id": one, "message": it.message} for one, it in messages.items()]
        session.connection().execute(_CARRY, rows)


def _account(at: Situation) -> MailAccount | None:
    return at.way.account if at.way is not None else None


def about_to_go(
    database: Database, letters: Sequence[tuple[Claim, Written]], *, now: dt.datetime
) -> set[int] | None:
    """Commit that these very bytes go now, and renew the lease; return ids of the attempts.

    Left out are those whose lease ended meanwhile (whoever sweeps puts them back). None when the
    red button was pressed since the claim: then nothing was noted.
    """
    if not letters:
        return set()
    with database.writing(counted=False) as session:
        if asked(session, _PAUSED, {"campaign": letters[0][0].letter.campaign_id}):
            return None
        connection, bytes_of = session.connection(), {one.attempt_id: it for one, it in letters}
        told = {"ids": bytes_of, "instant": now, "until": now + LEASE}
        going = set(connection.execute(_NOTE, told).scalars())
        _carry(session, {one: bytes_of[one] for one in going})
        return going


_PAUSED = sa.select(Campaign.id).where(
    Campaign.id == sa.bindparam("campaign"), Campaign.paused_at.is_not(None)
)
_NOTE = (
    sa.update(Attempt)
    .where(
        among(Attempt.id, "ids"),
        Attempt.outcome == Outcome.RUNNING,
        Attempt.data_at.is_(None),
        Attempt.lease_until > sa.bindparam("instant"),
    )
    .values(data_at=sa.bindparam("instant"), lease_until=sa.bindparam("until"))
    .returning(Attempt.id)
)
_CARRY = sa.insert(Carried)
