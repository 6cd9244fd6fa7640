"""Letters written without an account: for what is captured, and for whoever stands in for it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from outreach.accounts.models import Campaign, Sender
from outreach.letters.models import Letter
from outreach.sending import message
from outreach.sending.message import new_message_id, wire_address
from outreach.sending.postman import Envelope, Written


class Plain:
    """The part of a postman that writes, when there is nothing to sign or to tag."""

    def write(
        self, session: Session, campaign: Campaign, letter: Letter, *, now: dt.datetime
    ) -> Written:
        """Return `letter` from its sender's own address. Raises BadInput."""
        sender = session.get_one(Sender, letter.sender_id)
        message_id = new_message_id(sender.from_address)
        rehearsal = campaign.rehearsing
        written = message.build(
            letter,
            sender,
            message_id=message_id,
            date=now,
            rehearsal=rehearsal,
            html=campaign.html_part,
        )
        envelope = Envelope(
            message_id=message_id,
            sender=wire_address(sender.from_address).addr_spec,
            recipient=wire_address(letter.address).addr_spec,
            rehearsal=rehearsal,
            at=now,
        )
        return Written(written, envelope)
