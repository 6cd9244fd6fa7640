"""The seal: one hash over everything an approver approved (law 3)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Sender
from outreach.letters.models import Letter, Quotation
from outreach.signing import seal


def frozen_content(session: Session, letter: Letter) -> dict[str, Any]:
    """Return what approval freezes, as JSON values: who signs, to whom, words and figures."""
    sender = session.get_one(Sender, letter.sender_id)
    quotations = session.execute(
        sa.select(Quotation.fact_id, Quotation.fact_version, Quotation.reading_id, Quotation.text)
        .where(Quotation.letter_id == letter.id)
        .order_by(Quotation.id)
    )
    return {
        "letter": letter.id,
        "sender": {
            "id": sender.id,
            "name": sender.name,
            "from": sender.from_address,
            "reply_to": sender.reply_to,
        },
        "recipient": letter.recipient,
        "envelope": letter.envelope,
        "target": letter.target_id,
        "office": letter.office_id,
        "channel": letter.channel.value if letter.channel else None,
        "address": letter.address,
        "language": letter.language,
        "subject": letter.subject,
        "text": letter.text,
        "quotations": [list(row) for row in quotations],
    }


def seal_of(session: Session, letter: Letter) -> str:
    """Return the seal `letter` has now; it equals `letter.seal` when nothing frozen changed."""
    return seal(frozen_content(session, letter))
