"""The pages that show a petition's count: which there are, how each goes into the total."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.models import Actor
from outreach.accounts.roles import require
from outreach.errors import BadInput, NotFound
from outreach.petitions.models import Petition
from outreach.petitions.pages import Page, PageRule
from outreach.words import Sentence

LONGEST_NAME = 200
# Oftener than every hour is a burden on them and tells nobody more.
MOST_HOURS = 24 * 31


@dataclass(frozen=True, slots=True)
class Settings:
    """What people say about a page. `adapter` None: people read it, `every_hours` None: on ask."""

    name: str = ""
    rule: PageRule = PageRule.POOL
    adapter: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    every_hours: int | None = None


def page_of(session: Session, petition: Petition, url: str) -> Page:
    """Return the page of `petition` at `url`, made if nobody named it before.

    A page in another spelling is the same page. Raises BadInput for what is no web address.
    """
    address = spelt(url)
    known = sa.select(Page).where(Page.petition_id == petition.id, Page.url == address)
    found = session.scalar(known)
    if found is None:
        found = Page(
            campaign_id=petition.campaign_id,
            petition_id=petition.id,
            url=address,
            options={},
            rule=PageRule.POOL,
            name="",
            shape="",
        )
        session.add(found)
        session.flush()
    return found


def pages_of(session: Session, campaign_id: int) -> Sequence[Page]:
    """Return the campaign's pages in the order they came."""
    return session.scalars(
        sa.select(Page).where(Page.campaign_id == campaign_id).order_by(Page.id)
    ).all()


def page_by_id(session: Session, campaign_id: int, page_id: int) -> Page:
    """Return one page of the campaign. Raises NotFound."""
    page = session.get(Page, page_id)
    if page is None or page.campaign_id != campaign_id:
        raise NotFound(Sentence("There is no such page. Look at the list of pages."))
    return page


def change_page(
    session: Session, page: Page, settings: Settings, *, by: Actor, now: dt.datetime
) -> None:
    """Keep other settings of a page; what is fetched by itself is fetched at the next tick.

    Raises BadInput with the field, NotAllowed when anybody but an organiser changes the rule.
    """
    every = settings.every_hours if settings.adapter else None
    if every is not None and not 1 <= every <= MOST_HOURS:
        raise BadInput(
            Sentence("Write how many hours to wait: 1 to %(most)s.", most=MOST_HOURS), "every_hours"
        )
    if settings.rule is not page.rule:
        # It changes the number that letters print.
        require(by, "petition.accept")
    before = _as_told(page)
    page.name = settings.name.strip()[:LONGEST_NAME]
    page.rule, page.adapter = settings.rule, settings.adapter
    page.options = dict(settings.options) if settings.adapter else {}
    page.every_hours = every
    page.next_at = now if every else None
    if before["adapter"] != page.adapter or before["options"] != page.options:
        page.failure = page.failed_at = None
    session.flush()
    after = _as_told(page)
    changed = {key: value for key, value in before.items() if value != after[key]}
    if changed:
        audit.record(
            session,
            subject=("page", page.id),
            name="page changed",
            by=by,
            now=now,
            campaign_id=page.campaign_id,
            detail={"before": changed, "after": {key: after[key] for key in changed}},
        )


def _as_told(page: Page) -> dict[str, object]:
    return {
        "name": page.name,
        "rule": page.rule.value,
        "adapter": page.adapter,
        "options": dict(page.options),
        "every_hours": page.every_hours,
    }


def spelt(url: str) -> str:
    """Return the address of a page in one spelling, without what comes after `#`.

    Raises BadInput for what is no address of the web, or carries a password.
    """
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise BadInput(
            Sentence("Give the page's full address, beginning with https://."), "page_url"
        )
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path or "/", parts.query, ""))
