"""Ways to reach somebody: entered by hand, checked on a page and a day, withdrawn."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    Organization,
    Person,
    Post,
)
from outreach.directory.offices import normalised, settle_target, targets_reached_by
from outreach.errors import BadInput, Refused
from outreach.words import Sentence

# Days a check holds. A post changes hands with every reshuffle, a body moves seldom.
SHELF_LIFE = {"post": 90, "person": 180, "organization": 365}


def good_until(detail: ContactDetail) -> dt.date | None:
    """Return the last day the check of `detail` holds, or None when nobody checked it."""
    if detail.verified_on is None:
        return None
    owner = "organization" if detail.organization_id else "post" if detail.post_id else "person"
    return detail.verified_on + dt.timedelta(days=SHELF_LIFE[owner])


def is_verified(detail: ContactDetail, today: dt.date) -> bool:
    """Return whether a person checked `detail` and that check still holds on `today`."""
    until = good_until(detail)
    return until is not None and today <= until


def verify(
    session: Session,
    detail: ContactDetail,
    *,
    url: str,
    by: Actor,
    now: dt.datetime,
    on: dt.date | None = None,
) -> None:
    """Say that `by` saw `detail` on the page `url` on the day `on` (default: the day of `now`).

    Raises BadInput for something that is no page, or a day to come; Refused for a withdrawn one.
    """
    day = on or now.date()
    if day > now.date():
        raise BadInput(Sentence("That day has not come yet."), "on")
    if detail.state is ContactState.WITHDRAWN:
        raise Refused(
            Sentence("This was withdrawn. Add it again if it is in use once more, then check it.")
        )
    detail.source_url = _page(url)
    detail.seen_on = day
    detail.verified_on = day
    detail.verified_by = by.name
    _record(session, detail, "verified", by=by, now=now, url=detail.source_url, on=day.isoformat())
    _settle(session, detail)


def add_contact(
    session: Session,
    owner: Person | Post | Organization,
    *,
    kind: ContactKind,
    value: str,
    source: str,
    by: Actor,
    now: dt.datetime,
    source_url: str = "",
) -> ContactDetail:
    """Add a way to reach `owner`, found by hand; it is unverified until somebody checks it.

    Returns the detail. Raises BadInput with the field when the value, the source or its link can't
    be used, or the same way is there already.
    """
    if not source.strip():
        raise BadInput(Sentence("Say where you have it from."), "source")
    key = normalised(kind, value)
    column = f"{type(owner).__name__.lower()}_id"
    if _is_there(session, column, owner.id, kind, key):
        raise BadInput(Sentence("This is there already."), "value")
    detail = ContactDetail(
        kind=kind,
        value=value.strip(),
        normalised=key,
        source=source.strip(),
        source_url=_page(source_url) if source_url.strip() else "",
        seen_on=now.date(),
        state=ContactState.OK,
    )
    setattr(detail, column, owner.id)
    session.add(detail)
    session.flush()
    _record(session, detail, "added", by=by, now=now, kind=kind.value, value=detail.value)
    _settle(session, detail)
    return detail


def _is_there(session: Session, column: str, owner_id: int, kind: ContactKind, key: str) -> bool:
    same = (
        session.query(ContactDetail.id)
        .filter_by(**{column: owner_id}, kind=kind, normalised=key)
        .filter(ContactDetail.state != ContactState.WITHDRAWN)
    )
    return same.first() is not None


def withdraw(
    session: Session, detail: ContactDetail, *, reason: str, by: Actor, now: dt.datetime
) -> None:
    """Mark `detail` as no longer in use, with the reason. Raises BadInput without one."""
    if not reason.strip():
        raise BadInput(Sentence("Say why it is no longer in use."), "reason")
    before = detail.state
    detail.state = ContactState.WITHDRAWN
    _record(
        session,
        detail,
        "withdrawn",
        by=by,
        now=now,
        moved=(before.value, detail.state.value),
        reason=reason.strip(),
    )
    _settle(session, detail)


def _page(url: str) -> str:
    """Return `url` when it names a page of the web. Raises BadInput (field `url`)."""
    url = url.strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(
            Sentence("Paste the link of the page that shows it, beginning with https://"), "url"
        )
    return url


def _settle(session: Session, detail: ContactDetail) -> None:
    session.flush()
    settle_target(session, [target.id for target in targets_reached_by(session, detail)])


def _record(
    session: Session,
    detail: ContactDetail,
    name: str,
    *,
    by: Actor,
    now: dt.datetime,
    moved: tuple[str | None, str | None] = (None, None),
    **said: str,
) -> None:
    record(
        session,
        subject=("contact_detail", detail.id),
        name=name,
        by=by,
        now=now,
        campaign_id=None,
        moved=moved,
        detail=dict(said),
    )
