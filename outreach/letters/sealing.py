"""The seal: one hash over everything an approver approved (law 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts.models import Sender
from outreach.letters.models import Letter, Quotation
from outreach.signing import seal


def frozen_content(session: Session, letter: Letter) -> dict[str, Any]:
    """Return what approval freezes, as JSON values: who signs, to whom, words and figures."""
    sender = session.get_one(Sender, letter.sender_id)
    return _frozen(letter, sender, _quoted(session, [letter.id]).get(letter.id, []))


def seal_of(session: Session, letter: Letter) -> str:
    """Return the seal `letter` has now; it equals `letter.seal` when nothing frozen changed."""
    return seal(frozen_content(session, letter))


def seals_of(session: Session, letters: Sequence[Letter]) -> dict[int, str]:
    """Return {letter id: the seal it has now} in two queries, for at most some thousand letters."""
    wanted = {letter.sender_id for letter in letters}
    found = session.scalars(sa.select(Sender).where(Sender.id.in_(wanted)))
    senders = {sender.id: sender for sender in found}
    quoted = _quoted(session, [letter.id for letter in letters])
    return {
        letter.id: seal(_frozen(letter, senders[letter.sender_id], quoted.get(letter.id, [])))
        for letter in letters
    }


def seal_from(letter: Letter, sender: Sender, quotations: Sequence[Quotation]) -> str:
    """Return the seal of `letter` by rows that were read already; quotations in their order."""
    quoted = [[one.fact_id, one.fact_version, one.reading_id, one.text] for one in quotations]
    return seal(_frozen(letter, sender, quoted))


def _quoted(session: Session, ids: Sequence[int]) -> dict[int, list[list[Any]]]:
    rows = session.execute(
        sa.select(
            Quotation.letter_id,
            *(Quotation.fact_id, Quotation.fact_version, Quotation.reading_id, Quotation.text),
        )
        .where(Quotation.letter_id.in_(ids))
        .order_by(Quotation.id)
    )
    found: dict[int, list[list[Any]]] = {}
    for letter_id, *row in rows:
        found.setdefault(letter_id, []).append(row)
    return found


def _frozen(letter: Letter, sender: Sender, quotations: list[list[Any]]) -> dict[str, Any]:
    # Letters that answer nothing keep the seal they have.
    answers = {"answers": [letter.in_reply_to, letter.refers_to]} if letter.in_reply_to else {}
    return answers | {
        "letter": letter.id,
        "sender": {
            "id": sender.id,
            "name": sender.name,
            # On paper they are the letterhead.
            "role": sender.role_line,
            "postal_address": sender.postal_address,
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
        "quotations": quotations,
    }
