"""Who signs the letters of a campaign, and what stands under every one of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import audit
from outreach.accounts.addresses import checked_address
from outreach.accounts.models import Actor, Campaign, Sender, SenderKind, Voice
from outreach.accounts.roles import require
from outreach.errors import BadInput, NotFound
from outreach.words import Sentence


@dataclass(frozen=True, slots=True)
class SenderValues:
    """What a person says about a sender. `data_notice` maps a language tag to one line."""

    kind: SenderKind
    voice: Voice
    name: str
    from_address: str
    role_line: str = ""
    postal_address: str = ""
    reply_to: str = ""
    imprint: str = ""
    data_notice: Mapping[str, str] = field(default_factory=dict)
    active: bool = True


def senders(session: Session, campaign_id: int) -> Sequence[Sender]:
    """Return the campaign's senders, those in use first, by name."""
    return session.scalars(
        sa.select(Sender)
        .where(Sender.campaign_id == campaign_id)
        .order_by(Sender.active.desc(), sa.func.lower(Sender.name), Sender.id)
    ).all()


def sender_by_id(session: Session, campaign_id: int, sender_id: int) -> Sender:
    """Return one sender of the campaign. Raises NotFound."""
    found = session.scalar(
        sa.select(Sender).where(Sender.id == sender_id, Sender.campaign_id == campaign_id)
    )
    if found is None:
        raise NotFound(Sentence("There is no such sender in this campaign."))
    return found


def save_sender(
    session: Session,
    campaign: Campaign,
    sender: Sender | None,
    values: SenderValues,
    *,
    by: Actor,
    now: dt.datetime,
) -> Sender:
    """Add a sender (`sender` None) or change one; return it.

    Approved letters keep the frame they were sealed with. Raises BadInput naming the field,
    NotAllowed for all but admins.
    """
    require(by, "campaign.write")
    wanted = _checked(session, campaign, sender, values)
    name = "changed" if sender else "added"
    if sender is None:
        sender = Sender(campaign_id=campaign.id, demonstration=False, **wanted)
        session.add(sender)
    changed = [key for key, value in wanted.items() if getattr(sender, key) != value]
    for key in changed:
        setattr(sender, key, wanted[key])
    session.flush()
    if name == "added" or changed:
        audit.record(
            session,
            subject=("sender", sender.id),
            name=name,
            by=by,
            now=now,
            campaign_id=campaign.id,
            detail={"fields": changed or sorted(wanted)},
        )
    return sender


def _checked(
    session: Session, campaign: Campaign, sender: Sender | None, values: SenderValues
) -> dict[str, object]:
    wanted = asdict(values)
    for key in ("name", "role_line", "imprint"):
        wanted[key] = " ".join(str(wanted[key]).split())
    wanted["data_notice"] = {
        language: " ".join(line.split())
        for language, line in values.data_notice.items()
        if line.strip()
    }
    if not wanted["name"] or len(str(wanted["name"])) > 200:
        raise BadInput(Sentence("Write who signs, at most 200 letters long."), "name")
    taken = sa.select(Sender.id).where(
        Sender.campaign_id == campaign.id, Sender.name == wanted["name"]
    )
    if sender is not None:
        taken = taken.where(Sender.id != sender.id)
    if session.scalar(taken) is not None:
        raise BadInput(Sentence("Another sender of this campaign has this name."), "name")
    wanted["from_address"] = checked_address(values.from_address, "from_address")
    wanted["reply_to"] = (
        checked_address(values.reply_to, "reply_to") if values.reply_to.strip() else ""
    )
    return wanted
