"""Ways to reach somebody: entered by hand, checked on a page and a day, withdrawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.audit import record
from outreach.accounts.models import Actor
from outreach.database import hold
from outreach.directory.free_mail import is_free_mail
from outreach.directory.models import (
    ContactDetail,
    ContactKind,
    ContactState,
    Organization,
    Person,
    Post,
    Target,
)
from outreach.directory.offices import (
    normalised,
    settle_days,
    settle_target,
    targets_reached_by,
)
from outreach.directory.shelf_life import AddressClass, keep_lives
from outreach.errors import BadInput, Refused
from outreach.words import Sentence


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
    hold(session, detail)
    day = on or now.date()
    if day > now.date():
        raise BadInput(Sentence("That day has not come yet."), "on")
    if detail.state is ContactState.WITHDRAWN:
        raise Refused(
            Sentence("This was withdrawn. Add it again if it is in use once more, then check it.")
        )
    page, before = page_of(url), detail.verified_on
    detail.source_url = page
    if before is None or day >= before:
        # Somebody's later look stays the one that counts.
        detail.seen_on = detail.verified_on = day
        detail.verified_by = by.name
    if detail.state is ContactState.BOUNCING:
        detail.state = ContactState.OK
    # Their own page gives it, so it is no private one.
    detail.personal = False
    was = before.isoformat() if before else ""
    _record(session, detail, "verified", by=by, now=now, url=page, on=day.isoformat(), before=was)
    _settle(session, detail)


def details_at(session: Session, address: str) -> Sequence[ContactDetail]:
    """Return every contact detail that is the e-mail `address`, whoever it belongs to."""
    low = address.strip().lower()
    return session.scalars(
        sa.select(ContactDetail).where(
            ContactDetail.kind == ContactKind.EMAIL,
            sa.or_(ContactDetail.normalised == low, sa.func.lower(ContactDetail.value) == low),
        )
    ).all()


def renew(session: Session, detail: ContactDetail, on: dt.date) -> None:
    """Note that a letter to `detail` arrived on day `on`: it renews a check, it never makes one."""
    if detail.verified_on is None or on <= detail.verified_on:
        return
    detail.verified_on = on
    _settle(session, detail)


def change_lives(
    session: Session, wanted: Mapping[AddressClass, int], *, by: Actor, now: dt.datetime
) -> None:
    """Set how many days a check of each class in `wanted` holds, for every address at once.

    Raises BadInput (the class as field) for days outside 1 to `shelf_life.LONGEST`.
    """
    if keep_lives(session, wanted, by=by, now=now):
        checked = sa.select(Target.id).where(Target.verified_until.is_not(None))
        settle_days(session, session.scalars(checked.order_by(Target.id)).all())


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
    hold(session, owner)
    if _is_there(session, column, owner.id, kind, key):
        raise BadInput(Sentence("This is there already."), "value")
    detail = ContactDetail(
        kind=kind,
        value=value.strip(),
        normalised=key,
        source=source.strip(),
        source_url=page_of(source_url) if source_url.strip() else "",
        seen_on=now.date(),
        state=ContactState.OK,
        by_hand=True,
        personal=kind is ContactKind.EMAIL and is_free_mail(key),
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
    hold(session, detail)
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


def mark_bouncing(
    session: Session, detail: ContactDetail, words: str, *, by: Actor, now: dt.datetime
) -> None:
    """Note that a server takes nothing for `detail`, in its own words; a new check lifts that."""
    hold(session, detail)
    if detail.state not in (ContactState.OK, ContactState.SUSPECT):
        return
    before, detail.state = detail.state, ContactState.BOUNCING
    moved = (before.value, detail.state.value)
    _record(session, detail, "bouncing", by=by, now=now, moved=moved, words=words)
    _settle(session, detail)


def page_of(url: str) -> str:
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
