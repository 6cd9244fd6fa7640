"""An address that an answer came from and that we don't know: proposed for the directory."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign
from outreach.directory.free_mail import is_free_mail
from outreach.directory.identity import ContactProposal, ProposalState
from outreach.directory.models import ContactDetail, ContactKind, ContactState, Target
from outreach.directory.offices import normalised
from outreach.directory.proposals import Correction, propose
from outreach.errors import BadInput
from outreach.letters.models import Letter
from outreach.replies import sorting
from outreach.replies.models import Incoming
from outreach.replies.parsing import Mail
from outreach.words import Sentence


def propose_sender(
    session: Session, row: Incoming, mail: Mail, letter: Letter, *, by: Actor, now: dt.datetime
) -> bool:
    """Suggest the address a message came from as one of the letter's recipient; say whether.

    Nobody's when it is known, was suggested before, is ours, or the message is doubtful. Staff
    decide; that anybody may have a mailbox at its provider is said in the source.
    """
    address = mail.from_.address.strip()
    try:
        key = normalised(ContactKind.EMAIL, address) if address else ""
    except BadInput:
        return False
    if not key or row.warned or key in sorting.own_addresses(session):
        return False
    if key == letter.address.strip().lower() or _known(session, letter.target_id, key):
        return False
    campaign = session.get_one(Campaign, letter.campaign_id)
    day = campaign.day_of(row.received_at)
    source = Sentence("message of %(day)s", day=day)
    if is_free_mail(key):
        source = Sentence(
            "message of %(day)s; anybody may have a mailbox at this provider: is it theirs?",
            day=day,
        )
    target = session.get_one(Target, letter.target_id)
    said = Correction(kind=ContactKind.EMAIL, new=address, source=str(source))
    propose(session, target, said, by=by, now=now)
    return True


def _known(session: Session, target_id: int, key: str) -> bool:
    """Whether the directory has the address, of whomever, or somebody suggested it already."""
    there = sa.exists().where(
        ContactDetail.kind == ContactKind.EMAIL,
        ContactDetail.normalised == key,
        ContactDetail.state != ContactState.WITHDRAWN,
    )
    asked = sa.exists().where(
        ContactProposal.target_id == target_id,
        ContactProposal.kind == ContactKind.EMAIL.value,
        sa.func.lower(ContactProposal.new_value) == key,
        ContactProposal.state == ProposalState.OPEN,
    )
    return bool(session.scalar(sa.select(sa.or_(there, asked))))
