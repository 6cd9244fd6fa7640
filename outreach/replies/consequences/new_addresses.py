"""An address that an answer came from and that we don't know: proposed for the directory, once.

Never one that a machine or a list wrote from, nor one that nobody reads.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Actor, Campaign, MailAccount, Sender
from outreach.directory.free_mail import is_free_mail
from outreach.directory.identity import ContactProposal
from outreach.directory.models import ContactDetail, ContactKind, ContactState, Target
from outreach.directory.offices import normalised
from outreach.directory.proposals import Correction, propose
from outreach.errors import BadInput
from outreach.letters.models import Letter
from outreach.replies.deskwork.answering import is_automatic
from outreach.replies.mail.bounces import MACHINE
from outreach.replies.mail.parsing import Mail
from outreach.replies.models import Incoming, Mailbox, MailKind
from outreach.words import Sentence


def propose_sender(
    session: Session, row: Incoming, mail: Mail, letter: Letter, *, by: Actor, now: dt.datetime
) -> bool:
    """Suggest the address a message came from as one of the letter's recipient; say whether.

    Nobody's when it is known, was suggested before, is ours, or the message is doubtful or no
    person's. Staff decide; that anybody may have a mailbox at its provider is said in the source.
    """
    address = mail.from_.address.strip()
    if row.kind is not MailKind.ANSWER or is_automatic(mail) or MACHINE.match(address):
        return False
    try:
        key = normalised(ContactKind.EMAIL, address) if address else ""
    except BadInput:
        return False
    if not key or row.warned or key in own_addresses(session):
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


def own_addresses(session: Session) -> frozenset[str]:
    """Return every address that is ours, in small letters: they tell nothing of who wrote."""
    columns = (Sender.from_address, Sender.reply_to, MailAccount.bounce_address, Mailbox.username)
    found = session.scalars(sa.union(*(sa.select(one) for one in columns)))
    return frozenset(one.strip().lower() for one in found if one and "@" in one)


def _known(session: Session, target_id: int, key: str) -> bool:
    """Whether the directory has the address, of whomever, or it was suggested before."""
    there = sa.exists().where(
        ContactDetail.kind == ContactKind.EMAIL,
        ContactDetail.normalised == key,
        ContactDetail.state != ContactState.WITHDRAWN,
    )
    asked = sa.exists().where(
        ContactProposal.target_id == target_id,
        ContactProposal.kind == ContactKind.EMAIL.value,
        sa.func.lower(ContactProposal.new_value) == key,
    )
    return bool(session.scalar(sa.select(sa.or_(there, asked))))
