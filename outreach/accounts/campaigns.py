"""A campaign's life: its settings, the red button, and the one-way switch to live."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.accounts import audit, demonstration
from outreach.accounts.models import (
    RETRY_MINUTES,
    Actor,
    Campaign,
    Member,
    Mode,
    Role,
    Sender,
    User,
)
from outreach.accounts.roles import ADMINS, ORGANISERS, STAFF, require
from outreach.accounts.senders import save_sender, senders
from outreach.database import wake
from outreach.errors import BadInput, MoveRefused, NotAllowed, Refused
from outreach.words import Sentence

__all__ = [
    "Condition",
    "Settings",
    "campaign_by_slug",
    "change_settings",
    "checklist",
    "create_campaign",
    "go_live",
    "members",
    "pause",
    "resume",
    "save_sender",
    "senders",
]

# In minutes.
WEEK = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must be so before a campaign goes live, and whether it is."""

    words: Sentence
    met: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """What an admin can set: goal (signatures), cooling (working days), time zone (IANA name) …

    `most_alike` is how alike two letters may be, in per cent; `html_part` puts the words of an
    e-mail beside the plain text as HTML too; `canaries` letters of a mailing go first, the rest
    `canary_hours` later; `retry_minutes` are those until the next try of a letter that was put
    back, after the first try, the second, and so on. Switching `four_eyes` off needs a written
    `reason`, kept with every letter approved that way (law 4). `second_reader`: what changes a
    stance or closes a thread is read by two.
    """

    goal: int
    cooling_days: int
    timezone: str
    four_eyes: bool
    html_part: bool
    most_alike: int
    canaries: int = 5
    canary_hours: int = 24
    retry_minutes: Sequence[int] = RETRY_MINUTES
    reason: str = ""
    second_reader: bool = True


def create_campaign(
    session: Session,
    *,
    slug: str,
    title: str,
    short_title: str,
    summary: str,
    goal: int,
    now: dt.datetime,
    by: Actor,
) -> Campaign:
    """Add a rehearsing campaign and return it; `goal` is a number of signatures.

    Every admin of this house becomes its admin, so that somebody can add the others.
    """
    campaign = Campaign(
        slug=slug,
        title=title,
        short_title=short_title,
        summary=summary,
        goal=goal,
        created_at=now,
    )
    session.add(campaign)
    session.flush()
    for user_id in session.scalars(_admins_of_the_house()).all():
        session.add(Member(campaign_id=campaign.id, user_id=user_id, role=Role.ADMIN))
    _record(session, campaign, "created", by=by, now=now)
    session.flush()
    return campaign


def campaign_by_slug(session: Session, slug: str) -> Campaign | None:
    """Return the campaign with this short name, if there is one."""
    return session.scalar(sa.select(Campaign).where(Campaign.slug == slug))


def members(session: Session, campaign_id: int) -> Sequence[Member]:
    """Return everybody who belongs to the campaign, by name, with the person loaded."""
    return session.scalars(
        sa.select(Member)
        .join(Member.user)
        .options(joinedload(Member.user))
        .where(Member.campaign_id == campaign_id)
        .order_by(sa.func.lower(User.name), Member.id)
    ).all()


def change_settings(
    session: Session,
    campaign: Campaign,
    settings: Settings,
    *,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Write the settings. Raises BadInput naming the field, NotAllowed for all but admins."""
    require(by, "campaign.write")
    _check_settings(settings)
    wanted: dict[str, Any] = asdict(settings)
    reason = wanted.pop("reason")
    wanted["retry_minutes"] = list(settings.retry_minutes)
    wanted["self_approval_under"] = _self_approval(
        campaign, four_eyes=settings.four_eyes, reason=reason
    )
    changed = {
        name: {"from": getattr(campaign, name), "to": value}
        for name, value in wanted.items()
        if getattr(campaign, name) != value
    }
    if not changed:
        return
    for name, value in wanted.items():
        setattr(campaign, name, value)
    _record(session, campaign, "settings_changed", by=by, now=now, detail=changed)


def pause(session: Session, campaign: Campaign, *, by: Actor, now: dt.datetime) -> None:
    """Press the red button: nothing of this campaign leaves until somebody resumes it."""
    require(by, "campaign.pause")
    if campaign.paused_at is not None:
        return
    campaign.paused_at = now
    campaign.paused_by = by.name
    _record(session, campaign, "paused", by=by, now=now)


def resume(session: Session, campaign: Campaign, *, by: Actor, now: dt.datetime) -> None:
    """Let letters go again."""
    require(by, "campaign.resume")
    if campaign.paused_at is None:
        return
    campaign.paused_at = None
    campaign.paused_by = None
    _record(session, campaign, "resumed", by=by, now=now)
    wake(session, "letters")


def checklist(session: Session, campaign: Campaign) -> tuple[Condition, ...]:
    """Return what must be so before the campaign goes live, each with whether it is."""
    real = [
        (role, user_id)
        for role, user_id in session.execute(
            sa.select(Member.role, Member.user_id)
            .join(Member.user)
            .where(
                Member.campaign_id == campaign.id,
                User.active,
                ~User.demonstration,
                User.password.is_not(None),
            )
        )
    ]
    writers = [role for role, _ in real if role in STAFF]
    return (
        Condition(
            Sentence("An admin who is not a demonstration account can sign in."),
            any(role in ADMINS for role, _ in real),
        ),
        Condition(
            Sentence("One real person writes and another one, an organiser or admin, approves.")
            if campaign.four_eyes
            else Sentence("A real organiser or admin approves."),
            any(role in ORGANISERS for role in writers)
            and len(writers) >= (2 if campaign.four_eyes else 1),
        ),
        Condition(
            Sentence(
                "A sender that is not a demonstration has an address outside the domains "
                "reserved for examples, a postal address and an imprint."
            ),
            any(_can_sign(one) for one in senders(session, campaign.id)),
        ),
    )


def go_live(
    session: Session, campaign: Campaign, *, confirmation: str, by: Actor, now: dt.datetime
) -> None:
    """Switch the campaign live, for good: its part of accounts; letters follow to the right.

    `confirmation` is the campaign's short title as the person typed it. Demonstration accounts end
    with it. Raises BadInput for another title, Refused with what is missing, MoveRefused when it
    is live already.
    """
    require(by, "campaign.live")
    if confirmation.strip() != campaign.short_title:
        raise BadInput(
            Sentence("Type the short title exactly: %(title)s", title=campaign.short_title),
            "confirmation",
        )
    missing = [one.words for one in checklist(session, campaign) if not one.met]
    if missing:
        raise Refused(Sentence("The campaign can't go live yet. This must be so first:"), missing)
    if by.user_id is not None and session.get_one(User, by.user_id).demonstration:
        raise NotAllowed(Sentence("A demonstration account can't switch a campaign live."))
    switched = session.execute(
        sa.update(Campaign)
        .where(Campaign.id == campaign.id, Campaign.mode == Mode.REHEARSAL)
        .values(mode=Mode.LIVE, live_at=now)
        .returning(Campaign.id)
        .execution_options(synchronize_session=False)
    ).first()
    if switched is None:
        raise MoveRefused(Sentence("The campaign is live already."))
    session.refresh(campaign)
    demonstration.remove_accounts(session)
    _record(
        session,
        campaign,
        "went_live",
        by=by,
        now=now,
        moved=(Mode.REHEARSAL.value, Mode.LIVE.value),
    )


def _can_sign(sender: Sender) -> bool:
    return (
        sender.active
        and not sender.demonstration
        and not demonstration.is_reserved(sender.from_address)
        and bool(sender.imprint.strip())
        and bool(sender.postal_address.strip())
    )


def _check_settings(settings: Settings) -> None:
    if not 1 <= settings.goal <= 1_000_000_000:
        raise BadInput(Sentence("Write how many signatures you want, 1 or more."), "goal")
    if not 0 <= settings.cooling_days <= 365:
        raise BadInput(Sentence("Write a number of working days, 0 to 365."), "cooling_days")
    if not 1 <= settings.most_alike <= 100:
        raise BadInput(Sentence("Write per cent, 1 to 100."), "most_alike")
    check_canaries(settings.canaries, settings.canary_hours)
    _check_retries(settings.retry_minutes)
    if settings.timezone not in zoneinfo.available_timezones():
        raise BadInput(Sentence("Choose a time zone from the list."), "timezone")


def check_canaries(number: int | None, hours: int | None) -> None:
    """Raise BadInput for letters that go first, or hours the rest waits, that nobody can mean."""
    if number is not None and not 0 <= number <= 100:
        raise BadInput(Sentence("Write how many letters go first, 0 to 100."), "canaries")
    if hours is not None and not 1 <= hours <= 336:
        raise BadInput(Sentence("Write how many hours the rest waits, 1 to 336."), "canary_hours")


def _check_retries(minutes: Sequence[int]) -> None:
    """Between two tries lies a minute at least and a week at most, and never less than before."""
    if not 1 <= len(minutes) <= 20 or not all(1 <= one <= WEEK for one in minutes):
        raise BadInput(
            Sentence("Write 1 to 20 numbers of minutes, each 1 to %(most)s.", most=WEEK),
            "retry_minutes",
        )
    if list(minutes) != sorted(minutes):
        raise BadInput(
            Sentence("Each wait is at least as long as the one before it: 1, 5, 15 …"),
            "retry_minutes",
        )


def _self_approval(campaign: Campaign, *, four_eyes: bool, reason: str) -> str | None:
    """Return the reason under which authors may approve their own letters, None for four eyes."""
    if four_eyes:
        return None
    reason = reason.strip()
    if not reason and not campaign.four_eyes:
        return campaign.self_approval_under
    if len(reason) < 10:
        raise BadInput(
            Sentence("Write why one person may approve their own letters; it is kept with them."),
            "reason",
        )
    return reason


def _admins_of_the_house() -> sa.Select[int]:
    """Select the real people who are admin somewhere, or who alone belong to nothing yet."""
    member_somewhere = sa.select(Member.id).where(Member.user_id == User.id).exists()
    admin_somewhere = (
        sa.select(Member.id).where(Member.user_id == User.id, Member.role == Role.ADMIN).exists()
    )
    return sa.select(User.id).where(
        User.active, ~User.demonstration, admin_somewhere | ~member_somewhere
    )


def _record(
    session: Session,
    campaign: Campaign,
    name: str,
    *,
    by: Actor,
    now: dt.datetime,
    moved: tuple[str | None, str | None] = (None, None),
    detail: dict[str, Any] | None = None,
) -> None:
    audit.record(
        session,
        subject=("campaign", campaign.id),
        name=name,
        by=by,
        now=now,
        campaign_id=campaign.id,
        moved=moved,
        detail=detail,
    )
