"""Which letters are due: the queries that walk along the queue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign
from outreach.directory.models import Office
from outreach.letters.lifecycle import State
from outreach.letters.models import Letter
from outreach.schema import UTCDateTime, among, asked, plain_rows
from outreach.sending import desks

# Where a letter stands among those that are due: (send_after, id).
Position = tuple[dt.datetime, int]


@dataclass(frozen=True, slots=True)
class Page:
    """Which due letters to claim: at most `most` behind `after`, or these `ids` alone.

    `skip` so many of those behind `after` when they are `seen`.
    """

    after: Position | None = None
    most: int = 1
    ids: tuple[int, ...] = ()
    skip: int = 0


def any_letter(session: Session, *, now: dt.datetime) -> bool:
    """Return whether any letter's window is open, of those that are not sure to wait."""
    return session.connection().execute(_ANY, {"now": now}).first() is not None


def letters(session: Session, page: Page, *, now: dt.datetime) -> list[Letter]:
    """Return the letters of a page that are due, longest due first, as plain rows, locked."""
    query, told = page_query(page, now=now)
    return plain_rows(session, query, told)


def seen(session: Session, page: Page, *, now: dt.datetime) -> list[Letter]:
    """Return the letters of a page that are due, as plain rows, not locked."""
    told = {"now": now, "most": page.most, "skip": page.skip}
    if page.after is None:
        return plain_rows(session, _SEEN, told)
    told |= {"instant": page.after[0], "last": page.after[1]}
    return plain_rows(session, _SEEN_ON, told)


def still(session: Session, letters: Sequence[Letter], *, now: dt.datetime) -> list[Letter]:
    """Return those of `letters` that are due as they were when they were seen."""
    told = {"ids": [letter.id for letter in letters], "now": now}
    seals = {row.id: row.seal for row in asked(session, _STILL, told)}
    return [one for one in letters if one.id in seals and seals[one.id] == one.seal]


def page_query(
    page: Page, *, now: dt.datetime
) -> tuple[sa.Select[*tuple[Any, ...]], dict[str, Any]]:
    """Return the query of `letters` and its values: it walks along `ix_letter_due`."""
    told: dict[str, Any] = {"now": now}
    if page.ids:
        return _THESE, told | {"ids": page.ids}
    told["most"] = page.most
    if page.after is None:
        return _PAGE, told
    return _GOING_ON, told | {"instant": page.after[0], "last": page.after[1]}


# What the gate, the seal, the moves and the message look at: a letter has twice as many columns.
_NEEDED = (
    *(Letter.id, Letter.campaign_id, Letter.mailing_id, Letter.template_version_id),
    *(Letter.sender_id, Letter.target_id, Letter.office_id, Letter.kind),
    *(Letter.follows_id, Letter.instead_of_id),
    *(Letter.state, Letter.rehearsal, Letter.code, Letter.language, Letter.channel),
    *(Letter.address, Letter.recipient, Letter.envelope, Letter.subject, Letter.text),
    *(Letter.in_reply_to, Letter.refers_to, Letter.author_id, Letter.made_by_id),
    *(Letter.approved_at, Letter.approved_by, Letter.seal),
    *(Letter.send_after, Letter.send_before, Letter.sent_at),
)


_OPEN = (
    Letter.state == State.SCHEDULED,
    Letter.send_after <= sa.bindparam("now"),
    Letter.send_before > sa.bindparam("now"),
)
# What is sure to wait is left out: paused campaigns and desks at rest.
_MAY_GO = (
    Campaign.paused_at.is_(None),
    sa.or_(
        Letter.kind.not_in(sorted(desks.COOLED)),
        Office.quiet_until.is_(None),
        Office.quiet_until <= sa.bindparam("now"),
    ),
)
_FROM = sa.join(Letter, Campaign, Campaign.id == Letter.campaign_id)
_FROM = _FROM.join(Office, Office.id == Letter.office_id)
_ORDER = (Letter.send_after, Letter.id)
_ANY = sa.select(Letter.id).select_from(_FROM).where(*_OPEN, *_MAY_GO).limit(1)
# Another worker's lock means that a letter is taken.
_FREE: dict[str, Any] = {"skip_locked": True, "of": Letter}
_LOOK: sa.Select[*tuple[Any, ...]] = (
    sa.select(*_NEEDED)
    .select_from(_FROM)
    .where(*_OPEN, *_MAY_GO)
    .order_by(*_ORDER)
    .limit(sa.bindparam("most", type_=sa.Integer()))
)
_PAGE = _LOOK.with_for_update(**_FREE)
# As one value: where in the index it goes on, however many are due at the same instant.
_BEHIND = sa.tuple_(Letter.send_after, Letter.id) > sa.tuple_(
    sa.bindparam("instant", type_=UTCDateTime()), sa.bindparam("last", type_=sa.Integer())
)
_GOING_ON = _PAGE.where(_BEHIND)
_SEEN = _LOOK.offset(sa.bindparam("skip", type_=sa.Integer()))
_SEEN_ON = _SEEN.where(_BEHIND)
_STILL = sa.select(Letter.id, Letter.seal).where(among(Letter.id, "ids"), *_OPEN)
_THESE: sa.Select[*tuple[Any, ...]] = (
    sa.select(*_NEEDED)
    .where(among(Letter.id, "ids"), *_OPEN)
    .order_by(*_ORDER)
    .with_for_update(**_FREE)
)
